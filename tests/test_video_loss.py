"""The loss of a clip, by hand on frames of one colour each."""

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.photometry import roughness, with_blurred
from aign_tf.renderers.clip import ClipFromNeighbours
from aign_tf.video_loss import VideoLossConfig, factor_loss, video_loss

HEIGHT, WIDTH = 2, 3
# Differences alone: half of them is the error.
PLAIN = {
    **{"ssim": 0.0, "blurs": 0, "smoothness": 0.0, "consistency": 0.0},
    **{"minimum": True, "auto_mask": False},
}
GREYS = (0.0, 0.2, 0.8)
# Frames 0 and 1 as the next frame shows them, and frames 1 and 2 as the previous one does.
VIEWS = ((0.1, 0.6), (0.3, 0.4))
ALL, NONE = ((1, 1), (1, 1)), ((0, 0), (0, 0))


def painted(values, channels=3):
    """`[...]` -> one clip `[1, ..., H, W, channels]` of such colours."""
    values = np.asarray(values, np.float32)[None, ..., None, None, None]
    return np.broadcast_to(values, (*values.shape[:-3], HEIGHT, WIDTH, channels))


def rendered(views=VIEWS, valid=ALL, disagreement=NONE, log_depth=None):
    """What a renderer returns for one level of depths."""
    frames = np.shape(views)[-1] + 1
    log_depth = painted(np.zeros(frames), 1) if log_depth is None else log_depth
    return {
        "views": painted(views)[:, None],
        "valid": painted(valid, 1)[:, None],
        "disagreement": painted(disagreement, 1)[:, None],
        "log_depth": log_depth[:, None],
    }


def loss(parts, frames=None, **switches):
    frames = painted(GREYS) if frames is None else frames
    return float(video_loss(parts, frames, VideoLossConfig(**{**PLAIN, **switches})))


# Neighbours. Errors of the views above: frame 0 is missed by 0.05, frame 1 by 0.2 and 0.05, and
# frame 2 by 0.2. Without any motion it would be 0.1; 0.3 and 0.1; 0.3.


def test_the_best_neighbour_of_each_frame_counts():
    assert loss(rendered()) == pytest.approx((0.05 + 0.05 + 0.2) / 3)


def test_without_minimum_the_mean_of_the_neighbours_counts():
    assert loss(rendered(), minimum=False) == pytest.approx((0.05 + 0.125 + 0.2) / 3)


def test_the_minimum_is_that_of_each_pixel():
    parts = rendered(views=((0.0, 0.2), (0.2, 0.8)))
    views = parts["views"].copy()
    views[0, 0, 0, 1, 0, 0] += 0.4  # Frame 1 from the next: its first pixel is wrong.
    views[0, 0, 1, 0, 1, 2] += 0.4  # Frame 1 from the previous: its last pixel is wrong.
    assert loss({**parts, "views": views}) == pytest.approx(0, abs=1e-7)
    pixels = 3 * HEIGHT * WIDTH
    found = loss({**parts, "views": views}, minimum=False)
    assert found == pytest.approx(2 * (0.2 / 2) / pixels, rel=1e-5)


@pytest.mark.parametrize("minimum", [False, True])
def test_what_one_neighbour_does_not_show_is_compared_with_the_other(minimum):
    found = loss(rendered(valid=((1, 1), (0, 1))), minimum=minimum)
    assert found == pytest.approx((0.05 + 0.2 + 0.2) / 3)


@pytest.mark.parametrize("minimum", [False, True])
def test_what_no_neighbour_shows_is_charged_as_if_nothing_had_moved(minimum):
    found = loss(rendered(valid=NONE), minimum=minimum)
    assert found == pytest.approx((0.1 + 0.1 + 0.3) / 3)
    found = loss(rendered(valid=((0, 1), (1, 1))), minimum=minimum)
    assert found == pytest.approx(0.1 / 3 + loss(rendered(), minimum=minimum) - 0.05 / 3)


@pytest.mark.parametrize("minimum", [False, True])
@pytest.mark.parametrize("valid", [((1,), (1,)), ((0,), (1,)), ((1,), (0,)), ((0,), (0,))])
def test_a_neighbour_that_a_clip_does_not_have_never_counts(minimum, valid):
    """Of two frames each has one neighbour; they differ by 0.5, and views by 0.1 and 0.3."""
    parts = rendered(views=((0.2,), (0.4,)), valid=valid)
    errors = [error if seen else 0.5 for (seen,), error in zip(valid, (0.1, 0.3))]
    found = loss(parts, painted((0.0, 1.0)), minimum=minimum)
    assert found == pytest.approx(sum(errors) / 2)


