import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aign_tf.data.landmarks.linear_faces import LinearFaces, is_linear_faces, read_linear_faces
from aign_tf.data.synthetic.landmarks import EXPRESSIONS, procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES

OWN = procedural_faces()
NAMES = list(EXPRESSIONS)
NONE = np.zeros((0, 68, 3), np.float32)
UPPER, LOWER = [37, 38, 43, 44, 61, 62, 63], [41, 40, 47, 46, 67, 66, 65]


def _only(*names):
    """The model with these expressions, and people who are all alike."""
    return LinearFaces(OWN.mean, NONE, OWN.expression[[NAMES.index(name) for name in names]])


def _strengths(model, faces):
    """`[N, E]`: what makes the faces, by least squares."""
    change = faces - (model.mean - model.mean.mean(axis=0))
    centred = model.expression - model.expression.mean(axis=1, keepdims=True)
    columns = centred.reshape(len(centred), -1).T
    return np.linalg.lstsq(columns, change.reshape(len(faces), -1).T, rcond=None)[0].T


def _save(path, model=OWN, turn=(1, 1, 1), **others):
    arrays = {"mean": model.mean, "identity": model.identity, "expression": model.expression}
    arrays = {name: array * np.array(turn, np.float32) for name, array in arrays.items()} | others
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_samples_are_centred_and_of_float32():
    faces = OWN.sample(50, 0)
    assert faces.shape == (50, 68, 3) and faces.dtype == np.float32
    np.testing.assert_allclose(faces.mean(axis=1), 0, atol=1e-5)


def test_without_variation_a_sample_is_the_mean():
    faces = LinearFaces(OWN.mean, NONE, NONE).sample(3, 0)
    np.testing.assert_allclose(faces, [OWN.mean - OWN.mean.mean(axis=0)] * 3, atol=1e-5)


def test_people_vary_with_the_deviation_of_each_identity():
    identity = np.zeros((2, 68, 3), np.float32)
    identity[0, 30, 2], identity[1, 8, 1] = 0.5, 2
    faces = LinearFaces(OWN.mean, identity, NONE).sample(20000, 0)
    rest = 1 - 1 / 68  # The mean of the points goes back to the origin.
    assert np.std(faces[:, 30, 2]) == pytest.approx(0.5 * rest, rel=0.02)
    assert np.std(faces[:, 8, 1]) == pytest.approx(2 * rest, rel=0.02)
    assert abs(np.corrcoef(faces[:, 30, 2], faces[:, 8, 1])[0, 1]) < 0.03


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_seed_gives_the_same_faces(seed):
    np.testing.assert_array_equal(OWN.sample(4, seed), OWN.sample(4, seed))
    other = OWN.sample(4, (seed + 1) % 2**32)
    assert np.abs(OWN.sample(4, seed) - other).max(axis=(1, 2)).min() > 0.01


def test_seeds_have_nothing_to_do_with_each_other():
    one, other = (OWN.sample(3000, seed)[:, 8, 1] for seed in (1, 2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.06


def test_a_face_shows_a_few_expressions_at_strengths_from_none_to_all():
    names = [name for name in NAMES if name != "jaw left"]  # As seen, no more than the jaw right.
    model = _only(*names)
    strengths = _strengths(model, model.sample(3000, 0))
    assert strengths.min() > -1e-3 and 0.9 < strengths.max() < 1 + 1e-3
    either = [row for row, name in enumerate(names) if not name.startswith("left")]
    shown = (strengths[:, either] > 1e-3).sum(axis=1)
    assert 2.7 < shown.mean() < 3.1
    assert 0.02 < (shown == 0).mean() < 0.08


def test_both_sides_smile_but_not_quite_alike():
    model = _only("right smile", "mouth open", "left smile")
    right, _, left = _strengths(model, model.sample(500, 0)).T
    shown = right > 0.1
    np.testing.assert_array_equal(shown & (left < 0.07), False)
    assert 0.69 < (left[shown] / right[shown]).min() < 0.75
    assert 1.33 < (left[shown] / right[shown]).max() < 1.44


def test_what_one_side_undoes_of_the_other_stays_apart():
    model = _only("jaw left", "jaw right")
    to_the_left = _strengths(_only("jaw left"), model.sample(2000, 0))
    assert to_the_left.min() < -0.8 and to_the_left.max() > 0.8


def test_lips_do_not_pass_through_each_other():
    """A mouth closes as far as it is open."""
    opened = OWN.expression[NAMES.index("mouth open")]
    faces = LinearFaces(OWN.mean, NONE, np.stack([opened, -opened])).sample(2000, 0)
    gap = faces[:, LOWER, 1] - faces[:, UPPER, 1]
    assert gap.min() > -0.03 * np.ptp(OWN.mean[:, 1]) - 1e-3
    assert gap.min() < -0.1 and gap.max() > 2


def test_faces_that_cannot_be_helped_stay_neutral():
    model = LinearFaces(OWN.mean * [1, -1, 1], NONE, OWN.expression)
    np.testing.assert_allclose(model.sample(5, 0), [model.mean - model.mean.mean(axis=0)] * 5)


def test_twenty_thousand_faces_take_no_time():
    start = time.perf_counter()
    OWN.sample(20_000, 0)
    assert time.perf_counter() - start < 5


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
