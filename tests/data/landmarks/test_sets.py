"""Faces keep what belongs to them."""

import numpy as np
import pytest

from aign_tf.data.landmarks.sets import LandmarkSet

XYZ = np.random.default_rng(0).normal(size=(4, 68, 3)).astype(np.float32)


@pytest.fixture
def seen():
    depth = XYZ[..., 2].copy()
    depth[1] = np.nan
    depth[2, 7] = np.nan
    names, groups = np.array(list("abcd")), np.array(["", "left", "frontal", "right"])
    return LandmarkSet(XYZ[..., :2], depth, names, groups)


def test_a_face_is_points_with_depths(seen):
    assert len(seen) == 4
    assert seen.faces.shape == (4, 68, 3) and seen.faces.dtype == np.float32
    np.testing.assert_array_equal(seen.faces[[0, 3]], XYZ[[0, 3]])
    np.testing.assert_array_equal(seen.faces[..., :2], XYZ[..., :2])


def test_depths_are_known_of_all_landmarks_or_not_at_all(seen):
    assert seen.known.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.array([3, 1]), [3, 1]),
        (slice(0, 2), [0, 1]),
        (np.array([True, False, False, True]), [0, 3]),
        (np.array([], int), []),
        (np.array([2, 2]), [2, 2]),
    ],
)
def test_rows_are_taken_with_all_that_belongs_to_them(seen, rows, expected):
    part = seen.take(rows)
    assert len(part) == len(expected)
    assert part.names.tolist() == [list("abcd")[row] for row in expected]
    assert part.groups.tolist() == [["", "left", "frontal", "right"][row] for row in expected]
    np.testing.assert_array_equal(part.points, seen.points[expected])
    np.testing.assert_array_equal(part.depth, seen.depth[expected])
