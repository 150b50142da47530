import numpy as np
import pytest
import trimesh

from aign_tf.data.sequences import clouds
from aign_tf.data.sequences.clouds import coloured_cloud, write_ply

FOCAL, CENTRE = np.array([20.0, 25.0]), np.array([7.5, 5.0])
HEIGHT, WIDTH = 12, 16
RED, BLUE = np.uint8([200, 0, 0]), np.uint8([0, 0, 200])


def wall(metres=2.0, count=1):
    """A wall across the line of sight, red on the left and blue on the right."""
    frames = np.empty((count, HEIGHT, WIDTH, 3), np.uint8)
    frames[:, :, : WIDTH // 2], frames[:, :, WIDTH // 2 :] = RED, BLUE
    return frames, np.full((count, HEIGHT, WIDTH), metres, np.float32)


def cloud(frames, depth, poses=None):
    poses = np.tile(np.eye(4), (len(depth), 1, 1)) if poses is None else poses
    return coloured_cloud(frames, depth, poses, FOCAL, CENTRE)


def test_a_wall_lies_where_the_camera_sees_it():
    points, colours = cloud(*wall())
    assert points.shape == (HEIGHT * WIDTH, 3) and points.dtype == np.float32
    assert colours.shape == points.shape and colours.dtype == np.uint8
    np.testing.assert_array_equal(points[:, 2], 2)
    np.testing.assert_allclose(points.min(axis=0)[:2], (0 - CENTRE) / FOCAL * 2, rtol=1e-6)
    farthest = ([WIDTH - 1, HEIGHT - 1] - CENTRE) / FOCAL * 2
    np.testing.assert_allclose(points.max(axis=0)[:2], farthest, rtol=1e-6)
    np.testing.assert_array_equal(colours, np.where(points[:, :1] < 0, RED, BLUE))


def test_points_are_in_the_world():
    turned = np.array([[0, 0, 1, 10], [0, 1, 0, 20], [-1, 0, 0, 30], [0, 0, 0, 1.0]])
    points, _ = cloud(*wall(), turned[None])
    seen, _ = cloud(*wall())
    np.testing.assert_allclose(points, seen @ turned[:3, :3].T + [10, 20, 30], rtol=1e-6)
    np.testing.assert_allclose(points[:, 0], 12)  # The camera looks along x of the world.


def test_two_frames_of_one_wall_agree():
    frames, _ = wall(count=2)
    depth = np.concatenate([wall(3.0)[1], wall(2.0)[1]])
    poses = np.tile(np.eye(4), (2, 1, 1))
    poses[1, 2, 3] = 1
    points, _ = cloud(frames, depth, poses)
    np.testing.assert_allclose(points[:, 2], 3)


def test_what_was_not_read_and_what_is_far_is_left_out():
    frames, depth = wall()
    depth[0, :, 0], depth[0, :, 1] = 0, 6.1
    depth[0, :, 15] = 5.9
    points, _ = cloud(frames, depth)
    # Where 2 m and 5.9 m meet, both are beside an edge.
    assert len(points) == HEIGHT * (WIDTH - 5) and np.all(points[:, 2] == 2)
    depth[0, :, 2:] = 5.9
    assert np.any(cloud(frames, depth)[0][:, 2] > 5)


def test_points_beside_a_jump_of_depth_are_left_out_but_slopes_stay():
    frames, depth = wall()
    depth[0, :6] = 3
    points, _ = cloud(frames, depth)
    assert len(points) == (HEIGHT - 2) * WIDTH
    depth[0] = 2 * 1.09 ** np.arange(HEIGHT)[:, None]
    assert len(cloud(frames, depth)[0]) == HEIGHT * WIDTH
    depth[0] = 2 * 1.11 ** np.arange(WIDTH)
    assert len(cloud(frames, depth)[0]) == 0


def test_the_number_of_points_is_bounded_and_drawn_alike_each_time(monkeypatch):
    monkeypatch.setattr(clouds, "MOST_POINTS", 50)
    frames, depth = wall(count=5)
    poses = np.tile(np.eye(4), (5, 1, 1))
    poses[:, 0, 3] = 100 * np.arange(5)
    points, colours = cloud(frames, depth, poses)
    assert np.unique(np.rint(points[:, 0] / 100), return_counts=True)[1].tolist() == [10] * 5
    assert len(np.unique(points, axis=0)) == 50 == len(colours)
    np.testing.assert_array_equal(cloud(frames, depth, poses)[0], points)


@pytest.mark.filterwarnings("error")
def test_nothing_read_is_a_cloud_without_points(tmp_path):
    points, colours = cloud(*wall(0.0))
    assert points.shape == colours.shape == (0, 3)
    write_ply(tmp_path / "cloud.ply", points, colours)
    assert b"element vertex 0\n" in (tmp_path / "cloud.ply").read_bytes()


def test_a_file_reads_back_whole(tmp_path):
    points, colours = cloud(*wall())
    path = tmp_path / "new" / "cloud.ply"
    write_ply(path, points, colours)
    stored = trimesh.load(path)
    np.testing.assert_array_equal(stored.vertices, points)
    np.testing.assert_array_equal(stored.colors[:, :3], colours)
    assert [file.name for file in path.parent.iterdir()] == ["cloud.ply"]
    assert path.read_bytes().startswith(b"ply\nformat binary_little_endian 1.0\n")
