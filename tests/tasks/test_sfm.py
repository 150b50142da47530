"""Settings, training without seeing a truth, evaluation on other footage, and a real recording."""

import dataclasses
import itertools
import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tasks
from aign_tf import evaluation, training
from aign_tf.config import flat, override
from aign_tf.data.sequences.clips import NO_READING
from aign_tf.data.sequences.prepare import write_sequence
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder
from tests.data.sequences.textured_sphere import sphere_sequence
from tools.runs import open_run

Sfm = tasks.load("sfm")
OFFICE = pathlib.Path(__file__).parents[2] / "../shared/data/office_rgbd"


def sfm(**values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    return Sfm(Sfm.configure("smoke", {"train.precision": "float32", **given}))


def like(task, **values):
    """The same task with other settings."""
    given = {key.replace("__", "."): value for key, value in values.items()}
    return task.reconfigured(override(task.config, given))


def batch(task):
    keras.utils.set_random_seed(0)  # As training does.
    (found,) = itertools.islice(task.batches(), 1)
    return {role: {k: v.numpy() for k, v in part.items()} for role, part in found.items()}


def save(folder, *recordings):
    for recording in recordings:
        write_sequence(recording, folder / recording.name)
    return folder


def parse(camera):
    return [float(number) for number in camera.split()]


@pytest.fixture(scope="module")
def smoke():
    task = sfm()
    task.settle()  # The data are made once, for all that are like it.
    return task


@pytest.fixture(scope="module")
def smoke_batch(smoke):
    return batch(smoke)


@pytest.fixture(scope="module")
def generator(smoke):
    """A fresh one, whose depths depend on the picture and on the lens."""
    keras.utils.set_random_seed(0)
    return smoke.generator()


# Settings.


def test_the_stride_and_the_usual_camera_are_filled_in(tmp_path):
    one, other = (sphere_sequence(60, speed=0.3, name=name) for name in ("one", "other"))
    task = sfm(data__dir=str(save(tmp_path, one, other)), data__stride="auto")
    assert task.config.data.camera == ""
    task.settle()
    assert int(task.config.data.stride) == task.roles.stride > 1
    # Pictures of 64 x 48 become such of 48 x 32.
    scale = np.array([48 / 64, 32 / 48])
    camera = [*(one.focal * scale), *((one.principal_point + 0.5) * scale - 0.5)]
    np.testing.assert_allclose(parse(task.config.data.camera), camera, atol=0.006)
    settled = task.config
    task.settle("test")
    assert task.config == settled
    # As a run folder tells it to an evaluation or a prediction.
    assert override(Sfm.Config(), json.loads(json.dumps(flat(settled)))) == settled


def test_the_usual_camera_is_in_the_middle_of_those_that_were_watched(smoke):
    lenses = [[*each.focal, *each.principal_point] for each in smoke.roles.watched]
    camera = parse(smoke.config.data.camera)
    assert np.all(camera >= np.min(lenses, axis=0) - 0.01)
    assert np.all(camera <= np.max(lenses, axis=0) + 0.01)


def test_a_stride_and_a_camera_that_were_given_stay(smoke):
    task = like(smoke, data__camera="50 51 20 21", data__turn=2.0, data__cards=0.0)
    task.settle()
    assert task.config.data.camera == "50 51 20 21" and task.config.data.stride == "1"
    assert task.config.data.turn == 2.0 and task.config.data.cards == 0.0


def test_cameras_turn_and_cards_are_held_by_themselves_where_little_is_remembered(smoke):
    assert len(smoke.roles.remembered_depths()) < 500
    assert smoke.config.data.turn == 5.0 and smoke.config.data.cards == 0.25


def test_what_is_recalled_has_a_card_before_it_and_the_memory_has_not(smoke):
    plain, found = (batch(like(smoke, data__cards=share)) for share in (0.0, 1.0))
    for role in ("observation", "memory"):
        for name, part in plain[role].items():
            np.testing.assert_array_equal(found[role][name], part)
    held = found["recall"]["log_depth"] < plain["recall"]["log_depth"]
    assert 0.03 < held.mean() < 0.7
    np.testing.assert_array_equal(plain["recall"]["log_depth"], plain["memory"]["log_depth"])
    for name in ("rotation", "translation", "focal", "principal_point"):
        np.testing.assert_array_equal(found["recall"][name], plain["recall"][name])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("data__height", 50, "data.height=50: use a multiple of 16, such as 48"),
        ("data__width", 100, "data.width=100: use a multiple of 16, such as 96"),
        ("data__height", 16, "data.height=16: expected a number of at least 32"),
        ("data__frames", 1, "data.frames=1: expected a number of at least 2"),
        ("data__shares", "1 1", "data.shares=1 1: expected three numbers, as in 0.55 0.2 0.25"),
        ("data__stride", "0", "data.stride=0: expected auto or a number of at least 1"),
        ("data__recordings", 3, "data.recordings=3: expected a number of at least 4"),
    ],
)
def test_settings_that_do_not_exist(key, value, message):
    with pytest.raises(UserError) as error:
        sfm(**{key: value})
    assert str(error.value).startswith(message)


