"""Pixels become shares of a picture, and shares stay what they are."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.landmarks.config import PictureConfig
from aign_tf.data.landmarks.sets import LandmarkSet
from aign_tf.data.landmarks.units import divided, parse_picture, unit
from aign_tf.errors import UserError

SIDES = st.floats(1, 1e6)


def faces(low, high, count=5):
    """Faces whose landmarks reach from `low` to `high` in x and y."""
    points = np.random.default_rng(0).uniform(low, high, (count, 68, 2))
    points[:, 0], points[:, 1] = low, high
    depth = np.random.default_rng(1).normal(0, abs(high), (count, 68))
    points, depth = points.astype(np.float32), depth.astype(np.float32)
    return LandmarkSet(points, depth, np.array(list("abcde")[:count]), np.array([""] * count))


@pytest.mark.parametrize("normalize", ["picture", "similarity"])
def test_shares_are_left_alone(normalize):
    """Also those of a face that lies partly outside its picture, whatever size that has."""
    config = PictureConfig(normalize=normalize, picture="640 480")
    for seen in (faces(0, 1), faces(-3.9, 0.5), faces(0.4, 4)):
        found = unit(seen, config, "a.npy")
        assert found.tolist() == [1, 1, 1] and found.dtype == np.float32


def test_one_strange_face_does_not_make_pixels_of_shares():
    seen = faces(0, 1)
    seen.points[0] *= 100
    assert unit(seen, PictureConfig(), "a.npy").tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("normalize", "expected"), [("picture", [600, 400, 500]), ("similarity", [500, 500, 500])]
)
def test_both_normalisations_of_a_picture_that_is_not_square(normalize, expected):
    seen = faces(100, 300)
    sides = unit(seen, PictureConfig(normalize=normalize, picture="600 400"), "a.npy")
    assert sides.tolist() == expected
    shares = divided(seen, sides)
    np.testing.assert_allclose(shares.points[..., 0], seen.points[..., 0] / expected[0], rtol=1e-6)
    np.testing.assert_allclose(shares.points[..., 1], seen.points[..., 1] / expected[1], rtol=1e-6)
    np.testing.assert_allclose(shares.depth, seen.depth / 500, rtol=1e-6)
    assert shares.points.dtype == shares.depth.dtype == np.float32
    assert shares.names is seen.names and shares.groups is seen.groups


def test_a_picture_that_is_not_told_is_a_square_up_to_the_farthest_points():
    assert unit(faces(100, 300), PictureConfig(), "a.npy").tolist() == [300, 300, 300]
    assert unit(faces(-300, -100), PictureConfig(), "a.npy").tolist() == [300, 300, 300]


def test_a_picture_is_needed_to_divide_by_its_sides():
    message = (
        "a.npy: landmarks in pixels: give the width and height of the pictures, as in "
        'picture="450 450"'
    )
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        unit(faces(100, 300), PictureConfig(normalize="picture"), "a.npy")
    told = PictureConfig(normalize="picture", picture="640 480")
    assert unit(faces(100, 300), told, "a.npy").tolist() == [640, 480, 560]


def test_unknown_depths_stay_unknown():
    seen = faces(100, 300)
    seen.depth[1] = np.nan
    assert divided(seen, np.float32([2, 2, 2])).known.tolist() == [True, False, True, True, True]


@given(SIDES, SIDES, st.sampled_from(["picture", "similarity"]))
def test_what_was_divided_comes_back(width, height, normalize):
    seen = faces(100, 300)
    config = PictureConfig(normalize=normalize, picture=f"{width!r} {height!r}")
    sides = unit(seen, config, "a.npy")
    np.testing.assert_allclose(divided(seen, sides).faces * sides, seen.faces, rtol=1e-6)


@given(SIDES, SIDES)
def test_similarity_keeps_the_shape_of_a_face(width, height):
    config = PictureConfig(picture=f"{width!r} {height!r}")
    assert len(set(unit(faces(100, 300), config, "a.npy"))) == 1


# Mistakes.


@given(SIDES, SIDES)
def test_pictures_are_two_numbers(width, height):
    assert parse_picture(f" {width!r}  {height!r} ") == (width, height)


@pytest.mark.parametrize(
    "text",
    [
        *("450", "450 450 3", "450x450", "450,450", "wide high", ""),
        *("0.5 450", "450 0", "-450 450", "nan 450", "450 inf", "450 2000000"),
    ],
)
def test_anything_else_is_no_picture(text):
    message = f"picture={text}: expected width and height, as in 450 450"
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        parse_picture(text)
    if text:
        with pytest.raises(UserError, match=re.escape(message)):
            unit(faces(100, 300), PictureConfig(picture=text), "a.npy")
