import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aign_tf.canvas import WHITE, Canvas

BLACK, RED = (0, 0, 0), (255, 0, 0)
SIDE = 40


def drawn(draw, *shape, side=SIDE):
    canvas = Canvas(side)
    getattr(canvas, draw)(*shape)
    return canvas.picture()


def ink(picture):
    """The area in units of the square, and x and y of its middle."""
    dark = 1 - picture.mean(axis=-1) / 255
    y, x = (np.indices(dark.shape) + 0.5) / len(dark)
    return dark.mean(), [(dark * x).sum() / dark.sum(), (dark * y).sum() / dark.sum()]


@pytest.mark.parametrize("side", [1, 40, 101])
def test_an_empty_picture_is_white(side):
    picture = Canvas(side).picture()
    assert picture.shape == (side, side, 3) and picture.dtype == np.uint8
    assert np.all(picture == WHITE)


def test_a_dot_is_a_disc_around_its_centre():
    area, middle = ink(drawn("dot", np.array([0.25, 0.6]), 0.2, BLACK, side=200))
    assert area == pytest.approx(np.pi * 0.2**2, rel=0.02)
    np.testing.assert_allclose(middle, [0.25, 0.6], atol=0.002)


def test_a_line_has_its_length_and_width():
    ends = np.array([[0.2, 0.7], [0.8, 0.7]])
    area, middle = ink(drawn("line", ends, 0.1, BLACK, side=200))
    assert area == pytest.approx(0.6 * 0.1, rel=0.03)
    np.testing.assert_allclose(middle, [0.5, 0.7], atol=0.003)


def test_a_polygon_is_filled():
    corners = np.array([[0.1, 0.1], [0.7, 0.1], [0.1, 0.7]])
    area, middle = ink(drawn("polygon", corners, BLACK, side=200))
    assert area == pytest.approx(0.6**2 / 2, rel=0.03)
    np.testing.assert_allclose(middle, [0.3, 0.3], atol=0.003)


def test_the_thinnest_line_is_seen():
    picture = drawn("line", np.array([[0, 0.5], [1, 0.5]]), 0.0, BLACK)
    assert picture.min() == pytest.approx(255 * 2 / 3, abs=1)


def test_what_comes_later_hides_what_was_there():
    canvas = Canvas(SIDE)
    canvas.dot(np.array([0.5, 0.5]), 0.4, BLACK)
    canvas.dot(np.array([0.5, 0.5]), 0.2, RED)
    assert tuple(canvas.picture()[SIDE // 2, SIDE // 2]) == RED


def test_edges_are_smooth():
    picture = drawn("dot", np.array([0.5, 0.5]), 0.3, BLACK)
    assert len(np.unique(picture)) > 5


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_left_out(wrong):
    points = np.array([[0.1, 0.1], [0.9, wrong], [0.5, 0.9]])
    for picture in (
        drawn("dot", points[1], 0.2, BLACK),
        drawn("line", points[:2], 0.2, BLACK),
        drawn("polygon", points, BLACK),
    ):
        assert np.all(picture == WHITE)


@given(hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e300, 1e300)))
def test_wild_points_can_be_drawn(points):
    canvas = Canvas(SIDE)
    canvas.line(points[:2], 0.1, RED)
    canvas.dot(points[2], 0.1, RED)
    canvas.polygon(points, RED)
    assert canvas.picture().shape == (SIDE, SIDE, 3)


def test_a_line_that_leaves_the_picture_goes_on_to_its_edge():
    picture = drawn("line", np.array([[0.5, 0.5], [1e12, 0.5]]), 0.2, BLACK)
    assert np.all(picture[SIDE // 2, SIDE // 2 + 1 :] == 0)
