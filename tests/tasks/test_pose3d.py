"""Batches, settings, and training without seeing a truth."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest

import tasks
from aign_tf import training
from aign_tf.config import override
from aign_tf.data.synthetic.bodies import generate_motions
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

Pose3d = tasks.load("pose3d")
H36M = SKELETONS["h36m17"]


def pose3d(**values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    return Pose3d(Pose3d.configure("smoke", {"train.precision": "float32", **given}))


def batch(task):
    keras.utils.set_random_seed(0)  # As training does.
    (found,) = itertools.islice(task.batches(), 1)
    return {role: {k: v.numpy() for k, v in part.items()} for role, part in found.items()}


@pytest.fixture(scope="module")
def smoke():
    return pose3d()


@pytest.fixture(scope="module")
def plain_batch():
    """People as they are observed and remembered, without errors."""
    return batch(pose3d(data__noise=0, data__hide=0))


# Batches.


def lengths(pose):
    parents, children = np.array(H36M.bones).T
    return np.linalg.norm(pose[:, children] - pose[:, parents], axis=-1)


def place_of(pose, joints):
    """Where poses stand that are seen at `joints`, and by how much no place explains that.

    x (z + Z) = X + x_0 is linear in the place (x_0, y_0, z), for the joint (X, Y, Z) seen at x.
    """
    places, errors = [], []
    for points, seen in zip(pose, joints):
        rows = np.concatenate([np.tile(np.eye(2), (len(seen), 1)), -seen.reshape(-1, 1)], axis=1)
        wanted = (seen * points[:, 2:] - points[:, :2]).ravel()
        place = np.linalg.lstsq(rows, wanted, rcond=None)[0]
        places.append(place)
        errors.append(np.abs(rows @ place - wanted).max())
    return np.stack(places), np.array(errors)


def sizes(joints):
    return np.sqrt(np.var(joints, axis=1).sum(axis=-1))


def test_the_memory_is_seen_by_the_camera_that_renders(plain_batch):
    memory = plain_batch["recall"]
    np.testing.assert_array_equal(memory["pose"], plain_batch["memory"]["pose"])
    place, errors = place_of(memory["pose"], memory["joints"])
    assert errors.max() < 1e-4
    assert place[:, 2].min() > 1
    assert np.abs(memory["pose"][:, H36M.root]).max() == 0


def test_remembered_people_stand_where_observed_people_do(plain_batch):
    seen, memory = (plain_batch[role]["joints"] for role in ("observation", "recall"))
    middle = np.abs(seen.mean(axis=1) - memory.mean(axis=1))
    assert middle.max() < 0.3 * sizes(seen).min()
    assert np.all(np.abs(np.log(sizes(memory) / sizes(seen))) < 0.3)


def test_the_truth_is_what_is_observed(plain_batch):
    truth = plain_batch["truth"]
    points = truth["pose"] + truth["position"][:, None]
    expected = points[..., :2] / points[..., 2:]
    np.testing.assert_allclose(plain_batch["observation"]["joints"], expected, atol=1e-5)


@pytest.fixture(scope="module")
def rough_batch():
    return batch(pose3d(data__noise=0.1, data__hide=0.3, train__batch_size=64))


def test_as_much_is_hidden_of_the_memory_as_of_the_observation(rough_batch):
    masks = [rough_batch[role]["confidence"] for role in ("observation", "recall")]
    np.testing.assert_array_equal(*masks)
    assert set(np.unique(masks[0])) == {0.0, 1.0}
    assert 0.1 < np.mean(masks[0].min(axis=1) == 0) < 0.5
    assert masks[0].any(axis=1).all()


def test_only_the_memory_gets_errors(rough_batch):
    truth, memory = rough_batch["truth"], rough_batch["recall"]
    points = truth["pose"] + truth["position"][:, None]
    expected = points[..., :2] / points[..., 2:]
    np.testing.assert_allclose(rough_batch["observation"]["joints"], expected, atol=1e-5)
    place, _ = place_of(memory["pose"], memory["joints"])
    points = memory["pose"] + place[:, None]
    errors = memory["joints"] - points[..., :2] / points[..., 2:]
    deviation = np.sqrt(np.mean(errors**2, axis=(1, 2))) / sizes(memory["joints"])
    # Of a few far-off joints among the 17 that are found within a tenth.
    assert np.median(deviation) == pytest.approx(0.2, rel=0.5)


# Unpaired.


def shapes(poses):
    """What no camera and no mirror changes: `[N, 17 * 17]` distances of joints."""
    return np.linalg.norm(poses[:, :, None] - poses[:, None], axis=-1).reshape(len(poses), -1)


def closest(poses, others):
    """For each pose the largest deviation of a distance from those of the most similar other."""
    others = shapes(others)
    return np.array([np.abs(others - shape).max(axis=1).min() for shape in shapes(poses)])


@pytest.fixture(scope="module")
def motions(tmp_path_factory):
    """A file of motions that are divided among observations and memory."""
    path = tmp_path_factory.mktemp("motions") / "motions.npz"
    clips = generate_motions(11, 4, 5, 3)
    np.savez(path, **{clip.name: clip.joints for clip in clips})
    return path


@pytest.mark.parametrize("source", ["procedural", "file"])
def test_no_pose_of_the_memory_is_observed(source, smoke, motions):
    task = smoke if source == "procedural" else pose3d(data__dir=str(motions))
    for split in ("train", "test"):
        observed = task.roles.in_split(split, 100).pose
        assert closest(observed, observed[::-1]).max() < 1e-5
        assert closest(observed, task.roles.memory).min() > 1e-4


def forgetful(task):
    """The same task, where nobody knows the truth of what is observed."""
    observed = {
        split: dataclasses.replace(
            part, pose=np.full_like(part.pose, np.nan), position=np.full_like(part.position, np.nan)
        )
        for split, part in task.roles.observed.items()
    }
    forgetful = type(task)(task.config)
    forgetful.roles = dataclasses.replace(task.roles, observed=observed)
    return forgetful


def test_what_is_drawn_does_not_depend_on_the_truth(plain_batch):
    without = batch(forgetful(pose3d(data__noise=0, data__hide=0)))
    assert np.isnan(without["truth"]["pose"]).all()
    for role in ("observation", "memory", "recall"):
        for name, part in plain_batch[role].items():
            np.testing.assert_array_equal(without[role][name], part)


def test_unpaired_training_never_reads_the_truth(smoke, plain_batch):
    """A step on a batch that has none."""
    model = training.build(smoke)
    before = model.generator.get_weights()
    terms = model.train_step({role: part for role, part in plain_batch.items() if role != "truth"})
    assert {"reprojection", "recall", "adversarial/joints", "adversarial/bones"} <= set(terms)
    assert all(np.isfinite(term) for term in terms.values())
    after = model.generator.get_weights()
    assert any(np.abs(one - two).max() > 0 for one, two in zip(before, after))


def test_paired_training_needs_a_truth():
    with pytest.raises(UserError, match=r"loss\.paired_weight needs observations whose 3D pose is"):
        forgetful(pose3d(loss__paired_weight=1)).settle()
    pose3d(loss__paired_weight=1).settle()


# Settings.


def test_arms_with_a_truth(smoke):
    arms = smoke.arms()
    assert list(arms) == [
        *("reconstruction", "recall_only", "adversary_only"),
        *("supervised_1", "supervised_10", "supervised_100", "with_pairs_1", "with_pairs_10"),
    ]
    configs = {name: override(smoke.config, values) for name, values in arms.items()}
    for name, config in configs.items():
        paired = name.startswith(("supervised", "with_pairs"))
        assert (config.loss.paired_weight > 0) == paired
    alone = configs["supervised_10"]
    assert alone.loss.adversarial_weight == alone.loss.recall_weight == 0
    assert alone.data.pairs == 0.1 and configs["supervised_100"].data.pairs == 1
    both = configs["with_pairs_1"]
    assert both.loss.adversarial_weight > 0 and both.loss.recall_weight > 0
    assert both.data.pairs == 0.01


def test_arms_without_a_truth(smoke):
    assert list(forgetful(smoke).arms()) == ["reconstruction", "recall_only", "adversary_only"]


def test_views_are_discriminators(smoke):
    assert list(smoke.discriminators()) == ["joints", "bones"]
    assert list(pose3d(network__views=" bones ").discriminators()) == ["bones"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("network__views", "joints,faces", "network.views=faces: use some of joints, bones"),
        ("network__views", "", "network.views=: use some of joints, bones"),
        ("data__elevation", "30 -15", "data.elevation=30 -15: expected two angles in degrees"),
        ("data__elevation", "steep", "data.elevation=steep: expected two angles in degrees"),
        ("network__generator", "magic", "network.generator=magic: use one of rays, shape_basis"),
        ("network__camera", "pinhole", "network.camera=pinhole: use one of perspective, weak"),
        ("network__inputs", "pixels", "network.inputs=pixels: use one of coordinates, heatmaps"),
        ("data__people", "7", "data.people=7: expected a number of at least 8"),
    ],
)
def test_settings_that_do_not_exist(key, value, message):
    with pytest.raises(UserError) as error:
        pose3d(**{key: value})
    assert str(error.value).startswith(message)
