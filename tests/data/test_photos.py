"""Photos keep every pixel that was not asked for, at full resolution."""

import numpy as np
import pytest
from PIL import Image

from aign_tf.data import photos, pictures
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
    np.testing.assert_array_equal(found.face, pictures.square(pixels, SIZE, crop)[0])
    left, top, side = found.square
    assert side == max(1, round(crop * min(width, height)))

    after = found.with_pixels(painted(1.0), hole(4, 6, 12, 14))
    assert after.shape == pixels.shape and after.dtype == np.uint8
    # Centres of the full photo's pixels, in pixels of the network's square.
    assert (left, top) == ((width - side) // 2, (height - side) // 2)
    x = (np.arange(width) - left + 0.5) * SIZE / side
    y = (np.arange(height) - top + 0.5)[:, None] * SIZE / side
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


def read(source, output):
    """Colours of the pictures below `source` -> names of what will be written for them."""
    return {
        tuple(picture[0, 0]): target.relative_to(output).as_posix()
        for picture, target in photos.read_pictures(source, output)
    }


def coloured(path, colour):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (5, 6), colour).save(path)


def test_every_photo_of_a_folder_has_a_target_of_its_own(tmp_path):
    coloured(tmp_path / "in" / "b.png", (1, 1, 1))
    coloured(tmp_path / "in" / "sub" / "b.png", (2, 2, 2))
    coloured(tmp_path / "in" / "c.bmp", (3, 3, 3))
    coloured(tmp_path / "in" / "c.png", (4, 4, 4))
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    assert read(tmp_path / "in", tmp_path / "out") == {
        (1, 1, 1): "b.png",
        (2, 2, 2): "sub/b.png",
        (3, 3, 3): "c.bmp.png",
        (4, 4, 4): "c.png.png",
    }


def test_a_file_is_read_by_itself(tmp_path):
    coloured(tmp_path / "a.bmp", (1, 1, 1))
    coloured(tmp_path / "b.bmp", (2, 2, 2))
    assert read(tmp_path / "b.bmp", tmp_path / "out") == {(2, 2, 2): "b.png"}


def test_photos_are_pictures_with_a_face(tmp_path):
    coloured(tmp_path / "b.bmp", (2, 2, 2))
    ((found, target),) = photos.read_photos(tmp_path / "b.bmp", tmp_path / "out", 8, 0.8)
    assert target == tmp_path / "out" / "b.png"
    assert found.full.shape == (6, 5, 3) and found.square == (0, 1, 4)
    np.testing.assert_array_equal(found.face, np.full((8, 8, 3), 2))


@pytest.mark.parametrize("source", ["", "a.png"])
def test_a_photo_is_never_overwritten(tmp_path, source):
    coloured(tmp_path / "a.png", (1, 1, 1))
    with pytest.raises(UserError, match=r"a\.png would be overwritten: choose another --output"):
        read(tmp_path / source, tmp_path)


@pytest.mark.parametrize(
    ("name", "content"), [("broken.png", b"\x89PNG broken"), ("empty.jpg", b""), ("a.txt", b"hi")]
)
def test_a_file_that_is_no_picture_is_one_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"cannot read .*{name}: ") as error:
        read(tmp_path / name, tmp_path / "out")
    assert "\n" not in str(error.value)


def test_a_broken_picture_in_a_folder_is_left_out_and_named(tmp_path, caplog):
    coloured(tmp_path / "good.png", (1, 1, 1))
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with caplog.at_level("WARNING"):
        assert read(tmp_path, tmp_path / "out") == {(1, 1, 1): "good.png"}
    assert "bad.png: not a JPEG" in caplog.text


def test_a_folder_of_broken_pictures_is_one_line(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"cannot read .*a\.png: not a JPEG, PNG"):
        read(tmp_path, tmp_path / "out")


def test_a_missing_source_and_an_empty_folder(tmp_path):
    with pytest.raises(UserError, match="missing: no such"):
        read(tmp_path / "missing", tmp_path / "out")
    with pytest.raises(UserError, match="no pictures below it"):
        read(tmp_path, tmp_path / "out")
