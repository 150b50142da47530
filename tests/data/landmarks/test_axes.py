import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.data.landmarks.axes import in_camera_axes
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES

FACE = np.float64(procedural_faces().mean)


def seen(*turns):
    """Faces `[N, 68, 3]` turned by yaw, pitch and roll in degrees."""
    turned = Rotation.from_euler("ZXY", np.array(turns)[:, ::-1], degrees=True).as_matrix()
    return np.einsum("nij,kj->nki", turned, FACE)


TURNS = st.tuples(st.floats(-60, 60), st.floats(-25, 25), st.floats(-40, 40))
SEVERAL = st.lists(TURNS, min_size=1, max_size=5)
FRONTAL = (0, 0, 0)


def same_up_to_height(found, expected):
    """Turning y over within its range moves all faces alike."""
    shift = expected[0, 0, 1] - found[0, 0, 1]
    moved = found + np.eye(found.shape[2])[1] * shift
    np.testing.assert_allclose(moved, expected, atol=1e-9)


@given(SEVERAL, st.sampled_from([1, -1]), st.sampled_from([1, -1]), st.sampled_from([66, 68]))
def test_signs_of_y_and_z_are_found(turns, y, z, count):
    faces = seen(*turns)[:, SCHEMES[count].numbers]
    same_up_to_height(in_camera_axes(faces * [1, y, z], "file"), faces)
    same_up_to_height(in_camera_axes(faces[..., :2] * [1, y], "file"), faces[..., :2])


@given(st.floats(-95, 95), st.floats(-20, 20), st.sampled_from([1, -1]), st.sampled_from([1, -1]))
def test_a_single_profile_tells_all(yaw, pitch, y, z):
    faces = seen((yaw, pitch, 0))
    same_up_to_height(in_camera_axes(faces * [1, y, z], "file"), faces)


@given(st.floats(-75, 75), st.floats(-100, 100), st.sampled_from([1, -1]))
def test_a_face_on_its_side_is_not_mirrored(yaw, roll, z):
    faces = seen((yaw, 0, roll))
    np.testing.assert_array_equal(in_camera_axes(faces * [1, 1, z], "file"), faces)
    np.testing.assert_array_equal(in_camera_axes(faces[..., :2], "file"), faces[..., :2])


def test_real_faces(ict_face68):
    with np.load(ict_face68) as model:
        weights = np.random.default_rng(0).normal(size=(50, 100))
        faces = model["mean"] + np.einsum("nw,wkd->nkd", weights, model["identity"])
    yaw = np.linspace(-85, 85, 50)
    turned = Rotation.from_euler("y", yaw[:, None], degrees=True).as_matrix()
    upright = np.einsum("nij,nkj->nki", turned, faces * [1, -1, -1])
    for signs in ([1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]):
        same_up_to_height(in_camera_axes(upright * signs, "all"), upright)
        for one in upright:
            same_up_to_height(in_camera_axes(one[None] * signs, "one"), one[None])


def test_y_stays_within_its_range():
    faces = seen(FRONTAL, (30, 0, 0))[..., :2] * [1, -1] * 10 + [200, 300]
    found = in_camera_axes(faces, "file")
    np.testing.assert_array_equal(found[..., 0], faces[..., 0])
    assert found[..., 1].min() == pytest.approx(faces[..., 1].min())
    assert found[..., 1].max() == pytest.approx(faces[..., 1].max())


def test_what_is_stored_stays_as_it_is():
    faces = seen(FRONTAL) * [1, -1, 1]
    before = faces.copy()
    in_camera_axes(faces, "file")
    np.testing.assert_array_equal(faces, before)


def test_most_faces_decide():
    faces = seen(FRONTAL, (20, 5, 0), (0, 0, 170))
    np.testing.assert_array_equal(in_camera_axes(faces, "file"), faces)
    same_up_to_height(in_camera_axes(faces * [1, -1, -1], "file"), faces)


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        ([1, -1, 1], "y up"),
        ([1, 1, -1], "z towards the viewer"),
        ([1, -1, -1], "y up and z towards the viewer"),
    ],
)
def test_one_line_tells_what_was_turned(caplog, signs, said):
    caplog.set_level("INFO")
    in_camera_axes(seen(FRONTAL) * signs, "file")
    assert [record.getMessage() for record in caplog.records] == [f"file: has {said}: turned over"]


def test_no_line_where_nothing_was_turned(caplog):
    caplog.set_level("INFO")
    in_camera_axes(seen(FRONTAL), "file")
    assert not caplog.records


def test_flat_faces_have_no_nose():
    flat = seen(FRONTAL) * [1, 1, 0]
    np.testing.assert_array_equal(in_camera_axes(flat, "file"), flat)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(
    "spoilt",
    [
        lambda faces: faces * [-1, 1, 1],
        lambda faces: faces * [-1, -1, 1],
        lambda faces: faces * [-1, 1, -1],
        lambda faces: faces[:, SCHEMES[68].mirror],
    ],
)
def test_mirrored_faces_are_an_error(spoilt, size):
    faces = spoilt(seen(FRONTAL, (40, 0, 0), (-40, 10, 0)))[..., :size]
    message = (
        "^file: landmark 0, the right ear, is on the right of landmark 16 in most faces: they are "
        "mirrored, upside down, or not in the order of 300-W$"
    )
    with pytest.raises(UserError, match=message):
        in_camera_axes(faces, "file")
