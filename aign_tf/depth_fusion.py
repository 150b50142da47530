"""Depth maps of the frames of a video, made to agree on what they show."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aign_tf.data.sequences.cameras import inverse
from aign_tf.renderers.warp import warp

# What is seen from a frame is looked for in so many frames before and after it.
_NEAR = 8
# What is farther or nearer there by a factor of 1.6 is hidden, or one of both is mistaken.
_UNLIKE = 0.5
# Maps count less towards their border, a share of the width: else it would be seen as a step.
_BORDER = 1 / 8
_ROUNDS = 2


def agreed(
    depth: np.ndarray, poses: np.ndarray, focal: np.ndarray, principal_point: np.ndarray
) -> np.ndarray:
    """Depths, each moved to the mean of what neighbouring maps say of the same point.

    Maps count the less the more they differ there, and the nearer to their border it is.

    Maps of a network that is not sure err differently from frame to frame, in their shapes and in
    the size of all. What they have in common is more often right.

    After Merrell et al. 2007, "Real-Time Visibility-Based Fusion of Depth Maps", with means instead
    of votes, since every map covers all of its frame.

    Args:
      depth: `[N, H, W]`, positive, metres.
      poses: `[N, 4, 4]`, world from camera, metres.
      focal, principal_point: `[2]`, pixels.

    Returns:
      float32 `[N, H, W]`.
    """
    log_depth = np.log(depth, dtype=np.float32)
    lens = [np.tile(np.float32(part), (2 * _NEAR, 1)) for part in (focal, principal_point)]
    for _ in range(_ROUNDS):
        log_depth = np.stack([_moved(log_depth, poses, lens, row) for row in range(len(depth))])
    return np.exp(log_depth)


def _moved(log_depth: np.ndarray, poses: np.ndarray, lens: list, row: int) -> np.ndarray:
    """The map `[H, W]` of one frame."""
    near = row + np.delete(np.arange(-_NEAR, _NEAR + 1), _NEAR)
    # Always as many, so that what is compiled for one frame does for all.
    near, there_is = near.clip(0, len(poses) - 1), (near >= 0) & (near < len(poses))
    there_from_here = np.float32(inverse(poses[near]) @ poses[row])
    here = np.broadcast_to(log_depth[row, ..., None], (len(near), *log_depth.shape[1:], 1))
    seen = warp(
        log_depth[near, ..., None],
        None,
        np.exp(here),
        there_from_here[:, :3, :3],
        there_from_here[:, :3, 3],
        *lens,
    )
    farther = (seen.image - tf.math.log(seen.depth)).numpy()[..., 0]
    weight = np.clip(1.0 - (farther / _UNLIKE) ** 2, 0.0, 1.0) * seen.inside.numpy()[..., 0]
    weight *= _from_border(seen.flow.numpy()) * there_is[:, None, None]
    return log_depth[row] + (weight * farther).sum(axis=0) / (1.0 + weight.sum(axis=0))


def _from_border(flow: np.ndarray) -> np.ndarray:
    """From 0 at the border of a frame to 1, where `flow` `[N, H, W, 2]` leads, `[N, H, W]`."""
    height, width = flow.shape[1:3]
    rows, columns = np.indices((height, width), np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    pixels = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return np.clip(pixels / (_BORDER * width), 0.0, 1.0)