def test_a_camera_that_is_none_is_told_before_training():
    with pytest.raises(UserError, match=r"^data\.camera=wide: expected fx fy cx cy in pixels"):
        sfm(data__camera="wide")


def test_recordings_too_short_for_a_clip_are_told():
    with pytest.raises(UserError, match=r"^watched: .* but a clip of 3 frames at data\.stride=3"):
        sfm(data__stride="3").settle()


# Arms.


def forgetful(task, **absent):
    """The same task, where nobody knows some of the truth of what is watched."""
    watched = [dataclasses.replace(each, **absent) for each in task.roles.watched]
    other = type(task)(task.config)
    other.roles = dataclasses.replace(task.roles, watched=watched)
    return other


NOTHING = {"depth": None, "poses": None}


def test_arms_with_a_truth(smoke):
    arms = {name: override(smoke.config, values) for name, values in smoke.arms().items()}
    assert list(arms) == ["reconstruction", "supervised", "supervised_few"]
    for name, config in arms.items():
        assert config.loss.adversarial_weight == config.loss.recall_weight == 0
        paired = name != "reconstruction"
        assert (config.loss.paired_weight > 0) == paired
        assert (config.loss.reprojection_weight == 0) == paired
        smoke.reconfigured(config).settle()
    assert arms["supervised_few"].data.pairs < 0.2 < arms["supervised"].data.pairs
    assert set(arms) <= set(Sfm.meanings)


@pytest.mark.parametrize("absent", [NOTHING, {"depth": None}, {"poses": None}])
def test_arms_without_a_truth(smoke, absent):
    assert list(forgetful(smoke, **absent).arms()) == ["reconstruction"]


def test_paired_training_needs_depths_and_poses(smoke):
    paired = like(smoke, loss__paired_weight=1)
    paired.settle()
    for absent in (NOTHING, {"depth": None}, {"poses": None}):
        with pytest.raises(UserError) as error:
            forgetful(paired, **absent).settle()
        expected = "loss.paired_weight needs recordings whose depths and poses are known"
        assert str(error.value) == expected
        forgetful(smoke, **absent).settle()


# Parts.


def test_what_is_rendered_is_each_frame_from_its_neighbours(smoke, smoke_batch):
    seen, truth = smoke_batch["observation"], smoke_batch["truth"]
    truth = {**truth, "log_depth": np.minimum(truth["log_depth"], NO_READING)}
    rendered = smoke.renderer()(truth, seen)
    count, frames, *size = seen["frames"].shape[:4]
    clips = (count, 1, 2, frames - 1, *size)
    channels = 3 * (1 + smoke.config.video.blurs)
    assert {name: tuple(part.shape) for name, part in rendered.items()} == {
        "views": (*clips, channels),
        "valid": (*clips, 1),
        "disagreement": (*clips, 1),
        "log_depth": (count, 1, frames, *size, 1),
    }
    wrong = {**truth, "translation": -truth["translation"]}
    reprojected = [
        float(smoke.reprojection(smoke.renderer()(factors, seen), seen))
        for factors in (truth, wrong)
    ]
    assert reprojected[0] < 0.8 * reprojected[1]


def test_usual_sizes_of_motions_are_never_too_small(smoke):
    """What never moves must not be magnified without end."""
    motions = smoke.roles.remembered_motions(reverse=True)
    for units, part in zip(smoke.motion_units, np.split(motions, 2, axis=1)):
        usual = np.sqrt((part**2).mean(axis=0))
        assert np.all(np.array(units) >= usual - 1e-9)
        assert max(units) == pytest.approx(usual.max()) and min(units) > 0.1 * max(units)
    still = dataclasses.replace(smoke.roles.remembered[0], poses=np.tile(np.eye(4), (6, 1, 1)))
    task = type(smoke)(smoke.config)
    task.roles = dataclasses.replace(smoke.roles, remembered=[still])
    assert np.min(task.motion_units) > 0


