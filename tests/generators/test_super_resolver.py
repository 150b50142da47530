"""Large pictures of small ones; with the exact head, faithful to the last digit."""

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat
from aign_tf.downsampling import downsampled
from aign_tf.errors import UserError
from aign_tf.export import export
from aign_tf.generators.super_resolver import (
    ChangePicture,
    MatchAverages,
    paper_super_resolver,
    residual_super_resolver,
)
from tests.generators.saved import check_it_comes_back

SIZE = 16
BUILDERS = {
    "residual": lambda: residual_super_resolver(SIZE, width=8, blocks=1),
    "exact": lambda: residual_super_resolver(SIZE, width=8, blocks=1, exact=True),
    "paper": lambda: paper_super_resolver(SIZE),
}


def disturb(network, deviation=0.3):
    """As after training: the last convolution, too, has weights."""
    draw = np.random.default_rng(1)
    network.set_weights(
        [
            weight + draw.normal(0, deviation, weight.shape).astype(np.float32)
            if weight.ndim == 4
            else weight
            for weight in network.get_weights()
        ]
    )
    return network


@pytest.fixture(scope="module", params=BUILDERS)
def network(request):
    keras.utils.set_random_seed(0)
    built = BUILDERS[request.param]()
    return built if request.param == "paper" else disturb(built)


def observation(rows=3, size=4):
    draw = np.random.default_rng(0)
    return {"image": draw.uniform(-1, 1, (rows, size, size, 3)).astype(np.float32)}


# The layer that matches averages.

PIXELS = st.floats(-1, 1, width=32) | st.sampled_from([-1.0, 1.0, np.float32(1 - 2**-24)])


def blocks(factor, rows=2, small=2):
    """Faces and images, among them black and white ones."""
    large = (rows, small * factor, small * factor, 1)
    return st.tuples(
        arrays.arrays(np.float32, large, elements=PIXELS) | st.sampled_from(constants(large)),
        arrays.arrays(np.float32, (rows, small, small, 1), elements=PIXELS),
    )


def constants(shape):
    return [np.full(shape, value, np.float32) for value in (-1, 0, 1)]


FACTOR_AND_BLOCKS = st.sampled_from([1, 2, 4, 8]).flatmap(
    lambda factor: st.tuples(st.just(factor), blocks(factor))
)


@hypothesis.given(FACTOR_AND_BLOCKS)
def test_averages_match_in_range_and_in_order(drawn):
    factor, (face, image) = drawn
    matched = MatchAverages(factor)([face, image]).numpy()
    assert matched.dtype == np.float32 and np.all(np.abs(matched) <= 1)
    np.testing.assert_allclose(downsampled(matched, factor), image, atol=1e-6)
    for row in range(2):
        block, moved = (x[row, :factor, :factor, 0].ravel() for x in (face, matched))
        assert np.all(np.diff(moved[np.argsort(block, kind="stable")]) >= 0)


@hypothesis.given(FACTOR_AND_BLOCKS)
def test_matching_twice_is_matching_once(drawn):
    factor, (face, image) = drawn
    layer = MatchAverages(factor)
    once = layer([face, image])
    np.testing.assert_allclose(layer([once, image]), once, atol=1e-6)


@hypothesis.given(FACTOR_AND_BLOCKS)
def test_a_face_that_matches_stays(drawn):
    factor, (face, _) = drawn
    image = downsampled(face, factor)
    # A single bright pixel of a block holds all of the block's rounding, multiplied by its size:
    # 4e-6 of a pixel for blocks of 8 x 8 whose mean is off by 6e-8.
    rounding = max(1e-6, factor**2 * np.finfo(np.float32).eps / 2)
    np.testing.assert_allclose(MatchAverages(factor)([face, image]), face, atol=rounding)


@hypothesis.given(FACTOR_AND_BLOCKS)
def test_gradients_of_matching_are_finite_and_small(drawn):
    factor, parts = drawn
    face, image = (tf.constant(part) for part in parts)
    weights = np.random.default_rng(0).uniform(-1, 1, face.shape)
    with tf.GradientTape() as tape:
        tape.watch([face, image])
        total = tf.reduce_sum(weights * MatchAverages(factor)([face, image]))
    by_face, by_image = (np.abs(x) for x in tape.gradient(total, [face, image]))
    # By the formula: a share of at most 1 of what comes in, less a mean of it; NaN fails too.
    assert by_face.max() <= 2.001 and by_image.max() <= 1.001 * factor**2


