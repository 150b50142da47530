"""Settings of the data of tasks about landmarks."""

from __future__ import annotations

import dataclasses

from aign_tf.config import setting


@dataclasses.dataclass(frozen=True)
class PictureConfig:
    """In which unit landmarks are used."""

    points: int = setting(68, "landmarks of a face: 68, or the 66 of 3DFAW", choices=(66, 68))
    picture: str = setting(
        "", "width and height of pictures whose landmarks are in pixels; empty: a guess"
    )
    normalize: str = setting(
        "similarity",
        "picture: x by width, y by height, depth by their mean; similarity: all by the mean",
        choices=("picture", "similarity"),
    )


@dataclasses.dataclass(frozen=True)
class LandmarkDataConfig(PictureConfig):
    dir: str = setting("", "file or folder of faces (--data_dir); empty: procedural faces")
    memory_dir: str = setting(
        "", "file or folder of 3D faces to remember (--memory_dir); empty: a part of data.dir"
    )
    test_dir: str = setting("", "file or folder of faces for the test; empty: a part of data.dir")
    faces: int = setting(20000, "faces drawn from a linear model for either role", least=16)
    yaw: float = setting(60.0, "degrees by which faces are turned to either side at most", most=180)
    pitch: float = setting(25.0, "degrees by which faces look up or down at most", most=90)
    roll: float = setting(20.0, "degrees by which faces lean to either side at most", most=180)
    noise: float = setting(0.01, "error of landmarks that are drawn, in sizes of the face", most=1)
    pairs: float = setting(
        1.0,
        "share of the training faces whose depths loss.paired_weight may use",
        least=1e-6,
        most=1,
    )
    flip: bool = setting(True, "mirror faces at random in training")
