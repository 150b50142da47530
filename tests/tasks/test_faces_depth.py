"""Batches, settings, training without seeing a truth, and evaluation on the faces of others."""

import dataclasses
import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import tasks
from aign_tf import evaluation, losses, training
from aign_tf.config import flat, override
from aign_tf.data.landmarks.views import pictured
from aign_tf.data.synthetic.landmarks import procedural_faces
from aign_tf.errors import UserError
from aign_tf.landmarks import SCHEMES, centred, sizes
from aign_tf.posed_template import rotation_of, yaw_of
from aign_tf.run_folder import RunFolder
from tools.runs import open_run

FacesDepth = tasks.load("faces_depth")
TINY = {
    "train.precision": "float32",
    "data.faces": 40,
    "network.width": 16,
    "network.discriminator_width": 8,
}


def faces_depth(**values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    return FacesDepth(FacesDepth.configure("smoke", {**TINY, **given}))


def like(task, **values):
    """The same task with other settings."""
    given = {key.replace("__", "."): value for key, value in values.items()}
    return task.reconfigured(override(task.config, given))


def batch(task):
    keras.utils.set_random_seed(0)  # As training does.
    (found,) = itertools.islice(task.batches(), 1)
    return {role: {k: v.numpy() for k, v in part.items()} for role, part in found.items()}


@pytest.fixture(scope="module")
def smoke():
    task = faces_depth()
    assert task.roles  # Read once, for all that are like it.
    return task


@pytest.fixture(scope="module")
def smoke_batch(smoke):
    return batch(smoke)


# Presets.


def test_the_preset_of_the_comparison_has_its_numbers():
    config = FacesDepth.configure("paper", {})
    loss, train = config.loss, config.train
    assert config.data.normalize == "picture"
    assert (loss.reprojection_weight, loss.recall_weight, loss.paired_weight) == (100, 0, 0)
    assert (train.generator_lr, train.discriminator_lr, train.beta1) == (2e-4, 2e-4, 0.5)
    # 100 passes over the 13,671 faces of 3DFAW.
    assert train.batch_size * train.steps == pytest.approx(100 * 13671, rel=1e-3)


def test_the_preset_of_the_comparison_has_its_losses():
    """Mean absolute error, and the plain mean square of logits from 1."""
    task = FacesDepth(FacesDepth.configure("paper", {}))
    seen = {"points": tf.constant([[[1.0, 2.0]]])}
    assert float(task.reprojection({"points": tf.zeros([1, 1, 2])}, seen)) == 1.5
    loss = task.config.loss
    game, logits = losses.adversarial(loss.adversarial), tf.constant([0.0, 3.0])
    assert float(loss.adversarial_weight * game.generator(logits)) == (1 + 4) / 2


@pytest.mark.parametrize(("preset", "count"), [("smoke", 68), ("paper", 66)])
def test_networks_have_the_landmarks_of_the_settings(preset, count):
    values = {**TINY, "data.points": count}
    task = FacesDepth(FacesDepth.configure(preset, values))
    generator, discriminators = task.generator(), task.discriminators()
    assert generator.input["points"].shape[1:] == (count, 2)
    assert generator.output["face"].shape[1:] == (count, 3)
    assert ("focal" in generator.output) == (preset == "paper")
    assert list(discriminators) == ["face"]
    assert discriminators["face"].input["face"].shape[1:] == (count, 3)


# Batches.


def test_the_truth_is_what_is_observed(smoke_batch):
    points, truth = smoke_batch["observation"]["points"], smoke_batch["truth"]["face"]
    np.testing.assert_array_equal(truth[..., :2], points)


def test_the_memory_is_seen_by_the_camera_that_renders(smoke, smoke_batch):
    memory = smoke_batch["recall"]
    np.testing.assert_array_equal(memory["face"], smoke_batch["memory"]["face"])
    rendered = smoke.renderer()({"face": memory["face"]}, {})["points"]
    np.testing.assert_array_equal(rendered, memory["points"])
    np.testing.assert_allclose(memory["face"][..., 2].mean(axis=1), 0, atol=1e-6)


def test_remembered_faces_are_where_observed_ones_are_and_as_large(smoke_batch):
    """But for errors of landmarks, and for mirrored pictures."""
    seen, memory = (smoke_batch[role]["points"] for role in ("observation", "recall"))
    np.testing.assert_allclose(sizes(memory), sizes(seen), rtol=0.02)
    middles = seen.mean(axis=1), memory.mean(axis=1)
    np.testing.assert_allclose(np.abs(middles[0] - 0.5), np.abs(middles[1] - 0.5), atol=0.01)


def test_remembered_faces_are_seen_from_sides_within_the_settings(smoke):
    task = like(smoke, data__yaw=20, data__noise=0, train__batch_size=200)
    yaw = yaw_of(rotation_of(batch(task)["memory"]["face"], task.roles.template))
    assert 15 < np.abs(yaw).max() < 28  # Of the mean face: people differ a little.


def test_detectors_err_in_the_picture_and_not_in_depth(smoke):
    noise, values = 0.02, {"data__flip": False, "train__batch_size": 200}
    exact, noisy = (
        batch(like(smoke, data__noise=some, **values))["memory"]["face"] for some in (0, noise)
    )
    error = (noisy - exact)[..., :2] / sizes(exact[..., :2])[:, None, None]
    np.testing.assert_array_equal(noisy[..., 2], exact[..., 2])
    assert error.std() == pytest.approx(2 * noise, rel=0.05)


def test_with_flip_half_of_the_faces_are_mirrored_and_still_faces(smoke):
    plain, flipped = (
        batch(like(smoke, data__flip=flip, train__batch_size=64))["truth"]["face"]
        for flip in (False, True)
    )
    mirror = list(SCHEMES[68].mirror)
    mirrored = plain[:, mirror] * np.float32([-1, 1, 1]) + np.float32([1, 0, 0])
    same, other = (np.abs(flipped - faces).max(axis=(1, 2)) < 1e-6 for faces in (plain, mirrored))
    assert np.all(same ^ other) and 0.3 < other.mean() < 0.7
    nose = rotation_of(flipped, procedural_faces().mean)[:, :, 2]
    assert np.all(nose[:, 2] > 0)  # All look at the camera, not away from it.


def test_66_landmarks_are_drawn_and_trained_on():
    task = faces_depth(data__points=66)
    found = batch(task)
    for role, shapes in (("observation", (66, 2)), ("memory", (66, 3)), ("truth", (66, 3))):
        name = "points" if role == "observation" else "face"
        assert found[role][name].shape[1:] == shapes
    terms = training.build(task).train_step(found)
    assert all(np.isfinite(term) for term in terms.values())


# Unpaired.


ALL = slice(None)


def forgetful(task, rows):
    """The same task, where nobody knows the depths of these rows of what is observed."""
    observed = {}
    for split, part in task.roles.observed.items():
        depth = part.depth.copy()
        depth[rows] = np.nan
        observed[split] = dataclasses.replace(part, depth=depth)
    forgetful = type(task)(task.config)
    forgetful.roles = dataclasses.replace(task.roles, observed=observed)
    return forgetful


def test_no_face_of_the_memory_is_observed(smoke):
    def shapes(faces):
        faces = centred(faces) / sizes(faces)[:, None, None]
        return np.linalg.norm(faces[:, ::9, None] - faces[:, None, ::9], axis=-1)

    memory = shapes(smoke.roles.memory)
    for split in ("train", "validation", "test"):
        for shape in shapes(smoke.roles.in_split(split, 100).faces):
            assert np.abs(memory - shape).max(axis=(1, 2)).min() > 1e-3


def test_what_is_drawn_does_not_depend_on_the_truth(smoke, smoke_batch):
    without = batch(forgetful(smoke, ALL))
    assert np.isnan(without["truth"]["face"][..., 2]).all()
    for role in ("observation", "memory", "recall"):
        for name, part in smoke_batch[role].items():
            np.testing.assert_array_equal(without[role][name], part)


def test_unpaired_training_never_reads_the_truth(smoke, smoke_batch):
    """A step on a batch that has none."""
    model = training.build(smoke)
    before = model.generator.get_weights()
    terms = model.train_step({role: part for role, part in smoke_batch.items() if role != "truth"})
    assert {"reprojection", "recall", "adversarial/face"} <= set(terms)
    assert all(np.isfinite(term) for term in terms.values())
    assert float(terms["reprojection"]) == 0
    after = model.generator.get_weights()
    assert any(np.abs(one - two).max() > 0 for one, two in zip(before, after))


# With pairs.


def test_the_paired_loss_by_hand():
    """Two points 3 from their middle, whose depths are missed by 6 and by 0 of a size of 3."""
    truth = tf.constant([[[-3.0, 1.0, 5.0], [3.0, 1.0, -5.0]]])
    predicted = truth + tf.constant([[[0.0, 0.0, 6.0], [0.0, 0.0, 0.0]]])
    loss = FacesDepth.paired({"face": predicted}, {"face": truth})
    assert float(loss) == pytest.approx(1, abs=1e-4)
    larger = FacesDepth.paired({"face": 100 * predicted + 7}, {"face": 100 * truth + 7})
    assert float(larger) == pytest.approx(1, abs=1e-4)


def test_the_paired_loss_leaves_out_faces_whose_depths_are_unknown():
    truth = np.random.default_rng(0).normal(size=(2, 68, 3)).astype(np.float32)
    predicted = tf.Variable(truth + np.float32([0, 0, 0.5]))
    alone = FacesDepth.paired({"face": predicted[:1]}, {"face": truth[:1]})
    truth[1, :, 2] = np.nan
    with tf.GradientTape() as tape:
        loss = FacesDepth.paired({"face": predicted}, {"face": tf.constant(truth)})
    assert float(loss) == pytest.approx(float(alone))
    gradient = tape.gradient(loss, predicted).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient[0]).max() > 0
    np.testing.assert_array_equal(gradient[1], 0)


