import numpy as np
import pytest

from aign_tf.data.synthetic import world_walks as walks

SIZE = np.array([6.0, 5.0])
PILLAR = np.array([(2.5, 2.0), (3.5, 2.0), (3.5, 3.0), (2.5, 3.0)])


@pytest.fixture(scope="module")
def clearance():
    return walks.clearance_map(SIZE, [(PILLAR, 0.0, 2.0)])


def test_clearance_is_the_distance_to_walls_and_things(clearance):
    assert clearance.shape == (120, 100)
    assert clearance[60, 50] == 0  # in the pillar
    assert clearance[20, 50] == pytest.approx(1.0, abs=0.1)  # 1 m from the wall
    assert clearance[30, 50] == pytest.approx(1.0, abs=0.1)  # 1 m from the pillar


def test_what_hangs_above_heads_is_not_in_the_way():
    free = walks.clearance_map(SIZE, [(PILLAR, 2.1, 2.5)])
    assert free[60, 50] == pytest.approx(2.5, abs=0.1)


@pytest.mark.parametrize("length", [1, 150])
def test_walks_keep_clear_of_everything(clearance, length):
    made = 0
    for seed in range(5):
        poses = walks.walk(np.random.default_rng(seed), length, clearance)
        if poses is None:
            continue
        made += 1
        x, z = poses[:, 0, 3], poses[:, 2, 3]
        outside = np.hypot(np.maximum(np.abs(x - 3) - 0.5, 0), np.maximum(np.abs(z - 2.5) - 0.5, 0))
        assert poses.shape == (length, 4, 4) and outside.min() > 0.3
        assert x.min() > 0.3 and x.max() < 5.7 and z.min() > 0.3 and z.max() < 4.7
    assert made >= 3


def test_walks_go_in_all_directions_and_turn(clearance):
    poses = walks.walk(np.random.default_rng(0), 200, clearance)
    steps = np.einsum("nji,nj->ni", poses[:-1, :3, :3], np.diff(poses[:, :3, 3], axis=0))
    assert np.mean(steps[:, 2] > 0) > 0.6  # mostly ahead
    assert np.abs(steps[:, 0]).max() > 0.03  # and sideways
    yaw = np.unwrap(np.arctan2(poses[:, 0, 2], poses[:, 2, 2]))
    assert np.ptp(yaw) > np.pi / 2


def test_there_is_no_walk_where_there_is_no_room():
    crowded = walks.clearance_map(np.array([0.9, 0.9]), [])
    assert walks.walk(np.random.default_rng(0), 10, crowded) is None


def test_smooth_curves_have_mean_zero_and_deviation_one():
    curve = walks.smooth(np.random.default_rng(0), 200_000, 10)
    assert len(curve) == 200_000
    assert abs(curve.mean()) < 0.03 and curve.std() == pytest.approx(1, abs=0.03)
    assert np.abs(np.diff(curve)).std() < 0.1
