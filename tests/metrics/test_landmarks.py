import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.errors import UserError
from aign_tf.metrics import landmarks

seeds = st.integers(0, 2**32 - 1)


def random_depths(seed, count=6, points=9):
    return np.random.default_rng(seed).normal(0, 1, (count, points))


def random_faces(seed, count=6, points=9):
    return np.random.default_rng(seed).normal(0, 1, (count, points, 3))


def with_depth(faces, depth):
    return np.concatenate([faces[..., :2], depth[..., None]], axis=2)


# Correlations.


def test_correlations_by_hand():
    target = np.array([[1, 1, 1], [2, 2, 2], [3, 3, 3]])
    # Deviations: (-1, 0, 1) against (1, 0, -1), (-1, 2, -1), and (-2, 1, 1) with 3 / sqrt(2 * 6).
    predicted = np.array([[3, 0, 0], [2, 3, 3], [1, 0, 3]])
    expected = [1, 0, np.sqrt(3) / 2]
    np.testing.assert_allclose(
        landmarks.depth_correlations(predicted, target), expected, atol=1e-12
    )


@given(seeds, st.floats(0.01, 100), st.floats(-10, 10))
def test_correlations_agree_with_numpy_whatever_the_unit(seed, scale, offset):
    predicted, target = random_depths(seed), random_depths(seed + 1)
    found = landmarks.depth_correlations(offset - scale * predicted, target)
    expected = [abs(np.corrcoef(p, t)[0, 1]) for p, t in zip(predicted.T, target.T)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_depths_that_do_not_vary_score_nothing(dtype):
    target = random_depths(0, count=100)
    noise = random_depths(1, count=100)
    shape = np.linspace(-1, 1, 9)
    constant = np.tile(shape, (100, 1)) * (1 + 1e-7 * noise)
    for still in (constant.astype(dtype), constant + 3000, np.zeros((100, 9))):
        assert not landmarks.depth_correlations(still, target).any()
        assert not landmarks.depth_correlations(target, still).any()
    constant[:, 2] += 1e-3 * target[:, 2]
    found = landmarks.depth_correlations(constant, target)
    assert found[2] == pytest.approx(1, abs=1e-6) and not np.delete(found, 2).any()


def test_what_is_taken_out_scores_nothing():
    predicted, target = random_depths(0), random_depths(1)
    assert not landmarks.depth_correlations(np.float32(predicted), target, predicted).any()
    np.testing.assert_allclose(
        landmarks.depth_correlations(predicted + target, target, predicted),
        landmarks.depth_correlations(target, target - predicted),
    )


def test_a_depth_that_is_not_a_number_is_not_hidden():
    predicted, target = random_depths(0), random_depths(1)
    broken = predicted.copy()
    broken[2, 4] = np.nan
    found = landmarks.depth_correlations(broken, target)
    expected = landmarks.depth_correlations(predicted, target)
    expected[4] = np.nan
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("samples", [3, 4, 10, 75])
def test_chance_floor_is_what_unrelated_depths_score(samples):
    rng = np.random.default_rng(samples)
    drawn = rng.normal(size=(2, samples, 20_000))
    scored = landmarks.depth_correlations(*drawn)
    assert landmarks.chance_floor(samples, 1) == pytest.approx(scored.mean(), abs=0.006)
    assert landmarks.chance_floor(samples, 66) == 66 * landmarks.chance_floor(samples, 1)


def test_chance_floors_known_in_closed_form():
    assert landmarks.chance_floor(2, 1) == pytest.approx(1)
    assert landmarks.chance_floor(3, 1) == pytest.approx(2 / np.pi)
    assert landmarks.chance_floor(4, 1) == pytest.approx(1 / 2)
    assert landmarks.chance_floor(75, 66) == pytest.approx(6.1, abs=0.05)


# Faces mapped onto each other.


def naive_keypoint_mse(points, depth):
    errors = []
    for source in range(len(points)):
        columns = np.column_stack([points[source], depth[source], np.ones(points.shape[1])])
        for target in range(len(points)):
            if source != target:
                solution = np.linalg.lstsq(columns, points[target], rcond=1e-12)[0]
                errors.append(np.mean((columns @ solution - points[target]) ** 2))
    return np.mean(errors)


@given(seeds, st.integers(2, 7), st.integers(4, 12))
def test_keypoint_mse_agrees_with_a_loop_over_pairs(seed, count, points):
    faces = random_faces(seed, count, points) + np.array([3, -2, 10])
    expected = naive_keypoint_mse(faces[..., :2], faces[..., 2])
    found = landmarks.keypoint_mse(faces[..., :2], faces[..., 2])
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("flat", ["constant depth", "in a plane", "on a line", "in one point"])
def test_faces_that_span_less_than_space(flat):
    faces = random_faces(0)
    faces[1:3, :, 2] = 0.7 if flat == "constant depth" else faces[1:3, :, 0] - 2 * faces[1:3, :, 1]
    if flat == "on a line":
        faces[1:3] = faces[1:3, :, :1] * [1, 2, 3]
    if flat == "in one point":
        faces[1:3] = [0.1, 0.2, 0.3]
    expected = naive_keypoint_mse(faces[..., :2], faces[..., 2])
    found = landmarks.keypoint_mse(faces[..., :2], faces[..., 2])
    assert found == pytest.approx(expected, rel=1e-9)


@given(seeds)
def test_views_of_one_rigid_face_map_onto_each_other(seed):
    (face,) = random_faces(seed, 1, 20)
    turns = Rotation.random(5, random_state=seed).as_matrix()
    seen = face @ turns.swapaxes(1, 2) * [[[1]], [[2]], [[3]], [[4]], [[5]]]
    assert landmarks.keypoint_mse(seen[..., :2], seen[..., 2]) == pytest.approx(0, abs=1e-9)
    assert landmarks.keypoint_mse(seen[..., :2], 0 * seen[..., 2]) > 0.01


@given(seeds)
def test_keypoint_mse_does_not_see_affine_changes_of_depth(seed):
    faces = random_faces(seed)
    slant = np.random.default_rng(seed).uniform(-2, 2, (len(faces), 4, 1))
    slant[:, 2] = 0.5 + abs(slant[:, 2])
    columns = np.concatenate([faces, np.ones_like(faces[..., :1])], axis=2)
    changed = (columns @ slant)[..., 0]
    before = landmarks.keypoint_mse(faces[..., :2], faces[..., 2])
    assert landmarks.keypoint_mse(faces[..., :2], changed) == pytest.approx(before, rel=1e-6)
    larger = landmarks.keypoint_mse(10 * faces[..., :2], faces[..., 2])
    assert larger == pytest.approx(100 * before)


def test_keypoint_mse_of_a_prediction_that_is_not_a_number():
    faces = random_faces(0)
    faces[1, 2, 2] = np.nan
    assert np.isnan(landmarks.keypoint_mse(faces[..., :2], faces[..., 2]))


def test_one_face_has_no_pair():
    face = random_faces(0, 1)
    with pytest.raises(UserError, match="faces are mapped onto each other: give at least 2, not 1"):
        landmarks.keypoint_mse(face[..., :2], face[..., 2])


# Depth errors of each face.


def test_aligned_depth_errors_by_hand():
    # Corners of a box; stretching it along z keeps the best rotation, by symmetry.
    box = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), axis=-1).reshape(1, 8, 3)
    stretched = box * [1, 1, 4]
    scale = (1 + 1 + 4) / (1 + 1 + 16)
    error = landmarks.aligned_depth_errors(stretched, box)
    np.testing.assert_allclose(error, [(4 * scale - 1) / np.sqrt(3)])


