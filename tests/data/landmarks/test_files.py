import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.landmarks.files import read_landmarks
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES
from tests.data.landmarks.test_axes import FRONTAL, SEVERAL, seen

# In pictures of 450 x 450 pixels.
FACES = 10 * seen(FRONTAL, (30, 5, 10), (-40, 0, -5)) + [225, 225, 0]


def _relative(values):
    return values - values.mean(axis=1, keepdims=True)


def _write(path, faces):
    if path.suffix == ".npy":
        np.save(path, faces)
    elif path.suffix == ".npz":
        np.savez(path, faces=faces)
    elif path.suffix == ".json":
        path.write_text(json.dumps({"faces": faces.tolist()}))
    else:
        lines = "\n".join(f"{x} {y}" for x, y in np.reshape(faces, (-1, 2)))
        path.write_text(f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n")
    return path


def _fails(path, message):
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        read_landmarks(path)


@given(
    SEVERAL,
    st.sampled_from([".npy", ".npz", ".json"]),
    st.sampled_from([66, 68]),
    st.sampled_from([2, 3]),
    st.booleans(),
    st.sampled_from([1, -1]),
    st.sampled_from([1, -1]),
    st.sampled_from([0.01, 1, 1000]),
)
def test_every_layout_and_convention(
    tmp_path_factory, turns, suffix, count, size, exchanged, y, z, unit
):
    faces = (unit * seen(*turns))[:, SCHEMES[count].numbers]
    stored = (faces * [1, y, z])[..., :size]
    stored = stored.swapaxes(1, 2) if exchanged else stored
    found = read_landmarks(_write(tmp_path_factory.mktemp("faces") / f"a{suffix}", stored))
    assert found.points.dtype == found.depth.dtype == np.float32
    close = {"atol": 1e-4 * unit, "rtol": 0}
    np.testing.assert_allclose(_relative(found.points), _relative(faces[..., :2]), **close)
    if size == 3:
        np.testing.assert_allclose(found.depth, _relative(faces[..., 2]), **close)
    assert (found.known == (size == 3)).all() and len(found) == len(turns)
    assert len(set(found.names)) == len(found.groups) == len(turns)


def test_pixels_as_aflw2000_has_them(tmp_path):
    path = tmp_path / "AFLW2000-3D.pts68.npy"
    np.save(path, np.float32(FACES * [1, 1, -1] + [0, 0, 99]).swapaxes(1, 2))
    found = read_landmarks(path)
    np.testing.assert_allclose(found.points, FACES[..., :2], atol=1e-3)
    np.testing.assert_allclose(found.depth, _relative(FACES[..., 2]), atol=1e-3)
    assert found.names.tolist() == [f"AFLW2000-3D.pts68/0000{row}" for row in range(3)]
    assert found.groups.tolist() == [""] * 3


def test_3dfaw_of_depthnets(tmp_path):
    faces = (FACES / 450)[:, SCHEMES[66].numbers]
    np.savez(
        tmp_path / "test.npz",
        y_keypts=faces[..., :2],
        z_keypts=faces[..., 2],
        ids=["F001", "F002", "M001"],
        orientations=["center", "right", "left"],
    )
    found = read_landmarks(str(tmp_path / "test.npz"))
    np.testing.assert_allclose(found.points, faces[..., :2], atol=1e-6)
    np.testing.assert_allclose(found.depth, _relative(faces[..., 2]), atol=1e-6)
    assert found.names.tolist() == ["F001", "F002", "M001"]
    assert found.groups.tolist() == ["frontal", "right", "left"]


def test_real_faces_lose_nothing(tmp_path, ict_face68):
    with np.load(ict_face68) as model:
        faces = model["mean"] + model["identity"]
    np.save(tmp_path / "a.npy", faces)
    found = read_landmarks(tmp_path / "a.npy")
    np.testing.assert_allclose(
        _relative(found.faces), _relative(faces * [1, -1, -1]), rtol=0, atol=1e-5
    )


def test_2d_points_keep_their_place_and_have_no_depth(tmp_path):
    found = read_landmarks(_write(tmp_path / "anna.pts", FACES[0, :, :2]))
    np.testing.assert_array_equal(found.points, np.float32(FACES[:1, :, :2]))
    assert np.isnan(found.depth).all() and found.names.tolist() == ["anna"]


def test_folders(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    _write(tmp_path / "b" / "ben.pts", FACES[1, :, :2])
    _write(tmp_path / "anna.pts", FACES[0, :, :2])
    _write(tmp_path / "c.npy", FACES[:2])
    for left_alone in (".a.pts", ".hidden/a.json", "notes.txt", "b/picture.png"):
        (tmp_path / left_alone).write_text("nothing")
    found = read_landmarks(tmp_path)
    assert found.names.tolist() == ["c/00000", "c/00001", "anna", "b/ben"]
    assert found.known.tolist() == [True, True, False, False]
    np.testing.assert_allclose(found.points[2:], FACES[:2, :, :2], atol=1e-4)


@pytest.mark.parametrize("suffix", [".pts", ".npy", ".json"])
def test_lone_faces_of_a_folder_agree_on_axes(tmp_path, suffix):
    faces = 10 * seen(FRONTAL, (0, 0, 10), (0, 0, 175))[..., :2] + 225
    for name, face in zip("abc", faces):
        _write(tmp_path / f"{name}{suffix}", face)
    np.testing.assert_allclose(read_landmarks(tmp_path).points, faces, atol=1e-4)


def test_suffixes_in_capitals_are_of_the_same_kind(tmp_path):
    faces = 10 * seen(FRONTAL, (0, 0, 10), (0, 0, 175))[..., :2] + 225
    for name, face in zip(("a.pts", "b.PTS", "c.Pts"), faces):
        _write(tmp_path / name, face)
    np.testing.assert_allclose(read_landmarks(tmp_path).points, faces, atol=1e-4)


def test_all_get_66_landmarks_where_some_have_66(tmp_path, caplog):
    caplog.set_level("INFO")
    _write(tmp_path / "a.npy", FACES)
    _write(tmp_path / "b.npy", FACES[:, SCHEMES[66].numbers])
    found = read_landmarks(tmp_path)
    np.testing.assert_array_equal(found.points[:3], found.points[3:])
    np.testing.assert_array_equal(found.depth[:3], found.depth[3:])
    assert f"{tmp_path}: some faces have 66 landmarks: all get these" in caplog.text


def test_nothing_to_read(tmp_path):
    kinds = "expected {} .npy, .npz, .pts, .json"
    _fails(tmp_path / "gone", f"{tmp_path / 'gone'}: no such file or folder")
    (tmp_path / "a.txt").write_text("a")
    _fails(tmp_path, f"{tmp_path}: holds no landmarks: " + kinds.format("files of"))
    path = tmp_path / "a.txt"
    _fails(path, f"{path}: not a file of landmarks: " + kinds.format("one of"))
    path = _write(tmp_path / "a.npy", FACES[:0])
    _fails(path, f"{path}: holds no faces")


def test_two_faces_of_one_name(tmp_path):
    _write(tmp_path / "anna.pts", FACES[0, :, :2])
    _write(tmp_path / "anna.npy", FACES[0])
    _fails(tmp_path, f"{tmp_path}: 2 faces are called 'anna': rename files, or use folders")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_coordinates_that_are_none(tmp_path, value):
    faces = FACES.copy()
    faces[1, 7, 2] = value
    path = _write(tmp_path / "a.npy", faces)
    why = "has a coordinate that is NaN, infinite or too large"
    _fails(path, f"{path}: face a/00001 {why}")
    faces[2] = value
    _fails(_write(path, faces), f"{path}: face a/00001 {why}; 1 more like it")


def test_landmarks_in_one_place(tmp_path):
    faces = FACES.copy()
    faces[2, :, :2] = 7
    path = _write(tmp_path / "a.npy", faces)
    _fails(path, f"{path}: face a/00002 has all its landmarks in one place")


def test_mirrored_faces(tmp_path):
    path = _write(tmp_path / "a.npy", FACES * [-1, 1, 1])
    with pytest.raises(UserError, match=f"^{re.escape(str(path))}: landmark 0, .* mirrored"):
        read_landmarks(path)
    for name, face in zip("bc", FACES):
        _write(tmp_path / f"{name}.pts", face[:, :2] * [-1, 1])
    path.unlink()
    with pytest.raises(UserError, match=r"b\.pts and following: landmark 0, .* mirrored"):
        read_landmarks(tmp_path)
