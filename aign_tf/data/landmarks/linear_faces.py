"""Linear models of faces: a mean, and what people and their expressions add to it.

A .npz file holds `mean` (K, 3), `identity` (I, K, 3) and, if there are any, `expression` (E, K, 3):
the landmarks of ICT-FaceKit (Li et al. 2020), for one, or of any other morphable model.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib
import zipfile

import numpy as np

from aign_tf.data.arrays import load_arrays, numbers
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES, Scheme

# Expressions that a face shows at once, on average: all at once would leave no face.
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
# These come before the landmarks that 3DFAW leaves out: they have the same numbers with it.
_BROWS, _CHIN, _TIP, _EARS = slice(17, 27), 8, 30, [0, 16]
_ALONG = 0.8  # least cosine of an axis with the way along the face that names it


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

    def sample(self, count: int, seed: int) -> np.ndarray:
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
        size = np.sum(flat**2, axis=1)
        distance = size[:, None] + size - 2 * mirrored.reshape(flat.shape) @ flat.T
        together = (distance <= _ALIKE**2 * size) & (flat @ flat.T >= _OPPOSED * size)
        own = np.arange(len(flat))
        return np.minimum(own, np.where(together.any(1), together.argmax(1), own))

    def _crossing(self, faces: np.ndarray) -> np.ndarray:
        """`[N]` bool: whose lips or lids pass through each other."""
        upper, lower = (list(map(self._scheme.index, rows)) for rows in (_UPPER, _LOWER))
        height = np.ptp(self.mean[:, 1])
        return (faces[:, upper, 1] - faces[:, lower, 1]).max(axis=1) > _OVERLAP * height

    @property
    def _scheme(self) -> Scheme:
        return SCHEMES[len(self.mean)]


def is_linear_faces(path: str | os.PathLike) -> bool:
    """Whether a file is a .npz with a `mean` and an `identity`, by their names alone."""
    path = pathlib.Path(path)
    if path.suffix != ".npz":
        return False
    try:
        with zipfile.ZipFile(path) as file:
            return {"mean.npy", "identity.npy"} <= set(file.namelist())
    except Exception:  # Damaged archives raise whatever they like.
        return False


def read_linear_faces(path: str | os.PathLike) -> LinearFaces:
    """A linear model of faces from a .npz file, turned (never mirrored) into our axes.

    Args:
      path: holds `mean` (K, 3), `identity` (I, K, 3) and perhaps `expression` (E, K, 3), in any
        unit, x along the width of the face, y along its height and z along its depth.

    Raises:
      UserError: no such file or arrays, wrong shapes, not 68 or 66 landmarks, not finite, another
        axis than these, or a mirror image.
    """
    arrays = load_arrays(path)
    mean = _finite(path, arrays, "mean")
    if mean.ndim != 2 or len(mean) not in SCHEMES or mean.shape[1] != 3:
        raise UserError(f"{path}: mean has shape {mean.shape}, expected (68, 3) or (66, 3)")
    arrays.setdefault("expression", np.zeros((0, *mean.shape), np.float32))
    signs = _signs(path, mean)
    parts = [mean]
    for name, letter in (("identity", "I"), ("expression", "E")):
        part = _finite(path, arrays, name)
        if part.ndim != 3 or part.shape[1:] != mean.shape:
            expected = f"({letter}, {len(mean)}, 3) to go with the mean"
            raise UserError(f"{path}: {name} has shape {part.shape}, expected {expected}")
        parts.append(part)
    return LinearFaces(*((part * signs).astype(np.float32) for part in parts))


def _finite(path: str | os.PathLike, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise UserError(f"{path}: no array {name!r}: it holds {', '.join(sorted(arrays))}")
    array = numbers(arrays[name], f"{path}: {name}")
    if not np.isfinite(array).all():
        raise UserError(f"{path}: {name} is not finite everywhere")
    return array


def _signs(path: str | os.PathLike, mean: np.ndarray) -> np.ndarray:
    """`[3]` of 1 and -1: what turns the axes of a mean face into ours."""
    right_to_left = mean[_EARS[1]] - mean[_EARS[0]]
    down = mean[_CHIN] - mean[_BROWS].mean(axis=0)
    back = mean[_EARS].mean(axis=0) - mean[_TIP]
    ways = np.stack([right_to_left, down, back])
    along = np.diagonal(ways)
    if (np.abs(along) <= _ALONG * np.linalg.norm(ways, axis=1)).any():
        raise UserError(
            f"{path}: the mean face is not upright and frontal: x must run along its width, y "
            "along its height and z along its depth"
        )
    signs = np.sign(along)
    if signs.prod() < 0:
        raise UserError(
            f"{path}: the mean face is a mirror image: landmark 0 must be at the person's right "
            "ear; if it is, negate one axis of all arrays"
        )
    return signs