@given(seeds, st.floats(0.01, 100))
def test_aligned_depth_errors_do_not_depend_on_similarities(seed, scale):
    predicted, target = random_faces(seed), random_faces(seed + 1)
    turn = Rotation.random(random_state=seed).as_matrix()
    expected = landmarks.aligned_depth_errors(predicted, target)
    changed = landmarks.aligned_depth_errors(scale * predicted @ turn + 5, scale * target - 7)
    np.testing.assert_allclose(changed, expected, rtol=1e-6)
    similar = landmarks.aligned_depth_errors(scale * target @ turn, target)
    np.testing.assert_allclose(similar, 0, atol=1e-9)


def test_a_mirrored_face_is_not_aligned():
    target = random_faces(0)
    assert np.all(landmarks.aligned_depth_errors(target * [1, 1, -1], target) > 0.05)


# All scores.


def test_scores_of_the_truth_and_of_the_template():
    target, template = random_faces(0), random_depths(1)
    truth = landmarks.landmark_scores(target, target, template)
    assert truth["depth_corr"] == pytest.approx(9)
    assert truth["depth_corr_residual"] == pytest.approx(9)
    assert truth["depth_corr_mean"] == pytest.approx(1)
    assert truth["aligned_depth_error"] == pytest.approx(0, abs=1e-9)
    mapped = landmarks.keypoint_mse(target[..., :2], target[..., 2])
    assert truth["keypoint_mse"] == pytest.approx(mapped)
    # As a network would return it, at some distance.
    posed = with_depth(target, np.float32(template + 5))
    scores = landmarks.landmark_scores(posed, target, template)
    assert scores["depth_corr"] > 1 and scores["depth_corr_residual"] == 0


