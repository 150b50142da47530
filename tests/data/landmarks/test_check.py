"""What people are told of their landmarks, and one array of all of them."""

import re

import numpy as np
import pytest

from aign_tf.data.landmarks.check import check_landmarks, prepare_landmarks
from aign_tf.data.landmarks.files import read_landmarks
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES
from tests.data.landmarks.test_axes import FRONTAL, seen

OWN = procedural_faces()
# In pictures of 450 x 450 pixels; they look to the front, to the one and to the other side.
FACES = 10 * seen(FRONTAL, (50, 0, 0), (-50, 0, 0)) + [225, 225, 0]


def report(path):
    return dict(line.split(maxsplit=1) for line in check_landmarks(str(path), None).splitlines())


def save_model(path, **arrays):
    np.savez(path, **{"mean": OWN.mean, "identity": OWN.identity, **arrays})
    return path


# Reports.


def test_a_linear_model(tmp_path):
    path = save_model(tmp_path / "model.npz", expression=OWN.expression[:7])
    assert report(path) == {
        "model": f"{len(OWN.identity)} identities and 7 expressions",
        "landmarks": "68",
        "use": "as --data_dir or --memory_dir: faces are drawn from it",
    }
    assert "0 expressions" in report(save_model(tmp_path / "calm.npz"))["model"]


def test_real_faces(ict_face68):
    assert report(ict_face68)["model"] == "100 identities and 57 expressions"


def test_faces_in_space(tmp_path):
    faces = FACES.astype(np.float32)
    np.save(tmp_path / "a.npy", faces)
    found = report(tmp_path / "a.npy")
    (left, top), (right, bottom) = faces[..., :2].min((0, 1)), faces[..., :2].max((0, 1))
    middles = faces[..., :2].mean(axis=1, keepdims=True)
    size = np.sqrt(((faces[..., :2] - middles) ** 2).sum(axis=2).mean(axis=1))
    assert found == {
        "faces": "3, of 3 of them the depths are known",
        "landmarks": "68",
        "points": f"x {left:.4g} to {right:.4g}, y {top:.4g} to {bottom:.4g}, y down",
        "size": f"{np.median(size):.4g}, the median root mean square distance",
        "yaw": "-49 to 49 degrees but for one face in fifty, median 0",
        "depth": "correlates 1.00 with that of a posed mean face",
        "flat": "0 faces whose depths hardly vary",
    }


def test_points_in_the_picture(tmp_path):
    np.save(tmp_path / "a.npy", FACES[:, SCHEMES[66].numbers, :2])
    found = report(tmp_path / "a.npy")
    assert found["faces"] == "3, of 0 of them the depths are known"
    assert found["landmarks"] == "66"
    assert found["yaw"] == "-49 to 49 degrees but for one face in fifty, median 0"
    assert not found.keys() & {"depth", "flat", "groups"}


def test_yaw_of_one_side(tmp_path):
    """Of a face that looks to the left of the picture it is negative."""
    (face,) = FACES[1:2]
    to_left = face if face[30, 0] < face[[0, 16], 0].mean() else FACES[2]
    for name, array in (("points", to_left[:, :2]), ("face", to_left)):
        np.save(tmp_path / f"{name}.npy", array)
        expected = "-50 to -50 degrees but for one face in fifty, median -50"
        assert report(tmp_path / f"{name}.npy")["yaw"] == expected


def test_3dfaw_of_depthnets(tmp_path):
    faces = (FACES / 450)[[0, 1, 2, 2]][:, SCHEMES[66].numbers]
    orientations = ["center", "left", "right", "right"]
    path = tmp_path / "test.npz"
    np.savez(path, y_keypts=faces[..., :2], z_keypts=faces[..., 2], orientations=orientations)
    found = report(path)
    assert found["groups"] == "1 frontal, 1 left, 2 right"
    assert found["landmarks"] == "66" and found["faces"].startswith("4, of 4 ")


