"""Biases, arms and kernels in training; photos with several faces in prediction."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tasks
from aign_tf import evaluation, training
from aign_tf.config import flat, override
from aign_tf.data.augment import normalized, quantized
from aign_tf.discriminators.judging import CHANCE
from aign_tf.downsampling import downsampled
from aign_tf.errors import UserError
from aign_tf.metrics import probes
from aign_tf.metrics.image import psnr_db
from aign_tf.run_folder import RunFolder
from tests import judges

FacesSuperres = tasks.load("faces_superres")
SIZE, FACTOR = 32, 4


def superres(**values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    defaults = {"data.samples": 120, "network.width": 4, "train.precision": "float32"}
    return FacesSuperres(FacesSuperres.configure("smoke", {**defaults, **given}))


def batch(task):
    (found,) = itertools.islice(task.batches(), 1)
    return found


@pytest.fixture(scope="module")
def generator():
    return superres().generator()


@pytest.mark.parametrize(
    "view, exact, details",
    [
        ("auto", False, False),
        ("auto", True, True),
        ("whole", True, False),
        ("details", False, True),
    ],
)
def test_a_discriminator_sees_what_can_change(view, exact, details):
    """Another colour of the whole face is nothing to a discriminator that sees details."""
    task = superres(network__view=view, network__exact=exact, network__augment=0)
    discriminator = task.discriminators()["face"]
    face = np.random.default_rng(0).uniform(-0.5, 0.5, (1, *discriminator.input["face"].shape[1:]))
    logits = [float(discriminator({"face": face + shift})[0, 0]) for shift in (0.0, 0.3)]
    assert (logits[0] == pytest.approx(logits[1], abs=1e-4)) == details


# Data.


def test_half_of_those_asked_for_are_remembered_and_the_others_observed():
    task = superres(data__samples=400)
    roles = task.roles
    assert set(roles.memory.attributes["gender"]) == {"female"}
    observed = roles.observed.attributes["gender"]
    assert set(observed) == {"female", "male"}
    assert 0.6 < np.sum(observed == "female") / len(roles.memory) < 1.5


def test_no_picture_of_the_memory_is_behind_an_observation():
    task = superres(data__flip=False, data__tint=0.0)
    observed, memory = set(), set()
    for parts in itertools.islice(task.batches(), 10):
        observed |= {face.tobytes() for face in parts["truth"]["face"].numpy()}
        memory |= {face.tobytes() for face in parts["memory"]["face"].numpy()}
    assert len(observed) > 8 and len(memory) > 8 and not observed & memory


@pytest.mark.parametrize("kernel", ["average", "bicubic", "lanczos"])
@pytest.mark.parametrize("grey", [False, True])
def test_observations_are_small_pictures_of_the_truth(kernel, grey):
    parts = batch(superres(data__kernel=kernel, data__grey=grey))
    seen = downsampled(parts["truth"]["face"], FACTOR, kernel, grey)
    image = parts["observation"]["image"]
    assert image.shape[1:] == (SIZE // FACTOR, SIZE // FACTOR, 1 if grey else 3)
    np.testing.assert_allclose(image, np.clip(seen, -1, 1), atol=1e-6)


def test_grey_observations_are_trained_on_and_shown():
    task = superres(data__grey=True)
    model = training.build(task)
    assert np.isfinite(model.train_step(batch(task))["reprojection"])
    assert task.preview(model.averaged).dtype == np.uint8


# Networks.


def test_the_exact_head_re_renders_its_input_even_untrained():
    task = superres(network__exact=True)
    observation = task.held_out(4)
    face = task.generator().predict_on_batch(observation)["face"]
    rendered = downsampled(tf.constant(face), FACTOR)
    assert psnr_db(rendered, observation["image"]).min() > 60


def test_with_an_exact_head_the_draft_is_held_to_the_observation():
    task = superres(network__exact=True)
    parts = batch(task)
    factors = task.generator()(parts["observation"])
    moved = {**factors, "draft": factors["draft"] + 0.3}
    error = [
        task.reprojection(
            task.renderer()(z, parts["observation"]), {"image": parts["observation"]["image"]}
        )
        for z in (factors, moved)
    ]
    assert error[1] > error[0] + 0.05


@pytest.mark.parametrize(
    "values",
    [
        {"data__grey": True},
        {"data__rendered": "bicubic"},
    ],
)
def test_an_exact_head_needs_averages_in_colour(values):
    with pytest.raises(UserError, match=r"network\.exact matches averages in colour"):
        superres(network__exact=True, **values)


@pytest.mark.parametrize(("samples", "expected"), [(120, 0.5), (3000, 0.0)])
def test_a_small_memory_is_augmented_by_itself(samples, expected):
    task = superres(data__samples=samples, network__augment=-1)
    task.settle()
    assert task.config.network.augment == expected
    assert (CHANCE in task.discriminators()["face"].input) == (expected > 0)


def test_what_was_chosen_is_not_settled():
    task = superres(network__augment=0.2, data__detected_box="0 0 1 1")
    task.settle()
    assert task.config.network.augment == 0.2
    assert task.config.data.detected_box == "0 0 1 1"


def test_the_paper_s_networks():
    task = FacesSuperres(FacesSuperres.configure("paper", {}))
    generator, (discriminator,) = task.generator(), task.discriminators().values()
    assert generator.input["image"].shape[1:] == (32, 32, 3)
    assert generator.output["face"].shape[1:] == (128, 128, 3)
    widths = [layer.filters for layer in discriminator.layers if hasattr(layer, "filters")]
    assert widths == [64, 128, 256, 512, 512]
    assert [layer.units for layer in discriminator.layers if hasattr(layer, "units")] == [1024, 1]
    assert task.config.data.kernel == "bicubic" and task.config.data.rendered == "average"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data__factor": 3}, "the factor is a power of two"),
        ({"data__image_size": 34}, "4 must divide them"),
        ({"data__detected_box": "abc"}, "write four numbers"),
    ],
)
def test_sizes_that_do_not_fit_are_found_at_once(values, message):
    with pytest.raises(UserError, match=message):
        superres(**values)


def test_pairs_hold_the_draft_of_an_exact_head_too():
    assert set(batch(superres(network__exact=True))["truth"]) == {"face", "draft"}
    assert set(batch(superres())["truth"]) == {"face"}


# Arms.


def test_arms_are_one_setting_each():
    def weights(arm):
        loss = superres(arm=arm).config.loss
        return loss.reprojection_weight, loss.adversarial_weight > 0, loss.paired_weight

    assert weights("unpaired") == (1.0, True, 0.0) == weights("cycle")
    assert weights("reconstruction") == (1.0, False, 0.0)
    assert weights("paired") == (0.0, True, 1.0)
    assert (
        superres(arm="paired", loss__adversarial_weight=0.5).config.loss.adversarial_weight == 0.5
    )


def test_an_aign_is_compared_with_all_other_arms():
    task = superres()
    assert set(task.arms()) == {"paired", "cycle", "reconstruction"}
    for name, overrides in task.arms().items():
        assert override(task.config, overrides) == superres(arm=name).config
    assert superres(arm="paired").arms() == {}


def test_only_the_cycle_learns_its_renderer():
    assert superres(arm="cycle").renderer().trainable_weights
    for arm in ("unpaired", "paired", "reconstruction"):
        assert not superres(arm=arm).renderer().weights


def test_all_arms_begin_with_the_same_weights():
    def weights(arm):
        keras.utils.set_random_seed(3)
        return training.build(superres(arm=arm)).generator.get_weights()

    for arm in ("paired", "cycle", "reconstruction"):
        for one, other in zip(weights("unpaired"), weights(arm)):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("arm", ["paired", "cycle"])
def test_arms_learn(arm):
    task = superres(arm=arm)
    model = training.build(task)
    before = [weight.copy() for weight in model.generator.get_weights()]
    terms = model.train_step(batch(task))
    assert all(np.isfinite(term) for term in terms.values())
    assert any(np.any(a != b) for a, b in zip(before, model.generator.get_weights()))


@pytest.mark.parametrize(
    ("arm", "weights", "needed"),
    [
        ("unpaired", {"adversarial": 0.0}, "loss.adversarial_weight above 0, not 0"),
        ("paired", {"adversarial": 0.0}, "loss.adversarial_weight above 0, not 0"),
        ("paired", {"paired": 0.0}, "loss.paired_weight above 0, not 0"),
        ("paired", {"reprojection": 1.0}, "loss.reprojection_weight=0, not 1"),
        ("cycle", {"paired": 1.0}, "loss.paired_weight=0, not 1"),
        ("reconstruction", {"adversarial": 0.01}, "loss.adversarial_weight=0, not 0.01"),
        ("reconstruction", {"paired": 1.0}, "loss.paired_weight=0, not 1"),
    ],
)
def test_weights_that_contradict_an_arm(arm, weights, needed):
    values = {f"loss__{name}_weight": weight for name, weight in weights.items()}
    with pytest.raises(UserError) as error:
        superres(arm=arm, **values)
    assert str(error.value).startswith(
        f"arm={arm} needs {needed}: choose the arm alone (unpaired, "
    )
    assert "\n" not in str(error.value)


def test_an_aign_may_learn_from_pairs_too_but_not_from_them_alone():
    assert superres(loss__paired_weight=1.0).config.arm == "unpaired"
    with pytest.raises(UserError, match=r"arm=unpaired needs loss\.reprojection_weight above 0"):
        superres(loss__paired_weight=1.0, loss__reprojection_weight=0.0)


def test_an_unknown_arm():
    with pytest.raises(UserError, match="arm=magic: use one of unpaired, paired, cycle"):
        superres(arm="magic")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("unpaired", "paired"),
        ("unpaired", "reconstruction"),
        ("paired", "unpaired"),
        ("paired", "cycle"),
        ("reconstruction", "unpaired"),
        ("cycle", "paired"),
    ],
)
def test_a_run_folder_that_keeps_the_weights_of_an_arm_is_not_passed_off_as_another(before, after):
    kept = flat(superres(arm=before).config)
    with pytest.raises(UserError, match=f"arm={after} needs .* in a --run_dir of its own"):
        FacesSuperres(FacesSuperres.configure("smoke", {**kept, "arm": after}))


# Evaluation.


@pytest.fixture(scope="module")
def evaluated():
    task = superres(data__samples=400)
    arms = {name: superres(arm=name).generator() for name in ("reconstruction", "cycle")}
    with pytest.MonkeyPatch.context() as patch:
        judges.hurry(patch.setattr)
        return task.evaluate({"aign": task.generator(), **arms}, "test", 30)


def test_an_evaluation_covers_arms_baselines_and_strengths(evaluated):
    strengths = {"strength_0.25", "strength_0.5", "strength_0.75"}
    assert strengths | {"aign", "reconstruction", "cycle", "bicubic", "originals", "memory"} == set(
        evaluated.metrics
    )
    wanted = {"rerender_psnr_db", "psnr_db", "ssim", "kid", "bias_rate", "identity"}
    assert wanted <= set(evaluated.metrics["aign"]) <= set(FacesSuperres.meanings)


def test_originals_are_what_they_are(evaluated):
    originals = evaluated.metrics["originals"]
    assert originals["psnr_db"] == 100 and originals["ssim"] == pytest.approx(1)
    assert originals["identity"] == pytest.approx(1, abs=1e-5)
    assert originals["rerender_psnr_db"] > 60
    assert evaluated.metrics["bicubic"]["psnr_db"] > 15


def test_groups_are_inputs_on_either_side(evaluated):
    assert set(evaluated.groups) == {"unlike_memory", "like_memory"}
    assert sum(group["samples"] for group in evaluated.groups.values()) == 30
    total = sum(group["samples"] * group["psnr_db"] for group in evaluated.groups.values())
    assert total / 30 == pytest.approx(evaluated.metrics["aign"]["psnr_db"])
    rate = evaluated.groups["unlike_memory"]["bias_rate"]
    assert evaluated.metrics["aign"]["bias_rate_unlike_memory"] == pytest.approx(rate)


def test_one_person_is_compared_with(monkeypatch):
    judges.hurry(monkeypatch.setattr, modules=[probes])  # Who it is has to be known.
    task = superres(
        data__samples=300, data__portraits=20, data__memory="person=portrait", data__memory_share=1
    )
    found = task.evaluate({"aign": task.generator()}, "test", 20)
    similarity = {name: row.get("person_similarity") for name, row in found.metrics.items()}
    assert similarity["memory"] > similarity["originals"]
    assert "20 pictures" in found.notes["memory"]


@pytest.mark.parametrize(
    ("values", "samples", "missing"),
    [
        ({"data__memory": "person=p000003", "data__memory_share": 1}, 10, "nothing"),
        ({}, 1, "kid"),
        ({"data__memory": "gender=female", "data__observed": "gender=female"}, 10, "bias_rate"),
    ],
)
def test_what_cannot_be_judged_is_left_out(monkeypatch, values, samples, missing):
    judges.hurry(monkeypatch.setattr)
    task = superres(data__samples=300, **values)
    found = task.evaluate({"aign": task.generator()}, "test", samples)
    assert {"kid", "bias_rate"} - set(found.metrics["aign"]) == {missing} - {"nothing"}


# Prediction.


def predict(generator, source, output, task=None, **options):
    task = task or superres()
    return task.predict(generator, source, output, FacesSuperres.Prediction(**options))


def picture(path, width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def test_a_small_face_becomes_what_the_generator_says(generator, tmp_path):
    pixels = picture(tmp_path / "in.png", SIZE // FACTOR, SIZE // FACTOR)
    written = predict(generator, tmp_path / "in.png", tmp_path / "out")
    assert [path.name for path in written] == ["in.png", "before_after.png"]
    face = generator.predict_on_batch({"image": normalized(pixels[None]).numpy()})["face"]
    np.testing.assert_array_equal(np.asarray(Image.open(written[0])), quantized(face)[0])


def test_a_face_as_large_as_those_of_the_training_is_made_small_as_they_were(generator, tmp_path):
    pixels = picture(tmp_path / "in.png", SIZE, SIZE)
    written = predict(generator, tmp_path / "in.png", tmp_path / "out")
    small = downsampled(normalized(pixels[None]), FACTOR, "average")
    face = generator.predict_on_batch({"image": small})["face"]
    np.testing.assert_array_equal(np.asarray(Image.open(written[0])), quantized(face)[0])


@pytest.mark.parametrize(("width", "height"), [(SIZE, SIZE), (75, 50), (5, 9)])
def test_a_face_of_any_size_becomes_one_of_the_trained_size(generator, tmp_path, width, height):
    picture(tmp_path / "in.png", width, height)
    written = predict(generator, tmp_path / "in.png", tmp_path / "out")
    assert Image.open(written[0]).size == (SIZE, SIZE)


@pytest.mark.parametrize("enlarge", [1, 3])
def test_boxes_of_a_photo_are_replaced_and_the_rest_stays(generator, tmp_path, enlarge):
    pixels = picture(tmp_path / "in.png", 90, 60)
    written = predict(
        generator,
        tmp_path / "in.png",
        tmp_path / "out",
        boxes="10 10 30 30; 50 20 80 50",
        enlarge=enlarge,
    )
    after = np.asarray(Image.open(written[0]))
    assert after.shape == (60 * enlarge, 90 * enlarge, 3)
    large = np.asarray(Image.fromarray(pixels).resize(after.shape[1::-1], Image.Resampling.BICUBIC))
    inside = np.zeros(after.shape[:2], bool)
    for x0, y0, x1, y1 in ((10, 10, 30, 30), (50, 20, 80, 50)):
        inside[y0 * enlarge : y1 * enlarge, x0 * enlarge : x1 * enlarge] = True
        middle = (
            slice((y0 + 5) * enlarge, (y1 - 5) * enlarge),
            slice((x0 + 5) * enlarge, (x1 - 5) * enlarge),
        )
        assert np.mean(after[middle] != large[middle]) > 0.9
    np.testing.assert_array_equal(after[~inside], large[~inside])


def test_without_boxes_there_is_no_photo_to_enlarge(generator, tmp_path):
    picture(tmp_path / "in.png", 90, 60)
    with pytest.raises(UserError, match="enlarge=2: give boxes"):
        predict(generator, tmp_path / "in.png", tmp_path / "out", enlarge=2)


def test_boxes_that_cannot_be_read(generator, tmp_path):
    picture(tmp_path / "in.png", 90, 60)
    with pytest.raises(UserError, match="four numbers"):
        predict(generator, tmp_path / "in.png", tmp_path / "out", boxes="1 2 3")


def test_a_photo_without_faces_comes_back(generator, tmp_path):
    pixels = np.full((60, 80, 3), 90, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    written = predict(generator, tmp_path / "in.png", tmp_path / "out", boxes="detect")
    np.testing.assert_array_equal(np.asarray(Image.open(written[0])), pixels)


def test_real_faces_are_found_trained_on_and_predicted(faces_london, tmp_path):
    task = superres(data__dir=str(faces_london), train__steps=4)
    task.settle()
    assert task.config.data.detected_box
    run = RunFolder(tmp_path / "run")
    run.claim("faces_superres", "smoke", flat(task.config))
    assert training.train(task, run).finished
    one, two = sorted((faces_london / "images").glob("*.png"))[:2]
    photo = np.full((300, 420, 3), 128, np.uint8)
    photo[100:228, 40:168], photo[100:228, 240:368] = Image.open(one), Image.open(two)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    trained = evaluation.load_generator(run)
    written = predict(trained, tmp_path / "photo.png", tmp_path / "out", task, boxes="detect")
    after = np.asarray(Image.open(written[0]))
    changed = np.any(after != photo, axis=2)
    assert changed[150:200, 80:130].mean() > 0.9 and changed[150:200, 280:330].mean() > 0.9
    assert not changed[:, 190:210].any()
