import cv2
import numpy as np
import pytest
from PIL import Image

from aign_tf.data.poses import animation
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.data.poses.observations import Observations
from aign_tf.data.poses.results import write_results
from aign_tf.errors import UserError
from tests.data.poses.standing import H36M, body

SUFFIXES = [".npz", ".bvh", ".png", ".gif", ".mp4"]


def _factors(frames):
    """Somebody who walks past a camera."""
    pose = np.tile(np.float32(body()), (frames, 1, 1))
    position = np.float32([[0.05 * frame, 0.1, 4] for frame in range(frames)])
    points = pose + position[:, None]
    return points[..., :2] / points[..., 2:], np.ones(points.shape[:2]), pose, position


def _write(output, name="walk", frames=5, fps=25.0):
    joints, confidence, pose, position = _factors(frames)
    seen = Observations(joints, confidence, pose, position, np.full(frames, "walking"), 1.0)
    return write_results(output, name, seen, {"pose": pose, "position": position}, H36M, fps)


def test_a_clip_becomes_files_of_every_kind(tmp_path):
    written = _write(tmp_path / "out")
    assert written == [tmp_path / "out" / f"walk{suffix}" for suffix in SUFFIXES]
    assert sorted(written) == sorted((tmp_path / "out").iterdir())


def test_arrays_are_all_there(tmp_path):
    joints, confidence, pose, position = _factors(5)
    with np.load(_write(tmp_path)[0]) as stored:
        np.testing.assert_array_equal(stored["joints"], joints)
        np.testing.assert_array_equal(stored["confidence"], confidence)
        np.testing.assert_array_equal(stored["pose"], pose)
        np.testing.assert_array_equal(stored["position"], position)
        assert tuple(stored["names"]) == H36M.joints
        assert tuple(stored["parents"]) == H36M.parents


@pytest.mark.parametrize("frames", [1, 5])
def test_the_motion_comes_back_from_bvh(tmp_path, frames):
    _, _, pose, position = _factors(frames)
    (clip,) = read_mocap(_write(tmp_path, frames=frames)[1])
    np.testing.assert_allclose(clip.joints, pose + position[:, None], atol=1e-4)


def test_a_film_shows_every_frame(tmp_path):
    _, _, picture, gif, mp4 = _write(tmp_path, frames=7, fps=10)
    assert Image.open(picture).size == (3 * 256, 4 * 256)
    with Image.open(gif) as opened:
        durations = [opened.seek(frame) or opened.info["duration"] for frame in range(7)]
        assert opened.size == (3 * 256, 256)
        assert opened.n_frames == 7 and set(durations) == {100}
    video = cv2.VideoCapture(str(mp4))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 7
    assert video.get(cv2.CAP_PROP_FPS) == 10


def test_a_single_frame_is_shown_from_all_sides(tmp_path):
    _, _, picture, gif, _ = _write(tmp_path, frames=1)
    assert Image.open(picture).size == (2 * 256, 4 * 256)
    assert Image.open(gif).n_frames > 30


def test_few_frames_are_not_shown_twice(tmp_path):
    assert Image.open(_write(tmp_path, frames=2)[2]).size == (3 * 256, 2 * 256)


def test_a_film_has_an_end_but_the_motion_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "MAX_FRAMES", 3)
    written = _write(tmp_path, frames=5)
    assert Image.open(written[3]).n_frames == 3
    assert len(np.load(written[0])["pose"]) == 5


def test_frame_rates_beyond_what_a_format_can_do(tmp_path):
    written = _write(tmp_path, fps=110.0)
    assert Image.open(written[3]).info["duration"] == 20
    assert cv2.VideoCapture(str(written[4])).get(cv2.CAP_PROP_FPS) == 110


def test_sub_folders_and_dots_in_names_stay(tmp_path):
    written = _write(tmp_path, "video.mp4/a b/cam.1")
    folder = tmp_path / "video.mp4" / "a b"
    assert written == [folder / f"cam.1{suffix}" for suffix in SUFFIXES]
    assert all(path.is_file() for path in written)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a/..", "..", "/tmp/x", "", "."])
def test_nothing_is_written_outside_the_output(tmp_path, name):
    output = tmp_path / "in" / "out"
    with pytest.raises(UserError, match=r"would be written outside .*out: rename it") as error:
        _write(output, name)
    assert repr(name) in str(error.value) and "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_frames_that_tell_no_pose_are_not_made_up(tmp_path):
    joints, confidence, pose, position = _factors(5)
    confidence[[0, 3]] = 0
    seen = Observations(joints, confidence, pose, position, np.full(5, "walking"), 1.0)
    written = write_results(tmp_path, "walk", seen, {"pose": pose, "position": position}, H36M, 25)
    with np.load(written[0]) as stored:
        for name in ("pose", "position"):
            known = np.isfinite(stored[name]).reshape(5, -1).all(axis=1)
            assert known.tolist() == [False, True, True, False, True]
    (clip,) = read_mocap(written[1])
    shown = (pose + position[:, None])[[1, 1, 2, 2, 4]]
    np.testing.assert_allclose(clip.joints, shown, atol=1e-4)
