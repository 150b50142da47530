import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from aign_tf.errors import UserError
from aign_tf.metrics.pose import (
    joint_errors,
    pose_scores,
    procrustes_align,
    root_align,
    scale_align,
    scores_by_action,
)

seeds = st.integers(0, 2**32 - 1)


def random_poses(seed, count=4, joints=17):
    return np.random.default_rng(seed).normal(0, 0.4, (count, joints, 3))


def similar(poses, seed):
    """Each pose under its own random scale, rotation and translation."""
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(len(poses), random_state=seed).as_matrix()
    scales = rng.uniform(0.2, 5, (len(poses), 1, 1))
    return scales * poses @ rotations.swapaxes(1, 2) + rng.normal(0, 3, (len(poses), 1, 3))


def test_joint_errors_by_hand():
    predicted = np.array([[[0, 0, 0], [3, 4, 0]], [[1, 2, 2], [0, 0, 1]]])
    np.testing.assert_allclose(joint_errors(predicted, np.zeros((2, 2, 3))), [[0, 5], [3, 1]])


def test_scores_by_hand():
    # Root-aligned errors of the four joints: 0, 32, 142 and 600 mm, wherever the roots are.
    target = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float64)
    predicted = target * np.array([1.032, 1.142, 1.6])
    scores = pose_scores(predicted + np.array([0, 6, 0]), target)
    assert scores["mpjpe_mm"] == pytest.approx((32 + 142 + 600) / 4)
    assert scores["pck150"] == pytest.approx(3 / 4)
    # Below how many of 0, 5, ..., 150 mm: the root 30, 32 mm 24 (35 and up), 142 mm 2.
    assert scores["auc"] == pytest.approx((30 + 24 + 2) / 4 / 31)
    # Scale of least squares: (1.032 + 1.142 + 1.6) / (1.032^2 + 1.142^2 + 1.6^2).
    scale = 3.774 / 4.929188
    left = (1 - 1.032 * scale) + (1 - 1.142 * scale) + (1.6 * scale - 1)
    assert scores["n_mpjpe_mm"] == pytest.approx(1000 * left / 4)


def test_another_root():
    target = np.zeros((1, 3, 3))
    predicted = np.array([[[0, 0, 0], [0.1, 0, 0], [0.1, 0, 0]]])
    assert pose_scores(predicted, target, root=0)["mpjpe_mm"] == pytest.approx(200 / 3)
    assert pose_scores(predicted, target, root=1)["mpjpe_mm"] == pytest.approx(100 / 3)
    np.testing.assert_allclose(root_align(predicted, 2)[0, :, 0], [-0.1, 0, 0])


def test_perfect_predictions():
    target = random_poses(0)
    scores = pose_scores(target, target)
    assert scores["pck150"] == 1
    # No error lies below the first of the 31 thresholds, 0 mm.
    assert scores["auc"] == pytest.approx(30 / 31)
    for name in ("mpjpe_mm", "pa_mpjpe_mm", "n_mpjpe_mm"):
        assert scores[name] == pytest.approx(0, abs=1e-9)


@given(seeds, st.integers(3, 20))
def test_procrustes_undoes_a_similarity(seed, joints):
    target = random_poses(seed, joints=joints)
    np.testing.assert_allclose(procrustes_align(similar(target, seed), target), target, atol=1e-9)


@given(seeds)
def test_procrustes_errors_do_not_depend_on_the_similarity_of_the_prediction(seed):
    target, predicted = random_poses(seed), random_poses(seed + 1)
    np.testing.assert_allclose(
        procrustes_align(similar(predicted, seed), target),
        procrustes_align(predicted, target),
        atol=1e-9,
    )


@given(seeds)
def test_procrustes_is_the_best_similarity(seed):
    target, predicted = random_poses(seed), random_poses(seed + 1)
    aligned = procrustes_align(predicted, target)
    least = np.sum((aligned - target) ** 2, axis=(1, 2))
    nudge = Rotation.from_rotvec(np.random.default_rng(seed).normal(0, 0.05, (4, 3))).as_matrix()
    centre = target.mean(axis=1, keepdims=True)
    for other in ((aligned - centre) @ nudge, 1.02 * (aligned - centre), aligned - centre + 0.01):
        assert np.all(np.sum((other + centre - target) ** 2, axis=(1, 2)) >= least)


def test_procrustes_agrees_with_scipy():
    target = random_poses(0)
    predicted = target + random_poses(1) / 4
    aligned = procrustes_align(predicted, target)
    for i in range(len(target)):
        p, t = (x[i] - x[i].mean(axis=0) for x in (predicted, target))
        rotation = Rotation.align_vectors(t, p)[0]
        turned = rotation.apply(p)
        expected = np.sum(turned * t) / np.sum(p * p) * turned + target[i].mean(axis=0)
        np.testing.assert_allclose(aligned[i], expected, atol=1e-9)
        # scipy's target has sum of squares 1; here the best match is no reflection.
        disparity = procrustes(target[i], predicted[i])[2]
        assert np.sum((aligned[i] - target[i]) ** 2) == pytest.approx(disparity * np.sum(t * t))


def test_a_reflection_is_not_undone():
    target = random_poses(0)
    errors = joint_errors(procrustes_align(target * [-1, 1, 1], target), target)
    assert np.all(errors.mean(axis=1) > 0.1)
    for pose in range(len(target)):
        assert procrustes(target[pose], target[pose] * [-1, 1, 1])[2] < 1e-9


