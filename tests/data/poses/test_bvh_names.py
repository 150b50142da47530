import pytest

from aign_tf.data.poses.bvh_names import recognise
from aign_tf.skeletons import SKELETONS, joint_map

# Part of the body, then the same joint as several programs call it.
TABLE = """
pelvis        hip      mixamorig:Hips        Hips        Bip01_Pelvis     Hips         pelvis
thorax        neck     mixamorig:Neck        Neck        Bip01_Neck       Neck         neck
skull_base    head     mixamorig:Head        Head        Bip01_Head       Head         head
left_hip      lThigh   mixamorig:LeftUpLeg   LeftUpLeg   Bip01_L_Thigh    LeftHip      thigh.L
left_knee     lShin    mixamorig:LeftLeg     LeftLeg     Bip01_L_Calf     LeftKnee     shin.L
left_ankle    lFoot    mixamorig:LeftFoot    LeftFoot    Bip01_L_Foot     LeftAnkle    foot.L
left_shoulder lShldr   mixamorig:LeftArm     LeftArm     Bip01_L_UpperArm LeftShoulder upper_arm.L
left_elbow    lForeArm mixamorig:LeftForeArm LeftForeArm Bip01_L_Forearm  LeftElbow    forearm.L
left_wrist    lHand    mixamorig:LeftHand    LeftHand    Bip01_L_Hand     LeftWrist    hand.L
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
RIGHT = (("left", "right"), ("Left", "Right"), ("_L_", "_R_"), (".L", ".R"))
# In these the shoulder's name belongs to the collar bone; heads end in different ways.
OTHERS = [
    ["lCollar", "rCollar", "lButtock", "leftEye", "rightEye", "rFoot_end"],
    ["mixamorig:LeftShoulder", "mixamorig:RightShoulder", "mixamorig:HeadTop_End"],
    ["LHipJoint", "RHipJoint", "LowerBack", "LeftShoulder", "RightShoulder", "Neck1", "Head_end"],
    ["Bip01", "Bip01_L_Clavicle", "Bip01_R_Clavicle", "Bip01_HeadNub", "Bip01_L_Toe0"],
    ["LeftCollar", "RightCollar", "LeftToe", "RightToe", "Head_end"],
    ["shoulder.L", "shoulder.R", "toe.L", "toe.R", "head_end"],
]


def _right(name):
    for left, right in RIGHT:
        name = name.replace(left, right)
    return f"r{name[1:]}" if name[0] == "l" and name[1].isupper() else name


@pytest.mark.parametrize("column", range(6))
def test_common_names_are_recognised(column):
    left = {row[column + 1]: row[0] for row in ROWS}
    named = left | {_right(joint): _right(part) for joint, part in left.items()}
    joints = (*OTHERS[column], *named)
    found, rows = recognise(joints)
    parts = dict(zip((joints[row] for row in rows), found.joints))
    assert {joint: parts.get(joint) for joint in named} == named
    assert joint_map(found, SKELETONS["h36m17"]).shape == (17, len(rows))


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_own_names_mean_themselves(skeleton):
    joints = ("hip_to_spine", *reversed(skeleton.joints))
    found, rows = recognise(joints)
    assert set(skeleton.joints) >= set(found.joints)
    assert [joints[row] for row in rows] == list(found.joints)


def test_case_and_separators_do_not_matter():
    found, rows = recognise(("HIPS", "l-up leg", "LEFT_UP_LEG_end", "Head End"))
    assert dict(zip(found.joints, rows)) == {"pelvis": 0, "left_hip": 1, "head_top": 3}


def test_what_is_not_known_is_left_out():
    found, rows = recognise(("tail", "leg", "eft", "hand"))
    assert found.joints == ()
    assert rows == []
