"""Many pictures that repeat in all directions, in all sizes, read by position and sharpness."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 512  # texels
LEVELS = 9  # 512, 256, ..., 2 texels
ROOM = SIDE + 2  # with a border of one texel, in which the picture goes on


def thrice(values: np.ndarray) -> np.ndarray:
    """`[h, w]` as `[h, w, 3]`; products with that are much quicker than those that broadcast."""
    return cv2.merge([values, values, values])


class Atlas:
    """Pictures uint8 `[SIDE, SIDE, 3]` and their halved versions, in one large picture.

    Each picture has a column of its own, in which its levels stand below one another.
    """

    def __init__(self, pictures: list[np.ndarray]):
        sides = SIDE >> np.arange(LEVELS)
        tops = np.concatenate([[0], np.cumsum(sides + 2)])
        self._sides = sides.astype(np.float32)
        self._tops = (tops[:-1] + 0.5).astype(np.float32)
        self._texels = np.zeros((tops[-1], ROOM * len(pictures), 3), np.uint8)
        for number, level in enumerate(pictures):
            for top, side in zip(tops, sides):
                room = self._texels[top : top + side + 2, ROOM * number : ROOM * number + side + 2]
                room[:] = np.pad(level, ((1, 1), (1, 1), (0, 0)), mode="wrap")
                level = cv2.resize(level, (side // 2, side // 2), interpolation=cv2.INTER_AREA)

    def sample(
        self, picture: np.ndarray, column: np.ndarray, row: np.ndarray, level: np.ndarray
    ) -> np.ndarray:
        """Colours in [0, 255], float32 `[h, w, 3]`, between texels and between levels.

        Args:
          picture: int `[h, w]`.
          column, row: float32 `[h, w]` in texels of level 0, whose first centre is at 0.5.
          level: float32 `[h, w]`, logarithm to base 2 of the texels that a ray should blend.
        """
        level = level.clip(0, LEVELS - 1.001)
        sharper = level.astype(np.int32)
        share = thrice(level - sharper)
        left = (ROOM * picture + 0.5).astype(np.float32)
        across, down = column / SIDE, row / SIDE
        across -= np.floor(across)
        down -= np.floor(down)
        one, two = (
            cv2.remap(
                self._texels,
                across * self._sides[level] + left,
                down * self._sides[level] + self._tops[level],
                cv2.INTER_LINEAR,
            ).astype(np.float32)
            for level in (sharper, sharper + 1)
        )
        two -= one
        two *= share
        one += two
        return one
