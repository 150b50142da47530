"""Which joints the 16 outputs of a Stacked Hourglass are.

Trained on MPII, outputs 7 and 8 are the middle of the shoulders and the base of the neck, nearly
the same point; fine-tuned on Human3.6M they are the spine, half way up, and the base of the neck.
Files of detections do not say which, but their poses do.

Source: Newell et al., "Stacked Hourglass Networks for Human Pose Estimation", ECCV 2016; Martinez
et al., "A simple yet effective baseline for 3d human pose estimation", ICCV 2017 (fine-tuning).
"""

from __future__ import annotations

import numpy as np

from aign_tf.skeletons import SKELETONS, Skeleton

# From the hip to output 7, as a share of the way to output 8: about 0.9 for MPII, 0.5 for
# Human3.6M. Perspective hardly changes it, as the three points lie close to one line.
_MIDDLE = 0.7


def hourglass_skeleton(joints: np.ndarray) -> Skeleton:
    """Skeleton "mpii16" or "hourglass16" of detections `[T, 16, 2]` in any unit; NaN is missing."""
    to_seventh, to_eighth = np.linalg.norm(joints[:, [7, 8]] - joints[:, [6]], axis=-1).T
    known = np.isfinite(to_seventh) & (to_eighth > 0)
    share = np.median(to_seventh[known] / to_eighth[known]) if known.any() else 1
    return SKELETONS["hourglass16" if share < _MIDDLE else "mpii16"]
