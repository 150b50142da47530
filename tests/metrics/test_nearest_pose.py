import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.errors import UserError
from aign_tf.metrics import nearest_pose
from aign_tf.metrics.nearest_pose import nearest_memory_pose
from aign_tf.metrics.pose import pose_scores

JOINTS = 17
MOCAP = pathlib.Path(__file__).parents[2] / "../shared/data/cmu_mocap/poses_17j.npz"
# At this distance in metres perspective is weak, and turning the camera from the root to the middle
# of the joints moves no joint by more than `CLOSE` metres.
FAR = 1e3
CLOSE = 1e-3


@pytest.fixture
def memory():
    poses = np.random.default_rng(0).normal(0, 0.4, (30, JOINTS, 3))
    poses[:, 0] = 0
    return poses.astype(np.float32)


def turned(poses, azimuth, elevation=0.0):
    """Upright poses at a heading, in the frame of a camera that looks down by the elevation."""
    return poses @ Rotation.from_euler("yx", [azimuth, elevation], degrees=True).as_matrix().T


def seen_at(poses, position):
    points = poses + np.asarray(position)
    return points[..., :2] / points[..., 2:]


def sure(observed):
    return np.ones(observed.shape[:2])


def test_turned_helper_knows_gravity():
    # A camera that looks down sees the ground's direction, +y, ahead of it: +z.
    down = turned(np.array([[[0.0, 1.0, 0.0]]]), 40, 30)[0, 0]
    np.testing.assert_allclose(down, [0, np.cos(np.pi / 6), 0.5], atol=1e-12)


@given(st.integers(0, 23), st.floats(1, 10))
def test_a_pose_of_the_memory_is_found_at_its_heading_at_any_distance(heading, factor):
    poses = np.random.default_rng(heading).normal(0, 0.4, (20, JOINTS, 3))
    truth = turned(poses, 15 * heading)
    found = nearest_memory_pose(seen_at(truth, [0, 0, FAR * factor]), np.ones((20, JOINTS)), poses)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, truth, atol=CLOSE)


def test_a_pose_is_found_from_near_too(memory):
    truth = turned(memory, 120)
    middle = truth.mean(axis=1, keepdims=True) * [1, 1, 0]
    observed = seen_at(truth, [0, 0, 8] - middle)
    # What perspective adds moves the mean of the joints off the axis by millimetres.
    found = nearest_memory_pose(observed, sure(observed), memory)
    np.testing.assert_allclose(found, truth, atol=0.02)


def test_a_mirrored_pose_is_another_pose():
    pose = np.random.default_rng(1).normal(0, 0.4, (1, JOINTS, 3))
    memory = np.concatenate([pose * [-1, 1, 1], pose])
    observed = seen_at(turned(pose, 45), [0, 0, FAR])
    np.testing.assert_allclose(
        nearest_memory_pose(observed, sure(observed), memory), turned(pose, 45), atol=CLOSE
    )


def test_missing_joints_do_not_count(memory):
    truth = turned(memory, 30)
    observed = seen_at(truth, [0, 0, FAR])
    confidence = sure(observed)
    rng = np.random.default_rng(0)
    for row in range(len(memory)):
        missing = rng.choice(JOINTS, rng.integers(0, 9), replace=False)
        confidence[row, missing] = 0
        observed[row, missing] = rng.choice([0, 7, np.nan, np.inf])
    np.testing.assert_allclose(nearest_memory_pose(observed, confidence, memory), truth, atol=CLOSE)
    # A coordinate that is no number is missing whatever the confidence says.
    observed[np.isfinite(observed) & (confidence == 0)[..., None]] = np.nan
    np.testing.assert_allclose(
        nearest_memory_pose(observed, np.full_like(confidence, 0.3), memory), truth, atol=CLOSE
    )


def test_hardly_anything_seen_gives_a_pose_all_the_same(memory):
    observed, confidence = np.zeros((2, JOINTS, 2)), np.zeros((2, JOINTS))
    confidence[1, 4] = 1
    found = nearest_memory_pose(observed, confidence, memory)
    np.testing.assert_allclose(found, memory[[0, 0]], atol=1e-6)


def test_elevations(memory):
    truth = turned(memory, 75, 20)
    observed = seen_at(truth, [0, 0, FAR])
    found = nearest_memory_pose(observed, sure(observed), memory, elevations=(-20.0, 0.0, 20.0))
    np.testing.assert_allclose(found, truth, atol=CLOSE)
    level = nearest_memory_pose(observed, sure(observed), memory, elevations=(0.0,))
    assert pose_scores(level, truth)["mpjpe_mm"] > 50


