"""What the joints of BVH files are called, and which part of the body that is.

BVH has no standard names. Those of Daz and Poser, MotionBuilder and Mixamo, Biped, Xsens, Blender's
Rigify and the ASF files of CMU are known, whatever their case, separators and name space.
"""

from __future__ import annotations

import re

from aign_tf.skeletons import SKELETONS, Skeleton

# Part of the body, as in `SKELETONS` -> spellings; where a file has several, the first one is
# meant. A joint is where its bone begins: an upper arm is the shoulder, a "LeftLeg" the knee.
_MIDDLE = {
    "pelvis": ("hips", "hip", "pelvis", "root"),
    "abdomen": ("abdomen",),
    "chest": ("chest",),
    "spine": ("spine1", "spine"),
    "thorax": ("lowerneck", "neck", "thorax"),
    "skull_base": ("head", "upperneck", "skullbase"),
    "head_top": ("headtop", "headtopend", "headnub", "headend"),
}
_SIDED = {
    "eye": ("eye",),
    "hip": ("thigh", "upleg", "upperleg", "femur", "hip"),
    "knee": ("knee", "shin", "calf", "tibia", "lowerleg", "leg"),
    "ankle": ("ankle", "foot"),
    "shoulder": ("upperarm", "uparm", "shldr", "humerus", "arm", "shoulder"),
    "elbow": ("elbow", "forearm", "lowerarm", "radius"),
    "wrist": ("wrist", "hand"),
}
_SPELLINGS = {
    **_MIDDLE,
    **{
        f"{side}_{part}": tuple(
            name
            for spelling in spellings
            for mark in (side, side[0])
            for name in (mark + spelling, spelling + mark)
        )
        for side in ("left", "right")
        for part, spellings in _SIDED.items()
    },
}
_RIG = re.compile(r"^(mixamorig\d*|bip0*\d)")


def recognise(joints: tuple[str, ...]) -> tuple[Skeleton, list[int]]:
    """The parts of the body among the joints of a file.

    Args:
      joints: names as in the file, the end site of `NAME` being `NAME_end`.

    Returns:
      A skeleton of the parts that were recognised, without bones, and the index of each of them in
      `joints`. If all joints of one in `SKELETONS` are there under its own names, they are taken.
    """
    for skeleton in SKELETONS.values():
        if set(skeleton.joints) <= set(joints):
            found = {joint: joints.index(joint) for joint in skeleton.joints}
            break
    else:
        plain = [_plain(joint) for joint in joints]
        found = {
            part: next(plain.index(spelling) for spelling in spellings if spelling in plain)
            for part, spellings in _SPELLINGS.items()
            if not set(spellings).isdisjoint(plain)
        }
    return Skeleton("the joints of the file", tuple(found), (-1,) * len(found)), list(
        found.values()
    )


def _plain(joint: str) -> str:
    """Letters and digits in lower case, without name space and name of the rig."""
    letters = re.sub(r"[^a-z0-9]", "", joint.split(":")[-1].lower())
    return _RIG.sub("", letters)