def test_few_pairs_leave_the_others_without_depths(smoke):
    task = like(smoke, loss__paired_weight=1, data__pairs=0.1, train__batch_size=200)
    found = batch(task)
    assert smoke.roles.observed["train"].known.all()  # The data stay as they were.
    truth = found["truth"]["face"]
    known = np.isfinite(truth[..., 2])
    assert np.all(known.all(axis=1) | ~known.any(axis=1))
    assert 0.15 < known[:, 0].mean() < 0.4  # A tenth of the faces, repeated.
    assert len(np.unique(sizes(truth[known[:, 0], :, :2]).round(5))) == 4
    model = training.build(task)
    terms = model.train_step(found)
    assert float(terms["paired"]) > 0
    assert all(np.isfinite(weights).all() for weights in model.generator.get_weights())


def test_supervised_training_sees_pairs_alone(smoke):
    arm = override(smoke.config, {**smoke.arms()["supervised_1"], "data.pairs": 0.1})
    found = batch(smoke.reconfigured(arm))
    assert np.isfinite(found["truth"]["face"]).all()
    assert len(np.unique(sizes(found["observation"]["points"]).round(5))) == 4


def test_paired_training_needs_depths(smoke):
    paired = like(smoke, loss__paired_weight=1)
    paired.settle()
    forgetful(paired, slice(10, None)).settle()
    with pytest.raises(UserError) as error:
        forgetful(paired, ALL).settle()
    assert str(error.value) == "loss.paired_weight needs observations whose depths are known"
    forgetful(smoke, ALL).settle()