@pytest.mark.parametrize("pan", [-40, 25])
@pytest.mark.parametrize("tilt", [-15, 0, 30])
def test_a_person_off_the_axis_of_a_level_camera(memory, pan, tilt):
    # Seen along a ray that points down by `tilt`, so that is the elevation, and to the right by
    # `pan`, so a heading of the grid, 45 degrees, is one of 45 + pan in the camera frame.
    truth = turned(memory, 45 + pan)
    ray = Rotation.from_euler("xy", [-tilt, pan], degrees=True).apply([0, 0, 1])
    observed = seen_at(truth, 200 * ray)
    found = nearest_memory_pose(observed, sure(observed), memory, 24, (float(tilt),))
    # The mean of the joints, which the camera is turned to, is not quite the root's ray.
    np.testing.assert_allclose(found, truth, atol=5e-3)


def test_more_headings_come_closer(memory):
    truth = turned(memory, np.random.default_rng(0).uniform(0, 360))
    observed = seen_at(truth, [0, 0, FAR])
    errors = [
        pose_scores(nearest_memory_pose(observed, sure(observed), memory, count), truth)["mpjpe_mm"]
        for count in (6, 24, 96)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_the_cap_thins_the_memory_evenly(memory):
    observed = seen_at(memory, [0, 0, FAR])
    found = nearest_memory_pose(observed, sure(observed), memory, cap=4)
    kept = [0, 10, 19, 29]
    np.testing.assert_allclose(found[kept], memory[kept], atol=CLOSE)
    np.testing.assert_allclose(
        found, nearest_memory_pose(observed, sure(observed), memory[kept]), atol=1e-6
    )


def test_chunks_do_not_show(memory, monkeypatch):
    rng = np.random.default_rng(0)
    observed = rng.normal(0, 0.1, (11, JOINTS, 2))
    confidence = rng.random((11, JOINTS)) < 0.8
    whole = nearest_memory_pose(observed, confidence, memory)
    monkeypatch.setattr(nearest_pose, "CHUNK", 4)
    np.testing.assert_allclose(nearest_memory_pose(observed, confidence, memory), whole, atol=1e-6)
    assert nearest_memory_pose(observed[:0], confidence[:0], memory).shape == (0, JOINTS, 3)


def test_the_choice_is_the_least_squared_distance(memory):
    rng = np.random.default_rng(3)
    observed = rng.normal(0, 0.01, (5, JOINTS, 2))
    confidence = rng.random((5, JOINTS)) < 0.7
    found = nearest_memory_pose(observed, confidence, memory, azimuths=5, elevations=(0.0,))

    def shape(points):
        centred = points - points.mean(axis=0)
        return centred / np.linalg.norm(centred)

    for row, seen in enumerate(confidence):
        candidates = [turned(pose, 72 * k) for pose in memory for k in range(5)]
        distances = [
            np.sum((shape(c[seen, :2]) - shape(observed[row, seen])) ** 2) for c in candidates
        ]
        nearest = candidates[int(np.argmin(distances))]
        # The person stands near the axis, so turning back moves joints by millimetres.
        np.testing.assert_allclose(found[row], nearest, atol=0.02)


def test_mistakes_are_named(memory):
    observed = seen_at(memory, [0, 0, 5])
    confidence = sure(observed)
    with pytest.raises(
        UserError, match=r"joints have shape \[30, 17, 2\] and their confidence \[30, 1\]"
    ):
        nearest_memory_pose(observed, confidence[:, :1], memory)
    with pytest.raises(UserError, match=r"memory poses have shape \[30, 16, 3\]: .* \[M, 17, 3\]"):
        nearest_memory_pose(observed, confidence, memory[:, 1:])
    with pytest.raises(UserError, match=r"memory poses have shape \[0, 17, 3\]: give at least one"):
        nearest_memory_pose(observed, confidence, memory[:0])
    with pytest.raises(UserError, match="memory poses hold numbers that are not finite"):
        nearest_memory_pose(observed, confidence, memory * np.nan)
    for options in ({"azimuths": 0}, {"elevations": ()}, {"cap": 0}):
        with pytest.raises(
            UserError, match=r"azimuths .*, \d elevations, cap .*: give at least 1 each"
        ):
            nearest_memory_pose(observed, confidence, memory, **options)


@pytest.mark.skipif(not MOCAP.exists(), reason="the motion capture clips are not here")
def test_motions_of_other_clips_are_recognised():
    with np.load(MOCAP) as clips:
        upright = {name: clips[name] * [1, -1, -1] for name in clips.files}
    train = np.concatenate(
        [clip[::8] for name, clip in upright.items() if name.startswith("train")]
    )
    test = np.concatenate([clip[::40] for name, clip in upright.items() if name.startswith("test")])
    observed = seen_at(test, [0, 0, 5])
    found = nearest_memory_pose(observed, sure(observed), train)
    mean = np.broadcast_to(train.mean(axis=0), test.shape)
    nearest, constant = pose_scores(found, test), pose_scores(mean, test)
    assert nearest["pa_mpjpe_mm"] < 0.7 * constant["pa_mpjpe_mm"]
    assert nearest["mpjpe_mm"] < 0.7 * constant["mpjpe_mm"]
