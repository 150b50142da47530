import numpy as np
import pytest

from aign_tf.data.sequences import cameras
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny


@pytest.mark.parametrize(
    "content",
    ["5 0 3\n0 6 2\n0 0 1\n", "5 6 3 2\n", "# fx fy\n5 6\n3 2\n", "5.,0.,3.,0.,6.,2.,0.,0.,1."],
)
def test_spellings_of_intrinsics(tmp_path, content):
    focal, principal_point = cameras.read_intrinsics(tiny.text(tmp_path / "i.txt", content))
    assert focal.tolist() == [5, 6]
    assert principal_point.tolist() == [3, 2]


@pytest.mark.parametrize(
    "content, message",
    [
        ("5 6 3\n", "i.txt: 3 numbers, 9 (3x3) or 4 (fx fy cx cy) are needed"),
        ("", "i.txt: 0 numbers"),
        ("5 6 3 x\n", "i.txt, line 1: 'x' is not a finite number"),
        ("5 0 0\n0 6 0\n3 2 1\n", "fx 0 cx 0 fy cy 0 0 1, not 5 0 0 0 6 0 3 2 1"),
        ("5 1 3\n0 6 2\n0 0 1\n", "intrinsics must be fx 0 cx"),
        ("-5 6 3 2\n", "intrinsics must be fx 0 cx"),
    ],
)
def test_intrinsics_with_mistakes(tmp_path, content, message):
    with pytest.raises(UserError) as caught:
        cameras.read_intrinsics(tiny.text(tmp_path / "i.txt", content))
    assert message in str(caught.value)


def test_intrinsics_in_the_folder_come_before_those_beside_it(tmp_path):
    folder = tmp_path / "walk"
    folder.mkdir()
    assert cameras.find_intrinsics(folder) is None
    beside = tiny.text(tmp_path / "intrinsics.txt", "1 1 1 1")
    assert cameras.find_intrinsics(folder) == beside
    own = tiny.text(folder / "intrinsics.txt", "1 1 1 1")
    assert cameras.find_intrinsics(folder) == own


def test_the_usual_camera_is_for_pictures_of_the_usual_size(tmp_path):
    picture = tiny.picture(tmp_path / "walk/a.png", (8, 6))
    usual = (5.0, 6.0, 3.0, 2.0)
    focal, principal_point = cameras.usual_intrinsics(picture.parent, picture, (8, 6), usual)
    assert (*focal, *principal_point) == usual
    with pytest.raises(UserError, match=r"pictures of 8x6, not 16x12 as .*add intrinsics.txt"):
        cameras.usual_intrinsics(picture.parent, picture, (16, 12), usual)
    tiny.text(tmp_path / "walk/intrinsics.txt", "1 2 3 4")
    focal, _ = cameras.usual_intrinsics(picture.parent, picture, (16, 12), usual)
    assert focal.tolist() == [1, 2]


def test_poses_have_12_or_16_numbers(tmp_path):
    poses = tiny.poses(3)
    for count in (12, 16):
        values = poses.reshape(3, 16)[:, :count]
        np.testing.assert_array_equal(cameras.as_poses(tmp_path, values), poses)


def test_transposed_poses_are_noticed(tmp_path):
    values = np.swapaxes(tiny.poses(2), 1, 2).reshape(2, 16)
    values[0] = np.eye(4).ravel()
    with pytest.raises(UserError, match=r"the fourth row of pose 1 \(from 0\) is .* not 0 0 0 1"):
        cameras.as_poses(tmp_path, values)


def test_inverse():
    poses = tiny.poses(4)
    np.testing.assert_allclose(
        cameras.inverse(poses) @ poses, np.tile(np.eye(4), (4, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(cameras.inverse(poses[0]), np.linalg.inv(poses[0]), atol=1e-12)
