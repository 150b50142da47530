"""Recordings written in a size that is read fast are the same recordings."""

import dataclasses

import numpy as np
import pytest

from aign_tf.data.sequences import prepare
from aign_tf.data.sequences.check import SequenceFileConfig
from aign_tf.data.sequences.folders import list_footage
from aign_tf.data.sequences.loading import load
from aign_tf.data.sequences.prepare import prepare_sequences, write_sequence
from aign_tf.errors import UserError
from tests.data.sequences.textured_sphere import sphere_sequence

SMALL = SequenceFileConfig(height=36, width=60)


def save(folder, **changes):
    recording = dataclasses.replace(sphere_sequence(4), **changes)
    write_sequence(recording, folder)
    return recording


def read(folder, options=SMALL):
    return [load(footage, options.height, options.width) for footage in list_footage(folder)]


def same(found, expected):
    assert found.name == expected.name
    np.testing.assert_array_equal(found.frames, expected.frames)
    np.testing.assert_array_equal(found.focal, expected.focal)
    np.testing.assert_array_equal(found.principal_point, expected.principal_point)
    for name, error in (("depth", 0.5001e-3), ("poses", 0)):
        here, there = getattr(found, name), getattr(expected, name)
        assert (here is None) == (there is None)
        if there is not None:
            np.testing.assert_allclose(here, there, rtol=0, atol=error)
    return True


def test_what_is_written_is_read(tmp_path):
    recording = save(tmp_path / "sphere")
    (found,) = read(tmp_path, SequenceFileConfig(height=48, width=64))
    assert same(found, recording)


def test_prepared_recordings_are_the_same(tmp_path):
    save(tmp_path / "all/walks/first")
    save(tmp_path / "all/walks/second", depth=None)
    save(tmp_path / "all/third", depth=None, poses=None)
    told = prepare_sequences(str(tmp_path / "all"), str(tmp_path / "new/out"), SMALL)
    assert told == f"wrote 3 recordings, 12 frames of 60x36, to {tmp_path / 'new/out'}"
    expected, found = read(tmp_path / "all"), read(tmp_path / "new/out")
    assert [each.name for each in found] == ["third", "walks/first", "walks/second"]
    assert all(map(same, found, expected))
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new/out"]


def test_a_folder_that_is_one_recording(tmp_path):
    save(tmp_path / "walk")
    prepare_sequences(str(tmp_path / "walk"), str(tmp_path / "out"), SMALL)
    assert {path.name for path in (tmp_path / "out/walk").iterdir()} == {
        "images",
        "depth",
        "poses.txt",
        "intrinsics.txt",
    }
    assert same(*read(tmp_path / "out"), *read(tmp_path / "walk"))


def test_depths_too_far_to_write_become_no_reading(tmp_path):
    depth = np.full((4, 48, 64), 65.6, np.float32)
    depth[:, 0], depth[:, 1], depth[:, 2] = 0, 0.0004, 65.534
    save(tmp_path / "sky", depth=depth)
    found = list_footage(tmp_path)[0].read_depth(0)[:4, 0]
    np.testing.assert_allclose(found, [0, 0, 65.534, 0], rtol=1e-6)


def test_nothing_is_overwritten(tmp_path):
    save(tmp_path / "walk")
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="out exists: give a new --output"):
        prepare_sequences(str(tmp_path / "walk"), str(tmp_path / "out"), SMALL)


def test_nothing_half_written_remains(tmp_path, monkeypatch):
    for name in ("first", "second"):
        save(tmp_path / f"all/{name}")

    def interrupted(footage, height, width):
        if footage.name == "second":
            raise KeyboardInterrupt
        return load(footage, height, width)

    monkeypatch.setattr(prepare, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare_sequences(str(tmp_path / "all"), str(tmp_path / "new/out"), SMALL)
    assert not list((tmp_path / "new").iterdir())


def test_a_broken_picture(tmp_path):
    save(tmp_path / "walk")
    (tmp_path / "walk/images/000002.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"000002\.png"):
        prepare_sequences(str(tmp_path / "walk"), str(tmp_path / "out"), SMALL)
    assert not (tmp_path / "out").exists()