# Unpaired.


def test_what_is_drawn_does_not_depend_on_the_truth(smoke, smoke_batch):
    without = batch(forgetful(smoke, **NOTHING))
    assert "truth" not in without and "truth" in smoke_batch
    for role in ("observation", "memory", "recall"):
        assert without[role].keys() == smoke_batch[role].keys()
        for name, part in smoke_batch[role].items():
            np.testing.assert_array_equal(without[role][name], part)


def test_no_frame_of_the_memory_is_watched(smoke):
    watched, remembered, tested = (
        {frame.tobytes() for each in recordings for frame in each.frames}
        for recordings in (smoke.roles.watched, smoke.roles.remembered, smoke.roles.tested)
    )
    assert not watched & remembered and not watched & tested and not remembered & tested


def test_unpaired_training_never_reads_the_truth(smoke, smoke_batch):
    """A step on a batch that has none."""
    model = training.build(smoke)
    before = model.generator.get_weights()
    terms = model.train_step({role: part for role, part in smoke_batch.items() if role != "truth"})
    assert {"reprojection", "adversarial/depth", "adversarial/motion"} <= set(terms)
    assert "paired" not in terms and all(np.isfinite(term) for term in terms.values())
    after = model.generator.get_weights()
    assert any(np.abs(one - two).max() > 0 for one, two in zip(before, after))


# With pairs.


def missed_by(smoke, truth, depth=0.0, rotation=0.0, longer=0.0):
    """Predictions that miss log depths by so much, rotations by so many usual sizes, and lengths.

    Translations are longer, as a logarithm.
    """
    turn = np.array(smoke.motion_units[0], np.float32)
    return {
        "log_depth": truth["log_depth"] + np.float32(depth),
        "rotation": truth["rotation"] + np.float32(rotation) * turn,
        "translation": truth["translation"] * np.float32(np.exp(longer)),
    }


def cost_of_length(smoke, translation, longer):
    """Of short translations, too, of which direction and length count less."""
    least = 0.1 * np.mean(smoke.motion_units[1])
    length = np.linalg.norm(translation, axis=-1, keepdims=True)
    near, far = np.hypot(length, least), np.hypot(length * np.exp(longer), least)
    direction = translation * np.exp(longer) / far - translation / near
    return np.abs(direction).mean() + np.log(far / near).mean()


def test_the_paired_loss_by_hand(smoke, smoke_batch):
    truth = smoke_batch["truth"]
    expected = 0.5 + 2 + cost_of_length(smoke, truth["translation"], 1.5)
    loss = smoke.paired(missed_by(smoke, truth, 0.5, 2, 1.5), truth)
    assert float(loss) == pytest.approx(expected, rel=1e-3)
    assert float(smoke.paired(missed_by(smoke, truth), truth)) == pytest.approx(0, abs=1e-5)


def test_the_paired_loss_leaves_out_what_is_unknown(smoke, smoke_batch):
    truth = {name: part.copy() for name, part in smoke_batch["truth"].items()}
    predicted = missed_by(smoke, truth, 0.5, 2, 1.5)
    expected = 0.5 + 2 + cost_of_length(smoke, truth["translation"][1:], 1.5)
    truth["log_depth"][0] = NO_READING
    truth["rotation"][0] = truth["translation"][0] = np.nan
    predicted["rotation"][0] += 100
    predicted = {name: tf.constant(part) for name, part in predicted.items()}
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        loss = smoke.paired(predicted, truth)
    assert float(loss) == pytest.approx(expected, rel=1e-3)
    gradients = {name: part.numpy() for name, part in tape.gradient(loss, predicted).items()}
    assert all(np.isfinite(part).all() and part.any() for part in gradients.values())
    assert not any(part[0].any() for part in gradients.values())


def test_recall_asks_for_all_that_is_known_of_painted_clips(smoke, smoke_batch):
    memory = smoke_batch["recall"]
    assert np.isnan(memory["flow"]).any() and np.isfinite(memory["flow"]).any()
    recalled = missed_by(smoke, memory, 0.5, 2, 1.5)
    recalled["flow"] = np.nan_to_num(memory["flow"]) + np.float32(4)
    # Of each of two guesses the mean is free.
    recalled["guess"] = memory["guess"] + np.float32([3, 5])
    remembered = {name: memory[name] for name in recalled}
    expected = 0.5 + 2 + cost_of_length(smoke, memory["translation"], 1.5) + 4 / 8
    assert float(smoke.paired(recalled, remembered)) == pytest.approx(expected, rel=1e-3)


