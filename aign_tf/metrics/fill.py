"""Classical completions of pictures with holes: what a learned completion has to beat.

Pictures are float32 `[B, S, S, 3]` in [-1, 1], visibility masks `[B, S, S, 1]` (1 visible, 0 hole).
Visible pixels come back unchanged.
"""

from __future__ import annotations

import cv2
import numpy as np

# How far from a missing pixel Telea's method looks for known ones, in pixels.
TELEA_RADIUS = 3


def mean_colour(images, visibility) -> np.ndarray:
    """Fills each picture's hole with the mean of its visible pixels; mid-grey if there are none."""
    images, visible = np.asarray(images, np.float32), np.asarray(visibility) > 0.5
    count = visible.sum(axis=(1, 2), keepdims=True)
    mean = np.where(visible, images, 0).sum(axis=(1, 2), keepdims=True) / np.maximum(count, 1)
    return np.where(visible, images, mean).astype(np.float32)


def telea(images, visibility) -> np.ndarray:
    """Continues each picture into its hole along lines of equal brightness.

    Telea, "An image inpainting technique based on the fast marching method", 2004, as in OpenCV,
    which works on 8-bit pictures. A picture with nothing visible becomes mid-grey.
    """
    images, visible = np.asarray(images, np.float32), np.asarray(visibility) > 0.5
    levels = np.round((np.clip(mean_colour(images, visibility), -1, 1) + 1) * 127.5)
    filled = [
        cv2.inpaint(picture, hole, TELEA_RADIUS, cv2.INPAINT_TELEA) if hole.any() else picture
        for picture, hole in zip(levels.astype(np.uint8), (~visible).astype(np.uint8))
    ]
    return np.where(visible, images, np.array(filled, np.float32).reshape(images.shape) / 127.5 - 1)
