import dataclasses

import numpy as np
import pytest

from aign_tf.data.poses.observations import Observations
from aign_tf.metrics import pose_report
from aign_tf.metrics.pose import pose_scores
from tests.data.poses.standing import H36M, body

COUNT = 4


class Guess:
    """Takes the place of a generator that always gives the same poses."""

    def __init__(self, pose):
        self.pose = pose
        self.seen = []

    def predict(self, observation, **_):
        self.seen.append(observation)
        return {"pose": self.pose, "position": np.ones((len(self.pose), 3))}


@pytest.fixture
def observed():
    """Four people of different size, two of whom walk."""
    pose = np.float32(body() * np.array([0.9, 1, 1.1, 1.2])[:, None, None])
    position = np.tile(np.float32([0.5, 0, 4]), (COUNT, 1))
    points = pose + position[:, None]
    actions = np.array(["walking", "sitting", "walking", "waving"])
    joints = points[..., :2] / points[..., 2:]
    return Observations(joints, np.ones((COUNT, 17), np.float32), pose, position, actions, 0.5)


def _forgotten(observed, rows=...):
    pose = observed.pose.copy()
    pose[rows] = np.nan
    return dataclasses.replace(observed, pose=pose)


def test_a_generator_gets_joints_and_what_was_seen(observed):
    guess = Guess(observed.pose)
    factors = pose_report.lift(guess, observed)
    assert factors["pose"] is observed.pose
    (seen,) = guess.seen
    assert set(seen) == {"joints", "confidence"}
    assert seen["joints"] is observed.joints and seen["confidence"] is observed.confidence


# Numbers.


def test_scores_need_a_truth(observed):
    guess = observed.pose + 0.1 * np.arange(17)[:, None]
    assert pose_report.scores(guess, observed) == pose_scores(guess, observed.pose)
    assert pose_report.scores(guess, _forgotten(observed)) == {}
    first = pose_report.scores(guess, _forgotten(observed, slice(1, None)))
    assert first == pose_scores(guess[:1], observed.pose[:1])


def test_reprojection_errors_are_shares_of_the_picture(observed):
    """3-4-5 triangles at two of the joints, of which one is missing."""
    rendered = observed.joints.copy()
    rendered[0, 1] += [0.03, 0.04]
    rendered[1, 2] += [3, 4]
    observed.confidence[1, 2] = 0
    error = pose_report.reprojection_error(rendered, observed)
    assert error == pytest.approx(0.05 / (17 * COUNT - 1) / 0.5, rel=1e-4)


def test_groups_are_actions_and_turned_cameras(observed):
    found = pose_report.groups(Guess(observed.pose), observed)
    assert list(found) == [
        *("sitting", "walking", "waving", "average"),
        *("camera rolled 15 degrees", "camera pitched 15 degrees", "joints of coco17"),
    ]
    for action in ("sitting", "walking", "waving", "average"):
        assert found[action]["mpjpe_mm"] == 0


def test_turned_cameras_see_turned_people(observed):
    """Somebody who expects an upright camera is wrong by the chord of 15 degrees."""
    guess = Guess(observed.pose)
    found = pose_report.groups(guess, observed)
    upright, rolled, pitched, _ = (seen["joints"] for seen in guess.seen)
    np.testing.assert_array_equal(upright, observed.joints)
    chord = 2 * np.sin(np.radians(15) / 2)
    for name, across in (("rolled", [0, 1]), ("pitched", [1, 2])):
        radius = np.linalg.norm(observed.pose[..., across], axis=-1)
        scores = found[f"camera {name} 15 degrees"]
        assert scores["mpjpe_mm"] == pytest.approx(1000 * chord * radius.mean(), rel=1e-4)
        assert scores["pa_mpjpe_mm"] == pytest.approx(0, abs=1e-3)
    sin, cos = np.sin(np.radians(15)), np.cos(np.radians(15))
    turn = np.array([[cos, -sin], [sin, cos]])
    np.testing.assert_allclose(rolled, observed.joints @ turn.T, atol=1e-6)
    # The roots were at eye level.
    np.testing.assert_allclose(pitched[:, H36M.root, 1], -np.tan(np.radians(15)), atol=1e-6)


def test_a_detector_that_knows_fewer_joints_sees_those_of_coco(observed):
    guess = Guess(observed.pose)
    pose_report.groups(guess, observed)
    seen = guess.seen[-1]["confidence"] > 0
    missing = {joint for row, joint in zip(seen.T, H36M.joints) if not row.any()}
    assert missing == {"spine", "thorax", "head_top", "neck_nose"}


def test_no_groups_without_a_truth(observed):
    guess = Guess(observed.pose)
    assert pose_report.groups(guess, _forgotten(observed)) == {}
    assert not guess.seen


def test_unknown_people_do_not_count(observed):
    found = pose_report.groups(Guess(observed.pose), _forgotten(observed, [1]))
    assert "sitting" not in found and found["average"]["mpjpe_mm"] == 0


# Pictures.


def _columns(picture):
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    assert picture.shape[0] == 16 + COUNT * 130 - 2
    columns, rest = divmod(picture.shape[1] + 2, 130)
    assert rest == 0
    return [picture[16:, column * 130 : column * 130 + 128] for column in range(columns)]


def test_candidates_are_shown_from_two_sides(observed):
    sheet = pose_report.sheet({"guess": observed.pose, "truth": observed.pose}, observed, H36M, 9)
    joints, front, side, front_again, side_again = _columns(sheet)
    np.testing.assert_array_equal(front, front_again)
    np.testing.assert_array_equal(side, side_again)
    assert (front != side).any() and (joints != front).any()
    for column in (joints, front, side):
        assert all(picture.std() > 0 for picture in np.array_split(column, COUNT))


def test_a_truth_that_is_not_known_has_no_columns(observed):
    candidates = {"guess": observed.pose, "truth": _forgotten(observed, 2).pose}
    sheet = pose_report.sheet(candidates, observed, H36M, 9)
    assert len(_columns(sheet)) == 3


def test_joints_that_were_not_seen_are_not_drawn(observed):
    before = _columns(pose_report.sheet({"guess": observed.pose}, observed, H36M, 9))
    confidence = observed.confidence.copy()
    confidence[1, H36M.joints.index("left_wrist")] = 0
    joints = observed.joints.copy()
    joints[1, H36M.joints.index("left_wrist")] = 99
    hidden = dataclasses.replace(observed, confidence=confidence, joints=joints)
    after = _columns(pose_report.sheet({"guess": observed.pose}, hidden, H36M, 9))
    changed = [(one != two).any() for one, two in zip(before, after)]
    assert changed == [True, False, False]
    assert 0 < _blue(after[0][130:258]) < _blue(before[0][130:258])


def _blue(picture):
    """Pixels of left limbs."""
    return np.sum(picture[..., 2] > picture[..., 0].astype(int) + 50)
