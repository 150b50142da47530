"""Pictures and depths of flat surfaces: one ray a pixel for depth, four for colour.

Along the ray `z * d` through a pixel, d = (x, y, 1), everything is linear in d: the side of an edge
it passes (the plane through the eye and the edge), and 1 / z of the plane it meets. So a surface is
five planes over the part of the picture that it may cover, and the nearest has the greatest 1 / z.
"""

from __future__ import annotations

import dataclasses
import functools

import cv2
import numpy as np

from aign_tf.data.synthetic.world_atlas import Atlas, thrice

NEAR = 0.05  # metres; where surfaces that pass the camera are cut off
EDGE = 1e-4  # rays beyond its edges that a surface covers, so that none slips between neighbours
SAMPLES = 2  # rays of colour along each side of a pixel


@dataclasses.dataclass(frozen=True)
class Surfaces:
    """F convex flat quadrilaterals, seen from one side only. World axes: y down, metres.

    Attributes:
      corners: float64 `[F, 4, 3]`, clockwise as seen from the visible side.
      texture: int `[F]`, which picture of the atlas.
      texels: float64 `[F, 2, 4]`, world point (x, y, z, 1) -> column and row in that picture.
      colour: float64 `[F, 3]`, by which the picture is multiplied; the light included.
    """

    corners: np.ndarray
    texture: np.ndarray
    texels: np.ndarray
    colour: np.ndarray

    @functools.cached_property
    def _around(self) -> tuple[np.ndarray, ...]:
        """Middles `[F, 3]` and radii `[F]`; normals `[F, 3]` to the visible side, distances `[F]`."""
        middle = self.corners.mean(axis=1)
        radius = np.linalg.norm(self.corners - middle[:, None], axis=-1).max(axis=1)
        diagonals = self.corners[:, 2:] - self.corners[:, :2]
        normal = np.cross(diagonals[:, 1], diagonals[:, 0])
        return middle, radius, normal, (normal * middle).sum(axis=-1)

    def before(self, view: View) -> np.ndarray:
        """Numbers of the surfaces that a camera may see: turned to it and not beside its picture."""
        middle, radius, normal, distance = self._around
        towards = normal @ view.position > distance
        size = np.array([view.width, view.height])
        low = (-0.5 - view.principal_point) / view.focal
        high = (size - 0.5 - view.principal_point) / view.focal
        # Normals of the planes between the eye and the sides of the picture, and of the picture's.
        planes = np.array([(1, 0, -low[0]), (-1, 0, high[0]), (0, 1, -low[1]), (0, -1, high[1])])
        planes = np.concatenate([planes, [(0, 0, 1)]])
        planes /= np.linalg.norm(planes, axis=-1, keepdims=True)
        inside = (middle - view.position) @ (view.rotation @ planes.T) > -radius[:, None]
        return np.flatnonzero(towards & inside.all(axis=1))


@dataclasses.dataclass(frozen=True)
class Shadows:
    """S convex flat quadrilaterals that darken what lies within `REACH` of them.

    Attributes:
      corners: float64 `[S, 4, 3]`, clockwise as seen from the lit side.
      light: float64 `[S]`, what is left of the light there.
    """

    corners: np.ndarray
    light: np.ndarray

    REACH = 0.02  # metres


