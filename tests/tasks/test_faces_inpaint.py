"""Holes of every kind, real faces, and photos that keep what was not asked for."""

import itertools

import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf import evaluation, training
from aign_tf.config import flat
from aign_tf.data.augment import quantized
from aign_tf.data.holes import TEMPLATE
from aign_tf.errors import UserError
from aign_tf.run_folder import RunFolder

FacesInpaint = tasks.load("faces_inpaint")
SIZE = 32


def inpaint(**values):
    given = {key.replace("__", "."): value for key, value in values.items()}
    defaults = {"data.samples": 80, "network.width": 4, "train.precision": "float32"}
    return FacesInpaint(FacesInpaint.configure("smoke", {**defaults, **given}))


def batch(task):
    (found,) = itertools.islice(task.batches(), 1)
    return found


@pytest.fixture(scope="module")
def generator():
    return inpaint().generator()


# Holes.


@pytest.mark.parametrize("region", [*TEMPLATE, "box", "free"])
def test_batches_of_every_region(region):
    parts = batch(inpaint(data__region=region))
    mask, image = (parts["observation"][name].numpy() for name in ("mask", "image"))
    assert set(np.unique(mask)) == {0.0, 1.0}
    hidden = 1 - mask.mean(axis=(1, 2, 3))
    assert np.all((hidden > 0.005) & (hidden < 0.65))
    np.testing.assert_array_equal(image, mask * parts["truth"]["face"])
    assert np.all(image[np.broadcast_to(mask, image.shape) == 0] == 0)


