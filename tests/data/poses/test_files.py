import json

import numpy as np
import pytest

from aign_tf.data.poses.bvh_writer import write_bvh
from aign_tf.data.poses.files import holds_keypoints
from aign_tf.errors import UserError
from tests.data.poses.standing import H36M, body

PIXELS = np.random.default_rng(0).uniform(0, 640, (4, 17, 2))
CONFIDENCE = np.random.default_rng(1).uniform(0, 1, (4, 17, 1))
DETECTED = np.concatenate([PIXELS, CONFIDENCE], axis=-1)
MOTION = np.tile(body(), (4, 1, 1))


def _with_nan(array, *where):
    array = array.copy()
    array[where] = np.nan
    return array


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (PIXELS, True),
        (DETECTED, True),
        (DETECTED.round(), True),
        # One joint is never seen, another now and then.
        (_with_nan(DETECTED, slice(None), 3), True),
        (_with_nan(DETECTED, 1, 5), True),
        (_with_nan(DETECTED, slice(None)), True),
        (MOTION, False),
        (MOTION.astype(np.float32), False),
        (1000 * MOTION, False),
        (1000 * np.abs(MOTION), False),
        # Poses whose third coordinate happens to look like a confidence.
        (np.abs(MOTION).clip(0, 1), False),
    ],
)
def test_arrays(tmp_path, array, expected):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", intrinsics=np.eye(3), clip=array)
    for name in ("a.npy", "a.npz"):
        assert holds_keypoints(str(tmp_path / name)) is expected


def test_what_has_no_poses_is_left_to_the_reader(tmp_path):
    np.savez(tmp_path / "a.npz", intrinsics=np.eye(3))
    assert holds_keypoints(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["bvh", "BVH"])
def test_json_is_2d_and_bvh_is_3d(tmp_path, suffix):
    (tmp_path / "a.json").write_text(json.dumps([]))
    assert holds_keypoints(tmp_path / "a.json")
    write_bvh(tmp_path / f"b.{suffix}", MOTION, H36M, fps=25)
    assert not holds_keypoints(tmp_path / f"b.{suffix}")


def test_the_first_file_of_a_known_kind_decides(tmp_path):
    (tmp_path / "a.txt").write_text("notes")
    (tmp_path / ".a.json").write_text("[]")
    (tmp_path / "b").mkdir()
    np.save(tmp_path / "b" / "motion.npy", MOTION)
    assert not holds_keypoints(tmp_path)
    np.save(tmp_path / "aa.npy", PIXELS)
    assert holds_keypoints(tmp_path)


def test_pickles_are_not_opened_unasked(tmp_path):
    poses = {"S1": {"Walking": MOTION}}
    np.savez(tmp_path / "data_3d_h36m.npz", positions_3d=np.array(poses, object))
    with pytest.raises(UserError, match="allow_pickle=true"):
        holds_keypoints(tmp_path / "data_3d_h36m.npz")
    assert not holds_keypoints(tmp_path, allow_pickle=True)


def test_nothing_to_read(tmp_path):
    with pytest.raises(UserError, match=r"gone: no such file or folder$"):
        holds_keypoints(tmp_path / "gone")
    (tmp_path / "a.txt").write_text("a")
    expected = r"holds neither 2D joints \(.json, .npz, .npy\) nor 3D motions \(.bvh, .npz, .npy\)$"
    for path in (tmp_path, tmp_path / "a.txt"):
        with pytest.raises(UserError, match=expected):
            holds_keypoints(path)
