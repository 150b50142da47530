"""What discriminators see of a face."""

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aign_tf import compat
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.discriminators import judging
from aign_tf.discriminators.face import (
    NormalizeFace,
    face_discriminator,
    paper_face_discriminator,
)
from aign_tf.landmarks import sizes

COUNT = 68
NETWORKS = {
    "residual": lambda: face_discriminator(COUNT, width=16),
    "paper": lambda: paper_face_discriminator(COUNT),
}


def faces(rows=4):
    """In shares of a picture."""
    return 0.03 * procedural_faces().sample(rows, 0) + np.float32([0.5, 0.4, 0])


def logits(network, face, training=False):
    return judging.judge(network, {"face": tf.constant(face)}, (1, 2), training)


# Normalisation.


def test_a_face_by_hand():
    """Size tells how far points are from the middle in the picture; depths do not count in it."""
    face = np.float32([[[6, 2, 5], [0, 2, 9], [3, 5, 1], [3, -1, 1]]])
    expected = [[1, 0, 1 / 3], [-1, 0, 5 / 3], [0, 1, -1], [0, -1, -1]]
    np.testing.assert_allclose(NormalizeFace()(face), [expected], rtol=1e-5, atol=1e-6)


@hypothesis.settings(max_examples=25)
@hypothesis.given(st.floats(0.5, 500), st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2))
def test_place_distance_and_size_are_taken_away(scale, x, y, z):
    before = NormalizeFace()(faces()).numpy()
    np.testing.assert_allclose(sizes(before[..., :2]), 1, rtol=1e-4)
    after = NormalizeFace()(np.float32(scale * (faces() + np.float32([x, y, z]))))
    np.testing.assert_allclose(after, before, atol=1e-4)


# Networks.


@pytest.fixture(params=NETWORKS)
def network(request):
    keras.utils.set_random_seed(0)
    return NETWORKS[request.param]()


def test_one_logit_for_each_face(network):
    answer = logits(network, faces())
    assert answer.shape == (4, 1) and answer.dtype == tf.float32
    assert np.isfinite(answer).all() and np.ptp(answer) > 0
    np.testing.assert_allclose(logits(network, faces()[:2]), answer[:2], atol=1e-5)


@pytest.mark.parametrize(("kind", "depends"), [("residual", False), ("paper", True)])
def test_the_place_and_size_of_a_face_count_in_the_comparison_alone(kind, depends):
    network = NETWORKS[kind]()
    answer = logits(network, faces())
    for other in (2 * faces(), faces() + np.float32([0.3, 0, 0])):
        assert np.allclose(logits(network, other), answer, atol=1e-4) != depends


def test_depths_and_turns_count(network):
    answer = logits(network, faces())
    for other in (faces() * np.float32([1, 1, 2]), faces()[..., [1, 0, 2]]):
        assert np.abs(logits(network, other) - answer).max() > 1e-3


@pytest.mark.parametrize("kind", NETWORKS)
def test_logits_are_float32_in_low_precision(kind):
    for precision in ("bfloat16", "float16"):
        with compat.precision(precision):
            network = NETWORKS[kind]()
        answer = logits(network, faces())
        assert answer.dtype == tf.float32 and np.isfinite(answer).all()


def test_it_comes_back_from_a_keras_file(network, tmp_path):
    network.save(tmp_path / "discriminator.keras")
    again = keras.saving.load_model(tmp_path / "discriminator.keras", compile=False)
    np.testing.assert_array_equal(logits(again, faces()), logits(network, faces()))


def test_a_face_of_no_extent_has_a_finite_slope(network):
    nothing = tf.zeros([2, COUNT, 3])
    with tf.GradientTape() as tape:
        tape.watch(nothing)
        answer = tf.reduce_sum(logits(network, nothing))
    assert np.isfinite(tape.gradient(answer, nothing)).all()


def test_layers_of_the_comparison():
    """198 numbers of 66 landmarks; 512, 512, 256, 256 and a logit."""
    network = paper_face_discriminator(66)
    dense = [layer for layer in network.layers if isinstance(layer, layers.Dense)]
    shapes = [tuple(layer.kernel.shape) for layer in dense]
    assert shapes == [(198, 512), (512, 512), (512, 256), (256, 256), (256, 1)]


def test_the_comparison_normalises_over_the_batch_in_training():
    network = NETWORKS["paper"]()
    many = logits(network, faces(), training=True)
    few = logits(network, faces()[:2], training=True)
    assert np.abs(many[:2] - few).max() > 1e-3
