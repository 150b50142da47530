"""What varies at random in training batches of poses."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from aign_tf import geometry
from aign_tf.data import pose_batches
from aign_tf.data.views import from_anywhere
from aign_tf.skeletons import SKELETONS, known_joints
from tests.data.poses.standing import H36M, body

COUNT = len(H36M.joints)
SEEDS = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))


def poses(rows=8, seed=0):
    """Bodies with joints moved by some centimetres, relative to the root."""
    moved = body() + np.random.default_rng(seed).normal(0, 0.08, (rows, COUNT, 3))
    return tf.constant(moved - moved[:, :1], tf.float32)


def observed(rows=8, seed=0, missing=0.2):
    """Joints and confidence of other people, at 2 to 8 m, beside the middle of the picture."""
    draw = np.random.default_rng(seed)
    place = np.stack([*draw.uniform(-0.5, 0.5, (2, rows)), draw.uniform(2, 8, rows)], axis=1)
    points = poses(rows, seed).numpy() + place[:, None]
    confidence = draw.random((rows, COUNT)) >= missing
    joints = points[..., :2] / points[..., 2:]
    return joints.astype(np.float32), confidence.astype(np.float32)


def bones(points, skeleton=H36M):
    parents, children = np.array(skeleton.bones).T
    return np.asarray(points)[:, children] - np.asarray(points)[:, parents]


def lengths(points):
    return np.linalg.norm(bones(points), axis=-1)


# Other bodies.


@hypothesis.given(SEEDS, st.floats(0, 0.5))
def test_another_body_keeps_directions_and_has_equal_sides(seed, amount):
    other = pose_batches.other_body(poses(), H36M, amount, seed).numpy()
    share = lengths(other) / lengths(poses())
    np.testing.assert_allclose(bones(other), share[..., None] * bones(poses()), atol=1e-5)
    assert np.abs(share - 1).max() <= amount + 1e-4
    children = [child for _, child in H36M.bones]
    mirror = [children.index(H36M.mirror[child]) for child in children]
    np.testing.assert_allclose(share, share[:, mirror], atol=1e-4)
    np.testing.assert_allclose(other[:, H36M.root], 0, atol=1e-6)


def test_bones_of_other_bodies_vary_by_the_amount_and_each_by_itself():
    one = tf.tile(poses(1), [500, 1, 1])
    share = lengths(pose_batches.other_body(one, H36M, 0.2, [1, 2])) / lengths(one)
    assert share.min() < 0.82 and share.max() > 1.18
    np.testing.assert_allclose(share.mean(axis=0), 1, atol=0.02)
    knee, elbow = (H36M.joints.index(f"left_{name}") - 1 for name in ("knee", "elbow"))
    assert abs(np.corrcoef(share[:, knee], share[:, elbow])[0, 1]) < 0.2


def test_bodies_whose_joints_come_before_their_parents():
    skeleton = SKELETONS["openpose25"]
    assert any(parent > child for parent, child in skeleton.bones)
    points = np.random.default_rng(0).normal(size=(2, len(skeleton.joints), 3)).astype(np.float32)
    other = pose_batches.other_body(tf.constant(points), skeleton, 0.3, [1, 2])
    along = np.cross(bones(points, skeleton), bones(other, skeleton))
    np.testing.assert_allclose(along, 0, atol=1e-5)


# Where people stand.


def middle_and_size(joints, confidence):
    weight = confidence[..., None] / confidence.sum(axis=1)[:, None, None]
    middle = (weight * joints).sum(axis=1)
    return middle, np.sqrt((weight * (joints - middle[:, None]) ** 2).sum(axis=(1, 2)))


def test_remembered_people_fill_the_picture_as_the_observed_ones():
    joints, confidence = observed()
    people = from_anywhere(poses(8, seed=5), (-180.0, 180.0), (0.0, 0.0), 0.0, [1, 2])
    points = people + pose_batches.placed_like(people, joints, confidence)[:, None]
    seen = (points[..., :2] / points[..., 2:]).numpy()
    middle, size = middle_and_size(seen, confidence)
    expected_middle, expected_size = middle_and_size(joints, confidence)
    assert (np.linalg.norm(middle - expected_middle, axis=1) / expected_size).max() < 0.05
    np.testing.assert_allclose(size, expected_size, rtol=0.05)


def test_placed_like_by_hand():
    pose = tf.constant([[[0.0, 0, 0], [0, 2, 1], [9, 9, 9]]])
    joints = tf.constant([[[0.5, 0.0], [0.5, 0.4], [7, 7]]])
    place = pose_batches.placed_like(pose, joints, tf.constant([[1.0, 1.0, 0.0]]))
    # The middle (0, 1, 0.5) of the pose comes to 5 m (1 m seen as 0.2) along the ray (0.5, 0.2, 1).
    np.testing.assert_allclose(place, [[2.5, 0, 4.5]], atol=1e-5)


def test_people_stand_between_one_and_fifty_metres():
    joints, confidence = observed()
    for scale, metres in ((100.0, 1.0), (1e-3, 50.0), (0.0, 50.0)):
        middle = middle_and_size(poses().numpy(), confidence)[0]
        place = pose_batches.placed_like(poses(), scale * joints, confidence) + middle
        np.testing.assert_allclose(place[:, 2], metres, rtol=1e-4)


# Detections.


def test_errors_of_detections_are_a_share_of_the_person_s_size():
    joints, confidence = observed(rows=400)
    off = pose_batches.detected(joints, confidence, 0.1, [1, 2]).numpy() - joints
    share = off / middle_and_size(joints, confidence)[1][:, None, None]
    assert share.mean() == pytest.approx(0, abs=0.005)
    # Half of the deviations are below the median; the mean square of a log-normal is e^2.
    assert np.sqrt(np.mean(share**2)) == pytest.approx(0.1 * np.e, rel=0.1)
    far_off = np.abs(share) > 0.5
    assert 0.02 < far_off.mean() < 0.06
    np.testing.assert_array_equal(pose_batches.detected(joints, confidence, 0.0, [1, 2]), joints)


@hypothesis.given(SEEDS, st.floats(0, 1))
def test_hidden_joints_were_seen_before_and_some_remain(seed, share):
    _, before = observed()
    before[0] = 0  # Nobody there.
    after = pose_batches.hidden(tf.constant(before), H36M, share, seed).numpy()
    assert set(np.unique(after)) <= {0, 1} and (after <= before).all()
    assert (after[1:].sum(axis=1) > 0).all() and after[0].sum() == 0


def test_people_are_seen_by_other_detectors():
    everything = tf.ones([4000, COUNT])
    seen = pose_batches.hidden(everything, H36M, 1.0, [1, 2]).numpy()
    known = np.mean([known_joints(other, H36M) for other in SKELETONS.values()], axis=0)
    np.testing.assert_allclose(seen.mean(axis=0), 0.9 * known, atol=0.05)
    # Who misses the spine as COCO does misses the top of the head as well, or has MPII's.
    coco = ~seen[:, H36M.joints.index("thorax")].astype(bool)
    assert seen[coco, H36M.joints.index("head_top")].mean() < 0.3


def test_a_share_of_the_people_is_affected():
    everything = tf.ones([4000, COUNT])
    seen = pose_batches.hidden(everything, H36M, 0.3, [1, 2]).numpy()
    assert 0.24 < np.mean(seen.min(axis=1) == 0) < 0.31
    np.testing.assert_array_equal(pose_batches.hidden(everything, H36M, 0.0, [1, 2]), everything)


# All together.


@pytest.mark.parametrize("variation", [0.0, 0.2])
def test_random_views_are_other_bodies_from_anywhere_where_people_stand(variation):
    joints, confidence = observed()
    views = pose_batches.RandomViews(H36M, variation, (-15.0, 30.0), 10.0, 0.0)
    pose, position = views(poses(), joints, confidence, tf.constant([1, 2]))
    np.testing.assert_array_equal(position, pose_batches.placed_like(pose, joints, confidence))
    share = lengths(pose) / lengths(poses())
    assert np.abs(share - 1).max() <= variation + 1e-4
    assert np.allclose(share, 1, atol=1e-4) == (variation == 0)
    again, _ = views(poses(), joints, confidence, tf.constant([1, 2]))
    other, _ = views(poses(), joints, confidence, tf.constant([1, 3]))
    np.testing.assert_array_equal(again, pose)
    assert np.abs(other - pose).max() > 0.1


# Limbs of others.


def local(points, joints, origin, across):
    """Where joints are from one of the body's own, as the body faces."""
    points = np.asarray(points)
    left, right = (points[:, H36M.joints.index(f"{side}_{across}")] for side in ("left", "right"))
    angle = np.arctan2((left - right)[:, 2], (left - right)[:, 0])
    offset = points[:, joints] - points[:, [H36M.joints.index(origin)]]
    x = np.cos(angle)[:, None] * offset[..., 0] + np.sin(angle)[:, None] * offset[..., 2]
    z = np.cos(angle)[:, None] * offset[..., 2] - np.sin(angle)[:, None] * offset[..., 0]
    return np.stack([x, offset[..., 1], z], axis=-1)