def test_few_pairs_leave_the_others_without_a_truth(smoke):
    task = like(smoke, loss__paired_weight=1, data__pairs=0.1, train__batch_size=40)
    truth = batch(task)["truth"]
    known = np.isfinite(truth["rotation"]).all(axis=(1, 2))
    assert 0.1 < known.mean() < 0.5  # A tenth of the clips, repeated.
    read = (truth["log_depth"] < NO_READING).any(axis=(2, 3, 4))
    assert read[known].all() and not read[~known].all()


def test_supervised_training_sees_pairs_alone(smoke):
    # A camera that is turned anew each time would make many motions of one.
    sets = {"train.batch_size": 20, "data.turn": 0.0}
    config = override(smoke.config, {**smoke.arms()["supervised_few"], **sets})
    found = batch(smoke.reconfigured(config))
    assert np.isfinite(found["truth"]["rotation"]).all()
    assert len({clip.tobytes() for clip in found["truth"]["rotation"] ** 2}) <= 4


# Looking at the result.


def test_held_out_observations_are_clips_of_recordings_that_were_not_watched(smoke, generator):
    held = smoke.held_out(3)
    assert list(held) == list(generator.input)
    frames = np.rint((held["frames"] + 1) * 127.5).astype(np.uint8)
    known = {frame.tobytes() for each in smoke.roles.remembered for frame in each.frames}
    assert all(frame.tobytes() in known for clip in frames for frame in clip)


def test_a_network_that_has_collapsed_is_told(smoke, generator):
    flat_and_still = {
        name: keras.layers.Rescaling(0.0)(factor) for name, factor in generator.output.items()
    }
    found = smoke.symptoms(keras.Model(generator.input, flat_and_still))
    assert [line.split(" (")[0] for line in found[:2]] == [
        "depth is the same all over a frame",
        "the camera stands still",
    ]


def test_what_there_is_of_each_role_is_counted(smoke):
    counts = smoke.composition()
    assert list(counts) == [
        "frames watched",
        "depth maps remembered",
        "motions remembered",
        "frames for the test",
    ]
    recordings, length = smoke.config.data.recordings, smoke.config.data.length
    motions = counts.pop("motions remembered")
    assert sum(counts.values()) == recordings * length
    assert motions == counts["depth maps remembered"] * (length - 1) / length


# Evaluation.


@pytest.fixture(scope="module")
def run(smoke, generator, tmp_path_factory):
    """A run folder as training leaves it, but that nothing was learned."""
    run = RunFolder(tmp_path_factory.mktemp("sfm") / "run")
    run.claim("sfm", "smoke", flat(smoke.config))
    generator.save(run.generator)
    return run


