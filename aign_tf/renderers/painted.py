"""Clips painted on remembered depths, some of them behind something that is near."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from aign_tf import places, rigid
from aign_tf.geometry import check_shape
from aign_tf.renderers.warp import flow_inside, unproject, warp

# Of one over a depth, in 1 / metres: whatever else a plane would show is as far as this.
_FAR = 1e-3

Tensors = dict[str, tf.Tensor]


class Card(NamedTuple):
    """Something flat, held between the camera and what is remembered.

    Attributes:
      outline: `[B,H,W,1]`, 1 where it is in the middle frame, else 0.
      plane: `[B,3]`, n in 1 / metres: its points are those with n x = 1, in the camera of the
        middle frame.
    """

    outline: tf.Tensor
    plane: tf.Tensor


class _Layer(NamedTuple):
    """What all frames show of one thing: pictures, log depths and flow to the middle's side."""

    picture: tf.Tensor
    log_depth: tf.Tensor
    flow: tf.Tensor


def painted_clips(factors: Tensors, observation: Tensors, card: Card | None = None) -> Tensors:
    """Clips that remembered depths and motions make of single pictures, and what explains them.

    The middle frame is that of another clip of the batch. Those before and after it are drawn from
    their neighbour on the middle's side, as if its picture were painted on the remembered depths.
    A card has a third clip's picture on it, hides what is behind it, and is seen to move past.

    Args:
      factors: of one remembered clip after the other, `log_depth` `[B,F,H,W,1]`, without gaps;
        `rotation` and `translation` `[B,F-1,3]`; and its lens, `focal` and `principal_point`
        `[B,2]`.
      observation: whose `frames` `[B,F,H,W,3]` are painted.
      card: is not seen where it is behind the remembered depths, or has no outline.

    Returns:
      An observation of as many clips; its factors, named and shaped as those that are given, with
      the card's depth where that is seen; `guess` `[B,F-1,H/8,W/8,1]`, the log depth of `places` of
      all frames but the last; and `flow` `[B,2,F-1,H/8,W/8,2]`, in pixels, of places to the next
      frame and to the previous one; NaN where it is unknown.
    """
    motion = rigid.rotation_from_axis_angle(factors["rotation"]), factors["translation"]
    lens = {name: factors[name] for name in ("focal", "principal_point")}
    count, height, width = factors["log_depth"].shape[1:4]
    middle = count // 2
    pictures = observation["frames"][:, middle]
    layer = _layer(tf.roll(pictures, 1, axis=0), factors["log_depth"], *motion, *lens.values())
    if card is not None:
        check_shape("outline", card.outline, (None, height, width, 1))
        third = tf.concat([tf.roll(pictures, 2, axis=0), card.outline], axis=-1)
        rays = unproject(tf.ones_like(card.outline), *lens.values())
        # One over the depth of a plane is n times the ray.
        inverse = tf.einsum("bhwc,bfc->bfhw", rays, _planes(card.plane, *motion))[..., None]
        log_depth = -tf.math.log(tf.maximum(inverse, _FAR))
        layer = _in_front(_layer(third, log_depth, *motion, *lens.values()), layer)
    flow = [places.means(each) for each in tf.unstack(layer.flow, axis=1)]
    unknown = tf.fill(tf.shape(flow[0]), float("nan"))
    to_next = [flow[k] if k < middle else unknown for k in range(count - 1)]
    to_previous = [flow[k] if k > middle else unknown for k in range(1, count)]
    return {
        **lens,
        "frames": layer.picture,
        "log_depth": layer.log_depth,
        "rotation": factors["rotation"],
        "translation": factors["translation"],
        "guess": places.means_of_frames(layer.log_depth[:, :-1]),
        "flow": tf.stack([tf.stack(way, axis=1) for way in (to_next, to_previous)], axis=1),
    }


def _layer(picture, log_depth, rotation, translation, focal, centre) -> _Layer:
    """A middle frame `[B, H, W, C]` on depths of all frames `[B, F, H, W, 1]`."""
    depth = tf.exp(log_depth)
    middle = depth.shape[1] // 2
    frames = [picture]
    flow = [tf.fill((*tf.unstack(tf.shape(picture)[:3]), 2), float("nan"))]
    for k in range(middle - 1, -1, -1):
        motion = rotation[:, k], translation[:, k]
        drawn = warp(frames[0], None, depth[:, k], *motion, focal, centre)
        frames, flow = [drawn.image, *frames], [flow_inside(drawn), *flow]
    for k in range(middle + 1, depth.shape[1]):
        motion = rigid.inverse(rotation[:, k - 1], translation[:, k - 1])
        drawn = warp(frames[-1], None, depth[:, k], *motion, focal, centre)
        frames, flow = [*frames, drawn.image], [*flow, flow_inside(drawn)]
    return _Layer(tf.stack(frames, axis=1), log_depth, tf.stack(flow, axis=1))


def _in_front(held: _Layer, behind: _Layer) -> _Layer:
    """Of both layers what is nearer; the last channel of `held` tells where it is."""
    picture, outline = held.picture[..., :-1], held.picture[..., -1:]
    seen = (outline > 0.5) & (held.log_depth < behind.log_depth)
    held = held._replace(picture=picture)
    return _Layer(*(tf.where(seen, near, far) for near, far in zip(held, behind)))


def _planes(plane, rotation, translation) -> tf.Tensor:
    """The plane n x = 1 of the middle frame in the cameras of all, `[B, F, 3]`."""
    count = rotation.shape[1] + 1
    middle = count // 2

    def before(plane, rotation, translation):
        """n (R x + t) = 1. Of a plane through the camera nothing is seen."""
        turned = tf.linalg.matvec(rotation, plane, transpose_a=True)
        distance = 1.0 - tf.reduce_sum(plane * translation, axis=-1, keepdims=True)
        return tf.math.divide_no_nan(turned, distance)

    planes = [plane]
    for k in range(middle - 1, -1, -1):
        planes.insert(0, before(planes[0], rotation[:, k], translation[:, k]))
    for k in range(middle, count - 1):
        back = rigid.inverse(rotation[:, k], translation[:, k])
        planes.append(before(planes[-1], *back))
    return tf.stack(planes, axis=1)