# Arms.


def test_arms_with_a_truth(smoke):
    arms = smoke.arms()
    assert list(arms) == [
        *("reconstruction", "recall_only", "adversary_only"),
        *("supervised_1", "supervised_100", "with_pairs_1"),
    ]
    for name, values in arms.items():
        config = override(smoke.config, values)
        paired = name.startswith(("supervised", "with_pairs"))
        assert (config.loss.paired_weight > 0) == paired
        assert smoke.reconfigured(config).config == config


def test_arms_without_a_truth(smoke):
    for rows in (slice(None), slice(3, 4)):
        arms = forgetful(smoke, rows).arms()
        assert list(arms) == ["reconstruction", "recall_only", "adversary_only"]


# Evaluation.


@pytest.fixture(scope="module")
def like_aflw(tmp_path_factory):
    """(N, 3, 68) in pixels of 450 x 450, z towards the viewer and no face at z = 0."""
    rng = np.random.default_rng(7)
    config = dataclasses.replace(FacesDepth.configure("smoke", {}).data, yaw=75, noise=0)
    seen = pictured(procedural_faces().sample(300, 99), config, rng)
    faces = 450 * seen.faces * [1, 1, -1] + [0, 0, 123]
    path = tmp_path_factory.mktemp("aflw") / "AFLW2000.npy"
    np.save(path, faces.swapaxes(1, 2).astype(np.float32))
    return path


@pytest.fixture(scope="module")
def run(smoke, tmp_path_factory):
    """A run folder as training leaves it, but that nothing was learned."""
    run = RunFolder(tmp_path_factory.mktemp("depth") / "run")
    run.claim("faces_depth", "smoke", flat(smoke.config))
    smoke.generator().save(run.generator)
    return run