@pytest.mark.parametrize(
    "target, expected",
    # A block of mean 0.5: half of every distance to white, or two thirds of it to black.
    [(0.75, [0.5, 0.75, 0.75, 1.0]), (0.0, [-1 / 3, 0.0, 0.0, 1 / 3]), (0.5, [0.0, 0.5, 0.5, 1.0])],
)
def test_a_block_by_hand(target, expected):
    face = tf.reshape(tf.constant([0.0, 0.5, 0.5, 1.0]), (1, 2, 2, 1))
    matched = MatchAverages(2)([face, tf.fill((1, 1, 1, 1), target)])
    np.testing.assert_allclose(tf.reshape(matched, [-1]), expected, atol=1e-6)


@pytest.mark.parametrize("limit", [-1.0, 1.0])
@pytest.mark.parametrize("target", [-1.0, -0.5, 1.0])
def test_black_and_white_blocks(limit, target):
    face = tf.fill((1, 4, 4, 3), limit)
    with tf.GradientTape() as tape:
        tape.watch(face)
        matched = MatchAverages(4)([face, tf.fill((1, 1, 1, 3), target)])
    np.testing.assert_allclose(matched, np.full((1, 4, 4, 3), target), atol=1e-6)
    assert np.all(np.isfinite(tape.gradient(matched, face)))


def test_gradients_of_matching_agree_with_finite_differences():
    draw = np.random.default_rng(0)
    # Targets well off the means of about 0, so that no step changes sides.
    image = draw.choice([-0.6, 0.6], (1, 2, 2, 2)).astype(np.float32)
    face = draw.uniform(-0.5, 0.5, (1, 4, 4, 2)).astype(np.float32)
    theory, numeric = tf.test.compute_gradient(
        lambda face, image: tf.sin(MatchAverages(2)([face, image])), [face, image], delta=1e-2
    )
    for exact, near in zip(theory, numeric):
        np.testing.assert_allclose(exact, near, atol=2e-3)


def test_averages_beyond_the_range_are_matched_as_far_as_a_face_can():
    face = np.zeros((1, 2, 2, 1), np.float32)
    for value, expected in ((1.2, 1.0), (-1.2, -1.0)):
        matched = MatchAverages(2)([face, np.full((1, 1, 1, 1), value, np.float32)])
        np.testing.assert_array_equal(matched, np.full_like(face, expected))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_matching_is_exact_whatever_the_policy_and_survives_its_config(precision):
    with compat.precision(precision):
        layer = MatchAverages(4)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    image = observation()["image"]
    face = tf.cast(np.random.default_rng(0).uniform(-1, 1, (3, 16, 16, 3)), precision)
    for matching in (layer, again):
        matched = matching([face, image])
        assert matched.dtype == tf.float32
        np.testing.assert_allclose(downsampled(matched, 4), image, atol=1e-6)


def test_matching_compiles():
    image = observation()["image"]
    face = tf.zeros((3, 16, 16, 3))
    compiled = tf.function(lambda face: MatchAverages(4)([face, image]), jit_compile=True)
    np.testing.assert_allclose(downsampled(compiled(face), 4), image, atol=1e-6)


@pytest.mark.parametrize("size", [8, 15, 20])
def test_an_image_of_another_size_is_no_match(size):
    with pytest.raises(ValueError, match=rf"face has shape \(3, {size}, .* expected .*16, 16, 3"):
        MatchAverages(4)([tf.zeros((3, size, size, 3)), observation()["image"]])


# The layer that changes a picture.


@hypothesis.given(
    st.lists(PIXELS | st.just(1.5), min_size=4, max_size=4),
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=4, max_size=4),
)
def test_a_changed_picture_stays_in_range_with_finite_gradients(picture, change):
    both = [tf.reshape(tf.constant(x, tf.float32), (1, 2, 2, 1)) for x in (picture, change)]
    with tf.GradientTape() as tape:
        tape.watch(both)
        changed = ChangePicture()(both)
    assert np.all(np.abs(changed) <= 1)
    assert all(np.all(np.isfinite(x)) for x in tape.gradient(changed, both))


