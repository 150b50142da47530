"""Settings of the data of tasks about bodies."""

from __future__ import annotations

import dataclasses

from aign_tf.config import setting
from aign_tf.data.poses.human36m import KEYPOINTS
from aign_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class KeypointFileConfig:
    """How files of 2D joints are read."""

    skeleton: str = setting("", "of the arrays in plain files; empty: by the number of joints")
    intrinsics: str = setting(
        "",
        "fx fy cx cy in pixels of 2D files; empty: as they tell, else a usual lens is assumed",
    )
    least_confidence: float = setting(0.3, "below it a 2D joint counts as missing", most=1)
    allow_pickle: bool = setting(False, "read pickled arrays, which can run code when opened")


@dataclasses.dataclass(frozen=True)
class PoseFileConfig(KeypointFileConfig):
    """How files of poses are read."""

    up: str = setting("auto", "what is up in the files of motions: x, y, z, -x, -y, -z or auto")
    scale: str = setting("auto", "metres a unit in the files of motions, or auto")
    step: int = setting(5, "of Human3.6M one frame in so many is used: 5 leaves 10 Hz", least=1)


@dataclasses.dataclass(frozen=True)
class PoseDataConfig(PoseFileConfig):
    dir: str = setting("", "folder or file of observations (--data_dir); empty: procedural bodies")
    memory_dir: str = setting(
        "", "folder or file of the 3D memory (--memory_dir); empty: a part of data.dir"
    )
    memory_skeleton: str = setting("", "as data.skeleton, of the files in data.memory_dir")
    people: int = setting(
        400, "procedural people in training, about half of them observed", least=8
    )
    keypoints: str = setting("gt", "of Human3.6M: gt or detected", choices=KEYPOINTS)
    observation_subjects: str = setting("S1,S5,S6", "of Human3.6M, observed in training")
    memory_subjects: str = setting("S7,S8", "of Human3.6M, remembered")
    test_subjects: str = setting("S9,S11", "of Human3.6M, held out")
    cameras: int = setting(4, "simulated cameras for each frame of motions nobody filmed", least=1)
    filmed_elevation: str = setting(
        "-5 20", "degrees: the range in which simulated cameras look down on people"
    )
    pairs: float = setting(
        1.0,
        "share of the training frames whose truth loss.paired_weight may use",
        least=1e-6,
        most=1,
    )
    elevation: str = setting(
        "-15 30", "degrees: the range in which remembered poses are looked down on"
    )
    roll: float = setting(12.0, "degrees by which remembered poses are rolled at most", most=180)
    exchange: float = setting(
        0.5, "share of remembered poses that get the legs, or the arms, of another", most=1
    )
    bone_variation: float = setting(
        0.05, "share by which bones vary at most, where the memory has a single body", most=0.5
    )
    noise: float = setting(
        0.0, "error of the 2D joints in which remembered poses are seen, in sizes of the person"
    )
    hide: float = setting(
        0.1,
        "share of people of whom training shows what another skeleton knows",
        most=1,
    )
    flip: bool = setting(True, "mirror people at random in training")


def parse_range(key: str, text: str) -> tuple[float, float]:
    """Two angles in degrees, the smaller first: "-15 30" -> (-15.0, 30.0).

    Raises:
      UserError: anything else.
    """
    try:
        low, high = (float(word) for word in text.split())
    except ValueError:
        low, high = 1.0, 0.0
    if not -180 <= low <= high <= 180:
        raise UserError(f"{key}={text}: expected two angles in degrees, as in -15 30")
    return low, high
