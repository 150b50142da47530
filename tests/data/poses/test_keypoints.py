import json
import re

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.data.poses.observed import as_clip
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS


def _pixels(*shape):
    return np.random.default_rng(0).uniform(0, 1000, shape)


def _with_confidence(joints, confidence):
    return np.concatenate([joints, confidence[..., None]], axis=-1)


def _refuses(path, message, **settings):
    with pytest.raises(UserError) as caught:
        read_keypoints(path, **settings)
    assert str(caught.value) == message.format(path=path)


def test_plain_arrays(tmp_path):
    joints = _pixels(4, 17, 2)
    np.save(tmp_path / "walk.npy", joints)
    (clip,) = read_keypoints(str(tmp_path / "walk.npy"))
    assert clip.name == "walk" and clip.skeleton is SKELETONS["h36m17"]
    assert clip.image_size is None and clip.camera is None
    assert clip.joints.dtype == clip.confidence.dtype == np.float32
    np.testing.assert_allclose(clip.joints, joints, rtol=1e-6)
    np.testing.assert_array_equal(clip.confidence, np.ones((4, 17)))


def test_missing_joints_and_confidences(tmp_path):
    joints, confidence = _pixels(4, 17, 2), np.full((4, 17), 0.5)
    joints[0, 0, 1] = confidence[0, 1] = np.nan
    confidence[0, 2] = 0
    np.savez(tmp_path / "clips.npz", _with_confidence(joints, confidence))
    (clip,) = read_keypoints(tmp_path / "clips.npz")
    assert clip.name == "clips"
    np.testing.assert_array_equal(clip.confidence[0], [0, 0, 0] + [0.5] * 14)
    assert not clip.joints[0, :3].any()
    np.testing.assert_allclose(clip.joints[1], joints[1], rtol=1e-6)


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=1, max_dims=1, max_side=2).map(lambda shape: (*shape, 17, 3)),
        elements=st.floats(0, 1) | st.just(np.nan),
    )
)
def test_a_joint_is_whole_or_missing(values):
    clip = as_clip("here", "clip", values, SKELETONS["h36m17"])
    known = ~np.isnan(values).any(-1) & (values[..., 2].astype(np.float32) > 0)
    np.testing.assert_array_equal(clip.confidence > 0, known)
    assert np.isfinite(clip.joints).all() and not clip.joints[~known].any()


def test_camera_and_size_of_all_clips(tmp_path):
    np.savez(
        tmp_path / "clips.npz",
        **{"S1/walk": _pixels(4, 25, 2), "S1/sit": _pixels(2, 25, 3) / 1000},
        intrinsics=[[1000, 0, 320], [0, 900, 240], [0, 0, 1]],
        image_size=[640, 480],
    )
    clips = read_keypoints(tmp_path / "clips.npz")
    assert [clip.name for clip in clips] == ["S1/walk", "S1/sit"]
    for clip in clips:
        assert clip.skeleton.name == "openpose25" and clip.image_size == (640, 480)
        assert clip.camera.focal == (1000, 900) and clip.camera.principal_point == (320, 240)


