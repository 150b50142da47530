"""How large all of what a clip shows is, from its shape and how the camera moves."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from aign_tf.layers import Float32Layer, FoldTime, UnfoldTime, normal_initializer
from aign_tf.places import APART

# Steps of a twentieth of the usual depth, and turns of 3 degrees, count as 1.
_USUAL_MOTION = 20.0


def size_seen(log_depth, rays, rotation, translation, channels: int) -> tuple:
    """The size that a shape tells, and the one that it has.

    A street seen from a car, or a room in which someone looks around: how large things are, no
    place tells alone, but all of them do together (the floor is as far below as cameras are
    carried), and how the camera moves.

    Args:
      log_depth: `[B F, H, W, 1]`, up to a constant.
      rays: of all places, `[B, H / 8, W / 8, 2]`.
      rotation, translation: `[B, F - 1, 3]`, in radians, and by the same constant.

    Returns:
      two of `[B, 1, 1]`: what the mean log depth of the clip looks as if it should be, any number
      and small at first; and what it is.
    """
    steps = rotation.shape[1]
    shape, relative, mean = Shape(steps + 1)([log_depth, translation])
    x = layers.Concatenate()([shape, FoldTime(repeats=steps)(rays)])
    for _ in range(3):
        x = layers.Conv2D(
            4 * channels, 3, padding="same", activation="relu", kernel_initializer="he_normal"
        )(x)
    motion = layers.Concatenate(dtype="float32")([rotation, relative])
    motion = FoldTime()(layers.Rescaling(_USUAL_MOTION)(motion))
    x = layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x), motion]
    )
    # Means over many places differ little, and would be told apart slowly.
    x = layers.LayerNormalization(dtype="float32")(x)
    x = layers.Dense(4 * channels, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dense(1, dtype="float32", kernel_initializer=normal_initializer())(x)
    return layers.GlobalAveragePooling1D(keepdims=True, dtype="float32")(UnfoldTime(steps)(x)), mean


@keras.saving.register_keras_serializable("aign_tf")
class Shape(Float32Layer):
    """What is left of depths and steps without their size.

    Gradients pass to the size alone: depths are not to bend so that it can be told.

    Args:
      frames: F.
    """

    def __init__(self, frames: int, **kwargs):
        super().__init__(**kwargs)
        self.frames = frames
        self.unfold = UnfoldTime(frames)

    def call(self, inputs):
        """Of clips.

        Args:
          inputs: log depth `[B F, H, W, 1]`; translation `[B, F - 1, 3]`.

        Returns:
          log depth around the mean of each clip `[B (F - 1), H / 8, W / 8, 1]`, of all frames but
          the last; translation by the geometric mean depth `[B, F - 1, 3]`; mean `[B, 1, 1]`.
        """
        log_depth, translation = inputs
        pooled = tf.nn.avg_pool2d(log_depth, APART, APART, "VALID")
        clip = self.unfold(pooled)
        mean = tf.reduce_mean(clip, axis=(1, 2, 3), keepdims=True)
        first = tf.stop_gradient(clip - mean)[:, :-1]
        shape = tf.reshape(first, tf.concat([[-1], tf.shape(pooled)[1:]], axis=0))
        mean = tf.reshape(mean, (-1, 1, 1))
        return shape, tf.stop_gradient(translation * tf.exp(-mean)), mean

    def get_config(self):
        return {**super().get_config(), "frames": self.frames}