def test_depths_that_are_none(tmp_path, recwarn):
    np.save(tmp_path / "a.npy", FACES * [1, 1, 0.01])
    assert report(tmp_path / "a.npy")["flat"] == "3 faces whose depths hardly vary"
    np.save(tmp_path / "b.npy", FACES * [1, 1, 0])
    found = report(tmp_path / "b.npy")
    assert found["flat"] == "3 faces whose depths hardly vary" and "depth" not in found
    assert not recwarn.list


def test_depths_of_some(tmp_path):
    np.save(tmp_path / "a.npy", FACES[:2])
    np.save(tmp_path / "b.npy", FACES[:, :, :2])
    found = report(tmp_path)
    assert found["faces"] == "5, of 2 of them the depths are known"
    assert found["depth"] == "correlates 1.00 with that of a posed mean face"


def test_nothing_to_check(tmp_path):
    with pytest.raises(UserError, match=r": no such file or folder$"):
        report(tmp_path / "gone")


# One array.


def prepare(source, target):
    return prepare_landmarks(str(source), str(target), None)


def assert_same(found, expected):
    """Axes may be turned over and back, which rounds."""
    np.testing.assert_allclose(found.points, expected.points, rtol=1e-6)
    np.testing.assert_allclose(found.depth, expected.depth, atol=1e-4)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("count", [66, 68])
def test_what_is_prepared_is_read_as_before(tmp_path, size, count):
    source, target = tmp_path / "a.npy", tmp_path / "new" / "all.npz"
    np.save(source, (FACES * [1, -1, -1])[:, SCHEMES[count].numbers, :size].swapaxes(1, 2))
    name = "faces" if size == 3 else "points"
    assert prepare(source, target) == f"{target}: {name} (3, {count}, {size})"
    with np.load(target) as file:
        assert file.files == [name] and file[name].dtype == np.float32
    assert_same(read_landmarks(target), read_landmarks(source))


def test_a_folder_is_prepared(tmp_path):
    (tmp_path / "faces").mkdir()
    np.save(tmp_path / "faces" / "a.npy", FACES)
    np.save(tmp_path / "faces" / "b.npy", FACES[:1] * [1, 1, -1])
    target = tmp_path / "all.npz"
    assert prepare(tmp_path / "faces", target) == f"{target}: faces (4, 68, 3)"
    assert_same(read_landmarks(target), read_landmarks(tmp_path / "faces"))


def test_of_faces_some_of_which_have_depths_points_are_kept(tmp_path):
    (tmp_path / "faces").mkdir()
    np.save(tmp_path / "faces" / "a.npy", FACES)
    np.save(tmp_path / "faces" / "b.npy", FACES[..., :2])
    target = tmp_path / "all.npz"
    assert prepare(tmp_path / "faces", target) == (
        f"{target}: points (6, 68, 2), without the depths of 3 faces, as others have none"
    )


def test_nothing_is_overwritten_or_written_in_part(tmp_path):
    source, target = tmp_path / "a.npy", tmp_path / "all.npz"
    np.save(source, FACES)
    target.write_text("mine")
    for source_or_model, there, message in (
        (source, target, f"{target} exists already: give a new file"),
        (source, tmp_path, f"{tmp_path} exists already: give a new file"),
        (
            source,
            tmp_path / "all.npy",
            f"{tmp_path / 'all.npy'}: give the name of a .npz file to write",
        ),
        (
            save_model(tmp_path / "model.npz"),
            tmp_path / "b.npz",
            f"{tmp_path / 'model.npz'} is a linear model, which is read as it is",
        ),
        (tmp_path / "gone", tmp_path / "b.npz", f"{tmp_path / 'gone'}: no such file or folder"),
    ):
        with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
            prepare(source_or_model, there)
    assert target.read_text() == "mine"
    assert {file.name for file in tmp_path.iterdir()} == {"a.npy", "all.npz", "model.npz"}