# Leaving the picture, and standing still.


def test_pixels_that_fit_best_without_motion_are_masked():
    views = ((0.5, 1.0), (0.9, 0.8))  # Errors of 0.25; 0.4 and 0.35; 0.
    assert loss(rendered(views)) == pytest.approx((0.25 + 0.35 + 0) / 3)
    assert loss(rendered(views), auto_mask=True) == pytest.approx((0.1 + 0.1 + 0) / 3)


def gradient(views, **switches):
    """By the views, `[2, F - 1]`."""
    parts = {name: tf.constant(part) for name, part in rendered(views).items()}
    with tf.GradientTape() as tape:
        tape.watch(parts["views"])
        total = video_loss(parts, painted(GREYS), VideoLossConfig(**{**PLAIN, **switches}))
    return tf.reduce_sum(tape.gradient(total, parts["views"])[0, 0], axis=(-3, -2, -1)).numpy()


def test_masked_pixels_and_worse_neighbours_teach_nothing():
    views = ((0.5, 0.3), (0.9, 0.7))
    # Too bright by: 0.5; 0.1 and 0.7; and too dark by 0.1. Of frame 0 standing still is better.
    each = 0.5 / 3
    np.testing.assert_allclose(gradient(views, auto_mask=True), [[0, each], [0, -each]], atol=1e-6)
    np.testing.assert_allclose(gradient(views), [[each, each], [0, -each]], atol=1e-6)
    by_all = [[each, each / 2], [each / 2, -each]]
    np.testing.assert_allclose(gradient(views, minimum=False), by_all, atol=1e-6)


MASKS = arrays.arrays(np.float32, (1, 1, 2, 2, HEIGHT, WIDTH, 1), elements=st.sampled_from([0, 1]))


@hypothesis.settings(max_examples=30)
@hypothesis.given(st.integers(0, 1000), MASKS, MASKS)
def test_to_leave_the_picture_never_pays(seed, valid, kept):
    draw = np.random.default_rng(seed)
    frames = draw.uniform(-1, 1, (1, 3, HEIGHT, WIDTH, 3)).astype(np.float32)
    views = draw.uniform(-1, 1, (1, 1, 2, 2, HEIGHT, WIDTH, 3)).astype(np.float32)
    parts = {**rendered(), "views": views, "valid": valid}
    left = {**parts, "valid": valid * kept}
    assert loss(left, frames, auto_mask=True) >= loss(parts, frames, auto_mask=True) - 1e-6


def test_a_true_motion_is_better_than_to_leave_the_picture():
    exact = rendered(views=((0.0, 0.2), (0.2, 0.8)))
    for auto_mask in (False, True):
        assert loss(exact, auto_mask=auto_mask) == pytest.approx(0, abs=1e-7)
        gone = {**exact, "valid": 0 * exact["valid"]}
        assert loss(gone, auto_mask=auto_mask) == pytest.approx((0.1 + 0.1 + 0.3) / 3)


# The other terms.


def test_disagreement_is_added_by_its_weight():
    parts = rendered(disagreement=((0.1, 0.2), (0.3, 0.6)))
    found = loss(parts, consistency=0.5)
    assert found == pytest.approx(loss(parts) + 0.5 * 0.3)
    assert loss(rendered(), consistency=0.5) == pytest.approx(loss(rendered()))


def rough_depths(seed=0, levels=1):
    draw = np.random.default_rng(seed)
    return draw.normal(0, 0.5, (1, levels, 3, HEIGHT, WIDTH, 1)).astype(np.float32)


def slopes_of_two_places(told, **switches):
    """Loss and slopes of two frames with two places each, of which one is nearer by 0.6."""
    final = np.zeros((1, 1, 2, 8, 16, 1), np.float32)
    final[:, :, 0, :4, :4] = -0.6
    frames = np.zeros((1, 2, 8, 16, 3), np.float32)
    views = np.zeros((1, 1, 2, 1, 8, 16, 3), np.float32)
    parts = {"views": views, "valid": views[..., :1], "disagreement": views[..., :1]}
    parts |= {"log_depth": final, **told}
    parts = {name: tf.constant(part) for name, part in parts.items()}
    with tf.GradientTape() as tape:
        tape.watch(parts)
        found = video_loss(parts, frames, VideoLossConfig(**{**PLAIN, **switches}))
    return float(found), tape.gradient(found, parts, unconnected_gradients="zero")


