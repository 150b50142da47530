"""Random points, seen from frame after frame."""

import numpy as np
from scipy.spatial.transform import Rotation

PIXELS, USUAL = 20.0, 2.0


def seen_from_beside(seed, rows=2, frames=3, size=(3, 4), ways=(1, -1, 0.5)):
    """What `Triangulated` sees of random points, and their depths `[B, 2, F - 1, h, w]`."""
    draw = np.random.default_rng(seed)
    focal = draw.uniform(40, 60, (rows, 2))
    rays = draw.uniform(-0.5, 0.5, (rows, *size, 2))
    rotation = draw.uniform(-0.05, 0.05, (rows, frames - 1, 3))
    translation = draw.uniform(0.1, 0.2, (rows, frames - 1, 3)) * ways
    depth = draw.uniform(1.2, 6.0, (rows, 2, frames - 1, *size))
    turns = Rotation.from_rotvec(rotation.reshape(-1, 3)).as_matrix()
    turns = turns.reshape(rows, frames - 1, 3, 3)
    turns = np.stack([turns, turns.swapaxes(-1, -2)], axis=1)
    back = -np.einsum("bkij,bkj->bki", turns[:, 1], translation)
    moves = np.stack([translation, back], axis=1)[:, :, :, None, None]
    points = np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)[:, None, None]
    points = np.einsum("bskij,bskhwj->bskhwi", turns, depth[..., None] * points) + moves
    shift = (points[..., :2] / points[..., 2:] - rays[:, None, None]) * focal[
        :, None, None, None, None
    ]
    given = [rays, focal, rotation, translation]
    shifts = (shift / PIXELS).reshape(-1, *size, 2)
    return [np.float32(part) for part in (shifts, *given)], depth
