"""Recordings that tell which frame is which: the grey level of a frame is its number."""

import dataclasses

import numpy as np

from aign_tf.data.sequences.footage import Sequence


def numbered(count, first=0, name="walk", height=8, width=12, **absent):
    """Frames `first`, `first` + 1..., all of one grey level, whose camera goes ever faster forward.

    Frame k is (k + 1) / 8 metres away from its wall and k^2 cm ahead of frame 0.
    """
    numbers = np.arange(first, first + count)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, 2, 3] = 0.01 * numbers**2
    recording = Sequence(
        name,
        np.tile(numbers[:, None, None, None], (1, height, width, 3)).astype(np.uint8),
        np.float32([9.0 + first, 9.5]),
        np.float32([5.0, 3.0 + first]),
        np.tile((numbers[:, None, None] + 1) / 8, (1, height, width)).astype(np.float32),
        poses,
    )
    return dataclasses.replace(recording, **absent)


def numbers_of(recording):
    """Which frames these are."""
    return recording.frames[:, 0, 0, 0].tolist()
