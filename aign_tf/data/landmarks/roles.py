"""Which faces are observed in 2D and which are remembered in 3D."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from absl import logging
from scipy.spatial import cKDTree

from aign_tf.data.landmarks import units
from aign_tf.data.landmarks.config import LandmarkDataConfig, PictureConfig
from aign_tf.data.landmarks.files import read_landmarks
from aign_tf.data.landmarks.linear_faces import LinearFaces
from aign_tf.data.landmarks.linear_files import is_linear_faces, read_linear_faces
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
# Sizes of a face, all landmarks that are compared taken together. Rounding to whole pixels moves a
# face of 250 pixels by about 0.02; of 20,000 sampled ones none is nearer to another than 0.05.
_SAME = 0.03
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
    shapes = _compared(memory)
    for split, part in observed.items():
        unseen = ~_observed(shapes, part.faces, scheme)
        if not unseen.all():
            left_out = len(unseen) - unseen.sum()
            logging.warning("%d remembered faces are those of the %s: left out", left_out, split)
        memory, shapes = memory[unseen], shapes[unseen]
    if not len(memory):
        raise UserError(
            f"no face is left to remember: all of {config.memory_dir or config.dir} are observed: "
            "give others as data.memory_dir"
        )
    counts = ", ".join(f"{len(part.faces):,} {split}" for split, part in observed.items())
    logging.info("observations: %s; memory: %s faces", counts, f"{len(memory):,}")
    shares = {split: units.divided(part.faces, part.sides) for split, part in observed.items()}
    return LandmarkRoles(shares, memory, scheme)


class Read(NamedTuple):
    """Faces in the unit of a file, and what x, y and depth are divided by to get shares, `[3]`."""

    faces: LandmarkSet
    sides: np.ndarray


def read(path: str, config: PictureConfig) -> Read:
    """The observations of a file or folder."""
    faces = _faces_of(path, config)
    return Read(faces, units.unit(faces, config, path))


def _faces_of(path: str, config: PictureConfig) -> LandmarkSet:
    """With as many landmarks as are used; depths are about their mean again."""
    seen = read_landmarks(path)
    depth = centred(reduced(seen.depth[..., None], config.points, path))[..., 0]
    return dataclasses.replace(
        seen,
        points=reduced(seen.points, config.points, path),
        depth=depth.astype(np.float32),
    )


def _linear(path: str) -> LinearFaces:
    return read_linear_faces(path) if path else procedural_faces()


def _sampled(
    linear: LinearFaces, use: str, config: LandmarkDataConfig, seed: int
) -> tuple[np.ndarray, list[int]]:
    """Faces, and what their pictures are drawn from; those of another use or seed are others.

    The test does not depend on the seed, so that all trainings have the same.
    """
    seeds = {"train": [seed, 0], "memory": [seed, 1], "validation": [seed, 2], "test": [0, 3]}[use]
    faces = linear.sample(_HELD_OUT.get(use, config.faces), seeds)
    return reduced(faces, config.points, "the linear model"), [*seeds, 4]


def _pictured(linear: LinearFaces, use: str, config: LandmarkDataConfig, seed: int) -> Read:
    faces, seeds = _sampled(linear, use, config, seed)
    return Read(pictured(faces, config, np.random.default_rng(seeds)), np.ones(3, np.float32))


def _draw(config: LandmarkDataConfig, seed: int) -> tuple[dict[str, Read], np.ndarray]:
    """Observations and memory from faces of a linear model, drawn independently."""
    linear = _linear(config.dir)
    observed = {split: _pictured(linear, split, config, seed) for split in SPLITS}
    if config.memory_dir:
        return observed, _memory_of(config.memory_dir, config, seed)
    return observed, _unit_size(_sampled(linear, "memory", config, seed)[0])


def _read(config: LandmarkDataConfig, seed: int) -> tuple[dict[str, Read], np.ndarray]:
    """Observations and memory from files: pieces of one, turn and turn about, or of two."""
    faces, sides = read(config.dir, config)
    if not config.memory_dir and len(faces) < _FEWEST:
        raise UserError(
            f"{config.dir}: {len(faces)} faces are too few to observe some and remember others: "
            "give 3D faces to remember as data.memory_dir"
        )
    # Whatever the test is: evaluated on other data, a run still has the training that it had.
    pieces = np.array_split(np.arange(len(faces)), min(_PIECES, len(faces)))
    pieces, test = held_out(pieces, _TESTED)
    if config.memory_dir:
        memory = _memory_of(config.memory_dir, config, seed)
    else:
        memory = _upright(faces.take(_joined(pieces[1::2])), config.dir)
        pieces = pieces[0::2]
    train, validation = held_out(pieces, VALIDATED)
    rows = {"train": train, "validation": validation, "test": test}
    parts = {split: faces.take(_joined(part)) for split, part in rows.items()}
    return {split: Read(part, sides) for split, part in parts.items()}, memory


def _tested(config: LandmarkDataConfig) -> Read:
    if is_linear_faces(config.test_dir):
        return _pictured(_linear(config.test_dir), "test", config, 0)
    return read(config.test_dir, config)


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.array([], int), *pieces])


def _memory_of(path: str, config: LandmarkDataConfig, seed: int) -> np.ndarray:
    if is_linear_faces(path):
        return _unit_size(_sampled(_linear(path), "memory", config, seed)[0])
    return _upright(_faces_of(path, config), path)


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


def _observed(shapes: np.ndarray, observed: LandmarkSet, scheme: Scheme) -> np.ndarray:
    """`[M]` bool: which remembered faces, as `_compared`, have the depths of an observation.

    So have their mirror images, which files of augmented faces hold. Of an observation without
    depths nobody can tell.
    """
    faces = observed.faces[observed.known]
    if not len(faces):
        return np.zeros(len(shapes), bool)
    mirrored = faces[:, scheme.mirror] * np.float32([-1, 1, 1])
    known = cKDTree(_compared(np.concatenate([faces, mirrored])))
    distance, _ = known.query(shapes, distance_upper_bound=_SAME)
    return np.isfinite(distance)


def _compared(faces: np.ndarray) -> np.ndarray:
    return _aligned(faces, _COMPARED).reshape(len(faces), -1)
