"""2D views of 3D faces whose pictures nobody took."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.landmarks import centred, sizes

_SIZES = (0.15, 0.25)  # shares of the picture, a root mean square distance from the middle
_MIDDLES = (0.4, 0.6)
DIAMETER = 2.0
"""The size of a face in root mean square distances of its points from their middle."""


def pictured(
    faces: np.ndarray, config: LandmarkDataConfig, rng: np.random.Generator
) -> LandmarkSet:
    """Each face once, from a random side, somewhere in a picture of side 1, with noise.

    Args:
      faces: `[N, K, 3]` upright, looking at the camera, in any unit.
      config: how far faces turn and how large the noise is.
      rng: draws everything.
    """
    count = len(faces)
    angles = [rng.uniform(-most, most, count) for most in (config.roll, config.pitch, config.yaw)]
    turn = Rotation.from_euler("ZXY", np.stack(angles, axis=1), degrees=True).as_matrix()
    turned = centred(faces) @ turn.swapaxes(1, 2)
    size = rng.uniform(*_SIZES, count)
    turned *= (size / sizes(turned[..., :2]))[:, None, None]
    points = turned[..., :2] + rng.uniform(*_MIDDLES, (count, 1, 2))
    points += rng.normal(0, 1, points.shape) * (DIAMETER * config.noise * size)[:, None, None]
    return LandmarkSet(
        points=points.astype(np.float32),
        depth=turned[..., 2].astype(np.float32),
        names=np.array([f"{row:05d}" for row in range(count)]),
        groups=np.full(count, ""),
    )
