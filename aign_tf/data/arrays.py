"""Arrays from .npy and .npz files, by name; numbers from whatever a file holds."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator

import numpy as np

from aign_tf.errors import UserError

_SIGNATURES = {".npy": b"\x93NUMPY", ".npz": b"PK"}
# What VideoPose3D calls the dicts whose keys are subjects.
_POSITIONS = ("positions_2d", "positions_3d")


def load_arrays(path: str | os.PathLike, allow_pickle: bool | None = None) -> dict[str, np.ndarray]:
    """Arrays of a file, none of them of Python objects.

    Args:
      path: a .npy file, whose array is named after the file, or a .npz file.
      allow_pickle: reads nested dicts and lists of arrays too, as VideoPose3D's files hold them.
        Reading a pickle can run any program hidden in it: only for files from people you trust.
        None says that the caller has no setting for it.

    Returns:
      Arrays by name. Nested ones have the keys on the way as their name: "metadata/num_joints";
      those within `positions_2d` and `positions_3d` without that first part: "S1/Walking 1/0".

    Raises:
      UserError: no such file, another format, damaged, empty, or pickled and not allowed.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with path.open("rb") as file:
        start = file.read(8)
    signature = _SIGNATURES.get(path.suffix.lower())
    if signature is None or not start.startswith(signature):
        raise UserError(f"{path}: not a .npy or .npz file as NumPy writes them")
    try:
        stored = _read(path, bool(allow_pickle))
        arrays = dict(_flatten(stored)) if allow_pickle else stored
    except Exception as error:  # Damaged archives and pickles raise whatever they like.
        if not allow_pickle and "allow_pickle" in str(error):
            allowed = (
                "save plain arrays instead"
                if allow_pickle is None
                else "if you trust who made it, add --set=data.allow_pickle=true (for "
                "tools.predict and tools.prepare_data --set=allow_pickle=true)"
            )
            raise UserError(
                f"{path} holds pickled Python objects, which can run any program when they are "
                f"read: {allowed}"
            ) from error
        raise UserError(f"{path}: damaged: {' '.join(str(error).split())}") from error
    if not arrays:
        raise UserError(f"{path}: holds no arrays")
    return arrays


def _read(path: pathlib.Path, allow_pickle: bool) -> dict[str, np.ndarray]:
    loaded = np.load(path, allow_pickle=allow_pickle)
    if isinstance(loaded, np.ndarray):
        return {path.stem: loaded}
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def _flatten(value, name: tuple[str, ...] = ()) -> Iterator[tuple[str, np.ndarray]]:
    """Names and arrays within nested dicts, lists and object arrays; None is left out."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.tolist()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, (list, tuple)) and any(map(_is_nested, value)):
        children = enumerate(value)
    else:
        if value is not None:
            yield "/".join(name), np.asarray(value)
        return
    for key, child in children:
        prefix = () if name[:1] and name[0] in _POSITIONS else name
        yield from _flatten(child, (*prefix, str(key)))


def _is_nested(value) -> bool:
    return value is None or isinstance(value, (dict, list, tuple, np.ndarray))


def numbers(value, where: str) -> np.ndarray:
    """`value` as a float64 array; NaN is allowed.

    Raises:
      UserError: not numbers, lists of unequal length, or beyond float32; it starts with `where`.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise UserError(f"{where}: lists of unequal length where an array should be") from error
    if array.dtype.kind not in "iuf":
        raise UserError(f"{where}: not numbers (type {array.dtype})")
    if (np.abs(array) > np.finfo(np.float32).max).any():
        raise UserError(f"{where}: a number is infinite or too large")
    return array.astype(np.float64)
