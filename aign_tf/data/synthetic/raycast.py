"""Where the rays of a camera meet flat surfaces.

Along the ray `z * d` through a pixel, d = (x, y, 1), everything is linear in d: on which side of an
edge it passes (of the plane through the eye and the edge), and 1 / z of the plane it meets. So each
surface covers one span of each row of rays, between the edges, and the nearest surface has the
greatest 1 / z.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

NEAR = 0.05  # metres; where surfaces that pass the camera are cut off
EDGE = 1e-4  # rays beyond its edges that a surface covers, so that none slips between neighbours
EDGE_ON = 1e-4  # metres; surfaces whose plane is nearer to the eye than that are not seen


@dataclasses.dataclass(frozen=True)
class View:
    """A pinhole camera in the world.

    Attributes:
      rotation, position: float64 `[3, 3]` and `[3]`, metres, world from camera.
      focal, principal_point: float64 `[2]`, x and y, pixels.
      height, width: pixels.
    """

    rotation: np.ndarray
    position: np.ndarray
    focal: np.ndarray
    principal_point: np.ndarray
    height: int
    width: int

    def rays(self, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """x `[W * samples]` and y `[H * samples]` at z = 1, evenly spread over the pixels."""
        column = (np.arange(self.width * samples) + 0.5) / samples - 0.5
        row = (np.arange(self.height * samples) + 0.5) / samples - 0.5
        x = (column - self.principal_point[0]) / self.focal[0]
        y = (row - self.principal_point[1]) / self.focal[1]
        return x, y


class Facets(NamedTuple):
    """F surfaces as a camera sees them.

    Attributes:
      edges: float64 `[F, 4, 3]`; the products with d are positive inside the edges.
      inverse: float64 `[F, 3]`; the product with d is 1 / z.
      distance: float64 `[F]`, metres from the eye to the plane; negative if seen from behind.
      rows: float64 `[F, 2]`, y in pixels of the highest and the lowest point; the other way round
        for what is not seen.
    """

    edges: np.ndarray
    inverse: np.ndarray
    distance: np.ndarray
    rows: np.ndarray


class Meetings(NamedTuple):
    """All M pairs of a ray and a surface on it: their numbers, and float32 1 / z there."""

    surface: np.ndarray
    ray: np.ndarray
    inverse: np.ndarray


def seen_by(view: View, corners: np.ndarray) -> Facets:
    """Quadrilaterals `[F, 4, 3]` of the world, clockwise as seen from the visible side."""
    corners = (corners - view.position) @ view.rotation
    following = np.roll(corners, -1, axis=1)
    edges = np.cross(corners, following)
    edges /= np.maximum(np.linalg.norm(edges, axis=-1, keepdims=True), 1e-12)
    away = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    distance = (away * corners[:, 0]).sum(axis=-1)
    turned = distance > EDGE_ON
    inverse = away / np.where(turned, distance, 1)[:, None]
    return Facets(edges, inverse, distance, _rows(view, corners, following, turned))


def _rows(view: View, corners: np.ndarray, following: np.ndarray, turned: np.ndarray) -> np.ndarray:
    z, z_following = corners[..., 2], following[..., 2]
    cut = (z - NEAR) * (z_following - NEAR) < 0
    share = np.where(cut, (NEAR - z) / np.where(cut, z_following - z, 1), 0)
    y_cut = corners[..., 1] + share * (following[..., 1] - corners[..., 1])
    flat = np.concatenate([corners[..., 1] / np.maximum(z, NEAR), y_cut / NEAR], axis=1)
    y = flat * view.focal[1] + view.principal_point[1]
    valid = np.concatenate([z > NEAR, cut], axis=1) & turned[:, None]
    high = np.where(valid, y, np.inf).min(axis=1).clip(-1, view.height)
    low = np.where(valid, y, -np.inf).max(axis=1).clip(-1, view.height)
    return np.stack([high, low], axis=1)


def meetings(view: View, facets: Facets, samples: int) -> Meetings:
    """Where surfaces meet rays, of which there are `samples` x `samples` in every pixel."""
    x, y = view.rays(samples)
    rows = (facets.rows + 0.5) * samples - 0.5
    surface, row = _ranges(_first(rows[:, 0], len(y)), _beyond(rows[:, 1], len(y)))
    edges, inverse, y = facets.edges[surface], facets.inverse[surface], y[row]
    slope, offset = edges[..., 0], edges[..., 1] * y[:, None] + edges[..., 2]
    crossing = -offset / np.where(slope == 0, 1, slope)
    left = np.where(slope > 0, crossing, -np.inf).max(axis=1)
    right = np.where(slope < 0, crossing, np.inf).min(axis=1)
    right[((slope == 0) & (offset < -1e-9)).any(axis=1)] = -np.inf
    left, right = (
        (edge * view.focal[0] + view.principal_point[0] + 0.5) * samples - 0.5
        for edge in (left, right)
    )
    span, column = _ranges(_first(left, len(x)), _beyond(right, len(x)))
    along = inverse[:, 0].astype(np.float32)
    offset = (inverse[:, 1] * y + inverse[:, 2]).astype(np.float32)
    here = along[span] * x.astype(np.float32)[column] + offset[span]
    return Meetings(surface[span], row[span] * len(x) + column, here)


def _first(position: np.ndarray, count: int) -> np.ndarray:
    """Number of the first of `count` rays at or after a position."""
    return np.ceil(position - EDGE).clip(0, count).astype(int)


def _beyond(position: np.ndarray, count: int) -> np.ndarray:
    """Number after that of the last ray at or before a position."""
    return (np.floor(position + EDGE) + 1).clip(0, count).astype(int)


def _ranges(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For all whole numbers from each `low` to below its `high`: which range, and the number."""
    lengths = np.maximum(high - low, 0)
    which = np.repeat(np.arange(len(low)), lengths)
    begin = np.cumsum(lengths) - lengths
    return which, np.arange(len(which)) + (low - begin)[which]


def nearest(met: Meetings, rays: int) -> tuple[np.ndarray, np.ndarray]:
    """1 / z of the first surface on each ray, float32 `[rays]`, 0 without one, and its number, -1
    without one."""
    inverse = np.zeros(rays, np.float32)
    np.maximum.at(inverse, met.ray, met.inverse)
    surface = np.full(rays, -1)
    first = met.inverse == inverse[met.ray]
    surface[met.ray[first]] = met.surface[first]
    return inverse, surface
