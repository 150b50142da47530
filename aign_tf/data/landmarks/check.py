"""What a file or folder of landmarks holds, for people; and one array of all of it."""

from __future__ import annotations

import pathlib

import numpy as np

from aign_tf.data.landmarks.files import read_landmarks
from aign_tf.data.landmarks.linear_files import is_linear_faces, read_linear_faces
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.data.listing import WIDTH
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.files import replacing
from aign_tf.landmarks import SCHEMES, sizes
from aign_tf.posed_template import posed, rotation_of, yaw_of

_FLAT = 0.2  # sizes of a face: the depths of real ones deviate more


def check_landmarks(data_dir: str, options) -> str:
    """A report; raises `UserError` where the data cannot be used."""
    if is_linear_faces(data_dir):
        model = read_linear_faces(data_dir)
        lines = [
            ("model", f"{len(model.identity)} identities and {len(model.expression)} expressions"),
            ("landmarks", str(len(model.mean))),
            ("use", "as --data_dir or --memory_dir: faces are drawn from it"),
        ]
    else:
        lines = _described(read_landmarks(data_dir))
    return "\n".join(f"{title:<{WIDTH}} {text}" for title, text in lines)


def prepare_landmarks(data_dir: str, output: str, options) -> str:
    """Writes a .npz of one array, `faces` (N, K, 3), or `points` (N, K, 2) without depths.

    Raises:
      UserError: the data cannot be used or are a linear model, or there is something at `output`.
    """
    target = pathlib.Path(output)
    if is_linear_faces(data_dir):
        raise UserError(f"{data_dir} is a linear model, which is read as it is")
    if target.exists():
        raise UserError(f"{output} exists already: give a new file")
    if target.suffix != ".npz":
        raise UserError(f"{output}: give the name of a .npz file to write")
    seen = read_landmarks(data_dir)
    array = {"faces": seen.faces} if seen.known.all() else {"points": seen.points}
    with replacing(target) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **array)
    (name,) = array
    unknown = 0 if seen.known.all() else seen.known.sum()
    lost = f", without the depths of {unknown:,} faces, as others have none" if unknown else ""
    return f"{output}: {name} {array[name].shape}{lost}"


def _described(seen: LandmarkSet) -> list[tuple[str, str]]:
    count = seen.points.shape[1]
    mean = procedural_faces().mean[list(SCHEMES[count].numbers)]
    low, high = seen.points.min(axis=(0, 1)), seen.points.max(axis=(0, 1))
    depth, rotation = posed(seen.points, mean)
    known = seen.take(seen.known)
    if len(known):
        rotation = rotation_of(known.faces, mean)
    yaw = yaw_of(rotation)
    lines = [
        ("faces", f"{len(seen):,}, of {len(known):,} of them the depths are known"),
        ("landmarks", str(count)),
        ("points", f"x {low[0]:.4g} to {high[0]:.4g}, y {low[1]:.4g} to {high[1]:.4g}, y down"),
        ("size", f"{np.median(sizes(seen.points)):.4g}, the median root mean square distance"),
        ("yaw", _range(yaw)),
    ]
    if len(known):
        flat = known.depth.std(axis=1) < _FLAT * sizes(known.points)
        if not flat.all():
            pair = known.depth[~flat].ravel(), depth[seen.known][~flat].ravel()
            agreement = np.corrcoef(*pair)[0, 1]
            lines.append(("depth", f"correlates {agreement:.2f} with that of a posed mean face"))
        lines.append(("flat", f"{flat.sum():,} faces whose depths hardly vary"))
    groups, counts = np.unique(seen.groups[seen.groups != ""], return_counts=True)
    if len(groups):
        named = ", ".join(f"{count:,} {group}" for group, count in zip(groups, counts))
        lines.append(("groups", named))
    return lines


def _range(angle: np.ndarray) -> str:
    low, middle, high = np.percentile(angle, (1, 50, 99)).round().astype(int)
    return f"{low} to {high} degrees but for one face in fifty, median {middle}"
