import numpy as np
import pytest

from aign_tf.data.landmarks.linear_files import read_linear_faces
from aign_tf.data.synthetic.landmark_shapes import MEAN, at, down, move, near, outward, rows, scale
from aign_tf.data.synthetic.landmarks import EXPRESSIONS, IDENTITY, procedural_faces
from aign_tf.landmarks import SCHEMES

MIRROR = list(SCHEMES[68].mirror)
UPPER_LIDS, LOWER_LIDS = [37, 38, 43, 44], [41, 40, 47, 46]
INNER_UPPER_LIP, INNER_LOWER_LIP = [61, 62, 63], [67, 66, 65]
BROWS, EYES, LIPS = range(17, 27), range(36, 48), range(48, 68)
SYMMETRIC = [name for name in IDENTITY if name not in ("crooked nose", "jaw aside", "uneven eyes")]


@pytest.fixture(scope="module")
def faces():
    return procedural_faces().sample(1000, 0)


def _mirrored(points):
    return points[..., MIRROR, :] * [-1, 1, 1]


def _gap(points, upper, lower):
    return points[..., lower, 1] - points[..., upper, 1]


def test_the_model_holds_every_deformation():
    model = procedural_faces()
    assert model.mean.shape == (68, 3)
    assert model.identity.shape == (len(IDENTITY), 68, 3)
    assert model.expression.shape == (len(EXPRESSIONS), 68, 3)
    for part in (model.mean, model.identity, model.expression):
        assert part.dtype == np.float32 and np.isfinite(part).all()


def test_the_mean_is_symmetric():
    np.testing.assert_allclose(_mirrored(MEAN), MEAN, atol=1e-9)


def test_the_mean_has_the_measures_of_a_human_face():
    pupils = MEAN[[*range(36, 42)]].mean(axis=0), MEAN[[*range(42, 48)]].mean(axis=0)
    ears = MEAN[[0, 16]].mean(axis=0)
    brows = MEAN[list(BROWS)].mean(axis=0)
    measures = {
        "between the pupils": (pupils[1][0] - pupils[0][0], 6.3, 0.1),
        "across an eye": (MEAN[39, 0] - MEAN[36, 0], 3.0, 0.2),
        "across the cheeks": (MEAN[16, 0] - MEAN[0, 0], 14.0, 0.4),
        "across the nose": (MEAN[35, 0] - MEAN[31, 0], 3.2, 0.4),
        "across the mouth": (MEAN[54, 0] - MEAN[48, 0], 5.0, 0.2),
        "from brows to chin": (MEAN[8, 1] - brows[1], 13.3, 0.5),
        "from the root of the nose to the chin": (MEAN[8, 1] - MEAN[27, 1], 11.5, 0.5),
        "from the root of the nose to its base": (MEAN[33, 1] - MEAN[27, 1], 5.0, 0.3),
        "from the tip of the nose to its base": (MEAN[33, 2] - MEAN[30, 2], 1.7, 0.3),
        "from the tip of the nose to its wings": (MEAN[31, 2] - MEAN[30, 2], 2.2, 0.3),
        "from the tip of the nose to the ears": (ears[2] - MEAN[30, 2], 9.0, 1.0),
        "from brow to eye in depth": (pupils[0][2] - MEAN[19, 2], 0.5, 0.4),
    }
    for name, (value, expected, tolerance) in measures.items():
        assert value == pytest.approx(expected, abs=tolerance), name


def test_the_eyes_of_the_mean_are_open_and_its_lips_nearly_closed():
    assert (_gap(MEAN, UPPER_LIDS, LOWER_LIDS) > 0.7).all()
    gap = _gap(MEAN, INNER_UPPER_LIP, INNER_LOWER_LIP)
    assert (gap > 0.05).all() and (gap < 0.3).all()


@pytest.mark.parametrize("name", IDENTITY)
def test_people_differ_by_millimetres_smoothly(name):
    moved = np.linalg.norm(IDENTITY[name] - IDENTITY[name].mean(axis=0), axis=1)
    assert 0.05 < moved.max() < 0.6
    if name in SYMMETRIC:
        np.testing.assert_allclose(_mirrored(IDENTITY[name]), IDENTITY[name], atol=1e-9)
    else:
        assert np.abs(_mirrored(IDENTITY[name]) - IDENTITY[name]).max() > 0.1


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_have_a_mirror_image_among_them(name):
    swapped = {"right": "left", "left": "right"}
    other = " ".join(swapped.get(word, word) for word in name.split())
    np.testing.assert_allclose(_mirrored(EXPRESSIONS[name]), EXPRESSIONS[other], atol=1e-9)


def test_an_open_mouth_takes_the_chin_down_and_back():
    face = MEAN + EXPRESSIONS["mouth open"]
    assert 2 < face[8, 1] - MEAN[8, 1] < 4 and 0.5 < face[8, 2] - MEAN[8, 2] < 2
    assert _gap(face, INNER_UPPER_LIP, INNER_LOWER_LIP)[1] > 2
    np.testing.assert_allclose(face[17:48], MEAN[17:48], atol=1e-9)
    np.testing.assert_allclose(face[[0, 16]], MEAN[[0, 16]], atol=1e-9)


