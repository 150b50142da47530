"""A surface through the landmarks of a face: its triangles, and Wavefront OBJ files of it."""

from __future__ import annotations

import functools
import os

import numpy as np
from scipy.spatial import Delaunay

from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.files import replacing
from aign_tf.landmarks import Scheme

# Each landmark of the inner lips, and the one of the outer lips that lies further out.
_LIPS = ((60, 48), (61, 50), (62, 51), (63, 52), (64, 54), (65, 56), (66, 57), (67, 58))
# Flatter triangles only fill dents of the outline, such as between the brows: 1 is equilateral.
_FLATTEST = 0.05
_TO_TOOLS = np.array([1.0, -1.0, -1.0])  # a half turn about x, no mirror image


@functools.cache
def triangles(scheme: Scheme) -> np.ndarray:
    """The triangles of any face with these landmarks: those of our own mean face.

    Returns:
      int `[T, 3]`, read-only, T about 1.6 K; see `triangulated`.
    """
    found = triangulated(procedural_faces().mean[list(scheme.numbers)], scheme)
    found.setflags(write=False)
    return found


def triangulated(face: np.ndarray, scheme: Scheme) -> np.ndarray:
    """Triangles between the landmarks of an upright frontal face: Delaunay of its front view.

    Args:
      face: `[K, 3]`, x right, y down, z away from the viewer; any unit.
      scheme: of the K landmarks.

    Returns:
      int `[T, 3]` indices of landmarks; all normals, cross(b - a, c - a), point to the viewer.
    """
    front = np.array(face, np.float64)[:, :2]
    # With shut lips their triangles would be arbitrary, so the inner ones are put half way out.
    lips = [
        [scheme.index(number) for number in pair] for pair in _LIPS if pair[0] in scheme.numbers
    ]
    inner, outer = np.transpose(lips)
    front[inner] = (front[outer] + front[outer].mean(axis=0)) / 2
    # SciPy's go from x to y; seen along z that way round points away from the viewer.
    found = Delaunay(front).simplices[:, ::-1]
    return found[_shape(front[found]) > _FLATTEST]


def _shape(corners: np.ndarray) -> np.ndarray:
    """Area of triangles `[T, 3, 2]` in terms of their edges: 1 if equilateral, 0 if flat."""
    edges = corners - np.roll(corners, 1, axis=1)
    area = np.abs(np.linalg.det(edges[:, :2])) / 2
    return 4 * np.sqrt(3) * area / np.sum(edges**2, axis=(1, 2))


def write_obj(path: str | os.PathLike, face: np.ndarray, triangles: np.ndarray) -> None:
    """A face as a Wavefront OBJ file, whole or absent.

    The file has the axes that 3D tools expect, x right, y up and z towards the viewer, and the unit
    of `face`.

    Args:
      face: `[K, 3]`, x right, y down, z away from the viewer.
      triangles: int `[T, 3]`, counted from 0; the file counts from 1.
    """
    lines = ["# Landmarks of a face: x right, y up, z towards the viewer, in the unit of the input"]
    lines += ["v {:.9g} {:.9g} {:.9g}".format(*point) for point in face * _TO_TOOLS]
    lines += ["f {} {} {}".format(*corners) for corners in triangles + 1]
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")
