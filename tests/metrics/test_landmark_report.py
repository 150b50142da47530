"""What is said of candidates for the depths of faces."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.data.landmarks.config import LandmarkDataConfig
from aign_tf.data.landmarks.roles import LandmarkRoles
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.data.landmarks.views import pictured
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES, sizes
from aign_tf.metrics import landmark_report
from aign_tf.metrics.landmarks import chance_floor, keypoint_mse
from aign_tf.posed_template import posed
from aign_tf.renderers.project import AffineProjection

GROUPS = ["frontal", "left", "right"]


def drawn(count, seed):
    people = procedural_faces().sample(count, seed)
    return pictured(people, LandmarkDataConfig(), np.random.default_rng(seed))


def remembered(count, seed):
    faces = procedural_faces().sample(count, seed)
    return np.float32(faces / sizes(faces)[:, None, None])


TRAIN, TEST = drawn(600, 1), drawn(150, 2)
ROLES = LandmarkRoles({"train": TRAIN}, remembered(100, 3), SCHEMES[68])
TEMPLATE = ROLES.template


def forgotten(observed, rows=...):
    depth = observed.depth.copy()
    depth[rows] = np.nan
    return dataclasses.replace(observed, depth=depth)


def with_train(train):
    return dataclasses.replace(ROLES, observed={"train": train})


def candidates(observed=TEST):
    return landmark_report.baselines(observed, ROLES)


class Guess:
    """Takes the place of a generator."""

    def predict(self, observation, **_):
        (points,) = observation.values()
        return {
            "face": np.pad(points, [(0, 0), (0, 0), (0, 1)]),
            "principal_point": np.ones((len(points), 2), np.float32),
        }


def test_a_generator_gets_points():
    face = landmark_report.lift(Guess(), AffineProjection(), TEST.points)
    np.testing.assert_array_equal(face[..., :2], TEST.points + 1)  # Where the camera sees them.
    assert not face[..., 2].any()


# Baselines.


def test_baselines_beat_chance_and_pairs_beat_the_template():
    found = candidates()
    assert list(found) == ["posed_template", "ridge"]
    metrics, _ = landmark_report.compare(found, "ridge", TEST, TEMPLATE)
    template, ridge = metrics["posed_template"], metrics["ridge"]
    chance = chance_floor(len(TEST), 68)
    assert ridge["depth_corr"] > template["depth_corr"] > 5 * chance
    assert template["depth_corr_residual"] == pytest.approx(0, abs=1e-6)
    assert ridge["depth_corr_residual"] > 2 * chance
    assert ridge["aligned_depth_error"] < template["aligned_depth_error"]
    assert list(metrics) == ["posed_template", "ridge"]


def test_baselines_move_no_point():
    for face in candidates().values():
        assert face.shape == (150, 68, 3) and np.isfinite(face).all()
        np.testing.assert_array_equal(face[..., :2], TEST.points)


def test_the_template_is_posed_on_points_alone():
    expected, _ = posed(TEST.points, TEMPLATE)
    found = landmark_report.baselines(forgotten(TEST), with_train(TEST.take(slice(0, 0))))
    assert list(found) == ["posed_template"]
    np.testing.assert_array_equal(found["posed_template"][..., 2], expected)


def test_ridge_learns_from_the_pairs_there_are():
    assert "ridge" not in landmark_report.baselines(TEST, with_train(forgotten(TRAIN)))
    some = landmark_report.baselines(TEST, with_train(forgotten(TRAIN, slice(300, None))))
    those = landmark_report.baselines(TEST, with_train(TRAIN.take(slice(0, 300))))
    np.testing.assert_allclose(some["ridge"], those["ridge"], atol=1e-6)


def test_ridge_does_not_mind_place_size_and_turn_in_the_picture():
    turn = Rotation.from_euler("z", 70, degrees=True).as_matrix()[:2, :2]
    moved = np.float32(3 * TEST.points @ turn + [7, 5])
    found = candidates(dataclasses.replace(TEST, points=moved))
    for name, face in candidates().items():
        np.testing.assert_allclose(found[name][..., 2], 3 * face[..., 2], atol=3e-4, err_msg=name)


# Numbers.


def test_scores_are_those_of_the_metrics():
    faces = candidates()
    metrics, rows = landmark_report.compare(faces, "ridge", TEST, TEMPLATE)
    assert list(rows) == [*GROUPS, "all"]
    # Drawn faces look to all sides alike.
    assert all(rows[group]["samples"] > 20 for group in GROUPS)
    assert sum(rows[group]["samples"] for group in GROUPS) == rows["all"]["samples"] == 150
    for name in faces:
        _, groups = landmark_report.compare(faces, name, TEST, TEMPLATE)
        assert metrics[name] == {
            **{key: groups["all"][key] for key in metrics[name] if key in groups["all"]},
            **{f"depth_corr_{group}": groups[group]["depth_corr"] for group in GROUPS},
        }
        assert not metrics[name].keys() & {"samples", "chance"}


def test_the_truth_is_best():
    metrics, _ = landmark_report.compare(
        {"truth": TEST.faces, **candidates()}, "truth", TEST, TEMPLATE
    )
    for key in ("depth_corr", *(f"depth_corr_{group}" for group in GROUPS), "depth_corr_residual"):
        assert metrics["truth"][key] == pytest.approx(68), key
    assert metrics["truth"]["aligned_depth_error"] == pytest.approx(0, abs=1e-5)


def test_an_unknown_truth_leaves_the_error_of_points():
    faces = candidates()
    metrics, rows = landmark_report.compare(faces, "ridge", forgotten(TEST), TEMPLATE)
    assert rows == {}
    assert metrics == {
        name: {"keypoint_mse": keypoint_mse(TEST.points, face[..., 2])}
        for name, face in faces.items()
    }


def test_a_truth_that_is_known_of_some():
    known = TEST.take(slice(0, 80))
    faces = candidates()
    partly = landmark_report.compare(faces, "ridge", forgotten(TEST, slice(80, None)), TEMPLATE)
    first = {name: face[:80] for name, face in faces.items()}
    assert partly == landmark_report.compare(first, "ridge", known, TEMPLATE)
    with pytest.raises(UserError, match=r"^the depths of 2 of 150 faces are known: "):
        landmark_report.compare(faces, "ridge", forgotten(TEST, slice(2, None)), TEMPLATE)


# Groups.


def heading(*yaws):
    """Faces that look that far to the right of the picture."""
    turn = Rotation.from_euler("y", -np.array(yaws)[:, None], degrees=True).as_matrix()
    faces = np.float32(procedural_faces().sample(len(yaws), 4) @ turn.swapaxes(1, 2))
    none = np.array([""] * len(yaws))
    return LandmarkSet(faces[..., :2], faces[..., 2], np.arange(len(yaws)).astype(str), none)


SIDES = heading(*[-50] * 4, *[0, 20, -20], *[50] * 5)


def samples(observed):
    _, rows = landmark_report.compare(candidates(observed), "ridge", observed, TEMPLATE)
    return {group: scores["samples"] for group, scores in rows.items()}


def test_groups_are_where_faces_look():
    assert samples(SIDES) == {"frontal": 3, "left": 4, "right": 5, "all": 12}


def test_groups_of_the_file_win():
    told = dataclasses.replace(SIDES, groups=np.array(["right"] * 9 + ["frontal"] * 3))
    assert samples(told) == {"frontal": 3, "right": 9, "all": 12}


def test_faces_of_which_the_file_tells_nothing_are_grouped_by_where_they_look():
    told = dataclasses.replace(SIDES, groups=np.array(["right"] + [""] * 11))
    assert samples(told) == {"frontal": 3, "left": 3, "right": 6, "all": 12}


def test_groups_of_few_faces_have_no_score():
    few = SIDES.take(np.array([0, 1, 4, 5, 6]))
    metrics, rows = landmark_report.compare(candidates(few), "ridge", few, TEMPLATE)
    assert list(rows) == ["frontal", "all"] and "depth_corr_left" not in metrics["ridge"]


def test_notes_tell_how_to_read_the_scores():
    notes = landmark_report.notes(TEST)
    _, rows = landmark_report.compare(candidates(), "ridge", TEST, TEMPLATE)
    assert notes.keys() <= rows["all"].keys() and "68 landmarks" in notes["depth_corr"]
    assert list(landmark_report.notes(forgotten(TEST))) == ["truth"]


# Pictures.


def columns(sheet, rows):
    """The pictures below each caption, `[columns, rows, 128, 128, 3]`."""
    assert sheet.dtype == np.uint8 and sheet.shape[0] == 16 + rows * 130 - 2
    count, rest = divmod(sheet.shape[1] + 2, 130)
    assert rest == 0
    return np.array(
        [
            [sheet[16 + 130 * y : 144 + 130 * y, 130 * x : 130 * x + 128] for y in range(rows)]
            for x in range(count)
        ]
    )


def test_candidates_are_shown_from_two_sides():
    few = TEST.take(slice(0, 3))
    faces = {"prediction": few.faces, "truth": few.faces}
    found = columns(landmark_report.sheet(faces, few.points, ROLES, 9), 3)
    assert len(found) == 5
    np.testing.assert_array_equal(found[1:3], found[3:5])
    assert (found[1] != found[2]).any() and (found[0] != found[1]).any()
    assert (found.std(axis=(2, 3, 4)) > 0).all()


def test_a_profile_is_seen_from_the_same_side_wherever_a_face_looks():
    turns = Rotation.from_euler("y", [[0], [40], [-40]], degrees=True).as_matrix()
    faces = np.float32(TEMPLATE @ turns.swapaxes(1, 2))
    sheet = landmark_report.sheet({"template": faces}, faces[..., :2], ROLES, 3)
    _, seen, profile = columns(sheet, 3).astype(int)
    for other in (1, 2):
        assert np.abs(profile[other] - profile[0]).mean() < 1
        assert np.abs(seen[other] - seen[0]).mean() > 5


def test_a_truth_that_is_not_known_has_no_columns():
    few = forgotten(TEST.take(slice(0, 3)), 1)
    faces = {"prediction": TEST.faces[:3], "truth": few.faces}
    assert len(columns(landmark_report.sheet(faces, few.points, ROLES, 3), 3)) == 3


def test_some_of_many_faces_are_shown():
    sheet = landmark_report.sheet({"truth": TEST.faces}, TEST.points, ROLES, 2)
    ends = TEST.take(np.array([0, 149]))
    np.testing.assert_array_equal(
        sheet, landmark_report.sheet({"truth": ends.faces}, ends.points, ROLES, 2)
    )
