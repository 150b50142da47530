import numpy as np
import pytest
from PIL import Image

from aign_tf.data.landmarks import results
from aign_tf.data.landmarks.results import write_results
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES


def predicted(count, landmarks=68):
    """Faces of different widths."""
    mean = procedural_faces().mean[list(SCHEMES[landmarks].numbers)]
    return np.stack([mean * np.float32([1 + 0.1 * row, 1, 1]) for row in range(count)])


NAMES = ["anna", "more/bob", "people/00002"]


def write(output, name="faces", names=NAMES, most=2, landmarks=68):
    faces = predicted(len(names), landmarks)
    return write_results(output, name, faces[..., :2], faces, names, most)


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_single_face_lies_beside_its_arrays(tmp_path):
    output = tmp_path / "out"
    written = write(output, "anna", ["anna"])
    assert written == [output / f"anna{suffix}" for suffix in (".npz", ".obj", ".png")]
    assert sorted(written) == files_below(output)


@pytest.mark.parametrize("names", [NAMES, np.array(NAMES)])
def test_the_first_faces_are_called_as_they_are(tmp_path, names):
    written = write(tmp_path, "people", names)
    files = ["people.npz", "anna.obj", "anna.png", "more/bob.obj", "more/bob.png"]
    assert written == [tmp_path / file for file in files]
    assert sorted(written) == files_below(tmp_path)


def test_arrays_alone_where_no_face_is_to_be_shown(tmp_path):
    assert write(tmp_path, most=0) == [tmp_path / "faces.npz"] == list(tmp_path.iterdir())


@pytest.mark.parametrize("names", [["anna", "bob", "ćeda"], np.array(["a", "b", "c"], object)])
def test_all_arrays_are_there_without_pickle(tmp_path, names):
    faces = predicted(3)
    points = faces[..., :2] + 1
    path = write_results(tmp_path, "all", points, faces, names, most=0)[0]
    with np.load(path, allow_pickle=False) as stored:
        assert sorted(stored.files) == ["depth", "faces", "names", "points"]
        np.testing.assert_array_equal(stored["points"], points)
        np.testing.assert_array_equal(stored["depth"], faces[..., 2])
        np.testing.assert_array_equal(stored["faces"], faces)
        assert stored["names"].tolist() == list(names)


@pytest.mark.parametrize("landmarks", SCHEMES)
def test_each_solid_and_picture_is_of_its_own_face(tmp_path, landmarks):
    written = write(tmp_path, landmarks=landmarks)
    for row, (solid, picture) in enumerate(zip(written[1::2], written[2::2])):
        lines = [line.split() for line in solid.read_text().splitlines() if line[0] == "v"]
        vertices = np.array(lines)[:, 1:].astype(np.float32)
        np.testing.assert_array_equal(vertices * [1, -1, -1], predicted(3, landmarks)[row])
        assert Image.open(picture).size == (6 * 256, 256)
    assert written[2].read_bytes() != written[4].read_bytes()


def test_folders_and_dots_in_names_stay(tmp_path):
    written = write(tmp_path, "a b/set.1.npz", ["c d/anna.v2"])
    files = ["a b/set.1.npz.npz", "c d/anna.v2.obj", "c d/anna.v2.png"]
    assert written == [tmp_path / file for file in files]
    assert sorted(written) == files_below(tmp_path)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a/..", "..", "/tmp/x", "", "."])
@pytest.mark.parametrize("place", ["of the file", "of a face"])
def test_nothing_is_written_outside_the_output(tmp_path, name, place):
    given = {"name": name} if place == "of the file" else {"names": np.array(["anna", name])}
    with pytest.raises(UserError, match=r"would be written outside .*out: rename it") as error:
        write(tmp_path / "in" / "out", **given)
    assert repr(name) in str(error.value) and "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_faces_that_are_not_shown_may_have_any_name(tmp_path):
    write(tmp_path, names=["anna", "../x"], most=1)
    assert [path.name for path in files_below(tmp_path)] == ["anna.obj", "anna.png", "faces.npz"]


def test_a_picture_that_fails_leaves_no_half_written_file(tmp_path, monkeypatch):
    monkeypatch.setattr(results.drawings, "turntable", lambda *_: np.zeros((2, 2, 7), "u1"))
    with pytest.raises((TypeError, ValueError)):
        write(tmp_path, "anna", ["anna"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anna.npz", "anna.obj"]