def turned_bodies():
    """Bodies of different poses that face different ways."""
    angle = tf.linspace(0.0, 5.0, 8)
    return geometry.rotate(poses(), geometry.rotation_about("y", angle))


@pytest.mark.parametrize(
    ("across", "end", "shift"), [("hip", "ankle", 1), ("shoulder", "wrist", 2)]
)
def test_limbs_are_those_of_another_that_faces_the_same_way(across, end, shift):
    before = turned_bodies()
    after = pose_batches.with_limbs_of_others(before, H36M, 1.0, tf.constant([3, 4]))
    for side in ("left", "right"):
        limb = [H36M.joints.index(f"{side}_{end}")]
        own, new = (local(part, limb, f"{side}_{across}", across) for part in (before, after))
        np.testing.assert_allclose(new, np.roll(own, shift, axis=0), atol=1e-5)


def test_what_is_no_limb_stays():
    before = turned_bodies()
    after = pose_batches.with_limbs_of_others(before, H36M, 1.0, tf.constant([3, 4]))
    limbs = [
        row
        for row, name in enumerate(H36M.joints)
        if name.endswith(("knee", "ankle", "elbow", "wrist"))
    ]
    rest = np.setdiff1d(np.arange(COUNT), limbs)
    np.testing.assert_array_equal(np.asarray(after)[:, rest], np.asarray(before)[:, rest])
    assert np.all(np.abs(np.asarray(after - before)[:, limbs]).max(axis=2) > 0)


def test_a_share_of_the_bodies_gets_other_limbs():
    before = poses(400)
    after = pose_batches.with_limbs_of_others(before, H36M, 0.3, tf.constant([3, 4]))
    changed = np.abs(np.asarray(after - before)).max(axis=2) > 0
    for joint in ("left_knee", "right_wrist"):
        assert 0.2 < changed[:, H36M.joints.index(joint)].mean() < 0.4
