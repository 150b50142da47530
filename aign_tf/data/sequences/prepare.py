"""Recordings written in the plain layout, in the size that networks see, which is read fast."""

from __future__ import annotations

import os
import pathlib
import shutil

import numpy as np
from PIL import Image

from aign_tf.data.pictures import in_parallel
from aign_tf.data.sequences.check import SequenceFileConfig
from aign_tf.data.sequences.depth_files import write_depth16
from aign_tf.data.sequences.folders import list_footage
from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.sequences.loading import load
from aign_tf.errors import UserError
from aign_tf.files import inside


def prepare_sequences(data_dir: str, output: str, options: SequenceFileConfig) -> str:
    """See `Task.prepare`; writes a new folder that `list_footage` reads as the same recordings.

    Depths are rounded to millimetres; beyond 65.535 m there are no readings. Everything is written
    beside `output` first and renamed at the end: `output` is whole or absent.
    """
    target = pathlib.Path(output).resolve()
    if target.exists():
        raise UserError(f"{output} exists: give a new --output")
    recordings = list_footage(data_dir)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    frames = 0
    try:
        for footage in recordings:
            # One at a time: all together may not fit into memory.
            sequence = load(footage, options.height, options.width)
            write_sequence(sequence, inside(unfinished, footage.name))
            frames += len(sequence)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    size = f"{options.width}x{options.height}"
    return f"wrote {len(recordings)} recordings, {frames:,} frames of {size}, to {output}"


def write_sequence(sequence: Sequence, folder: pathlib.Path) -> None:
    """Writes one recording in the plain layout; see `prepare_sequences` for what depths lose."""
    images, depths = folder / "images", folder / "depth"
    images.mkdir(parents=True)
    if sequence.depth is not None:
        depths.mkdir()

    def write(frame: int) -> None:
        name = f"{frame:06d}.png"
        Image.fromarray(sequence.frames[frame]).save(images / name)
        if sequence.depth is not None:
            write_depth16(depths / name, sequence.depth[frame], beyond=0)

    for _ in in_parallel(write, range(len(sequence))):
        pass
    (fx, fy), (cx, cy) = sequence.focal, sequence.principal_point
    _write_rows(folder / "intrinsics.txt", np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
    if sequence.poses is not None:
        _write_rows(folder / "poses.txt", sequence.poses.reshape(-1, 16))


def _write_rows(path: pathlib.Path, rows: np.ndarray) -> None:
    """As many digits as it takes to read the very same numbers again."""
    text = "".join(" ".join(map(repr, row)) + "\n" for row in rows.tolist())
    path.write_text(text, encoding="utf-8")
