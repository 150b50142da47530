import pathlib

import numpy as np
import pytest

from aign_tf.data.sequences import plain
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny


@pytest.fixture
def walk(tmp_path):
    """Three pictures with everything."""
    folder = tmp_path / "walk"
    for i in range(3):
        tiny.picture(folder / f"images/{i:06d}.jpg", value=50 * i)
        tiny.depth_map(folder / f"depth/{i:06d}.png", np.full((6, 8), 1500 * i))
    tiny.text(folder / "intrinsics.txt", "5 0 3.5\n0 6 2.5\n0 0 1\n")
    tiny.table(folder / "poses.txt", tiny.poses(3).reshape(3, 16))
    return folder


def test_everything(walk):
    assert plain.recognises(walk)
    (footage,) = plain.read(walk)
    assert (footage.name, footage.count) == ("walk", 3)
    assert footage.focal.tolist() == [5, 6]
    assert footage.principal_point.tolist() == [3.5, 2.5]
    np.testing.assert_array_equal(footage.poses, tiny.poses(3))
    assert footage.read_image(2).shape == (6, 8, 3)
    assert abs(footage.read_image(2).astype(int) - 100).max() < 3
    np.testing.assert_array_equal(footage.read_depth(1), np.full((6, 8), 1.5, np.float32))
    assert not footage.read_depth(0).any()


def test_pictures_and_a_camera_are_enough(tmp_path):
    tiny.picture(tmp_path / "walk/10.png", value=2)
    tiny.picture(tmp_path / "walk/9.png", value=1)
    assert not plain.recognises(tmp_path / "walk")
    tiny.text(tmp_path / "intrinsics.txt", "5 6 3.5 2.5")
    assert plain.recognises(tmp_path / "walk")
    (footage,) = plain.read(tmp_path / "walk")
    assert [footage.read_image(i).max() for i in range(2)] == [1, 2]
    assert footage.read_depth is None
    assert footage.poses is None


def test_twelve_numbers_a_pose(walk):
    tiny.table(walk / "poses.txt", tiny.poses(3).reshape(3, 16)[:, :12])
    np.testing.assert_array_equal(plain.read(walk)[0].poses, tiny.poses(3))


def test_a_frame_without_a_depth_map_has_no_readings(walk):
    (walk / "depth/000001.png").unlink()
    read = plain.read(walk)[0].read_depth
    assert read(1).shape == (6, 8)
    assert not read(1).any()
    assert read(2).all()


def _remove(walk, folder):
    for path in (walk / folder).iterdir():
        path.unlink()


def _rename(walk):
    for path in (walk / "depth").iterdir():
        path.rename(path.with_name(f"d{path.name}"))


def _one_pose_less(walk):
    tiny.table(walk / "poses.txt", tiny.poses(2).reshape(2, 16))


def _short_pose(walk):
    tiny.text(walk / "poses.txt", "1 0 0 0 0 1 0 0 0 0 1 0\n" * 2 + "1 2\n")


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda walk: _remove(walk, "images"), "images: no pictures in it"),
        (lambda walk: (walk / "intrinsics.txt").unlink(), "without a camera: add intrinsics.txt"),
        (_rename, "depth: no depth map is named as a picture, e.g. 000000.png"),
        (_one_pose_less, "poses.txt: 2 poses for 3 pictures"),
        (_short_pose, "poses.txt, line 3: 2 values, 12 numbers are needed"),
        (lambda walk: tiny.text(walk / "poses.txt", ""), "poses.txt holds no numbers"),
        (lambda walk: tiny.text(walk / "poses.txt", "0 1 2"), "12 or 16 numbers are needed"),
    ],
)
def test_recordings_with_mistakes(walk, spoil, message):
    spoil(walk)
    with pytest.raises(UserError) as caught:
        plain.read(walk)
    assert message in str(caught.value)
    assert str(walk) in str(caught.value)
    assert "\n" not in str(caught.value)


OFFICE = pathlib.Path(__file__).parents[3] / "../shared/data/office_rgbd"


@pytest.mark.skipif(not OFFICE.exists(), reason="the office recording is not here")
def test_the_office():
    (footage,) = plain.read(OFFICE)
    assert (footage.name, footage.count) == ("office_rgbd", 373)
    np.testing.assert_allclose(footage.focal, [220.252336, 220.214206])
    np.testing.assert_allclose(footage.poses[0, :3, 3], [-1.94312, 0.112344, 4.67999])
    depth = footage.read_depth(0)
    assert depth.shape == footage.read_image(0).shape[:2] == (160, 240)
    assert 0 < depth[depth > 0].min() < depth.max() < 5
