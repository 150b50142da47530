import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.landmarks.linear_faces import LinearFaces
from aign_tf.data.landmarks.linear_files import is_linear_faces, read_linear_faces
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES

OWN = procedural_faces()
UPPER, LOWER = [37, 38, 43, 44, 61, 62, 63], [41, 40, 47, 46, 67, 66, 65]


def _save(path, model=OWN, turn=(1, 1, 1), **others):
    arrays = {"mean": model.mean, "identity": model.identity, "expression": model.expression}
    arrays = {name: array * np.array(turn, np.float32) for name, array in arrays.items()} | others
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize("turn", [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)])
def test_every_way_up_is_turned_into_ours(tmp_path, turn):
    model = read_linear_faces(_save(tmp_path / "faces.npz", turn=turn))
    for name in ("mean", "identity", "expression"):
        np.testing.assert_allclose(getattr(model, name), getattr(OWN, name), atol=1e-6)
        assert getattr(model, name).dtype == np.float32


@pytest.mark.parametrize("turn", [(-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, -1)])
def test_a_mirror_image_is_an_error(tmp_path, turn):
    with pytest.raises(UserError, match=r"faces\.npz: the mean face is a mirror image: landmark 0"):
        read_linear_faces(_save(tmp_path / "faces.npz", turn=turn))


@pytest.mark.parametrize("axes", [[0, 2, 1], [1, 0, 2], [2, 1, 0]])
def test_other_axes_are_an_error(tmp_path, axes):
    path = _save(tmp_path / "faces.npz", mean=OWN.mean[:, axes])
    with pytest.raises(UserError, match="the mean face is not upright and frontal: x must run"):
        read_linear_faces(path)


def test_a_point_for_a_face_is_an_error(tmp_path):
    path = _save(tmp_path / "faces.npz", mean=np.zeros((68, 3)))
    with pytest.raises(UserError, match="not upright and frontal"):
        read_linear_faces(path)


def test_66_landmarks_are_read_and_sampled(tmp_path):
    rows = list(SCHEMES[66].numbers)
    fewer = LinearFaces(OWN.mean[rows], OWN.identity[:, rows], OWN.expression[:, rows])
    model = read_linear_faces(_save(tmp_path / "faces.npz", fewer, turn=(1, -1, -1)))
    np.testing.assert_allclose(model.mean, fewer.mean)
    whole = OWN.sample(20, 0)[:, rows]
    np.testing.assert_allclose(
        model.sample(20, 0), whole - whole.mean(axis=1, keepdims=True), atol=1e-4
    )


def test_expressions_may_be_absent(tmp_path):
    model = read_linear_faces(_save(tmp_path / "faces.npz", expression=None))
    assert model.expression.shape == (0, 68, 3)
    assert model.sample(2, 0).shape == (2, 68, 3)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"mean": None}, "no array 'mean': it holds expression, identity"),
        ({"identity": None}, "no array 'identity': it holds expression, mean"),
        ({"mean": np.zeros((68, 2))}, r"mean has shape \(68, 2\), expected \(68, 3\) or \(66, 3\)"),
        ({"mean": np.zeros((49, 3))}, r"mean has shape \(49, 3\), expected"),
        ({"mean": np.zeros(())}, r"mean has shape \(\), expected"),
        (
            {"identity": np.zeros((4, 66, 3))},
            r"identity has shape \(4, 66, 3\), expected \(I, 68, 3\) to go with the mean",
        ),
        ({"expression": np.zeros((68, 3))}, r"expression has shape \(68, 3\), expected \(E, 68, 3"),
        ({"mean": np.full((68, 3), np.nan)}, "mean is not finite everywhere"),
        ({"identity": np.full((1, 68, 3), np.inf)}, "identity: a number is infinite or too large"),
        ({"expression": np.full((1, 68, 3), np.nan)}, "expression is not finite everywhere"),
        ({"mean": np.full((68, 3), "x")}, "mean: not numbers"),
    ],
)
def test_what_is_no_model_is_an_error(tmp_path, others, message):
    with pytest.raises(UserError, match=message) as caught:
        read_linear_faces(_save(tmp_path / "faces.npz", **others))
    assert "faces.npz" in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"faces\.npz: no such file"):
        read_linear_faces(tmp_path / "faces.npz")


def test_models_are_told_by_the_names_of_their_arrays(tmp_path):
    assert is_linear_faces(_save(tmp_path / "faces.npz", expression=None))
    assert not is_linear_faces(_save(tmp_path / "poses.npz", identity=None))
    assert not is_linear_faces(tmp_path / "absent.npz")
    assert not is_linear_faces(tmp_path)
    (tmp_path / "folder.npz").mkdir()
    assert not is_linear_faces(tmp_path / "folder.npz")
    np.save(tmp_path / "mean.npy", OWN.mean)
    assert not is_linear_faces(tmp_path / "mean.npy")


def test_suffixes_may_be_in_capitals(tmp_path):
    path = _save(tmp_path / "faces.npz").rename(tmp_path / "FACES.NPZ")
    assert is_linear_faces(path)
    np.testing.assert_array_equal(read_linear_faces(path).mean, OWN.mean)


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_damaged_files_are_no_models(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("damaged") / "faces.npz"
    path.write_bytes(b"PK" + content)
    assert not is_linear_faces(path)


def test_ict_faces_are_upright_frontal_and_human(ict_face68):
    assert is_linear_faces(ict_face68)
    model = read_linear_faces(ict_face68)
    assert (len(model.identity), len(model.expression)) == (100, 57)
    faces = model.sample(2000, 0)
    brows, eyes, mouth = (
        faces[:, rows].mean(axis=1) for rows in (range(17, 27), range(36, 48), range(48, 68))
    )
    tip, chin = faces[:, 30], faces[:, 8]
    for upper, lower in ((brows, eyes), (eyes, tip), (tip, mouth), (mouth, chin)):
        assert (upper[:, 1] < lower[:, 1]).all()
    assert (faces[:, 0, 0] < faces[:, 16, 0]).all()
    assert (faces[..., 2].argmin(axis=1) == 30).mean() > 0.95
    assert (faces[:, UPPER, 1] - faces[:, LOWER, 1]).max() < 0.03 * np.ptp(model.mean[:, 1]) + 1e-3
