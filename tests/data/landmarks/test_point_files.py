import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.data.landmarks import point_files
from aign_tf.data.landmarks.point_files import read_json_points, read_pts
from aign_tf.errors import UserError

FACES = np.random.default_rng(0).uniform(0, 450, (3, 68, 3)).round(3)
FLAT = FACES[..., :2].tolist()


def _pts(folder, points, header="version: 1\nn_points:  68\n"):
    lines = "\n".join(" ".join(map(str, point)) for point in points)
    (folder / "anna.pts").write_text(f"{header}{{\n{lines}\n}}\n")
    return folder / "anna.pts"


def _json(folder, content):
    (folder / "anna.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / "anna.json"


def _message(read, path):
    with pytest.raises(UserError) as error:
        read(path)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(str(path))


@pytest.mark.parametrize(
    "header", ["version: 1\nn_points:  68\n", "version: 1\r\nn_points:68\n", ""]
)
def test_pts(tmp_path, header):
    (found,) = read_pts(_pts(tmp_path, FLAT[0], header))
    np.testing.assert_array_equal(found.points, FACES[:1, :, :2])
    assert found.names == ["anna"] and found.groups == [""]
    assert found.where == str(tmp_path / "anna.pts")


def test_pts_may_have_66_points_and_depths(tmp_path):
    (found,) = read_pts(_pts(tmp_path, FACES[0, :66], "n_points: 66\n"))
    np.testing.assert_array_equal(found.points, FACES[:1, :66])


@pytest.mark.parametrize(
    ("points", "header", "message"),
    [
        ([], "", ": not a .pts file: it has no points in braces"),
        (FLAT[0][:67], "n_points: 68\n", ": has 67 points, where n_points says 68"),
        (
            FLAT[0][:51],
            "",
            ": shape (51, 2): expected 68 landmarks, or the 66 of 3DFAW, of x and y or x, y and z",
        ),
        ([["a", 2]] * 68, "", ": could not convert string to float: 'a' between the braces"),
        ([[1], *FLAT[0][1:]], "", ": lists of unequal length where an array should be"),
        ([["inf", 1]] * 68, "", ": a number is infinite or too large"),
    ],
)
def test_pts_that_cannot_be_used(tmp_path, points, header, message):
    assert _message(read_pts, _pts(tmp_path, points, header)) == message


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"1 2\n3 4\n", b"}{"])
def test_not_pts_at_all(tmp_path, content):
    (tmp_path / "a.pts").write_bytes(content)
    message = _message(read_pts, tmp_path / "a.pts")
    assert message == ": not a .pts file: it has no points in braces"


def _objects(face):
    return [{**dict(zip("xyz", point)), "score": 0.5} for point in face]


@given(
    st.sampled_from([2, 3]),
    st.sampled_from([66, 68]),
    st.sampled_from([list, _objects]),
    st.sampled_from([None, "landmarks", "points", "keypoints"]),
    st.sampled_from([None, "landmarks", "points", "keypoints", "faces"]),
)
def test_json_of_every_form(tmp_path_factory, size, count, as_points, inner, outer):
    stored = FACES[:, :count, :size]
    faces = [as_points(face) for face in stored.tolist()]
    faces = faces if inner is None else [{inner: face, "score": 1} for face in faces]
    for several, content in ((True, faces), (False, faces[0])):
        if outer and not (inner and not several):
            content = {"version": 1, outer: content}
        (found,) = read_json_points(_json(tmp_path_factory.mktemp("json"), content))
        expected = stored if several else stored[:1]
        np.testing.assert_array_equal(found.points, expected)
        rows = [f"anna/0000{row}" for row in range(3)]
        assert found.names == (rows if several else ["anna"])


def test_a_list_of_one_face(tmp_path):
    (found,) = read_json_points(_json(tmp_path, {"faces": FLAT[:1]}))
    assert found.names == ["anna"] and found.points.shape == (1, 68, 2)


FACE_OR_LIST = ": expected a face or a list of faces, each a list of 68 [x, y]"
LANDMARKS = ": expected 68 landmarks, or the 66 of 3DFAW, of x and y or x, y and z"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (3, FACE_OR_LIST),
        ([], FACE_OR_LIST),
        ({"faces": None}, FACE_OR_LIST),
        ({"people": []}, ": an object without one of faces, landmarks, points, keypoints"),
        ([{"a": 1}], ", face 0: an object without one of faces, landmarks, points, keypoints"),
        ([FLAT[0], None], ", face 1: not numbers (type object)"),
        ([FLAT[0], FLAT[1][:66]], ", face 1: shape (66, 2), where face 0 has (68, 2)"),
        ([1, 2, 3], f", face 0: shape (){LANDMARKS}"),
        ([[]], f", face 0: shape (0,){LANDMARKS}"),
        (FLAT[0][:5], f": shape (5, 2){LANDMARKS}"),
        ([[FLAT[0]]], f", face 0: shape (1, 68, 2){LANDMARKS}"),
        ([["a", "b"]] * 68, ": not numbers (type <U1)"),
        ([{"x": 1}, *_objects(FLAT[0][1:])], ": lists of unequal length where an array should be"),
        ([[10**400, 2], *FLAT[0][1:]], ": not numbers (type object)"),
        ([[1e300, 2], *FLAT[0][1:]], ": a number is infinite or too large"),
        ("[[1, 2", ", line 1: not JSON: Expecting ',' delimiter"),
    ],
)
def test_json_that_cannot_be_used(tmp_path, content, message):
    assert _message(read_json_points, _json(tmp_path, content)) == message


def test_json_too_deep_to_be_read(tmp_path):
    message = _message(read_json_points, _json(tmp_path, "[" * 100000))
    assert message.startswith(": cannot be read as JSON: ")


@pytest.mark.parametrize(("read", "write"), [(read_pts, _pts), (read_json_points, _json)])
def test_large_files_are_not_opened(tmp_path, monkeypatch, read, write):
    path = write(tmp_path, FLAT[0])
    monkeypatch.setattr(point_files, "_MAX_MEGABYTES", 0)
    assert _message(read, path) == ": larger than 0 MB: store so many faces as .npz"
