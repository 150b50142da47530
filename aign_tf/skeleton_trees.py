"""The trees of joints behind `skeletons.SKELETONS`: each joint with its parent, "" for the root."""

from __future__ import annotations


def _chain(start: str, *joints: str) -> dict[str, str]:
    """Each joint hangs on the one before it, the first one on `start`."""
    return dict(zip(joints, (start, *joints)))


def _leg(side: str, start: str) -> dict[str, str]:
    return _chain(start, f"{side}_hip", f"{side}_knee", f"{side}_ankle")


def _arm(side: str, start: str) -> dict[str, str]:
    return _chain(start, f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")


# Human3.6M calls the ankles feet. Its thorax is the base of the neck, some 5 cm above the middle of
# the shoulders, and its neck_nose about the jaw.
_H36M17 = {
    "hip": "",
    **_leg("right", "hip"),
    **_leg("left", "hip"),
    **_chain("hip", "spine", "thorax", "neck_nose", "head_top"),
    **_arm("left", "thorax"),
    **_arm("right", "thorax"),
}


def _h36m32_leg(side: str) -> dict[str, str]:
    toes = _chain(f"{side}_ankle", f"{side}_spare_toe", f"{side}_spare_toe_end")
    return {**_leg(side, "hip"), **toes}


def _h36m32_arm(side: str) -> dict[str, str]:
    spare = f"{side}_spare"
    return {
        f"{spare}_collar": "spine",
        **_arm(side, f"{spare}_collar"),
        **_chain(f"{side}_wrist", f"{spare}_thumb", f"{spare}_thumb_end"),
        **_chain(f"{side}_wrist", f"{spare}_hand", f"{spare}_hand_end"),
    }


# Joints that do not move, repeat another one or were never captured are "spare": no other skeleton
# has these names, so nothing is mapped onto them.
_H36M32 = {
    "hip": "",
    **_h36m32_leg("right"),
    **_h36m32_leg("left"),
    **_chain("hip", "spare_spine", "spine", "thorax", "neck_nose", "head_top"),
    **_h36m32_arm("left"),
    **_h36m32_arm("right"),
}

_COCO17 = {
    "nose": "",
    "left_eye": "nose",
    "right_eye": "nose",
    "left_ear": "left_eye",
    "right_ear": "right_eye",
    "left_shoulder": "nose",
    "right_shoulder": "nose",
    "left_elbow": "left_shoulder",
    "right_elbow": "right_shoulder",
    "left_wrist": "left_elbow",
    "right_wrist": "right_elbow",
    "left_hip": "left_shoulder",
    "right_hip": "right_shoulder",
    "left_knee": "left_hip",
    "right_knee": "right_hip",
    "left_ankle": "left_knee",
    "right_ankle": "right_knee",
}

# BODY_25. What OpenPose calls neck is the middle of the shoulders; nothing is above the eyes.
_OPENPOSE25 = {
    "nose": "mid_shoulders",
    "mid_shoulders": "hip",
    **_arm("right", "mid_shoulders"),
    **_arm("left", "mid_shoulders"),
    "hip": "",
    **_leg("right", "hip"),
    **_leg("left", "hip"),
    "right_eye": "nose",
    "left_eye": "nose",
    "right_ear": "right_eye",
    "left_ear": "left_eye",
    "left_big_toe": "left_ankle",
    "left_small_toe": "left_ankle",
    "left_heel": "left_ankle",
    "right_big_toe": "right_ankle",
    "right_small_toe": "right_ankle",
    "right_heel": "right_ankle",
}


def _sixteen(trunk: dict[str, str], chest: str) -> dict[str, str]:
    """Stacked Hourglass' order: right leg, left leg, `trunk`, right arm, left arm."""
    return {
        **dict(reversed(_leg("right", "hip").items())),
        **_leg("left", "hip"),
        **trunk,
        **dict(reversed(_arm("right", chest).items())),
        **_arm("left", chest),
    }


# What MPII calls thorax is the middle of the shoulders; its "upper neck" lies a few centimetres
# higher, where Human3.6M has the thorax.
_MPII16 = _sixteen(
    {"hip": "", **_chain("hip", "mid_shoulders", "thorax", "head_top")}, "mid_shoulders"
)

# Networks that were trained on MPII and fine-tuned on Human3.6M keep the order of MPII, but put
# Human3.6M's joints into it ("SH_NAMES" of 3d-pose-baseline).
_HOURGLASS16 = _sixteen({"hip": "", **_chain("hip", "spine", "thorax", "head_top")}, "thorax")


def _bvh_arm(side: str) -> dict[str, str]:
    fingers = {}
    for finger in ("thumb", "index", "middle", "ring", "pinky"):
        fingers.update(_chain(f"{side}_wrist", f"{side}_{finger}_1", f"{side}_{finger}_2"))
    return {f"{side}_collar": "chest", **_arm(side, f"{side}_collar"), **fingers}


def _bvh_leg(side: str) -> dict[str, str]:
    return {f"{side}_buttock": "pelvis", **_leg(side, f"{side}_buttock")}


# The CMU motions as BVH files for Daz name them, in the order of their ROOT and JOINT lines:
# "hip" is a point 3 cm below the middle of the hip joints (pelvis), "neck" the base of the neck
# (thorax), "head" the base of the skull (skull_base).
_CMU_BVH = {
    "pelvis": "",
    **_chain("pelvis", "abdomen", "chest", "thorax", "skull_base"),
    "left_eye": "skull_base",
    "right_eye": "skull_base",
    **_bvh_arm("right"),
    **_bvh_arm("left"),
    **_bvh_leg("right"),
    **_bvh_leg("left"),
}

# Of trees with as many joints, the one that an array of numbers is taken for comes first.
TREES = {
    "h36m17": _H36M17,
    "h36m32": _H36M32,
    "coco17": _COCO17,
    "openpose25": _OPENPOSE25,
    "mpii16": _MPII16,
    "cmu_bvh": _CMU_BVH,
    "hourglass16": _HOURGLASS16,
}
