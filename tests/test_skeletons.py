import pathlib
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS, Skeleton, convert, joint_map, named

BVH = pathlib.Path(__file__).parents[1] / "../shared/data/cmu_mocap/bvh/salsa_10.bvh"
H36M = SKELETONS["h36m17"]
COUNTS = {
    "h36m17": 17,
    "h36m32": 32,
    "coco17": 17,
    "openpose25": 25,
    "mpii16": 16,
    "cmu_bvh": 43,
    "hourglass16": 16,
}


def _at(skeleton, **places):
    """Joints `[J, 3]`, NaN but for the named ones."""
    joints = np.full((len(skeleton.joints), 3), np.nan)
    for joint, place in places.items():
        joints[skeleton.joints.index(joint)] = place
    return joints


@pytest.mark.parametrize("name", SKELETONS)
def test_skeletons_are_trees_with_two_equal_sides(name):
    skeleton = named(name)
    count = COUNTS[name]
    assert skeleton.name == name
    assert len(skeleton.joints) == len(set(skeleton.joints)) == len(skeleton.parents) == count
    assert len(skeleton.bones) == count - 1
    for joint in range(count):
        steps = 0
        while joint != skeleton.root:
            joint, steps = skeleton.parents[joint], steps + 1
            assert 0 <= joint < count and steps < count
    mirror = np.array(skeleton.mirror)
    np.testing.assert_array_equal(mirror[mirror], np.arange(count))
    assert all(
        ("left" in j) == ("right" in skeleton.joints[m]) for j, m in zip(skeleton.joints, mirror)
    )
    mirrored = {(mirror[parent], mirror[child]) for parent, child in skeleton.bones}
    assert mirrored == set(skeleton.bones)


