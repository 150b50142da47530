"""The judge of a bias: right about faces that it can be right about, and honest about itself."""

import numpy as np
import pytest

from aign_tf.config import override
from aign_tf.data.augment import normalized
from aign_tf.data.face_roles import FaceDataConfig, load_roles
from aign_tf.errors import UserError
from aign_tf.metrics.face_judge import FaceJudge, JudgeConfig


@pytest.fixture(scope="module")
def roles():
    data = override(FaceDataConfig(), {"image_size": 32, "samples": 1200, "memory": "big_lips=1"})
    return load_roles(data, seed=0)


@pytest.fixture(scope="module")
def judge(roles):
    return FaceJudge(roles, "test", "lips", JudgeConfig())


def pixels(faces):
    return normalized(faces.images).numpy()


def test_it_tells_the_sides_apart(roles, judge):
    held_out = roles.in_split("test")
    observed, memory = judge.score(pixels(held_out.observed)), judge.score(pixels(held_out.memory))
    assert observed["bias_rate"] < 0.3 < 0.7 < memory["bias_rate"]
    assert observed["region_height_px"] + 0.5 < memory["region_height_px"]


def test_measured_heights_are_those_of_the_boxes(roles, judge):
    memory = roles.in_split("test").memory
    true = np.mean(memory.boxes["lips"][:, 3] - memory.boxes["lips"][:, 1])
    assert judge.score(pixels(memory))["region_height_px"] == pytest.approx(true, abs=0.6)


def test_noise_is_farther_from_the_memory_than_faces(roles, judge):
    faces = pixels(roles.in_split("train").memory.head(200))
    noise = np.random.default_rng(0).uniform(-1, 1, faces.shape).astype(np.float32)
    assert judge.score(noise)["kid"] > 5 * abs(judge.score(faces)["kid"])


def test_it_says_how_good_it_is(judge):
    assert 0.7 < judge.notes["bias_probe_balanced_accuracy"] <= 1
    assert 0 < judge.notes["height_probe_mean_absolute_error_px"] < 1
    assert "autoencoder trained in this call" in judge.notes["kid_features"]


def test_missing_inception_weights(roles):
    with pytest.raises(UserError, match="no Inception weights"):
        FaceJudge(roles, "test", "", JudgeConfig(inception_weights="nowhere.h5"))
