"""Poses from 2D joints in every kind of file, written as files that can be opened."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf.config import override
from aign_tf.data.poses.bvh import read_bvh
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

Pose3d = tasks.load("pose3d")
H36M = SKELETONS["h36m17"]
FOCAL, CENTRE = 1000.0, np.array([500.0, 400.0])
INTRINSICS = "1000 1000 500 400"


@pytest.fixture(scope="module")
def smoke():
    return Pose3d(Pose3d.configure("smoke", {"train.precision": "float32"}))


@pytest.fixture(scope="module")
def generator(smoke):
    return smoke.generator()


def predict(task, generator, source, output, **options):
    options = override(Pose3d.Prediction(), options)
    return task.predict(generator, source, output, options)


def pixels_of(task, frames):
    return FOCAL * task.held_out(frames)["joints"] + CENTRE


def in_skeleton(pixels, name):
    """x, y, confidence `[T, J, 3]` in the joints of another skeleton; 0 where it has others."""
    found = np.zeros((len(pixels), len(SKELETONS[name].joints), 3))
    for row, joint in enumerate(SKELETONS[name].joints):
        if joint in H36M.joints:
            found[:, row, :2] = pixels[:, H36M.joints.index(joint)]
            found[:, row, 2] = 0.9
    return found


def openpose_folder(folder, pixels):
    folder.mkdir()
    for frame, pose in enumerate(in_skeleton(pixels, "openpose25")):
        people = [{"pose_keypoints_2d": pose.ravel().tolist()}]
        path = folder / f"walk_{frame:012d}_keypoints.json"
        path.write_text(json.dumps({"people": people}))
    return folder


def coco_file(path, pixels):
    poses = in_skeleton(pixels, "coco17")
    content = {
        "images": [{"id": row, "width": 1000, "height": 800} for row in range(len(poses))],
        "annotations": [
            {"image_id": row, "keypoints": pose.ravel().tolist()} for row, pose in enumerate(poses)
        ],
    }
    path.write_text(json.dumps(content))
    return path


def check_files(written, frames, pixels, told=None):
    """The files of one clip agree with each other, and with the pixels `[T, 17, 2]`.

    Where only some frames are `told`, the others have no pose.
    """
    told = slice(None) if told is None else told
    arrays, bvh, picture, gif, mp4 = written
    with np.load(arrays) as stored:
        pose, position, joints, confidence = (
            stored[name] for name in ("pose", "position", "joints", "confidence")
        )
    assert pose.shape == (frames, 17, 3) and position.shape == (frames, 3)
    assert np.isfinite(pose[told]).all() and np.isfinite(position[told]).all()
    assert np.abs(pose[told, H36M.root]).max() < 1e-6 and position[told, 2].min() > 0
    points = pose + position[:, None]
    seen = confidence > 0
    np.testing.assert_allclose((points[..., :2] / points[..., 2:])[seen], joints[seen], atol=1e-5)
    np.testing.assert_allclose((FOCAL * joints + CENTRE)[seen], pixels[seen], atol=0.01)

    motion = read_bvh(bvh)
    assert len(motion.frames) == frames
    size = (2 if frames == 1 else 3) * 256
    assert Image.open(picture).size == (size, 256 * min(4, 36 if frames == 1 else frames))
    assert Image.open(gif).size == (size, 256)
    assert cv2.VideoCapture(str(mp4)).read()[0]
    return points, seen


def test_arrays_of_one_frame_and_of_a_film(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 5)
    np.savez(tmp_path / "in.npz", **{"a/b/still": pixels[:1], "film": pixels})
    output = tmp_path / "out"
    written = predict(smoke, generator, tmp_path / "in.npz", output, intrinsics=INTRINSICS, fps=10)
    assert [path.relative_to(output).as_posix() for path in written] == [
        f"{name}.{suffix}"
        for name in ("a/b/still", "film")
        for suffix in ("npz", "bvh", "png", "gif", "mp4")
    ]
    assert all(path.is_file() for path in written)
    points, seen = check_files(written[:5], 1, pixels[:1])
    (clip,) = read_mocap(written[1], up="y", scale=1)
    np.testing.assert_allclose(clip.joints, points, atol=1e-4)
    assert seen.all()
    points, _ = check_files(written[5:], 5, pixels)
    # An untrained generator makes bones that change, which BVH cannot tell; the root is free.
    (clip,) = read_mocap(written[6], up="y", scale=1)
    np.testing.assert_allclose(clip.joints[:, H36M.root], points[:, H36M.root], atol=1e-4)
    assert cv2.VideoCapture(str(written[9])).get(cv2.CAP_PROP_FPS) == 10


def test_a_folder_of_openpose(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 3)
    source = openpose_folder(tmp_path / "video", pixels)
    written = predict(smoke, generator, source, tmp_path / "out", intrinsics=INTRINSICS)
    assert [path.name for path in written[:2]] == ["walk.npz", "walk.bvh"]
    _, seen = check_files(written, 3, pixels)
    missing = ~seen.all(axis=0)
    assert {H36M.joints[row] for row in np.flatnonzero(missing)} == {
        *("spine", "thorax", "neck_nose", "head_top")
    }


def test_a_file_of_coco(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 1)
    source = coco_file(tmp_path / "people.json", pixels)
    written = predict(smoke, generator, source, tmp_path / "out", intrinsics=INTRINSICS)
    assert written[0] == tmp_path / "out" / "people" / "1000x800.npz"
    # The hip is the middle of its sides in the picture, not quite that of the truth.
    pixels[:, H36M.root] = np.mean(
        [pixels[:, H36M.joints.index(f"{side}_hip")] for side in ("left", "right")], axis=0
    )
    check_files(written, 1, pixels)


def test_nobody_in_the_picture_is_no_reason_to_stop(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 3)
    pixels[1] = np.nan
    np.save(tmp_path / "in.npy", pixels)
    written = predict(
        smoke, generator, tmp_path / "in.npy", tmp_path / "out", intrinsics=INTRINSICS
    )
    points, seen = check_files(written, 3, pixels, told=[0, 2])
    assert seen.all(axis=1).tolist() == [True, False, True]
    assert np.isnan(points[1]).all()


@pytest.mark.parametrize(
    ("array", "options", "message"),
    [
        (None, {}, "in.npz: no such file or folder"),
        ((2, 17, 2), {"skeleton": "h36m"}, "no skeleton 'h36m': use one of h36m17"),
        ((2, 17, 2), {"skeleton": "mpii16"}, "in.npz: clip has shape (2, 17, 2): expected"),
        ((2, 9, 2), {}, "in.npz: no skeleton has 9 joints: h36m17 17"),
        ((2, 17, 2), {"intrinsics": "1000 500"}, "intrinsics=1000 500: expected fx fy cx cy"),
        ((2, 17, 3), {}, "are these 3D poses?"),
    ],
)
def test_input_that_cannot_be_used(smoke, generator, tmp_path, array, options, message):
    source = tmp_path / "in.npz"
    if array:
        np.savez(source, clip=np.full(array, 7.0))
    with pytest.raises(UserError) as error:
        predict(smoke, generator, source, tmp_path / "out", **options)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x"])
def test_names_of_clips_stay_inside_the_output(smoke, generator, tmp_path, name):
    np.savez(tmp_path / "in.npz", **{name: pixels_of(smoke, 1)})
    with pytest.raises(UserError, match="would be written outside"):
        predict(smoke, generator, tmp_path / "in.npz", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]
