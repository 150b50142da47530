"""Whether depths, poses and intrinsics explain how pictures change.

A frame is compared with a later one that was warped into it: by the very renderer that training
uses, so that what fits here fits there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aign_tf.data.sequences.cameras import inverse
from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.splits import spaced
from aign_tf.renderers.warp import warp

_ENOUGH = 0.2  # of the depths, to compare by


class Pairs(NamedTuple):
    """P frames, for each a later one, and what is believed about them.

    Attributes:
      first, second: float32 `[P, H, W, 3]`, grey levels 0 to 255.
      depth: float32 `[P, H, W]`, of the first frames, metres, 0 where there is no reading.
      first_pose, second_pose: `[P, 4, 4]`, world from camera, metres.
      focal, principal_point: `[2]`, pixels.
    """

    first: np.ndarray
    second: np.ndarray
    depth: np.ndarray
    first_pose: np.ndarray
    second_pose: np.ndarray
    focal: np.ndarray
    principal_point: np.ndarray

    def spaced(self, count: int) -> Pairs:
        """At most `count` of them."""
        rows = spaced(len(self.first), count)
        return self._replace(**{name: getattr(self, name)[rows] for name in self._fields[:5]})


class Fit(NamedTuple):
    """Mean absolute differences of colours of a pixel in two frames, in grey levels.

    Attributes:
      unwarped: float32 `[P, H, W]`, of the frames as they are.
      warped: float32 `[P, H, W]`, with the second frame warped; where that shows nothing, unwarped.
      seen: bool `[P, H, W]`, where it shows something.
      known: bool `[P, H, W]`, where there is a depth.
    """

    unwarped: np.ndarray
    warped: np.ndarray
    seen: np.ndarray
    known: np.ndarray

    @property
    def before(self) -> float:
        """Where the warped frame shows something (if it does), the mean without warping."""
        return float(self.unwarped[self._shown].mean())

    @property
    def after(self) -> float:
        """The mean there with warping."""
        return float(self.warped[self._shown].mean())

    @property
    def overall(self) -> float:
        """Wherever there are depths: what moves everything out of view gains nothing."""
        return float(self.warped[self.known].mean())

    @property
    def share(self) -> float:
        """Of the depths, those that stay in view."""
        return float(self.seen.sum() / self.known.sum())

    @property
    def _shown(self) -> np.ndarray:
        return self.seen if self.seen.any() else self.known

    def gain_on(self, other: Fit) -> float:
        """The mean with this one as a share of that with another, where both show something."""
        both = self.seen & other.seen
        if both.sum() < _ENOUGH * self.known.sum():
            return self.overall / other.overall
        return float(self.warped[both].mean() / other.warped[both].mean())


def neighbours(sequence: Sequence, stride: int, count: int) -> Pairs:
    """At most `count` spaced pairs, `stride` frames apart, of a recording with depth and poses."""
    first = spaced(len(sequence) - stride, count)
    second = first + stride
    return Pairs(
        sequence.frames[first].astype(np.float32),
        sequence.frames[second].astype(np.float32),
        sequence.depth[first],
        sequence.poses[first],
        sequence.poses[second],
        sequence.focal,
        sequence.principal_point,
    )


def fit(pairs: Pairs) -> Fit:
    """How well the second frames, warped, look like the first ones."""
    motion = inverse(pairs.second_pose) @ pairs.first_pose
    inputs = (
        pairs.second,
        None,
        pairs.depth[..., None],
        motion[:, :3, :3],
        motion[:, :3, 3],
        np.broadcast_to(pairs.focal, (len(motion), 2)),
        np.broadcast_to(pairs.principal_point, (len(motion), 2)),
    )
    warped = warp(*(each if each is None else each.astype(np.float32) for each in inputs))
    seen = warped.valid.numpy()[..., 0] > 0
    unwarped = np.abs(pairs.second - pairs.first).mean(axis=-1)
    after = np.abs(warped.image.numpy() - pairs.first).mean(axis=-1)
    return Fit(unwarped, np.where(seen, after, unwarped), seen, pairs.depth > 0)
