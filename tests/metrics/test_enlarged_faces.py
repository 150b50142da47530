"""Enlarged faces against what is known of the people: the right rows, each looked at once."""

import numpy as np
import pytest

from aign_tf.config import override
from aign_tf.data.face_roles import load_roles
from aign_tf.data.small_faces import SmallFaceConfig, observe
from aign_tf.metrics import enlarged_faces
from aign_tf.metrics.enlarged_faces import EnlargedFaces, bicubic
from aign_tf.metrics.face_judge import JudgeConfig
from aign_tf.metrics.identity import similarity

PORTRAITS = {"portraits": 20, "memory": "person=portrait", "memory_share": 1}


class Judge:
    """Takes all faces for the memory's, and knows nothing else."""

    def __init__(self, *_):
        self.notes = {"judge": "a toy"}

    def score(self, faces):
        return {"judged": float(len(faces)), **self.bias(faces)}

    def bias(self, faces):
        return {"bias_rate": 1.0}

    def score_memory(self, samples):
        return {"judged": float(samples)}


class Identity:
    """Tells people apart by their mean colour."""

    name, same, strangers, accuracy = "a toy that sees colours", 0.9, 0.1, 0.8

    def __init__(self):
        self.shown = []

    def __call__(self, images):
        self.shown.append(np.asarray(images))
        colours = np.asarray(images, np.float64).mean(axis=(1, 2)) + 0.01
        return colours / np.linalg.norm(colours, axis=1, keepdims=True)


def small(factors, _):
    return {"image": factors["face"][:, ::4, ::4]}


def faces(monkeypatch, identity=None, samples=40, **data):
    """The faces of a split, judged by toys; without `identity` nobody can be told apart."""
    monkeypatch.setattr(enlarged_faces, "FaceJudge", Judge)
    monkeypatch.setattr(enlarged_faces, "train_identity_network", lambda *_: identity)
    config = override(SmallFaceConfig(), {"image_size": 32, "samples": 300, **data})
    roles = load_roles(config, seed=0)
    return EnlargedFaces(
        roles, "test", samples, lambda part: observe(part, config), small, JudgeConfig()
    )


def shifted(found, by):
    """Everybody with the face of somebody else."""
    return np.roll(found.original, by, axis=0)


def test_candidates_stand_beside_the_originals_and_the_memory(monkeypatch):
    found = faces(monkeypatch, Identity())
    metrics = found.compare({"one": shifted(found, 1), "two": shifted(found, 2)})
    assert list(metrics) == ["one", "two", "originals", "memory"]
    assert metrics["originals"]["psnr_db"] == 100 > metrics["one"]["psnr_db"]
    assert metrics["one"]["bias_rate_unlike_memory"] == 1
    assert metrics["memory"] == {"judged": len(found.original)}


def test_originals_are_looked_at_once_for_all_candidates_and_groups(monkeypatch):
    identity = Identity()
    found = faces(monkeypatch, identity)
    candidates = [shifted(found, by) for by in (1, 2, 3)]
    for candidate in candidates:
        found.metrics(candidate)
    groups = found.groups(candidates[0])
    sizes = [len(shown) for shown in identity.shown]
    everybody = len(found.original)
    assert sizes == [everybody] * 4 + [int(group["samples"]) for group in groups.values()]
    np.testing.assert_array_equal(identity.shown[0], found.original)


def test_everybody_is_compared_with_the_own_original_in_groups_too(monkeypatch):
    identity = Identity()
    found = faces(monkeypatch, identity)
    other = shifted(found, 1)
    cosines = similarity(identity(other), identity(found.original))
    assert found.metrics(other)["identity"] == pytest.approx(cosines.mean())
    groups = found.groups(other)
    for name, rows in (("unlike_memory", ~found.matches), ("like_memory", found.matches)):
        assert groups[name]["samples"] == rows.sum() > 0
        assert groups[name]["identity"] == pytest.approx(cosines[rows].mean())


def test_the_one_person_is_looked_at_once_and_compared_with_everybody(monkeypatch):
    identity = Identity()
    found = faces(monkeypatch, identity, **PORTRAITS)
    other = shifted(found, 1)
    assert [len(shown) for shown in identity.shown] == [20, len(other)]
    vectors = identity(identity.shown[0])
    mean = vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0))
    expected = (identity(other) @ mean).mean()
    assert found.metrics(other)["person_similarity"] == pytest.approx(expected)


def test_pictures_of_the_one_person_are_compared_with_the_others_not_with_themselves(monkeypatch):
    identity = Identity()
    found = faces(monkeypatch, identity, **PORTRAITS)
    vectors = identity(identity.shown[0])
    expected = []
    for row in range(20):
        mean = np.delete(vectors, row, axis=0).mean(axis=0)
        expected.append(vectors[row] @ mean / np.linalg.norm(mean))
    assert found.of_memory()["person_similarity"] == pytest.approx(np.mean(expected))


def test_without_a_network_nobody_is_compared(monkeypatch):
    found = faces(monkeypatch, None, **PORTRAITS)
    assert not {"identity", "person_similarity"} & set(found.metrics(found.original))
    assert set(found.of_memory()) == {"judged"}
    assert found.notes["identity"].startswith("unknown: no two people with two training pictures")


def test_notes_say_how_well_the_networks_do(monkeypatch):
    assert faces(monkeypatch, Identity()).notes == {
        "judge": "a toy",
        "identity": "a toy that sees colours",
        "identity_of_same_person": 0.9,
        "identity_of_strangers": 0.1,
        "identity_accuracy": 0.8,
    }


@pytest.mark.parametrize(
    ("unlike", "like", "count", "expected"),
    [
        (5, 5, 4, [0, 1, 5, 6]),
        (5, 1, 4, [0, 1, 2, 5]),
        (1, 5, 4, [0, 1, 2, 3]),
        (3, 0, 5, [0, 1, 2]),
        (0, 3, 2, [0, 1]),
    ],
)
def test_half_of_the_faces_to_look_at_are_unlike_the_memory(
    monkeypatch, unlike, like, count, expected
):
    found = faces(monkeypatch)
    found.matches = np.arange(unlike + like) >= unlike
    np.testing.assert_array_equal(found.some(count), expected)


def test_a_sheet_shows_what_was_seen_the_candidates_and_the_originals(monkeypatch):
    found = faces(monkeypatch)
    sheet = found.sheet({"one": shifted(found, 1)}, 3)
    # Three columns and rows of 96 pixels with gaps of 2, under captions of 16.
    assert sheet.shape == (16 + 3 * 98 - 2, 3 * 98 - 2, 3) and sheet.dtype == np.uint8


def test_bicubic_pictures_stay_in_range_and_have_colours():
    step = np.where(np.arange(8) < 4, -1, 1) * np.ones((2, 8, 1))
    large = bicubic(step[..., None].astype(np.float32), 32)
    assert large.shape == (2, 32, 32, 3)
    assert large.min() == -1 and large.max() == 1
    np.testing.assert_array_equal(large[..., 0], large[..., 2])
    np.testing.assert_allclose(bicubic(np.full((1, 4, 4, 3), 0.3, np.float32), 16), 0.3, atol=1e-6)