@dataclasses.dataclass(frozen=True)
class View:
    """A pinhole camera in the world. `rotation` `[3, 3]` and `position` `[3]` are world from camera."""

    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    principal_point: np.ndarray
    height: int
    width: int

    def rays(self, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """x `[W * samples]` and y `[H * samples]` at z = 1, evenly spread over the pixels."""
        inside = (np.arange(samples) + 0.5) / samples - 0.5
        column = (np.arange(self.width)[:, None] + inside).ravel()
        row = (np.arange(self.height)[:, None] + inside).ravel()
        x = (column - self.principal_point[0]) / self.focal[0]
        y = (row - self.principal_point[1]) / self.focal[1]
        return x, y


def render(
    surfaces: Surfaces, shadows: Shadows, atlas: Atlas, sky: np.ndarray, view: View
) -> tuple[np.ndarray, np.ndarray]:
    """What a camera sees.

    Args:
      sky: float `[2, 3]`, colours in [0, 255] at the horizon and overhead.

    Returns:
      Picture, uint8 `[H, W, 3]`, and depth, float32 `[H, W]`, metres along the optical axis through
      the centre of each pixel, 0 where the sky is seen.
    """
    before = surfaces.before(view)
    corners = (surfaces.corners[before] - view.position) @ view.rotation
    lines, distance = _lines(corners)
    bounds = _bounds(corners, distance, view)
    inverse, _ = _nearest(*_met(lines, bounds, view, 1), view, 1)
    depth = np.divide(1, inverse, out=np.zeros_like(inverse), where=inverse > 0)

    inverse, owner = _nearest(*_met(lines, bounds, view, SAMPLES), view, SAMPLES)
    light = _light(shadows, inverse, view)
    colour = _coloured(surfaces, before, distance, atlas, sky, view, inverse, owner, light)
    size = view.width, view.height
    return cv2.resize(colour, size, interpolation=cv2.INTER_AREA).round().astype(np.uint8), depth


def _lines(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Five planes `[F, 5, 3]` of surfaces in the camera's frame, and their distances `[F]`.

    The first four products with d are positive inside the edges, the fifth is 1 / z. The distance
    from the eye to the plane is negative for a surface seen from behind.
    """
    edges = np.cross(corners, np.roll(corners, -1, axis=1))
    edges /= np.maximum(np.linalg.norm(edges, axis=-1, keepdims=True), 1e-12)
    away = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    distance = (away * corners[:, 0]).sum(axis=-1)
    flat = away / np.where(np.abs(distance) < 1e-9, 1e-9, distance)[:, None]
    return np.concatenate([edges, flat[:, None]], axis=1), distance


def _bounds(corners: np.ndarray, distance: np.ndarray, view: View) -> np.ndarray:
    """Lowest and highest x and y, pixels `[F, 2, 2]`, of what is before the camera.

    The lowest are above the highest for what is seen from behind or not at all.
    """
    following = np.roll(corners, -1, axis=1)
    z, z_following = corners[..., 2], following[..., 2]
    cut = (z - NEAR) * (z_following - NEAR) < 0
    share = np.where(cut, (NEAR - z) / np.where(cut, z_following - z, 1), 0)[..., None]
    points = np.concatenate([corners, corners + share * (following - corners)], axis=1)
    valid = np.concatenate([z > NEAR, cut], axis=1) & (distance > 1e-4)[:, None]
    flat = points[..., :2] / np.maximum(points[..., 2:], NEAR)
    pixels = flat * view.focal + view.principal_point
    low = np.where(valid[..., None], pixels, np.inf).min(axis=1)
    high = np.where(valid[..., None], pixels, -np.inf).max(axis=1)
    edge = np.array([view.width, view.height]) - 0.5
    return np.stack([low.clip(-0.5, edge + 1), high.clip(-1.5, edge)], axis=1)


def _met(
    lines: np.ndarray, bounds: np.ndarray, view: View, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every meeting of a ray with a surface: number of the surface, number of the ray, 1 / z."""
    x, y = view.rays(samples)
    # Each surface covers one span of each row of rays.
    low = np.ceil((bounds[:, 0, 1] + 0.5) * samples - 0.5 - EDGE).astype(int)
    high = np.floor((bounds[:, 1, 1] + 0.5) * samples - 0.5 + EDGE).astype(int) + 1
    surface, row = _ranges(low.clip(0, len(y)), high.clip(0, len(y)))
    of_span = lines[surface]
    rest = of_span[..., 1] * y[row, None] + of_span[..., 2]
    slope, offset = of_span[:, :4, 0], rest[:, :4]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -offset / slope
    outside = (slope == 0) & (offset < -1e-9)
    left = np.where(slope > 0, crossing, -np.inf).max(axis=1)
    right = np.where(slope < 0, crossing, np.inf).min(axis=1)
    right[outside.any(axis=1)] = -np.inf
    left, right = (
        (x_edge * view.focal[0] + view.principal_point[0] + 0.5) * samples - 0.5
        for x_edge in (left, right)
    )
    left = np.ceil(left - EDGE).clip(0, len(x)).astype(int)
    right = (np.floor(right + EDGE) + 1).clip(0, len(x)).astype(int)
    span, column = _ranges(left, right)
    per_column = of_span[:, 4, 0].astype(np.float32)
    inverse = per_column[span] * x.astype(np.float32)[column]
    inverse += rest[:, 4].astype(np.float32)[span]
    return surface[span], row[span] * len(x) + column, inverse


def _ranges(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For all whole numbers from each `low` to below its `high`: which range, and the number."""
    lengths = np.maximum(high - low, 0)
    which = np.repeat(np.arange(len(low)), lengths)
    first = np.cumsum(lengths) - lengths
    return which, np.arange(len(which)) + (low - first)[which]


def _nearest(
    surface: np.ndarray, ray: np.ndarray, inverse: np.ndarray, view: View, samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """1 / z of the first surface on each ray, float32 `[h, w]`, 0 without one, and its number."""
    shape = view.height * samples, view.width * samples
    greatest = np.zeros(shape[0] * shape[1], np.float32)
    np.maximum.at(greatest, ray, inverse)
    owner = np.full(len(greatest), -1)
    first = inverse == greatest[ray]
    owner[ray[first]] = surface[first]
    return greatest.reshape(shape), owner.reshape(shape)


def _light(shadows: Shadows, inverse: np.ndarray, view: View) -> np.ndarray:
    """What the shadows leave of the light on what each ray meets, float32 `[h, w]`."""
    corners = (shadows.corners - view.position) @ view.rotation
    lines, distance = _lines(corners)
    shadow, ray, values = _met(lines, _bounds(corners, distance, view), view, SAMPLES)
    # What lies at 1 / z is (values z - 1) * distance off the plane of the shadow.
    inverse_there = inverse.ravel()[ray]
    reach = (Shadows.REACH / np.maximum(distance, 1e-4)).astype(np.float32)
    near = np.abs(values - inverse_there) < reach[shadow] * inverse_there
    light = np.ones(inverse.size, np.float32)
    np.multiply.at(light, ray[near], shadows.light.astype(np.float32)[shadow[near]])
    return light.reshape(inverse.shape)


def _coloured(
    surfaces, before, distance, atlas, sky, view, inverse, owner, light
) -> np.ndarray:
    """Colours in [0, 255] of all rays, float32 `[h, w, 3]`."""
    rotation, position = view.rotation, view.position
    towards = surfaces.texels[before, :, :3] @ rotation
    offset = surfaces.texels[before, :, :3] @ position + surfaces.texels[before, :, 3]
    # Texels under a ray, as the geometric mean of both directions: a texel at distance z takes
    # focal / z rays across, and fewer by the cosine of the slope, distance / (z |d|), along it.
    density = np.linalg.norm(surfaces.texels[before, :, :3], axis=-1).prod(axis=-1) ** 0.5
    spread = np.log2(density / (SAMPLES * view.focal.mean() * np.sqrt(distance)))
    columns = [towards.reshape(-1, 6), offset, spread[:, None], surfaces.texture[before, None]]
    away = inverse <= 0
    of_ray = _of_owner(np.concatenate(columns, axis=1), owner)
    z = 1 / np.where(away, 1, inverse)
    x, y = (values.astype(np.float32) for values in view.rays(SAMPLES))
    x, y = x[None, :], y[:, None]
    column = (of_ray[..., 0] * x + of_ray[..., 1] * y + of_ray[..., 2]) * z + of_ray[..., 6]
    row = (of_ray[..., 3] * x + of_ray[..., 4] * y + of_ray[..., 5]) * z + of_ray[..., 7]
    level = of_ray[..., 8] + 1.5 * np.log2(z) + 0.25 * np.log2(x**2 + y**2 + 1)
    colour = atlas.sample(of_ray[..., 9].astype(np.int32), column, row, level)
    colour *= _of_owner(surfaces.colour[before], owner)
    colour *= thrice(light)
    if away.any():
        d = np.stack(np.broadcast_arrays(x, y, np.float32(1)), axis=-1)[away]
        up = -(d @ rotation[1].astype(np.float32)) / np.linalg.norm(d, axis=-1)
        share = np.clip(2 * up, 0, 1)[:, None]
        colour[away] = (1 - share) * sky[0] + share * sky[1]
    return colour


def _of_owner(values: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Rows of `values` `[F, C]` as float32 `[h, w, C]`; zeros for an owner of -1."""
    with_none = np.concatenate([values, np.zeros((1, values.shape[1]))]).astype(np.float32)
    return with_none.take(owner, axis=0, mode="wrap")
