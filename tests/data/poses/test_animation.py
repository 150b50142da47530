import cv2
import numpy as np
import pytest
from PIL import Image

from aign_tf.data.poses.animation import MAX_FRAMES, write_gif, write_mp4
from aign_tf.errors import UserError
from aign_tf.skeleton_pictures import turntable
from aign_tf.skeletons import SKELETONS

WRITERS = [(write_gif, "film.gif"), (write_mp4, "film.mp4")]


def film(frames=6, height=32, width=48):
    """A blue square that walks to the right over white paper."""
    pictures = np.full((frames, height, width, 3), 255, np.uint8)
    for time, picture in enumerate(pictures):
        picture[8:24, 4 * time : 4 * time + 16] = [35, 95, 205]
    return pictures


def read_gif(path):
    with Image.open(path) as file:
        pictures, times = [], []
        for time in range(file.n_frames):
            file.seek(time)
            pictures.append(np.asarray(file.convert("RGB")))
            times.append(file.info["duration"])
        return np.stack(pictures), times, file.info["loop"]


def read_mp4(path):
    video = cv2.VideoCapture(str(path))
    pictures = []
    while True:
        found, picture = video.read()
        if not found:
            return np.stack(pictures), video.get(cv2.CAP_PROP_FPS)
        pictures.append(picture[..., ::-1])


def test_a_gif_reads_back_exactly_and_loops_for_ever(tmp_path):
    write_gif(tmp_path / "new" / "film.gif", film(), fps=10)
    pictures, times, loop = read_gif(tmp_path / "new" / "film.gif")
    np.testing.assert_array_equal(pictures, film())
    assert times == [100] * 6
    assert loop == 0


def test_a_gif_of_many_colours_keeps_white_white_and_the_rest_close(tmp_path):
    pose = np.random.default_rng(0).uniform(-0.8, 0.8, (17, 3))
    pictures = turntable(pose, SKELETONS["h36m17"], frames=12, side=128)
    assert len(np.unique(pictures.reshape(-1, 3), axis=0)) > 1000
    write_gif(tmp_path / "film.gif", pictures, fps=10)
    shown, _, _ = read_gif(tmp_path / "film.gif")
    white = np.all(pictures == 255, axis=-1)
    assert np.all(shown[white] == 255)
    assert np.abs(shown.astype(int) - pictures).max() < 24


def test_equal_frames_of_a_gif_are_one_that_lasts(tmp_path):
    write_gif(tmp_path / "film.gif", film()[[0, 0, 0, 5]], fps=20)
    pictures, times, _ = read_gif(tmp_path / "film.gif")
    np.testing.assert_array_equal(pictures, film()[[0, 5]])
    assert times == [150, 50]


@pytest.mark.parametrize("fps, hundredths", [(1, 100), (15, 7), (30, 3), (50, 2)])
def test_times_of_a_gif_are_rounded_to_hundredths(tmp_path, fps, hundredths):
    write_gif(tmp_path / "film.gif", film(2), fps)
    assert read_gif(tmp_path / "film.gif")[1] == [10 * hundredths] * 2


@pytest.mark.parametrize("fps", [5, 29.97, 120])
def test_an_mp4_reads_back(tmp_path, fps):
    write_mp4(tmp_path / "new" / "film.mp4", film(), fps)
    pictures, shown_fps = read_mp4(tmp_path / "new" / "film.mp4")
    assert pictures.shape == film().shape
    assert np.abs(pictures.astype(int) - film()).mean() < 10
    assert np.argmin(pictures[3, 16, :, 0]) in range(12, 28)  # RGB, not BGR: blue has little red.
    assert shown_fps == pytest.approx(fps, abs=0.01)


def test_odd_sides_of_an_mp4_grow_by_one(tmp_path):
    write_mp4(tmp_path / "film.mp4", film(height=33, width=47), fps=10)
    pictures, _ = read_mp4(tmp_path / "film.mp4")
    assert pictures.shape == (6, 34, 48, 3)
    assert pictures[:, -1].min() > 235


@pytest.mark.parametrize("write, name", WRITERS)
def test_a_single_frame_is_enough(tmp_path, write, name):
    write(tmp_path / name, film(1), fps=10)
    assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize("write, name", WRITERS)
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path, write, name):
    (tmp_path / name).write_text("old")
    write(tmp_path / name, film(), fps=10)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).stat().st_size > 100


@pytest.mark.parametrize("write, name", WRITERS)
@pytest.mark.parametrize("count", [0, MAX_FRAMES + 1])
def test_the_number_of_frames_is_bounded(tmp_path, write, name, count):
    with pytest.raises(UserError, match=f"{name}: {count} frames; an animation has 1 to 600"):
        write(tmp_path / name, np.zeros((count, 2, 2, 3), np.uint8), fps=10)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("write, name, most", [(*WRITERS[0], 50), (*WRITERS[1], 120)])
@pytest.mark.parametrize("fps", [0, -1, float("nan"), 121])
def test_the_frame_rate_is_bounded(tmp_path, write, name, most, fps):
    with pytest.raises(UserError, match=f"{name}: {fps:g} frames a second; use 1 to {most}"):
        write(tmp_path / name, film(), fps)


def test_a_video_that_cannot_be_opened_says_what_is_needed(tmp_path):
    with pytest.raises(UserError, match=r"film\.txt: cannot write this video; .* end in \.mp4, "):
        write_mp4(tmp_path / "film.txt", film(), fps=10)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("write, name", WRITERS)
@pytest.mark.parametrize("frames", [film().astype(np.float32), film()[0], film()[..., :1]])
def test_frames_of_another_kind_are_refused(tmp_path, write, name, frames):
    with pytest.raises(ValueError, match="frames must be uint8"):
        write(tmp_path / name, frames, fps=10)
