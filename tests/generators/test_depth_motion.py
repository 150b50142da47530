"""Depths and motions of clips: who sees what, in which units and bounds."""

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.errors import UserError
from aign_tf.generators.depth_motion import Shifted, check_size, depth_motion
from aign_tf.generators.matching import Best, Flow, Forwards, Matches, OfEachFrame, Pairs
from aign_tf.generators.motion import MotionOfPlaces
from aign_tf.generators.triangulation import Triangulated
from tests.generators.moved import PIXELS, USUAL, seen_from_beside
from tests.generators.saved import check_it_comes_back

FRAMES, HEIGHT, WIDTH = 3, 32, 48


def small(coarse=1):
    return depth_motion(FRAMES, HEIGHT, WIDTH, 2.0, channels=4, blocks=1, coarse=coarse)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return small()


def observation(rows=2, seed=0):
    """Clips that come nearer to something at a distance, and pass it on its left."""
    draw = np.random.default_rng(seed)
    textures = draw.uniform(-1, 1, (rows, HEIGHT, WIDTH, 3)).astype(np.float32)
    textures = [2 * cv2.GaussianBlur(texture, (0, 0), 1.5) for texture in textures]
    moves = [np.float32([[1 + 0.1 * k, 0, 2.0 * k], [0, 1 + 0.1 * k, k]]) for k in range(FRAMES)]
    frames = [[_moved(texture, move) for move in moves] for texture in textures]
    focal, centre = (np.tile(pair, (rows, 1)) for pair in ([40.0, 41.0], [23.5, 15.5]))
    parts = {"frames": np.clip(frames, -1, 1), "focal": focal, "principal_point": centre}
    return {name: part.astype(np.float32) for name, part in parts.items()}


