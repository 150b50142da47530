"""What was not asked for comes through to the bit; what was pasted shows no seam."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.augment import normalized
from aign_tf.data.face_boxes import Square
from aign_tf.data.pasting import centred, cut, enlarged, paste, replaced, scaled
from aign_tf.data.pictures import square as centred_square
from aign_tf.data.synthetic import faces
from aign_tf.errors import UserError


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def painted(value, size=16):
    return np.full((size, size, 3), value, np.float32)


@pytest.mark.parametrize(
    ("crop", "square"),
    [(1.0, Square(10, 0, 40)), (0.6, Square(18, 8, 24)), (0.01, Square(30, 19, 1))],
)
@pytest.mark.parametrize("size", [8, 40, 90])
def test_a_centred_square_is_cut_like_training_pictures(crop, square, size):
    photo = noise(40, 61)
    assert centred(photo, crop) == square
    np.testing.assert_array_equal(cut(photo, square, size), centred_square(photo, size, crop)[0])


@given(st.integers(-70, 70), st.integers(-70, 70), st.integers(1, 60), st.integers(1, 20))
def test_beyond_the_photo_its_edge_is_repeated(left, top, side, size):
    photo = noise(9, 14)
    padded = np.pad(photo, ((130, 130), (130, 130), (0, 0)), "edge")
    expected = cut(padded, Square(left + 130, top + 130, side), size)
    found = cut(photo, Square(left, top, side), size)
    assert found.shape == (size, size, 3) and found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


def test_a_cut_that_shrinks_averages():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = cut(stripes, Square(0, 0, 64), 8).astype(int)
    assert np.abs(small - 127.5).max() < 8


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 50))
def test_nothing_outside_the_square_changes(left, top, side):
    photo = noise(20, 30)
    after = paste(photo, Square(left, top, side), painted(1.0))
    assert after.shape == photo.shape and after.dtype == np.uint8
    outside = np.ones((20, 30), bool)
    outside[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = False
    np.testing.assert_array_equal(after[outside], photo[outside])


def test_the_photo_that_was_given_stays():
    photo = noise(20, 30)
    before = photo.copy()
    paste(photo, Square(2, 2, 10), painted(1.0))
    paste(photo, Square(50, 2, 10), painted(1.0))
    np.testing.assert_array_equal(photo, before)


def weights(square, feather=0.1, shape=(120, 160)):
    """How much a pasted face counts in each pixel, in [0, 1]."""
    return paste(np.zeros((*shape, 3), np.uint8), square, painted(1.0), feather)[..., 0] / 255


@pytest.mark.parametrize("feather", [0.05, 0.1, 0.25, 0.5])
def test_a_face_fades_from_the_middle_to_the_border(feather):
    found = weights(Square(40, 10, 100), feather)
    row = found[60, 40:140]
    fade = round(100 * feather)
    assert row[0] < 0.03 and row[-1] < 0.03
    assert (np.diff(row[:50]) >= 0).all() and (np.diff(row[50:]) <= 0).all()
    np.testing.assert_array_equal(row[fade : 100 - fade], 1)
    middle = (np.arange(fade) + 0.5) / fade
    np.testing.assert_allclose(row[:fade], middle**2 * (3 - 2 * middle), atol=0.003)
    np.testing.assert_array_equal(found[10:110, 40:140], found[10:110, 40:140].T)
    np.testing.assert_array_equal(found, np.roll(found[:, ::-1], 20, axis=1))


def test_without_a_feather_the_square_is_filled():
    found = weights(Square(40, 10, 100), feather=0.0)
    assert found[10:110, 40:140].min() == 1 and found.sum() == 100 * 100


@pytest.mark.parametrize("square", [Square(0, 0, 120), Square(-30, -20, 300)])
def test_a_face_that_fills_the_photo_is_not_faded(square):
    np.testing.assert_array_equal(weights(square, shape=(120, 120)), 1)


@pytest.mark.parametrize(
    ("square", "faded"),
    [
        (Square(0, 10, 100), ["right", "top", "bottom"]),
        (Square(60, 10, 100), ["left", "top", "bottom"]),
        (Square(30, 0, 100), ["left", "right", "bottom"]),
        (Square(30, 20, 100), ["left", "right", "top"]),
        (Square(-5, 30, 100), ["right", "top"]),
    ],
)
def test_sides_on_the_photos_border_or_beyond_are_not_faded(square, faded):
    found = weights(square)[max(square.top, 0) :, max(square.left, 0) :]
    found = found[: min(square.side, 120 - square.top), : square.side + min(square.left, 0)]
    across, down = found[50], found[:, 50]
    sides = {"left": across[0], "right": across[-1], "top": down[0], "bottom": down[-1]}
    assert [name for name, weight in sides.items() if weight < 0.1] == faded
    assert [weight for name, weight in sides.items() if name not in faded] == [1] * (4 - len(faded))


@pytest.mark.parametrize(
    ("left", "top"), [(-50, 3), (3, -60), (-20, -20), (30, 30), (-97, -97), (58, 0)]
)
def test_a_face_arrives_in_place_and_clipped(left, top):
    # Red grows from left to right and green from top to bottom: pixels say where they come from.
    along = np.linspace(-1, 1, 33, dtype=np.float32)
    face = np.stack([*np.meshgrid(along, along), np.zeros((33, 33))], axis=-1)
    whole = paste(np.zeros((200, 200, 3), np.uint8), Square(50, 50, 99), face, 0.0)
    found = paste(np.zeros((60, 60, 3), np.uint8), Square(left, top, 99), face, 0.0)
    expected = whole[50 - top :, 50 - left :][:60, :60]
    inside = found[: expected.shape[0], : expected.shape[1]]
    np.testing.assert_allclose(inside.astype(int), expected, atol=1)


@pytest.mark.parametrize("square", [Square(20, 10, 64), Square(-10, 50, 64), Square(90, -20, 64)])
def test_a_face_cut_at_its_own_size_and_pasted_back_changes_nothing(square):
    photo = noise(100, 140)
    face = normalized(cut(photo, square, 64)).numpy()
    np.testing.assert_array_equal(paste(photo, square, face), photo)


@pytest.mark.parametrize(("side", "size"), [(64, 96), (100, 128), (128, 96)])
def test_a_face_cut_at_another_size_and_pasted_back_changes_little(side, size):
    (photo,) = faces.generate(1, 256, 0).images
    square = Square(50, 70, side)
    after = paste(photo, square, normalized(cut(photo, square, size)).numpy())
    difference = np.abs(after.astype(int) - photo)
    assert difference.mean() < 0.5 and np.percentile(difference, 99) < 12


def test_an_enlarged_photo_and_its_squares():
    photo = noise(6, 9)
    large = enlarged(photo, 3)
    assert large.shape == (18, 27, 3) and large.dtype == np.uint8
    np.testing.assert_array_equal(enlarged(photo, 1), photo)
    assert scaled(Square(-1, 2, 5), 3) == Square(-3, 6, 15)
    plain = np.full((6, 9, 3), 77, np.uint8)
    np.testing.assert_array_equal(enlarged(plain, 4), 77)


def test_squares_grow_with_the_photo():
    photo = faces.generate(1, 64, 0).images[0]
    square = Square(9, 14, 40)
    small, large = cut(photo, square, 20), cut(enlarged(photo, 3), scaled(square, 3), 20)
    shifted = cut(enlarged(photo, 3), scaled(square, 3)._replace(left=29), 20)
    assert np.abs(small.astype(int) - large).mean() < 1
    assert np.abs(small.astype(int) - shifted).mean() > 2  # A third of a pixel would show.


def test_a_photo_that_would_grow_too_large_is_one_line():
    photo = np.zeros((1500, 3000, 3), np.uint8)
    with pytest.raises(UserError, match=r"3000x1500 pixels, enlarged 4 times, .* 72 million: at"):
        enlarged(photo, 4)


def test_faces_are_cut_from_the_photo_as_it_was_and_pasted_into_the_larger_one():
    photo, seen = noise(40, 60), []

    def change(picture, square):
        seen.append((picture, square))
        return painted(len(seen) * 0.5 - 1)

    overlapping = [Square(5, 5, 20), Square(12, 5, 20)]
    result = replaced(photo, overlapping, change, factor=2)
    assert result.shape == (80, 120, 3)
    assert [square for _, square in seen] == overlapping
    assert all(picture is photo for picture, _ in seen)
    expected = enlarged(photo, 2)
    for row, square in enumerate(overlapping, start=1):
        expected = paste(expected, scaled(square, 2), painted(row * 0.5 - 1))
    np.testing.assert_array_equal(result, expected)


def test_without_faces_a_photo_is_only_enlarged():
    photo = noise(10, 12)
    np.testing.assert_array_equal(replaced(photo, [], None), photo)
    np.testing.assert_array_equal(replaced(photo, [], None, 3), enlarged(photo, 3))
