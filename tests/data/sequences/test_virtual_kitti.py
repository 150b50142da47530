import numpy as np
import pytest

from aign_tf.data.sequences import virtual_kitti
from aign_tf.errors import UserError
from tests.data.sequences import tiny_files as tiny

HEADER_1 = "frame r1,1 r1,2 r1,3 t1 r2,1 r2,2 r2,3 t2 r3,1 r3,2 r3,3 t3 0 0.1 0.2 1"
HEADER_2 = "frame cameraID r1,1 r1,2 r1,3 t1 r2,1 r2,2 r2,3 t2 r3,1 r3,2 r3,3 t3 0 0 0 1"
SIZE = (1242, 375)


def _depth(value):
    values = np.full(SIZE[::-1], value)
    values[0, 0] = 65535
    return values


@pytest.fixture
def first(tmp_path):
    """Frames 3, 4 and 5 of a recording of version 1.3.1."""
    for i in range(3, 6):
        tiny.picture(tmp_path / f"vkitti_1.3.1_rgb/0001/clone/{i:05d}.png", SIZE, i)
    tiny.depth_map(tmp_path / "vkitti_1.3.1_depthgt/0001/clone/00004.png", _depth(250))
    rows = [[i, *matrix.ravel()] for i, matrix in enumerate(tiny.poses(6))]
    tiny.table(tmp_path / "vkitti_1.3.1_extrinsicsgt/0001_clone.txt", rows, HEADER_1)
    return tmp_path / "vkitti_1.3.1_rgb/0001/clone"


@pytest.fixture
def second(tmp_path):
    """Frames 0 and 1 of a recording of version 2.0, seen by two cameras."""
    folder = tmp_path / "Scene01/clone"
    for camera in range(2):
        for i in range(2):
            place = folder / f"frames/rgb/Camera_{camera}/rgb_{i:05d}.jpg"
            tiny.picture(place, value=100 * camera + 50 * i)
    tiny.depth_map(folder / "frames/depth/Camera_0/depth_00001.png", np.full((6, 8), 1234))
    poses = tiny.poses(4).reshape(2, 2, 16)
    extrinsics = [[i, camera, *poses[i, camera]] for i in range(2) for camera in range(2)]
    tiny.table(folder / "extrinsic.txt", extrinsics, HEADER_2)
    intrinsics = [[i, camera, 725 + camera, 726, 620.5, 187] for i in range(2) for camera in (0, 1)]
    header = "frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]"
    tiny.table(folder / "intrinsic.txt", intrinsics, header)
    return folder


def test_version_1(first):
    assert virtual_kitti.recognises(first)
    assert not virtual_kitti.recognises(first.parent)
    (footage,) = virtual_kitti.read(first)
    assert (footage.name, footage.count) == ("clone", 3)
    assert (*footage.focal, *footage.principal_point) == (725, 725, 620.5, 187)
    assert footage.read_image(0).max() == 3
    np.testing.assert_allclose(footage.poses, np.linalg.inv(tiny.poses(6)[3:]), atol=1e-12)
    depth = footage.read_depth(1)
    assert depth[0, 0] == 0
    assert depth[1, 1] == 2.5
    assert not footage.read_depth(0).any()


def test_version_1_pictures_alone(first):
    for path in (first.parents[2] / "vkitti_1.3.1_extrinsicsgt").iterdir():
        path.unlink()
    for path in (first.parents[2] / "vkitti_1.3.1_depthgt/0001/clone").iterdir():
        path.unlink()
    (footage,) = virtual_kitti.read(first)
    assert footage.poses is None
    assert footage.read_depth is None


def test_version_2(second):
    assert virtual_kitti.recognises(second)
    (footage,) = virtual_kitti.read(second)
    assert footage.count == 2
    assert (*footage.focal, *footage.principal_point) == (725, 726, 620.5, 187)
    assert abs(footage.read_image(1).astype(int) - 50).max() < 3
    left = tiny.poses(4).reshape(2, 2, 4, 4)[:, 0]
    np.testing.assert_allclose(footage.poses, np.linalg.inv(left), atol=1e-12)
    np.testing.assert_array_equal(footage.read_depth(1), np.full((6, 8), np.float32(12.34)))


@pytest.mark.parametrize("scenes", ["Scenes", "vkitti_2.0.3_rgb"])
def test_version_2_with_a_folder_for_each_archive(second, scenes):
    root = second.parents[1]
    for archive, parts in {
        "vkitti_2.0.3_textgt": ["intrinsic.txt", "extrinsic.txt"],
        "vkitti_2.0.3_depth": ["frames/depth/Camera_0/depth_00001.png"],
    }.items():
        for part in parts:
            place = root / archive / "Scene01/clone" / part
            place.parent.mkdir(parents=True, exist_ok=True)
            (second / part).rename(place)
    (second / "frames/depth/Camera_0").rmdir()
    (root / scenes).mkdir()
    second.parent.rename(root / scenes / "Scene01")
    (footage,) = virtual_kitti.read(root / scenes / "Scene01/clone")
    assert footage.poses is not None
    assert footage.read_depth(1).all()


def _file(folder, name, *rows):
    tiny.table(folder / name, rows, "header")


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda f: (f / "intrinsic.txt").unlink(), "intrinsic.txt: cannot be read"),
        (lambda f: _file(f, "intrinsic.txt", [0, 1, 7, 7, 3, 2]), "no row is of camera 0"),
        (
            lambda f: _file(f, "intrinsic.txt", [0, 0, 7, 7, 3, 2], [1, 0, 8, 7, 3, 2]),
            "intrinsics of camera 0 change from frame to frame",
        ),
        (
            lambda f: _file(f, "extrinsic.txt", [1, 0, *np.eye(4).ravel()]),
            "extrinsic.txt: 1 pictures have no pose, the first is 0",
        ),
        (lambda f: _file(f, "extrinsic.txt", range(17)), "line 2: 17 values, 18 numbers"),
        (
            lambda f: tiny.picture(f / "frames/rgb/Camera_0/x.png"),
            "x.png: not named rgb_NUMBER as in Virtual KITTI",
        ),
    ],
)
def test_recordings_with_mistakes(second, spoil, message):
    spoil(second)
    with pytest.raises(UserError) as caught:
        virtual_kitti.read(second)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_version_1_in_another_size_needs_intrinsics(first):
    for path in first.iterdir():
        tiny.picture(path, (8, 6))
    with pytest.raises(UserError, match=r"pictures of 8x6, not 1242x375 .* add intrinsics.txt"):
        virtual_kitti.read(first)