@pytest.mark.parametrize("flatten", [(1, 1, 0), (1, 0, 0)])
def test_poses_in_a_plane_or_on_a_line(flatten):
    target = random_poses(0) * flatten
    np.testing.assert_allclose(procrustes_align(similar(target, 1), target), target, atol=1e-9)


def test_a_prediction_without_extent_comes_to_the_targets_centre_or_root():
    target = random_poses(0)
    point = np.full_like(target, 2.0)
    centre = np.broadcast_to(target.mean(axis=1, keepdims=True), target.shape)
    np.testing.assert_allclose(procrustes_align(point, target), centre, atol=1e-12)
    np.testing.assert_allclose(scale_align(point, target)[:, 5], target[:, 0])
    # A target without extent pulls the prediction into its point.
    np.testing.assert_allclose(procrustes_align(target, point), point)


@given(seeds, st.floats(0.1, 10))
def test_scale_align_undoes_scale_and_translation_only(seed, scale):
    target = random_poses(seed)
    np.testing.assert_allclose(scale_align(scale * target + 3, target, root=2), target, atol=1e-9)
    turned = target[..., [1, 2, 0]]
    assert np.all(joint_errors(scale_align(turned, target), target).mean(axis=1) > 0.05)


def test_scale_align_does_not_turn_a_pose_inside_out():
    target = random_poses(0)
    aligned = scale_align(-target, target)
    np.testing.assert_array_equal(aligned, np.broadcast_to(target[:, :1], target.shape))


@given(seeds)
def test_each_alignment_leaves_less_squared_error_than_the_one_it_contains(seed):
    target, predicted = random_poses(seed), random_poses(seed) + random_poses(seed + 1) / 3
    roots = joint_errors(root_align(predicted), root_align(target))
    scaled = joint_errors(scale_align(predicted, target), target)
    similarity = joint_errors(procrustes_align(predicted, target), target)
    squared = [np.sum(errors**2, axis=1) for errors in (similarity, scaled, roots)]
    assert np.all(squared[0] <= squared[1] + 1e-12)
    assert np.all(squared[1] <= squared[2] + 1e-12)


def test_poses_of_unknown_truth_are_left_out():
    target, predicted = random_poses(0, 5), random_poses(1, 5)
    expected = pose_scores(predicted[[0, 2, 4]], target[[0, 2, 4]])
    target[1], target[3, 4, 2] = np.nan, np.nan
    assert pose_scores(predicted, target) == pytest.approx(expected)


def test_a_prediction_that_is_not_a_number_is_not_hidden_and_harms_no_other():
    target, predicted = random_poses(0), random_poses(1)
    broken = predicted.copy()
    broken[1, 3, 0] = np.nan
    scores = pose_scores(broken, target)
    assert all(np.isnan(scores[name]) for name in ("mpjpe_mm", "pa_mpjpe_mm", "n_mpjpe_mm"))
    aligned, others = procrustes_align(broken, target), [0, 2, 3]
    np.testing.assert_allclose(aligned[others], procrustes_align(predicted, target)[others])
    target[:], broken[1] = 0, np.nan
    assert pose_scores(broken * 0, target)["pck150"] == pytest.approx(3 / 4)


def test_scores_by_action_weigh_actions_and_frames():
    # Errors of one joint of two: 100 mm in each of three frames of Walking, 20 mm in one of Eating.
    target = np.zeros((5, 2, 3))
    predicted = target.copy()
    predicted[:4, 1, 0] = [0.1, 0.02, 0.1, 0.1]
    target[4] = np.nan
    actions = ["Walking", "Eating", "Walking", "Walking", "Sitting"]
    table = scores_by_action(predicted, target, actions)
    assert list(table) == ["Eating", "Walking", "average", "all_frames"]
    mpjpe = {name: row["mpjpe_mm"] for name, row in table.items()}
    assert mpjpe == pytest.approx({"Eating": 10, "Walking": 50, "average": 30, "all_frames": 40})
    assert table["all_frames"] == pytest.approx(pose_scores(predicted, target))
    assert table["Walking"] == pytest.approx(pose_scores(predicted[[0, 2, 3]], target[[0, 2, 3]]))


def test_mistakes_are_named():
    poses = random_poses(0)
    with pytest.raises(UserError, match=r"predicted poses have shape \[4, 51\]: give \[N, J, 3\]"):
        pose_scores(poses.reshape(4, -1), poses)
    with pytest.raises(UserError, match=r"true poses have shape \[4, 17, 2\]"):
        pose_scores(poses, poses[..., :2])
    with pytest.raises(
        UserError, match="4 predicted poses of 17 joints do not match 4 true ones of"
    ):
        pose_scores(poses, poses[:, 1:])
    with pytest.raises(UserError, match="none of 4 true poses is free of NaN: nothing to score"):
        pose_scores(poses, poses * np.nan)
    with pytest.raises(UserError, match=r"actions have shape \[3\]: give one for each of 4 poses"):
        scores_by_action(poses, poses, ["a"] * 3)
    with pytest.raises(UserError, match="an action is called 'average', a row of the table itself"):
        scores_by_action(poses, poses, ["a", "a", "average", "b"])
