import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.data.poses import bvh
from aign_tf.data.poses.bvh import Bvh, read_bvh, world_positions
from aign_tf.errors import UserError

SALSA = pathlib.Path(__file__).parents[3] / "../shared/data/cmu_mocap/bvh"
ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Left Arm
  {
    OFFSET 0 2 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.05
1 2 3 0 0 0 0 0 0
0 0 0 90 0 0 0 90 90
"""


def _write(tmp_path, text=ARM):
    path = tmp_path / "arm.bvh"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path):
    arm = read_bvh(_write(tmp_path))
    assert arm.joints == ("Hips", "Left Arm", "Left Arm_end")
    assert arm.parents == (-1, 0, 1)
    assert [len(channels) for channels in arm.channels] == [6, 3, 0]
    assert arm.channels[1] == ("Zrotation", "Xrotation", "Yrotation")
    np.testing.assert_array_equal(arm.offsets, [[0, 0, 0], [0, 2, 0], [1, 0, 0]])
    np.testing.assert_array_equal(arm.frames[0], [1, 2, 3, 0, 0, 0, 0, 0, 0])
    assert arm.frame_time == 0.05


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text.replace("Frames: 2", "frames:\t2").replace("e: ", "E:"),
        lambda text: text.replace("\n  {\n", " { ").replace("\n}", "}").replace("\n", "\n\n"),
        lambda text: text.lower().replace("hips", "Hips").replace("left arm", "Left Arm"),
    ],
)
def test_other_ways_to_write_the_same(tmp_path, change):
    first = read_bvh(_write(tmp_path))
    second = read_bvh(_write(tmp_path, change(ARM)))
    assert second.joints == first.joints
    assert second.parents == first.parents
    assert second.channels == first.channels
    assert second.frame_time == first.frame_time
    np.testing.assert_array_equal(second.offsets, first.offsets)
    np.testing.assert_array_equal(second.frames, first.frames)


def test_positions_by_hand(tmp_path):
    positions = world_positions(read_bvh(_write(tmp_path)))
    np.testing.assert_allclose(positions[0], [[1, 2, 3], [1, 4, 3], [2, 4, 3]])
    # The root turns up (y) to -x. The arm's own x turns about its y to -z, that about its x to +y,
    # which the root turns to -x.
    np.testing.assert_allclose(positions[1], [[0, 0, 0], [-2, 0, 0], [-3, 0, 0]], atol=1e-12)


def _one_joint(names, values):
    channels = (tuple(names), ())
    offsets = np.array([[5.0, 6.0, 7.0], [1.0, 2.0, 3.0]])
    return Bvh(("a", "a_end"), (-1, 0), offsets, channels, np.array([values], float), 1.0)


@given(st.permutations(list(bvh.POSITIONS + bvh.ROTATIONS)), st.integers(0, 6))
def test_channels_in_any_order_and_number(names, count):
    names = names[:count]
    values = dict(zip(names, (10.0, 20.0, 30.0, 40.0, 50.0, 60.0)))
    turn = np.eye(3)
    for name in names:
        if name in bvh.ROTATIONS:
            axis = np.eye(3)["XYZ".index(name[0])]
            turn = turn @ Rotation.from_rotvec(axis * np.radians(values[name])).as_matrix()
    root = [values.get(name, offset) for name, offset in zip(bvh.POSITIONS, (5, 6, 7))]
    positions = world_positions(_one_joint(names, list(values.values())))
    np.testing.assert_allclose(positions[0, 0], root)
    np.testing.assert_allclose(positions[0, 1], root + turn @ [1, 2, 3])


def test_position_channels_of_inner_joints_stand_for_their_offset():
    channels = (("Yrotation",), ("Zposition", "Xposition"), ())
    moving = Bvh(
        ("a", "b", "b_end"), (-1, 0, 1), np.ones((3, 3)), channels, np.array([[90.0, 4, 3]]), 1.0
    )
    # In the root's axes b is at (3, 1, 4); its x is the world's -z, its z the world's x.
    np.testing.assert_allclose(world_positions(moving)[0, 1], [1 + 4, 2, 1 - 3])
    np.testing.assert_allclose(world_positions(moving)[0, 2], [5 + 1, 3, -2 - 1])


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("HIERARCHY", "HIER", 1, "a BVH file starts with HIERARCHY"),
        ("ROOT", "JOINT", 2, "JOINT outside the braces of the one ROOT"),
        ("JOINT", "ROOT", 6, "ROOT outside the braces of the one ROOT"),
        ("JOINT Left Arm", "JOINT", 6, "JOINT needs a name and a { behind it"),
        ("  JOINT Left Arm\n  {", "  JOINT Left Arm", 7, "JOINT needs a name and a { behind it"),
        ("OFFSET 0 2 0", "OFFSET 0 2", 8, "OFFSET needs 3 numbers, not 2"),
        ("OFFSET 0 2 0", "OFFSET 0 2 zero", 8, "could not convert string to float: 'zero'"),
        ("OFFSET 0 2 0", "OFFSET 0 2 inf", 8, "a value is not finite"),
        ("    OFFSET 0 2 0\n", "", 13, "Left Arm has no OFFSET"),
        ("CHANNELS 3", "CHANNELS 2", 9, "'2 Zrotation Xrotation Yrotation' where CHANNELS needs"),
        ("CHANNELS 3 Z", "CHANNELS 3 W", 9, "a count and as many different ones of Xposition"),
        ("CHANNELS 3 Z", "CHANNELS 3 X", 9, "a count and as many different ones of Xposition"),
        ("OFFSET 1 0 0", "SCALE 1 0 0", 12, "'SCALE' where a joint, OFFSET, CHANNELS or } "),
        ("}\nMOTION", "MOTION", 15, "MOTION before the } of the ROOT"),
        ("}\nMOTION", "}\n}\nMOTION", 16, "'}' outside the braces of the one ROOT"),
        ("Frames: 2", "Frames: two", 17, "'Frames: two' where Frames: COUNT should be"),
        ("Frames: 2", "Frames: 0", 17, "a motion has at least one frame"),
        ("Frame Time:", "Time:", 18, "'Time: 0.05' where Frame Time: SECONDS should be"),
        ("0.05", "0", 18, "Frame Time must be positive"),
        ("0.05", "fast", 18, "could not convert string to float: 'fast'"),
        ("1 2 3 0", "1 2 3", 19, "8 values for 9 channels"),
        ("1 2 3 0", "1 2 3 x", 19, "could not convert string to float: 'x'"),
        ("1 2 3 0", "1 2 3 nan", 19, "a value is not finite"),
        ("Frames: 2", "Frames: 3", 20, "2 frames where Frames: says 3"),
        (ARM[ARM.index("MOTION") :], "", 15, "the file ends where MOTION should be"),
        (ARM, "", 0, "the file ends where HIERARCHY should be"),
    ],
)
def test_errors_name_the_line(tmp_path, old, new, line, message):
    assert old in ARM
    path = _write(tmp_path, ARM.replace(old, new, 1))
    with pytest.raises(UserError) as error:
        read_bvh(path)
    assert str(error.value).startswith(f"{path}, line {line}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_binary_files_and_missing_ones_are_errors(tmp_path):
    path = tmp_path / "noise.bvh"
    path.write_bytes(np.random.default_rng(0).bytes(1000))
    with pytest.raises(UserError, match="line 1: a BVH file starts with HIERARCHY"):
        read_bvh(path)
    with pytest.raises(UserError, match=r"gone\.bvh: no such BVH file"):
        read_bvh(tmp_path / "gone.bvh")


def test_the_size_of_files_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(bvh, "MAX_BYTES", 2**8)
    with pytest.raises(UserError, match="more than 0 MiB: cut the motion into pieces"):
        read_bvh(_write(tmp_path))


@pytest.mark.skipif(not SALSA.exists(), reason="the CMU motions are not on this machine")
def test_feet_of_real_dancers_stay_on_the_ground():
    for path in sorted(SALSA.glob("*.bvh")):
        dancer = read_bvh(path)
        assert dancer.frames.shape == (1198, 132)
        toes = [dancer.joints.index(name) for name in ("rFoot_end", "lFoot_end")]
        lowest = world_positions(dancer)[:, toes, 1].min(axis=1)
        # Centimetres; with the angles in the opposite order it is above 6.
        assert lowest.std() < 3
