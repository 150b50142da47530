import numpy as np
import pytest
from PIL import Image

from aign_tf.data.pictures import UnreadablePicture
from aign_tf.data.sequences import sfm_learner
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny

FOLDER = "2011_09_26_drive_0001_sync_02"
CAMERA = "241.674463,0.,204.168010,0.,246.284868,59.000832,0.,0.,1."


def _strip(path, count, width=416):
    strip = np.repeat(np.arange(count, dtype=np.uint8) * 50, width)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.tile(strip[None, :, None], (128, 1, 3))).save(path, quality=95)


@pytest.fixture
def prepared(tmp_path):
    folder = tmp_path / "formatted"
    for frame in ("0000000001", "0000000002"):
        _strip(folder / FOLDER / f"{frame}.jpg", 3)
        tiny.text(folder / FOLDER / f"{frame}_cam.txt", CAMERA)
    tiny.text(folder / "train.txt", f"{FOLDER} 0000000002\n{FOLDER} 0000000001\n")
    tiny.text(folder / "val.txt", f"{FOLDER} 0000000003\n")
    return folder


def test_each_picture_is_a_recording(prepared):
    assert sfm_learner.recognises(prepared)
    footage = sfm_learner.read(prepared)
    assert [item.name for item in footage] == [
        f"formatted/{FOLDER}/0000000001",
        f"formatted/{FOLDER}/0000000002",
    ]
    first = footage[0]
    assert first.count == 3
    assert first.focal.tolist() == [241.674463, 246.284868]
    assert first.principal_point.tolist() == [204.168010, 59.000832]
    assert first.read_depth is None
    assert first.poses is None
    for i in range(3):
        assert first.read_image(i).shape == (128, 416, 3)
        assert abs(first.read_image(i)[:, 20:-20].astype(int) - 50 * i).max() < 8


@pytest.mark.parametrize("count", [3, 5, 7])
def test_the_principal_point_tells_how_many_frames_there_are(prepared, count):
    for frame in ("0000000001", "0000000002"):
        _strip(prepared / FOLDER / f"{frame}.jpg", count)
    assert [item.count for item in sfm_learner.read(prepared)] == [count] * 2


def test_a_picture_with_another_number_of_frames(prepared):
    _strip(prepared / FOLDER / "0000000002.jpg", 2)
    with pytest.raises(UnreadablePicture, match="832 pixels wide, not 3 frames side by side"):
        sfm_learner.read(prepared)[1].read_image(0)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("train.txt", "", "train.txt names no pictures"),
        ("train.txt", "a b c\n", "train.txt, line 1: a folder and a frame are needed"),
        ("train.txt", f"{FOLDER} 0000000003\n", "train.txt, line 1: there is no "),
        ("train.txt", f"{FOLDER} 0000000001\n" * 2, "train.txt, line 2: repeats line 1"),
        (f"{FOLDER}/0000000001_cam.txt", "1,2", "_cam.txt: 2 numbers, 9 (3x3) or 4"),
        (f"{FOLDER}/0000000001_cam.txt", "1,b", "_cam.txt, line 1: 'b' is not a finite number"),
    ],
)
def test_folders_with_mistakes(prepared, name, content, message):
    tiny.text(prepared / name, content)
    with pytest.raises(UserError) as caught:
        sfm_learner.read(prepared)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_camera(prepared):
    (prepared / FOLDER / "0000000001_cam.txt").unlink()
    with pytest.raises(UserError, match=r"0000000001_cam.txt: cannot be read: No such file"):
        sfm_learner.read(prepared)
