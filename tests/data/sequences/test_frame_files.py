import pytest

from aign_tf.data.sequences import frame_files
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny


def test_pictures_are_in_the_order_of_the_numbers_in_their_names(tmp_path):
    names = ["a9.png", "a10.jpg", "a100.png", "b1.PNG"]
    for name in reversed(names):
        tiny.picture(tmp_path / name)
    tiny.picture(tmp_path / "deeper/a1.png")
    tiny.picture(tmp_path / ".hidden.png")
    tiny.text(tmp_path / "a1.txt", "")
    assert [path.name for path in frame_files.pictures_in(tmp_path)] == names


def test_a_missing_folder_has_no_pictures(tmp_path):
    assert frame_files.pictures_in(tmp_path / "gone") == []


def test_names_with_and_without_numbers_can_be_sorted():
    names = ["10", "2", "", "x", "x1", "1305031102.175304", "1305031102.211214"]
    assert sorted(names, key=frame_files.in_time) == [
        "", "2", "10", "1305031102.175304", "1305031102.211214", "x", "x1"
    ]  # fmt: skip


def test_picture_size(tmp_path):
    assert frame_files.picture_size(tiny.picture(tmp_path / "a.png", (8, 6))) == (8, 6)
    with pytest.raises(UserError, match=r"b.png: .*No such file"):
        frame_files.picture_size(tmp_path / "b.png")