def test_scores_are_those_of_the_parts():
    predicted, target, template = random_faces(0), random_faces(1), random_depths(2)
    scores = landmarks.landmark_scores(predicted, target, template)
    depth, truth, base = (
        landmarks.centred(z) for z in (predicted[..., 2], target[..., 2], template)
    )
    correlations = landmarks.depth_correlations(depth, truth)
    assert scores == pytest.approx(
        {
            "depth_corr": correlations.sum(),
            "depth_corr_mean": correlations.mean(),
            "depth_corr_residual": landmarks.depth_correlations(depth - base, truth - base).sum(),
            "keypoint_mse": landmarks.keypoint_mse(target[..., :2], predicted[..., 2]),
            "aligned_depth_error": landmarks.aligned_depth_errors(predicted, target).mean(),
        }
    )


def test_a_shape_that_ignores_its_picture_scores_nothing():
    target = random_faces(0)
    shape = np.float32(np.tile(random_depths(1, 1), (6, 1)))
    scores = landmarks.landmark_scores(with_depth(target, shape), target, random_depths(2))
    assert scores["depth_corr"] == scores["depth_corr_mean"] == 0


@given(seeds)
def test_distances_do_not_count(seed):
    predicted, target, template = random_faces(seed), random_faces(seed + 1), random_depths(seed)
    away = np.random.default_rng(seed).uniform(0, 100, (2, 6, 1))
    moved = landmarks.landmark_scores(
        predicted + away[0][..., None] * [0, 0, 1],
        target + away[1][..., None] * [0, 0, 1],
        template,
    )
    expected = landmarks.landmark_scores(predicted, target, template)
    assert moved == pytest.approx(expected, rel=1e-6)


def test_faces_of_unknown_depth_are_left_out():
    predicted, target, template = random_faces(0), random_faces(1), random_depths(2)
    rows = [0, 2, 3, 5]
    expected = landmarks.landmark_scores(predicted[rows], target[rows], template[rows])
    target[[1, 4], 3, 2] = np.nan
    assert landmarks.landmark_scores(predicted, target, template) == pytest.approx(expected)


def test_a_prediction_that_is_not_a_number_has_no_score():
    predicted, target = random_faces(0), random_faces(1)
    predicted[2, 3, 2] = np.nan
    scores = landmarks.landmark_scores(predicted, target, random_depths(2))
    assert all(np.isnan(score) for score in scores.values())


# Groups.


def test_groups_by_yaw():
    groups = landmarks.yaw_groups([-90, -30.1, -30, 0, 30, 30.1, 179, np.nan])
    expected = ["left", "left", "frontal", "frontal", "frontal", "right", "right", ""]
    assert groups.tolist() == expected


def test_scores_by_group():
    predicted, target, template = random_faces(0, 12), random_faces(1, 12), random_depths(2, 12)
    groups = np.array(["right", "frontal", "", "left"] * 3)
    groups[3] = "frontal"  # Two are left on the left.
    target[11] = np.nan
    target[0] = np.nan
    predicted[0] = np.nan
    groups[2] = "right"
    table = landmarks.scores_by_group(predicted, target, template, groups)
    assert list(table) == ["frontal", "right", "all"]
    for name, rows in {
        "frontal": [1, 3, 5, 9],
        "right": [2, 4, 8],
        "all": list(range(1, 11)),
    }.items():
        scores = landmarks.landmark_scores(predicted[rows], target[rows], template[rows])
        extra = {"samples": len(rows), "chance": landmarks.chance_floor(len(rows), 9)}
        assert table[name] == pytest.approx({**scores, **extra})


def test_thousands_of_faces_take_seconds():
    predicted, target = random_faces(0, 2000, 68), random_faces(1, 2000, 68)
    start = time.perf_counter()
    landmarks.landmark_scores(predicted, target, random_depths(2, 2000, 68))
    assert time.perf_counter() - start < 5


# Mistakes.


def test_mistakes_are_named():
    faces, template = random_faces(0), random_depths(1)
    with pytest.raises(
        UserError, match=r"predicted faces have shape \[6, 9, 2\]: give \[N, K, 3\]"
    ):
        landmarks.landmark_scores(faces[..., :2], faces, template)
    with pytest.raises(UserError, match=r"true faces have shape \[6, 27\]: give \[N, K, 3\]"):
        landmarks.landmark_scores(faces, faces.reshape(6, -1), template)
    for predicted, depth in ((faces[:, 1:], template), (faces, template[:5])):
        message = r"do not match true faces \[6, 9, 3\]: give the same faces and landmarks"
        with pytest.raises(UserError, match=message):
            landmarks.landmark_scores(predicted, faces, depth)
    with pytest.raises(UserError, match=r"groups have shape \[5\]: give one for each of 6 faces"):
        landmarks.scores_by_group(faces, faces, template, ["left"] * 5)
    faces[2:] = np.nan
    with pytest.raises(
        UserError,
        match="the depths of 2 of 6 faces are known: correlations over faces need at least 3",
    ):
        landmarks.scores_by_group(faces, faces, template, ["left"] * 6)
