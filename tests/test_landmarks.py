"""The order of landmarks, which all of a face hangs on."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES, centred, reduced, sizes

BOTH = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=str)
POINTS = np.arange(2 * 68 * 3).reshape(2, 68, 3)


def test_3dfaw_leaves_out_the_inner_corners_of_the_mouth():
    assert SCHEMES[68].numbers == tuple(range(68))
    assert set(range(68)) - set(SCHEMES[66].numbers) == {60, 64}
    assert [len(scheme) for scheme in SCHEMES.values()] == list(SCHEMES)
    assert [SCHEMES[66].index(number) for number in (0, 59, 61, 65, 67)] == [0, 59, 60, 63, 65]


# Mirror images.


@BOTH
def test_the_mirror_image_of_a_mirror_image_is_the_face(scheme):
    assert [scheme.mirror[other] for other in scheme.mirror] == list(range(len(scheme)))


@BOTH
def test_a_symmetric_face_is_its_own_mirror_image(scheme):
    (face,) = reduced(procedural_faces().mean[None], len(scheme), "")
    np.testing.assert_allclose(face[list(scheme.mirror)] * [-1, 1, 1], face, atol=1e-6)


def test_real_faces_are_nearly_symmetric(ict_face68):
    with np.load(ict_face68) as model:
        face = model["mean"]
    np.testing.assert_allclose(face[list(SCHEMES[68].mirror)] * [-1, 1, 1], face, atol=0.05)


def test_mirror_images_by_hand():
    mirror = SCHEMES[68].mirror
    pairs = {0: 16, 17: 26, 21: 22, 31: 35, 36: 45, 39: 42, 41: 46, 48: 54, 59: 55, 60: 64, 67: 65}
    assert {number: mirror[number] for number in pairs} == pairs
    middle = [number for number, other in enumerate(mirror) if number == other]
    assert middle == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]


# Lines.


@BOTH
def test_lines_pass_through_every_landmark_once(scheme):
    through = [index for line in scheme.lines for index in dict.fromkeys(line)]
    assert sorted(through) == list(range(len(scheme)))
    assert [line[0] == line[-1] for line in scheme.lines] == [False] * 5 + [True] * 4


def test_lines_by_hand():
    assert SCHEMES[68].lines[0] == tuple(range(17))
    assert SCHEMES[68].lines[-1] == (60, 61, 62, 63, 64, 65, 66, 67, 60)
    assert SCHEMES[66].lines[-1] == (60, 61, 62, 63, 64, 65, 60)
    assert SCHEMES[68].lines[:-1] == SCHEMES[66].lines[:-1]


# Fewer landmarks.


def test_as_many_landmarks_as_asked_for():
    assert reduced(POINTS, 68, "") is POINTS
    few = reduced(POINTS, 66, "")
    np.testing.assert_array_equal(few, np.delete(POINTS, [60, 64], axis=1))
    assert reduced(few, 66, "") is few


@pytest.mark.parametrize(
    ("found", "asked", "message"),
    [
        (66, 68, "a.npy: 66 landmarks a face where 68 are used: train with --set=data.points=66"),
        (67, 66, "a.npy: 67 landmarks a face, expected 68, or the 66 of 3DFAW"),
        (478, 68, "a.npy: 478 landmarks a face, expected 68, or the 66 of 3DFAW"),
    ],
)
def test_other_numbers_of_landmarks(found, asked, message):
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        reduced(np.zeros((1, found, 2)), asked, "a.npy")


# Place and size.


def test_place_and_size_by_hand():
    square = np.float32([[[1, 1], [1, 3], [3, 1], [3, 3]]])
    np.testing.assert_array_equal(centred(square), square - 2)
    assert sizes(square).tolist() == pytest.approx([np.sqrt(2)])
    np.testing.assert_array_equal(centred(square[..., 0]), [[-1, -1, 1, 1]])
    assert centred(square).dtype == np.float64


@given(st.integers(0, 99), st.floats(0.01, 100), st.floats(-100, 100))
def test_size_grows_with_the_face_wherever_it_is(seed, scale, away):
    faces = np.random.default_rng(seed).normal(size=(3, 9, 3))
    np.testing.assert_allclose(sizes(scale * faces + away), scale * sizes(faces), rtol=1e-9)
    np.testing.assert_allclose(centred(faces + away), centred(faces), atol=1e-9)