def _moved(picture, move):
    return cv2.warpAffine(picture, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


def found(network, given):
    return {name: factor.numpy() for name, factor in network(given).items()}


def changed(before, after):
    """Which frames or motions `[F]` of which factor are not the same."""
    before, after = by_frame(before), by_frame(after)
    return {
        name: [
            not np.allclose(*each, atol=1e-5)
            for each in zip(part.swapaxes(0, 1), after[name].swapaxes(0, 1))
        ]
        for name, part in before.items()
    }


def by_frame(factors):
    """Whatever the size, with the flow to the next frame alone, which is one for each motion."""
    translation = factors["translation"]
    return {
        "rotation": factors["rotation"],
        "flow": factors["flow"][:, 0],
        "guess": factors["guess"],
        "translation": translation / np.linalg.norm(translation, axis=-1, keepdims=True),
        **{name: shape_of(factors[name]) for name in ("log_depth", "coarse_log_depth")},
    }


def shape_of(log_depth):
    return log_depth - log_depth.mean(axis=(2, 3), keepdims=True)


# Outputs.


def test_names_shapes_and_types(network):
    assert list(network.input) == ["frames", "focal", "principal_point"]
    factors = network(observation())
    assert {name: tuple(factor.shape) for name, factor in factors.items()} == {
        "log_depth": (2, FRAMES, HEIGHT, WIDTH, 1),
        "coarse_log_depth": (2, FRAMES, HEIGHT, WIDTH, 1),
        "rotation": (2, FRAMES - 1, 3),
        "translation": (2, FRAMES - 1, 3),
        "guess": (2, FRAMES - 1, HEIGHT // 8, WIDTH // 8, 2),
        "flow": (2, 2, FRAMES - 1, HEIGHT // 8, WIDTH // 8, 2),
        "too_far": (2, FRAMES, HEIGHT // 4, WIDTH // 4, 1),
    }
    for factor in factors.values():
        assert factor.dtype == tf.float32 and np.std(factor) > 0


@pytest.mark.parametrize("frames, coarse", [(2, 0), (4, 2)])
def test_other_numbers_of_frames_and_of_coarser_levels(frames, coarse):
    network = depth_motion(frames, 16, 32, 2.0, channels=2, blocks=0, coarse=coarse)
    shapes = {name: tuple(factor.shape[1:]) for name, factor in network.output.items()}
    expected = {"log_depth": (frames, 16, 32, 1), "rotation": (frames - 1, 3)}
    expected |= {"translation": (frames - 1, 3), "flow": (2, frames - 1, 2, 4, 2)}
    expected |= {"guess": (frames - 1, 2, 4, 2), "too_far": (frames, 4, 8, 1)}
    if coarse:
        expected["coarse_log_depth"] = (frames, 16, 32, coarse)
    assert shapes == expected


def test_low_precision_gives_float32_factors_and_has_float32_weights(network):
    with compat.precision("bfloat16"):
        low = small()
    low.set_weights(network.get_weights())
    given = observation()
    # Something that moves, since any motion explains noise as badly as any other.
    blurred = cv2.GaussianBlur(given["frames"][:, 0].reshape(-1, WIDTH, 3), (0, 0), 1.5)
    blurred = 3 * blurred.reshape(-1, HEIGHT, WIDTH, 3)
    given["frames"] = np.stack([np.roll(blurred, k, axis=2) for k in range(FRAMES)], axis=1)
    factors, exact = low(given), network(given)
    for name, factor in factors.items():
        assert factor.dtype == tf.float32
        assert np.abs(factor - exact[name]).mean() < 0.2 * np.abs(exact[name]).max()
        # More than the 256 values between two powers of 2 that bfloat16 has.
        assert np.any(factor != tf.cast(tf.cast(factor, tf.bfloat16), tf.float32))
    assert all(weight.dtype == np.float32 for weight in low.get_weights())


def test_the_first_depths_are_about_the_usual_one(network):
    factors = found(network, observation())
    for name in ("log_depth", "coarse_log_depth"):
        assert np.abs(factors[name] - np.log(2.0)).max() < 2


def test_any_depth_can_be_left_again():
    """A bound would have no slope that leads back."""
    values = tf.constant([-30.0, 0.0, 30.0])
    with tf.GradientTape() as tape:
        tape.watch(values)
        shifted = Shifted(1.0)(values)
    np.testing.assert_allclose(shifted - 1.0, 3 * np.log(11) * np.array([-1, 0, 1]), rtol=1e-6)
    assert np.all(tape.gradient(shifted, values)[::2] > 0.05)


def test_the_first_motions_are_no_larger_than_places_can_go(network):
    """24 pixels here, which are 31 degrees, or at the usual depth 1.2 metres."""
    factors = found(network, observation())
    assert 0 < np.linalg.norm(factors["rotation"], axis=-1).max() < 2 * np.radians(31)
    assert 0 < np.linalg.norm(factors["translation"], axis=-1).max() < 2 * 1.2


# Who sees what.


@pytest.mark.parametrize("frame", range(FRAMES))
def test_a_depth_sees_its_neighbours_and_a_motion_its_two_frames_and_no_others(network, frame):
    given = observation()
    other = given["frames"].copy()
    other[:, frame] = np.random.default_rng(1).uniform(-1, 1, other[:, frame].shape)
    differs = changed(found(network, given), found(network, {**given, "frames": other}))
    its_depths = [abs(k - frame) <= 1 for k in range(FRAMES)]
    its_motions = [frame in (k, k + 1) for k in range(FRAMES - 1)]
    assert differs == {
        "log_depth": its_depths,
        "coarse_log_depth": its_depths,
        "rotation": its_motions,
        "translation": its_motions,
        "flow": its_motions,
        "guess": its_motions,
    }


@pytest.mark.parametrize("seed", range(3))
def test_plain_places_go_with_what_is_around_them_before_anything_is_learned(seed):
    """All moves 8 pixels to the right, also a patch of 16 x 16 that has no texture."""
    keras.utils.set_random_seed(seed)
    texture = np.random.default_rng(seed).uniform(-1, 1, (64, 104, 3)).astype(np.float32)
    texture = cv2.GaussianBlur(texture, (0, 0), 1.5)
    texture /= np.abs(texture).max()
    texture[24:40, 52:68] = 0
    frames = np.stack([texture[:, 8:], texture[:, :-8]])[None]
    lens = {"focal": np.float32([[80, 80]]), "principal_point": np.float32([[47.5, 31.5]])}
    flow = depth_motion(2, 64, 96, 2.0, 8)({"frames": frames, **lens})["flow"][0, 0, 0]
    missed = np.linalg.norm(flow - np.float32([8, 0]), axis=-1)[:, :-1]  # The last ones leave.
    assert np.quantile(missed, 0.9) < 5


def test_guesses_are_shown_as_the_motion_is_told_them(network):
    """Nearness becomes depth, each time that the motion is sought."""
    given = [each.input[2] for each in network.layers if isinstance(each, MotionOfPlaces)]
    seen = observation()
    told = np.stack(keras.Model(network.input, given)(seen), axis=-1)[:, :, :, 0]
    told = told.reshape(2, FRAMES - 1, 4, 6, 2)
    np.testing.assert_allclose(found(network, seen)["guess"], -told, rtol=1e-5)


def test_a_clip_has_one_size(network):
    """What another frame changes of depths and motions that do not see it is one factor for all."""
    given = observation()
    other = given["frames"].copy()
    other[:, 0] = 0.5
    before, after = found(network, given), found(network, {**given, "frames": other})
    larger = (after["log_depth"] - before["log_depth"])[:, 2]
    log_size = larger[:, :1, :1]
    assert np.all(np.abs(log_size) > 1e-5)
    np.testing.assert_allclose(larger, np.broadcast_to(log_size, larger.shape), atol=1e-5)
    np.testing.assert_allclose(
        after["translation"][:, 1],
        np.exp(log_size[:, 0, 0]) * before["translation"][:, 1],
        rtol=1e-4,
    )


def test_clips_of_a_batch_do_not_see_one_another(network):
    given = observation()
    alone = found(network, {name: part[1:] for name, part in given.items()})
    for name, factor in found(network, given).items():
        np.testing.assert_allclose(alone[name], factor[1:], atol=1e-5)


@pytest.mark.parametrize("name", ["focal", "principal_point"])
def test_depths_and_motions_depend_on_the_lens(network, name):
    given = observation()
    other = {**given, name: given[name] + np.float32([6, 0])}
    for differs in changed(found(network, given), found(network, other)).values():
        assert all(differs)


def test_every_weight_gets_a_gradient(network):
    with tf.GradientTape() as tape:
        factors = network(observation(), training=True)
        loss = tf.add_n([tf.reduce_mean((factor - 0.3) ** 2) for factor in factors.values()])
    for weight, gradient in zip(
        network.trainable_variables, tape.gradient(loss, network.trainable_variables)
    ):
        assert np.all(np.isfinite(gradient)) and np.any(gradient), weight.name


# The layers of geometry.


def test_pairs_are_each_frame_with_the_next_and_each_with_the_previous():
    clips = np.arange(2 * 4 * 5).reshape(2, 4, 5).astype(np.float32)
    here, there = (np.reshape(part, (2, 2, 3, 5)) for part in Pairs()(clips))
    np.testing.assert_array_equal(here, np.stack([clips[:, :-1], clips[:, 1:]], axis=1))
    np.testing.assert_array_equal(there, here[:, ::-1])
    np.testing.assert_array_equal(
        np.reshape(Forwards(4)(here.reshape(12, 5)), (2, 3, 5)), clips[:, :-1]
    )


@pytest.mark.parametrize("frames", [2, 4])
def test_a_frame_gets_the_mean_of_what_its_neighbours_tell(frames):
    clips = np.random.default_rng(0).normal(size=(2, frames, 1, 1, 5)).astype(np.float32)
    for side, expected in ((0, clips), (1, neighbours_mean(clips))):
        pairs = Pairs()(clips)[side]
        np.testing.assert_allclose(
            np.reshape(OfEachFrame(frames)(pairs), clips.shape), expected, rtol=1e-6
        )


def neighbours_mean(clips):
    beside = [
        [clips[:, other] for other in (k - 1, k + 1) if 0 <= other < clips.shape[1]]
        for k in range(clips.shape[1])
    ]
    return np.stack([np.mean(parts, axis=0) for parts in beside], axis=1)


def cosines_by_loops(here, there, reach):
    """Of what is left of the features without their mean over the picture."""
    here, there = (part - part.mean(axis=(1, 2), keepdims=True) for part in (here, there))
    count, height, width, _ = here.shape
    side = 2 * reach + 1
    expected = np.zeros((count, height, width, side * side))
    for y, x, down, right in np.ndindex(height, width, side, side):
        row, column = y + down - reach, x + right - reach
        if 0 <= row < height and 0 <= column < width:
            one, other = here[:, y, x], there[:, row, column]
            norms = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
            expected[:, y, x, down * side + right] = (one * other).sum(axis=-1) / norms
    return expected


@pytest.mark.parametrize("reach, size", [(1, (4, 5)), (2, (3, 7)), (4, (4, 6)), (4, (2, 3))])
def test_matches_are_cosines_with_what_is_within_reach(reach, size):
    here, there = np.random.default_rng(0).normal(size=(2, 2, *size, 3)).astype(np.float32)
    expected = cosines_by_loops(here, there, reach)[:, ::2, ::2]
    np.testing.assert_allclose(Matches(reach)([here, there]), expected, atol=1e-5)


@pytest.mark.parametrize("down, right", [(0, 0), (1, -2), (-3, 3)])
def test_what_has_moved_matches_best_where_it_went(down, right):
    here = np.random.default_rng(0).normal(size=(1, 14, 16, 8)).astype(np.float32)
    there = np.roll(here, (down, right), axis=(1, 2))
    best = np.argmax(Matches(3)([here, there]), axis=-1)[0, 2:-2, 2:-2]
    np.testing.assert_array_equal(best, np.full_like(best, (down + 3) * 7 + right + 3))


def test_matches_of_flat_features_have_finite_gradients():
    features = tf.ones((1, 3, 4, 2))
    with tf.GradientTape() as tape:
        tape.watch(features)
        matches = Matches(1)([features, features])
    np.testing.assert_array_equal(matches, tf.zeros_like(matches))
    assert np.all(np.isfinite(tape.gradient(matches, features)))


REACH = 4


def sharp_matches(places):
    """Cosines whose mean place is `places` `[K, 2]`, right and down: of the four places round it.

    They differ as much as real ones do not, which all sharpness would be needed for.
    """
    side = 2 * REACH + 1
    weights = np.full((len(places), side, side), 1e-12)
    for row, (x, y) in enumerate(places + REACH):
        for down, right in np.ndindex(2, 2):
            at = int(y) + down, int(x) + right
            weights[row][at] = max(1e-12, (1 - abs(at[0] - y)) * (1 - abs(at[1] - x)))
    return np.float32(np.log(weights.reshape(1, 1, len(places), -1)) / 20)


def test_the_best_matches_are_where_a_place_has_gone():
    places = np.array([[0.0, 0.0], [1.25, -2.5], [-3.5, 0.5], [3.0, 3.75]])
    found, _ = Best(REACH)(sharp_matches(places))
    np.testing.assert_allclose(found[0, 0], places / REACH, atol=1e-4)


def test_matches_that_are_not_beside_the_best_do_not_count():
    side = 2 * REACH + 1
    cosines = np.full((1, 1, 1, side, side), 0.9, np.float32)
    cosines[..., 1, 6] = 1
    place, cosine = Best(REACH)(cosines.reshape(1, 1, 1, -1))
    np.testing.assert_allclose(place[0, 0, 0], np.array([6 - REACH, 1 - REACH]) / REACH, atol=1e-6)
    # It and eight others beside it.
    share = 1 / (1 + 8 * np.exp(-20 * 0.1))
    np.testing.assert_allclose(cosine, share + 0.9 * (1 - share), rtol=1e-5)


def test_flow_is_that_of_pairs_in_pixels():
    clips = np.random.default_rng(0).normal(size=(2, 4, 3, 5, 3)).astype(np.float32)
    here, there = Pairs()(clips)
    to_next, to_previous = np.moveaxis(Flow(4, 20.0)(there - here).numpy(), 1, 0)
    np.testing.assert_allclose(to_next, 20 * (clips[:, 1:] - clips[:, :-1]), rtol=1e-5)
    np.testing.assert_allclose(to_previous, -to_next, rtol=1e-5)


# Triangulation.


@pytest.mark.parametrize("seed", range(3))
def test_what_shifts_and_motion_tell_is_the_depth(seed):
    given, depth = seen_from_beside(seed)
    found = np.reshape(Triangulated(PIXELS, USUAL)(given), (*depth.shape, 2))
    # Where little is told, it leans towards the infinite.
    told = found[..., 1]
    assert told.min() > 0.5 and told.max() < 1
    np.testing.assert_allclose(found[..., 0], np.log(depth / USUAL / told), atol=1e-3)


def test_without_motion_nothing_is_told_and_gradients_are_finite():
    (shifts, rays, focal, *_), _ = seen_from_beside(0)
    inputs = [tf.constant(part) for part in (shifts, rays, focal)]
    inputs += [tf.zeros((2, 2, 3)), tf.zeros((2, 2, 3))]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        found = Triangulated(PIXELS, USUAL)(inputs)
    np.testing.assert_array_equal(found[..., 1], tf.zeros_like(found[..., 1]))
    assert np.all(np.isfinite(found))
    for gradient in tape.gradient(found, inputs):
        assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    "layer",
    [
        Matches(2),
        Pairs(),
        Forwards(3),
        OfEachFrame(3),
        Best(2),
        Flow(3, 20.0),
        Triangulated(8.0, 1.5),
        MotionOfPlaces(3, 8.0, 1.5),
        Shifted(1.0),
    ],
)
def test_layers_survive_their_config_and_compute_in_float32(layer):
    with compat.precision("bfloat16"):
        again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.compute_dtype == "float32"


# Sizes.


@pytest.mark.parametrize(
    "height, width, message",
    [
        (100, 128, "data.height=100: use a multiple of 16, such as 96"),
        (96, 130, "data.width=130: use a multiple of 16, such as 128"),
        (7, 128, "data.height=7: use a multiple of 16, such as 16"),
        (96, 410, "data.width=410: use a multiple of 16, such as 416"),
    ],
)
def test_frames_that_cannot_be_halved_are_refused(height, width, message):
    with pytest.raises(UserError) as error:
        check_size(height, width)
    assert str(error.value) == message


def test_multiples_of_16_are_not_refused():
    check_size(16, 416)


# Files.


def test_it_comes_back_from_a_keras_file(network, tmp_path):
    check_it_comes_back(network, observation(), tmp_path)
