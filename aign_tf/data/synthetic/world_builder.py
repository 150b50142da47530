"""Puts a world together: boxes, panels and prisms of any material, at any place."""

from __future__ import annotations

import numpy as np

from aign_tf.data.synthetic.world_atlas import SIDE, Atlas
from aign_tf.data.synthetic.world_paint import Material
from aign_tf.data.synthetic.world_places import Place
from aign_tf.data.synthetic.world_render import World
from aign_tf.data.synthetic.world_surfaces import Shadows, Surfaces

WHITE = (1.0, 1.0, 1.0)

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
_NOWHERE, _NO_FIT = (np.nan,) * 3, (np.nan,) * 4
_ONES = np.ones(3)


class Builder:
    """Collects what stands in a world.

    Attributes:
      footprints: corners `[4, 2]` (x, z in the world) of all boxes, with their lowest and highest
        height above the ground, for who has to keep clear of them.
    """

    def __init__(self, rng: np.random.Generator, ambient: float):
        """`ambient` is the light on what stands edge-on to the lamp; what faces it has 1."""
        self.rng = rng
        self.footprints: list[tuple[np.ndarray, float, float]] = []
        self._ambient = ambient
        across = rng.uniform(0, 2 * np.pi)
        self._light = np.array([np.cos(across), -rng.uniform(0.6, 1.3), np.sin(across)])
        self._light /= np.linalg.norm(self._light)
        self._pictures: list[np.ndarray] = []
        self._numbers: dict[int, int] = {}
        self._corners, self._chosen, self._tints, self._metres = [], [], [], []
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
        self._chosen.append(self._number(material))
        self._tints.append(tint * _ONES)
        self._metres.append(material.metres)
        self._origins.append(_NOWHERE if origin is None else origin)
        self._fits.append(_NO_FIT if fit is None else fit)
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

    def frustum(
        self, place: Place, upper, top: float, lower, bottom: float, material, tint
    ) -> None:
        """Four slopes from a rectangle ((x, z), (x, z)) at y = `top` to a larger one below."""
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

    def shadow(self, place: Place, box: tuple, light: float, soft: float = 0.1) -> None:
        """Leaves `light` on the ground within left, near, right, far, and more in a `soft` rim."""
        left, near, right, far = box
        for rim in (-soft, 0.0, soft):
            corners = [
                (left - rim, 0, far + rim),
                (right + rim, 0, far + rim),
                (right + rim, 0, near - rim),
                (left - rim, 0, near - rim),
            ]
            self._shadow_corners.append(place.world(corners))
            self._shadow_light.append(light ** (1 / 3))

    def _number(self, material: Material) -> int:
        key = id(material.picture)
        if key not in self._numbers:
            self._numbers[key] = len(self._pictures)
            self._pictures.append(material.picture)
        return self._numbers[key]

    def finished(self, sky: np.ndarray) -> World:
        """All that was built, under a `sky` of two colours `[2, 3]` in [0, 255]."""
        corners = np.array(self._corners, np.float64)
        right, down, normal, size = _frames(corners)
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

        light = self._ambient + (1 - self._ambient) * (normal @ self._light)
        surfaces = Surfaces(
            corners,
            np.array(self._chosen),
            np.concatenate([axes, offset[..., None]], axis=-1),
            light[:, None] * np.array(self._tints),
        )
        shadows = Shadows(
            np.array(self._shadow_corners).reshape(-1, 4, 3), np.array(self._shadow_light)
        )
        return World(surfaces, shadows, Atlas(self._pictures), sky)


def _frames(corners: np.ndarray) -> tuple[np.ndarray, ...]:
    """Directions to the right, down and to the viewer, `[F, 3]`, and width and height, `[F, 2]`."""
    # A triangle has its first two corners in one place.
    right = corners[:, 1] - corners[:, 0]
    right = np.where(right.any(axis=-1, keepdims=True), right, corners[:, 2] - corners[:, 3])
    width = np.linalg.norm(right, axis=-1)
    right = right / width[:, None]
    normal = np.cross(corners[:, 3] - corners[:, 1], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    down = np.cross(right, normal)
    height = np.abs(((corners[:, 3] - corners[:, 0]) * down).sum(axis=-1))
    return right, down, normal, np.stack([width, height], axis=-1)
