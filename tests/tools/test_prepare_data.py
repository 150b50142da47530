import dataclasses
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import tasks
from aign_tf.config import settings
from aign_tf.data import folders
from aign_tf.data.face_preparation import FacePreparation, check_faces, prepare_faces
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.errors import UserError
from tests.data.poses.standing import body
from tests.tiny import Tiny

ROOT = pathlib.Path(__file__).parents[2]
TASK = "--task=faces_inpaint"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for i, image in enumerate(np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


# The command.


def test_check_reports_and_writes_nothing(folder):
    """In a process that nobody prepared."""
    flags = [TASK, f"--data_dir={folder}", f"--output={folder.parent / 'out'}", "--check"]
    done = subprocess.run(
        [sys.executable, "-m", "tools.prepare_data", *flags],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("4 pictures of 4 persons, plain layout\nsizes       8x8: 4\n")
    assert [path.name for path in folder.parent.iterdir()] == ["faces"]


def test_options_are_those_of_the_task(command, folder):
    out = folder.parent / "out"
    options = ["--set=size=4", "--set=crop=0.75"]
    code, said, err = command(
        "prepare_data", TASK, f"--data_dir={folder}", f"--output={out}", *options
    )
    assert (code, said) == (0, f"wrote 4 faces of 4x4 to {out}\n"), err
    expected = folders.read_faces(folder, 4, crop=0.75)
    np.testing.assert_array_equal(folders.read_faces(out, 4).images, expected.images)


def test_help_lists_the_options(command):
    code, out, err = command("prepare_data", TASK, "--set=help")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "size=128  side of the prepared pictures, pixels"
    assert [line.split("=")[0] for line in lines] == ["size", "crop"]


@pytest.mark.parametrize(
    "flags, message",
    [
        ([TASK, "--data_dir=."], "error: --output is missing: give a new file or folder to"),
        ([TASK, "--check"], "error: --data_dir is required"),
        (["--task=nothing", "--data_dir=a", "--check"], "error: no task 'nothing': use one of"),
        ([TASK, "--data_dir=a", "--set=sise=4"], "error: no setting 'sise', did you mean 'size'?"),
    ],
)
def test_mistakes_take_one_line_and_exit_code_2(command, flags, message):
    code, out, err = command("prepare_data", *flags)
    assert (code, out) == (2, "")
    assert err.startswith(message) and err.count("\n") == 1


# Tasks.


@pytest.mark.parametrize("name", tasks.names())
def test_every_option_of_every_task_has_a_meaning(name):
    options = tasks.load(name).Preparation()
    assert dataclasses.is_dataclass(options)
    assert all(meaning for _, _, meaning in settings(options))


def test_poses_are_prepared_too(tmp_path):
    pose3d = tasks.load("pose3d")
    source, output = str(tmp_path / "stand.npy"), str(tmp_path / "out.npz")
    np.save(source, 100 * np.stack([body()] * 3))
    assert pose3d.check(source, pose3d.Preparation()).startswith("3D motions: 1 clips, 3 frames")
    message = pose3d.prepare(source, output, pose3d.Preparation())
    assert message == f"wrote 1 clips, 3 frames of 3D motions to {output}"
    np.testing.assert_allclose(read_mocap(output)[0].joints[1], body(), atol=1e-6)


def test_a_task_may_have_nothing_to_prepare(tmp_path):
    options = Tiny.Preparation()
    assert list(settings(options)) == []
    with pytest.raises(UserError, match=r"^tiny has no data to check$"):
        Tiny.check(str(tmp_path), options)
    with pytest.raises(UserError, match=r"^tiny has no data to prepare$"):
        Tiny.prepare(str(tmp_path), str(tmp_path / "out"), options)


def test_small_faces_are_reported_for_the_size_that_is_asked_for(folder):
    for size, count in ((8, 0), (9, 4)):
        report = check_faces(str(folder), FacePreparation(size=size))
        assert f"enlarged    {count} are smaller than {size} pixels" in report


def test_prepared_faces_do_not_replace_anything(folder):
    before = sorted(folder.iterdir())
    with pytest.raises(UserError, match="exists and is not an empty folder: give a new --output"):
        prepare_faces(str(folder), str(folder), FacePreparation())
    assert sorted(folder.iterdir()) == before
