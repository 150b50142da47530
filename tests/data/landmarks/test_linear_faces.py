import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.landmarks.linear_faces import LinearFaces
from aign_tf.data.synthetic.landmarks import EXPRESSIONS, procedural_faces

OWN = procedural_faces()
NAMES = list(EXPRESSIONS)
NONE = np.zeros((0, 68, 3), np.float32)
UPPER, LOWER = [37, 38, 43, 44, 61, 62, 63], [41, 40, 47, 46, 67, 66, 65]


def _only(*names):
    """The model with these expressions, and people who are all alike."""
    return LinearFaces(OWN.mean, NONE, OWN.expression[[NAMES.index(name) for name in names]])


def _strengths(model, faces):
    """`[N, E]`: what makes the faces, by least squares."""
    change = faces - (model.mean - model.mean.mean(axis=0))
    centred = model.expression - model.expression.mean(axis=1, keepdims=True)
    columns = centred.reshape(len(centred), -1).T
    return np.linalg.lstsq(columns, change.reshape(len(faces), -1).T, rcond=None)[0].T


def test_samples_are_centred_and_of_float32():
    faces = OWN.sample(50, 0)
    assert faces.shape == (50, 68, 3) and faces.dtype == np.float32
    np.testing.assert_allclose(faces.mean(axis=1), 0, atol=1e-5)


def test_without_variation_a_sample_is_the_mean():
    faces = LinearFaces(OWN.mean, NONE, NONE).sample(3, 0)
    np.testing.assert_allclose(faces, [OWN.mean - OWN.mean.mean(axis=0)] * 3, atol=1e-5)


def test_people_vary_with_the_deviation_of_each_identity():
    identity = np.zeros((2, 68, 3), np.float32)
    identity[0, 30, 2], identity[1, 8, 1] = 0.5, 2
    faces = LinearFaces(OWN.mean, identity, NONE).sample(20000, 0)
    rest = 1 - 1 / 68  # The mean of the points goes back to the origin.
    assert np.std(faces[:, 30, 2]) == pytest.approx(0.5 * rest, rel=0.02)
    assert np.std(faces[:, 8, 1]) == pytest.approx(2 * rest, rel=0.02)
    assert abs(np.corrcoef(faces[:, 30, 2], faces[:, 8, 1])[0, 1]) < 0.03


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_seed_gives_the_same_faces(seed):
    np.testing.assert_array_equal(OWN.sample(4, seed), OWN.sample(4, seed))
    other = OWN.sample(4, (seed + 1) % 2**32)
    assert np.abs(OWN.sample(4, seed) - other).max(axis=(1, 2)).min() > 0.01


def test_a_seed_may_be_several_numbers():
    np.testing.assert_array_equal(OWN.sample(4, [0, 1]), OWN.sample(4, [0, 1]))
    assert np.abs(OWN.sample(4, [0, 1]) - OWN.sample(4, [0, 2])).max() > 0.01


def test_seeds_have_nothing_to_do_with_each_other():
    one, other = (OWN.sample(3000, seed)[:, 8, 1] for seed in (1, 2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.06


def test_a_face_shows_a_few_expressions_at_strengths_from_none_to_all():
    names = [name for name in NAMES if name != "jaw left"]  # As seen, no more than the jaw right.
    model = _only(*names)
    strengths = _strengths(model, model.sample(3000, 0))
    assert strengths.min() > -1e-3 and 0.9 < strengths.max() < 1 + 1e-3
    either = [row for row, name in enumerate(names) if not name.startswith("left")]
    shown = (strengths[:, either] > 1e-3).sum(axis=1)
    assert 2.7 < shown.mean() < 3.1
    assert 0.02 < (shown == 0).mean() < 0.08


def test_both_sides_smile_but_not_quite_alike():
    model = _only("right smile", "mouth open", "left smile")
    right, _, left = _strengths(model, model.sample(500, 0)).T
    shown = right > 0.1
    np.testing.assert_array_equal(shown & (left < 0.07), False)
    assert 0.69 < (left[shown] / right[shown]).min() < 0.75
    assert 1.33 < (left[shown] / right[shown]).max() < 1.44


def test_what_one_side_undoes_of_the_other_stays_apart():
    model = _only("jaw left", "jaw right")
    to_the_left = _strengths(_only("jaw left"), model.sample(2000, 0))
    assert to_the_left.min() < -0.8 and to_the_left.max() > 0.8


def test_lips_do_not_pass_through_each_other():
    """A mouth closes as far as it is open."""
    opened = OWN.expression[NAMES.index("mouth open")]
    faces = LinearFaces(OWN.mean, NONE, np.stack([opened, -opened])).sample(2000, 0)
    gap = faces[:, LOWER, 1] - faces[:, UPPER, 1]
    assert gap.min() > -0.03 * np.ptp(OWN.mean[:, 1]) - 1e-3
    assert gap.min() < -0.1 and gap.max() > 2


def test_faces_that_cannot_be_helped_stay_neutral():
    model = LinearFaces(OWN.mean * [1, -1, 1], NONE, OWN.expression)
    np.testing.assert_allclose(model.sample(5, 0), [model.mean - model.mean.mean(axis=0)] * 5)


def test_twenty_thousand_faces_take_no_time():
    start = time.perf_counter()
    OWN.sample(20_000, 0)
    assert time.perf_counter() - start < 5
