"""Puts a world together: boxes, panels and prisms of any material, at any place."""

from __future__ import annotations

import numpy as np

from aign_tf.data.synthetic.raycast import Shadows, Surfaces
from aign_tf.data.synthetic.world_atlas import SIDE, Atlas
from aign_tf.data.synthetic.world_textures import Material

WHITE = (1.0, 1.0, 1.0)
AMBIENT = 0.58  # light on a surface at a right angle to the lamp; 1 on one that faces it

# Corners of a box's sides, clockwise from the top left as seen from outside. Of x, y, z: 0 is the
# lower, 1 the higher.
_SIDES = {
    "front": ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)),
    "back": ((1, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1, 1)),
    "left": ((0, 0, 1), (0, 0, 0), (0, 1, 0), (0, 1, 1)),
    "right": ((1, 0, 0), (1, 0, 1), (1, 1, 1), (1, 1, 0)),
    "top": ((0, 0, 1), (1, 0, 1), (1, 0, 0), (0, 0, 0)),
    "bottom": ((0, 1, 0), (1, 1, 0), (1, 1, 1), (0, 1, 1)),
}
_CORNERS = np.array(list(_SIDES.values()))
NOWHERE, NO_FIT = (np.nan,) * 3, (np.nan,) * 4


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


class Builder:
    """Collects what stands in a world.

    Attributes:
      footprints: corners `[4, 2]` (x, z in the world) of all boxes, with their lowest and highest
        height above the ground, for who has to keep clear of them.
    """

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.footprints: list[tuple[np.ndarray, float, float]] = []
        self._light = rng.normal(size=3) * (1, 0, 1)
        self._light *= rng.uniform(0.6, 1.0) / np.linalg.norm(self._light)
        self._light[1] = -1.2
        self._light /= np.linalg.norm(self._light)
        self._pictures: list[np.ndarray] = []
        self._numbers: dict[int, int] = {}
        self._corners, self._textures, self._tints, self._metres = [], [], [], []
        self._origins, self._fits, self._turned = [], [], []
        self._shadow_corners, self._shadow_light = [], []

    def panel(
        self,
        corners: np.ndarray,
        material: Material,
        tint=WHITE,
        origin: np.ndarray | None = None,
        fit: tuple[float, float, float, float] | None = None,
        turned: bool = False,
    ) -> None:
        """A flat quadrilateral `[4, 3]` in the world, clockwise from its top left.

        Args:
          tint: by which the material's colours are multiplied.
          origin: point of the world at which the material's picture begins; random without one.
          fit: part of the picture (left, top, right, bottom, in its metres) stretched over it.
          turned: the material runs along the height instead of the width.
        """
        self._corners.append(corners)
        self._textures.append(self._number(material))
        self._tints.append(np.broadcast_to(tint, 3))
        self._metres.append(material.metres)
        self._origins.append(NOWHERE if origin is None else origin)
        self._fits.append(NO_FIT if fit is None else fit)
        self._turned.append(turned)

    def box(
        self,
        place: Place,
        low: tuple[float, float, float],
        high: tuple[float, float, float],
        material: Material,
        tint=WHITE,
        without: tuple[str, ...] = (),
        turned: bool = False,
    ) -> None:
        """A box between two corners in the frame of `place`; y points down."""
        bounds = np.array([low, high], np.float64)
        corners = place.world(bounds[_CORNERS, np.arange(3)])
        for side, four in zip(_SIDES, corners):
            if side not in without:
                self.panel(four, material, tint, turned=turned)
        base = corners[list(_SIDES).index("top")]
        self.footprints.append((base[:, ::2], -base[0, 1] - (high[1] - low[1]), -base[0, 1]))

    def facing(self, place: Place, box: tuple, z: float, material: Material, **options) -> None:
        """A panel towards -z of a place, from left, top to right, bottom (x and y)."""
        left, top, right, bottom = box
        corners = [(left, top, z), (right, top, z), (right, bottom, z), (left, bottom, z)]
        self.panel(place.world(corners), material, **options)

    def lying(self, place: Place, box: tuple, y: float, material: Material, **options) -> None:
        """A panel towards the sky, from left, near to right, far (x and z)."""
        left, near, right, far = box
        corners = [(left, y, far), (right, y, far), (right, y, near), (left, y, near)]
        self.panel(place.world(corners), material, **options)

    def prism(
        self,
        place: Place,
        rings: list[tuple[float, float]],
        sides: int,
        material: Material,
        tint=WHITE,
    ) -> None:
        """A body of revolution in `sides` facets: rings of (y, radius) from the top down."""
        turn = 2 * np.pi * (np.arange(sides + 1) + 0.5) / sides
        circle = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], axis=-1)
        for (top, small), (bottom, large) in zip(rings, rings[1:]):
            upper, lower = small * circle + (0, top, 0), large * circle + (0, bottom, 0)
            for k in range(sides):
                corners = (upper[k], upper[k + 1], lower[k + 1], lower[k])
                self.panel(place.world(corners), material, tint)
        for (y, radius), step in ((rings[0], -1), (rings[-1], 1)):
            if radius:
                self._polygon(place.world(radius * circle[:-1][::step] + (0, y, 0)), material, tint)
        radius = max(r for _, r in rings)
        square = place.world(radius * np.array([(-1, 0, 1), (1, 0, 1), (1, 0, -1), (-1, 0, -1)]))
        y = place.origin[1]
        self.footprints.append((square[:, ::2], -y - rings[-1][0], -y - rings[0][0]))

    def disc(self, place: Place, radius: float, sides: int, material: Material, tint=WHITE) -> None:
        """A polygon about the origin of a place, towards its -z."""
        turn = 2 * np.pi * (np.arange(sides) + 0.5) / sides
        circle = radius * np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)
        self._polygon(place.world(circle), material, tint)

    def frustum(self, place: Place, upper, top: float, lower, bottom: float, material, tint) -> None:
        """Four slopes from a rectangle ((x, z), (x, z)) at y = `top` to a larger one at `bottom`."""
        bounds = np.array([upper, lower], np.float64)
        for name in ("front", "back", "left", "right"):
            corners = np.array(_SIDES[name], np.float64)
            for corner, (x, level, z) in zip(corners, _SIDES[name]):
                corner[:] = bounds[level, x, 0], (top, bottom)[level], bounds[level, z, 1]
            self.panel(place.world(corners), material, tint)

    def _polygon(self, corners: np.ndarray, material: Material, tint) -> None:
        """A convex polygon `[P, 3]` in the world, clockwise as seen from outside."""
        last = len(corners) - 1
        for k in range(1, last, 2):
            self.panel(corners[[0, k, k + 1, min(k + 2, last)]], material, tint, origin=corners[0])

    def shadow(self, place: Place, box: tuple, light: float, soft: float = 0.1, y: float = 0.0) -> None:
        """Darkens the ground at `y` below left, near, right, far, with a rim of `soft` metres."""
        left, near, right, far = box
        for rim in (-soft, 0.0, soft):
            corners = [
                (left - rim, y, far + rim),
                (right + rim, y, far + rim),
                (right + rim, y, near - rim),
                (left - rim, y, near - rim),
            ]
            self._shadow_corners.append(place.world(corners))
            self._shadow_light.append(light ** (1 / 3))

    def _number(self, material: Material) -> int:
        key = id(material.picture)
        if key not in self._numbers:
            self._numbers[key] = len(self._pictures)
            self._pictures.append(material.picture)
        return self._numbers[key]

    def finished(self) -> tuple[Surfaces, Shadows, Atlas]:
        """All surfaces and shadows, and the atlas of their pictures."""
        corners = np.array(self._corners, np.float64)
        # A triangle has its first two corners in one place.
        right = corners[:, 1] - corners[:, 0]
        right = np.where(right.any(axis=-1, keepdims=True), right, corners[:, 2] - corners[:, 3])
        normal = np.cross(corners[:, 3] - corners[:, 1], corners[:, 2] - corners[:, 0])
        size = np.linalg.norm(right, axis=-1)
        right /= size[:, None]
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        down = np.cross(right, normal)
        size = np.stack([size, np.abs(((corners[:, 3] - corners[:, 0]) * down).sum(-1))], axis=-1)

        fit, origin = np.array(self._fits, np.float64), np.array(self._origins, np.float64)
        fitted, free = np.isfinite(fit[:, :1]), np.isnan(origin[:, :1])
        scale = np.where(fitted, (fit[:, 2:] - fit[:, :2]) / size, 1)
        begin = np.where(free, self.rng.uniform(0, 10, (len(corners), 2)), 0)
        begin = np.where(fitted, fit[:, :2], begin)
        origin = np.where(fitted | free, corners[:, 0], origin)
        turned = np.array(self._turned)[:, None]
        right, down = np.where(turned, down, right), np.where(turned, -right, down)
        density = SIDE / np.array(self._metres)
        axes = np.stack([right, down], axis=1) * (density * scale)[..., None]
        offset = density * begin - (axes @ origin[..., None])[..., 0]

        light = AMBIENT + (1 - AMBIENT) * (normal @ self._light)
        surfaces = Surfaces(
            corners,
            np.array(self._textures),
            np.concatenate([axes, offset[..., None]], axis=-1),
            light[:, None] * np.array(self._tints),
        )
        shadows = Shadows(
            np.array(self._shadow_corners).reshape(-1, 4, 3), np.array(self._shadow_light)
        )
        return surfaces, shadows, Atlas(self._pictures)
