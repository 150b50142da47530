"""Every frame gets its own depth and every step its own motion, however many there are."""

import types

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.generators.depth_motion import depth_motion
from aign_tf.video_prediction import clip_inputs, predict_video
from tests.data.sequences.numbered import numbered


@pytest.fixture(autouse=True)
def clips_alone(monkeypatch):
    """What clips tell of a frame, before the frames beside it are asked."""
    monkeypatch.setattr("aign_tf.video_prediction.agreed", lambda depth, *_: depth)


class Telling:
    """A generator whose depth is one more than a frame's number, and whose motions forwards and
    upwards are in dm and hundredths of a radian what the numbers grow by."""

    def __init__(self, length):
        self.input = {"frames": types.SimpleNamespace(shape=(None, length, 8, 12, 3))}
        self.seen = []

    def predict_on_batch(self, clips):
        self.seen.append(clips)
        levels = (clips["frames"] + 1) * 127.5
        steps = np.diff(levels[:, :, 0, 0], axis=1)
        rotation, translation = steps * [0.01, 0, 0], steps * [0, 0, 0.1]
        # The way back, where numbers become smaller: x = R^-1 (x_next - t).
        turned = Rotation.from_rotvec(rotation.reshape(-1, 3)).apply(translation.reshape(-1, 3))
        translation = np.where(steps < 0, turned.reshape(translation.shape), translation)
        return {
            "log_depth": np.log(levels[..., :1] + 1),
            "rotation": rotation,
            "translation": translation,
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
        np.testing.assert_allclose(turns, steps * [0.01, 0, 0], atol=1e-4)


@pytest.mark.parametrize(
    "count, expected",
    [
        (5, [[0, 1, 2], [1, 2, 3], [2, 3, 4], [2, 1, 0], [3, 2, 1], [4, 3, 2]]),
        # A frame beside itself would look as if the camera stood still.
        (2, [[0, 1, 0], [0, 1, 0]]),
        (1, [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_all_clips_are_looked_at_forwards_and_backwards_and_in_a_mirror(count, expected):
    generator, recording = Telling(3), numbered(count)
    recording.frames[:, :, 0] += 100
    predict_video(generator, recording)
    plain, mirrored = generator.seen
    for clips, corner in ((plain, 0), (mirrored, -1)):
        numbers = np.rint((clips["frames"][:, :, 0, corner, 0] + 1) * 127.5) - 100
        assert numbers.tolist() == expected
    x, y = recording.principal_point
    np.testing.assert_allclose(mirrored["principal_point"][0], [11 - x, y])


def test_depths_are_agreed_by_the_motions_that_were_found(monkeypatch):
    given = []

    def twice(*arguments):
        given.extend(arguments)
        return 2 * arguments[0]

    monkeypatch.setattr("aign_tf.video_prediction.agreed", twice)
    recording = numbered(4)
    video = predict_video(Telling(3), recording)
    depth, poses, focal, centre = given
    np.testing.assert_allclose(depth[:, 0, 0], [1, 2, 3, 4], rtol=1e-5)
    np.testing.assert_array_equal(video.depth, 2 * depth)
    np.testing.assert_allclose(np.linalg.inv(poses[1:]) @ poses[:-1], motions(video), atol=1e-12)
    assert focal is recording.focal and centre is recording.principal_point


def motions(video):
    """`[N - 1, 4, 4]`, next from this frame."""
    found = np.tile(np.eye(4), (len(video.rotation), 1, 1))
    found[:, :3, :3], found[:, :3, 3] = video.rotation, video.translation
    return found


def test_a_clip_that_is_mistaken_changes_no_motion_that_others_tell():
    class Mistaken(Telling):
        def predict_on_batch(self, clips):
            factors = super().predict_on_batch(clips)
            if not self.seen[1:]:
                factors["rotation"][1] += 0.5
                factors["translation"][1] += 5
            return factors

    expected = predict_video(Telling(3), numbered(4))
    found = predict_video(Mistaken(3), numbered(4))
    np.testing.assert_allclose(found.translation, expected.translation, atol=1e-4)
    np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-4)


@pytest.mark.parametrize(
    "rotation, translation", [((0.1, 0.2, 0.3), (0, 0, 0)), ((0,) * 3, (1, 2, 3))]
)
def test_what_is_told_of_a_mirrored_video_is_mirrored_back(rotation, translation):
    """Of what is brighter on the right, and of its mirror image."""

    class Sided(Telling):
        def predict_on_batch(self, clips):
            light = clips["frames"][..., :1].astype(float)
            time = np.sign(np.diff(light[:, :, 0, 0], axis=1))
            side = np.sign(light[:, 1:, 0, -1] - light[:, 1:, 0, 0])
            turn = np.concatenate([side**2, side, side], axis=-1) * time
            way = np.concatenate([side, side**2, side**2], axis=-1) * time
            return {
                "log_depth": light,
                "rotation": turn * rotation,
                "translation": way * translation,
            }

    recording = numbered(3)
    recording.frames[..., 0] += np.arange(12, dtype=np.uint8)
    video = predict_video(Sided(2), recording)
    light = recording.frames[..., 0] / 127.5 - 1
    np.testing.assert_allclose(video.depth, np.exp(light), rtol=1e-5)
    turns = Rotation.from_matrix(video.rotation).as_rotvec()
    np.testing.assert_allclose(turns, np.tile(rotation, (2, 1)), atol=1e-7)
    np.testing.assert_allclose(video.translation, np.tile(translation, (2, 1)), atol=1e-7)


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
