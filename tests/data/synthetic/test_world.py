import cv2
import numpy as np
import pytest

from aign_tf.data.synthetic import world
from aign_tf.errors import UserError

H, W = 96, 128
LENGTH = 8


@pytest.fixture(scope="module", params=world.KINDS)
def recordings(request):
    return [world.world_sequence(seed, request.param, LENGTH, H, W) for seed in range(3)]


def motions(sequence):
    """this_from_next, metres and degrees: `[N - 1, 4, 4]`, `[N - 1]`, `[N - 1]`."""
    motion = np.linalg.inv(sequence.poses[:-1]) @ sequence.poses[1:]
    cosine = (np.trace(motion[:, :3, :3], axis1=1, axis2=2) - 1) / 2
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return motion, np.linalg.norm(motion[:, :3, 3], axis=1), angle


def warped(sequence, this, other):
    """Frame `other` as seen from `this`, and where its points are seen by both."""
    x = (np.arange(W) - sequence.principal_point[0]) / sequence.focal[0]
    y = (np.arange(H) - sequence.principal_point[1]) / sequence.focal[1]
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), axis=-1)
    motion = np.linalg.inv(sequence.poses[other]) @ sequence.poses[this]
    depth = sequence.depth[this]
    points = rays * depth[..., None] @ motion[:3, :3].T + motion[:3, 3]
    pixels = points[..., :2] / points[..., 2:] * sequence.focal + sequence.principal_point
    pixels = pixels.astype(np.float32)
    frame = sequence.frames[other].astype(np.float32)
    picture = cv2.remap(frame, pixels[..., 0], pixels[..., 1], cv2.INTER_LINEAR)
    there = cv2.remap(sequence.depth[other], pixels[..., 0], pixels[..., 1], cv2.INTER_NEAREST)
    inside = ((pixels >= 0) & (pixels <= (W - 1, H - 1))).all(axis=-1)
    unhidden = np.abs(there - points[..., 2]) < 0.03 * points[..., 2]
    return picture, inside & unhidden & (depth > 0)


def assert_same(a, b):
    assert a.name == b.name
    for field in ("frames", "focal", "principal_point", "depth", "poses"):
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field))


def test_shapes_types_and_names(recordings):
    for sequence in recordings:
        assert sequence.name in ("room_000", "street_000")
        assert sequence.frames.shape == (LENGTH, H, W, 3) and sequence.frames.dtype == np.uint8
        assert sequence.depth.shape == (LENGTH, H, W) and sequence.depth.dtype == np.float32
        assert sequence.poses.shape == (LENGTH, 4, 4) and sequence.poses.dtype == np.float64
        assert sequence.focal.dtype == sequence.principal_point.dtype == np.float32


def test_true_depth_and_motion_explain_the_next_frame(recordings):
    with_warp, without = [], []
    for sequence in recordings:
        for this in range(0, LENGTH - 1, 2):
            picture, seen = warped(sequence, this, this + 1)
            frame = sequence.frames[this].astype(np.float32)
            assert seen[sequence.depth[this] > 0].mean() > 0.5
            with_warp.append(np.abs(picture - frame)[seen].mean())
            without.append(np.abs(sequence.frames[this + 1] - frame)[seen].mean())
    assert np.mean(without) > 3 * np.mean(with_warp)
    assert np.mean(with_warp) < 4  # grey levels


def test_poses_are_rigid_and_move_as_people_and_cars_do(recordings):
    for sequence in recordings:
        turn = sequence.poses[:, :3, :3]
        np.testing.assert_allclose(
            turn @ turn.transpose(0, 2, 1), np.tile(np.eye(3), (LENGTH, 1, 1)), atol=1e-12
        )
        np.testing.assert_allclose(np.linalg.det(turn), 1)
        np.testing.assert_array_equal(sequence.poses[:, 3], np.tile([0, 0, 0, 1], (LENGTH, 1)))
        motion, metres, degrees = motions(sequence)
        pitch, height = np.degrees(np.arcsin(-turn[:, 1, 2])), -sequence.poses[:, 1, 3]
        assert np.abs(pitch).max() < 15 and height.min() > 1.2 and height.max() < 1.7
        if sequence.name == "street_000":
            assert metres.min() > 0.19 and metres.max() < 0.61 and degrees.max() < 1.5
            assert (motion[:, 2, 3] > 0.95 * metres).all()
        else:
            assert metres.min() > 0.029 and metres.max() < 0.125 and degrees.max() < 4


