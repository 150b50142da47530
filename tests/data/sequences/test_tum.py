import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences import tum
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny

START = 1305031102.0


@pytest.fixture
def recording(tmp_path):
    """Five pictures, at 0.0 to 0.4 s; the third has no depth map and the last no ground truth."""
    folder = tmp_path / "rgbd_dataset_freiburg2_desk"
    rgb, depth, truth = ["# color images", "# timestamp filename"], [], []
    for i in range(5):
        tiny.picture(folder / f"rgb/{i}.png", (640, 480), i)
        rgb.append(f"{START + i / 10:.6f} rgb/{i}.png")
    for i in (0, 1, 3, 4):
        tiny.depth_map(folder / f"depth/{i}.png", np.full((480, 640), 5000 * i))
        depth.append(f"{START + i / 10 + 0.015:.6f} depth/{i}.png")
    for k in range(-1, 37):  # at 100 Hz, shifted by 4 ms; x tells the time
        quaternion = Rotation.from_rotvec([0, 0, k / 100]).as_quat()
        row = [START + k / 100 + 0.004, k / 100, 2, 3, *quaternion]
        truth.append(" ".join(f"{value:.6f}" for value in row))
    tiny.text(folder / "rgb.txt", "\n".join(rgb))
    tiny.text(folder / "depth.txt", "\n".join(depth))
    tiny.text(folder / "groundtruth.txt", "\n".join(truth))
    return folder


def test_what_lies_closest_in_time_belongs_together(recording):
    assert tum.recognises(recording)
    (footage,) = tum.read(recording)
    assert (footage.name, footage.count) == ("rgbd_dataset_freiburg2_desk", 4)
    assert [footage.read_image(i).max() for i in range(4)] == [0, 1, 2, 3]
    assert [footage.read_depth(i).max() for i in range(4)] == [0, 1, 0, 3]
    np.testing.assert_allclose(footage.poses[:, 0, 3], [0, 0.1, 0.2, 0.3], atol=1e-6)
    np.testing.assert_allclose(footage.poses[:, 1:, 3], [[2, 3, 1]] * 4, atol=1e-6)
    np.testing.assert_allclose(
        footage.poses[2, :2, :2],
        [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]],
        atol=1e-5,
    )


def test_a_gap_leaves_one_recording(recording, caplog):
    lines = (recording / "groundtruth.txt").read_text().splitlines()
    tiny.text(recording / "groundtruth.txt", "\n".join(lines[:5] + lines[25:]))
    (footage,) = tum.read(recording)
    assert [footage.read_image(i).max() for i in range(footage.count)] == [0, 3]
    assert "3 of 5 pictures have no ground truth" in caplog.text


def test_lists_may_be_out_of_order(recording):
    for name in ("rgb.txt", "depth.txt", "groundtruth.txt"):
        lines = (recording / name).read_text().splitlines()
        tiny.text(recording / name, "\n".join(reversed(lines)))
    (footage,) = tum.read(recording)
    assert [footage.read_image(i).max() for i in range(4)] == [0, 1, 2, 3]
    np.testing.assert_allclose(footage.poses[:, 0, 3], [0, 0.1, 0.2, 0.3], atol=1e-6)


@pytest.mark.parametrize(
    "name, camera",
    [
        ("rgbd_dataset_freiburg1_desk", [517.3, 516.5, 318.6, 255.3]),
        ("rgbd_dataset_freiburg3_long", [535.4, 539.2, 320.1, 247.6]),
        ("fr2_xyz", [520.9, 521.0, 325.1, 249.7]),
        ("mine", [525, 525, 319.5, 239.5]),
    ],
)
def test_the_camera_is_that_of_the_folder_s_name(recording, name, camera):
    (footage,) = tum.read(recording.rename(recording.with_name(name)))
    assert [*footage.focal, *footage.principal_point] == camera


def test_intrinsics_of_a_file(recording):
    tiny.text(recording / "intrinsics.txt", "500 501 320 240")
    assert tum.read(recording)[0].focal.tolist() == [500, 501]


def test_pictures_alone(recording):
    (recording / "groundtruth.txt").unlink()
    (recording / "depth.txt").unlink()
    (footage,) = tum.read(recording)
    assert footage.count == 5
    assert footage.poses is None
    assert footage.read_depth is None


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("rgb.txt", "# nothing\n", "rgb.txt names no files"),
        ("rgb.txt", "1.0\n", "rgb.txt, line 1: a time and the path of a file are needed"),
        ("rgb.txt", "#\nnow rgb/0.png\n", "rgb.txt, line 2: 'now' is not a finite number"),
        ("rgb.txt", "1.0 rgb/9.png\n", "rgb.txt, line 1: there is no "),
        ("depth.txt", "1.0 depth/0.png\n", "depth.txt: no depth map within 0.02 s of a picture"),
        ("groundtruth.txt", "1 0 0 0 0 0 0 1\n", "groundtruth.txt: no pose within 0.02 s"),
        (
            "groundtruth.txt",
            "1 0 0 0 0 0 0 0\n",
            "groundtruth.txt: the quaternion of pose 0 (from 0) is 0 0 0 0",
        ),
        ("groundtruth.txt", "1 0 0 0 0 0 1\n", "line 1: 7 values, 8 numbers are needed"),
        ("groundtruth.txt", "", "groundtruth.txt holds no numbers"),
    ],
)
def test_recordings_with_mistakes(recording, name, content, message):
    tiny.text(recording / name, content)
    with pytest.raises(UserError) as caught:
        tum.read(recording)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
