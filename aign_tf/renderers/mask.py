"""What a camera sees of a picture of which a part is hidden."""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf.layers import Float32Layer


@keras.saving.register_keras_serializable("aign_tf")
class MaskRenderer(Float32Layer):
    """Hides pixels: R(face) = mask * face.

    Source: Tung et al. 2017, section on biased inpainting.
    """

    def call(
        self, factors: dict[str, tf.Tensor], observation: dict[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """Renders the observation.

        Args:
          factors: `face` float `[B, H, W, C]` in [-1, 1].
          observation: `mask` float `[B, H, W, 1]`, 1 where visible, 0 where hidden.

        Returns:
          `image` `[B, H, W, C]`: the face where visible, 0 (mid-grey) where hidden.
        """
        return {"image": observation["mask"] * factors["face"]}
