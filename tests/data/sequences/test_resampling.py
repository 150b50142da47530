import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.sequences.resampling import moved_camera, nearest_readings, stretched

SIDE = st.integers(1, 9)


def test_pictures_are_averaged_over_what_new_pixels_cover():
    image = np.zeros((4, 80, 3), np.uint8)
    image[:, ::2] = 200
    assert abs(stretched(image, 2, 4).astype(int) - 100).max() <= 2
    assert stretched(image, 4, 80) is image


def test_a_stretched_camera_sees_points_where_stretching_moves_them():
    # A step between columns 3 and 4 lies at 3.5; in half the width it lies at 1.5.
    image = np.zeros((4, 8, 3), np.uint8)
    image[:, 4:] = 200
    half = stretched(image, 2, 4)
    assert abs(half[:, :2].astype(int)).max() < 20 < 180 < half[:, 2:].min()
    focal, principal_point = np.array([10.0, 12.0]), np.array([2.0, 1.0])
    point = np.array([0.15, 0.0])  # x / z and y / z
    assert (focal * point + principal_point)[0] == 3.5
    focal, principal_point = moved_camera(focal, principal_point, (4, 8), (2, 4))
    np.testing.assert_allclose((focal * point + principal_point)[0], 1.5)


def test_moving_a_camera_back_and_forth():
    camera = np.array([10.0, 12.0]), np.array([2.0, 1.0])
    there = moved_camera(*camera, (30, 40), (9, 16))
    np.testing.assert_allclose(there[0], [4, 3.6])
    np.testing.assert_allclose(moved_camera(*there, (9, 16), (30, 40)), camera)


def test_depth_is_never_mixed_across_edges():
    depth = np.full((12, 12), 1, np.float32)
    depth[:, 5:] = 9
    assert set(np.unique(nearest_readings(depth, 5, 5))) == {1, 9}


def test_the_reading_nearest_to_the_middle_is_taken():
    depth = np.zeros((3, 6), np.float32)
    depth[0, 0], depth[2, 1] = 1, 2  # in the left pixel, with its middle at row 1, column 1
    depth[0, 3] = 3
    np.testing.assert_array_equal(nearest_readings(depth, 1, 2), [[2, 3]])
    depth[1, 1] = 4
    np.testing.assert_array_equal(nearest_readings(depth, 1, 2), [[4, 3]])


def test_sparse_readings_survive_and_stay_in_their_pixel():
    rng = np.random.default_rng(0)
    depth = np.where(rng.random((37, 124)) < 0.05, rng.uniform(1, 80, (37, 124)), 0)
    depth = depth.astype(np.float32)
    small = nearest_readings(depth, 9, 16)
    rows, columns = np.nonzero(depth)
    pixels = {(int((r + 0.5) * 9 / 37), int((c + 0.5) * 16 / 124)) for r, c in zip(rows, columns)}
    assert set(zip(*map(np.ndarray.tolist, np.nonzero(small)))) == pixels


@given(SIDE, SIDE, SIDE, SIDE)
def test_full_depth_maps_stay_full_and_agree_with_the_nearest_pixel(h, w, height, width):
    depth = np.arange(1, h * w + 1, dtype=np.float32).reshape(h, w)
    new = nearest_readings(depth, height, width)
    assert new.shape == (height, width)
    assert new.dtype == np.float32
    row, column = np.divmod(new.astype(int) - 1, w)
    for found, old, size in ((row.T, h, height), (column, w, width)):
        middle = (np.arange(size) + 0.5) * old / size - 0.5
        # No old pixel is nearer than the one whose area holds the middle.
        assert np.abs(found - middle).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("shape", [(4, 6), (2, 3), (7, 5), (9, 2)])
def test_no_readings_give_none(shape):
    assert not nearest_readings(np.zeros((4, 6), np.float32), *shape).any()
