"""Frames in the world, in which things are built."""

from __future__ import annotations

import numpy as np


class Place:
    """A frame in the world: x to the right, y down, z ahead, turned by `yaw` (radians) about y."""

    def __init__(self, x: float, z: float, yaw: float = 0.0, y: float = 0.0):
        sine, cosine = np.sin(yaw), np.cos(yaw)
        self.origin = np.array([x, y, z], np.float64)
        self.turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
        self.yaw = yaw

    def at(self, x: float, z: float, yaw: float = 0.0, y: float = 0.0) -> Place:
        """A frame within this one."""
        origin = self.world([(x, y, z)])[0]
        return Place(origin[0], origin[2], self.yaw + yaw, origin[1])

    def world(self, points) -> np.ndarray:
        """Points `[..., 3]` of this frame in the world."""
        return np.asarray(points, np.float64) @ self.turn.T + self.origin