def test_depth_is_sane_and_only_streets_have_a_sky(recordings):
    for sequence in recordings:
        seen = sequence.depth > 0
        assert sequence.depth[seen].min() > 0.2  # the camera is never in things
        if sequence.name == "street_000":
            assert 0.02 < 1 - seen.mean() < 0.3
            assert 40 < sequence.depth.max() < 150
            inner = cv2.erode((~seen[0]).astype(np.uint8), np.ones((3, 3))) > 0
            sky = sequence.frames[0][inner]
            assert (sky[:, 2].astype(int) > sky[:, 0]).all()
        else:
            assert seen.all() and 1 < np.median(sequence.depth) < 6
            assert sequence.depth.max() < np.hypot(8, 8)


def test_pictures_are_textured_nearly_everywhere(recordings):
    for sequence in recordings:
        grey = cv2.cvtColor(sequence.frames[0], cv2.COLOR_RGB2GRAY).astype(np.float32)
        slope = np.maximum(np.abs(np.diff(grey, axis=0))[:, 1:], np.abs(np.diff(grey, axis=1))[1:])
        assert (slope[sequence.depth[0, 1:, 1:] > 0] > 2).mean() > 0.6
        assert 20 < grey.std() < 90 and 50 < grey.mean() < 190


def test_the_camera_is_much_the_same_all_over_a_world():
    made = world.world_sequences(5, 3, 1, 24, 32, streets=0.4)
    angles = [2 * np.degrees(np.arctan(16 / s.focal[0])) for s in made]
    assert min(angles) > 59 and max(angles) < 66 and 0 < np.ptp(angles) < 3
    for sequence in made:
        assert sequence.focal[1] == pytest.approx(sequence.focal[0], rel=0.01)
        np.testing.assert_allclose(sequence.principal_point, (15.5, 11.5), atol=0.4)


def test_recordings_depend_on_the_seed_and_their_number_alone(monkeypatch):
    made = world.world_sequences(3, 3, 2, 24, 32, streets=0.4)
    assert [s.name for s in made] == ["room_000", "room_001", "street_002"]
    monkeypatch.setattr(world.os, "cpu_count", lambda: 1)
    for a, b in zip(made, world.world_sequences(3, 2, 2, 24, 32, streets=0.4)):
        assert_same(a, b)
    assert_same(made[2], world.world_sequence(3, "street", 2, 24, 32, 2))
    other = world.world_sequence(4, "room", 2, 24, 32, 0)
    assert (other.frames != made[0].frames).mean() > 0.5
    assert (made[0].frames != made[1].frames).mean() > 0.5


@pytest.mark.parametrize(("streets", "count"), [(0.0, 0), (0.25, 2), (1.0, 8)])
def test_the_share_of_streets_is_kept(monkeypatch, streets, count):
    monkeypatch.setattr(world, "world_sequence", lambda seed, kind, *rest: kind)
    assert world.world_sequences(0, 8, 2, 24, 32, streets).count("street") == count


@pytest.mark.parametrize("kind", world.KINDS)
def test_one_frame_and_other_sizes_will_do(kind):
    sequence = world.world_sequence(1, kind, 1, 20, 70)
    assert sequence.frames.shape == (1, 20, 70, 3) and len(sequence) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, "forest", 4, 96, 128), "procedural recording of 'forest': use one of room, street"),
        ((-1, "room", 4, 96, 128), "procedural recording of seed -1: use 0 or more"),
        ((0, "room", 0, 96, 128), "procedural recording of length 0: use 1 or more"),
        ((0, "room", 4, 8, 128), "procedural recording of height 8: use 16 or more"),
        ((0, "room", 4, 96, 0), "procedural recording of width 0: use 16 or more"),
    ],
)
def test_what_cannot_be_made_is_refused(arguments, message):
    with pytest.raises(UserError) as error:
        world.world_sequence(*arguments)
    assert str(error.value) == message


def test_a_share_of_streets_above_one_is_refused():
    with pytest.raises(UserError, match="share 2 of streets: use 0 to 1"):
        world.world_sequences(0, 1, 2, 24, 32, streets=2)
