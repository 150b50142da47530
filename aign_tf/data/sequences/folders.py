"""Folders of recordings, whichever layout they have."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterator
from types import ModuleType

from absl import logging

from aign_tf.data.sequences import (
    kitti_odometry,
    kitti_raw,
    plain,
    seven_scenes,
    sfm_learner,
    tum,
    virtual_kitti,
)
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.frame_files import in_time, pictures_in
from aign_tf.errors import UserError

# Each has LAYOUT, which tells people what it looks like, recognises(folder) and read(folder), whose
# recordings have names that begin with that of the folder. The plain one fits nearly everything.
_LAYOUTS = (kitti_odometry, kitti_raw, virtual_kitti, tum, seven_scenes, sfm_learner, plain)
_DEPTH = 5  # folders between `data_dir` and a recording


def list_footage(data_dir: str | os.PathLike) -> list[Footage]:
    """The recordings in a folder, which may be one itself; finds out by itself how they are kept.

    Args:
      data_dir: a folder in one of the layouts of this package, or a folder of such folders, at most
        five deep. What is hidden, or within a recording, is left alone.

    Returns:
      Recordings in the order of their names, which are their paths below `data_dir`, and its own
      name where it is one recording. Nothing has been decoded.

    Raises:
      UserError: no such folder, no recording, or one that cannot be used.
    """
    # The folders above tell more (calibration, poses), so that they must have names.
    root = pathlib.Path(os.path.abspath(data_dir))
    if not root.exists():
        raise UserError(f"{data_dir}: no such folder")
    if not root.is_dir():
        raise UserError(f"{data_dir} is a file: a folder of recordings is needed")
    found = []
    for folder, layout in _recordings(root):
        read = [_renamed(footage, folder, root) for footage in layout.read(folder)]
        logging.info("%s: %d recordings, layout %s", folder, len(read), layout.LAYOUT)
        found.extend(read)
    if not found:
        if pictures_in(root):
            return plain.read(root)  # tells what pictures lack
        known = "; ".join(layout.LAYOUT for layout in _LAYOUTS)
        raise UserError(f"{data_dir} holds no recording in a layout that is known: {known}")
    return sorted(found, key=lambda footage: in_time(footage.name))


def layout_of(folder: pathlib.Path) -> ModuleType | None:
    """The layout of a recording, or of some, that begin in this very folder."""
    return next((layout for layout in _LAYOUTS if layout.recognises(folder)), None)


def _recordings(root: pathlib.Path) -> Iterator[tuple[pathlib.Path, ModuleType]]:
    for place, folders, _ in os.walk(root, followlinks=True):
        folder = pathlib.Path(place)
        layout = layout_of(folder)
        if layout:
            yield folder, layout
        # Links may lead round in circles: the limit ends them.
        if layout or len(folder.relative_to(root).parts) == _DEPTH:
            folders.clear()
        folders[:] = [name for name in folders if not name.startswith(".")]


def _renamed(footage: Footage, folder: pathlib.Path, root: pathlib.Path) -> Footage:
    """With the path below `root` in place of the name of `folder`."""
    _, *within = pathlib.PurePosixPath(footage.name).parts
    name = "/".join((*folder.relative_to(root).parts, *within)) or footage.name
    return dataclasses.replace(footage, name=name)