def test_the_box_is_the_one_that_was_given():
    task = inpaint(data__region="box", data__box="0 0.5 0.25 1", data__jitter=0, data__flip=False)
    expected = np.ones((SIZE, SIZE, 1))
    expected[SIZE // 2 :, : SIZE // 4] = 0
    for mask in batch(task)["observation"]["mask"]:
        np.testing.assert_array_equal(mask, expected)
    for mask in task.held_out(3)["mask"]:
        np.testing.assert_array_equal(mask, expected)


def test_free_strokes_differ_in_training_and_stay_in_validation():
    task = inpaint(data__region="free")
    one, two = itertools.islice(task.batches(), 2)
    masks = np.concatenate([one["observation"]["mask"], two["observation"]["mask"]])
    assert len({mask.tobytes() for mask in masks}) == len(masks)
    held_out = task.held_out(4)
    np.testing.assert_array_equal(held_out["mask"], task.held_out(4)["mask"])
    np.testing.assert_array_equal(
        held_out["mask"][:2], inpaint(data__region="free").held_out(4)["mask"][:2]
    )


def test_holes_move_in_training_and_stay_in_validation():
    def spread(task):
        masks = np.concatenate(
            [b["observation"]["mask"] for b in itertools.islice(task.batches(), 6)]
        )
        return np.mean(np.abs(masks - masks.mean(axis=0)))

    assert spread(inpaint(data__jitter=4)) > spread(inpaint(data__jitter=0))


@pytest.mark.parametrize("judged", ["completed", "face"])
def test_the_memory_is_never_observed(judged):
    """Unpaired: no picture of the memory is behind an observation."""
    task = inpaint(data__flip=False, network__judged=judged)
    observed, memory = set(), set()
    for parts in itertools.islice(task.batches(), 8):
        observed |= {face.tobytes() for face in parts["truth"]["face"].numpy()}
        memory |= {face.tobytes() for face in parts["memory"][judged].numpy()}
    assert len(observed) > 8 and len(memory) > 8
    assert not observed & memory


def test_flips_mirror_the_hole_with_the_face():
    task = inpaint(data__region="box", data__box="0 0 0.3 1", data__jitter=0)
    masks = batch(task)["observation"]["mask"].numpy()
    left, right = (np.all(masks[:, :, column, 0] == 0, axis=1) for column in (0, -1))
    assert np.all(left ^ right) and 0 < left.sum() < len(masks)


def test_names_that_do_not_exist():
    with pytest.raises(
        UserError, match=r"data\.region=ears: use one of lips, nose, eyes, box, free"
    ):
        inpaint(data__region="ears")
    with pytest.raises(UserError, match=r"network\.judged=soul: use one of completed, face"):
        inpaint(network__judged="soul")
    with pytest.raises(UserError, match=r"network\.generator=magic: use one of residual, paper"):
        inpaint(network__generator="magic").generator()
    with pytest.raises(UserError, match="box '1 2': write four fractions"):
        batch(inpaint(data__region="box", data__box="1 2"))


# Prediction.


def predict(generator, source, output, task=None, **options):
    task = task or inpaint()
    return task.predict(generator, source, output, FacesInpaint.Prediction(**options))


def picture(path, width, height, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.mark.parametrize(("width", "height"), [(32, 32), (75, 50), (51, 90), (20, 20)])
def test_a_photo_of_any_size_keeps_what_lies_outside_the_hole(generator, tmp_path, width, height):
    pixels = picture(tmp_path / "in.png", width, height)
    written = predict(
        generator, tmp_path / "in.png", tmp_path / "out", region="box", box="0 0 1 0.5"
    )
    assert [path.name for path in written] == ["in.png", "before_after.png"]
    after = np.asarray(Image.open(written[0]))
    assert after.shape == pixels.shape
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    hidden = after[top : top + side // 2, left : left + side]
    assert np.mean(hidden != pixels[top : top + side // 2, left : left + side]) > 0.9
    kept = np.ones((height, width), bool)
    kept[top : top + (side + 1) // 2, left : left + side] = False
    np.testing.assert_array_equal(after[kept], pixels[kept])


def test_what_is_put_in_is_what_the_generator_says(generator, tmp_path):
    pixels = picture(tmp_path / "in.png", SIZE, SIZE)
    written = predict(generator, tmp_path / "in.png", tmp_path / "out", region="nose")
    mask = np.ones((1, SIZE, SIZE, 1), np.float32)
    x0, y0, x1, y1 = (SIZE * np.array(TEMPLATE["nose"])).round(6)
    mask[:, int(np.floor(y0)) : int(np.ceil(y1)), int(np.floor(x0)) : int(np.ceil(x1))] = 0
    known = (pixels[None] / np.float32(127.5) - 1) * mask
    completed = generator.predict_on_batch({"image": known, "mask": mask})["completed"]
    expected = np.where(mask[0] == 0, quantized(completed)[0], pixels)
    difference = np.asarray(Image.open(written[0])).astype(int) - expected
    assert np.abs(difference).max() <= 1  # A level may round the other way in another batch.


def test_a_mask_picture_chooses_the_hole(generator, tmp_path):
    pixels = picture(tmp_path / "in.png", 64, 64)
    mask = np.zeros((64, 64), np.uint8)
    mask[16:32, 40:56] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    written = predict(
        generator, tmp_path / "in.png", tmp_path / "out", mask=str(tmp_path / "mask.png")
    )
    after = np.asarray(Image.open(written[0]))
    np.testing.assert_array_equal(after[mask == 0], pixels[mask == 0])
    assert np.mean(after[mask == 255] != pixels[mask == 255]) > 0.9


def test_an_empty_mask_changes_nothing(generator, tmp_path):
    pixels = picture(tmp_path / "in.png", 40, 40)
    Image.new("L", (40, 40)).save(tmp_path / "mask.png")
    written = predict(
        generator, tmp_path / "in.png", tmp_path / "out", mask=str(tmp_path / "mask.png")
    )
    np.testing.assert_array_equal(np.asarray(Image.open(written[0])), pixels)


def test_a_folder_of_photos(generator, tmp_path):
    for row in range(3):
        picture(tmp_path / "in" / f"{row}.png", 40 + row, 40, seed=row)
    written = predict(generator, tmp_path / "in", tmp_path / "out")
    assert [path.name for path in written] == ["0.png", "1.png", "2.png", "before_after.png"]
    assert [Image.open(path).size for path in written[:3]] == [(40, 40), (41, 40), (42, 40)]


def test_a_photo_called_like_the_overview_is_not_lost(generator, tmp_path):
    picture(tmp_path / "before_after.png", 40, 40)
    written = predict(generator, tmp_path / "before_after.png", tmp_path / "out")
    assert len(set(written)) == 2


def test_a_run_with_free_strokes_needs_to_be_told_what_to_complete(generator, tmp_path):
    picture(tmp_path / "in.png", 40, 40)
    task = inpaint(data__region="free")
    with pytest.raises(UserError, match="say what to complete: --set=region= with lips"):
        predict(generator, tmp_path / "in.png", tmp_path / "out", task)
    assert predict(generator, tmp_path / "in.png", tmp_path / "out", task, region="lips")


# Real faces.


def test_real_faces_are_trained_on_and_predicted(faces_london, tmp_path):
    task = inpaint(data__dir=str(faces_london), data__memory="gender=female", train__steps=4)
    assert set(task.roles.memory.attributes["gender"]) == {"female"}
    assert "female" not in task.roles.observed.attributes["gender"]
    assert not set(task.roles.memory.person) & set(task.roles.observed.person)
    run = RunFolder(tmp_path / "run")
    run.claim("faces_inpaint", "smoke", flat(task.config))
    assert training.train(task, run).finished
    photo = sorted((faces_london / "images").glob("*.png"))[0]
    written = predict(evaluation.load_generator(run), photo, tmp_path / "out", task)
    assert Image.open(written[0]).size == Image.open(photo).size


@pytest.mark.parametrize("region", ["lips", "nose", "eyes"])
def test_holes_of_real_faces_are_where_landmarks_say(faces_london, region):
    """Holes differ from face to face only as far as measured regions do."""
    task = inpaint(data__dir=str(faces_london), data__memory="gender=female", data__region=region)
    hidden = 1 - task.held_out(8)["mask"]
    share = hidden.mean(axis=(1, 2, 3))
    template = np.array(TEMPLATE[region])
    area = np.prod(template[2:] - template[:2])
    assert np.all((share > 0.7 * area) & (share < 2 * area))
