import json
import re

import numpy as np
import pytest

from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.errors import UserError


def _person(x, confidence=0.5):
    return {"pose_keypoints_2d": [x, 2 * x, confidence] * 25, "face_keypoints_2d": []}


def _write(folder, name, *people):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}_keypoints.json"
    path.write_text(json.dumps({"version": 1.3, "people": people}))
    return path


def test_videos_of_a_folder(tmp_path):
    _write(tmp_path, "walk_000000000010", _person(3))
    _write(tmp_path, "walk_000000000009", _person(7, 0.2), _person(5, 0.6))
    _write(tmp_path, "walk_000000000011")
    _write(tmp_path, "run_1_000000000000", _person(1, 1.02))
    _write(tmp_path, "photo", _person(4))
    clips = {clip.name: clip for clip in read_keypoints(str(tmp_path))}
    assert sorted(clips) == ["photo", "run_1", "walk"]
    walk = clips["walk"]
    assert walk.skeleton.name == "openpose25" and walk.image_size is None and walk.camera is None
    assert walk.joints.shape == (3, 25, 2) and walk.joints.dtype == np.float32
    np.testing.assert_array_equal(walk.joints[:, 4], [[5, 10], [3, 6], [0, 0]])
    np.testing.assert_allclose(walk.confidence[:, 4], [0.6, 0.5, 0])
    assert clips["run_1"].confidence.max() == 1


def test_one_frame(tmp_path):
    path = _write(tmp_path, "photo", _person(4))
    (clip,) = read_keypoints(path)
    assert clip.name == "photo" and clip.joints.shape == (1, 25, 2)
    renamed = path.rename(tmp_path / "other.json")
    assert read_keypoints(renamed)[0].joints[0, 0].tolist() == [4, 8]


def test_unseen_joints_are_missing(tmp_path):
    person = _person(4)
    person["pose_keypoints_2d"][3:6] = [0, 0, 0]
    (clip,) = read_keypoints(_write(tmp_path, "photo", person))
    assert clip.confidence[0].tolist() == [0.5, 0] + [0.5] * 23


@pytest.mark.parametrize(
    "content, message",
    [
        ({"people": 3}, ": not OpenPose's: it has no list 'people'"),
        ([], ": not OpenPose's: it has no list 'people'"),
        ({"people": [{"pose_keypoints": []}]}, ", person 0: no 'pose_keypoints_2d'"),
        ({"people": [4]}, ", person 0: no 'pose_keypoints_2d'"),
        (
            {"people": [{"pose_keypoints_2d": [1, 2, 0.5] * 18}]},
            ", person 0: pose_keypoints_2d has 54 numbers; expected 75, the 25 joints of "
            "OpenPose's model BODY_25",
        ),
        ({"people": [{"pose_keypoints_2d": ["a"] * 75}]}, ", person 0: not numbers (type <U1)"),
    ],
)
def test_files_that_are_not_openpose(tmp_path, content, message):
    path = tmp_path / "walk_000000000000_keypoints.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=f"^{re.escape(str(path) + message)}$"):
        read_keypoints(tmp_path)
