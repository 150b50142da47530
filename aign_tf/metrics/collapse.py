"""The ways in which learning depth and motion from video fails, recognised and explained."""

from __future__ import annotations

import numpy as np

_FLAT = 0.03  # deviation of log depth within a frame
_STILL = 0.05  # share of the memory's motion
_AWAY = 4.0  # times the memory's depth, or less than one in so many


def symptoms(
    depth: np.ndarray,
    translation: np.ndarray,
    remembered_depth: np.ndarray,
    remembered_translation: np.ndarray,
) -> list[str]:
    """What is wrong with predictions, in a line each, with the likely cause.

    Args:
      depth: `[N, H, W]`, metres, predicted for different frames.
      translation: `[K, 3]`, metres, predicted for pairs of frames.
      remembered_depth: any shape, metres, 0 where there is no reading.
      remembered_translation: `[M, 3]`, metres.
    """
    found = []
    spread = float(np.std(np.log(depth), axis=(1, 2)).mean())
    if spread < _FLAT:
        found.append(
            f"depth is the same all over a frame (log deviation {spread:.3f}): too little parallax "
            "(a larger data.stride), too strong a video.smoothness, or frames without texture"
        )
    way = float(np.median(np.linalg.norm(translation, axis=1)))
    usual = float(np.median(np.linalg.norm(remembered_translation, axis=1)))
    if way < _STILL * usual:
        found.append(
            f"the camera stands still ({100 * way:.2g} cm a step, {100 * usual:.2g} remembered): "
            "frames too far apart to match (a smaller data.stride), or the video shows no motion"
        )
    ratio = float(np.median(depth) / np.median(remembered_depth[remembered_depth > 0]))
    if not 1 / _AWAY < ratio < _AWAY:
        found.append(
            f"depths are {ratio:.2g} times those remembered: nothing holds the scale (a larger "
            "loss.recall_weight; with neither that nor an adversary there is none to find), too "
            "strong an adversary drives them away, or the memory is in other units"
        )
    return found
