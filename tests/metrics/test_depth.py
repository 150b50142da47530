import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.errors import UserError
from aign_tf.metrics import depth

# Two pictures with two readings each, and one picture without any.
TRUTH = np.array([[[2.0, 4.0, 0.0]], [[1.0, 0.0, 10.0]], [[0.0, 0.0, 0.0]]])
PREDICTED = np.array([[[3.0, 4.0, 9.0]], [[2.0, 7.0, 10.0]], [[1.0, 1.0, 1.0]]])
# Of each picture: errors 1, 0 of 2, 4 and errors 1, 0 of 1, 10.
EXPECTED = {
    "abs_rel": (0.25 + 0.5) / 2,
    "sq_rel": (0.25 + 0.5) / 2,
    "rmse": np.sqrt(0.5),
    "rmse_log": (np.log(1.5) + np.log(2)) / np.sqrt(2) / 2,
    "a1": 0.5,
    "a2": (1 + 0.5) / 2,  # 1.5 < 1.25^2 < 2
    "a3": (1 + 0.5) / 2,  # 1.25^3 < 2
}
seeds = st.integers(0, 2**32 - 1)


def random_maps(seed, count=4):
    """Depths of 0.1 to 10 m; a third of the true ones without a reading, but not all of a map."""
    random = np.random.default_rng(seed)
    predicted, truth = random.uniform(0.1, 10, (2, count, 6, 8))
    truth[random.uniform(size=truth.shape) < 1 / 3] = 0
    truth[:, 0, 0] = 1
    return predicted, truth


def test_scores_by_hand():
    found = depth.depth_errors(PREDICTED, TRUTH)
    assert list(found) == list(EXPECTED)
    assert found == pytest.approx(EXPECTED)


def test_each_picture_weighs_the_same_however_many_readings_it_has():
    truth = np.ones((2, 5, 5))
    truth[0] = 0
    truth[0, 2, 2] = 1
    predicted = np.stack([np.full((5, 5), 3.0), np.ones((5, 5))])
    assert depth.depth_errors(predicted, truth)["abs_rel"] == pytest.approx(1.0)


@given(seeds)
def test_the_truth_is_perfect(seed):
    truth = np.random.default_rng(seed).uniform(0.1, 80, (3, 4, 5)).astype(np.float32)
    errors = [0.0] * 4 + [1.0] * 3
    assert list(depth.all_errors(truth, truth).values()) == [*errors, *errors, 1.0]


@given(seeds, st.floats(0.01, 100))
def test_a_common_factor_of_a_picture_is_scaled_away(seed, factor):
    predicted, truth = random_maps(seed)
    once, twice = (depth.all_errors(p, truth) for p in (predicted, factor * predicted))
    for name, value in once.items():
        if name.endswith(depth.SCALED):
            assert twice[name] == pytest.approx(value)
    assert twice["median_scale"] == pytest.approx(once["median_scale"] / factor)


@given(seeds)
def test_scores_after_scaling_are_those_of_the_scaled_maps(seed):
    predicted, truth = random_maps(seed)
    after = depth.depth_errors(depth.scaled(predicted, truth), truth)
    found = depth.all_errors(predicted, truth)
    assert {name + depth.SCALED: after[name] for name in after}.items() <= found.items()
    assert depth.depth_errors(predicted, truth).items() <= found.items()


def test_scales_are_ratios_of_medians_over_readings():
    found = depth.scaled(PREDICTED, TRUTH)
    scales = np.array([3 / 3.5, 5.5 / 6, 1])  # The last has no reading, and stays.
    np.testing.assert_allclose(found, PREDICTED * scales[:, None, None])
    mean = depth.all_errors(PREDICTED, TRUTH)["median_scale"]
    assert mean == pytest.approx(np.mean(scales[:2]))


def test_readings_out_of_range_do_not_count_and_predictions_are_clipped_to_it():
    truth = np.array([[[0.5, 2.0, 80.0, 100.0, np.inf, np.nan]]])
    predicted = np.array([[[9.0, 0.1, 200.0, 1.0, 1.0, 1.0]]])
    found = depth.depth_errors(predicted, truth, least=1, most=80)
    assert found["abs_rel"] == pytest.approx((0.5 + 0) / 2)
    scaled = depth.all_errors(predicted, truth, least=1, most=80)
    assert scaled["median_scale"] == pytest.approx(41 / 100.05)
    assert scaled["abs_rel_scaled"] == pytest.approx((0.5 + 0) / 2)


def test_the_truth_is_not_changed_and_float32_is_enough():
    predicted, truth = (maps.astype(np.float32) for maps in random_maps(0))
    before = predicted.copy(), truth.copy()
    found = depth.all_errors(predicted, truth)
    np.testing.assert_array_equal((predicted, truth), before)
    exact = depth.all_errors(predicted.astype(np.float64), truth.astype(np.float64))
    assert found == pytest.approx(exact)


def test_a_factor_of_exactly_one_and_a_quarter_is_not_below_it():
    assert depth.depth_errors(np.full((1, 2, 2), 1.25), np.ones((1, 2, 2)))["a1"] == 0
    assert depth.depth_errors(np.ones((1, 2, 2)), np.full((1, 2, 2), 1.25))["a1"] == 0


def test_a_prediction_that_is_not_a_number_is_not_hidden():
    predicted, truth = random_maps(0)
    predicted[1, 0, 0] = np.nan
    assert np.isnan(list(depth.all_errors(predicted, truth).values())).all()


@pytest.mark.filterwarnings("error")
def test_depths_of_zero_are_infinitely_wrong_in_logarithms_only():
    found = depth.depth_errors(np.zeros((1, 2, 2)), np.ones((1, 2, 2)))
    assert list(found.values()) == [1, 1, 1, np.inf, 0, 0, 0]


def test_every_score_has_a_meaning():
    assert list(depth.all_errors(PREDICTED, TRUTH)) == list(depth.MEANINGS)


def test_maps_of_several_sizes_are_taken_one_by_one():
    predicted, truth = [np.full((2, 3), 2.0), np.full((4, 5), 3.0)], [np.ones((2, 3))] * 1
    truth.append(np.ones((4, 5)))
    assert depth.all_errors(predicted, truth)["abs_rel"] == pytest.approx(1.5)


def test_what_does_not_match_is_told():
    with pytest.raises(UserError, match="2 predicted depth maps do not match 3 true ones"):
        depth.depth_errors(PREDICTED[:2], TRUTH)
    with pytest.raises(UserError, match=r"of shape \[1, 2\] does not match .* shape \[1, 3\]"):
        depth.all_errors(PREDICTED[..., :2], TRUTH)
    with pytest.raises(UserError, match="no depth map has a reading from 20 to 80 m"):
        depth.all_errors(PREDICTED, TRUTH, least=20, most=80)
    with pytest.raises(UserError, match="no depth map has a reading from 0 to inf m"):
        depth.depth_errors(PREDICTED[2:], TRUTH[2:])
