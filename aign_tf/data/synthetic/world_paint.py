"""What materials are painted with: colours, noise of all sizes, pictures that repeat."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from aign_tf.data.synthetic.world_atlas import SIDE, thrice


class Material(NamedTuple):
    """A picture uint8 `[SIDE, SIDE, 3]` and its width and height in metres."""

    picture: np.ndarray
    metres: tuple[float, float]


def noise(rng: np.random.Generator, fading: float = 1.0, stretch: int = 1) -> np.ndarray:
    """Noise of all octaves, float32 `[SIDE, SIDE]`, mean about 0, deviation 1.

    Args:
      fading: by how much each octave is weaker than the next coarser one.
      stretch: how many times longer than high its spots are; a power of 2.
    """
    side, total, weight = 4, None, 1.0
    while side <= SIDE:
        octave = rng.random((side, max(side // stretch, 1)), np.float32) - np.float32(0.5)
        octave *= np.float32(weight * 12**0.5)
        if total is not None:
            total = _enlarged(total, octave.shape)
            octave += total
        total, side, weight = octave, 2 * side, weight * fading
    total = _enlarged(total, (SIDE, SIDE)) if stretch > 1 else total
    total -= total.mean()
    return total / total.std()


def _enlarged(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A repeating picture made larger by whole factors."""
    factor = shape[0] // values.shape[0], shape[1] // values.shape[1]
    padded = np.pad(values, 1, mode="wrap")
    size = padded.shape[1] * factor[1], padded.shape[0] * factor[0]
    large = cv2.resize(padded, size, interpolation=cv2.INTER_LINEAR)
    return large[factor[0] : -factor[0], factor[1] : -factor[1]].copy()


def colour(hue: float, saturation: float, value: float) -> np.ndarray:
    """RGB `[3]` in [0, 1]; the hue in degrees."""
    hsv = np.array([[[hue % 360, saturation, value]]], np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def picture(base: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """uint8 picture of colours `[3]` or `[SIDE, SIDE, 3]` in [0, 1] times brightness."""
    brightness = brightness.astype(np.float32)
    if base.ndim == 1:
        levels = cv2.merge([brightness * np.float32(255 * part) for part in base])
    else:
        levels = base.astype(np.float32) * thrice(255 * brightness)
    return levels.clip(0, 255, out=levels).astype(np.uint8)
