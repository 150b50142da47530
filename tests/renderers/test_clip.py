"""Clips drawn from their neighbours, with true depths and motions and with others."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import compat, rigid
from aign_tf.data.augment import normalized
from aign_tf.data.sequences.clips import relative_motions
from aign_tf.data.synthetic.world import world_sequence
from aign_tf.photometry import with_blurred
from aign_tf.renderers.clip import ClipFromNeighbours, clip_with_blurred
from tests.renderers.random_clip import CENTRE, FOCAL, FRAMES, HEIGHT, WIDTH, random_clip

LENS = {"focal": FOCAL[None], "principal_point": CENTRE[None]}
NOT_MOVED = np.zeros((1, FRAMES - 1, 3), np.float32)


def posed(turn, place):
    pose = np.eye(4)
    pose[:3, :3] = rigid.rotation_from_axis_angle(tf.constant(turn, tf.float64))
    pose[:3, 3] = place
    return pose


def clip(frames, depth, rotation, translation, lens=LENS):
    """Factors and observation of one clip, `[F, H, W, ...]` and `[F - 1, 3]`."""
    factors = {"log_depth": np.log(depth)[..., None], "rotation": rotation}
    factors["translation"] = translation
    factors = {name: tf.constant(np.float32(part)[None]) for name, part in factors.items()}
    return factors, {"frames": tf.constant(np.float32(frames)[None]), **lens}


@pytest.fixture(scope="module")
def painted_plane():
    """Three views of a slanted plane, whose paint is known everywhere."""
    poses = np.stack(
        [
            posed([0, 0, 0], [0, 0, 0]),
            posed([0.01, -0.03, 0.02], [0.12, -0.05, 0.10]),
            posed([-0.02, 0.01, 0.05], [0.30, 0.06, 0.05]),
        ]
    )
    x, y = np.meshgrid((np.arange(WIDTH) - CENTRE[0]) / FOCAL[0], np.arange(HEIGHT))
    rays = np.stack([x, (y - CENTRE[1]) / FOCAL[1], np.ones_like(x)], axis=-1)
    normal, frames, depths = np.array([0.3, -0.2, 0.93]), [], []
    for pose in poses:
        lines = rays @ pose[:3, :3].T
        depth = (2.0 - normal @ pose[:3, 3]) / (lines @ normal)
        px, py, _ = np.moveaxis(depth[..., None] * lines + pose[:3, 3], -1, 0)
        frames.append(np.stack([np.sin(5 * px), np.cos(4 * py), np.sin(3 * px + 4 * py)], axis=-1))
        depths.append(depth)
    return clip(np.stack(frames), np.stack(depths), *relative_motions(poses))


def both_ways(frames):
    """`[B, F, ...]` -> what views are compared with: frames 0 to F - 2, and frames 1 to F - 1."""
    return np.stack([frames[:, :-1], frames[:, 1:]], axis=1)[:, None]


def neighbours(frames):
    return both_ways(frames)[:, :, ::-1]


def missed(rendered, frames):
    """Mean absolute difference where the other frame shows the point."""
    valid = rendered["valid"].numpy()
    difference = valid * np.abs(rendered["views"] - both_ways(np.asarray(frames)))
    return difference.sum() / (3 * valid.sum())


def test_a_plane_is_drawn_from_both_sides(painted_plane):
    factors, observation = painted_plane
    rendered = ClipFromNeighbours()(factors, observation)
    assert rendered["valid"].numpy().mean() > 0.7
    still = np.abs(neighbours(observation["frames"]) - both_ways(observation["frames"])).mean()
    assert still > 0.2 and missed(rendered, observation["frames"]) < 0.02 * still
    # Depths of a plane are nearly linear between pixels.
    assert rendered["disagreement"].numpy().max() < 1e-3


@pytest.mark.parametrize("name", ["rotation", "translation", "log_depth"])
def test_a_wrong_factor_draws_worse(painted_plane, name):
    factors, observation = painted_plane
    best = missed(ClipFromNeighbours()(factors, observation), observation["frames"])
    wrong = {**factors, name: factors[name] + (0.2 if name == "log_depth" else 0.02)}
    assert missed(ClipFromNeighbours()(wrong, observation), observation["frames"]) > 2 * best


def test_shapes_and_types(painted_plane):
    factors, observation = painted_plane
    rendered = ClipFromNeighbours(blurs=1)(factors, observation)
    each = (1, 1, 2, FRAMES - 1, HEIGHT, WIDTH)
    assert {name: tuple(part.shape) for name, part in rendered.items()} == {
        "views": (*each, 6),
        "valid": (*each, 1),
        "disagreement": (*each, 1),
        "log_depth": (1, 1, FRAMES, HEIGHT, WIDTH, 1),
    }
    assert all(part.dtype == tf.float32 for part in rendered.values())
    np.testing.assert_array_equal(rendered["log_depth"][:, 0], factors["log_depth"])


@pytest.mark.parametrize(
    "name, shape",
    [("guess", (2, 4, 6, 1)), ("flow", (2, 2, 4, 6, 2)), ("too_far", (3, 8, 12, 1))],
)
def test_what_a_generator_tells_beside_comes_through_as_it_is(painted_plane, name, shape):
    factors, observation = painted_plane
    told = tf.zeros((1, *shape))
    assert ClipFromNeighbours()({**factors, name: told}, observation)[name] is told


def test_rigid_flow_is_that_of_the_finest_depths_and_the_motions():
    """Sideways past a wall 2 m away: 4 pixels in each step, and nothing leaves upwards."""
    depth, translation = np.full((FRAMES, HEIGHT, WIDTH), 2.0), np.zeros((FRAMES - 1, 3))
    translation[:, 0] = 4 * 2.0 / FOCAL[0]
    pictures = np.zeros((FRAMES, HEIGHT, WIDTH, 3))
    factors, observation = clip(pictures, depth, 0 * translation, translation)
    factors["coarse_log_depth"] = factors["log_depth"] + 1.0
    factors["flow"] = tf.zeros((1, 2, FRAMES - 1, HEIGHT // 8, WIDTH // 8, 2))
    found = ClipFromNeighbours()(factors, observation)["rigid_flow"].numpy()
    assert found.shape == factors["flow"].shape
    # The last place begins 8 pixels before the right edge, and the first at the left one.
    seen = np.isfinite(found)
    assert seen[:, 0].all() and not seen[:, 1, ..., 0, :].any() and seen[:, 1, ..., 1:, :].all()
    np.testing.assert_allclose(found[:, 0], np.broadcast_to([4, 0], found[:, 0].shape), atol=1e-4)
    backwards = found[:, 1, ..., 1:, :]
    np.testing.assert_allclose(backwards, np.broadcast_to([-4, 0], backwards.shape), atol=1e-4)


def test_without_motion_the_neighbours_come_back_bit_for_bit():
    factors, observation = random_clip(moved=0.0)
    rendered = ClipFromNeighbours()(factors, observation)
    np.testing.assert_array_equal(rendered["views"], neighbours(observation["frames"]))
    depths = np.exp(neighbours(factors["log_depth"])), np.exp(both_ways(factors["log_depth"]))
    hidden = depths[1] > 1.101 * depths[0]
    shown = depths[1] < 1.099 * depths[0]
    valid = rendered["valid"].numpy()
    assert np.all(valid[hidden] == 0) and np.all(valid[shown] == 1)
    expected = np.abs(depths[0] - depths[1]) / (depths[0] + depths[1])
    np.testing.assert_allclose(rendered["disagreement"], expected, atol=1e-5)


def test_the_same_depths_at_rest_agree():
    factors, observation = random_clip(moved=0.0)
    factors["log_depth"] = tf.repeat(factors["log_depth"][:, :1], FRAMES, axis=1)
    rendered = ClipFromNeighbours()(factors, observation)
    np.testing.assert_array_equal(rendered["valid"], tf.ones_like(rendered["valid"]))
    np.testing.assert_array_equal(rendered["disagreement"], tf.zeros_like(rendered["valid"]))


def test_a_clip_played_backwards_swaps_the_two_directions():
    factors, observation = random_clip()
    rotation = rigid.rotation_from_axis_angle(factors["rotation"])
    _, back = rigid.inverse(rotation, factors["translation"])
    backwards = {
        "log_depth": factors["log_depth"][:, ::-1],
        "rotation": -factors["rotation"][:, ::-1],
        "translation": back[:, ::-1],
    }
    played = {**observation, "frames": observation["frames"][:, ::-1]}
    one = ClipFromNeighbours()(factors, observation)
    other = ClipFromNeighbours()(backwards, played)
    for name in ("views", "disagreement", "valid"):
        there, back = one[name].numpy(), other[name].numpy()[:, :, ::-1, ::-1]
        # At the very border of the picture or of what hides, a rounding may decide.
        assert np.mean(np.abs(there - back) > 1e-3) < 2e-3


def test_each_pair_of_neighbours_is_drawn_with_its_own_motion():
    factors, observation = random_clip(rows=2)
    whole = ClipFromNeighbours()(factors, observation)
    for row in range(2):
        for pair in range(FRAMES - 1):
            alone = {
                "log_depth": factors["log_depth"][row : row + 1, pair : pair + 2],
                "rotation": factors["rotation"][row : row + 1, pair : pair + 1],
                "translation": factors["translation"][row : row + 1, pair : pair + 1],
            }
            seen = {name: part[row : row + 1] for name, part in observation.items()}
            seen["frames"] = seen["frames"][:, pair : pair + 2]
            rendered = ClipFromNeighbours()(alone, seen)
            for name in ("views", "valid", "disagreement"):
                found = whole[name][row, 0, :, pair]
                np.testing.assert_allclose(rendered[name][0, 0, :, 0], found, atol=1e-5)


def test_every_level_is_drawn_as_if_it_were_the_only_one():
    factors, observation = random_clip()
    coarse = np.random.default_rng(1).normal(1, 0.2, (1, FRAMES, HEIGHT, WIDTH, 2))
    coarse = tf.constant(coarse, tf.float32)
    rendered = ClipFromNeighbours()({**factors, "coarse_log_depth": coarse}, observation)
    levels = [factors["log_depth"], coarse[..., :1], coarse[..., 1:]]
    for row, level in enumerate(levels):
        alone = ClipFromNeighbours()({**factors, "log_depth": level}, observation)
        for name, part in rendered.items():
            assert part.shape[1] == 3
            np.testing.assert_allclose(part[:, row], alone[name][:, 0], atol=1e-5)


def test_blurred_copies_are_drawn_beside_the_pictures():
    factors, observation = random_clip()
    copies = clip_with_blurred(observation["frames"], 2)
    np.testing.assert_array_equal(copies[0], with_blurred(observation["frames"][0], 2))
    rendered = ClipFromNeighbours(blurs=2)(factors, observation)
    plain = ClipFromNeighbours()(factors, observation)
    np.testing.assert_allclose(rendered["views"][..., :3], plain["views"], atol=1e-6)
    for copy in (1, 2):
        blurred = {**observation, "frames": copies[..., 3 * copy : 3 * copy + 3]}
        alone = ClipFromNeighbours()(factors, blurred)
        views = rendered["views"][..., 3 * copy : 3 * copy + 3]
        np.testing.assert_allclose(views, alone["views"], atol=1e-5)


# What is hidden. The camera moves to the right past a post at 2 m before a wall at 4 m, by which
# the wall moves 2 and the post 4 pixels to the left.

POST = range(20, 28)  # Its columns in frame 0.


def past_a_post():
    draw = np.random.default_rng(0)
    wall = draw.uniform(-1, 1, (HEIGHT, WIDTH + 2 * FRAMES, 3))
    post = draw.uniform(-1, 1, (HEIGHT, len(POST), 3))
    frames, depths = [], []
    for k in range(FRAMES):
        frame, depth = wall[:, 2 * k : 2 * k + WIDTH].copy(), np.full((HEIGHT, WIDTH), 4.0)
        columns = slice(POST.start - 4 * k, POST.stop - 4 * k)
        frame[:, columns], depth[:, columns] = post, 2.0
        frames.append(frame)
        depths.append(depth)
    moves = np.tile([-2 * 4.0 / FOCAL[0], 0, 0], (FRAMES - 1, 1))
    return clip(np.stack(frames), np.stack(depths), np.zeros_like(moves), moves)


def shown_past_a_post(occlusion):
    """By hand, `[2, F - 1, W]`: which columns of a frame the neighbour shows."""
    x, shown = np.arange(WIDTH), np.ones((2, FRAMES - 1, WIDTH))
    for k in range(FRAMES - 1):
        start, stop = POST.start - 4 * k, POST.stop - 4 * k
        shown[0, k, x < 2] = 0
        shown[1, k, x >= WIDTH - 2] = 0
        if occlusion:
            shown[0, k, start - 2 : start] = 0
            shown[1, k, stop - 4 : stop - 2] = 0
    return shown


@pytest.mark.parametrize("occlusion", [True, False])
def test_what_the_neighbour_s_depths_hide_is_not_valid_unless_that_is_switched_off(occlusion):
    rendered = ClipFromNeighbours(occlusion)(*past_a_post())
    expected = np.broadcast_to(
        shown_past_a_post(occlusion)[:, :, None, :, None], rendered["valid"].shape[2:]
    )
    np.testing.assert_array_equal(rendered["valid"][0, 0], expected)


def test_true_pictures_match_and_true_depths_agree_but_for_what_is_hidden():
    factors, observation = past_a_post()
    rendered = ClipFromNeighbours()(factors, observation)
    agreed = rendered["valid"] * rendered["disagreement"]
    np.testing.assert_allclose(agreed, 0 * agreed, atol=1e-4)
    assert missed(rendered, observation["frames"]) < 1e-4


def test_what_leaves_the_neighbour_disagrees_with_nothing():
    factors, observation = random_clip()
    factors["translation"] += tf.constant([[[0, 0, 0], [50.0, 0, 0]]])
    rendered = ClipFromNeighbours()(factors, observation)
    for name in ("valid", "disagreement"):
        there = rendered[name].numpy()
        assert np.all(there[:, :, :, 1] == 0) and np.any(there[:, :, :, 0] > 0)


def test_depths_that_do_not_agree_by_hand():
    factors, observation = random_clip(moved=0.0)
    depths = np.float32([2.0, 2.1, 1.0])[None, :, None, None, None]
    factors["log_depth"] = tf.broadcast_to(np.log(depths), factors["log_depth"].shape)
    found = ClipFromNeighbours()(factors, observation)
    # 2.1 m lies less than a tenth behind 2 m, and is not hidden; behind 1 m it is.
    for name, expected in (
        ("disagreement", [[0.1 / 4.1, 1.1 / 3.1], [0.1 / 4.1, 1.1 / 3.1]]),
        ("valid", [[1, 0], [1, 1]]),
    ):
        by_pair = np.broadcast_to(
            np.float32(expected)[:, :, None, None, None], found[name].shape[2:]
        )
        np.testing.assert_allclose(found[name][0, 0], by_pair, atol=1e-5)


# The procedural world.


@pytest.mark.parametrize("kind", ["room", "street"])
def test_a_recording_of_the_world_is_drawn_from_its_neighbours(kind):
    recording = world_sequence(1, kind, 5, HEIGHT, WIDTH).take(slice(None, None, 2))
    frames = normalized(recording.frames).numpy()
    depth = np.where(recording.depth > 0, recording.depth, 148.0)  # The sky.
    lens = {"focal": recording.focal[None], "principal_point": recording.principal_point[None]}
    factors, observation = clip(frames, depth, *relative_motions(recording.poses), lens)
    rendered = ClipFromNeighbours()(factors, observation)
    standing = {**factors, "rotation": NOT_MOVED, "translation": NOT_MOVED}
    unmoved = ClipFromNeighbours()(standing, observation)
    assert rendered["valid"].numpy().mean() > 0.7
    # Of frames as small as these, much is finer than their pixels.
    assert missed(rendered, frames[None]) < 0.6 * missed(unmoved, frames[None])
    assert np.median(rendered["disagreement"]) < 0.01


# As a layer.


def test_it_has_no_weights_and_survives_its_config():
    layer = ClipFromNeighbours(occlusion=False, blurs=2)
    layer(*random_clip(size=(16, 16)))
    assert layer.weights == []
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (again.occlusion, again.blurs) == (False, 2)


def test_a_batch_of_unknown_size():
    draw = ClipFromNeighbours(blurs=1)
    inputs = random_clip(rows=2, size=(16, 16))
    specs = [
        {name: tf.TensorSpec((None, *part.shape[1:])) for name, part in parts.items()}
        for parts in inputs
    ]
    expected = draw(*inputs)
    for name, part in tf.function(draw, input_signature=specs)(*inputs).items():
        assert part.shape == expected[name].shape
        np.testing.assert_allclose(part, expected[name], atol=1e-4)


def test_it_draws_in_float32_whatever_the_policy():
    factors, observation = random_clip(size=(16, 16))
    with compat.precision("bfloat16"):
        rendered = ClipFromNeighbours()(factors, observation)
    for name, part in ClipFromNeighbours()(factors, observation).items():
        assert rendered[name].dtype == tf.float32
        np.testing.assert_array_equal(rendered[name], part)


def test_every_factor_has_a_gradient_and_points_out_of_sight_leave_it_finite():
    factors, observation = random_clip(size=(16, 16))
    factors["translation"] += tf.constant([[[0, 0, 0], [0, 0, -3.0]]])  # Behind the camera.
    with tf.GradientTape() as tape:
        tape.watch(factors)
        rendered = ClipFromNeighbours()(factors, observation)
        total = tf.reduce_sum(rendered["views"]) + tf.reduce_sum(rendered["disagreement"])
    for gradient in tape.gradient(total, factors).values():
        assert np.all(np.isfinite(gradient)) and np.any(gradient)