def test_skeleton_by_number_of_joints_or_by_name(tmp_path, caplog):
    path = tmp_path / "clip.npy"
    for count, name in [(17, "h36m17"), (16, "mpii16"), (25, "openpose25"), (32, "h36m32")]:
        np.save(path, _pixels(1, count, 2))
        assert read_keypoints(path)[0].skeleton.name == name
    np.save(path, _pixels(1, 17, 2))
    assert read_keypoints(path, skeleton="coco17")[0].skeleton.name == "coco17"
    shape = "{path}: clip has shape (1, 17, 2): expected (frames, 25, 2), or (frames, 25, 3) with "
    _refuses(path, shape + "confidences, for skeleton openpose25", skeleton="openpose25")
    np.save(path, _pixels(1, 19, 2))
    _refuses(
        path,
        "{path}: no skeleton has 19 joints: h36m17 17, h36m32 32, coco17 17, openpose25 25, "
        "mpii16 16, cmu_bvh 43, hourglass16 16",
    )
    with pytest.raises(UserError, match="no skeleton 'human': use one of h36m17"):
        read_keypoints(path, skeleton="human")


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"a": np.ones((3, 17))}, "{path}: shape (3, 17): expected (frames, joints, 2)"),
        (
            {"a": np.ones((3, 17, 4))},
            "{path}: a has shape (3, 17, 4): expected (frames, 17, 2), or (frames, 17, 3) with "
            "confidences, for skeleton h36m17",
        ),
        ({"a": np.ones((0, 17, 2))}, "{path}: a has no frames"),
        (
            {"a": np.linspace(-2, 3, 51).reshape(1, 17, 3)},
            "{path}: a: the third number of a joint should be a confidence from 0 to 1, but goes "
            "from -1.8 to 3; are these 3D poses?",
        ),
        ({"a": np.full((3, 17, 2), "x")}, "{path}: a: not numbers (type <U1)"),
        ({"a": np.full((3, 17, 2), np.inf)}, "{path}: a: a number is infinite or too large"),
        ({"image_size": [4, 4]}, "{path}: no clips: expected arrays (frames, joints, 2)"),
        (
            {"a": np.ones((1, 17, 2)), "image_size": [0, 4]},
            "{path}: image_size must be (width, height) in pixels",
        ),
        (
            {"a": np.ones((1, 17, 2)), "image_size": np.nan},
            "{path}: image_size must be (width, height) in pixels",
        ),
        (
            {"a": np.ones((1, 17, 2)), "intrinsics": [1000, 1000, 500, 500]},
            "{path}: intrinsics must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]",
        ),
        (
            {"a": np.ones((1, 17, 2)), "intrinsics": [[9, 1, 5], [0, 9, 5], [0, 0, 1]]},
            "{path}: intrinsics must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]",
        ),
        (
            {"a": np.ones((1, 17, 2)), "intrinsics": [[9, 0, np.nan], [0, 9, 5], [0, 0, 1]]},
            "{path}: intrinsics must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]",
        ),
    ],
)
def test_arrays_that_cannot_be_used(tmp_path, arrays, message):
    np.savez(tmp_path / "clips.npz", **arrays)
    _refuses(tmp_path / "clips.npz", message)


def test_other_files(tmp_path):
    _refuses(
        tmp_path / "absent",
        "{path}: no such file or folder: expected .npz or .npy of 2D joints, OpenPose or COCO "
        ".json, VideoPose3D's data_2d_*.npz, or a folder of them",
    )
    path = tmp_path / "clip.csv"
    path.write_text("1,2")
    _refuses(
        path,
        "{path}: not a file of 2D joints: expected .npz or .npy of 2D joints, OpenPose or COCO "
        ".json, VideoPose3D's data_2d_*.npz",
    )
    _refuses(
        tmp_path,
        "{path} holds none of: .npz or .npy of 2D joints, OpenPose or COCO .json, VideoPose3D's "
        "data_2d_*.npz",
    )


def test_json_of_other_kinds(tmp_path):
    path = tmp_path / "clip.json"
    for content in ({}, 3, "people", None):
        path.write_text(json.dumps(content))
        _refuses(path, "{path}: neither OpenPose's (no 'people') nor COCO's (no 'annotations')")
    path.write_text('{"people":\n [}')
    _refuses(path, "{path}, line 2: not JSON: Expecting value")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: cannot be read as JSON: "):
        read_keypoints(path)
    path.write_text("[" * 100_000)
    with pytest.raises(UserError, match=r"clip\.json: cannot be read as JSON: "):
        read_keypoints(path)


def test_a_folder_of_everything(tmp_path):
    videos = tmp_path / "videos" / "left"
    videos.mkdir(parents=True)
    person = {"pose_keypoints_2d": [1, 2, 0.5] * 25}
    for frame in range(3):
        file = videos / f"walk_{frame:012d}_keypoints.json"
        file.write_text(json.dumps({"people": [person]}))
    people = [{"image_id": 1, "keypoints": [1, 2, 2] * 17}]
    (tmp_path / "people.json").write_text(json.dumps(people))
    np.save(tmp_path / "walk.npy", _pixels(4, 16, 2))
    (tmp_path / "notes.txt").write_text("taken on Monday")
    (tmp_path / "._walk.npy").write_text("a Mac was here")
    clips = {clip.name: clip for clip in read_keypoints(tmp_path)}
    assert sorted(clips) == ["people", "videos/left/walk", "walk"]
    assert clips["videos/left/walk"].joints.shape == (3, 25, 2)
    assert clips["walk"].skeleton.name == "mpii16"
    np.savez(tmp_path / "more.npz", walk=_pixels(4, 16, 2))
    _refuses(tmp_path, "{path}: two files hold a clip 'walk': use one of them, or sub-folders")
