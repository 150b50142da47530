"""A renderer that has to be learned, to compare with those that are known."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf import compat
from aign_tf.layers import Float32Layer, residual_block


@keras.saving.register_keras_serializable("aign_tf")
class LearnedDownsample(Float32Layer):
    """A network that makes small pictures of large ones, free to make them of whatever it likes.

    Trained with a generator on the reprojection error alone it turns an AIGN into one half of a
    cycle (Zhu et al. 2017): the generator is understood, but not held to what a camera would see.

    Source: Tung et al. 2017, the comparison with a cycle model.

    Args:
      factor: k, a power of two: one convolution of stride 2 for each doubling.
      channels: of the small picture.
      width: of its layers.
      of: the factor that is rendered.
    """

    def __init__(self, factor: int, channels: int = 3, width: int = 32, of: str = "face", **kwargs):
        super().__init__(**kwargs)
        self.factor, self.channels, self.width, self.of = factor, channels, width, of
        with compat.precision("float32"):
            face = x = keras.Input((None, None, 3))
            for _ in range(factor.bit_length() - 1):
                x = layers.Conv2D(width, 5, 2, "same", activation="relu")(x)
            x = residual_block(x, width)
            image = layers.Conv2D(channels, 3, padding="same", activation="tanh")(x)
            self.network = keras.Model(face, image)

    def call(
        self, factors: dict[str, tf.Tensor], observation: dict[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """Renders the observation, of which nothing is read.

        Args:
          factors: `face`, or whichever is named, float `[B, H, W, 3]` in [-1, 1].

        Returns:
          `image` `[B, H / factor, W / factor, channels]` in [-1, 1].
        """
        return {"image": self.network(factors[self.of])}

    def get_config(self):
        names = ("factor", "channels", "width", "of")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
