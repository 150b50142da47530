import numpy as np
import pytest

from aign_tf.data.landmarks.mesh import triangles, triangulated, write_obj
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.landmarks import SCHEMES


@pytest.fixture(params=SCHEMES)
def scheme(request):
    return SCHEMES[request.param]


def edges(surface):
    return [frozenset((row[i - 1], row[i])) for row in surface.tolist() for i in range(3)]


def check_surface(surface, face, scheme):
    """One sheet without holes, which bears all lines and whose normals point to the viewer."""
    assert 1.45 * len(scheme) < len(surface) < 2 * len(scheme)
    assert set(surface.ravel()) == set(range(len(scheme)))
    found = edges(surface)
    assert len(scheme) - len(set(found)) + len(surface) == 1  # Euler's formula for a disc.
    assert max(map(found.count, found)) == 2
    along = {frozenset(ends) for line in scheme.lines for ends in zip(line, line[1:])}
    assert along <= set(found)
    a, b, c = face[surface].swapaxes(0, 1)
    away = np.cross(b - a, c - a)[:, 2]
    assert np.mean(away < 0) > 0.95  # Shut lips have no side.


def read_obj(path):
    rows = [line.split() for line in path.read_text().splitlines()]
    assert {row[0] for row in rows} == {"#", "v", "f"}
    vertices = np.array([row[1:] for row in rows if row[0] == "v"], np.float64)
    return vertices, np.array([row[1:] for row in rows if row[0] == "f"], int)


def test_our_own_mean_face_becomes_one_sheet(scheme):
    face = procedural_faces().mean[list(scheme.numbers)]
    check_surface(triangles(scheme), face, scheme)


def test_so_does_that_of_a_linear_model_of_real_faces(scheme, ict_face68):
    with np.load(ict_face68) as stored:
        face = (stored["mean"] * [1, -1, -1])[list(scheme.numbers)]
    check_surface(triangulated(face, scheme), face, scheme)
    assert len(triangulated(face, scheme)) == pytest.approx(len(triangles(scheme)), rel=0.05)


def test_shut_lips_do_not_change_the_surface():
    face = np.array(procedural_faces().mean, np.float64)
    surface = triangles(SCHEMES[68])
    face[[65, 66, 67]] = face[[63, 62, 61]]
    np.testing.assert_array_equal(triangulated(face, SCHEMES[68]), surface)


def test_a_shallow_dent_in_the_outline_is_not_filled(scheme):
    face = np.array(procedural_faces().mean, np.float64)[list(scheme.numbers)]
    jaw, between = scheme.index(3), [scheme.index(2), scheme.index(4)]
    face[jaw] = face[between].mean(axis=0) + np.array([0.05, 0, 0])
    found = triangulated(face, scheme)
    assert {jaw, *between} not in [set(row) for row in found.tolist()]
    assert jaw in found


def test_the_surface_is_made_once_and_cannot_be_changed(scheme):
    assert triangles(scheme) is triangles(scheme)
    with pytest.raises(ValueError):
        triangles(scheme)[0, 0] = 7


def test_a_solid_comes_back_turned_to_the_axes_of_3d_tools(tmp_path, scheme):
    face = procedural_faces().mean[list(scheme.numbers)]
    write_obj(tmp_path / "face.obj", face, triangles(scheme))
    vertices, corners = read_obj(tmp_path / "face.obj")
    np.testing.assert_array_equal(np.float32(vertices * [1, -1, -1]), face)
    np.testing.assert_array_equal(corners - 1, triangles(scheme))


def test_a_solid_is_wound_counter_clockwise_seen_from_outside(tmp_path):
    # A nose: from the bridge and both wings to a tip nearer to the viewer.
    face = np.array([[0, -1, 0], [-1, 1, 0], [1, 1, 0], [0, 0.5, -1]])
    write_obj(tmp_path / "nose.obj", face, np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    vertices, corners = read_obj(tmp_path / "nose.obj")
    np.testing.assert_array_equal(vertices[3], [0, -0.5, 1])  # Below the middle, to the viewer.
    a, b, c = vertices[corners - 1].swapaxes(0, 1)
    assert np.all(np.cross(b - a, c - a)[:, 2] > 0)


def test_a_solid_tells_its_axes_and_keeps_large_and_small_numbers(tmp_path):
    face = np.float32([[1e-7, 123456.789, -1 / 3], [1, 2, 3], [0.1, 0.2, 0.3]])
    write_obj(tmp_path / "a.obj", face, np.array([[0, 1, 2]]))
    comment = (tmp_path / "a.obj").read_text().splitlines()[0]
    assert comment.startswith("# ") and "y up, z towards the viewer" in comment
    assert "unit of the input" in comment
    np.testing.assert_array_equal(np.float32(read_obj(tmp_path / "a.obj")[0] * [1, -1, -1]), face)


def test_a_solid_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.obj"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_obj(path, [["x", "y", "z"]], np.array([[0, 0, 0]]))
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
