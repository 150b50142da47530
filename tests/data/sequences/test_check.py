"""What people are told of their recordings."""

import dataclasses
import pathlib

import numpy as np
import pytest

from aign_tf.data.sequences.check import SequenceFileConfig, check_sequences
from aign_tf.data.sequences.prepare import write_sequence
from aign_tf.errors import UserError
from tests.data.sequences.textured_sphere import sphere_sequence

OFFICE = pathlib.Path(__file__).parents[3] / "../shared/data/office_rgbd"
OPTIONS = SequenceFileConfig(height=48, width=64, pairs=8)


def report(folder, **changes):
    """Lines of the report on a sphere with changes."""
    write_sequence(dataclasses.replace(sphere_sequence(), **changes), folder / "sphere")
    return check_sequences(str(folder), OPTIONS).splitlines()


def told(lines, title):
    return [line.split(maxsplit=1)[1] for line in lines if line.split()[0] == title]


def differences(lines):
    """Grey levels before and after warping."""
    words = told(lines, "warping")[0].split()
    return [float(word) for word in words if "." in word and word[0].isdigit()]


def test_a_recording_without_faults(tmp_path):
    lines = report(tmp_path)
    depth = sphere_sequence().depth.round(3)
    low, middle, high = np.percentile(depth, (5, 50, 95))
    before, after = differences(lines)
    assert 40 < before < 60
    assert after < 2
    (share,) = (line.split()[2] for line in lines if "stay in view" in line)
    (flow,) = (word for word in told(lines, "stride")[0].split() if "%" in word)
    assert lines == [
        "sphere: 12 frames",
        "  pictures    64x48, looked at as 64x48",
        "  camera      65 x 50 degrees of view, focal lengths 50.0 52.0, principal point 33.0 22.5",
        f"  depth       100.0% of the pixels have readings, {low:.3g} to {high:.3g} m but for one "
        f"in ten, median {middle:.3g}",
        "  motion      11.8 cm and 4 degrees a frame (median)",
        f"  stride      1, at which pixels move by {flow} of the width (median)",
        f"  warping     lowers the difference of frames 1 apart: {before} grey levels before, "
        f"{after} after",
        f"              8 pairs, {share} of the depths stay in view",
        "ok",
    ]


def test_nothing_but_pictures(tmp_path):
    lines = report(tmp_path, depth=None, poses=None)
    assert told(lines, "depth") == ["none"]
    assert told(lines, "motion") == ["no poses"]
    assert told(lines, "warping") == ["not tried: it takes depths and poses"]
    assert lines[-1] == "ok"


def test_depth_maps_without_readings(tmp_path):
    lines = report(tmp_path, depth=np.zeros((12, 48, 64), np.float32))
    assert told(lines, "depth") == ["no readings"]
    assert told(lines, "warping") == ["not tried: no frame has both a successor and depths"]


def test_a_single_frame(tmp_path):
    write_sequence(sphere_sequence(1), tmp_path / "still")
    lines = check_sequences(str(tmp_path), OPTIONS).splitlines()
    assert told(lines, "motion") == ["none in a single frame"]
    assert told(lines, "warping") == ["not tried: no frame has both a successor and depths"]


def test_intrinsics_of_another_resolution(tmp_path):
    recording = sphere_sequence()
    lines = report(
        tmp_path, focal=2 * recording.focal, principal_point=2 * recording.principal_point + 0.5
    )
    assert told(lines, "wrong") == ["intrinsics look like those of pictures of about 134x92 pixels"]
    assert told(lines, "warping") == ["not tried with what is wrong"]
    assert lines[-1] == "mend: multiply the intrinsics by 0.499 (sphere)"


def test_stretched_pictures(tmp_path):
    recording = sphere_sequence()
    lines = report(tmp_path, focal=recording.focal * np.array([0.8, 1], np.float32))
    assert any(
        "fx is 0.77 fy, which is right if the pictures were stretched" in each for each in lines
    )


def test_poses_that_are_not_rigid(tmp_path):
    poses = sphere_sequence().poses
    poses[:, :3, :3] *= 2
    lines = report(tmp_path, poses=poses)
    assert told(lines, "wrong") == ["rotations are scaled by 2"]
    assert told(lines, "motion") == []
    assert told(lines, "warping") == ["not tried with what is wrong"]
    assert lines[-1] == "mend: divide the 3x3 part of the poses by its scale (sphere)"


def test_a_jump(tmp_path):
    poses = sphere_sequence().poses
    poses[5:, :3, 3] += [0, 3, 0]
    lines = report(tmp_path, poses=poses)
    assert told(lines, "jumps") == ["1"]
    assert "    frame 4 to 5: 2.97 m, 4 degrees" in lines
    assert told(lines, "wrong") == ["the camera jumps, first after frame 4"]
    assert lines[-1] == "mend: cut recordings at the jumps (sphere)"


def test_inverted_poses(tmp_path):
    lines = report(tmp_path, poses=np.linalg.inv(sphere_sequence().poses))
    (wrong,) = told(lines, "wrong")
    looks, left = wrong.rsplit(maxsplit=1)
    assert looks == "poses look like camera-from-world: inverting them lowers the difference to"
    assert float(left) < 2
    assert lines[-1] == "mend: invert the poses (sphere)"


def test_pictures_of_something_else(tmp_path):
    shuffled = np.random.default_rng(0).permutation(12)
    lines = report(tmp_path, frames=sphere_sequence().frames[shuffled])
    assert told(lines, "warping")[0].startswith("does not lower the difference")
    assert told(lines, "wrong") == [
        "depths, poses and intrinsics do not fit the pictures; no usual mistake explains it"
    ]
    assert lines[-1] == "mend: look at depths, poses and intrinsics (sphere)"


def test_pictures_of_nearly_nothing(tmp_path):
    frames = sphere_sequence().frames // 50 + 100
    lines = report(tmp_path, frames=frames)
    assert any("too little changes to tell" in line for line in lines)
    assert lines[-1] == "ok"


def test_recordings_with_the_same_fault_are_named_together(tmp_path):
    poses = sphere_sequence().poses
    poses[:, :3, :3] *= 2
    for name in "abcde":
        write_sequence(dataclasses.replace(sphere_sequence(3), poses=poses[:3]), tmp_path / name)
    write_sequence(sphere_sequence(3), tmp_path / "f")
    lines = check_sequences(str(tmp_path), OPTIONS).splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        *(f"{name}: 3 frames" for name in "abcdef"),
        "mend: divide the 3x3 part of the poses by its scale (a, b, c and 2 more)",
    ]


def test_unreadable_files(tmp_path):
    report(tmp_path)
    (tmp_path / "sphere/depth/000003.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"000003\.png"):
        check_sequences(str(tmp_path), OPTIONS)


@pytest.mark.skipif(not OFFICE.exists(), reason="the office recording is not here")
def test_the_office():
    """As it is stored, all its pairs go from 39.8 to 8.9."""
    lines = check_sequences(str(OFFICE), SequenceFileConfig(pairs=24)).splitlines()
    assert differences(lines) == pytest.approx([39, 8], abs=1)
    assert told(lines, "stride")[0].startswith("1, at which pixels move by 6")
    assert told(lines, "motion") == ["8.06 cm and 4.2 degrees a frame (median)"]
    assert lines[-1] == "ok"
