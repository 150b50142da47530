"""Linear models of faces: a mean, and what people and their expressions add to it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import cdist

from aign_tf.landmarks import SCHEMES, Scheme

# Groups of expressions that go together, such as both halves of a smile, that a face shows at once,
# on average: all at once would leave no face.
_SHOWN = 3
# The weaker side of a face has at least 1 - this of the other's strength.
_LOPSIDED = 0.3
# A mirror image may differ by this share of its size.
_ALIKE = 0.05
# Above this cosine two expressions do not undo each other.
_OPPOSED = -0.5
# How far an upper lip or lid may hang over the lower one, as a share of the height of the face.
_OVERLAP = 0.03
_TRIES = 20
# Upper and lower lids and lips, of inner points that can touch.
_UPPER, _LOWER = (37, 38, 43, 44, 61, 62, 63), (41, 40, 47, 46, 67, 66, 65)


@dataclasses.dataclass(frozen=True)
class LinearFaces:
    """A face = mean + sum(w_i identity_i) + sum(e_j expression_j), w ~ N(0, 1), e in [0, 1].

    The mean is upright and looks at the camera: x right, y down, z away from the camera.

    Attributes:
      mean: float32 `[K, 3]`, K a key of `SCHEMES`, in any unit: about centimetres, as a rule.
      identity: float32 `[I, K, 3]`, one standard deviation of each.
      expression: float32 `[E, K, 3]`, each in full.
    """

    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray

    def sample(self, count: int, seed: int | Sequence[int]) -> np.ndarray:
        """Faces of `count` made-up people, each with an expression of its own.

        A face shows few expressions at a time, at strengths from none to all. Those of the right
        side go with their mirror images, and no lips or lids pass through each other.

        Args:
          seed: the same one gives the same faces, another one faces that have nothing to do with
            them.

        Returns:
          float32 `[count, K, 3]`, the mean of the points of each face at the origin.
        """
        rng = np.random.default_rng(seed)
        weights = rng.standard_normal((count, len(self.identity)), np.float32)
        faces = self.mean + np.tensordot(weights, self.identity, 1)
        if len(self.expression):
            faces += self._expressions(rng, faces)
        return faces - faces.mean(axis=1, keepdims=True)

    def _expressions(self, rng: np.random.Generator, neutral: np.ndarray) -> np.ndarray:
        """What `[N, K, 3]` to add to as many neutral faces; what no face can do is drawn again."""
        change = np.zeros_like(neutral)
        rows = np.arange(len(neutral))
        for _ in range(_TRIES):
            change[rows] = np.tensordot(self._strengths(rng, len(rows)), self.expression, 1)
            rows = rows[self._crossing(neutral[rows] + change[rows])]
        change[rows] = 0
        return change

    def _strengths(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Strengths `[count, E]` in [0, 1], most of them 0."""
        leaders = self._leaders
        shown, strength, weakness = rng.random((3, count, len(leaders)), np.float32)
        strength *= shown * len(np.unique(leaders)) < _SHOWN
        return strength[:, leaders] * (1 - _LOPSIDED * weakness)

    @functools.cached_property
    def _leaders(self) -> np.ndarray:
        """`[E]`: the expression that each one goes with: its mirror image if that comes before it.

        A jaw to the left has one to the right, which undoes it: such a pair stays apart.
        """
        flat = self.expression.reshape(len(self.expression), -1).astype(np.float64)
        mirrored = self.expression[:, self._scheme.mirror] * (-1, 1, 1)
        size = np.linalg.norm(flat, axis=1)
        alike = cdist(mirrored.reshape(flat.shape), flat) <= _ALIKE * size
        together = alike & (flat @ flat.T >= _OPPOSED * size**2)
        np.fill_diagonal(together, True)
        return together.argmax(axis=1)  # The first of them.

    def _crossing(self, faces: np.ndarray) -> np.ndarray:
        """`[N]` bool: whose lips or lids pass through each other."""
        upper, lower = (list(map(self._scheme.index, rows)) for rows in (_UPPER, _LOWER))
        height = np.ptp(self.mean[:, 1])
        return (faces[:, upper, 1] - faces[:, lower, 1]).max(axis=1) > _OVERLAP * height

    @property
    def _scheme(self) -> Scheme:
        return SCHEMES[len(self.mean)]
