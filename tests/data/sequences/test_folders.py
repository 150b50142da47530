import os

import pytest

from aign_tf.data.sequences.folders import list_footage
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny


def _walk(folder, value=0):
    tiny.picture(folder / "images/0.png", value=value)
    tiny.text(folder / "intrinsics.txt", "7 7 3.5 2.5")


def _names(data_dir):
    return [footage.name for footage in list_footage(data_dir)]


def test_one_recording_is_named_after_its_folder(tmp_path, monkeypatch):
    _walk(tmp_path / "walk")
    assert _names(tmp_path / "walk") == ["walk"]
    assert _names(str(tmp_path / "walk")) == ["walk"]
    monkeypatch.chdir(tmp_path / "walk")
    assert _names(".") == ["walk"]


def test_several_recordings_are_named_by_their_paths_in_the_order_of_time(tmp_path):
    for i, name in enumerate(["walk10", "walk9", "a/walk9", ".hidden/walk"]):
        _walk(tmp_path / name, i)
    _walk(tmp_path / "walk9/images/within")
    found = list_footage(tmp_path)
    assert [footage.name for footage in found] == ["a/walk9", "walk9", "walk10"]
    assert [footage.read_image(0).max() for footage in found] == [2, 1, 0]


def test_layouts_are_told_apart_and_may_be_mixed(tmp_path):
    _walk(tmp_path / "plain")
    tiny.picture(tmp_path / "odometry/sequences/03/image_2/000000.png")
    projection = "7 0 3 0 0 7 2 0 0 0 1 0"
    tiny.text(tmp_path / "odometry/sequences/03/calib.txt", f"P2: {projection}")
    tiny.picture(tmp_path / "raw/2011_09_26/drive_sync/image_02/data/0.png")
    tiny.text(tmp_path / "raw/2011_09_26/calib_cam_to_cam.txt", f"P_rect_02: {projection}")
    tiny.depth_map(tmp_path / "raw/train/drive_sync/proj_depth/groundtruth/image_02/0.png", [[1]])
    tiny.picture(tmp_path / "vkitti_1.3.1_rgb/0001/clone/00000.png", (1242, 375))
    tiny.depth_map(tmp_path / "vkitti_1.3.1_depthgt/0001/clone/00000.png", [[1]])
    tiny.picture(tmp_path / "two/Scene01/fog/frames/rgb/Camera_0/rgb_00000.jpg")
    tiny.text(tmp_path / "two/Scene01/fog/intrinsic.txt", "frame\n0 0 7 7 3 2\n")
    tiny.picture(tmp_path / "tum/fr1/rgb/1.0.png", (640, 480))
    tiny.text(tmp_path / "tum/fr1/rgb.txt", "1.0 rgb/1.0.png")
    tiny.picture(tmp_path / "chess/seq-01/frame-000000.color.png", (640, 480))
    tiny.picture(tmp_path / "prepared/drive/1.jpg", (24, 6))
    tiny.text(tmp_path / "prepared/drive/1_cam.txt", "7,0,3.5,0,7,2.5,0,0,1")
    tiny.text(tmp_path / "prepared/train.txt", "drive 1")
    assert _names(tmp_path) == [
        "chess/seq-01",
        "odometry/sequences/03",
        "plain",
        "prepared/drive/1",
        "raw/2011_09_26/drive_sync",
        "tum/fr1",
        "two/Scene01/fog",
        "vkitti_1.3.1_rgb/0001/clone",
    ]
    assert _names(tmp_path / "odometry") == ["sequences/03"]
    assert _names(tmp_path / "raw/2011_09_26/drive_sync") == ["drive_sync"]
    assert _names(tmp_path / "vkitti_1.3.1_rgb/0001/clone") == ["clone"]
    assert _names(tmp_path / "prepared") == ["drive/1"]


def test_links_are_followed_but_not_round_in_circles(tmp_path):
    _walk(tmp_path / "elsewhere/walk")
    (tmp_path / "data").mkdir()
    os.symlink(tmp_path / "elsewhere/walk", tmp_path / "data/linked")
    assert _names(tmp_path / "data") == ["linked"]
    os.symlink(tmp_path / "data", tmp_path / "data/round")
    assert _names(tmp_path / "data")[0] == "linked"


def test_recordings_that_lie_too_deep_are_not_looked_for(tmp_path):
    _walk(tmp_path / "0/1/2/3/4/5")
    assert _names(tmp_path / "0") == ["1/2/3/4/5"]
    with pytest.raises(UserError, match="holds no recording"):
        list_footage(tmp_path)


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda root: None, "no such folder"),
        (lambda root: tiny.text(root, ""), "is a file: a folder of recordings is needed"),
        (lambda root: root.mkdir(), "holds no recording in a layout that is known: KITTI odometry"),
        (
            lambda root: tiny.picture(root / "0.png"),
            "without a camera: add intrinsics.txt (3x3, or",
        ),
        (lambda root: tiny.picture(root / "images/0.png"), "without a camera: add intrinsics.txt"),
        (lambda root: (root / "images").mkdir(parents=True), "images: no pictures in it"),
    ],
)
def test_folders_without_recordings(tmp_path, build, message):
    root = tmp_path / "data"
    build(root)
    with pytest.raises(UserError) as caught:
        list_footage(root)
    assert message in str(caught.value)
    assert str(root) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_layouts_are_named_where_none_fits(tmp_path):
    with pytest.raises(UserError) as caught:
        list_footage(tmp_path)
    for layout in ("odometry", "raw", "Virtual", "TUM", "7-Scenes", "SfMLearner", "plain"):
        assert layout in str(caught.value)
