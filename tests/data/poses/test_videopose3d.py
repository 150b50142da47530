import numpy as np
import pytest

from aign_tf.data.poses.hourglass import hourglass_skeleton
from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.errors import UserError

LEFT = {
    "h36m17": [4, 5, 6, 11, 12, 13],
    "coco17": [1, 3, 5, 7, 9, 11, 13, 15],
    "mpii16": [3, 4, 5, 13, 14, 15],
}


def _write(path, positions, left, **metadata):
    metadata = {"num_joints": 17, "keypoints_symmetry": [left, []], **metadata}
    np.savez_compressed(path, positions_2d=positions, metadata=metadata)
    return path


def _frames(count, joints=17):
    return np.random.default_rng(0).uniform(0, 1000, (count, joints, 2)).astype(np.float32)


def _hourglass(seventh, eighth):
    joints = np.random.default_rng(0).uniform(0, 1000, (60, 16, 2))
    up = np.array([3.0, -100.0])
    joints[:, 7] = joints[:, 6] + seventh * up
    joints[:, 8] = joints[:, 6] + eighth * up
    return joints


def test_human36m_with_its_cameras(tmp_path):
    cameras = [_frames(count) for count in (3, 4, 5, 6)]
    positions = {"S1": {"Walking 1": cameras}, "S9": {"Photo": cameras}}
    path = _write(tmp_path / "data_2d_h36m_gt.npz", positions, LEFT["h36m17"])
    clips = read_keypoints(path, allow_pickle=True)
    assert [clip.name for clip in clips[:5]] == [
        "S1/Walking 1/54138969",
        "S1/Walking 1/55011271",
        "S1/Walking 1/58860488",
        "S1/Walking 1/60457274",
        "S9/Photo/54138969",
    ]
    assert {clip.skeleton.name for clip in clips} == {"h36m17"}
    np.testing.assert_array_equal(clips[1].joints, cameras[1])
    np.testing.assert_array_equal(clips[1].confidence, np.ones((4, 17)))
    assert clips[0].image_size == (1000, 1002) and clips[1].image_size == (1000, 1000)
    assert clips[0].camera.focal == pytest.approx((1145.05, 1143.78), abs=0.01)
    assert clips[2].camera.principal_point == pytest.approx((519.82, 501.40), abs=0.01)
    assert clips[3].camera.radial == pytest.approx((-0.1984, 0.2183, -0.0089), abs=1e-4)


def test_own_videos(tmp_path):
    path = _write(
        tmp_path / "data_2d_custom_mine.npz",
        {"dance.mp4": {"custom": [_frames(5)]}, "run.mp4": {"custom": [_frames(2)]}},
        LEFT["coco17"],
        video_metadata={"dance.mp4": {"w": 1920, "h": 1080}},
    )
    clips = read_keypoints(path, allow_pickle=True)
    assert [clip.name for clip in clips] == ["dance.mp4/custom/0", "run.mp4/custom/0"]
    assert [clip.image_size for clip in clips] == [(1920, 1080), None]
    assert [clip.camera for clip in clips] == [None, None]
    assert clips[0].skeleton.name == "coco17"


@pytest.mark.parametrize("shares, name", [((0.9, 1), "mpii16"), ((0.48, 1), "hourglass16")])
def test_what_an_hourglass_was_trained_on(tmp_path, shares, name):
    joints = _hourglass(*shares)
    assert hourglass_skeleton(joints).name == name
    joints[:10, 7] = joints[10:20, 8] = np.nan
    joints[20:25, [6, 7, 8]] = 0
    assert hourglass_skeleton(joints).name == name
    positions = {"S1": {"Walking": [joints, None]}}
    path = _write(tmp_path / "data_2d_h36m_sh.npz", positions, LEFT["mpii16"])
    (clip,) = read_keypoints(path, allow_pickle=True)
    assert clip.skeleton.name == name and clip.name == "S1/Walking/54138969"


def test_an_hourglass_that_saw_nothing():
    assert hourglass_skeleton(np.full((3, 16, 2), np.nan)).name == "mpii16"


def test_files_that_cannot_be_used(tmp_path):
    path = tmp_path / "data_2d_h36m_x.npz"

    def refuses(positions, left, message, **metadata):
        _write(path, positions, left, **metadata)
        with pytest.raises(UserError, match=message) as caught:
            read_keypoints(path, allow_pickle=True)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)

    one = {"S1": {"Walking": [_frames(3)]}}
    refuses(one, [2, 3, 4, 8, 9, 10], r"left joints of its metadata are \[2, 3, 4, 8, 9, 10\]")
    refuses(one, [], r"are \[\]: expected \[4, 5, 6, 11, 12, 13\] \(h36m17\) or \[1, 3, ")
    refuses(one, LEFT["mpii16"], r"S1/Walking/0 has shape \(3, 17, 2\): expected \(frames, 16, 2\)")
    refuses({"S1": {}}, LEFT["h36m17"], "no positions_2d")
    refuses({"S1": {"Walking": [np.full((3, 17, 2), np.inf)]}}, LEFT["h36m17"], "infinite")
    path = tmp_path / "data_2d_custom_x.npz"
    video = {"a.mp4": {"custom": [_frames(3)]}}
    sizes = {"a.mp4": {"w": 0, "h": 5}}
    refuses(video, LEFT["coco17"], r"a\.mp4 must be \(width, height\)", video_metadata=sizes)
    with pytest.raises(UserError, match=r"add --set=data\.allow_pickle=true"):
        read_keypoints(path)
