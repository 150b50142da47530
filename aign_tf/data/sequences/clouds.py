"""What a camera saw, as coloured points in space."""

from __future__ import annotations

import os

import numpy as np

from aign_tf.data.splits import spaced
from aign_tf.files import replacing

MOST_POINTS = 300_000
_SAMPLED = 100  # frames that tell the median
# Errors of depth grow with its square, and those of the far points would hide the near ones.
_FAR = 3.0  # times the median depth
_EDGE = 1.1  # ratio of the depths of neighbours


def coloured_cloud(
    frames: np.ndarray,
    depth: np.ndarray,
    poses: np.ndarray,
    focal: np.ndarray,
    principal_point: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The points of all frames, in the world.

    Left out are points without a reading, points farther than three times the median depth, and
    those beside a jump of depth, where maps blur what is near with what is far. Of the rest, at
    most `MOST_POINTS` are drawn at random, the same ones in each call, as many from each frame.

    Args:
      frames: uint8 `[N, H, W, 3]`.
      depth: `[N, H, W]`, metres along the optical axis, 0 where there is no reading.
      poses: `[N, 4, 4]`, world from camera, metres.
      focal, principal_point: `[2]`, x and y, pixels; pixel (0, 0) has its centre at (0, 0).

    Returns:
      float32 `[P, 3]`, metres, and uint8 `[P, 3]`, RGB.
    """
    sample = depth[spaced(len(depth), _SAMPLED)]
    farthest = _FAR * np.median(sample[sample > 0]) if sample.any() else 0.0
    random = np.random.default_rng(0)
    points, colours = [], []
    for frame, metres, pose in zip(frames, depth, poses):
        kept = np.flatnonzero((metres > 0) & (metres <= farthest) & ~_beside_edge(metres))
        most = max(1, MOST_POINTS // len(frames))
        kept = random.permutation(kept)[:most]
        rows, columns = np.divmod(kept, metres.shape[1])
        rays = (np.stack([columns, rows], axis=1) - principal_point) / focal
        z = metres[rows, columns, None].astype(np.float64)
        seen = np.concatenate([rays * z, z], axis=1)
        points.append(seen @ pose[:3, :3].T + pose[:3, 3])
        colours.append(frame[rows, columns])
    return np.concatenate(points).astype(np.float32), np.concatenate(colours)


def write_ply(path: str | os.PathLike, points: np.ndarray, colours: np.ndarray) -> None:
    """Writes a binary PLY.

    Args:
      path: of the file, whole or absent.
      points: `[P, 3]`.
      colours: uint8 `[P, 3]`, RGB.
    """
    import trimesh  # It takes a quarter of a second, which most commands need not wait for.

    with replacing(path) as temporary:
        trimesh.PointCloud(points, colours).export(temporary, file_type="ply")


def _beside_edge(depth: np.ndarray) -> np.ndarray:
    """Where `depth` `[H, W]` jumps to one of the four neighbours; a missing one is no jump."""
    beside = np.zeros(depth.shape, bool)
    for axis in (0, 1):
        depths, found = np.moveaxis(depth, axis, 0), np.moveaxis(beside, axis, 0)
        one, other = depths[:-1], depths[1:]
        jump = (np.maximum(one, other) > _EDGE * np.minimum(one, other)) & (one > 0) & (other > 0)
        found[:-1] |= jump
        found[1:] |= jump
    return beside
