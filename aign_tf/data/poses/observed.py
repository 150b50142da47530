"""Clips of observed joints from the numbers of a file."""

from __future__ import annotations

import numpy as np

from aign_tf.data.arrays import numbers
from aign_tf.data.poses.clips import Camera, Clip2D
from aign_tf.errors import UserError
from aign_tf.skeletons import Skeleton


def as_clip(
    where: str,
    name: str,
    values,
    skeleton: Skeleton,
    image_size: tuple[int, int] | None = None,
    camera: Camera | None = None,
) -> Clip2D:
    """A clip from `values` `[T, J, 2]`, x and y, or `[T, J, 3]` with a confidence in [0, 1].

    A joint with a NaN or with confidence 0 is missing; its coordinates become 0.

    Raises:
      UserError: another shape, no frames, not numbers, or the third is no confidence; the message
        starts with `where`.
    """
    values = numbers(values, where)
    count = len(skeleton.joints)
    if values.ndim != 3 or values.shape[1] != count or values.shape[2] not in (2, 3):
        raise UserError(
            f"{where} has shape {values.shape}: expected (frames, {count}, 2), or "
            f"(frames, {count}, 3) with confidences, for skeleton {skeleton.name}"
        )
    if not len(values):
        raise UserError(f"{where} has no frames")
    points = values[..., :2]
    confidence = np.nan_to_num(values[..., 2]) if values.shape[2] == 3 else np.ones(1)
    if confidence.min() < 0 or confidence.max() > 1:
        raise UserError(
            f"{where}: the third number of a joint should be a confidence from 0 to 1, but goes "
            f"from {confidence.min():.4g} to {confidence.max():.4g}; are these 3D poses?"
        )
    confidence = np.where(np.isnan(points).any(-1), 0, confidence).astype(np.float32)
    joints = np.where(confidence[..., None] > 0, points, 0).astype(np.float32)
    return Clip2D(name, joints, confidence, skeleton, image_size, camera)


def pixels(where: str, size) -> tuple[int, int]:
    """(width, height) of a picture, or a UserError that starts with `where`."""
    size = numbers(size, where)
    if size.shape != (2,) or not (size >= 1).all():
        raise UserError(f"{where} must be (width, height) in pixels")
    return int(size[0]), int(size[1])