def test_each_eye_closes_on_its_own():
    right, left = (MEAN + EXPRESSIONS[f"{side} eye closed"] for side in ("right", "left"))
    for face, closed in ((right, slice(0, 2)), (left, slice(2, 4))):
        gap = _gap(face, UPPER_LIDS, LOWER_LIDS)
        np.testing.assert_allclose(gap[closed], 0, atol=0.1)
        assert np.sum(gap > 0.7) == 2


def test_a_smile_takes_the_corners_out_up_and_back_and_a_frown_down():
    smile = EXPRESSIONS["left smile"][54]
    assert smile[0] > 0.3 and smile[1] < -0.3 and smile[2] > 0.2
    assert EXPRESSIONS["left frown"][54, 1] > 0.3
    for name in ("left smile", "left frown"):
        assert np.abs(EXPRESSIONS[name][48]).max() < 0.05


def test_samples_look_like_faces(faces):
    brows, eyes, mouth = (faces[:, list(part)].mean(axis=1) for part in (BROWS, EYES, LIPS))
    tip, base, chin = faces[:, 30], faces[:, 33], faces[:, 8]
    for upper, lower in ((brows, eyes), (eyes, tip), (tip, base), (base, mouth), (mouth, chin)):
        assert (upper[:, 1] < lower[:, 1]).all()
    assert (faces[:, 31:36, 1].max(axis=1) < faces[:, 51, 1]).all()
    assert (np.diff(faces[:, 3:14, 0], axis=1) > 0).all()
    for right, left in ((36, 39), (39, 42), (42, 45), (31, 35), (48, 54)):
        assert (faces[:, right, 0] < faces[:, left, 0]).all()
    assert (faces[..., 2].argmin(axis=1) == 30).mean() > 0.99


def test_lips_and_lids_of_samples_do_not_cross(faces):
    for upper, lower in ((UPPER_LIDS, LOWER_LIDS), (INNER_UPPER_LIP, INNER_LOWER_LIP)):
        assert _gap(faces, upper, lower).min() > -0.45


def _depth_told_by_the_front(faces, noise):
    """Share of the depth's variance that a line through the noisy front view explains."""
    rng = np.random.default_rng(0)
    points = faces[..., :2] + rng.normal(0, noise, faces[..., :2].shape)
    flat = np.column_stack([points.reshape(len(faces), -1), np.ones(len(faces))])
    half = len(faces) // 2
    line = np.linalg.lstsq(flat[:half], faces[:half, :, 2], rcond=1e-6)[0]
    left = faces[half:, :, 2] - flat[half:] @ line
    return 1 - left.var(axis=0).sum() / faces[half:, :, 2].var(axis=0).sum()


def test_the_front_view_tells_much_of_the_depth_but_not_all():
    told = _depth_told_by_the_front(procedural_faces().sample(4000, 0), noise=0.14)
    assert 0.4 < told < 0.8


def test_faces_are_as_large_and_as_various_as_those_of_ict(ict_face68):
    own, real = (
        model.sample(2000, 0) for model in (procedural_faces(), read_linear_faces(ict_face68))
    )
    extent = np.ptp(own, axis=1).mean(axis=0) / np.ptp(real, axis=1).mean(axis=0)
    np.testing.assert_allclose(extent, 1, atol=0.06)
    spread = own.std(axis=0).mean(axis=0) / real.std(axis=0).mean(axis=0)
    np.testing.assert_allclose(spread, 1, atol=0.25)


def test_weights_are_those_they_say():
    assert rows("nose", "eyes").nonzero()[0].tolist() == list(range(27, 48))
    assert at(3, 8).nonzero()[0].tolist() == [3, 8]
    np.testing.assert_allclose(near(MEAN[36, :2], 1)[[36, 45]], 1)
    distance = np.linalg.norm(MEAN[37, :2] - MEAN[36, :2])
    assert near(MEAN[36, :2], 2)[37] == pytest.approx(np.exp(-(distance**2) / 8))
    weight = down(MEAN[27, 1], MEAN[30, 1])
    assert weight[27] == 0 and weight[8] == 1 and 0 < weight[28] < weight[29] < 1


def test_moves_are_those_they_say():
    np.testing.assert_array_equal(move((1, 2, 3), at(5))[5], (1, 2, 3))
    apart = outward(0.2, at(0, 16, 30))
    np.testing.assert_allclose(apart[[0, 30, 16], 0], (-0.2, 0, 0.2), atol=1e-5)
    np.testing.assert_allclose(scale((0.1, 0.2, 0.3), at(8))[8], MEAN[8] * (0.1, 0.2, 0.3))
    wider = MEAN + scale((0.5, 0, 0), rows("eyes"), about=(-3.15, 0))
    assert wider[39, 0] - wider[36, 0] == pytest.approx(1.5 * (MEAN[39, 0] - MEAN[36, 0]))
    assert wider[45, 0] + wider[42, 0] == pytest.approx(MEAN[45, 0] + MEAN[42, 0])
