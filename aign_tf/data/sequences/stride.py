"""How many frames apart two pictures of a recording should be, measured from the pictures alone."""

from __future__ import annotations

import cv2
import numpy as np

from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.splits import spaced

_STRIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
_PAIRS = 12
_VISIBLE, _TOO_FAR = 0.03, 0.12  # shares of the width


def auto_stride(sequence: Sequence) -> int:
    """A stride large enough for visible parallax and small enough for overlap.

    It is the smallest at which the typical pixel moves by 3 % of the width, but none at which it
    moves by more than 12 %, and none that leaves fewer than three frames. If the camera is too slow
    for that, it is the one at which most moves. The same recording always gives the same.
    """
    flows = {}
    for stride in _STRIDES:
        if flows and 2 * stride >= len(sequence):
            break
        flow = median_flow(sequence, stride)
        if flow > _TOO_FAR:
            return max(flows, default=stride)
        if flow >= _VISIBLE:
            return stride
        flows[stride] = flow
    return max(flows, key=flows.get)


def median_flow(sequence: Sequence, stride: int) -> float:
    """How far a pixel moves in `stride` frames, as a share of the width: a median.

    Optical flow (dense inverse search) of a dozen pairs, to which nothing about the camera is told.
    It is right up to about 12 % of the width, and too small beyond. 0 if there are no such frames.
    """
    if stride >= len(sequence):
        return 0.0
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    moved = []
    for first in spaced(len(sequence) - stride, _PAIRS):
        pair = (sequence.frames[row] for row in (first, first + stride))
        vectors = flow.calc(*(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in pair), None)
        moved.append(np.median(np.linalg.norm(vectors, axis=-1)))
    return float(np.median(moved)) / sequence.frames.shape[2]
