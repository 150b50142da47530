"""What a world is made of: flat surfaces, and shadows on them."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from aign_tf.data.synthetic.raycast import View


@dataclasses.dataclass(frozen=True)
class Surfaces:
    """F convex flat quadrilaterals, seen from one side only. World axes: y down, metres.

    Attributes:
      corners: float64 `[F, 4, 3]`, clockwise as seen from the visible side.
      picture: int `[F]`, which one of the atlas.
      texels: float64 `[F, 2, 4]`, world point (x, y, z, 1) -> column and row in that picture.
      colour: float64 `[F, 3]`, by which the picture is multiplied; the light included.
    """

    corners: np.ndarray
    picture: np.ndarray
    texels: np.ndarray
    colour: np.ndarray

    @functools.cached_property
    def _balls(self) -> tuple[np.ndarray, np.ndarray]:
        """Middles `[F, 3]` and radii `[F]` of balls around the surfaces."""
        middle = self.corners.mean(axis=1)
        return middle, np.linalg.norm(self.corners - middle[:, None], axis=-1).max(axis=1)

    @functools.cached_property
    def _planes(self) -> tuple[np.ndarray, np.ndarray]:
        """Normals `[F, 3]` towards the visible side and distances `[F]`, of any length."""
        diagonals = self.corners[:, 2:] - self.corners[:, :2]
        normal = np.cross(diagonals[:, 1], diagonals[:, 0])
        return normal, (normal * self.corners[:, 0]).sum(axis=-1)

    def before(self, view: View) -> Surfaces:
        """Those that a camera may see: turned to it, and not wholly beside its picture."""
        (middle, radius), (normal, distance) = self._balls, self._planes
        size = np.array([view.width, view.height])
        left, top = (-0.5 - view.principal_point) / view.focal
        right, bottom = (size - 0.5 - view.principal_point) / view.focal
        # Normals of the planes through the eye and the sides of the picture, and of the picture.
        sides = [(1, 0, -left), (-1, 0, right), (0, 1, -top), (0, -1, bottom), (0, 0, 1)]
        sides = np.array(sides) / np.linalg.norm(sides, axis=-1, keepdims=True)
        inside = (middle - view.position) @ (view.rotation @ sides.T) > -radius[:, None]
        chosen = np.flatnonzero((normal @ view.position > distance) & inside.all(axis=1))
        return Surfaces(
            self.corners[chosen], self.picture[chosen], self.texels[chosen], self.colour[chosen]
        )


@dataclasses.dataclass(frozen=True)
class Shadows:
    """S convex flat quadrilaterals that darken what lies in their plane.

    Attributes:
      corners: float64 `[S, 4, 3]`, clockwise as seen from the lit side.
      light: float64 `[S]`, what is left of the light there.
    """

    corners: np.ndarray
    light: np.ndarray
