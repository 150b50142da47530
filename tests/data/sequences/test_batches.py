"""Training batches: mirrored clips stay true, and what is remembered belongs to none of them."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf.data.sequences.batches import clip_batches
from aign_tf.data.sequences.clips import NO_READING, Clips, cut, windows
from aign_tf.data.sequences.config import SequenceDataConfig
from aign_tf.data.sequences.gaps import without_gaps
from aign_tf.renderers.clip import ClipFromNeighbours
from tests.data.sequences.numbered import numbered
from tests.data.sequences.textured_sphere import sphere_sequence

HEIGHT, WIDTH, MAPS = 8, 12, 9
NUMBERED = cut([numbered(9), numbered(9, 60)], 3, 1, reverse=True)
SPHERE = cut([sphere_sequence(6)], 3, 1, reverse=True)


def remembered_maps():
    """Log depths `[MAPS, H, W]`: map m is m / 10 where it has readings, each in other places."""
    gaps = np.random.default_rng(1).random((MAPS, HEIGHT, WIDTH)) < 0.3
    levels = np.broadcast_to(np.arange(MAPS)[:, None, None] / 10, gaps.shape)
    return np.where(gaps, NO_READING, levels).astype(np.float32)


def remembered_clips():
    """Every clip of the maps, both ways, each with motions and a lens of its own."""
    draw = np.random.default_rng(2)
    rows = windows(MAPS, 3, 1)
    rows = np.concatenate([rows, rows[:, ::-1]])
    rotation, translation = draw.normal(size=(2, len(rows), 2, 3)).astype(np.float32)
    focal, centre = draw.uniform(4, 8, (2, len(rows), 2)).astype(np.float32)
    pictures = np.zeros((MAPS, HEIGHT, WIDTH, 3), np.uint8)
    return Clips(rows, pictures, focal, centre, remembered_maps(), rotation, translation)


REMEMBERED = remembered_clips()
COMPLETE, BELIEVED = without_gaps(REMEMBERED.log_depth)
MIRROR = np.float32([1, -1, -1, -1, 1, 1])


def unpainted(factors, observation, card):
    return {}


def batches(
    clips=NUMBERED, count=1, first=0, flip=False, tint=0.0, turn=0.0, cards=0.0, **arguments
):
    """`count` batches as numbers, of 6 clips that are not changed at random but as it is said."""
    keras.utils.set_random_seed(0)  # As training does.
    config = SequenceDataConfig(flip=flip, tint=tint, turn=turn, cards=cards)
    values = {"clips": clips, "remembered": REMEMBERED, "paint": unpainted, "config": config}
    values |= {"batch_size": 6, "seed": 0, "first_step": first, **arguments}
    found = list(itertools.islice(clip_batches(**values), count))
    return tf.nest.map_structure(lambda part: part.numpy(), found)


def of_clips(batch, clips=NUMBERED):
    """Row of `clips` that each clip of a batch shows, told by its frames."""
    numbers = np.rint((batch["observation"]["frames"][:, :, 0, 0, 0] + 1) * 127.5)
    shown = clips.frames[clips.rows][..., 0, 0, 0]
    return (numbers[:, None] == shown).all(axis=2).argmax(axis=1)


def same(one, other):
    tf.nest.map_structure(np.testing.assert_array_equal, one, other)


# What is observed.


def test_parts_and_their_shapes():
    (batch,) = batches(flip=True, tint=0.2)
    frames, motions = (6, 3, HEIGHT, WIDTH), (6, 2, 3)
    assert tf.nest.map_structure(np.shape, batch) == {
        "observation": {
            "frames": (*frames, 3),
            "focal": (6, 2),
            "principal_point": (6, 2),
            "valid": (*frames, 1),
        },
        "memory": {
            "focal": (6, 2),
            "principal_point": (6, 2),
            "rotation": motions,
            "translation": motions,
            "log_depth": (*frames, 1),
            "valid": (*frames, 1),
        },
        "recall": {},
        "truth": {"rotation": motions, "translation": motions, "log_depth": (*frames, 1)},
    }
    assert all(part.dtype == np.float32 for part in tf.nest.flatten(batch))
    assert all(np.isfinite(part).all() for part in tf.nest.flatten(batch))


def test_clips_come_with_their_lens_and_their_truth():
    for batch in batches(count=3):
        rows, seen, truth = of_clips(batch), batch["observation"], batch["truth"]
        for name in ("focal", "principal_point"):
            np.testing.assert_array_equal(seen[name], getattr(NUMBERED, name)[rows])
        for name in ("rotation", "translation"):
            np.testing.assert_array_equal(truth[name], getattr(NUMBERED, name)[rows])
        depths = NUMBERED.log_depth[NUMBERED.rows[rows]]
        np.testing.assert_array_equal(truth["log_depth"][..., 0], depths)


def test_every_clip_comes_equally_often():
    rows = np.concatenate([of_clips(batch) for batch in batches(count=14)])
    assert np.bincount(rows, minlength=len(NUMBERED)).tolist() == [3] * len(NUMBERED)


@pytest.mark.parametrize(
    "absent, known",
    [
        ({"depth": None}, {"rotation", "translation"}),
        ({"poses": None}, {"log_depth"}),
        ({"depth": None, "poses": None}, set()),
    ],
)
def test_the_truth_holds_what_is_known(absent, known):
    (batch,) = batches(cut([numbered(9, **absent)], 3, 1, True), flip=True)
    assert set(batch.get("truth", ())) == known
    assert ("truth" in batch) == bool(known)


# Chance.


def test_the_same_seed_gives_the_same_batches():
    one, again, other = (batches(count=3, flip=True, tint=0.2, seed=seed) for seed in (5, 5, 6))
    same(one, again)
    assert np.abs(one[0]["memory"]["rotation"] - other[0]["memory"]["rotation"]).max() > 0


def test_the_stream_can_be_entered_at_any_step():
    whole = batches(count=9, flip=True, tint=0.2)
    for first in (1, 8):
        same(batches(first=first, flip=True, tint=0.2)[0], whole[first])


def test_light_changes_alike_in_all_frames_of_a_clip():
    (plain,), (tinted,) = batches(), batches(tint=0.2)
    frames = [batch["observation"]["frames"] + 1 for batch in (plain, tinted)]
    gain = (frames[1] / np.maximum(frames[0], 1e-3))[:, :, 0, 0]  # [B, F, 3]
    lit = frames[0][:, :, 0, 0].min(axis=2) > 1e-3
    assert lit.sum() > 12
    for clip, seen in zip(gain, lit):
        np.testing.assert_allclose(
            clip[seen], np.broadcast_to(clip[-1], clip[seen].shape), rtol=0.01
        )
    assert gain[:, -1].std(axis=0).min() > 0.02 and gain[:, -1].std(axis=1).min() > 0.001
    assert np.abs(gain[:, -1] - 1).max() < 0.2**2 + 2 * 0.2 + 1e-3
    for part in ("memory", "truth"):
        same(tinted[part], plain[part])


# In a mirror.


def mirrored(batch, clips):
    """Which clips are mirrored, told by the principal point, which is not in the middle."""
    x, width = batch["observation"]["principal_point"][:, 0], clips.frames.shape[2]
    (known,) = np.unique(clips.principal_point[:, 0])
    assert abs(known - (width - 1) / 2) > 0.5
    there, turned = np.isclose(x, known), np.isclose(x, width - 1 - known)
    assert np.all(there ^ turned)
    return turned


def errors(truth, observation):
    """Grey levels of `[B]` clips by which true depths and motions miss the frames."""
    rendered = ClipFromNeighbours()(truth, observation)
    frames, valid = observation["frames"], rendered["valid"].numpy()
    shown = np.stack([frames[:, :-1], frames[:, 1:]], axis=1)[:, None]
    difference = 127.5 * np.abs(rendered["views"].numpy() - shown) * valid
    assert valid.mean() > 0.6
    return difference.sum(axis=(1, 2, 3, 4, 5, 6)) / valid.sum(axis=(1, 2, 3, 4, 5, 6)) / 3


def sphere_batch(flip=True):
    (batch,) = batches(SPHERE, flip=flip, remembered=SPHERE, batch_size=16)
    return batch


def test_half_of_the_clips_are_mirrored():
    (batch,) = batches(SPHERE, flip=True, remembered=SPHERE, batch_size=64)
    assert 0.3 < mirrored(batch, SPHERE).mean() < 0.7
    assert not mirrored(sphere_batch(flip=False), SPHERE).any()


def test_a_mirrored_truth_explains_mirrored_clips():
    batch = sphere_batch()
    on, truth, seen = mirrored(batch, SPHERE), batch["truth"], batch["observation"]
    found = errors(truth, seen)
    assert on.any() and not on.all()
    assert found.max() < 3
    # Were a part of it not mirrored, it would not fit.
    width = SPHERE.frames.shape[2]
    point = seen["principal_point"] * [-1, 1] + [width - 1, 0]
    wrong = [
        errors({**truth, "rotation": truth["rotation"] * MIRROR[:3]}, seen),
        errors({**truth, "translation": truth["translation"] * MIRROR[3:]}, seen),
        errors({**truth, "log_depth": truth["log_depth"][:, :, :, ::-1]}, seen),
        errors(truth, {**seen, "principal_point": np.float32(point)}),
    ]
    for each in wrong:
        assert each[on].mean() > 1.3 * found[on].mean()
        assert each[~on].mean() > 1.3 * found[~on].mean()


def test_a_clip_in_a_mirror_is_the_clip_from_right_to_left():
    plain, flipped = sphere_batch(flip=False), sphere_batch()
    on = mirrored(flipped, SPHERE)
    for part, name in (("observation", "frames"), ("truth", "log_depth")):
        one, other = plain[part][name], flipped[part][name]
        np.testing.assert_array_equal(other[on], one[on][:, :, :, ::-1])
        np.testing.assert_array_equal(other[~on], one[~on])
    np.testing.assert_array_equal(flipped["observation"]["focal"], plain["observation"]["focal"])


# Turned.


def test_a_turned_truth_explains_turned_clips():
    (plain,) = batches(SPHERE, remembered=SPHERE, batch_size=16)
    (batch,) = batches(SPHERE, remembered=SPHERE, batch_size=16, turn=6.0, flip=True)
    truth, seen = batch["truth"], batch["observation"]
    found = errors(truth, seen)
    assert found.max() < 3
    longer = seen["focal"][:, 0] / plain["observation"]["focal"][:, 0]
    assert longer.min() >= 1.0 and longer.max() < 2.0 and longer.std() > 0.02
    # Were a part of it not turned, it would not fit.
    for name in ("rotation", "translation"):
        wrong = errors({**truth, name: plain["truth"][name]}, seen)
        assert wrong.mean() > 1.3 * found.mean()
    wrong = errors(truth, {**seen, "focal": plain["observation"]["focal"]})
    assert wrong.mean() > 1.3 * found.mean()


def test_the_memory_turns_otherwise_than_what_is_observed():
    (batch,) = batches(SPHERE, remembered=SPHERE, batch_size=16, turn=6.0)
    memory, seen = batch["memory"], batch["observation"]
    assert np.abs(memory["focal"] / seen["focal"] - 1).min() > 1e-4
    # All of the sphere has readings: what is believed stays so, but for the other map's gaps.
    assert memory["valid"].all() and (memory["log_depth"] < NO_READING).all()


def test_turns_leave_the_rest_of_chance_as_it_is():
    for one, other in zip(batches(count=3, flip=True), batches(count=3, flip=True, turn=1e-4)):
        for part in ("observation", "memory"):
            for name in ("focal", "principal_point"):
                np.testing.assert_allclose(one[part][name], other[part][name], rtol=1e-3)


# The memory.


def map_numbers(log_depth, mask):
    """Which map of `remembered_maps` each of `[N, H, W]` is, in whichever mirror."""
    return [round(float(10 * depth[here].max())) for depth, here in zip(log_depth, mask > 0)]


def numbers_of(batch):
    """The same `[B, F]` of the memory of a batch."""
    parts = (batch["memory"][name].reshape(-1, HEIGHT, WIDTH) for name in ("log_depth", "valid"))
    return np.reshape(map_numbers(*parts), (-1, 3))


def clip_of(batch):
    """Row of `REMEMBERED` that each clip of the memory of a batch is."""
    return (numbers_of(batch)[:, None] == REMEMBERED.rows).all(axis=2).argmax(axis=1)


def test_the_memory_has_no_gaps_and_tells_where_they_were():
    (batch,) = batches(batch_size=32)
    maps = REMEMBERED.rows[clip_of(batch)]
    np.testing.assert_array_equal(batch["memory"]["log_depth"][..., 0], COMPLETE[maps])
    np.testing.assert_array_equal(batch["memory"]["valid"][..., 0], BELIEVED[maps])


@pytest.mark.parametrize("flip", [False, True])
def test_remembered_maps_are_whole_maps_of_the_memory(flip):
    (batch,) = batches(flip=flip, batch_size=32)
    masks = batch["memory"]["valid"][..., 0].reshape(-1, HEIGHT, WIDTH)
    turned = 0
    for mask, number in zip(masks, numbers_of(batch).ravel()):
        here = np.array_equal(mask, BELIEVED[number])
        assert here or np.array_equal(mask, BELIEVED[number][:, ::-1])
        turned += not here
    assert (turned > 0.25 * len(masks)) == flip and (turned == 0) != flip


@pytest.mark.parametrize("flip", [False, True])
def test_a_remembered_clip_has_its_own_depths_motions_and_lens(flip):
    (batch,) = batches(flip=flip, batch_size=32)
    memory, rows = batch["memory"], clip_of(batch)
    np.testing.assert_array_equal(numbers_of(batch), REMEMBERED.rows[rows])
    plain = memory["principal_point"][:, 0] == REMEMBERED.principal_point[rows, 0]
    assert plain.all() != flip and plain.any()
    mirror = np.where(plain[:, None, None], 1, MIRROR)
    for name, sign in (("rotation", mirror[..., :3]), ("translation", mirror[..., 3:])):
        np.testing.assert_array_equal(memory[name], sign * getattr(REMEMBERED, name)[rows])
    np.testing.assert_array_equal(memory["focal"], REMEMBERED.focal[rows])
    point = memory["principal_point"] * np.where(plain[:, None], 1, [-1, 1])
    point += np.where(plain[:, None], 0, [WIDTH - 1, 0])
    np.testing.assert_allclose(point, REMEMBERED.principal_point[rows], rtol=1e-6)


def test_every_remembered_clip_comes_equally_often():
    rows = np.concatenate([clip_of(batch) for batch in batches(count=7, flip=True)])
    assert np.bincount(rows, minlength=len(REMEMBERED)).tolist() == [3] * len(REMEMBERED)


def test_what_is_recalled_is_painted_with_the_memory():
    """On its own depths, with pictures as they are observed."""

    def paint(factors, observation, card):
        assert card is None
        return {"frames": observation["frames"] / 2, "known": factors["log_depth"]}

    (batch,) = batches(flip=True, tint=0.2, paint=paint)
    recall = batch["recall"]
    assert set(recall) == {"frames", "known"}
    np.testing.assert_array_equal(recall["frames"], batch["observation"]["frames"] / 2)
    np.testing.assert_array_equal(recall["known"], batch["memory"]["log_depth"])


def test_cards_are_held_before_what_is_recalled_alone():
    def paint(factors, observation, card):
        return {"outline": card.outline, "nearness": card.plane[:, 2]}

    plain = batches(count=3, flip=True, tint=0.2, turn=2.0)
    found = batches(count=3, flip=True, tint=0.2, turn=2.0, cards=0.5, paint=paint)
    for one, other in zip(plain, found):
        for role in ("observation", "memory", "truth"):
            same(one[role], other[role])
    on = np.concatenate([batch["recall"]["outline"].max(axis=(1, 2, 3)) for batch in found])
    assert 0.2 < on.mean() < 0.8
    middle = np.concatenate([batch["memory"]["log_depth"][:, 1] for batch in found])
    depth = 1 / np.concatenate([batch["recall"]["nearness"] for batch in found])
    assert np.all(depth < np.exp(np.median(middle, axis=(1, 2, 3))))


def test_nothing_is_recalled_where_nothing_is_painted():
    assert "recall" not in batches(paint=None)[0]


# Gaps.


def gaps_of(batch):
    """Number of the map whose gaps each frame of an observation wears, `[B F]`."""
    masks = batch["observation"]["valid"][..., 0].reshape(-1, 1, HEIGHT, WIDTH) > 0
    same = [(masks == maps).all(axis=(2, 3)) for maps in (BELIEVED, BELIEVED[:, :, ::-1])]
    assert np.all(same[0].any(axis=1) | same[1].any(axis=1))
    return (same[0] | same[1]).argmax(axis=1), ~same[0].any(axis=1)


def test_predictions_wear_the_gaps_of_maps_that_have_nothing_to_do_with_the_clip():
    found = batches(count=20)
    worn = np.concatenate([gaps_of(batch)[0] for batch in found])
    shown = np.concatenate([np.repeat(of_clips(batch), 3) for batch in found])
    beside = np.concatenate([numbers_of(batch).ravel() for batch in found])
    assert np.bincount(worn, minlength=MAPS).min() > 0.5 * len(worn) / MAPS
    # Neither tells which gaps it has, or stands beside.
    assert (worn == beside).mean() < 3 / MAPS
    assert all(len(np.unique(worn[shown == row])) > 3 for row in np.unique(shown))


def test_frames_without_a_reading_are_not_remembered():
    log_depth = REMEMBERED.log_depth.copy()
    log_depth[[0, 5]] = NO_READING
    kept = {1, 2, 3, 4, 6, 7, 8}
    remembered = dataclasses.replace(REMEMBERED, log_depth=log_depth)
    (batch,) = batches(remembered=remembered, batch_size=200)
    memory = batch["memory"]
    assert (memory["log_depth"] < NO_READING).all()
    levels = np.rint(10 * memory["log_depth"].mean(axis=(2, 3, 4))).astype(int)
    assert set(levels.ravel()) == kept
    assert (memory["valid"].mean(axis=(2, 3, 4)) > 0).all()
    assert (batch["observation"]["valid"].mean(axis=(2, 3, 4)) > 0).all()


def test_gaps_are_mirrored_as_often_as_those_of_the_memory():
    """Else a sensor whose gaps are all on one side tells the memory from predictions."""
    (batch,) = batches(flip=True, batch_size=64)
    assert 0.3 < gaps_of(batch)[1].mean() < 0.7


# No leak.


def test_nothing_of_the_truth_is_in_the_observation_or_the_memory():
    """Another truth, or none, changes neither."""
    truth = {name: getattr(NUMBERED, name) for name in ("log_depth", "rotation", "translation")}
    others = {name: np.full_like(part, np.nan) for name, part in truth.items()}
    (batch,), (changed,), (without,) = (
        batches(dataclasses.replace(NUMBERED, **values), flip=True, tint=0.2)
        for values in (truth, others, dict.fromkeys(truth))
    )
    assert "truth" not in without and np.isnan(changed["truth"]["log_depth"]).all()
    for part in ("observation", "memory"):
        same(changed[part], batch[part])
        same(without[part], batch[part])