def test_guesses_are_pulled_to_final_depths_and_not_those_to_guesses():
    guess = {"guess": np.full((1, 1, 1, 2, 2), [5.0, 7.0], np.float32)}  # Guessed twice.
    found, slopes = slopes_of_two_places(guess, guess=0.5)
    assert found == pytest.approx(0.5 * 0.3)  # Guesses are compared up to a constant.
    assert np.any(slopes["guess"]) and not np.any(slopes["log_depth"])


def test_places_are_pulled_to_where_depths_and_motions_say_and_not_those_to_places():
    rigid = np.float32([4, -2]) * np.ones((1, 2, 1, 1, 2, 2), np.float32)
    rigid[:, 1, :, :, 1] = np.nan  # A place that leaves the picture.
    flow = {"flow": np.zeros_like(rigid), "rigid_flow": rigid}
    found, slopes = slopes_of_two_places(flow, flow=0.5)
    assert found == pytest.approx(0.5 * 3 / 8)  # Places are 8 pixels apart.
    assert np.array_equal(slopes["flow"] != 0, np.isfinite(rigid))
    assert not np.any(slopes["rigid_flow"]) and not np.any(slopes["log_depth"])
    assert slopes_of_two_places(flow, flow=0.0)[0] == 0.0


def test_what_is_too_far_is_added_by_its_weight():
    told = {"too_far": np.float32([0.0, 0.6]).reshape(1, 2, 1, 1, 1)}
    found, slopes = slopes_of_two_places(told, too_far=0.5)
    assert found == pytest.approx(0.5 * 0.3) and np.all(slopes["too_far"] == 0.25)
    assert slopes_of_two_places(told, too_far=0.0)[0] == 0.0


def textured_frames():
    return np.random.default_rng(1).uniform(-1, 1, (1, 3, HEIGHT, WIDTH, 3)).astype(np.float32)


def test_roughness_is_added_by_its_weight():
    parts, frames = {**rendered(), "log_depth": rough_depths()}, textured_frames()
    expected = loss(parts, frames) + 0.2 * float(roughness(parts["log_depth"][0, 0], frames[0]))
    assert loss(parts, frames, smoothness=0.2) == pytest.approx(expected, rel=1e-5)
    assert loss(rendered(), frames, smoothness=0.2) == pytest.approx(loss(rendered(), frames))


def test_levels_count_alike():
    fine = {**rendered(), "log_depth": rough_depths(0)}
    coarse = {**rendered(((0.7, 0.1), (-0.5, 0.9))), "log_depth": rough_depths(1)}
    coarse["disagreement"] = coarse["disagreement"] + 0.5
    both = {name: np.concatenate([fine[name], coarse[name]], axis=1) for name in fine}
    for switches in ({}, {"smoothness": 0.2, "consistency": 0.3, "auto_mask": True, "ssim": 0.85}):
        each = [loss(part, textured_frames(), **switches) for part in (fine, coarse)]
        assert loss(both, textured_frames(), **switches) == pytest.approx(np.mean(each), rel=1e-5)


def test_blurred_copies_are_compared_too():
    frames = textured_frames()
    shown = {**rendered(((0, 0), (0, 0))), "disagreement": np.zeros((1, 1, 2, 2, 1, 1, 1))}
    copies = with_blurred(frames[0], 2)
    exact = np.stack([copies[:-1], copies[1:]])[None, None]
    assert loss({**shown, "views": exact}, frames, blurs=2) == pytest.approx(0, abs=1e-6)
    wrong = exact + np.repeat(np.float32([0, 0.3, 0.6]), 3)
    # Half the mean of 0, 0.3 and 0.6.
    assert loss({**shown, "views": wrong}, frames, blurs=2) == pytest.approx(0.15, rel=1e-5)


