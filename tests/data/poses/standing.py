"""A body with slightly bent knees that looks along +z, metres, y down."""

import numpy as np

from aign_tf.skeletons import SKELETONS

H36M = SKELETONS["h36m17"]
_PLACES = {
    "hip": (0, 0, 0),
    "spine": (0, -0.25, 0),
    "thorax": (0, -0.5, 0),
    "neck_nose": (0, -0.6, 0.05),
    "head_top": (0, -0.72, 0),
    "right_hip": (0.13, 0, 0),
    "right_knee": (0.13, 0.45, 0.05),
    "right_ankle": (0.13, 0.9, 0),
    "right_shoulder": (0.17, -0.45, 0),
    "right_elbow": (0.2, -0.2, 0),
    "right_wrist": (0.2, 0.05, 0),
}


def body() -> np.ndarray:
    """`[17, 3]`."""
    mirrored = {
        name.replace("right", "left"): (-x, y, z) for name, (x, y, z) in _PLACES.items() if x
    }
    return np.array([{**_PLACES, **mirrored}[joint] for joint in H36M.joints])
