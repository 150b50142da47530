import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.landmarks.arrays import layout, read_arrays
from aign_tf.errors import UserError

FACES = np.random.default_rng(0).normal(size=(4, 68, 3))
XY, Z = FACES[:, :66, :2], FACES[:, :66, 2]


def _npz(folder, **arrays):
    np.savez(folder / "faces.npz", **arrays)
    return folder / "faces.npz"


def _message(path):
    with pytest.raises(UserError) as error:
        read_arrays(path)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{path}: ")


@given(
    st.sampled_from([2, 3]),
    st.sampled_from([66, 68]),
    st.sampled_from([0, 1, 2, 3, 5, 66, 68]),
    st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.uint8]),
)
def test_layouts(size, count, faces, dtype):
    stored = np.arange(faces * count * size).reshape(faces, count, size).astype(dtype)
    for array in (stored, stored.swapaxes(1, 2)):
        found = layout(array)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, stored)
    for row in range(min(faces, 1)):
        for array in (stored[row], stored[row].T):
            np.testing.assert_array_equal(layout(array), stored[row : row + 1])


@pytest.mark.parametrize(
    "shape", [(68,), (68, 4), (67, 3), (3, 3), (2, 68, 4), (2, 5, 68, 3), (), (68, 68)]
)
def test_other_shapes_are_no_landmarks(shape):
    assert layout(np.zeros(shape)) is None


def test_texts_are_no_landmarks():
    assert layout(np.full((68, 2), "a")) is None


def test_rows_of_an_array(tmp_path):
    np.save(tmp_path / "faces.npy", FACES.swapaxes(1, 2))
    (found,) = read_arrays(tmp_path / "faces.npy")
    np.testing.assert_array_equal(found.points, FACES)
    assert found.names == [f"faces/0000{row}" for row in range(4)]
    assert found.groups == [""] * 4 and found.where == str(tmp_path / "faces.npy")


@pytest.mark.parametrize("array", [FACES[0], FACES[:1], FACES[0].T])
def test_a_single_face_is_named_after_its_file(tmp_path, array):
    np.save(tmp_path / "anna.npy", array)
    (found,) = read_arrays(tmp_path / "anna.npy")
    assert found.names == ["anna"] and found.points.shape == (1, 68, 3)


def test_a_single_array_of_a_npz_needs_no_name(tmp_path):
    (found,) = read_arrays(_npz(tmp_path, pts=FACES))
    assert found.names[1] == "faces/00001" and found.where == str(tmp_path / "faces.npz")


def test_several_arrays_of_a_npz(tmp_path):
    path = _npz(tmp_path, one=FACES[:1], many=FACES[..., :2])
    one, many = read_arrays(path)
    assert one.names == ["faces/one"] and one.points.shape == (1, 68, 3)
    assert many.names[3] == "faces/many/00003" and many.points.shape == (4, 68, 2)
    assert one.where == f"{path}, one" and many.where == f"{path}, many"


def test_several_single_faces_of_a_npz(tmp_path):
    anna, ben = read_arrays(_npz(tmp_path, anna=FACES[0], ben=FACES[1].T))
    assert anna.names == ["faces/anna"] and ben.names == ["faces/ben"]
    np.testing.assert_array_equal(ben.points, FACES[1:2])


def test_what_is_no_landmarks_is_left_alone_with_one_line(tmp_path, caplog):
    caplog.set_level("INFO")
    path = _npz(tmp_path, faces=FACES[:3], depth=FACES[:3, :, 2], names=np.array(["a", "b", "c"]))
    (found,) = read_arrays(path)
    np.testing.assert_array_equal(found.points, FACES[:3])
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: no landmarks, left alone: depth, names"
    ]


def test_no_landmarks(tmp_path):
    expected = (
        "; expected (faces, 68, 2) or (faces, 68, 3), the last two also exchanged, or 66 for 68"
    )
    np.save(tmp_path / "a.npy", np.zeros((5, 4), np.float32))
    message = _message(tmp_path / "a.npy")
    assert message == "no array of landmarks in a (5, 4) float32" + expected
    message = _message(_npz(tmp_path, **{name: np.zeros(2, int) for name in "abcdef"}))
    assert message.startswith("no array of landmarks in a (2,) int64, b (2,) int64, ")
    assert message.endswith("e (2,) int64 ..." + expected)


def test_damaged_and_pickled_files(tmp_path):
    path = tmp_path / "a.npy"
    path.write_text("landmarks")
    assert "not a .npy or .npz file" in _message(path)
    np.save(path, np.array([FACES, None], object))
    assert "holds pickled Python objects" in _message(path).replace(str(path), "")


def test_a_linear_model_is_no_faces(tmp_path):
    path = _npz(tmp_path, mean=FACES[0], identity=FACES)
    expected = (
        "a linear model of faces, not landmarks: give it alone, as --data_dir or --memory_dir"
    )
    assert _message(path) == expected


@pytest.mark.parametrize("kind", [str, bytes])
def test_3dfaw_of_depthnets(tmp_path, kind):
    ids = ["F001", "F002", "M001", "M002"]
    orientations = ["left", "center", "right", "left"]
    if kind is bytes:
        ids, orientations = ([text.encode() for text in texts] for texts in (ids, orientations))
    path = _npz(tmp_path, y_keypts=XY, z_keypts=Z, ids=ids, orientations=orientations)
    (found,) = read_arrays(path)
    np.testing.assert_array_equal(found.points, FACES[:, :66])
    assert found.names == ["F001", "F002", "M001", "M002"]
    assert found.groups == ["left", "frontal", "right", "left"]


def test_3dfaw_without_ids_and_orientations(tmp_path):
    (found,) = read_arrays(_npz(tmp_path, y_keypts=XY[:3], z_keypts=Z[:3]))
    assert found.names == ["faces/00000", "faces/00001", "faces/00002"]
    assert found.groups == [""] * 3


def test_ids_that_do_not_tell_faces_apart_are_not_used(tmp_path):
    (found,) = read_arrays(_npz(tmp_path, y_keypts=XY[:2], z_keypts=Z[:2], ids=[7, 7]))
    assert found.names == ["faces/00000", "faces/00001"]
    (found,) = read_arrays(_npz(tmp_path, y_keypts=XY[:2], z_keypts=Z[:2], ids=[7, 8]))
    assert found.names == ["7", "8"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"y_keypts": XY, "z_keypts": Z[:, :65]},
            "y_keypts (4, 66, 2) float64, z_keypts (4, 65) float64 do not agree: expected numbers, "
            "(faces, 66, 2) and (faces, 66)",
        ),
        ({"y_keypts": FACES, "z_keypts": FACES[..., 2]}, "y_keypts (4, 68, 3) float64, .* agree"),
        ({"y_keypts": XY[:, :7], "z_keypts": Z[:, :7]}, "y_keypts (4, 7, 2) float64, .* agree"),
        ({"y_keypts": XY, "z_keypts": Z.astype(str)}, "y_keypts .* do not agree"),
        (
            {"y_keypts": XY, "z_keypts": Z, "ids": [1, 2]},
            "ids has shape (2,): expected one for each of 4 faces",
        ),
        (
            {"y_keypts": XY, "z_keypts": Z, "orientations": list("abcd"), "ids": [1, 2, 3, 4]},
            "orientation 'a' of face 1: expected one of left, center, right",
        ),
    ],
)
def test_3dfaw_that_cannot_be_used(tmp_path, arrays, message):
    pattern = re.escape(message).replace(re.escape(".*"), ".*")
    assert re.match(pattern, _message(_npz(tmp_path, **arrays)))