@pytest.mark.parametrize("ssim", [0.0, 0.85])
def test_structure_counts_by_its_share(ssim):
    frames = textured_frames()
    inverted = np.stack([-frames[0, :-1], -frames[0, 1:]])[None, None]
    parts = {**rendered(), "views": inverted}
    difference = np.abs(frames).mean()
    structure = loss(parts, frames, ssim=1.0)
    expected = ssim * structure + (1 - ssim) * difference
    assert loss(parts, frames, ssim=ssim) == pytest.approx(expected, rel=1e-4)


# Together with the renderer.


@pytest.mark.parametrize("minimum", [False, True])
@pytest.mark.parametrize("auto_mask", [False, True])
def test_gradients_are_finite_wherever_the_camera_goes(minimum, auto_mask):
    """Still, nearly still, far out of the picture, and behind what was seen."""
    draw = np.random.default_rng(0)
    frames = draw.uniform(-1, 1, (5, 3, 16, 16, 3)).astype(np.float32)
    frames[1] = 0.5
    moves = np.float32([0, 1e-8, 50.0, 1e3, -3.0])[:, None, None]
    motion = np.broadcast_to(moves * np.float32([0.1, 0.2, 1.0]), (5, 2, 3))
    factors = {
        "log_depth": tf.constant(draw.normal(0, 1, (5, 3, 16, 16, 1)), tf.float32),
        "rotation": tf.constant(0.1 * motion),
        "translation": tf.constant(motion),
    }
    observation = {
        "frames": tf.constant(frames),
        "focal": tf.fill((5, 2), 14.0),
        "principal_point": tf.fill((5, 2), 7.5),
    }
    config = VideoLossConfig(minimum=minimum, auto_mask=auto_mask)
    with tf.GradientTape() as tape:
        tape.watch(factors)
        parts = ClipFromNeighbours(blurs=config.blurs)(factors, observation)
        total = video_loss(parts, frames, config)
    assert 0 < float(total) < 2
    for found in tape.gradient(total, factors).values():
        assert np.all(np.isfinite(found)) and np.any(found)


def test_a_batch_of_unknown_size():
    parts, frames = {**rendered(), "log_depth": rough_depths()}, textured_frames()
    config = VideoLossConfig(blurs=0)
    twice = {name: np.repeat(part, 2, axis=0) for name, part in parts.items()}
    specs = {name: tf.TensorSpec((None, *part.shape[1:])) for name, part in parts.items()}
    ask = tf.function(
        lambda parts, frames: video_loss(parts, frames, config),
        input_signature=[specs, tf.TensorSpec((None, *frames.shape[1:]))],
    )
    expected = float(video_loss(parts, frames, config))
    assert float(ask(twice, np.repeat(frames, 2, axis=0))) == pytest.approx(expected, rel=1e-5)


# Factors.

UNITS = [0.02, 0.03, 0.01], [0.1, 0.1, 0.4]


def translations_cost(predicted, truth):
    predicted, truth = ({"translation": tf.constant([[part]])} for part in (predicted, truth))
    return float(factor_loss(predicted, truth, *UNITS))


@pytest.mark.parametrize("size", [1.0, 30.0])
def test_a_translation_that_is_too_long_costs_its_logarithm_whatever_its_size(size):
    way = np.float32([2, -1, 2]) * np.float32(size)
    for factor in (0.5, 3.0):
        cost = translations_cost(way * np.float32(factor), way)
        assert cost == pytest.approx(abs(np.log(factor)), rel=0.01)


def test_a_wrong_direction_costs_as_it_is_wrong_whatever_the_length():
    way, other = np.float32([2, -1, 2]), np.float32([2, 2, -1])
    assert translations_cost(other, way) == pytest.approx(np.mean([0, 3, 3]) / 3, rel=0.01)
    assert translations_cost(50 * other, 50 * way) == pytest.approx(
        np.mean([0, 3, 3]) / 3, rel=1e-4
    )


def test_translations_of_next_to_nothing_are_all_alike():
    assert translations_cost(np.float32([1e-4, 0, 0]), np.float32([0, -1e-4, 0])) < 0.01


def test_no_translation_at_all_has_finite_gradients():
    predicted = {"translation": tf.zeros((1, 1, 3))}
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        loss = factor_loss(predicted, {"translation": tf.ones((1, 1, 3))}, *UNITS)
    gradient = tape.gradient(loss, predicted)["translation"].numpy()
    assert np.all(np.isfinite(gradient)) and gradient.any()
