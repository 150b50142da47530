import numpy as np
import pytest

from aign_tf.data.sequences import kitti_odometry
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny

# Of sequence 04.
P2 = [707.0912, 0, 601.8873, 46.88783, 0, 707.0912, 183.1104, 0.1178601, 0, 0, 1, 0.006203223]
TO_CAMERA_2 = (P2[3] - P2[2] * P2[11]) / P2[0]  # metres along x


@pytest.fixture
def sequence(tmp_path):
    folder = tmp_path / "sequences/04"
    for i in range(3):
        tiny.picture(folder / f"image_2/{i:06d}.png", value=i)
        tiny.picture(folder / f"image_0/{i:06d}.png", value=100 + i)
    lines = [("P0:", [700, 0, 600, 0, 0, 700, 180, 0, 0, 0, 1, 0]), ("P2:", P2)]
    text = "\n".join(" ".join([key, *map(str, values)]) for key, values in lines)
    tiny.text(folder / "calib.txt", text + "\nTr: 1 2\n")
    tiny.text(folder / "times.txt", "0.0\n0.1\n0.2\n")
    tiny.table(tmp_path / "poses/04.txt", tiny.poses(3).reshape(3, 16)[:, :12])
    return folder


def test_poses_are_those_of_the_left_colour_camera(sequence):
    assert kitti_odometry.recognises(sequence)
    assert not kitti_odometry.recognises(sequence.parent)
    (footage,) = kitti_odometry.read(sequence)
    assert (footage.name, footage.count) == ("04", 3)
    assert footage.focal.tolist() == [707.0912, 707.0912]
    assert footage.principal_point.tolist() == [601.8873, 183.1104]
    assert [footage.read_image(i).max() for i in range(3)] == [0, 1, 2]
    assert footage.read_depth is None
    # The first camera sees the left colour camera to its left, where x is negative.
    first_from_camera = np.linalg.inv(tiny.poses(3)) @ footage.poses
    np.testing.assert_allclose(
        first_from_camera[:, :3, :3], np.tile(np.eye(3), (3, 1, 1)), atol=1e-9
    )
    np.testing.assert_allclose(first_from_camera[:, 0, 3], -TO_CAMERA_2, atol=1e-9)
    assert 0.05 < TO_CAMERA_2 < 0.07
    # A point projects as with P2.
    point = np.array([1.0, 2, 10, 1])
    expected = np.reshape(P2, (3, 4)) @ point
    seen = (np.linalg.inv(first_from_camera[0]) @ point)[:3]
    pixel = footage.focal * seen[:2] / seen[2] + footage.principal_point
    np.testing.assert_allclose(pixel, expected[:2] / expected[2])


def test_grey_pictures_without_poses(sequence):
    (sequence.parents[1] / "poses/04.txt").unlink()
    for path in (sequence / "image_2").iterdir():
        path.unlink()
    (sequence / "image_2").rmdir()
    (footage,) = kitti_odometry.read(sequence)
    assert footage.read_image(1).max() == 101
    assert footage.focal.tolist() == [700, 700]
    assert footage.poses is None


def _fewer_pictures(folder):
    (folder / "image_2/000000.png").unlink()


def _no_pictures(folder):
    for path in (folder / "image_2").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "spoil, message",
    [
        (_no_pictures, "image_2: no pictures in it"),
        (_fewer_pictures, "04.txt: 3 poses for 2 pictures"),
        (lambda f: tiny.text(f / "calib.txt", "P0: 1"), "calib.txt: no line begins with P2:"),
        (lambda f: tiny.text(f / "calib.txt", "P2: 1 2"), "line 1: 2 values, 12 numbers"),
        (lambda f: tiny.text(f / "calib.txt", "P2:" + " 1" * 12), "intrinsics must be fx 0 cx"),
        (lambda f: tiny.text(f.parents[1] / "poses/04.txt", "1 2 3"), "04.txt, line 1: 3 values"),
    ],
)
def test_sequences_with_mistakes(sequence, spoil, message):
    spoil(sequence)
    with pytest.raises(UserError) as caught:
        kitti_odometry.read(sequence)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
