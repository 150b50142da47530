"""Random changes of all that a discriminator of pictures sees, real and generated alike.

A discriminator learns a memory of a few dozen pictures by heart, unless it never sees one twice the
same. Generated pictures go through the same changes, and gradients come back through them (Zhao et
al. 2020), so that they need not show any change themselves. Nor do they, as long as no two
distributions of pictures look alike once changed (Karras et al. 2020, appendix C). Here strengths
are uniform about no change at all. The characteristic function f of each comes down to -0.22 (that
of moves) at the lowest, so a change of probability p hides no frequency, 1 - p + p f = 0, while p
is at most 0.8; borders and interpolation aside.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from aign_tf.errors import UserError
from aign_tf.layers import Float32Layer

CHANGES = {
    "mirror": 1,
    "translation": 2,
    "scaling": 1,
    "saturation": 1,
    "contrast": 1,
    "brightness": 1,
    "cutout": 3,
}
"""How many numbers the strength of each change takes."""

CHANCES = len(CHANGES) + sum(CHANGES.values())
"""K numbers in [0, 1) that a picture takes: for each change one that decides, then its strength."""

_MOVE = 1 / 8  # of the side, at most, each way
_ZOOM = 1.25  # at most; at least its inverse
_SATURATION = 1.0  # about 1: from grey to twice the colour
_CONTRAST = 0.5  # about 1
_BRIGHTNESS = 0.5  # about 0
_HOLE = 1 / 2  # of the side, at most

Strengths = dict[str, tf.Tensor]


@keras.saving.register_keras_serializable("aign_tf")
class Augment(Float32Layer):
    """Mirrors, moves, scales, recolours and cuts out, each picture by chances of its own.

    Nothing is clipped, so that gradients come back from everywhere, and all is linear in the
    picture but for the brightness that is added.

    Args:
      probability: in [0, 1], with which each change is made; 0 is the picture as it is. Of the
        pictures chosen to be mirrored one half is: else a probability of 0.5 would hide which way
        they faced.

    Raises:
      UserError: `probability` is not in [0, 1].
    """

    def __init__(self, probability: float, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= probability <= 1:
            raise UserError(f"probability {probability} of changes: use 0 to 1")
        self.probability = probability

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`[picture [B,S,S,3] in [-1, 1], chance [B,K]]` -> `[B,S,S,3]`, which may go beyond."""
        picture, chance = inputs
        if self.probability == 0:
            return picture
        strengths = self._strengths(chance)
        return _cut_out(_recoloured(_resampled(picture, strengths), strengths), strengths)

    def _strengths(self, chance: tf.Tensor) -> Strengths:
        """`[B, n]` in [-1, 1) for each change; 0, which changes nothing, where it is not made."""
        drawn = tf.split(chance, [1 + count for count in CHANGES.values()], axis=1)
        return {
            name: tf.where(numbers[:, :1] < self.probability, 2.0 * numbers[:, 1:] - 1.0, 0.0)
            for name, numbers in zip(CHANGES, drawn)
        }

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}


def _resampled(picture: tf.Tensor, strengths: Strengths) -> tf.Tensor:
    """Mirrored, scaled about the middle, then moved: to the right and down where positive."""
    side = picture.shape[1]
    direction = tf.where(strengths["mirror"] < 0, -1.0, 1.0)
    zoom = _ZOOM ** strengths["scaling"]
    right, down = tf.split(_MOVE * side * strengths["translation"], 2, axis=1)
    picture = _lines(_bilinear(zoom, down, side), picture)
    return _turned(_lines(_bilinear(direction * zoom, right, side), _turned(picture)))


def _lines(weights: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    """New lines, weighted sums `[B, S, S]` of the old: one product of matrices a picture."""
    side = picture.shape[1]
    flat = tf.reshape(picture, [-1, side, side * 3])
    return tf.reshape(weights @ flat, [-1, side, side, 3])


def _turned(picture: tf.Tensor) -> tf.Tensor:
    """Columns as lines, and back."""
    return tf.transpose(picture, [0, 2, 1, 3])


def _bilinear(zoom: tf.Tensor, move: tf.Tensor, side: int) -> tf.Tensor:
    """`[B, S, S]`: row i weighs the old pixels of one line in its new pixel i.

    Args:
      zoom: `[B, 1]`, about the middle.
      move: `[B, 1]` pixels.
      side: S.
    """
    pixel, last = tf.range(side, dtype=tf.float32), side - 1.0
    old = last / 2 + (pixel - last / 2 - move) / zoom
    # Reflected at both ends: repeating the ends would make much of a single line of pixels.
    old = last - tf.abs(last - tf.abs(old))
    return tf.nn.relu(1.0 - tf.abs(old[:, :, None] - pixel))


def _recoloured(picture: tf.Tensor, strengths: Strengths) -> tf.Tensor:
    """Towards or away from grey, then from the mean of all, then brighter or darker."""
    side = picture.shape[1]
    saturation = 1.0 + _SATURATION * strengths["saturation"][:, :, None]
    contrast = 1.0 + _CONTRAST * strengths["contrast"][:, :, None]
    brightness = _BRIGHTNESS * strengths["brightness"][:, :, None]
    mean = tf.reduce_mean(picture, axis=[1, 2, 3])[:, None, None]
    # Grey is the mean of three colours. Without a change this is exactly one times the picture.
    mix = contrast * (saturation * tf.eye(3) + (1.0 - saturation) / 3)
    colours = tf.reshape(picture, [-1, side * side, 3]) @ mix
    return tf.reshape(colours + ((1.0 - contrast) * mean + brightness), [-1, side, side, 3])


def _cut_out(picture: tf.Tensor, strengths: Strengths) -> tf.Tensor:
    """0 inside of a square whose middle lies anywhere in the picture."""
    size, x, y = tf.split(strengths["cutout"], 3, axis=1)
    side = picture.shape[1]
    place = tf.range(side, dtype=tf.float32) - (side - 1) / 2
    reach = _HOLE * side / 2 * tf.abs(size)
    columns, rows = (
        tf.cast(tf.abs(place - side / 2 * middle) < reach, tf.float32) for middle in (x, y)
    )
    return picture * (1.0 - rows[:, :, None] * columns[:, None, :])[..., None]
