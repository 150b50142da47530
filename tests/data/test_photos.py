"""Photos keep every pixel that was not asked for, at full resolution."""

import numpy as np
import pytest
from PIL import Image

from aign_tf.data import photos
from aign_tf.data.augment import normalized
from aign_tf.errors import UserError

SIZE = 16


def photo(tmp_path, width, height, crop=1.0, size=SIZE):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return photos.read_photo(path, size, crop), pixels


def painted(value):
    return np.full((SIZE, SIZE, 3), value, np.float32)


def hole(x0, y0, x1, y1):
    hidden = np.zeros((SIZE, SIZE), bool)
    hidden[y0:y1, x0:x1] = True
    return hidden


@pytest.mark.parametrize("crop", [1.0, 0.6])
@pytest.mark.parametrize(
    ("width", "height"), [(16, 16), (37, 37), (61, 40), (40, 61), (133, 97), (9, 7), (1, 1)]
)
def test_a_photo_comes_back_at_its_size_changed_in_the_hole_alone(tmp_path, width, height, crop):
    found, pixels = photo(tmp_path, width, height, crop)
    np.testing.assert_array_equal(found.full, pixels)
    assert found.face.shape == (SIZE, SIZE, 3)
    assert found.side == max(1, round(crop * min(width, height)))

    after = found.with_pixels(painted(1.0), hole(4, 6, 12, 14))
    assert after.shape == pixels.shape and after.dtype == np.uint8
    # Centres of the full photo's pixels, in pixels of the network's square.
    left, top = (width - found.side) // 2, (height - found.side) // 2
    x = (np.arange(width) - left + 0.5) * SIZE / found.side
    y = (np.arange(height) - top + 0.5)[:, None] * SIZE / found.side
    inside = (x > 4) & (x < 12) & (y > 6) & (y < 14)
    outside = (x < 4) | (x > 12) | (y < 6) | (y > 14)  # Centres on an edge belong to either.
    np.testing.assert_array_equal(after[outside], pixels[outside])
    assert np.all(after[inside] == 255)


@pytest.mark.parametrize(("width", "height"), [(37, 61), (61, 37)])
def test_without_a_hole_nothing_changes(tmp_path, width, height):
    found, pixels = photo(tmp_path, width, height)
    after = found.with_pixels(painted(0.3), np.zeros((SIZE, SIZE), bool))
    np.testing.assert_array_equal(after, pixels)


def test_at_the_networks_size_predicted_pixels_arrive_exactly(tmp_path):
    found, pixels = photo(tmp_path, SIZE, SIZE)
    np.testing.assert_array_equal(found.face, pixels)
    drawn = np.random.default_rng(1).integers(0, 256, pixels.shape, np.uint8)
    hidden = np.random.default_rng(2).random((SIZE, SIZE)) < 0.5
    after = found.with_pixels(normalized(drawn).numpy(), hidden)
    np.testing.assert_array_equal(after, np.where(hidden[..., None], drawn, pixels))


def test_a_folder_is_read_in_order_and_a_file_by_itself(tmp_path):
    for name in ("b.png", "a.jpg", "sub/c.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if name.endswith("txt"):
            (tmp_path / name).write_text("no picture")
        else:
            Image.new("RGB", (5, 6)).save(tmp_path / name)
    found = [photo.path.name for photo in photos.read_photos(tmp_path, 8, 1.0)]
    assert found == ["a.jpg", "b.png", "c.png"]
    (alone,) = photos.read_photos(tmp_path / "b.png", 8, 1.0)
    assert alone.path.name == "b.png"


@pytest.mark.parametrize(
    ("name", "content"), [("broken.png", b"\x89PNG broken"), ("empty.jpg", b""), ("a.txt", b"hi")]
)
def test_a_file_that_is_no_picture_is_one_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"cannot read .*{name}: ") as error:
        photos.read_photos(tmp_path / name, 8, 1.0)
    assert "\n" not in str(error.value)


def test_a_broken_picture_in_a_folder_is_named(tmp_path):
    Image.new("RGB", (5, 5)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"cannot read .*bad\.png: not a JPEG, PNG"):
        photos.read_photos(tmp_path, 8, 1.0)


def test_a_missing_source_and_an_empty_folder(tmp_path):
    with pytest.raises(UserError, match="missing: no such"):
        photos.read_photos(tmp_path / "missing", 8, 1.0)
    with pytest.raises(UserError, match="no pictures below it"):
        photos.read_photos(tmp_path, 8, 1.0)
