"""What a small picture keeps of a large one."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf.downsampling import downsampled, known_kernel
from aign_tf.layers import Float32Layer


@keras.saving.register_keras_serializable("aign_tf")
class Downsample(Float32Layer):
    """Makes pictures smaller: R(face) = `downsampled(face)`.

    Source: Tung et al. 2017, section on biased super-resolution, with 4x4 average pooling.

    Args:
      factor, kernel, grey: as of `downsampled`.
      of: the factor that is rendered.
    """

    def __init__(
        self,
        factor: int,
        kernel: str = "average",
        grey: bool = False,
        of: str = "face",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.factor, self.kernel, self.grey, self.of = factor, known_kernel(kernel), grey, of

    def call(
        self, factors: dict[str, tf.Tensor], observation: dict[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """Renders the observation, of which nothing is read.

        Args:
          factors: `face`, or whichever is named, float `[B, H, W, 3]` in [-1, 1].

        Returns:
          `image` `[B, H / factor, W / factor, 3]`, or 1 channel if `grey`.
        """
        return {"image": downsampled(factors[self.of], self.factor, self.kernel, self.grey)}

    def get_config(self):
        names = ("factor", "kernel", "grey", "of")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
