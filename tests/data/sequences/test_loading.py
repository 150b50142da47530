import dataclasses
import pathlib

import numpy as np
import pytest
from PIL import Image

from aign_tf.data.sequences import loading, plain
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.loading import load, load_all
from aign_tf.data.sequences.resampling import nearest_readings, stretched
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny

OFFICE = pathlib.Path(__file__).parents[3] / "../shared/data/office_rgbd"


def _footage(count=3, height=12, width=16, name="walk"):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, height, width, 3), np.uint8)
    depth = np.where(rng.random((count, height, width)) < 0.3, 0, 2).astype(np.float32)
    focal, principal_point = np.array([20.0, 22.0]), np.array([7.5, 5.5])
    return Footage(
        name,
        count,
        images.__getitem__,
        focal,
        principal_point,
        depth.__getitem__,
        tiny.poses(count),
    )


def test_pictures_depth_and_camera_are_resampled_together():
    footage = _footage()
    sequence = load(footage, 6, 4)
    assert sequence.name == "walk"
    assert len(sequence) == 3
    assert sequence.frames.dtype == np.uint8
    assert sequence.depth.dtype == sequence.focal.dtype == sequence.principal_point.dtype
    assert sequence.depth.dtype == np.float32
    for i in range(3):
        np.testing.assert_array_equal(sequence.frames[i], stretched(footage.read_image(i), 6, 4))
        expected = nearest_readings(footage.read_depth(i), 6, 4)
        np.testing.assert_array_equal(sequence.depth[i], expected)
    assert sequence.focal.tolist() == [5, 11]
    assert sequence.principal_point.tolist() == [1.5, 2.5]
    np.testing.assert_array_equal(sequence.poses, footage.poses)


def test_nothing_changes_in_the_stored_size():
    footage = _footage()
    sequence = load(footage, 12, 16)
    np.testing.assert_array_equal(sequence.frames[1], footage.read_image(1))
    np.testing.assert_array_equal(sequence.depth[2], footage.read_depth(2))
    assert sequence.focal.tolist() == footage.focal.tolist()


def test_recordings_of_several_sizes_with_and_without_depth():
    bare = dataclasses.replace(_footage(2, 6, 8, "bare"), read_depth=None, poses=None)
    first, second = load_all([_footage(), bare], 6, 8)
    assert (first.name, second.name) == ("walk", "bare")
    assert first.depth.shape == (3, 6, 8)
    assert second.depth is None
    assert second.poses is None
    assert first.focal.tolist() == [10, 11]
    assert second.focal.tolist() == [20, 22]
    np.testing.assert_array_equal(second.frames[1], bare.read_image(1))


def test_all_pictures_of_a_recording_must_have_one_size():
    footage = _footage()
    odd = dataclasses.replace(
        footage, read_image=lambda i: footage.read_image(i)[:, : 16 - 2 * (i == 2)]
    )
    with pytest.raises(UserError) as caught:
        load(odd, 6, 8)
    assert str(caught.value) == (
        "walk: picture 2 (from 0) has 14x12 pixels, the first has 16x12: all of a recording must "
        "have one size"
    )
    odd = dataclasses.replace(footage, read_depth=lambda i: footage.read_depth(i)[: 12 - i])
    with pytest.raises(UserError, match=r"depth map 1 \(from 0\) has 16x11 pixels, its picture"):
        load(odd, 6, 8)


def test_files_that_cannot_be_read_are_named(tmp_path):
    for i in range(3):
        tiny.picture(tmp_path / f"images/{i}.png")
        tiny.depth_map(tmp_path / f"depth/{i}.png", np.ones((6, 8)))
    tiny.text(tmp_path / "intrinsics.txt", "7 7 3.5 2.5")
    (footage,) = plain.read(tmp_path)
    load(footage, 6, 8)
    Image.new("L", (8, 6)).save(tmp_path / "depth/2.png")
    with pytest.raises(UserError, match=r"depth/2.png: a PNG of kind L: depth needs one channel"):
        load(footage, 6, 8)
    (tmp_path / "images/1.png").write_text("broken")
    with pytest.raises(UserError, match=r"images/1.png: not a JPEG, PNG, WebP or BMP picture"):
        load(footage, 6, 8)


def test_too_little_memory_is_noticed_before_reading(monkeypatch):
    def never(frame):
        raise AssertionError("nothing may be read")

    footage = dataclasses.replace(_footage(), read_image=never, read_depth=never)
    bare = dataclasses.replace(footage, read_depth=None)
    monkeypatch.setattr(loading, "available_memory", lambda: 100_000)
    with pytest.raises(UserError) as caught:
        load_all([footage, bare], 100, 200)
    # 0.3 of it against (6 * 3 + 3 * 4) * 200 * 100: 0.224 of either side.
    assert "6 pictures of 200x100 and 3 depth maps take 0.0 GB" in str(caught.value)
    assert "smaller pictures (at most 44x22) would fit" in str(caught.value)
    with pytest.raises(UserError, match="pictures of 0x100: they must be at least 1 pixel"):
        load(footage, 100, 0)


@pytest.mark.skipif(not OFFICE.exists(), reason="the office recording is not here")
@pytest.mark.parametrize("height, width", [(160, 240), (96, 128)])
def test_office_frames_lie_upon_each_other_after_warping(height, width):
    """What the next frame shows is where depth, poses and intrinsics together say it is."""
    footage = dataclasses.replace(plain.read(OFFICE)[0], count=6)
    sequence = load(footage, height, width)
    row, column = np.indices((height, width))
    ray = (np.stack([column, row], -1) - sequence.principal_point) / sequence.focal
    ray = np.concatenate([ray, np.ones((height, width, 1))], -1)
    before, after = [], []
    for i in range(5):
        depth = sequence.depth[i]
        motion = np.linalg.inv(sequence.poses[i + 1]) @ sequence.poses[i]
        point = (ray * depth[..., None]) @ motion[:3, :3].T + motion[:3, 3]
        pixel = point[..., :2] / point[..., 2:] * sequence.focal + sequence.principal_point
        x, y = np.moveaxis(np.rint(np.nan_to_num(pixel)).astype(int), -1, 0)
        seen = (depth > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
        this, following = sequence.frames[i : i + 2].astype(float)
        before.append(np.abs(this - following)[seen].mean())
        after.append(np.abs(this[seen] - following[y[seen], x[seen]]).mean())
    assert np.mean(after) < 0.45 * np.mean(before)
