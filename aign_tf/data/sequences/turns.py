"""Clips as a camera would have taken them that looked a little elsewhere."""

from __future__ import annotations

import math

import tensorflow as tf

from aign_tf import rigid
from aign_tf.data.sequences.clips import NO_READING
from aign_tf.graphics import perspective
from aign_tf.renderers.sampling import sample

Tensors = dict[str, tf.Tensor]


def turned(clips: Tensors, degrees: float, seed: tf.Tensor) -> Tensors:
    """Clips whose camera is turned at random, alike in all frames of a clip.

    What it saw elsewhere is seen from the same point, in metres as before: depths, motions and lens
    are those of the turned camera. Its lens is as much longer as it takes to see nothing that was
    out of view.

    Args:
      clips: `focal` and `principal_point` `[B,2]`, pixels; and any of `frames`, `log_depth` and
        `valid` `[B,F,H,W,C]`, and `rotation` and `translation` `[B,F-1,3]`.
      degrees: about each axis by at most so many; 0 leaves everything as it is.
      seed: `[2]`.
    """
    pictures = [part for part in clips.values() if part.shape.rank == 5]
    if degrees == 0 or not pictures:
        return clips
    count, (height, width) = tf.shape(clips["focal"])[0], pictures[0].shape[2:4]
    most = math.radians(degrees)
    turn = tf.random.stateless_uniform([count, 3], seed, -most, most)
    before_from_now = rigid.rotation_from_axis_angle(-turn)
    before = clips["focal"], clips["principal_point"]
    focal = _longer(before_from_now, *before, width, height)
    columns, rows = tf.meshgrid(tf.range(float(width)), tf.range(float(height)))
    x, y, farther = _seen(before_from_now, *before, focal, tf.stack([columns, rows], -1)[None])

    def now(name: str, part: tf.Tensor) -> tf.Tensor:
        if name in ("rotation", "translation"):
            return tf.einsum("bji,bfj->bfi", before_from_now, part)
        if part.shape.rank != 5:
            return focal if name == "focal" else part
        places = [tf.repeat(place, part.shape[1], axis=0) for place in (x, y)]
        if name != "frames":
            # Between a near thing and a far one, and between what is known and what is not, is
            # nothing.
            places = [tf.round(place) for place in places]
        read = sample(tf.reshape(part, (-1, *part.shape[2:])), *places)
        read = tf.reshape(read, tf.shape(part))
        if name != "log_depth":
            return read
        nearer = read - tf.math.log(farther)[:, None, :, :, None]
        return tf.where(read < NO_READING, nearer, read)

    return {name: now(name, part) for name, part in clips.items()}


def _longer(before_from_now, focal, centre, width: int, height: int) -> tf.Tensor:
    """The shortest focal lengths `[B, 2]`, by the same factor, that see nothing new."""
    last = tf.constant([width - 1.0, height - 1.0])
    corners = last * tf.constant([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])

    def seen(pixels):
        return tf.stack(_seen(before_from_now, focal, centre, focal, pixels)[:2], axis=-1)

    middle = seen(centre[:, None, None])
    way = seen(corners[None, None]) - middle
    # One pixel at least, where a lens that looks past its picture leaves no room at all.
    room = tf.where(way > 0.0, tf.maximum(last - middle, 1.0), tf.minimum(-middle, -1.0))
    return focal * tf.maximum(1.0, tf.reduce_max(way / room, axis=(1, 2, 3)))[:, None]


def _seen(before_from_now, focal, centre, focal_now, pixels) -> tuple[tf.Tensor, ...]:
    """Where the camera saw the pixels `[B or 1, h, w, 2]` of the turned one, and how far away.

    Returns:
      x, y, and by how much what is at a depth was farther than now, each `[B, h, w]`.
    """
    lens, lens_now, centre = (part[:, None, None] for part in (focal, focal_now, centre))
    rays = perspective.ray(pixels, lens_now, centre)
    rays = tf.einsum("bij,bhwj->bhwi", before_from_now, rays)
    x, y = tf.unstack(perspective.project(rays, lens, centre), axis=-1)
    return x, y, rays[..., 2]
