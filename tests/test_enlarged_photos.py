"""Photos in, larger faces or photos with larger faces out, and an overview of both."""

import numpy as np
import pytest
from PIL import Image

from aign_tf.data.augment import quantized
from aign_tf.data.face_boxes import Square
from aign_tf.data.pasting import cut, enlarged, paste
from aign_tf.data.photos import OVERVIEW
from aign_tf.enlarged_photos import PhotoOptions, write_enlarged
from aign_tf.errors import UserError

LARGE = 24  # side of the faces that the toy makes


class Toy:
    """Answers with brighter and brighter faces, and remembers what it was shown."""

    def __init__(self):
        self.shown = []

    def __call__(self, photo, square):
        self.shown.append((photo, square))
        return self.face(len(self.shown))

    @staticmethod
    def face(count):
        return np.full((LARGE, LARGE, 3), -1 + 0.05 * count, np.float32)


def write(tmp_path, toy, source="in", crop=1.0, **options):
    out = tmp_path / "out"
    written = write_enlarged(tmp_path / source, out, toy, PhotoOptions(**options), "", crop)
    assert written[-1] == out / OVERVIEW
    return [path.relative_to(out).as_posix() for path in written[:-1]]


def photo(path, width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def read(tmp_path, name):
    return np.asarray(Image.open(tmp_path / "out" / name))


@pytest.mark.parametrize(("crop", "square"), [(1.0, Square(10, 0, 40)), (0.6, Square(18, 8, 24))])
def test_without_boxes_a_photo_is_one_face_of_which_the_large_one_is_written(
    tmp_path, crop, square
):
    pixels, toy = photo(tmp_path / "a.png", 61, 40), Toy()
    assert write(tmp_path, toy, "a.png", crop) == ["a.png"]
    ((shown, where),) = toy.shown
    np.testing.assert_array_equal(shown, pixels)
    assert where == square
    np.testing.assert_array_equal(read(tmp_path, "a.png"), quantized(Toy.face(1)))


@pytest.mark.parametrize("factor", [1, 2])
def test_with_boxes_faces_of_the_photo_are_replaced(tmp_path, factor):
    pixels, toy = photo(tmp_path / "a.png", 61, 40), Toy()
    boxes = "2 3 12 13; 30 5 50 25"
    assert write(tmp_path, toy, "a.png", boxes=boxes, enlarge=factor) == ["a.png"]
    assert [square for _, square in toy.shown] == [Square(2, 3, 10), Square(30, 5, 20)]
    expected = enlarged(pixels, factor)
    for count, (left, top, side) in enumerate([(2, 3, 10), (30, 5, 20)], start=1):
        square = Square(factor * left, factor * top, factor * side)
        expected = paste(expected, square, Toy.face(count))
    np.testing.assert_array_equal(read(tmp_path, "a.png"), expected)


def test_every_photo_of_a_folder_is_written(tmp_path):
    for name in ("a.png", "sub/b.bmp"):
        photo(tmp_path / "in" / name, 30, 20)
    toy = Toy()
    assert write(tmp_path, toy) == ["a.png", "sub/b.png"]
    assert len(toy.shown) == 2
    np.testing.assert_array_equal(read(tmp_path, "sub/b.png"), quantized(Toy.face(2)))


def test_the_overview_shows_faces_as_they_were_cut_and_as_they_became(tmp_path):
    pixels = photo(tmp_path / "a.png", 300, 200)
    write(tmp_path, Toy(), "a.png", boxes="20 10 148 138; 200 100 264 164")
    sheet = read(tmp_path, OVERVIEW)
    # Captions of 16 pixels, pictures of 128, gaps of 2.
    assert sheet.shape == (16 + 128 + 2 + 128, 128 + 2 + 128, 3)
    np.testing.assert_array_equal(sheet[16:144, :128], pixels[10:138, 20:148])
    np.testing.assert_array_equal(sheet[146:, :128], cut(pixels, Square(200, 100, 64), 128))
    assert np.all(sheet[146:, 130:] == quantized(Toy.face(2))[0, 0])


def test_the_overview_shows_ten_faces_at_most(tmp_path):
    photo(tmp_path / "a.png", 130, 20)
    toy = Toy()
    boxes = "; ".join(f"{x} 0 {x + 8} 8" for x in range(0, 120, 10))
    write(tmp_path, toy, "a.png", boxes=boxes)
    assert len(toy.shown) == 12
    assert read(tmp_path, OVERVIEW).shape[0] == 16 + 10 * 130 - 2


def test_a_photo_without_faces_is_only_enlarged_and_named(tmp_path, caplog):
    pixels, toy = np.full((60, 80, 3), 90, np.uint8), Toy()
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    photo(tmp_path / "in" / "a.png", 30, 20)
    with caplog.at_level("WARNING"):
        assert write(tmp_path, toy, "plain.png", boxes="detect", enlarge=2) == ["plain.png"]
    assert not toy.shown
    assert "plain: no face found, so none is changed: give boxes" in caplog.text
    np.testing.assert_array_equal(read(tmp_path, "plain.png"), enlarged(pixels, 2))
    assert read(tmp_path, OVERVIEW).ndim == 3


def test_a_photo_that_is_one_face_is_not_enlarged_itself(tmp_path):
    photo(tmp_path / "a.png", 30, 20)
    with pytest.raises(UserError, match="enlarge=2: give boxes, too; without them the large"):
        write(tmp_path, Toy(), "a.png", enlarge=2)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("missing", {}, "missing: no such file or folder"),
        ("a.png", {"boxes": "1 2 3"}, "write four numbers as"),
        ("a.png", {"boxes": "90 0 99 9"}, "lies outside the photo of 30x20 pixels"),
    ],
)
def test_what_cannot_be_used_is_one_line(tmp_path, source, options, message):
    photo(tmp_path / "a.png", 30, 20)
    with pytest.raises(UserError, match=message) as error:
        write(tmp_path, Toy(), source, **options)
    assert "\n" not in str(error.value)
