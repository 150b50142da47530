import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.augment import normalized, quantized, random_flip, random_tint


def test_every_level_comes_back():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=-1)
    np.testing.assert_array_equal(quantized(normalized(levels)), levels)


def test_range_and_type():
    ends = normalized(np.array([0, 255], np.uint8))
    assert ends.dtype == tf.float32
    assert ends.numpy().tolist() == [-1.0, 1.0]


@given(st.floats(-1, 1, width=32, allow_subnormal=False))
def test_quantizing_moves_by_at_most_half_a_level(value):
    level = quantized(np.float32(value))
    assert abs(float(normalized(level)) - value) <= 1 / 255 + 1e-6


def test_beyond_the_range_is_clipped():
    assert quantized(np.array([-7.0, 7.0])).tolist() == [0, 255]


def _pictures(rows=64, size=5):
    draw = np.random.default_rng(0)
    return [draw.random((rows, size, size, channels)).astype(np.float32) for channels in (3, 1)]


def _flipped(before, after):
    """Which rows were mirrored, after checking that the others were left alone."""
    kept = np.all(after == before, axis=(1, 2, 3))
    mirrored = np.all(after == before[:, :, ::-1], axis=(1, 2, 3))
    np.testing.assert_array_equal(kept, ~mirrored)
    return mirrored


def test_rows_are_mirrored_or_left_and_pictures_that_belong_together_alike():
    face, mask = _pictures()
    new_face, new_mask = random_flip([face, mask], tf.constant([1, 2]))
    flipped = _flipped(face, new_face.numpy())
    np.testing.assert_array_equal(flipped, _flipped(mask, new_mask.numpy()))
    assert 16 <= flipped.sum() <= 48


def test_a_flip_is_a_function_of_its_seed():
    face, _ = _pictures()

    def flips(seed):
        return _flipped(face, random_flip([face], tf.constant(seed))[0].numpy()).tolist()

    assert flips([1, 2]) == flips([1, 2])
    assert flips([1, 2]) != flips([1, 3])
    assert flips([1, 2]) != flips([2, 2])


def test_a_tint_changes_each_picture_by_gains_of_its_own():
    pictures = tf.fill([200, 2, 2, 3], 0.0)
    tinted = random_tint(pictures, 0.2, [1, 2]).numpy() + 1.0
    assert np.ptp(tinted, axis=(1, 2)).max() < 1e-6  # One gain for a channel of a picture.
    gains = tinted[:, 0, 0]
    assert gains.min() >= 0.8**2 - 1e-6 and gains.max() <= 1.2**2 + 1e-6
    assert gains.std() > 0.1 and (gains[:, 0] != gains[:, 1]).all()
    np.testing.assert_array_equal(random_tint(pictures, 0.2, [1, 2]).numpy() + 1.0, tinted)


def test_a_tint_keeps_black_and_the_range():
    pictures = tf.constant([-1.0, 1.0, 0.5])[:, None, None, None] * tf.ones([3, 2, 2, 3])
    tinted = random_tint(pictures, 0.5, [1, 2]).numpy()
    assert (tinted[0] == -1).all() and np.abs(tinted).max() <= 1
    np.testing.assert_allclose(random_tint(pictures, 0.0, [1, 2]), pictures, atol=1e-6)
