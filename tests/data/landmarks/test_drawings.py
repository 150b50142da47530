import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.landmarks.drawings import draw_face, draw_landmarks, turntable
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.landmarks import SCHEMES

SCHEME = SCHEMES[68]
FACE = np.array(procedural_faces().mean, np.float64)
SIDE = 128


def turned(degrees):
    """The face looking `degrees` to the right of the picture: its nose goes from -z towards +x."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return FACE @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def ink(picture):
    return np.any(picture < 250, axis=-1)


def skin(picture):
    """Where the outside of a face is seen: reddish."""
    picture = picture.astype(int)
    return ink(picture) & (picture[..., 0] > picture[..., 2] + 10)


def inside(picture):
    """Where the inside of the mask is seen: bluish, lighter than lines."""
    picture = picture.astype(int)
    return (picture[..., 2] > picture[..., 0] + 15) & (picture[..., 0] > 90) & ink(picture)


def lines(picture):
    return np.all(picture < 75, axis=-1)


def middle_column(mask):
    return np.argwhere(mask)[:, 1].mean() / mask.shape[1]


def profile(picture):
    """For each row that shows the face the first and the last column."""
    rows = [np.flatnonzero(row) for row in ink(picture) if row.any()]
    return np.array([(row[0], row[-1]) for row in rows]) / picture.shape[1]


@pytest.mark.parametrize("count", SCHEMES)
@pytest.mark.parametrize("side", [64, 200])
def test_pictures_are_square_rgb_on_white(count, side):
    scheme = SCHEMES[count]
    face = FACE[list(scheme.numbers)]
    pictures = draw_face(face, scheme, side), draw_landmarks(face[:, :2], scheme, side)
    for picture in pictures:
        assert picture.shape == (side, side, 3) and picture.dtype == np.uint8
        border = np.ones((side, side), bool)
        border[1:-1, 1:-1] = False
        assert np.all(picture[border] == 255)
        assert 0.02 < ink(picture).mean() < 0.8


def test_landmarks_are_drawn_where_they_are():
    points = FACE[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    shares = (points - (low + high) / 2) * 0.8 / np.max(high - low) + 0.5
    picture = draw_landmarks(points, SCHEME, 256).astype(int)
    dots = picture[..., 2] > picture[..., 0] + 80
    for x, y in np.floor(shares * 256).astype(int):
        assert dots[y - 1 : y + 2, x - 1 : x + 2].any()
    assert np.all(picture[:20] == 255)


def test_neighbours_on_a_line_are_joined_and_others_are_not():
    points = np.full((68, 2), np.nan)
    points[[36, 37]] = [[0, 0], [1, 0]]
    assert ink(draw_landmarks(points, SCHEME, SIDE))[64, 20:108].all()
    points[[36, 38]] = [[0, 0], [1, 0]]
    points[37] = np.nan
    assert not ink(draw_landmarks(points, SCHEME, SIDE))[:, 20:108].any()


def test_landmarks_do_not_depend_on_their_unit():
    pictures = [draw_landmarks(FACE[:, :2] * scale + 64, SCHEME, SIDE) for scale in (1, 1024)]
    np.testing.assert_array_equal(*pictures)


def test_a_frontal_face_is_symmetric_and_lit_from_the_left():
    picture = draw_face(FACE, SCHEME, SIDE)
    differs = ink(picture) != ink(picture)[:, ::-1]
    assert differs.sum() < 0.02 * ink(picture).sum()
    left, right = picture[:, : SIDE // 2], picture[:, SIDE // 2 :]
    assert left[skin(left)].mean() > right[skin(right)].mean() + 10
    assert not inside(picture).any()


@pytest.mark.parametrize("yaw", [-40, -25, 25, 40])
def test_features_go_to_the_side_to_which_a_face_is_turned(yaw):
    picture = draw_face(turned(yaw), SCHEME, SIDE)
    assert (middle_column(lines(picture)) - middle_column(ink(picture))) * yaw > 0


@pytest.mark.parametrize("yaw", [-80, 80])
@pytest.mark.parametrize("walks", [False, True])
def test_a_face_in_profile_ends_in_its_nose_and_its_ear(yaw, walks):
    # A camera that walks to the right sees the face turn to the left.
    turn = np.radians(-yaw)
    picture = draw_face(FACE, SCHEME, SIDE, turn) if walks else draw_face(turned(yaw), SCHEME, SIDE)
    seen = profile(picture)
    left, right = np.argmin(seen[:, 0]) / len(seen), np.argmax(seen[:, 1]) / len(seen)
    nose, ear = (left, right) if yaw < 0 else (right, left)
    assert ear < 0.3 < nose < 0.6  # Of the way from the brows to the chin.


def test_in_profile_the_nose_sticks_out_and_the_far_eye_is_hidden():
    picture = draw_face(FACE, SCHEME, 256, np.pi / 2)
    assert inside(picture).sum() < 0.01 * skin(picture).sum()  # The near half is before the far.
    first = profile(picture)[:, 0]
    tip = np.argmin(first) / len(first)
    assert 0.3 < tip < 0.6  # Of the way from the brows to the chin.
    front = lines(draw_face(FACE, SCHEME, 256)).sum()
    assert 0.2 * front < lines(picture).sum() < 0.75 * front


def test_all_views_have_the_same_scale():
    heights = [
        np.ptp(np.argwhere(ink(draw_face(FACE, SCHEME, 256, azimuth)))[:, 0])
        for azimuth in np.linspace(-1.5, 1.5, 7)
    ]
    assert max(heights) - min(heights) <= 3


@given(st.floats(-4, 4), st.floats(-1.5, 1.5))
@settings(max_examples=25)
def test_every_view_fits_into_the_picture(azimuth, elevation):
    picture = draw_face(FACE, SCHEME, 64, azimuth, elevation)
    assert ink(picture).any()
    assert not ink(picture)[[0, -1]].any() and not ink(picture)[:, [0, -1]].any()


def test_from_behind_the_inside_is_seen():
    picture = draw_face(FACE, SCHEME, SIDE, np.pi)
    assert inside(picture).mean() > 0.3
    assert inside(picture).sum() > 20 * skin(picture).sum()


def test_a_raised_camera_sees_less_of_the_face():
    heights = [np.any(ink(draw_face(FACE, SCHEME, SIDE, 0, up)), axis=1).sum() for up in (0, 1)]
    assert heights[1] < heights[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_known_is_left_out(value):
    face = FACE.copy()
    face[:9, 2] = value  # The right half of the jaw.
    picture = draw_face(face, SCHEME, SIDE)
    assert ink(picture).any()
    assert middle_column(ink(picture)) != pytest.approx(0.5, abs=0.01)
    nothing = np.full_like(FACE, value)
    assert np.all(draw_face(nothing, SCHEME, SIDE) == 255)
    assert np.all(draw_landmarks(nothing[:, :2], SCHEME, SIDE) == 255)


@pytest.mark.parametrize("scale", [0, 1e-30, 1e30])
def test_wild_faces_do_not_stop_a_drawing(scale):
    wild = np.float32(FACE * scale)
    assert turntable(wild, SCHEME, wild[:, :2], side=64).shape == (64, 384, 3)
    wild = np.float32(FACE)
    wild[30] = 1e30
    assert turntable(wild, SCHEME, wild[:, :2], side=64).shape == (64, 384, 3)


def test_a_turntable_shows_the_input_and_the_face_from_left_to_right():
    points = FACE[:, :2] * 3 + 40
    strip = turntable(FACE, SCHEME, points, side=64)
    views = [draw_face(FACE, SCHEME, 64, np.radians(turn)) for turn in (-80, -40, 0, 40, 80)]
    expected = np.concatenate([draw_landmarks(points, SCHEME, 64), *views], axis=1)
    np.testing.assert_array_equal(strip, expected)
    np.testing.assert_array_equal(turntable(FACE, SCHEME, side=64), expected[:, 64:])


def test_real_faces_have_a_nose_in_profile(ict_face68):
    with np.load(ict_face68) as stored:
        face = stored["mean"] * [1, -1, -1]
    first = profile(draw_face(face, SCHEME, 256, np.pi / 2))[:, 0]
    brow, tip, chin = first[4], first.min(), first[-4]
    assert tip < brow - 0.05 and tip < chin - 0.05
