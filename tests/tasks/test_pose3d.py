"""Lifting 2D joints of every kind of file, and training without seeing a truth."""

import dataclasses
import itertools
import json

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf import training
from aign_tf.config import override
from aign_tf.data.poses.bvh import read_bvh
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.data.synthetic.bodies import generate_motions
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

Pose3d = tasks.load("pose3d")
H36M = SKELETONS["h36m17"]
FOCAL, CENTRE = 1000.0, np.array([500.0, 400.0])
INTRINSICS = "1000 1000 500 400"


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


@pytest.fixture(scope="module")
def generator(smoke):
    return smoke.generator()


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
    memory = plain_batch["memory"]
    place, errors = place_of(memory["pose"], memory["joints"])
    assert errors.max() < 1e-4
    assert place[:, 2].min() > 1
    assert np.abs(memory["pose"][:, H36M.root]).max() == 0


def test_remembered_people_stand_where_observed_people_do(plain_batch):
    seen, memory = (plain_batch[role]["joints"] for role in ("observation", "memory"))
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
    masks = [rough_batch[role]["confidence"] for role in ("observation", "memory")]
    np.testing.assert_array_equal(*masks)
    assert set(np.unique(masks[0])) == {0.0, 1.0}
    assert 1 - masks[0].mean() == pytest.approx(0.3, abs=0.05)
    assert masks[0].any(axis=1).all()


def test_only_the_memory_gets_errors(rough_batch):
    truth, memory = rough_batch["truth"], rough_batch["memory"]
    points = truth["pose"] + truth["position"][:, None]
    expected = points[..., :2] / points[..., 2:]
    np.testing.assert_allclose(rough_batch["observation"]["joints"], expected, atol=1e-5)
    place, _ = place_of(memory["pose"], memory["joints"])
    points = memory["pose"] + place[:, None]
    errors = memory["joints"] - points[..., :2] / points[..., 2:]
    deviation = np.sqrt(np.mean(errors**2, axis=(1, 2))) / sizes(memory["joints"])
    assert deviation.mean() == pytest.approx(0.1, rel=0.25)


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
        observed = task.roles.in_split(split).spread(100).pose
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
    for role in ("observation", "memory"):
        for name, part in plain_batch[role].items():
            np.testing.assert_array_equal(without[role][name], part)


def test_unpaired_training_never_reads_the_truth(smoke, plain_batch):
    """A step on a batch that has none."""
    model = training.build(smoke)
    before = model.generator.get_weights()
    terms = model.train_step({role: plain_batch[role] for role in ("observation", "memory")})
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


# Prediction.


def predict(task, generator, source, output, **options):
    options = override(Pose3d.Prediction(), options)
    return task.predict(generator, source, output, options)


def pixels_of(task, frames):
    return FOCAL * task.held_out(frames)["joints"] + CENTRE


def in_skeleton(pixels, name):
    """x, y, confidence `[T, J, 3]` in the joints of another skeleton; 0 where it has others."""
    found = np.zeros((len(pixels), len(SKELETONS[name].joints), 3))
    for row, joint in enumerate(SKELETONS[name].joints):
        if joint in H36M.joints:
            found[:, row, :2] = pixels[:, H36M.joints.index(joint)]
            found[:, row, 2] = 0.9
    return found


def openpose_folder(folder, pixels):
    folder.mkdir()
    for frame, pose in enumerate(in_skeleton(pixels, "openpose25")):
        people = [{"pose_keypoints_2d": pose.ravel().tolist()}]
        path = folder / f"walk_{frame:012d}_keypoints.json"
        path.write_text(json.dumps({"people": people}))
    return folder


def coco_file(path, pixels):
    poses = in_skeleton(pixels, "coco17")
    content = {
        "images": [{"id": row, "width": 1000, "height": 800} for row in range(len(poses))],
        "annotations": [
            {"image_id": row, "keypoints": pose.ravel().tolist()} for row, pose in enumerate(poses)
        ],
    }
    path.write_text(json.dumps(content))
    return path


def check_files(written, frames, pixels):
    """The files of one clip agree with each other, and with the pixels `[T, 17, 2]`."""
    arrays, bvh, picture, gif, mp4 = written
    with np.load(arrays) as stored:
        pose, position, joints, confidence = (
            stored[name] for name in ("pose", "position", "joints", "confidence")
        )
    assert pose.shape == (frames, 17, 3) and position.shape == (frames, 3)
    assert np.isfinite(pose).all() and np.isfinite(position).all()
    assert np.abs(pose[:, H36M.root]).max() < 1e-6 and position[:, 2].min() > 0
    points = pose + position[:, None]
    seen = confidence > 0
    np.testing.assert_allclose((points[..., :2] / points[..., 2:])[seen], joints[seen], atol=1e-5)
    np.testing.assert_allclose((FOCAL * joints + CENTRE)[seen], pixels[seen], atol=0.01)

    motion = read_bvh(bvh)
    assert len(motion.frames) == frames
    size = (2 if frames == 1 else 3) * 256
    assert Image.open(picture).size == (size, 256 * min(4, 36 if frames == 1 else frames))
    assert Image.open(gif).size == (size, 256)
    assert cv2.VideoCapture(str(mp4)).read()[0]
    return points, seen


