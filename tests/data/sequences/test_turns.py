"""A turned camera sees the same world."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.clips import NO_READING
from aign_tf.data.sequences.turns import turned

HEIGHT, WIDTH = 24, 32
SEED = tf.constant([3, 4])
FOCAL, CENTRE = np.float32([[30.0, 31.0]] * 4), np.float32([[15.0, 12.0]] * 4)
PIXELS = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), -1).astype(np.float32)


def clips(**parts):
    return {"focal": tf.constant(FOCAL), "principal_point": tf.constant(CENTRE)} | {
        name: tf.constant(part, tf.float32) for name, part in parts.items()
    }


def pictures(image):
    """`[4, 2, H, W, C]`, the same everywhere."""
    return np.broadcast_to(image, (4, 2, *image.shape))


def angles(degrees, seed=SEED):
    """Of the turns that a seed means, as its docstring has no other way to say them."""
    motion = np.eye(3, dtype=np.float32)[:2]
    moved = turned(clips(frames=pictures(PIXELS), translation=[motion] * 4), degrees, seed)
    first, second = np.moveaxis(moved["translation"].numpy(), 1, 0)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def rays(focal):
    ones = np.ones((*PIXELS.shape[:2], 1))
    return np.concatenate([(PIXELS - CENTRE[0]) / focal, ones], axis=-1)


def test_nothing_changes_without_a_turn():
    given_clips = clips(frames=pictures(PIXELS))
    assert turned(given_clips, 0.0, SEED) is given_clips


def test_a_plane_is_where_it_was():
    normal, distance = np.array([0.2, -0.3, 1.0]), 4.0
    depth = distance / (rays(FOCAL[0]) @ normal)
    found = turned(clips(log_depth=pictures(np.log(depth)[..., None])), 8.0, SEED)
    for clip, now_from_before in enumerate(angles(8.0)):
        there = rays(found["focal"][clip].numpy()) @ (now_from_before @ normal)
        # Read at the nearest pixel, at most 0.7 of a pixel off.
        expected = np.broadcast_to(np.log(distance / there), (2, HEIGHT, WIDTH))
        np.testing.assert_allclose(found["log_depth"][clip, ..., 0], expected, atol=0.02)


def test_pictures_show_what_is_in_each_direction():
    found = turned(clips(frames=pictures(PIXELS)), 8.0, SEED)
    for clip, now_from_before in enumerate(angles(8.0)):
        before = rays(found["focal"][clip].numpy()) @ now_from_before
        places = CENTRE[0] + FOCAL[0] * before[..., :2] / before[..., 2:]
        for frame in found["frames"][clip]:
            np.testing.assert_allclose(frame, places, atol=1e-3)
        # The lens is the shortest that sees nothing new: some corner is at the border.
        last = np.array([WIDTH - 1, HEIGHT - 1])
        assert places.min() > -0.5 and (places < last + 0.5).all()
        assert min(places.min(), (last - places).min()) < 0.5
        ratio = found["focal"][clip].numpy() / FOCAL[0]
        assert ratio[0] == pytest.approx(ratio[1]) and ratio[0] > 1.0


def test_points_move_as_they_did():
    rotation = np.float32([[[0.1, -0.2, 0.05]]] * 4)
    translation = np.float32([[[0.3, 0.1, -0.2]]] * 4)
    given_clips = clips(frames=pictures(PIXELS), rotation=rotation, translation=translation)
    found = turned(given_clips, 8.0, SEED)
    point = np.array([0.5, -0.4, 3.0])
    moved = Rotation.from_rotvec(rotation[0, 0]).apply(point) + translation[0, 0]
    for clip, now_from_before in enumerate(angles(8.0)):
        turn = Rotation.from_rotvec(found["rotation"][clip, 0].numpy())
        now = turn.apply(now_from_before @ point) + found["translation"][clip, 0].numpy()
        np.testing.assert_allclose(now, now_from_before @ moved, atol=1e-5)


def test_what_is_not_known_stays_unknown():
    log_depth = np.where(PIXELS[..., :1] < 16, 1.0, NO_READING)
    motion = np.full((4, 1, 3), np.nan)
    found = turned(clips(log_depth=pictures(log_depth), rotation=motion), 5.0, SEED)
    read = found["log_depth"].numpy()
    assert ((read == NO_READING) | (np.abs(read - 1.0) < 0.1)).all()
    assert 0.2 < np.mean(read == NO_READING) < 0.8
    assert np.isnan(found["rotation"]).all()


def test_a_lens_that_looks_past_its_picture_leaves_nothing_infinite():
    given_clips = clips(frames=pictures(PIXELS))
    given_clips["principal_point"] = tf.constant([[-3.0, 12.0], [15.0, 40.0], [31, 23], [0, 0]])
    found = turned(given_clips, 5.0, SEED)
    assert all(np.isfinite(part).all() for part in found.values())
    assert (found["focal"] >= FOCAL).numpy().all()


@settings(deadline=None, max_examples=20)
@given(st.floats(0.5, 12.0), st.integers(0, 2**16))
def test_turns_are_rotations_of_at_most_so_many_degrees(degrees, seed):
    turns = angles(degrees, tf.constant([seed, 1]))
    for turn in turns:
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-5)
        vector = Rotation.from_matrix(turn).as_rotvec(degrees=True)
        assert (np.abs(vector) <= degrees * 1.001 + 0.05).all()
    assert len({turn.tobytes() for turn in turns}) == 4
