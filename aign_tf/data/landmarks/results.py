"""Predicted faces as files that a person, a 3D tool and a program can open."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Sequence

import numpy as np

from aign_tf.data.landmarks import drawings
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

    The .obj and the .png are called after the face: "stem/00012.obj" for a row of an array. The
    arrays are `points` and `faces` as given, `depth` `[N, K]` and `names` `[N]`. All files are
    whole or absent.

    Args:
      output: a folder; it is made if need be.
      name: of the arrays' file. Here and in `names` what stands before a slash becomes a folder.
      points: `[N, K, 2]`, the landmarks that were seen; x right, y down. K is 66 or 68.
      faces: `[N, K, 3]`, what was made of them; x right, y down, z forward.
      names: N texts that tell the faces apart.
      most: number of faces that are worth an .obj and a .png.

    Returns:
      The paths of all files.

    Raises:
      UserError: a file would lie outside `output`; nothing is written then.
    """
    arrays = _path(output, name, "npz")
    files = [(_path(output, each, "obj"), _path(output, each, "png")) for each in names[:most]]
    with replacing(arrays) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, points=points, depth=faces[..., 2], faces=faces, names=np.array(names, np.str_)
        )
    scheme = SCHEMES[faces.shape[1]]
    for (solid, picture), seen, face in zip(files, points, faces):
        write_obj(solid, face, triangles(scheme))
        write_picture(picture, drawings.turntable(face, scheme, seen))
    return [arrays, *itertools.chain.from_iterable(files)]


def _path(output: pathlib.Path, name: str, suffix: str) -> pathlib.Path:
    path = inside(output, str(name))
    return path.with_name(f"{path.name}.{suffix}")