def test_a_change_by_hand():
    picture, change = (tf.fill((1, 1, 1, 1), value) for value in (0.5, 0.3))
    expected = np.tanh(np.arctanh(0.99 * 0.5) + 0.3)
    np.testing.assert_allclose(ChangePicture()([picture, change]), [[[[expected]]]], rtol=1e-6)
    unchanged = ChangePicture()([picture, 0 * change])
    np.testing.assert_allclose(unchanged, 0.99 * picture, rtol=1e-6)


def test_white_can_be_made_darker():
    change = tf.zeros((1, 1, 1, 1))
    with tf.GradientTape() as tape:
        tape.watch(change)
        changed = ChangePicture()([tf.ones((1, 1, 1, 1)), change])
    assert tape.gradient(changed, change) > 0.01


# The networks.


@pytest.mark.parametrize("training", [False, True])
def test_faces_have_their_size_and_range(network, training):
    face = network(observation(), training=training)["face"]
    assert face.shape == (3, SIZE, SIZE, 3) and face.dtype == tf.float32
    assert np.all(np.abs(face) <= 1) and np.std(face) > 0


@pytest.mark.parametrize(
    ("builder", "precision"),
    [("residual", "bfloat16"), ("exact", "float16"), ("paper", "bfloat16")],
)
def test_low_precision_gives_float32_faces(builder, precision):
    with compat.precision(precision):
        low = BUILDERS[builder]()
    face = low(observation())["face"]
    assert face.dtype == tf.float32 and np.all(np.abs(face) <= 1)
    assert all(weight.dtype == np.float32 for weight in low.get_weights())


@pytest.mark.parametrize("precision", compat.PRECISIONS)
def test_the_exact_head_re_renders_its_input(precision):
    given = observation()

    def error(builder):
        with compat.precision(precision):
            face = disturb(BUILDERS[builder]())(given)["face"]
        return np.abs(downsampled(face, 4) - given["image"]).max()

    assert error("residual") > 0.05
    assert error("exact") < 1e-6


