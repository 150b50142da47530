import io

import numpy as np
import pytest
from PIL import Image

from aign_tf.data.pictures import UnreadablePicture
from aign_tf.data.sequences import depth_files
from tests.data.sequences import tiny_files as tiny


def test_all_16_bits_come_through(tmp_path):
    values = [[0, 1, 255], [256, 40000, 65535]]
    read = depth_files.read_depth16(tiny.depth_map(tmp_path / "d.png", values))
    assert read.dtype == np.uint16
    assert read.tolist() == values


def _file(kind, suffix, size=(4, 4)):
    content = io.BytesIO()
    Image.new(kind, size).save(content, suffix)
    return content.getvalue()


@pytest.mark.parametrize(
    "content, reason",
    [
        (_file("L", "PNG"), "a PNG of kind L: depth needs one channel of 16 bits"),
        (_file("RGB", "PNG"), "a PNG of kind RGB: depth needs"),
        (_file("I;16", "TIFF"), "not a PNG, which depth needs"),
        (_file("I;16", "PNG", (64, 64))[:-60], "Truncated"),
        (b"", "not a PNG"),
        (b"text", "not a PNG"),
    ],
)
def test_files_that_are_no_depth_maps(tmp_path, content, reason):
    path = tmp_path / "d.png"
    path.write_bytes(content)
    with pytest.raises(UnreadablePicture) as caught:
        depth_files.read_depth16(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_huge_and_missing_files(tmp_path, monkeypatch):
    with pytest.raises(UnreadablePicture, match="No such file"):
        depth_files.read_depth16(tmp_path / "gone.png")
    monkeypatch.setattr("aign_tf.data.pictures.MAX_PIXELS", 15)
    with pytest.raises(UnreadablePicture, match="4x4 pixels, more than"):
        depth_files.read_depth16(tiny.depth_map(tmp_path / "d.png", np.ones((4, 4))))


def test_depth_in_metres(tmp_path):
    expected = [tiny.depth_map(tmp_path / "0.png", [[0, 500], [1000, 65535]]), None]
    pictures = [tiny.picture(tmp_path / f"{name}.jpg", (2, 2)) for name in "ab"]
    read = depth_files.depth_reader(expected, pictures, 1000, 65535)
    assert read(0).dtype == np.float32
    assert read(0).tolist() == [[0, 0.5], [1, 0]]
    assert read(1).tolist() == [[0, 0], [0, 0]]
    far = depth_files.depth_reader(expected, pictures, 1000)(0)
    assert far[1, 1] == np.float32(65.535)


def test_no_depth_map_at_all(tmp_path):
    pictures = [tiny.picture(tmp_path / "a.jpg")]
    assert depth_files.depth_reader([tmp_path / "gone.png"], pictures, 1000) is None


@pytest.mark.parametrize("beyond", [0, depth_files.MOST_MILLIMETRES])
def test_written_depths_are_rounded_to_millimetres_and_end_somewhere(tmp_path, beyond):
    depth = np.float32([[0, 0.0004, 0.0006, 1.2345678], [65.5349, 65.5361, 70, np.inf]])
    depth_files.write_depth16(tmp_path / "depth.png", depth, beyond)
    expected = [[0, 0, 1, 1235], [65535, beyond, beyond, beyond]]
    np.testing.assert_array_equal(depth_files.read_depth16(tmp_path / "depth.png"), expected)