@pytest.fixture(scope="module")
def elsewhere(run, tmp_path_factory):
    """The task that evaluates other footage, as `tools.evaluate --data_dir` opens it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    save(folder, sphere_sequence(7, name="a_1"), sphere_sequence(5, name="b_1"))
    return open_run(str(run.path), {Sfm.evaluated_data: str(folder)})[0]


def test_other_footage_is_evaluated(elsewhere, run, smoke):
    result = evaluation.evaluate(elsewhere, smoke, run, "test", 100, arms=[])
    assert result["samples"] == 12
    assert {name: group["samples"] for name, group in result["groups"].items()} == {"a": 7, "b": 5}
    baselines = ["constant_depth", "mean_depth_map", "zero_motion", "mean_motion"]
    assert list(result["baselines"]) == baselines
    for name in ("abs_rel", "abs_rel_scaled", "a1", "ate_m", "rpe_rot_deg", "photometric_l1"):
        assert np.isfinite(result["metrics"][name])
    for metrics in result["baselines"].values():
        assert metrics.keys() < result["metrics"].keys()
    assert set(result["metrics"]) <= set(Sfm.meanings)
    assert result["notes"]["stride"] == 1 and result["notes"]["recordings"] == 2
    assert json.loads(run.metrics.read_text())["samples"] == 12


def test_other_footage_does_not_change_what_was_remembered(elsewhere, smoke):
    """Baselines know the memory of the training."""
    for role in ("watched", "remembered"):
        now, before = (
            [each.name for each in getattr(task.roles, role)] for task in (elsewhere, smoke)
        )
        assert now == before


def test_without_a_truth_pictures_alone_are_scored(smoke, generator):
    task = type(smoke)(smoke.config)
    tested = [dataclasses.replace(each, **NOTHING) for each in smoke.roles.tested]
    task.roles = dataclasses.replace(smoke.roles, tested=tested)
    found = task.evaluate({"aign": generator}, "test", 7)
    assert list(found.metrics["aign"]) == ["photometric_l1"]
    assert not any(scores for name, scores in found.metrics.items() if name != "aign")
    assert found.picture.std() > 0


def test_samples_are_frames(smoke, generator):
    found = smoke.evaluate({"aign": generator}, "test", 7)
    assert 2 <= found.samples <= 7
    assert found.picture.std() > 0


# Files.


def test_recordings_are_checked(tmp_path):
    options = override(Sfm.Preparation(), {"height": 48, "width": 64})
    report = Sfm.check(str(save(tmp_path, sphere_sequence(12))), options)
    assert report.startswith("sphere: 12 frames\n") and report.endswith("\nok")
    wrong = sphere_sequence(12)
    wrong = dataclasses.replace(wrong, poses=np.linalg.inv(wrong.poses), name="wrong")
    report = Sfm.check(str(save(tmp_path, wrong)), options)
    assert "\nmend: " in report and "wrong" in report


def test_prepared_recordings_are_trained_on(tmp_path):
    source = save(tmp_path / "all", sphere_sequence(50, speed=0.2))
    options = override(Sfm.Preparation(), {"height": 32, "width": 48})
    told = Sfm.prepare(str(source), str(tmp_path / "small"), options)
    assert told.startswith("wrote 1 recordings, 50 frames of 48x32")
    found = batch(sfm(data__dir=str(tmp_path / "small")))
    assert found["observation"]["frames"].shape == (2, 3, 32, 48, 3)
    assert set(found["truth"]) == {"log_depth", "rotation", "translation"}


# A real recording.


@pytest.fixture(scope="module")
def office():
    if not OFFICE.exists():
        pytest.skip("the office recording is not on this machine")
    task = sfm(data__dir=str(OFFICE), data__stride="auto", data__height=64, data__width=96)
    task.settle()
    return task


def test_a_real_recording_is_split_by_time(office):
    counts = office.composition()
    watched, remembered = counts["frames watched"], counts["depth maps remembered"]
    assert watched + remembered + counts["frames for the test"] == 373
    assert counts["motions remembered"] == remembered - office.roles.stride
    assert office.config.data.stride == "1"  # It moves fast.
    fx, fy, cx, cy = parse(office.config.data.camera)
    assert cx == pytest.approx(47, abs=3) and cy == pytest.approx(31, abs=3)
    assert fx == pytest.approx(fy, rel=0.02)


def test_the_truth_of_a_real_recording_explains_its_frames(office):
    """Of clips that are mirrored or backwards too."""
    found = batch(like(office, train__batch_size=12))
    seen, truth = found["observation"], found["truth"]

    def errors(truth):
        rendered = office.renderer()(truth, seen)
        frames = np.stack([seen["frames"][:, :-1], seen["frames"][:, 1:]], axis=1)[:, None]
        # Where the depth is known there.
        known = truth["log_depth"] < NO_READING
        known = np.stack([known[:, :-1], known[:, 1:]], axis=1)[:, None]
        weight = rendered["valid"].numpy() * known
        difference = np.abs(rendered["views"][..., :3] - frames) * weight
        return (
            127.5
            / 3
            * difference.sum(axis=(1, 2, 3, 4, 5, 6))
            / weight.sum(axis=(1, 2, 3, 4, 5, 6))
        )

    still = {**truth, "rotation": 0 * truth["rotation"], "translation": 0 * truth["translation"]}
    assert np.all(errors(truth) < 0.8 * errors(still))
    assert errors(truth).mean() < 0.5 * errors(still).mean()


def test_the_memory_of_a_real_recording_is_in_metres_and_has_gaps(office):
    memory = batch(office)["memory"]
    depth = np.exp(memory["log_depth"][memory["valid"] == 1])
    assert np.percentile(depth, 5) > 0.3 and np.percentile(depth, 95) < 8
    assert 0.1 < memory["valid"].mean() < 0.99
    steps = np.linalg.norm(office.roles.remembered_motions(reverse=False)[:, 3:], axis=1)
    assert 0.03 < np.median(steps) < 0.2


def test_the_benchmark_times_the_renderer_beside_the_memory(smoke):
    timings = smoke.timings()
    assert timings["warp_backward_pictures_per_second"] > 0
    assert 0 < timings["warp_pictures_per_second"] < timings["memory_bound_pictures_per_second"]