def test_arrays_of_one_frame_and_of_a_film(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 5)
    np.savez(tmp_path / "in.npz", **{"a/b/still": pixels[:1], "film": pixels})
    output = tmp_path / "out"
    written = predict(smoke, generator, tmp_path / "in.npz", output, intrinsics=INTRINSICS, fps=10)
    assert [path.relative_to(output).as_posix() for path in written] == [
        f"{name}.{suffix}"
        for name in ("a/b/still", "film")
        for suffix in ("npz", "bvh", "png", "gif", "mp4")
    ]
    assert all(path.is_file() for path in written)
    points, seen = check_files(written[:5], 1, pixels[:1])
    (clip,) = read_mocap(written[1], up="y", scale=1)
    np.testing.assert_allclose(clip.joints, points, atol=1e-4)
    assert seen.all()
    points, _ = check_files(written[5:], 5, pixels)
    # An untrained generator makes bones that change, which BVH cannot tell; the root is free.
    (clip,) = read_mocap(written[6], up="y", scale=1)
    np.testing.assert_allclose(clip.joints[:, H36M.root], points[:, H36M.root], atol=1e-4)
    assert cv2.VideoCapture(str(written[9])).get(cv2.CAP_PROP_FPS) == 10


def test_a_folder_of_openpose(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 3)
    source = openpose_folder(tmp_path / "video", pixels)
    written = predict(smoke, generator, source, tmp_path / "out", intrinsics=INTRINSICS)
    assert [path.name for path in written[:2]] == ["walk.npz", "walk.bvh"]
    _, seen = check_files(written, 3, pixels)
    missing = ~seen.all(axis=0)
    assert {H36M.joints[row] for row in np.flatnonzero(missing)} == {
        *("spine", "thorax", "neck_nose", "head_top")
    }


def test_a_file_of_coco(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 1)
    source = coco_file(tmp_path / "people.json", pixels)
    written = predict(smoke, generator, source, tmp_path / "out", intrinsics=INTRINSICS)
    assert written[0] == tmp_path / "out" / "people" / "1000x800.npz"
    # The hip is the middle of its sides in the picture, not quite that of the truth.
    pixels[:, H36M.root] = np.mean(
        [pixels[:, H36M.joints.index(f"{side}_hip")] for side in ("left", "right")], axis=0
    )
    check_files(written, 1, pixels)


def test_nobody_in_the_picture_is_no_reason_to_stop(smoke, generator, tmp_path):
    pixels = pixels_of(smoke, 3)
    pixels[1] = np.nan
    np.save(tmp_path / "in.npy", pixels)
    written = predict(
        smoke, generator, tmp_path / "in.npy", tmp_path / "out", intrinsics=INTRINSICS
    )
    _, seen = check_files(written, 3, pixels)
    assert seen.all(axis=1).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("array", "options", "message"),
    [
        (None, {}, "in.npz: no such file or folder"),
        ((2, 17, 2), {"skeleton": "h36m"}, "no skeleton 'h36m': use one of h36m17"),
        ((2, 17, 2), {"skeleton": "mpii16"}, "in.npz: clip has shape (2, 17, 2): expected"),
        ((2, 9, 2), {}, "in.npz: no skeleton has 9 joints: h36m17 17"),
        ((2, 17, 2), {"intrinsics": "1000 500"}, "intrinsics=1000 500: expected fx fy cx cy"),
        ((2, 17, 3), {}, "are these 3D poses?"),
    ],
)
def test_input_that_cannot_be_used(smoke, generator, tmp_path, array, options, message):
    source = tmp_path / "in.npz"
    if array:
        np.savez(source, clip=np.full(array, 7.0))
    with pytest.raises(UserError) as error:
        predict(smoke, generator, source, tmp_path / "out", **options)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x"])
def test_names_of_clips_stay_inside_the_output(smoke, generator, tmp_path, name):
    np.savez(tmp_path / "in.npz", **{name: pixels_of(smoke, 1)})
    with pytest.raises(UserError, match="would be written outside"):
        predict(smoke, generator, tmp_path / "in.npz", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]
