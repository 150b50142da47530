"""What a model card says of faces with a biased memory: how many, how judged, and not for what."""

from __future__ import annotations

import numpy as np

from aign_tf.data.face_roles import FaceRoles
from aign_tf.data.splits import SPLITS

MEANINGS = {
    "kid": (
        "Kernel Inception Distance to faces of the memory, on the features named below; may be "
        "negative, lower is better"
    ),
    "kid_deviation": "standard deviation of `kid` between subsets of the faces",
    "bias_rate": (
        "share of the faces that a network, trained on real ones, takes for the memory's; no "
        "better than the accuracy of that network"
    ),
}

LIMITS = (
    "**It is biased on purpose.** What it invents has the looks of the faces in its memory, not "
    "those of the person in the picture, whoever that is.",
    "**Invented details are no evidence of what was there.** Not for identification, verification, "
    "investigation, medical findings, or any decision about a person.",
    "Say of every picture that a network made up a part of it. Do not use it to deceive, or on "
    "people who would not agree.",
    "It works only for faces that are cropped and aligned like the training data. Others give a "
    "picture as well, without a warning; no output says how sure it is.",
    "Where few people were observed or remembered, or hardly any of some group, it does worse for "
    "all others: age, skin, glasses, light, cameras. Scores differ between groups, and an average "
    "hides that.",
)


def census(roles: FaceRoles) -> dict[str, int]:
    """Group -> how many pictures it has, and how many people at most.

    Where a memory is of its own folder, nobody can tell which of the observed look like it.
    """
    counts = {}
    for split in SPLITS:
        rows = roles.observed.split == split
        counts[f"pictures observed, {split}"] = int(rows.sum())
        if roles.matches.any():
            matching = int(roles.matches[rows].sum())
            counts[f"of these, those that satisfy the choice of the memory, {split}"] = matching
    if roles.keeps_memory_whole:
        counts["pictures remembered, the same in every split"] = len(roles.memory)
    else:
        for split in SPLITS:
            counts[f"pictures remembered, {split}"] = int((roles.memory.split == split).sum())
    # Where nothing tells who is who, each picture counts as a person.
    for role, faces in (("observed", roles.observed), ("remembered", roles.memory)):
        counts[f"people {role}, at most"] = len(np.unique(faces.person))
    return counts