@pytest.mark.parametrize("factor, size", [(2, 8), (2, 32), (4, 24), (8, 32)])
def test_other_factors_and_sizes(factor, size):
    network = disturb(residual_super_resolver(size, factor, width=8, blocks=1, exact=True))
    given = observation(2, size // factor)
    face = network(given)["face"]
    assert face.shape == (2, size, size, 3)
    np.testing.assert_allclose(downsampled(face, factor), given["image"], atol=1e-6)


@pytest.mark.parametrize("factor, size", [(2, 8), (8, 32)])
def test_other_factors_and_sizes_of_the_paper_s_network(factor, size):
    network = paper_super_resolver(size, factor)
    assert tuple(network.input["image"].shape) == (None, size // factor, size // factor, 3)
    assert tuple(network.output["face"].shape) == (None, size, size, 3)


def test_training_starts_from_the_enlarged_picture():
    given = observation()
    enlarged = tf.image.resize(given["image"], (SIZE, SIZE))
    face = BUILDERS["residual"]()(given)["face"]
    np.testing.assert_allclose(face, 0.99 * enlarged, atol=1e-6)
    exact = BUILDERS["exact"]()(given)["face"]
    expected = MatchAverages(4)([face, given["image"]])
    np.testing.assert_allclose(exact, expected, atol=1e-6)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_one_colour_gives_no_checkerboard_whatever_the_weights(factor):
    network = disturb(residual_super_resolver(16 * factor, factor, width=8, blocks=1))
    face = network({"image": np.full((1, 16, 16, 3), 0.3, np.float32)})["face"]
    # The borders, whose padding shows, are 4 small pixels deep before the first doubling.
    inside = face[:, 7 * factor : -7 * factor, 7 * factor : -7 * factor]
    assert np.ptp(inside, axis=(0, 1, 2)).max() < 1e-5
    assert np.abs(inside - 0.3).max() > 0.05


def test_every_weight_gets_a_gradient_but_those_before_the_first_change():
    network = residual_super_resolver(SIZE, width=8, blocks=1, exact=True)
    for expected in (2, len(network.trainable_variables)):
        with tf.GradientTape() as tape:
            face = network(observation(), training=True)["face"]
            loss = tf.reduce_mean((face - 0.1) ** 2)
        gradients = tape.gradient(loss, network.trainable_variables)
        assert all(np.all(np.isfinite(gradient)) for gradient in gradients)
        assert sum(np.any(gradient) for gradient in map(np.asarray, gradients)) == expected
        disturb(network)


def test_outside_training_pictures_of_a_batch_do_not_see_one_another(network):
    together = network(observation())["face"]
    alone = network({"image": observation()["image"][1:2]})["face"]
    np.testing.assert_allclose(together[1:2], alone, atol=1e-5)


def test_it_comes_back_from_a_keras_file(network, tmp_path):
    check_it_comes_back(network, observation(), tmp_path)


def test_exports_give_the_numbers_of_keras(tmp_path):
    network = disturb(BUILDERS["exact"]())
    for exported in export(network, observation(2), tmp_path, ["saved_model", "tflite"]):
        assert exported.max_abs_error < 1e-5


def test_the_exact_head_is_exact_on_phones(tmp_path):
    network = disturb(BUILDERS["exact"]())
    (exported,) = export(network, observation(1), tmp_path, ["tflite"], quantize="int8")
    run = tf.lite.Interpreter(str(exported.path)).get_signature_runner("serving_default")
    image = observation(1)["image"]
    np.testing.assert_allclose(downsampled(run(image=image)["face"], 4), image, atol=1e-6)


def test_the_residual_network_s_width_and_blocks():
    def count(**options):
        return residual_super_resolver(**options).count_params()

    block = 2 * (9 * 64 * 64 + 64)  # Two 3x3 convolutions with biases.
    ends = (9 * 3 * 64 + 64) + (9 * 16 * 3 + 3)
    first = (9 * 64 * 32 + 32) + (9 * 35 * 32 + 32)
    second = (9 * 32 * 16 + 16) + (9 * 19 * 16 + 16)
    assert count() == ends + 6 * block + first + second
    assert count(blocks=3) == count() - 3 * block
    assert count(exact=True) == count()


def test_the_paper_s_layers():
    network = paper_super_resolver()
    assert tuple(network.input["image"].shape) == (None, 32, 32, 3)
    assert tuple(network.output["face"].shape) == (None, 128, 128, 3)
    same = [layer for layer in network.layers if type(layer) is keras.layers.Conv2D]
    grown = [layer for layer in network.layers if type(layer) is keras.layers.Conv2DTranspose]
    assert [layer.filters for layer in same] == [64] * 32 + [3]
    assert {(*layer.kernel_size, *layer.strides) for layer in same} == {(3, 3, 1, 1)}
    assert [layer.filters for layer in grown] == [256, 256]
    assert {(*layer.kernel_size, *layer.strides) for layer in grown} == {(5, 5, 2, 2)}
    assert {layer.activation.__name__ for layer in grown} == {"relu"}
    for layer in (*same, *grown):
        initializer = layer.kernel_initializer
        assert isinstance(initializer, keras.initializers.TruncatedNormal)
        assert initializer.stddev == 0.02
    norms = [
        layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(norms) == 31
    assert {(layer.momentum, layer.epsilon) for layer in norms} == {(0.9, 1e-5)}
    assert sum(isinstance(layer, keras.layers.ReLU) for layer in network.layers) == 16
    assert sum(isinstance(layer, keras.layers.Add) for layer in network.layers) == 16
    trunk = (9 * 3 * 64 + 64) + 31 * (9 * 64 * 64 + 64 + 4 * 64)
    doublings = (25 * 64 * 256 + 256) + (25 * 256 * 256 + 256)
    assert network.count_params() == trunk + doublings + (9 * 256 * 3 + 3)


BUILD = pytest.mark.parametrize("build", [residual_super_resolver, paper_super_resolver])


@BUILD
@pytest.mark.parametrize("size, factor", [(66, 4), (2, 4), (0, 4)])
def test_sizes_that_do_not_divide(build, size, factor):
    with pytest.raises(UserError) as error:
        build(size, factor)
    assert str(error.value) == f"faces of {size} pixels, 4 times larger: 4 must divide them"


@BUILD
@pytest.mark.parametrize("factor", [-2, 0, 1, 3, 6])
def test_factors_that_are_no_power_of_two(build, factor):
    with pytest.raises(UserError) as error:
        build(48, factor)
    expected = f"faces {factor} times larger: the factor is a power of two, 2 at least"
    assert str(error.value) == expected
