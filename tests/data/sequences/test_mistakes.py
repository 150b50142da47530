"""Of usual mistakes, the one that was made is named."""

import dataclasses

import numpy as np
import pytest

from aign_tf.data.sequences.check_motion import neighbours
from aign_tf.data.sequences.mistakes import explained
from tests.data.sequences.textured_sphere import sphere_sequence

RIGHT = sphere_sequence()
# Where x, y and z of the file point, in our axes.
OPENGL = np.diag([1, -1, -1, 1])
UNREAL = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
SWAPPED = np.eye(4)[[1, 0, 2, 3]]


def with_poses(change):
    return dataclasses.replace(RIGHT, poses=change(RIGHT.poses))


def with_depth(change):
    return dataclasses.replace(RIGHT, depth=change(RIGHT.depth))


def in_axes(axes):
    """World and camera both have these axes, so that mirrored ones have rotations too."""
    return lambda poses: axes @ poses @ axes.T


def in_units(unit):
    """Positions as numbers of which so many make a metre."""
    return lambda poses: poses * np.array([[1, 1, 1, unit]] * 3 + [[1, 1, 1, 1]])


def along_rays(depth):
    x, y = np.meshgrid(np.arange(64), np.arange(48))
    (fx, fy), (cx, cy) = RIGHT.focal, RIGHT.principal_point
    return depth * np.sqrt(1 + ((x - cx) / fx) ** 2 + ((y - cy) / fy) ** 2).astype(np.float32)


def with_focal(factor):
    return dataclasses.replace(RIGHT, focal=RIGHT.focal * np.float32(factor))


def found(recording, turned=True):
    pairs = neighbours(recording, 1, 3)
    return [(mistake.looks, mistake.mend, left.after) for mistake, left in explained(pairs, turned)]


def test_nothing_is_wrong():
    assert found(RIGHT) == []


TURN = "turn the axes of the cameras to x right, y down, z forward"
CASES = {
    "inverted": (
        with_poses(np.linalg.inv),
        "poses look like camera-from-world",
        "invert the poses",
    ),
    "opengl": (
        with_poses(in_axes(OPENGL)),
        "poses look like those of a camera with x right, y up, z backward (OpenGL)",
        TURN,
    ),
    "unreal": (
        with_poses(in_axes(UNREAL)),
        "poses look like those of a camera with x forward, y right, z up (Unreal)",
        TURN,
    ),
    "swapped": (
        with_poses(in_axes(SWAPPED)),
        "poses look like those of a camera with x down, y right, z forward",
        TURN,
    ),
    "inverted opengl": (
        with_poses(lambda poses: np.linalg.inv(in_axes(OPENGL)(poses))),
        "poses look like camera-from-world and those of a camera with x right, y up, z backward "
        "(OpenGL)",
        f"invert the poses and {TURN}",
    ),
    "millimetres": (
        with_depth(lambda depth: 1000 * depth),
        "depths look about 1000 times too large for the positions (millimetres read as metres?)",
        "multiply the depths by 0.001",
    ),
    "tum": (
        with_depth(lambda depth: 5 * depth),
        "depths look about 5 times too large for the positions (1/5000 m, as of TUM RGB-D, read "
        "as millimetres?)",
        "multiply the depths by 0.2 or the positions by 5",
    ),
    "kitti": (
        with_depth(lambda depth: 0.256 * depth),
        "depths look about 3.91 times too small for the positions (1/256 m, as of KITTI, read as "
        "millimetres?)",
        "multiply the depths by 3.91 or the positions by 0.256",
    ),
    "centimetres": (
        with_depth(lambda depth: depth / 10),
        "depths look about 10 times too small for the positions (centimetres read as millimetres?)",
        "multiply the depths by 10 or the positions by 0.1",
    ),
    "positions in millimetres": (
        with_poses(in_units(1000)),
        "positions look about 1000 times too large for the depths",
        "multiply the positions by 0.001",
    ),
    "positions of any scale": (
        with_poses(in_units(0.66)),
        "depths look about 1.52 times too large for the positions",
        "multiply the depths by 0.66 or the positions by 1.52",
    ),
    "half the focal length": (
        with_focal(0.5),
        "focal lengths look about 2 times too small",
        "multiply fx and fy by 2",
    ),
    "focal length": (
        with_focal(1.5),
        "focal lengths look about 1.52 times too large",
        "multiply fx and fy by 0.66",
    ),
    "rays": (
        with_depth(along_rays),
        "depths look like distances from the camera instead of along its axis",
        "convert the distances to depths along the optical axis",
    ),
}


@pytest.mark.parametrize("recording, looks, mend", CASES.values(), ids=list(CASES))
def test_the_mistake_that_was_made(recording, looks, mend):
    ((looked, mended, left),) = found(recording, turned="poses look" in looks)
    assert (looked, mended) == (looks, mend)
    assert left < 3


def test_two_mistakes():
    poses = np.linalg.inv(RIGHT.poses)
    both = dataclasses.replace(RIGHT, poses=poses, depth=1000 * RIGHT.depth)
    first, second = found(both)
    assert first[0] == "poses look like camera-from-world"
    assert second[0].startswith("depths look about 1000 times too large")
    assert second[2] < 3 < first[2]


def test_poses_that_lower_the_difference_are_not_turned():
    assert found(with_poses(np.linalg.inv), turned=False) == []


def test_pictures_of_something_else():
    frames = np.random.default_rng(0).integers(0, 256, RIGHT.frames.shape).astype(np.uint8)
    assert found(dataclasses.replace(RIGHT, frames=frames)) == []
