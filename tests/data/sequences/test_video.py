import concurrent.futures

import cv2
import numpy as np
import pytest
from PIL import Image

from aign_tf.data.pictures import UnreadablePicture
from aign_tf.data.sequences import video
from aign_tf.data.sequences.footage import Footage
from aign_tf.data.sequences.loading import load
from aign_tf.data.sequences.video import read_video
from aign_tf.errors import UserError

COUNT, HEIGHT, WIDTH = 40, 48, 64


def frames(count=COUNT):
    """Blue above; below, in eight columns of black and white, the number of the frame."""
    pictures = np.empty((count, HEIGHT, WIDTH, 3), np.uint8)
    pictures[:] = [30, 60, 200]
    bits = np.unpackbits(np.arange(count, dtype=np.uint8)[:, None], axis=1)
    pictures[:, HEIGHT // 2 :] = 255 * bits.repeat(WIDTH // 8, axis=1)[:, None, :, None]
    return pictures


def shown_frame(picture):
    """The number in a picture."""
    columns = picture[HEIGHT // 2 :].reshape(HEIGHT // 2, 8, -1).mean(axis=(0, 2))
    return int(np.packbits(columns > 127)[0])


def write(path, codec="mp4v", count=COUNT, fps=12.5):
    writer = cv2.VideoWriter(
        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), fps, (WIDTH, HEIGHT)
    )
    for picture in frames(count):
        writer.write(picture[..., ::-1])
    writer.release()
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(tmp_path_factory.mktemp("videos") / "walk.mp4")


@pytest.mark.parametrize(
    "name, codec", [("a.mp4", "mp4v"), ("a.mov", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "mp4v")]
)
def test_files_of_several_kinds_are_read(tmp_path, name, codec):
    found = read_video(write(tmp_path / name, codec))
    assert (found.name, found.count, found.size) == ("a", COUNT, (WIDTH, HEIGHT))
    assert found.fps == pytest.approx(12.5)
    picture = found.read_image(3)
    assert picture.dtype == np.uint8 and picture.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(picture.astype(int) - frames()[3]).mean() < 10  # RGB, not BGR.


def test_the_kind_of_a_file_is_told_by_what_is_in_it(tmp_path, path):
    renamed = tmp_path / "walk.2024"
    renamed.write_bytes(path.read_bytes())
    assert read_video(renamed).count == COUNT


@pytest.mark.parametrize("order", [range(COUNT), range(0, COUNT, 7), [5, 4, 6, 0, 39, 38, 1, 1]])
def test_frames_may_be_asked_for_in_any_order(path, order):
    found = read_video(path)
    assert [shown_frame(found.read_image(frame)) for frame in order] == list(order)


def test_threads_may_ask_for_frames_and_each_gets_its_own(path):
    found = read_video(path)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(found.read_image, range(COUNT)))
    assert [shown_frame(picture) for picture in pictures] == list(range(COUNT))


def test_going_on_through_a_file_decodes_each_frame_once(path, monkeypatch):
    monkeypatch.setattr(video._Frames, "_KEPT", 2)
    found, opened = read_video(path), []
    monkeypatch.setattr(video, "_opened", opened.append)
    for frame in [0, 2, 1, 4, 3, *range(5, COUNT)]:
        assert shown_frame(found.read_image(frame)) == frame
    assert not opened


def test_frames_that_were_passed_over_are_not_kept_for_ever(path, monkeypatch):
    monkeypatch.setattr(video._Frames, "_KEPT", 3)
    found = read_video(path)
    found.read_image(30)
    assert sorted(found.read_image._passed) == [28, 29]


def test_a_video_with_a_camera_loads_as_any_recording(path):
    found = read_video(path)
    footage = Footage(found.name, found.count, found.read_image, np.ones(2), np.ones(2))
    sequence = load(footage, HEIGHT, WIDTH)
    assert [shown_frame(picture) for picture in sequence.frames] == list(range(COUNT))


def test_a_frame_that_does_not_exist_is_unreadable(path):
    with pytest.raises(UnreadablePicture, match=r"walk\.mp4, frame 40: it cannot be decoded"):
        read_video(path).read_image(COUNT)


def test_a_folder_is_a_video_in_the_order_of_its_names(tmp_path):
    folder = tmp_path / "holiday.1"
    folder.mkdir()
    for frame in range(12):
        Image.fromarray(frames()[frame]).save(folder / f"{frame}.png")
    (folder / "notes.txt").touch()
    found = read_video(folder)
    assert (found.name, found.count, found.size) == ("holiday.1", 12, (WIDTH, HEIGHT))
    assert found.fps is None
    assert [shown_frame(found.read_image(frame)) for frame in range(12)] == list(range(12))


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "not a video (MP4 or MOV, AVI, MKV or WebM)"),
        (b"hello, how are you", "not a video"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://localhost/a.mp4\n", "not a video"),
        (b"....ftypisom" + bytes(1000), "a video that cannot be opened: broken, or of an unknown"),
        (b"RIFF....AVI LIST" + bytes(1000), "a video that cannot be opened"),
        (b"\x1a\x45\xdf\xa3" + bytes(1000), "a video that cannot be opened"),
    ],
)
def test_a_file_that_is_no_video_is_told(tmp_path, content, message):
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(UserError) as error:
        read_video(tmp_path / "film.mp4")
    assert str(error.value).startswith(f"{tmp_path / 'film.mp4'}: {message}")
    assert "\n" not in str(error.value)


def test_a_file_that_ends_early_is_read_up_to_there(tmp_path, caplog):
    whole = write(tmp_path / "film.avi", "MJPG").read_bytes()
    (tmp_path / "film.avi").write_bytes(whole[: len(whole) // 2])
    found = read_video(tmp_path / "film.avi")
    assert 10 < found.count < 30
    assert shown_frame(found.read_image(found.count - 1)) == found.count - 1
    assert f"{found.count} of 40 frames can be decoded" in caplog.text


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match=r"absent\.mp4: no such file or folder"):
        read_video(tmp_path / "absent.mp4")
    with pytest.raises(UserError, match=r"no pictures in it \(\.jpg"):
        read_video(tmp_path)


def test_pictures_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "0.png").write_text("hello")
    with pytest.raises(UserError, match=r"0\.png: not a JPEG"):
        read_video(tmp_path)


def test_the_number_of_frames_is_bounded(tmp_path, path, monkeypatch):
    monkeypatch.setattr(video, "MAX_FRAMES", 39)
    with pytest.raises(
        UserError, match=r"walk\.mp4: more than 39 frames; at most 39 are read: cut"
    ):
        read_video(path)
    for frame in range(40):
        (tmp_path / f"{frame}.png").touch()
    with pytest.raises(UserError, match="40 pictures; at most 39 are read: cut it into parts"):
        read_video(tmp_path)


def test_the_size_of_frames_is_bounded(path, monkeypatch):
    monkeypatch.setattr(video, "MAX_PIXELS", 3000)
    with pytest.raises(UserError, match=r"walk\.mp4: 64x48 pixels, more than"):
        read_video(path)
