"""How many faces are observed and remembered, and whether those look like these already."""

from __future__ import annotations

import numpy as np

from aign_tf.data.face_roles import FaceRoles
from aign_tf.data.splits import SPLITS


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
