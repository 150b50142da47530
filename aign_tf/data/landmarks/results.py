"""Predicted faces as files that a person, a 3D tool and a program can open."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import numpy as np

from aign_tf import face_pictures
from aign_tf.data.landmarks.mesh import triangles, write_obj
from aign_tf.data.pictures import write_picture
from aign_tf.files import inside, replacing
from aign_tf.landmarks import SCHEMES


def write_results(
    output: pathlib.Path,
    name: str,
    points: np.ndarray,
    faces: np.ndarray,
    names: Sequence[str],
    most: int,
) -> list[pathlib.Path]:
    """Writes NAME.npz below `output`, and an .obj and a .png for each of the first faces.

    A single face is in NAME.obj and NAME.png, more of them are in NAME/00000.obj, NAME/00000.png
    and so on, in the order of the arrays. The arrays are `points` and `faces` as given, `depth`
    `[N, K]` and `names` `[N]`. All files are whole or absent.

    Args:
      output: a folder; it is made if need be.
      name: of the files; what stands before a slash becomes a folder.
      points: `[N, K, 2]`, the landmarks that were seen; x right, y down. K is 66 or 68.
      faces: `[N, K, 3]`, what was made of them; x right, y down, z forward.
      names: N texts that tell the faces apart.
      most: number of faces that are worth an .obj and a .png.

    Returns:
      The paths of all files.

    Raises:
      UserError: a file would lie outside `output`.
    """
    stem = inside(output, name)
    arrays = stem.with_name(f"{stem.name}.npz")
    with replacing(arrays) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, points=points, depth=faces[..., 2], faces=faces, names=np.array(names, np.str_)
        )
    paths = [arrays]
    for number, (seen, face) in enumerate(zip(points[:most], faces[:most])):
        paths += _write_face(stem if len(faces) == 1 else stem / f"{number:05d}", seen, face)
    return paths


def _write_face(stem: pathlib.Path, points: np.ndarray, face: np.ndarray) -> list[pathlib.Path]:
    scheme = SCHEMES[len(face)]
    solid, picture = (stem.with_name(f"{stem.name}.{suffix}") for suffix in ("obj", "png"))
    write_obj(solid, face, triangles(scheme))
    write_picture(picture, face_pictures.turntable(face, scheme, points))
    return [solid, picture]
