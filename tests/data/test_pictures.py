import struct
import threading
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aign_tf.data import pictures
from aign_tf.data.pictures import UnreadablePicture, read_picture, square
from aign_tf.errors import UserError


def _save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


def _noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_lists_all_kinds_of_pictures_sorted_and_nothing_hidden(tmp_path):
    wanted = ["a/z.JPG", "b.jpeg", "c.png", "d.webp", "e.BMP"]
    for name in [*wanted, "notes.txt", ".hidden.png", ".cache/f.png", "a/._z.jpg"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = pictures.list_pictures(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == wanted


def test_pictures_below_a_hidden_parent_are_found(tmp_path):
    _save(tmp_path / ".home" / "faces" / "a.png", _noise(2, 2, 3))
    assert len(pictures.list_pictures(tmp_path / ".home" / "faces")) == 1


def test_folders_that_cannot_be_listed(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name, message in [
        ("absent", "no such folder"),
        ("file", "is a file: a folder of pictures is needed"),
        ("empty", r"no pictures below it \(.jpg .jpeg .png .webp .bmp\)"),
    ]:
        with pytest.raises(UserError, match=message):
            pictures.list_pictures(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.webp"])
def test_reads_what_was_written_without_loss(tmp_path, name):
    image = _noise(5, 7, 3)
    options = {"lossless": True} if name.endswith("webp") else {}
    np.testing.assert_array_equal(read_picture(_save(tmp_path / name, image, **options)), image)


def test_grey_pictures_get_three_channels(tmp_path):
    grey = _noise(4, 6)
    read = read_picture(_save(tmp_path / "grey.png", grey))
    np.testing.assert_array_equal(read, np.repeat(grey[..., None], 3, axis=-1))


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    grey = np.array([[0, 257, 128 * 257], [65535, 300, 1000]], np.uint16)
    read = read_picture(_save(tmp_path / "deep.png", grey))
    np.testing.assert_array_equal(read[..., 0], [[0, 1, 128], [255, 1, 4]])


def test_transparency_is_put_over_white(tmp_path):
    image = np.zeros((1, 3, 4), np.uint8)
    image[0, :, 3] = [0, 255, 51]
    read = read_picture(_save(tmp_path / "alpha.png", image))
    np.testing.assert_array_equal(read[0, :, 0], [255, 0, 204])


def test_palettes_and_their_transparent_colour(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpixel((1, 0), 1)
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.save(tmp_path / "palette.png", transparency=1)
    read = read_picture(tmp_path / "palette.png")
    np.testing.assert_array_equal(read, [[[10, 20, 30], [255, 255, 255]]])


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned: rotate by 90 degrees clockwise to see it upright.
    image = np.zeros((8, 16, 3), np.uint8)
    image[:, :8] = 255
    read = read_picture(_save(tmp_path / "turned.jpg", image, exif=exif, quality=100))
    assert read.shape == (16, 8, 3)
    assert read[:8].min() > 250
    assert read[8:].max() < 5


def test_broken_pictures_are_named_with_the_reason(tmp_path):
    whole = _save(tmp_path / "whole.png", _noise(64, 64, 3)).read_bytes()
    (tmp_path / "short.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.png").touch()
    Image.new("L", (4, 4)).save(tmp_path / "other.gif")
    (tmp_path / "other.gif").rename(tmp_path / "other.png")
    for name, reason in [
        ("short.png", "truncated"),
        ("text.jpg", "not a JPEG, PNG, WebP or BMP picture"),
        ("empty.png", "not a JPEG, PNG, WebP or BMP picture"),
        ("other.png", "not a JPEG, PNG, WebP or BMP picture"),
        ("absent.png", "No such file"),
    ]:
        with pytest.raises(UnreadablePicture, match=reason) as caught:
            read_picture(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {caught.value.reason}"
        assert "\n" not in str(caught.value)


def _png_header(width, height):
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize("side", [8001, 30000])
def test_huge_pictures_are_refused_by_their_header(tmp_path, side):
    (tmp_path / "bomb.png").write_bytes(_png_header(side, side))
    with pytest.raises(UnreadablePicture, match=r"64 million|decompression bomb"):
        read_picture(tmp_path / "bomb.png")


def test_writes_png_and_jpeg_only(tmp_path):
    image = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    for name, tolerance in [("a.png", 0), ("new/a.JPG", 3)]:
        pictures.write_picture(tmp_path / name, image)
        np.testing.assert_allclose(read_picture(tmp_path / name), image, atol=tolerance)
    with pytest.raises(UserError, match=r"a.gif: pictures are written as .png or .jpg"):
        pictures.write_picture(tmp_path / "a.gif", image)


def test_square_of_the_right_size_only_cuts():
    image = _noise(6, 9, 3)
    cut, scale, offset = square(image, 6)
    np.testing.assert_array_equal(cut, image[:, 1:7])
    assert scale == 1
    np.testing.assert_array_equal(offset, [1, 0])


def test_crop_keeps_a_share_of_the_shorter_side():
    image = _noise(20, 10, 3)
    cut, _, offset = square(image, 4, crop=0.4)
    np.testing.assert_array_equal(cut, image[8:12, 3:7])
    np.testing.assert_array_equal(offset, [3, 8])


def test_halving_puts_new_centres_between_old_ones():
    _, scale, offset = square(_noise(8, 12, 3), 4)
    # New pixel (0, 0) covers old pixels 2..3 x 0..1, whose common centre is (2.5, 0.5).
    np.testing.assert_allclose((np.array([2.5, 0.5]) - offset) * scale, [0, 0], atol=1e-12)
    np.testing.assert_allclose((np.array([8.5, 6.5]) - offset) * scale, [3, 3], atol=1e-12)


@given(
    st.integers(16, 90), st.integers(16, 90), st.integers(8, 120), st.sampled_from([1.0, 0.8, 0.55])
)
def test_coordinates_follow_the_picture(height, width, size, crop):
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([2 * x, 2 * y, 0 * x], axis=-1).astype(np.uint8)
    cut, scale, offset = square(ramp, size, crop)
    assert cut.shape == (size, size, 3)
    # A ramp's grey value is its old coordinate, so each new pixel says where it came from;
    # near the border the filter leans on fewer pixels.
    inner = slice(max(3, int(4 * scale)), -max(3, int(4 * scale)))
    new = np.arange(size)
    claimed = np.stack([new, new], axis=-1) / scale + offset
    seen = np.stack([cut[size // 2, :, 0], cut[:, size // 2, 1]], axis=-1) / 2
    np.testing.assert_allclose(seen[inner], claimed[inner], atol=0.5)


@pytest.mark.parametrize("crop", [0, -1, 1.5, float("nan")])
def test_impossible_crops(crop):
    with pytest.raises(UserError, match=r"give the share of the shorter side to keep, in \(0, 1\]"):
        square(_noise(4, 4, 3), 4, crop)


def test_memory_is_checked_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(pictures, "available_memory", lambda: 1_000_000)
    assert pictures.allocate(10, 160).shape == (10, 160, 160, 3)
    message = r"1000 pictures of 128x128 take 0.0 GB.*--set=data.image_size \(at most 16\)"
    with pytest.raises(UserError, match=message):
        pictures.allocate(1000, 128)
    with pytest.raises(UserError, match="picture size 0: it must be at least 1 pixel"):
        pictures.allocate(1000, 0)


def test_available_memory_is_plausible():
    assert 2**26 < pictures.available_memory() < 2**50


def test_parallel_results_keep_their_order_and_errors_come_through():
    threads = set()

    def double(x):
        threads.add(threading.get_ident())
        return 2 * x

    assert list(pictures.in_parallel(double, range(100))) == list(range(0, 200, 2))
    assert threading.get_ident() not in threads
    with pytest.raises(ZeroDivisionError):
        list(pictures.in_parallel(lambda x: 1 / x, [1, 0]))


def test_progress_of_long_reads_is_logged(monkeypatch, caplog):
    monkeypatch.setattr(pictures, "_SECONDS_BETWEEN_LOGS", -1)
    with caplog.at_level("INFO", logger="absl"):
        list(pictures.in_parallel(str, range(3)))
    assert "2 of 3 pictures" in caplog.text
