"""Random changes of pictures: each by hand, how often, and what comes back through them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, losses
from aign_tf.discriminators import judging
from aign_tf.discriminators.augment import CHANCES, CHANGES, Augment
from aign_tf.errors import UserError

GEOMETRY = ("mirror", "translation", "scaling")
COLOUR = ("saturation", "contrast", "brightness")


def pictures(rows=4, side=16, seed=0):
    draw = np.random.default_rng(seed)
    return draw.uniform(-1, 1, (rows, side, side, 3)).astype(np.float32)


def chances(rows=4, seed=0):
    return np.random.default_rng(seed).random((rows, CHANCES)).astype(np.float32)


def deciding(change):
    """Index of the number that decides on a change; those of its strength follow."""
    names = list(CHANGES)
    return sum(1 + CHANGES[name] for name in names[: names.index(change)])


def changed(picture, **strengths):
    """Pictures `[B,S,S,3]` after the changes named, of strengths in [-1, 1], and no others."""
    chance = np.full((len(picture), CHANCES), 0.75, np.float32)
    for name, strength in strengths.items():
        start = deciding(name)
        chance[:, start] = 0
        chance[:, start + 1 : start + 1 + CHANGES[name]] = (np.array(strength) + 1) / 2
    return Augment(0.5)([tf.constant(picture), tf.constant(chance)]).numpy()


def differ(one, other):
    return np.any(one != other, axis=(1, 2, 3))


# When.


def test_probability_0_is_the_picture_bit_for_bit():
    np.testing.assert_array_equal(Augment(0.0)([pictures(), chances()]), pictures())


def test_changes_that_are_not_made_leave_every_bit():
    np.testing.assert_array_equal(changed(pictures()), pictures())
    for name in GEOMETRY:  # In an odd number of pixels, too.
        odd = pictures(side=17)
        np.testing.assert_array_equal(changed(odd, **{name: 0.0}), odd)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_made_with_its_probability(change, probability):
    decisions, start = chances(2000)[:, 0], deciding(change)
    chance = np.full((2000, CHANCES), 0.5, np.float32)  # Of the others: by nothing.
    chance[:, start] = decisions
    chance[:, start + 1 : start + 1 + CHANGES[change]] = 0.2
    picture = pictures(2000, side=8)
    made = differ(Augment(probability)([picture, chance]).numpy(), picture)
    np.testing.assert_array_equal(made, decisions < probability)
    assert made.mean() == pytest.approx(probability, abs=0.03)


def test_changes_are_decided_independently():
    """Brightness and mirror, which a ramp tells apart: all four ways are as frequent."""
    ramp = np.broadcast_to(np.linspace(-1, 1, 8, dtype=np.float32)[:, None], (4000, 8, 8, 3))
    chance = np.full((4000, CHANCES), 0.75, np.float32)
    for column, name in enumerate(("brightness", "mirror")):
        chance[:, deciding(name)] = chances(4000)[:, column]
        chance[:, deciding(name) + 1] = 0.2
    seen = Augment(0.5)([ramp, chance]).numpy()
    darker = seen.mean(axis=(1, 2, 3)) < -0.1
    mirrored = seen[:, 0, 0, 0] > seen[:, 0, 7, 0]
    for one in (True, False):
        for other in (True, False):
            assert np.mean((darker == one) & (mirrored == other)) == pytest.approx(0.25, abs=0.03)


def test_what_happens_is_a_function_of_chance_alone():
    layer = Augment(0.7)
    first = layer([pictures(), chances()]).numpy()
    keras.utils.set_random_seed(7)
    np.testing.assert_array_equal(layer([pictures(), chances()]), first)
    np.testing.assert_allclose(
        tf.function(layer)([tf.constant(pictures()), tf.constant(chances())]), first, atol=1e-5
    )
    assert differ(layer([pictures(), chances(seed=1)]).numpy(), first).all()


def test_every_picture_has_chances_of_its_own():
    layer = Augment(0.7)
    together = layer([pictures(), chances()]).numpy()
    for row in range(4):
        alone = layer([pictures()[row : row + 1], chances()[row : row + 1]]).numpy()
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)
    same = layer([pictures(1).repeat(4, axis=0), chances()]).numpy()
    assert differ(same[1:], same[:1]).all()


@pytest.mark.parametrize("probability", [-0.1, 1.5])
def test_what_is_no_probability_is_refused(probability):
    with pytest.raises(UserError, match=f"probability {probability} of changes: use 0 to 1"):
        Augment(probability)


# What.


def test_a_mirror_is_exact():
    np.testing.assert_array_equal(changed(pictures(), mirror=-0.5), pictures()[:, :, ::-1])
    np.testing.assert_array_equal(changed(pictures(), mirror=0.5), pictures())


@pytest.mark.parametrize("right, down", [(1, 0), (-3, 0), (0, 2), (4, -4)])
def test_whole_pixels_move_exactly_and_the_border_reflects(right, down):
    picture, reach = pictures(side=32), 4
    moved = changed(picture, translation=[right / reach, down / reach])
    wide = np.pad(picture, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    expected = wide[:, reach - down :, reach - right :][:, :32, :32]
    np.testing.assert_array_equal(moved, expected)


def test_half_a_pixel_is_between_two():
    picture = pictures(side=32)
    moved = changed(picture, translation=[0.125, 0])
    between = (picture[:, :, 1:] + picture[:, :, :-1]) / 2
    np.testing.assert_allclose(moved[:, :, 1:], between, atol=1e-6)


@pytest.mark.parametrize("strength, zoom", [(1, 1.25), (-1, 0.8), (0.5, 1.25**0.5)])
def test_scaling_keeps_the_middle_and_goes_the_same_way_in_both_directions(strength, zoom):
    x = np.arange(17, dtype=np.float32)
    # Coordinates as colours, which bilinear weights keep.
    places = np.stack(np.broadcast_arrays(x, x[:, None], 1.0), axis=-1)[None]
    scaled = changed(places, scaling=strength)
    np.testing.assert_allclose(scaled[0, 8, 8], [8, 8, 1], atol=1e-5)
    expected = 8 + (places[..., :2] - 8) / zoom
    np.testing.assert_allclose(scaled[:, 2:-2, 2:-2, :2], expected[:, 2:-2, 2:-2], atol=1e-5)


def test_it_is_scaled_first_and_then_moved():
    picture = pictures(side=32)
    once = changed(picture, scaling=-0.4, translation=[0.5, -0.25])
    twice = changed(changed(picture, scaling=-0.4), translation=[0.5, -0.25])
    np.testing.assert_allclose(once[:, 4:-4, 4:-4], twice[:, 4:-4, 4:-4], atol=1e-5)


@pytest.mark.parametrize("change", [*GEOMETRY, *COLOUR[:2]])
def test_one_grey_stays_that_grey_up_to_the_border(change):
    grey = np.full((1, 16, 16, 3), 0.3, np.float32)
    for strength in (-1, -0.3, 0.6, 1):
        np.testing.assert_allclose(changed(grey, **{change: strength}), grey, atol=1e-6)


def test_saturation_goes_from_grey_to_twice_the_colour():
    grey = pictures().mean(axis=3, keepdims=True)
    for strength, expected in ((-1, grey + 0 * pictures()), (1, 2 * pictures() - grey)):
        np.testing.assert_allclose(changed(pictures(), saturation=strength), expected, atol=1e-6)


def test_contrast_is_about_the_mean_of_each_picture():
    mean = pictures().mean(axis=(1, 2, 3), keepdims=True)
    for strength in (-1, 0.5):
        expected = mean + (1 + 0.5 * strength) * (pictures() - mean)
        np.testing.assert_allclose(changed(pictures(), contrast=strength), expected, atol=1e-6)


def test_brightness_is_added_and_nothing_is_clipped():
    for strength in (-1, 0.4):
        expected = pictures() + 0.5 * strength
        np.testing.assert_allclose(changed(pictures(), brightness=strength), expected, atol=1e-6)
        assert np.abs(expected).max() > 1


def test_colours_together_are_contrast_of_saturation_and_then_brightness():
    step = changed(changed(pictures(), saturation=0.7), contrast=-0.6)
    together = changed(pictures(), saturation=0.7, contrast=-0.6, brightness=0.3)
    np.testing.assert_allclose(together, step + 0.15, atol=1e-6)


def test_a_square_is_cut_out_where_chance_says():
    cut = changed(pictures(), cutout=[1.0, 0.5, -0.25])
    expected = pictures()
    # 8 of 16 pixels, from 4 before to 4 behind x = 8 + 0.5 * 8 and y = 8 - 0.25 * 8.
    expected[:, 2:10, 8:16] = 0
    np.testing.assert_array_equal(cut, expected)


def test_cut_out_are_squares_of_up_to_half_of_the_side_anywhere():
    rows, side = 1000, 16
    chance = np.full((rows, CHANCES), 0.75, np.float32)
    chance[:, deciding("cutout")] = 0
    chance[:, deciding("cutout") + 1 : deciding("cutout") + 4] = chances(rows)[:, :3]
    cut = Augment(0.5)([np.ones((rows, side, side, 3), np.float32), chance]).numpy() == 0
    heights, widths = cut.any(axis=(2, 3)).sum(axis=1), cut.any(axis=(1, 3)).sum(axis=1)
    np.testing.assert_array_equal(cut.sum(axis=(1, 2, 3)), 3 * heights * widths)
    assert heights.max() == widths.max() == side / 2
    assert cut.mean(axis=(0, 3)).min() > 0.02  # No pixel is safe.


# What comes back.


def test_all_is_linear_but_what_brightness_adds():
    one, other, layer = pictures(), pictures(seed=1), Augment(0.8)

    def shown(picture):
        return layer([picture, chances()]).numpy()

    mixed = shown(0.3 * one - 1.2 * other)
    nothing = shown(np.zeros_like(one))
    expected = 0.3 * (shown(one) - nothing) - 1.2 * (shown(other) - nothing) + nothing
    np.testing.assert_allclose(mixed, expected, atol=1e-5)
    # What is added is one number for a picture, but where it is cut out.
    assert all(len(np.unique(row[row != 0])) <= 1 for row in nothing)


def test_gradients_are_those_of_finite_differences():
    weights, step = pictures(seed=1), 0.1 * pictures(seed=2)

    def total(picture):
        return tf.reduce_sum(weights * Augment(0.8)([picture, chances()]), axis=[1, 2, 3])

    picture = tf.constant(pictures())
    with tf.GradientTape() as tape:
        tape.watch(picture)
        values = total(picture)
    by_rule = np.sum(tape.gradient(values, picture) * step, axis=(1, 2, 3))
    by_difference = (total(picture + step) - total(picture - step)) / 2
    np.testing.assert_allclose(by_rule, by_difference, atol=1e-4)
    assert np.abs(by_rule).min() > 0.01


def discriminator(probability=0.8, side=16):
    picture, chance = keras.Input((side, side, 3), name="face"), keras.Input((CHANCES,))
    x = keras.layers.Conv2D(4, 5, 2, activation="elu")(Augment(probability)([picture, chance]))
    logit = keras.layers.Dense(1, dtype="float32")(keras.layers.Flatten()(x))
    return keras.Model({"face": picture, judging.CHANCE: chance}, logit)


def test_a_penalty_on_slopes_has_slopes():
    network, real = discriminator(), {"face": tf.constant(pictures())}

    @tf.function
    def penalized():
        with tf.GradientTape() as tape:
            tape.watch(real)
            penalty = judging.penalty(network, real, real, [1, 2], r1=1.0, gradient_penalty=0.0)
        return penalty, tape.gradient(penalty, [network.trainable_variables[0], real["face"]])

    penalty, slopes = penalized()
    assert np.isfinite(penalty) and penalty > 0
    for slope in slopes:
        assert np.isfinite(slope).all() and np.abs(slope).max() > 1e-4


def test_a_penalty_through_the_changes_by_hand():
    """A square at full contrast passes its slope on to the pixels that are not cut out."""
    chance = np.full((4, CHANCES), 0.75, np.float32)
    chance[:, deciding("cutout")] = 0
    chance[:, deciding("cutout") + 1 :] = (1.0, 0.5, 0.5)

    def logits(factors):
        return tf.reduce_sum(Augment(0.5)([factors["face"], chance]), axis=[1, 2, 3])

    penalty = losses.r1_penalty(logits, {"face": tf.constant(pictures())})
    assert float(penalty) == pytest.approx(0.5 * 3 * (16 * 16 - 8 * 8))


# What must not come back: changes in what is generated.


def test_the_picture_as_it_is_stays_the_most_frequent_sight():
    rows = 6000
    picture = pictures(1, side=8)
    seen = Augment(0.5)([picture.repeat(rows, axis=0), chances(rows)]).numpy()
    sights, counts = np.unique(seen.reshape(rows, -1), axis=0, return_counts=True)
    second, first = np.argsort(counts)[-2:]
    np.testing.assert_array_equal(sights[first], picture.ravel())
    np.testing.assert_array_equal(sights[second], picture[:, :, ::-1].ravel())
    # Of those that all others leave alone, a quarter is mirrored.
    assert counts[first] > 2 * counts[second] > 2


@pytest.mark.parametrize("probability", [0.3, 0.5, 0.8])
def test_it_shows_which_way_a_picture_faces(probability):
    """Darker on the left; mirroring one in two would show as many that are darker on the right."""
    rows = 3000
    ramp = np.broadcast_to(np.linspace(-1, 1, 8, dtype=np.float32)[:, None], (rows, 8, 8, 3))
    seen = Augment(probability)([ramp, chances(rows)]).numpy()
    right = seen[:, :, 4:].mean(axis=(1, 2, 3)) > seen[:, :, :4].mean(axis=(1, 2, 3))
    assert right.mean() == pytest.approx(1 - probability / 2, abs=0.05)


# In a network.


def test_it_works_in_float32_under_any_policy():
    with compat.precision("bfloat16"):
        layer = Augment(0.5)
    low = tf.cast(pictures(), tf.bfloat16)
    seen = layer([low, chances()])
    assert seen.dtype == tf.float32
    np.testing.assert_array_equal(seen, Augment(0.5)([tf.cast(low, tf.float32), chances()]))


def test_a_network_is_judged_by_other_chances_for_another_seed():
    network, shown = discriminator(), {"face": tf.constant(pictures())}
    logits = [judging.judge(network, shown, seed, True) for seed in ([1, 2], [1, 2], [1, 3])]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert (np.abs(logits[2] - logits[0]) > 1e-4).all()


def test_a_network_comes_back_from_a_keras_file(tmp_path):
    network = discriminator(0.35)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    given = {"face": pictures(), "chance": chances()}
    np.testing.assert_array_equal(again(given), network(given))
    (layer,) = (layer for layer in again.layers if isinstance(layer, Augment))
    assert layer.probability == 0.35
