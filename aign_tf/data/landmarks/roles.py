"""Which faces are observed in 2D and which are remembered in 3D."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
from absl import logging
from scipy.spatial import cKDTree

from aign_tf.data.landmarks import units
from aign_tf.data.landmarks.config import LandmarkDataConfig, PictureConfig
from aign_tf.data.landmarks.files import read_landmarks
from aign_tf.data.landmarks.linear_faces import LinearFaces, is_linear_faces, read_linear_faces
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.data.landmarks.views import pictured
from aign_tf.data.splits import SPLITS, VALIDATED, Observed, held_out
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES, Scheme, centred, reduced, sizes
from aign_tf.posed_template import rotation_of

_FEWEST = 10  # faces
_TESTED = 5  # one in so many pieces of a file, where no test is given
_PIECES = 80  # of a file: rows that follow each other often show one person
_HELD_OUT = {"validation": 500, "test": 2000}  # faces of a linear model
# Sizes of a face, all landmarks that are compared taken together. Rounding to a tenth of a pixel
# moves a face by up to 0.006; of 20,000 sampled ones none is nearer to another than 0.05.
_SAME = 0.01
_ALL, _COMPARED = slice(None), slice(None, None, 6)  # these landmarks tell faces apart


@dataclasses.dataclass(frozen=True)
class LandmarkRoles(Observed):
    """Observations, and a memory of other faces than those observed.

    Attributes:
      observed: split -> `LandmarkSet` in shares of pictures.
      memory: float32 `[M, K, 3]`, upright, looking at the camera (towards -z), about the mean of
        their points, and of size 1: the root mean square distance from there.
      scheme: of the K landmarks.
    """

    memory: np.ndarray
    scheme: Scheme

    @property
    def template(self) -> np.ndarray:
        """`[K, 3]`: the mean face of the memory."""
        return self.memory.mean(axis=0)


def load_roles(config: LandmarkDataConfig, seed: int) -> LandmarkRoles:
    """Reads or draws the faces of a config.

    Raises:
      UserError: whatever is wrong with the files or the settings.
    """
    drawn = not config.dir or is_linear_faces(config.dir)
    observed, memory = (_draw if drawn else _read)(config, seed)
    if config.test_dir:
        observed["test"] = _tested(config)
    scheme = SCHEMES[config.points]
    memory = _unless_observed(memory, observed.values(), scheme)
    if not len(memory):
        raise UserError(
            f"no face is left to remember: all of {config.memory_dir or config.dir} are observed: "
            "give others as data.memory_dir"
        )
    sizes = ", ".join(f"{len(part):,} {split}" for split, part in observed.items())
    logging.info("observations: %s; memory: %s faces", sizes, f"{len(memory):,}")
    return LandmarkRoles(observed, memory, scheme)


def read(path: str, config: PictureConfig) -> tuple[LandmarkSet, np.ndarray]:
    """Faces of a file or folder in shares of their pictures, and the unit `[3]` they were in."""
    seen = read_landmarks(path)
    depth = centred(reduced(seen.depth[..., None], config.points, path))[..., 0]
    seen = dataclasses.replace(
        seen,
        points=reduced(seen.points, config.points, path),
        depth=depth.astype(np.float32),
    )
    sides = units.unit(seen, config, path)
    return units.divided(seen, sides), sides


def _linear(path: str) -> LinearFaces:
    return read_linear_faces(path) if path else procedural_faces()


def _drawn(
    linear: LinearFaces, use: str, config: LandmarkDataConfig, seed: int
) -> tuple[LandmarkSet, np.ndarray]:
    """Views of faces, and the faces upright; those of another use or seed are others.

    The test does not depend on the seed, so that all trainings have the same.
    """
    seeds = {"train": [seed, 0], "memory": [seed, 1], "validation": [seed, 2], "test": [0, 3]}[use]
    faces = linear.sample(_HELD_OUT.get(use, config.faces), seeds)
    faces = reduced(faces, config.points, "the linear model")
    return pictured(faces, config, np.random.default_rng([*seeds, 4])), _unit_size(faces)


def _draw(config: LandmarkDataConfig, seed: int) -> tuple[dict[str, LandmarkSet], np.ndarray]:
    """Observations and memory from faces of a linear model, drawn independently."""
    linear = _linear(config.dir)
    observed = {split: _drawn(linear, split, config, seed)[0] for split in SPLITS}
    if config.memory_dir:
        return observed, _memory_of(config.memory_dir, config, seed)
    return observed, _drawn(linear, "memory", config, seed)[1]


def _read(config: LandmarkDataConfig, seed: int) -> tuple[dict[str, LandmarkSet], np.ndarray]:
    """Observations and memory from files: pieces of one, turn and turn about, or of two."""
    faces, _ = read(config.dir, config)
    if not config.memory_dir and len(faces) < _FEWEST:
        raise UserError(
            f"{config.dir}: {len(faces)} faces are too few to observe some and remember others: "
            "give 3D faces to remember as data.memory_dir"
        )
    pieces, test = np.array_split(np.arange(len(faces)), min(_PIECES, len(faces))), []
    if not config.test_dir:
        pieces, test = held_out(pieces, _TESTED)
    if config.memory_dir:
        memory = _memory_of(config.memory_dir, config, seed)
    else:
        memory = _upright(faces.take(_joined(pieces[1::2])), config.dir)
        pieces = pieces[0::2]
    train, validation = held_out(pieces, VALIDATED)
    rows = {"train": train, "validation": validation, "test": test}
    return {split: faces.take(_joined(part)) for split, part in rows.items()}, memory


def _tested(config: LandmarkDataConfig) -> LandmarkSet:
    if is_linear_faces(config.test_dir):
        return _drawn(_linear(config.test_dir), "test", config, 0)[0]
    return read(config.test_dir, config)[0]


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.array([], int), *pieces])


def _memory_of(path: str, config: LandmarkDataConfig, seed: int) -> np.ndarray:
    if is_linear_faces(path):
        return _drawn(_linear(path), "memory", config, seed)[1]
    return _upright(read(path, config)[0], path)


def _upright(faces: LandmarkSet, where: str) -> np.ndarray:
    """Those faces whose depths are known, looking at the camera."""
    known = faces.faces[faces.known]
    if not len(known):
        raise UserError(f"{where}: no depths: a memory is made of 3D faces (data.memory_dir)")
    return _aligned(known)


def _aligned(faces: np.ndarray, landmarks: slice = _ALL) -> np.ndarray:
    """Those landmarks of `[N, K, 3]`, turned as the mean procedural face is, and of size 1."""
    (mean,) = reduced(procedural_faces().mean[None], faces.shape[1], "the mean face")
    faces, mean = faces[:, landmarks], mean[landmarks]
    return _unit_size(faces @ rotation_of(faces, mean))


def _unit_size(faces: np.ndarray) -> np.ndarray:
    return (centred(faces) / sizes(faces)[:, None, None]).astype(np.float32)


def _unless_observed(
    memory: np.ndarray, observed: Iterable[LandmarkSet], scheme: Scheme
) -> np.ndarray:
    """What is left of the memory without the faces whose depths belong to an observation.

    Nor does it keep their mirror images, which files of augmented faces hold.
    """
    shapes = _compared(memory)
    for part in observed:
        faces = part.faces[part.known]
        if len(faces):
            mirrored = faces[:, scheme.mirror] * np.float32([-1, 1, 1])
            known = cKDTree(_compared(np.concatenate([faces, mirrored])))
            distance, _ = known.query(shapes, distance_upper_bound=_SAME)
            memory, shapes = memory[np.isinf(distance)], shapes[np.isinf(distance)]
    return memory


def _compared(faces: np.ndarray) -> np.ndarray:
    return _aligned(faces, _COMPARED).reshape(len(faces), -1)
