"""Pictures and depths of a world: one ray a pixel for depth, four for colour.

Light comes from afar and surfaces are matt, so that a point has the same colour in all frames.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from aign_tf.data.synthetic.raycast import Facets, View, meetings, nearest, seen_by
from aign_tf.data.synthetic.world_atlas import Atlas, thrice
from aign_tf.data.synthetic.world_surfaces import Shadows, Surfaces

SAMPLES = 2  # rays of colour along each side of a pixel
BLUR = np.float32([0.25, 0.5, 0.25])  # of the lens, over rays
REACH = 0.02  # metres from the plane of a shadow within which it is cast


@dataclasses.dataclass(frozen=True)
class World:
    """All there is to see. `sky`: float `[2, 3]`, colours in [0, 255] at the horizon, overhead."""

    surfaces: Surfaces
    shadows: Shadows
    atlas: Atlas
    sky: np.ndarray


def render(world: World, view: View) -> tuple[np.ndarray, np.ndarray]:
    """What a camera sees.

    Returns:
      Picture, uint8 `[H, W, 3]`, and depth, float32 `[H, W]`, metres along the optical axis through
      the centre of each pixel, 0 where the sky is seen.
    """
    surfaces = world.surfaces.before(view)
    facets = seen_by(view, surfaces.corners)
    inverse, _ = nearest(meetings(view, facets, 1), view.height * view.width)
    depth = np.divide(1, inverse, out=np.zeros_like(inverse), where=inverse > 0)

    shape = view.height * SAMPLES, view.width * SAMPLES
    inverse, owner = nearest(meetings(view, facets, SAMPLES), shape[0] * shape[1])
    light = _light(world.shadows, inverse, view)
    inverse, owner, light = (of_ray.reshape(shape) for of_ray in (inverse, owner, light))
    colour = _painted(surfaces, facets, world.atlas, view, inverse, owner)
    colour *= thrice(light)
    away = owner < 0
    if away.any():
        colour[away] = _sky(world.sky, view, away)
    # Lenses blur: without that, edges would creep from pixel to pixel in leaps.
    colour = cv2.sepFilter2D(colour, -1, BLUR, BLUR, borderType=cv2.BORDER_REPLICATE)
    size = view.width, view.height
    picture = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
    picture = picture.round().clip(0, 255).astype(np.uint8)
    return picture, depth.reshape(view.height, view.width)


def _light(shadows: Shadows, inverse: np.ndarray, view: View) -> np.ndarray:
    """What the shadows leave of the light on what each ray meets, float32 `[rays]`."""
    facets = seen_by(view, shadows.corners)
    met = meetings(view, facets, SAMPLES)
    # What is met at z lies (inverse z - 1) * distance off the plane, both of the shadow.
    there = inverse[met.ray]
    distance = facets.distance.astype(np.float32)[met.surface]
    near = np.abs(met.inverse - there) * distance < REACH * there
    light = np.ones_like(inverse)
    np.multiply.at(light, met.ray[near], shadows.light.astype(np.float32)[met.surface[near]])
    return light


def _painted(
    surfaces: Surfaces,
    facets: Facets,
    atlas: Atlas,
    view: View,
    inverse: np.ndarray,
    owner: np.ndarray,
) -> np.ndarray:
    """Colours in [0, 255] of what each ray meets, out of the shadows, float32 `[h, w, 3]`."""
    axes, offset = surfaces.texels[..., :3], surfaces.texels[..., 3]
    density = np.linalg.norm(axes, axis=-1).prod(axis=-1) ** 0.5  # texels a metre
    # A metre at z takes focal / z rays across, and along the slope fewer by the cosine, which is
    # distance / (z |d|). The level of detail is the mean over both, as logarithms.
    rays = SAMPLES * view.focal.mean() * np.sqrt(np.maximum(facets.distance, 1e-4))
    columns = [
        (axes @ view.rotation).reshape(-1, 6),
        axes @ view.position + offset,
        np.log2(density / rays)[:, None],
        surfaces.picture[:, None],
    ]
    of_ray = _of_owner(np.concatenate(columns, axis=1), owner)
    z = 1 / np.where(inverse > 0, inverse, 1)
    x, y = (at.astype(np.float32) for at in view.rays(SAMPLES))
    x, y = x[None, :], y[:, None]
    column = (of_ray[..., 0] * x + of_ray[..., 1] * y + of_ray[..., 2]) * z + of_ray[..., 6]
    row = (of_ray[..., 3] * x + of_ray[..., 4] * y + of_ray[..., 5]) * z + of_ray[..., 7]
    level = of_ray[..., 8] + 1.5 * np.log2(z) + 0.25 * np.log2(x**2 + y**2 + 1)
    colour = atlas.sample(of_ray[..., 9].astype(np.int32), column, row, level)
    colour *= _of_owner(surfaces.colour, owner)
    return colour


def _of_owner(values: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Rows of `values` `[F, C]` as float32 `[h, w, C]`; zeros for an owner of -1."""
    with_none = np.concatenate([values, np.zeros((1, values.shape[1]))]).astype(np.float32)
    return with_none.take(owner, axis=0, mode="wrap")


def _sky(colours: np.ndarray, view: View, away: np.ndarray) -> np.ndarray:
    """Colours `[P, 3]` of the rays that meet nothing, by their height above the horizon."""
    row, column = np.nonzero(away)
    x, y = (at.astype(np.float32) for at in view.rays(SAMPLES))
    x, y = x[column], y[row]
    to_up = -view.rotation[1].astype(np.float32)
    up = (to_up[0] * x + to_up[1] * y + to_up[2]) / np.sqrt(x**2 + y**2 + 1)
    share = np.clip(2 * up, 0, 1)[:, None]
    return colours[0] + share * (colours[1] - colours[0])
