import numpy as np
import pytest

from aign_tf.data.sequences import kitti_raw
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny

P_RECT = "721.5 0 609.5 44.8 0 721.5 172.8 0.2 0 0 1 0.0027"
# Of 2011_09_26: the laser looks forward with y left and z up, the camera with x right and y down.
VELO_TO_CAM = "R: 0 -1 0 0 0 -1 1 0 0\nT: 0 -0.07 -0.27\n"
IMU_TO_VELO = "R: 1 0 0 0 1 0 0 0 1\nT: -0.8 0.3 -0.8\n"
DRIVE = "2011_09_26_drive_0001_sync"


def _oxts(latitude, longitude, altitude, yaw):
    return " ".join(map(str, [latitude, longitude, altitude, 0, 0, yaw] + [0] * 24))


@pytest.fixture
def drive(tmp_path):
    date = tmp_path / "raw/2011_09_26"
    for i in range(3):
        name = f"{i:010d}"
        tiny.picture(date / DRIVE / f"image_02/data/{name}.png", value=i)
        tiny.text(date / DRIVE / f"oxts/data/{name}.txt", _oxts(49, 8 + i / 1e5, 100, 0))
    calibration = (
        "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.95e-02\n"
        f"R_rect_00: 1 0 0 0 1 0 0 0 1\nP_rect_02: {P_RECT}\n"
    )
    tiny.text(date / "calib_cam_to_cam.txt", calibration)
    tiny.text(date / "calib_velo_to_cam.txt", f"calib_time: 15-Mar-2012\n{VELO_TO_CAM}")
    tiny.text(date / "calib_imu_to_velo.txt", f"calib_time: 25-May-2012\n{IMU_TO_VELO}")
    return date / DRIVE


def test_pictures_and_camera(drive):
    assert kitti_raw.recognises(drive)
    assert not kitti_raw.recognises(drive.parent)
    (footage,) = kitti_raw.read(drive)
    assert (footage.name, footage.count) == (DRIVE, 3)
    assert footage.focal.tolist() == [721.5, 721.5]
    assert footage.principal_point.tolist() == [609.5, 172.8]
    assert [footage.read_image(i).max() for i in range(3)] == [0, 1, 2]
    assert footage.read_depth is None


@pytest.mark.parametrize(
    "place",
    [
        f"raw/2011_09_26/{DRIVE}",
        f"raw/train/{DRIVE}",
        f"train/{DRIVE}",
        f"data_depth_annotated/val/{DRIVE}",
    ],
)
def test_depth_maps_of_the_benchmark(drive, place):
    folder = drive.parents[2] / place / "proj_depth/groundtruth/image_02"
    tiny.depth_map(folder / "0000000001.png", np.full((6, 8), 2560))
    read = kitti_raw.read(drive)[0].read_depth
    np.testing.assert_array_equal(read(1), np.full((6, 8), 10, np.float32))
    np.testing.assert_array_equal(read(0), np.zeros((6, 8), np.float32))


def test_driving_east_moves_the_camera_forward(drive):
    (footage,) = kitti_raw.read(drive)
    # A 360th of a degree of longitude, at 49 degrees north.
    step = 6378137 * np.pi / 180 / 1e5 * np.cos(np.radians(49))
    moved = np.linalg.inv(footage.poses[0]) @ footage.poses
    np.testing.assert_allclose(moved[:, :3, 3], [[0, 0, i * step] for i in range(3)], atol=1e-5)
    # World: x east, y north, z up. The camera looks east, and down is its y.
    np.testing.assert_allclose(
        footage.poses[0, :3, :3], [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-12
    )
    # The camera: 0.27 m before the laser, and that 0.8 m before the car's origin (0.27 + 0.8 m).
    assert footage.poses[0, 0, 3] == pytest.approx(1.07, abs=0.01)


def test_turning_left_is_a_turn_about_minus_y_of_the_camera(drive):
    tiny.text(drive / "oxts/data/0000000001.txt", _oxts(49, 8, 100, 0.1))
    (footage,) = kitti_raw.read(drive)
    turned = np.linalg.inv(footage.poses[0]) @ footage.poses[1]
    # What the camera looks along moves to its left, where x is negative.
    np.testing.assert_allclose(turned[:3, 2], [-np.sin(0.1), 0, np.cos(0.1)], atol=1e-9)


def test_driving_north_uphill(drive):
    tiny.text(drive / "oxts/data/0000000001.txt", _oxts(49.0001, 8, 103, np.pi / 2))
    (footage,) = kitti_raw.read(drive)
    # The car starts at the origin, and the camera turns about it as the car turns left.
    x, y, z = footage.poses[0, :3, 3]
    north = 6378137 * np.radians(0.0001)
    np.testing.assert_allclose(footage.poses[1, :3, 3], [-y, x + north, z + 3], atol=1e-3)


@pytest.mark.parametrize("missing", ["calib_imu_to_velo.txt", "calib_velo_to_cam.txt"])
def test_poses_need_the_whole_calibration(drive, missing):
    (drive.parent / missing).unlink()
    assert kitti_raw.read(drive)[0].poses is None


def test_unrectified_pictures_are_refused(drive):
    other = drive.rename(drive.with_name("2011_09_26_drive_0001_extract"))
    with pytest.raises(UserError, match="not rectified: use the drive's _sync folder"):
        kitti_raw.read(other)


def _remove_pictures(drive):
    for path in (drive / "image_02/data").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "spoil, message",
    [
        (_remove_pictures, "image_02/data: no pictures in it"),
        (lambda d: (d.parent / "calib_cam_to_cam.txt").unlink(), "cam_to_cam.txt: cannot be read"),
        (lambda d: tiny.text(d.parent / "calib_cam_to_cam.txt", ""), "no line begins with P_rect"),
        (lambda d: tiny.text(d.parent / "calib_imu_to_velo.txt", "R: 1"), "1 values, 9 numbers"),
        (lambda d: (d / "oxts/data/0000000001.txt").unlink(), "0000000001.txt: cannot be read"),
        (lambda d: tiny.text(d / "oxts/data/0000000001.txt", "49 8"), "2 values, 30 numbers"),
    ],
)
def test_drives_with_mistakes(drive, spoil, message):
    spoil(drive)
    with pytest.raises(UserError) as caught:
        kitti_raw.read(drive)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