def test_human36m_has_its_published_order():
    assert H36M.parents == (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
    assert H36M.root == 0
    assert H36M.bones[:4] == ((0, 1), (1, 2), (2, 3), (0, 4))
    assert H36M.mirror == (0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13)
    columns = joint_map(SKELETONS["h36m32"], H36M).argmax(1)
    expected = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
    np.testing.assert_array_equal(columns, expected)
    np.testing.assert_array_equal(joint_map(SKELETONS["h36m32"], H36M).sum(0)[columns], 1)


@pytest.mark.parametrize(
    "name, joint, index",
    [
        ("coco17", "left_shoulder", 5),
        ("coco17", "right_wrist", 10),
        ("coco17", "left_ankle", 15),
        ("openpose25", "mid_shoulders", 1),
        ("openpose25", "right_shoulder", 2),
        ("openpose25", "left_wrist", 7),
        ("openpose25", "hip", 8),
        ("openpose25", "left_ankle", 14),
        ("openpose25", "left_ear", 18),
        ("openpose25", "right_heel", 24),
        ("mpii16", "right_ankle", 0),
        ("mpii16", "left_hip", 3),
        ("mpii16", "mid_shoulders", 7),
        ("mpii16", "thorax", 8),
        ("mpii16", "head_top", 9),
        ("mpii16", "right_wrist", 10),
        ("mpii16", "left_wrist", 15),
        ("hourglass16", "spine", 7),
        ("hourglass16", "thorax", 8),
        ("cmu_bvh", "thorax", 3),
        ("cmu_bvh", "left_ankle", 42),
    ],
)
def test_joints_stand_where_the_formats_put_them(name, joint, index):
    assert named(name).joints.index(joint) == index


def test_unknown_name():
    with pytest.raises(UserError, match=r"^no skeleton 'h36m': use one of h36m17, h36m32, coco17,"):
        named("h36m")


@pytest.mark.parametrize("name", SKELETONS)
def test_a_skeleton_maps_onto_itself_unchanged(name):
    np.testing.assert_array_equal(joint_map(named(name), named(name)), np.eye(COUNTS[name]))


@pytest.mark.parametrize("target", SKELETONS)
@pytest.mark.parametrize("source", SKELETONS)
def test_maps_keep_translations_and_sides(source, target):
    source, target = named(source), named(target)
    weights = joint_map(source, target, partial=True)
    assert weights.dtype == np.float32
    assert weights.shape == (len(target.joints), len(source.joints))
    made = weights.any(1)
    np.testing.assert_allclose(weights.sum(1), made, atol=1e-6)
    mirrored = weights[list(target.mirror)][:, list(source.mirror)]
    np.testing.assert_allclose(mirrored, weights, atol=1e-7)


def test_missing_joints_are_named():
    with pytest.raises(
        UserError, match=r"^skeleton h36m17 cannot be made from openpose25: it lacks head_top$"
    ):
        joint_map(SKELETONS["openpose25"], H36M)
    message = "openpose25 cannot be made from h36m17: it lacks nose, right_eye, left_eye, right_ear"
    with pytest.raises(UserError, match=message):
        joint_map(H36M, SKELETONS["openpose25"])
    weights = joint_map(SKELETONS["openpose25"], H36M, partial=True)
    assert np.flatnonzero(~weights.any(1)).tolist() == [H36M.joints.index("head_top")]


def test_trunk_of_mpii_is_filled_in():
    mpii = SKELETONS["mpii16"]
    joints = np.zeros((16, 2))
    joints[[6, 7, 8, 9], 1] = [0, -44, -50, -74]
    made = dict(zip(H36M.joints, convert(joints, None, mpii, H36M)[0][:, 1]))
    assert [made[j] for j in ("hip", "spine", "thorax", "head_top")] == [0, -25, -50, -74]
    assert made["neck_nose"] == -62


def test_spare_joints_of_human36m_come_from_nowhere():
    weights = joint_map(H36M, SKELETONS["h36m32"], partial=True)
    spare = np.array(["spare" in joint for joint in SKELETONS["h36m32"].joints])
    np.testing.assert_array_equal(weights.any(1), ~spare)


def test_trunk_of_coco_is_made_of_hips_and_shoulders():
    coco = SKELETONS["coco17"]
    joints = _at(
        coco,
        left_hip=[1, 0, 0],
        right_hip=[-1, 0, 2],
        left_shoulder=[2, -4, 0],
        right_shoulder=[-2, -6, 0],
        nose=[0, -7, 1],
    )
    confidence = np.where(np.isnan(joints[:, 0]), 0, 0.9)
    confidence[coco.joints.index("left_hip")] = 0.3
    made, seen = convert(joints, confidence, coco, H36M, partial=True)
    for joint, place, expected in [
        ("hip", [0, 0, 1], 0.3),
        ("thorax", [0, -5, 0], 0.9),
        ("spine", [0, -2.5, 0.5], 0.3),
        ("neck_nose", [0, -7, 1], 0.9),
        ("head_top", [0, 0, 0], 0),
        ("left_knee", [0, 0, 0], 0),
    ]:
        index = H36M.joints.index(joint)
        np.testing.assert_allclose(made[index], place, atol=1e-6)
        assert seen[index] == np.float32(expected)
    assert made.dtype == seen.dtype == np.float32


def test_a_made_joint_misses_when_one_of_its_sources_does():
    coco = SKELETONS["coco17"]
    joints = np.ones((2, 3, 17, 2))
    confidence = np.ones((2, 3, 17))
    confidence[1, 2, coco.joints.index("left_hip")] = 0
    made, seen = convert(joints, confidence, coco, H36M, partial=True)
    lost = [H36M.joints.index(joint) for joint in ("hip", "left_hip", "spine")]
    assert made.shape == (2, 3, 17, 2) and seen.shape == (2, 3, 17)
    assert not seen[1, 2, lost].any() and not made[1, 2, lost].any()
    assert seen[0, :, lost].all() and made[0, :, lost].all()


def test_without_confidence_every_joint_is_there():
    _, seen = convert(np.zeros((5, 16, 2)), None, SKELETONS["mpii16"], H36M)
    np.testing.assert_array_equal(seen, np.ones((5, 17)))
    _, seen = convert(np.zeros((5, 25, 2)), None, SKELETONS["openpose25"], H36M, partial=True)
    assert seen.sum() == 5 * 16


@given(st.permutations(range(17)), st.integers(0, 2**32 - 1))
def test_renumbered_joints_are_found_by_name(order, seed):
    shuffled = Skeleton("shuffled", tuple(H36M.joints[i] for i in order), (-1,) * 17)
    joints = np.random.default_rng(seed).normal(size=(4, 17, 3)).astype(np.float32)
    made, _ = convert(joints[:, list(order)], None, shuffled, H36M)
    np.testing.assert_array_equal(made, joints)


def test_rest_pose_of_a_bvh_file_has_human_proportions():
    if not BVH.exists():
        pytest.skip("no motion files")
    skeleton = SKELETONS["cmu_bvh"]
    header = BVH.read_text().split("MOTION")[0]
    header = re.sub(r"End Site\s*{[^}]*}", "", header)
    offsets = np.array([line.split() for line in re.findall(r"OFFSET (.*)", header)], float)
    assert len(offsets) == len(skeleton.joints)
    places = np.zeros_like(offsets)
    for child, parent in enumerate(skeleton.parents):
        places[child] = offsets[child] + (places[parent] if parent >= 0 else 0)
    pose = dict(zip(H36M.joints, convert(places, None, skeleton, H36M)[0]))
    np.testing.assert_allclose(pose["right_hip"] + pose["left_hip"], 2 * pose["hip"], atol=1e-4)
    assert pose["left_wrist"][0] > 60 > -60 > pose["right_wrist"][0]
    heights = [pose[joint][1] for joint in ("spine", "thorax", "neck_nose", "head_top")]
    np.testing.assert_allclose(np.diff(heights), [28, 12.4, 11.5], atol=1)
    assert np.linalg.norm(pose["thorax"] - pose["head_top"]) == pytest.approx(24, abs=2)


def test_parents_of_the_bvh_skeleton_are_those_of_the_file():
    if not BVH.exists():
        pytest.skip("no motion files")
    parents, stack = [], []
    for word in re.findall(r"JOINT|ROOT|End Site|}", BVH.read_text().split("MOTION")[0]):
        if word == "}":
            stack.pop()
        elif word == "End Site":
            stack.append(-1)
        else:
            parents.append(stack[-1] if stack else -1)
            stack.append(len(parents) - 1)
    assert tuple(parents) == SKELETONS["cmu_bvh"].parents
