"""Every frame gets its own depth and every step its own motion, however many there are."""

import types

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.generators.depth_motion import depth_motion
from aign_tf.video_prediction import clip_inputs, predict_video
from tests.data.sequences.numbered import numbered


class Telling:
    """A generator whose depth is one more than a frame's number, and whose motions are in dm and
    hundredths of a radian what the numbers grow by."""

    def __init__(self, length):
        self.input = {"frames": types.SimpleNamespace(shape=(None, length, 8, 12, 3))}
        self.seen = []

    def predict_on_batch(self, clips):
        self.seen.append(clips)
        levels = (clips["frames"] + 1) * 127.5
        steps = np.diff(levels[:, :, 0, 0], axis=1)
        return {
            "log_depth": np.log(levels[..., :1] + 1),
            "rotation": steps * [0, 0.01, 0],
            "translation": steps * [0, 0, 0.1],
        }


def uneven(count):
    """A recording whose numbers grow by 1, 2, 1, 2..., so that no step is that of another place."""
    return numbered(250).take(np.arange(count) * 3 // 2)


@pytest.mark.parametrize("length", [2, 3, 4, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 100])
def test_depths_and_motions_are_those_of_their_frames(length, count):
    recording = uneven(count)
    video = predict_video(Telling(length), recording)
    assert video.depth.shape == (count, 8, 12) and video.depth.dtype == np.float32
    assert video.rotation.shape == (count - 1, 3, 3)
    assert video.translation.shape == (count - 1, 3)
    numbers = recording.frames[:, 0, 0, 0].astype(float)
    np.testing.assert_allclose(video.depth, np.tile(numbers[:, None, None] + 1, (8, 12)), rtol=1e-4)
    steps = np.diff(numbers)[:, None]
    np.testing.assert_allclose(video.translation, steps * [0, 0, 0.1], atol=1e-4)
    if count > 1:
        turns = Rotation.from_matrix(video.rotation).as_rotvec()
        np.testing.assert_allclose(turns, steps * [0, 0.01, 0], atol=1e-4)


@pytest.mark.parametrize(
    "count, expected",
    [
        (5, [[0, 1, 2], [1, 2, 3], [2, 3, 4]]),
        # A frame beside itself would look as if the camera stood still.
        (2, [[0, 1, 0]]),
        (1, [[0, 0, 0]]),
    ],
)
def test_all_clips_are_looked_at(count, expected):
    generator = Telling(3)
    predict_video(generator, numbered(count))
    (clips,) = generator.seen
    assert np.rint((clips["frames"][:, :, 0, 0, 0] + 1) * 127.5).tolist() == expected


def test_what_clips_tell_of_a_frame_is_averaged():
    """Here by place in the clip: 1, 2 and 4 m."""

    class Unsure(Telling):
        def predict_on_batch(self, clips):
            factors = super().predict_on_batch(clips)
            places = np.log([1, 2, 4]).reshape(1, 3, 1, 1, 1)
            factors["log_depth"] = np.zeros_like(factors["log_depth"]) + places
            factors["translation"] = 0 * factors["translation"] + np.array([[0], [1]])
            return factors

    video = predict_video(Unsure(3), numbered(5))
    np.testing.assert_allclose(video.depth[:, 0, 0], [1, 2**0.5, 2, 2**1.5, 4], rtol=1e-5)
    np.testing.assert_allclose(video.translation[:, 0], [0, 0.5, 0.5, 1])


def test_not_all_clips_of_a_long_recording_are_in_memory_at_once():
    generator = Telling(3)
    predict_video(generator, numbered(200))
    assert max(len(clips["frames"]) for clips in generator.seen) < 50


def test_inputs_of_clips():
    recording = numbered(4)
    inputs = clip_inputs(recording, np.array([[0, 1], [3, 2]]))
    assert inputs["frames"].min() >= -1 and inputs["frames"].max() <= 1
    np.testing.assert_allclose((inputs["frames"][1, :, 0, 0, 0] + 1) * 127.5, [3, 2], atol=1e-4)
    for name in ("focal", "principal_point"):
        np.testing.assert_array_equal(inputs[name], [getattr(recording, name)] * 2)


def test_networks_predict_videos():
    generator = depth_motion(3, 32, 48, 2.0, channels=2)
    recording = numbered(4, height=32, width=48)
    video = predict_video(generator, recording)
    assert video.depth.shape == (4, 32, 48) and np.all(video.depth > 0)
    turns = video.rotation @ video.rotation.swapaxes(1, 2)
    np.testing.assert_allclose(turns, np.broadcast_to(np.eye(3), turns.shape), atol=1e-6)
