"""Clips painted on remembered depths, and what is held in front of them."""

import numpy as np
import pytest
import tensorflow as tf

from aign_tf import rigid
from aign_tf.data.sequences.clips import NO_READING
from aign_tf.renderers.clip import ClipFromNeighbours
from aign_tf.renderers.painted import Card, painted_clips
from tests.renderers.random_clip import FRAMES, HEIGHT, WIDTH, random_clip

MIDDLE = FRAMES // 2


def remembered_clip(**options):
    """`random_clip` with a lens of their own for the factors."""
    factors, observation = random_clip(**options)
    rows = len(factors["rotation"])
    lens = {"focal": tf.fill((rows, 2), 50.0), "principal_point": tf.fill((rows, 2), 17.0)}
    return {**factors, **lens}, observation


@pytest.mark.parametrize("frames", [2, 3, 4])
def test_a_painted_clip_is_what_its_factors_render(frames):
    factors, observation = remembered_clip(rows=2, frames=frames)
    painted = painted_clips(factors, observation)
    shapes = {name: part.shape for name, part in {**factors, **observation}.items()}
    shapes["guess"] = (2, frames - 1, HEIGHT // 8, WIDTH // 8, 1)
    shapes["flow"] = (2, 2, frames - 1, HEIGHT // 8, WIDTH // 8, 2)
    assert {name: part.shape for name, part in painted.items()} == shapes
    middle = frames // 2
    # Of another clip of the batch.
    np.testing.assert_array_equal(painted["frames"][0, middle], observation["frames"][1, middle])
    views = ClipFromNeighbours()(factors, painted)["views"]
    for k in range(frames):
        if k != middle:
            drawn = views[:, 0, 0, k] if k < middle else views[:, 0, 1, k - 1]
            np.testing.assert_allclose(painted["frames"][:, k], drawn, atol=1e-5)


def test_a_clip_is_painted_with_the_lens_and_the_motions_that_go_with_its_depths():
    factors, observation = remembered_clip(rows=2)
    painted = painted_clips(factors, observation)
    for name in ("focal", "principal_point", "log_depth", "rotation", "translation"):
        np.testing.assert_array_equal(painted[name], factors[name])


def test_a_painted_clip_tells_what_has_moved_where():
    """A camera that passes a wall 2 m away."""
    factors, observation = remembered_clip(rows=2, size=(32, 48), moved=0.0)
    factors["log_depth"] = tf.fill(factors["log_depth"].shape, np.float32(np.log(2.0)))
    factors["translation"] = tf.tile([[[-0.3, 0.0, 0.0], [-0.1, 0.2, 0.0]]], [2, 1, 1])
    flow = painted_clips(factors, observation)["flow"].numpy()
    # Frame 0 to frame 1, and frame 2 to frame 1: f t / z, where that is still in the picture.
    seen = np.array([False, True, True, True, True, True])
    assert np.abs(flow[:, 0, 0][:, :, seen] - [-7.5, 0]).max() < 1e-4
    assert np.isnan(flow[:, 0, 0][:, :, ~seen]).all()
    assert np.abs(flow[:, 1, 1][:, 1:] - [2.5, -5]).max() < 1e-4
    assert np.isnan(flow[:, 1, 1][:, 0]).all()
    # Those of the middle frame are not what was drawn.
    assert np.isnan(flow[:, 0, 1]).all() and np.isnan(flow[:, 1, 0]).all()


def test_a_painted_clip_tells_how_far_its_places_are():
    """The 4 x 4 pixels that begin every 8."""
    factors, observation = remembered_clip(rows=2)
    guess = painted_clips(factors, observation)["guess"]
    corner = factors["log_depth"].numpy()[:, :-1, 8:12, 16:20].mean(axis=(2, 3))
    np.testing.assert_allclose(guess[:, :, 1, 2], corner, rtol=1e-5)


def test_a_camera_at_rest_paints_the_same_picture_everywhere():
    factors, observation = remembered_clip(rows=2, moved=0.0)
    painted = painted_clips(factors, observation)["frames"]
    for k in range(FRAMES):
        np.testing.assert_array_equal(painted[:, k], painted[:, 1])


def test_maps_without_any_reading_still_paint():
    factors, observation = remembered_clip(rows=2, size=(16, 16))
    factors["log_depth"] = tf.fill(factors["log_depth"].shape, NO_READING)
    assert np.all(np.abs(painted_clips(factors, observation)["frames"]) <= 1 + 1e-6)


def test_a_batch_of_unknown_size():
    inputs = *remembered_clip(rows=2, size=(16, 16)), card(rows=2, size=(16, 16))
    specs = tf.nest.map_structure(lambda part: tf.TensorSpec((None, *part.shape[1:])), inputs)
    expected = painted_clips(*inputs)
    for name, part in tf.function(painted_clips, input_signature=specs)(*inputs).items():
        assert part.shape == expected[name].shape
        np.testing.assert_allclose(part, expected[name], atol=1e-4)


# Something held in front.


def card(plane=(0.0, 0.0, 1.0), rows=3, size=(HEIGHT, WIDTH), columns=None):
    outline = np.zeros((rows, *size, 1), np.float32)
    outline[:, :, columns or slice(None)] = 1
    return Card(tf.constant(outline), tf.constant([plane] * rows, tf.float32))


def wall(metres=2.0, **options):
    """A wall that the camera looks at, and moves by 10 cm to the right and 20 upwards in turn."""
    factors, observation = remembered_clip(rows=3, moved=0.0, **options)
    factors["log_depth"] = tf.fill(factors["log_depth"].shape, np.float32(np.log(metres)))
    factors["translation"] = tf.tile([[[-0.1, 0.0, 0.0], [0.0, 0.2, 0.0]]], [3, 1, 1])
    return factors, observation


def test_a_card_passes_twice_as_fast_as_a_wall_twice_as_far():
    factors, observation = wall()
    painted = painted_clips(factors, observation, card(columns=slice(19, 31)))
    depth = np.exp(painted["log_depth"][..., 0])
    # In the frame before, it is f t / z = 5 pixels farther to the right.
    for k, columns in ((0, slice(24, 36)), (1, slice(19, 31)), (2, slice(19, 31))):
        expected = np.full((3, HEIGHT, WIDTH), 2.0)
        expected[:, :, columns] = 1.0
        np.testing.assert_allclose(depth[:, k], expected, rtol=1e-5)
    # It wears the middle frame of the clip before the last one, the wall that of the last one.
    pictures = observation["frames"][:, MIDDLE].numpy()
    for row, frames in enumerate(painted["frames"].numpy()):
        np.testing.assert_array_equal(frames[MIDDLE, :, 19:31], pictures[row - 2, :, 19:31])
        np.testing.assert_array_equal(frames[MIDDLE, :, :19], pictures[row - 1, :, :19])
        np.testing.assert_allclose(frames[0, :, 24:36], pictures[row - 2, :, 19:31], atol=1e-4)
    # The last of these places are on it.
    flow, guess = painted["flow"][:, 0, 0, :, 1:5], painted["guess"][:, 0, :, 1:5, 0]
    expected = np.stack([[-2.5, -2.5, -5, -5], [0] * 4], axis=-1)
    np.testing.assert_allclose(flow, np.broadcast_to(expected, flow.shape), atol=1e-4)
    expected = np.broadcast_to(np.log([2, 2, 1, 1]), guess.shape)
    np.testing.assert_allclose(guess, expected, atol=1e-5)


@pytest.mark.parametrize("frames", [2, 3, 4])
def test_a_card_is_where_its_plane_is_in_all_frames(frames):
    factors, observation = remembered_clip(rows=3, frames=frames, moved=0.1)
    factors["log_depth"] += np.float32(3)
    plane = np.float32([0.2, -0.3, 1.1])
    depth = np.exp(painted_clips(factors, observation, card(plane))["log_depth"][..., 0])
    x, y = (np.arange(size, dtype=np.float32) for size in (WIDTH, HEIGHT))
    rays = np.stack(np.broadcast_arrays((x - 17) / 50, ((y - 17) / 50)[:, None], 1.0), axis=-1)
    rotations = rigid.rotation_from_axis_angle(factors["rotation"]).numpy()
    steps = factors["translation"].numpy()
    for row in range(3):
        for k in range(frames):
            points = depth[row, k][..., None] * rays
            for step in range(k, frames // 2):
                points = points @ rotations[row, step].T + steps[row, step]
            for step in range(k - 1, frames // 2 - 1, -1):
                points = (points - steps[row, step]) @ rotations[row, step]
            np.testing.assert_allclose(points @ plane, 1.0, atol=1e-4)


def test_what_its_factors_render_is_a_clip_with_a_card_where_nothing_hides_it():
    factors, observation = wall()
    factors["rotation"] += np.float32([0.02, -0.03, 0.01])
    painted = painted_clips(factors, observation, card((0.1, 0.2, 0.9), columns=slice(12, 30)))
    rendered = ClipFromNeighbours()(painted, painted)
    agree, seen = [], []
    for k, way, pair in ((0, 0, 0), (2, 1, 1)):
        view, valid = (rendered[name][:, 0, way, pair] for name in ("views", "valid"))
        agree.append(np.abs(view - painted["frames"][:, k]).max(axis=-1) < 1e-3)
        seen.append(valid[..., 0] > 0)
    agree, seen = np.stack(agree), np.stack(seen)
    assert seen.mean() > 0.6
    # All but what is read half on the card and half beside it.
    assert agree[seen].mean() > 0.9


@pytest.mark.parametrize(
    "unseen",
    [
        pytest.param(card(columns=slice(0, 0)), id="no outline"),
        pytest.param(card((0.0, 0.0, 0.4)), id="behind the wall"),
        pytest.param(card((0.0, 0.0, -1.0)), id="behind the camera"),
    ],
)
def test_a_card_that_nobody_sees_changes_nothing(unseen):
    factors, observation = wall()
    painted, plain = (
        painted_clips(factors, observation, unseen),
        painted_clips(factors, observation),
    )
    for name, part in plain.items():
        np.testing.assert_array_equal(painted[name], part)


def test_a_card_through_the_camera_is_not_seen():
    factors, observation = wall()
    factors["translation"] *= 5.0
    painted = painted_clips(factors, observation, card((-2.0, 0.0, 1.0)))
    plain = painted_clips(factors, observation)
    np.testing.assert_array_equal(painted["log_depth"][:, 0], plain["log_depth"][:, 0])
    assert np.all(np.isfinite(painted["frames"]))
    assert (painted["log_depth"][:, 1] < plain["log_depth"][:, 1]).numpy().any()


def test_an_outline_of_another_size_is_refused():
    with pytest.raises(ValueError, match="outline has shape"):
        painted_clips(*wall(), card(size=(16, 16)))
