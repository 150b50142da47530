"""Files of poses reported on, or written as arrays in the joints of Human3.6M."""

from __future__ import annotations

import pathlib
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np

from aign_tf.data.pose_config import PoseFileConfig
from aign_tf.data.poses import human36m, report
from aign_tf.data.poses.clips import Camera, Clip2D, Clip3D
from aign_tf.data.poses.files import holds_keypoints
from aign_tf.data.poses.human36m_report import human36m_text
from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.data.poses.mocap import read_mocap, read_places
from aign_tf.data.poses.normalize import as_h36m17, parse_intrinsics, rays
from aign_tf.data.poses.upright import Axes, find_axes
from aign_tf.errors import UserError
from aign_tf.files import replacing
from aign_tf.skeletons import SKELETONS

_SKELETON = SKELETONS["h36m17"]
_WRITTEN = Axes(up="-y", metres=1.0)


def check_poses(data_dir: str, options: PoseFileConfig) -> str:
    """See `Task.check`: 2D joints, 3D motions or Human3.6M."""
    if human36m.is_human36m(data_dir):
        return human36m_text(data_dir, options.step)
    if holds_keypoints(data_dir, options.allow_pickle):
        return report.keypoints_text(_read_keypoints(data_dir, options), options.least_confidence)
    axes, clips = {}, []
    for place, motions in read_places(data_dir, options.skeleton, options.allow_pickle):
        axes[place] = find_axes(motions, _SKELETON, place, options.up, options.scale)
        clips += [Clip3D(name, axes[place].turned(m), _SKELETON) for name, m in motions.items()]
    return report.motions_text(clips, axes)


def prepare_poses(data_dir: str, output: str, options: PoseFileConfig) -> str:
    """See `Task.prepare`.

    3D motions, and those of Human3.6M, become one `.npz`: a clip is `[T, 17, 3]` in metres, y down;
    `read_mocap` gives the same. 2D joints become a `.npz` as `aign_tf.data.poses.plain` describes
    it, or a folder with one for each camera: a clip is `[T, 17, 3]`: x and y in pixels, as a camera
    without distortion sees them, and the confidence; `read_keypoints` gives the same.
    """
    target = pathlib.Path(output)
    if target.exists():
        raise UserError(f"{target} exists: give a new --output")
    if human36m.is_human36m(data_dir):
        subjects = human36m.present_subjects(data_dir)
        return _write_motions(human36m.read_memory(data_dir, subjects, options.step), target)
    if holds_keypoints(data_dir, options.allow_pickle):
        return _write_keypoints(_read_keypoints(data_dir, options), target)
    reading = (options.skeleton, options.up, options.scale, options.allow_pickle)
    return _write_motions(read_mocap(data_dir, *reading), target)


def _read_keypoints(data_dir: str, options: PoseFileConfig) -> list[Clip2D]:
    """Clips whose camera is the one of `options`, where there is one."""
    clips = read_keypoints(data_dir, options.skeleton, options.allow_pickle)
    if not options.intrinsics:
        return clips
    fx, fy, cx, cy = parse_intrinsics(options.intrinsics)
    return [clip._replace(camera=Camera((fx, fy), (cx, cy))) for clip in clips]


def _write_motions(clips: Sequence[Clip3D], target: pathlib.Path) -> str:
    if target.suffix != ".npz":
        raise UserError(f"{target}: motions become one file: give an --output that ends in .npz")
    motions = {clip.name: clip.joints for clip in clips}
    if len(motions) < len(clips):
        names = [clip.name for clip in clips]
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"two motions are called {twice!r}: rename a file")
    # Of people who mostly lie, files do not tell what is up.
    found = find_axes(motions, _SKELETON, target)
    hint = "" if found == _WRITTEN else f"; read it with --set=data.up={_WRITTEN.up}"
    _write(target, motions)
    return f"wrote {report.amount(clips)} of 3D motions to {target}{hint}"


def _write_keypoints(clips: Sequence[Clip2D], target: pathlib.Path) -> str:
    groups = {}
    for clip in map(_ready, clips):
        groups.setdefault((clip.camera, clip.image_size), []).append(clip)
    files = [target / f"camera_{number}.npz" for number in range(len(groups))]
    if target.suffix == ".npz":
        if len(groups) > 1:
            raise UserError(
                f"{target}: the clips have {len(groups)} cameras or sizes of pictures: give an "
                "--output without .npz, a new folder with a file for each"
            )
        files = [target]
    for file, ((camera, size), group) in zip(files, groups.items()):
        arrays = {clip.name: np.dstack([clip.joints, clip.confidence]) for clip in group}
        if camera:
            (fx, fy), (cx, cy) = camera.focal, camera.principal_point
            arrays["intrinsics"] = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        if size:
            arrays["image_size"] = np.array(size)
        _write(file, arrays)
    return f"wrote {report.amount(clips)} of 2D joints to {target}"


def _ready(clip: Clip2D) -> Clip2D:
    """In the joints of Human3.6M, seen by a camera without distortion."""
    joints, camera = clip.joints, clip.camera
    if camera:
        camera = Camera(camera.focal, camera.principal_point)
        joints = rays(joints, clip.camera) * camera.focal + camera.principal_point
    joints, confidence = as_h36m17(joints, clip.confidence, clip.skeleton)
    return Clip2D(clip.name, joints, confidence, _SKELETON, clip.image_size, camera)


def _write(path: pathlib.Path, arrays: Mapping[str, np.ndarray]) -> None:
    """As `numpy.savez_compressed`, which knows no array called "file"."""
    with (
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
