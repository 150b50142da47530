import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from aign_tf.data import folders

ROOT = pathlib.Path(__file__).parents[2]
TASK = "--task=faces_inpaint"


def _run(*flags):
    command = [sys.executable, "-m", "tools.prepare_data", *map(str, flags)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for i, image in enumerate(np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)):
        Image.fromarray(image).save(folder / f"{i}.png")
    return folder


def test_check_reports_and_writes_nothing(folder):
    done = _run(TASK, f"--data_dir={folder}", f"--output={folder.parent / 'out'}", "--check")
    assert done.returncode == 0
    assert done.stdout.startswith("4 pictures of 4 persons, plain layout\nsizes       8x8: 4\n")
    assert [path.name for path in folder.parent.iterdir()] == ["faces"]


def test_writes_shards_that_read_as_the_folder_does(folder):
    out = folder.parent / "out"
    done = _run(TASK, f"--data_dir={folder}", f"--output={out}", "--size=4", "--crop=0.75")
    assert (done.returncode, done.stdout) == (0, f"wrote 4 faces of 4x4 to {out}\n")
    expected = folders.read_faces(folder, 4, crop=0.75)
    np.testing.assert_array_equal(folders.read_faces(out, 4).images, expected.images)


@pytest.mark.parametrize(
    "flags, message",
    [
        ([TASK, "--data_dir=tests"], "error: --output is missing: give a new folder for the"),
        (["--task=nothing", "--data_dir=a", "--check"], "error: no task 'nothing': use one of"),
        ([TASK, "--data_dir=a", "--nosuch=1"], "error: Unknown command line flag 'nosuch'"),
    ],
)
def test_mistakes_take_one_line_and_exit_code_2(flags, message):
    done = _run(*flags)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