def test_another_file_is_evaluated_with_all_its_rows(run, smoke, like_aflw):
    """As `tools.evaluate --data_dir` does it."""
    task, _ = open_run(str(run.path), {FacesDepth.evaluated_data: str(like_aflw)})
    assert FacesDepth.evaluated_data == "data.test_dir"
    result = evaluation.evaluate(task, smoke, run, "test", 2000, arms=[])
    assert result["samples"] == 300 == result["groups"]["all"]["samples"]
    groups = {name: group["samples"] for name, group in result["groups"].items()}
    assert sum(groups.values()) == 600 and min(groups.values()) > 30
    assert result["metrics"]["depth_corr"] == 0  # A fresh generator makes flat faces.
    assert list(result["baselines"]) == ["posed_template", "ridge"]
    for name, least in (("posed_template", 60), ("ridge", 60)):
        scores = result["baselines"][name]
        assert least < scores["depth_corr"] <= 68
        # Depths towards the viewer would correlate as well, but not fit.
        assert scores["aligned_depth_error"] < 0.1
    assert json.loads(run.metrics.read_text())["samples"] == 300
    # The training data are what they were.
    for split in ("train", "validation"):
        np.testing.assert_array_equal(
            task.roles.observed[split].points, smoke.roles.observed[split].points
        )


def test_the_depths_of_another_file_are_turned_and_scaled_as_its_points(smoke, like_aflw):
    task = FacesDepth(override(smoke.config, {"data.test_dir": str(like_aflw)}))
    observed, stored = task.roles.in_split("test"), np.load(like_aflw)
    share = stored[:, 0] / observed.points[..., 0]
    np.testing.assert_allclose(share, share[0, 0], rtol=1e-4)
    np.testing.assert_allclose(
        observed.depth * share[0, 0], -centred(stored[:, 2]), atol=1e-3 * share[0, 0]
    )
    assert 0.5 < np.median(observed.points.max(axis=(1, 2))) < 1


def test_without_depths_points_alone_are_scored(smoke):
    task = forgetful(smoke, ALL)
    found = task.evaluate({"aign": smoke.generator()}, "test", 20)
    assert found.samples == 20 and found.groups == {}
    assert found.notes == {"truth": "unknown: depths cannot be compared"}
    assert {tuple(scores) for scores in found.metrics.values()} == {("keypoint_mse",)}
    assert "ridge" not in found.metrics and found.picture.std() > 0


def test_a_file_of_66_landmarks_is_no_test_of_68(smoke, like_aflw, tmp_path):
    np.save(tmp_path / "few.npy", np.load(like_aflw)[:5, :, list(SCHEMES[66].numbers)])
    task = FacesDepth(override(smoke.config, {"data.test_dir": str(tmp_path / "few.npy")}))
    with pytest.raises(UserError) as error:
        task.settle("test")
    expected = "66 landmarks a face where 68 are used: train with --set=data.points=66"
    assert str(error.value) == f"{tmp_path}/few.npy: {expected}"


def test_a_file_of_68_landmarks_is_a_test_of_66(like_aflw):
    task = faces_depth(data__points=66, data__test_dir=str(like_aflw))
    assert task.roles.in_split("test").points.shape == (300, 66, 2)


def test_faces_of_ict_are_drawn(ict_face68):
    task = faces_depth(data__dir=str(ict_face68))
    observed = task.roles.in_split("test", 50)
    found = task.evaluate({"aign": task.generator()}, "test", 50)
    assert len(observed) == 50 and observed.known.all()
    assert 50 < found.metrics["posed_template"]["depth_corr"] < 68


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("network__architecture", "magic", "network.architecture=magic: use one of residual"),
        ("network__width", "4", "network.width=4: expected a number of at least 8"),
        ("data__points", "67", "data.points=67: use one of 66, 68"),
        ("data__normalize", "none", "data.normalize=none: use one of picture, similarity"),
        ("data__faces", "15", "data.faces=15: expected a number of at least 16"),
        ("data__yaw", "181", "data.yaw=181: expected a number of at least 0 and at most 180"),
    ],
)
def test_settings_that_do_not_exist(key, value, message):
    with pytest.raises(UserError) as error:
        faces_depth(**{key: value})
    assert str(error.value).startswith(message)


def test_two_faces_with_depths_are_too_few_to_correlate(smoke):
    task = forgetful(smoke, slice(2, None))
    task.settle()  # Training needs none.
    with pytest.raises(UserError, match=r"^2 faces of the test have depths: 3 are needed$"):
        task.settle("test")


# What is learned.


def test_recall_teaches_depths_that_nobody_showed():
    values = {"data.faces": 2000, "network.width": 64, "train.batch_size": 64}
    values |= {"train.generator_lr": 3e-3, "loss.adversarial_weight": 0.0}
    task = FacesDepth(FacesDepth.configure("smoke", values))
    model = training.build(task)
    step = tf.function(model.train_step)
    for found in itertools.islice(task.batches(), 200):
        step({role: part for role, part in found.items() if role != "truth"})
    evaluation = task.evaluate({"aign": model.generator}, "test", 300)
    scores = evaluation.metrics["aign"]
    assert scores["depth_corr"] > 60 and scores["depth_corr_residual"] > 10
    assert scores["aligned_depth_error"] < 0.08
