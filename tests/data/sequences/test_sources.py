"""Whatever a prediction is asked for becomes recordings with a camera, a frame rate and a size."""

import cv2
import numpy as np
import pytest

from aign_tf.data.sequences.prepare import write_sequence
from aign_tf.data.sequences.sources import list_sources, parse_intrinsics
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny
from tests.data.sequences.numbered import numbered

# Of pictures of 96 x 128.
USUAL = np.array([100.0, 110.0, 63.5, 47.5])
COUNT, WIDTH, HEIGHT = 5, 64, 32


def sources(path, intrinsics=""):
    return list_sources(path, intrinsics, USUAL, 128)


def camera(source):
    return [*source.footage.focal, *source.footage.principal_point]


def shown(source):
    """Grey level of each frame."""
    read = source.footage.read_image
    return [round(float(read(frame).mean())) for frame in range(source.footage.count)]


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "walk.1.mp4"
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 12.5, (WIDTH, HEIGHT))
    for frame in range(COUNT):
        writer.write(np.full((HEIGHT, WIDTH, 3), 40 * frame, np.uint8))
    writer.release()
    return path


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures and nothing more."""
    for frame in range(COUNT):
        tiny.picture(tmp_path / "holiday" / f"{frame}.png", (WIDTH, HEIGHT), 40 * frame)
    return tmp_path / "holiday"


# Kinds of sources.


def test_a_video_file_is_one_recording(video):
    (source,) = sources(video)
    assert source.footage.name == "walk.1" and source.footage.count == COUNT
    assert source.fps == pytest.approx(12.5) and source.size == (WIDTH, HEIGHT)
    np.testing.assert_allclose(shown(source), 40 * np.arange(COUNT), atol=3)
    assert source.footage.read_depth is None and source.footage.poses is None


def test_a_folder_of_pictures_is_one_recording(pictures):
    (source,) = sources(pictures)
    assert source.footage.name == "holiday" and source.size == (WIDTH, HEIGHT)
    assert source.fps == 25
    assert shown(source) == [0, 40, 80, 120, 160]


def test_recordings_as_in_training_have_the_camera_of_their_files(tmp_path, caplog):
    for row, name in enumerate(("a", "b")):
        write_sequence(numbered(3, 10 * row, name), tmp_path / "walks" / name)
    one, other = sources(tmp_path / "walks")
    assert [one.footage.name, other.footage.name] == ["a", "b"]
    assert one.size == other.size == (12, 8)
    assert shown(other) == [10, 11, 12]
    assert camera(one) == [9, 9.5, 5, 3] and camera(other) == [19, 9.5, 5, 13]
    assert one.footage.poses is not None
    assert "camera is not known" not in caplog.text


def test_a_folder_that_is_one_recording(tmp_path):
    write_sequence(numbered(3), tmp_path / "walk")
    (source,) = sources(tmp_path / "walk")
    assert source.footage.name == "walk" and camera(source) == [9, 9.5, 5, 3]


# Cameras.


def test_a_camera_that_nobody_told_has_a_view_as_wide_as_in_training(pictures, video, caplog):
    """Half as many pixels across; square ones, whatever stretched the pictures of the training."""
    for path in (pictures, video):
        (source,) = sources(path)
        np.testing.assert_allclose(camera(source), [50, 50, 31.5, 15.5])
        assert f"{source.footage.name}: the camera is not known" in caplog.text
        assert '--set=intrinsics="50.0 50.0 31.5 15.5"' in caplog.text


def test_a_camera_that_was_told_is_that_of_all_recordings(tmp_path, pictures, video, caplog):
    for name in ("a", "b"):
        write_sequence(numbered(3, 0, name), tmp_path / "walks" / name)
    for path in (tmp_path / "walks", pictures, video):
        for source in sources(path, "50, 51 30.5 20"):
            assert camera(source) == [50, 51, 30.5, 20]
    assert "camera is not known" not in caplog.text


def test_intrinsics_in_a_text():
    np.testing.assert_array_equal(parse_intrinsics("x", "500 501.5, 320 -2"), [500, 501.5, 320, -2])


@pytest.mark.parametrize(
    "text", ["", "1 2 3", "1 2 3 4 5", "a b c d", "0 1 2 3", "1 -1 2 3", "nan 1 2 3", "1 1 inf 3"]
)
def test_intrinsics_that_are_none(text):
    with pytest.raises(UserError) as error:
        parse_intrinsics("intrinsics", text)
    expected = "expected fx fy cx cy in pixels, as in 500 500 320 240"
    assert str(error.value) == f"intrinsics={text}: {expected}"


def test_intrinsics_that_are_none_are_told_before_anything_is_read(tmp_path):
    with pytest.raises(UserError, match=r"^intrinsics=wide: expected fx fy cx cy in pixels"):
        sources(tmp_path / "absent.mp4", "wide")


# What cannot be read.


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match=r"absent\.mp4: no such file or folder"):
        sources(tmp_path / "absent.mp4")


def test_a_file_that_is_no_video_is_told(tmp_path):
    path = tiny.text(tmp_path / "notes.txt", "hello")
    with pytest.raises(UserError, match=r"notes\.txt: not a video"):
        sources(path)


def test_a_folder_without_pictures_is_told(tmp_path):
    with pytest.raises(UserError, match="holds no recording in a layout that is known"):
        sources(tmp_path)


def test_a_recording_with_a_mistake_is_told(tmp_path):
    write_sequence(numbered(3), tmp_path / "walk")
    tiny.text(tmp_path / "walk" / "intrinsics.txt", "1 2 3")
    with pytest.raises(UserError, match=r"intrinsics\.txt: 3 numbers"):
        sources(tmp_path / "walk")


def test_a_mistake_beside_pictures_is_told(pictures):
    tiny.text(pictures / "intrinsics.txt", "1 2 3")
    with pytest.raises(UserError, match=r"intrinsics\.txt: 3 numbers"):
        sources(pictures)


def test_pictures_of_the_plain_layout_need_no_camera_where_it_was_told(tmp_path):
    tiny.picture(tmp_path / "walk" / "images" / "0.png", (WIDTH, HEIGHT))
    (source,) = sources(tmp_path / "walk", "50 51 30.5 20")
    assert camera(source) == [50, 51, 30.5, 20]


def test_a_first_picture_that_cannot_be_read_is_told(tmp_path):
    write_sequence(numbered(3), tmp_path / "walk")
    tiny.text(tmp_path / "walk" / "images" / "000000.png", "hello")
    with pytest.raises(UserError, match=r"000000\.png: not a JPEG"):
        sources(tmp_path / "walk")
