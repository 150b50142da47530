import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aign_tf.errors import UserError
from aign_tf.metrics.trajectory import MEANINGS, chain, plot, trajectory_errors, write_tum

seeds = st.integers(0, 2**32 - 1)
ROOT = pathlib.Path(__file__).parents[2]


def motions(seed, count=8):
    """Rotations `[count, 3, 3]` of some degrees and translations `[count, 3]` of decimetres."""
    random = np.random.default_rng(seed)
    turns = Rotation.from_rotvec(random.normal(0, 0.1, (count, 3))).as_matrix()
    return turns, random.normal(0, 0.1, (count, 3))


def straight(steps):
    """Motions along z without a turn, of a camera that moves `steps` `[M]` metres."""
    return np.tile(np.eye(3), (len(steps), 1, 1)), np.multiply.outer(steps, [0.0, 0.0, -1.0])


def pose(seed):
    random = np.random.default_rng(seed)
    rigid = np.eye(4)
    rigid[:3, :3] = Rotation.random(random_state=seed).as_matrix()
    rigid[:3, 3] = random.normal(0, 3, 3)
    return rigid


# Chaining.


def test_a_point_of_the_world_moves_from_camera_to_camera_as_the_motions_say():
    rotation, translation = motions(0)
    poses = chain(rotation, translation)
    seen = [np.linalg.inv(one) @ [1, 2, 3, 1] for one in poses]
    np.testing.assert_array_equal(poses[0], np.eye(4))
    for k, (turn, shift) in enumerate(zip(rotation, translation)):
        np.testing.assert_allclose(turn @ seen[k][:3] + shift, seen[k + 1][:3])


def test_a_camera_that_comes_nearer_to_things_moves_forward():
    np.testing.assert_allclose(chain(*straight([1, 2]))[:, 2, 3], [0, 1, 3])


def test_a_path_may_begin_anywhere():
    first = pose(3)
    np.testing.assert_allclose(chain(*motions(0), first), first @ chain(*motions(0)), atol=1e-12)


def test_no_motion_is_a_path_of_one_pose():
    np.testing.assert_array_equal(chain(np.zeros((0, 3, 3)), np.zeros((0, 3))), np.eye(4)[None])


def test_roundings_of_float32_do_not_add_up():
    turn = np.float32(Rotation.from_rotvec([0.01, 0.02, 0.03]).as_matrix()) * np.float32(1 + 1e-6)
    last = chain(np.tile(turn, (3000, 1, 1)), np.zeros((3000, 3)))[-1, :3, :3]
    np.testing.assert_allclose(last @ last.T, np.eye(3), atol=1e-10)


# Errors.


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_the_truth_in_any_world_has_no_error(seed):
    rotation, translation = motions(seed)
    found = trajectory_errors(rotation, translation, pose(seed) @ chain(rotation, translation))
    assert found == pytest.approx(dict.fromkeys(MEANINGS, 0.0), abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(0.2, 5))
def test_scale_is_an_error_unless_it_is_aligned(seed, scale):
    rotation, translation = motions(seed)
    true = pose(seed) @ chain(rotation, translation)
    found = trajectory_errors(rotation, scale * translation, true)
    spread = true[:, :3, 3] - true[:, :3, 3].mean(axis=0)
    lost = abs(scale - 1)
    expected = {
        "ate_m": lost * np.sqrt(np.mean(np.sum(spread**2, axis=1))),
        "ate_m_scaled": 0,
        "rpe_trans_m": lost * np.sqrt(np.mean(np.sum(translation**2, axis=1))),
        "rpe_rot_deg": 0,
    }
    assert found == pytest.approx(expected, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(0, 170))
def test_the_same_wrong_turn_in_each_step_is_the_error_of_rotation(seed, degrees):
    rotation, translation = motions(seed)
    wrong = Rotation.from_rotvec([0, np.radians(degrees), 0]).as_matrix()
    # Turned before the motion, so that the camera stands where it should and only looks elsewhere.
    found = trajectory_errors(rotation @ wrong, translation, chain(rotation, translation))
    assert found["rpe_rot_deg"] == pytest.approx(degrees, abs=1e-5)
    assert found["ate_m"] >= found["ate_m_scaled"] - 1e-9


def test_errors_of_motions_are_root_mean_squares():
    rotation, translation = straight([1, 1, 1, 1])
    found = trajectory_errors(*straight([1, 1, 1, 3]), chain(rotation, translation))
    assert found["rpe_trans_m"] == pytest.approx(np.sqrt(2**2 / 4))
    rotation = rotation.copy()
    rotation[0] = Rotation.from_euler("y", 30, degrees=True).as_matrix()
    found = trajectory_errors(rotation, translation, chain(*straight([1, 1, 1, 1])))
    assert found["rpe_rot_deg"] == pytest.approx(30 / 2)


@pytest.mark.filterwarnings("error")
def test_paths_on_a_line_are_aligned_too():
    # Centred positions -3, -1, 1, 3 against -1.5, -0.5, 0.5, 1.5 on a line elsewhere.
    true = pose(0) @ chain(*straight([2, 2, 2]))
    found = trajectory_errors(*straight([1, 1, 1]), true)
    assert found["ate_m"] == pytest.approx(np.sqrt((1.5**2 + 0.5**2) / 2))
    assert found["ate_m_scaled"] == pytest.approx(0, abs=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 8])
def test_no_motion_predicted_is_as_wrong_as_the_path_is_wide(count):
    rotation, translation = motions(1, count)
    true = chain(rotation, translation)
    found = trajectory_errors(*straight(np.zeros(count)), true)
    positions = true[:, :3, 3]
    wide = np.sqrt(np.mean(np.sum((positions - positions.mean(axis=0)) ** 2, axis=1)))
    assert found["ate_m"] == pytest.approx(wide)
    assert found["ate_m_scaled"] == pytest.approx(wide)
    angles = np.degrees(Rotation.from_matrix(rotation).magnitude())
    assert found["rpe_rot_deg"] == pytest.approx(np.sqrt(np.mean(angles**2)))


def test_roundings_of_float32_and_of_text_are_no_errors():
    rotation, translation = motions(0)
    true = chain(rotation, translation).round(6)
    found = trajectory_errors(rotation.astype(np.float32), translation.astype(np.float32), true)
    assert max(found.values()) < 1e-4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_motion_that_is_not_a_number_is_not_hidden(broken, value):
    predicted = motions(0)
    true = chain(*predicted)
    predicted[broken][2, 0] = value
    assert np.isnan(list(trajectory_errors(*predicted, true).values())).all()


def test_numbers_that_do_not_match_are_told():
    rotation, translation = motions(0)
    true = chain(rotation, translation)
    with pytest.raises(UserError, match=r"shape \[8, 3, 3\] do not match 8 true poses: give one"):
        trajectory_errors(rotation, translation, true[1:])
    with pytest.raises(UserError, match=r"shape \[0, 3, 3\] do not match 1 true poses: .* least"):
        trajectory_errors(rotation[:0], translation[:0], true[:1])


def test_nothing_is_printed_and_no_home_is_needed(tmp_path):
    # The library's own commands keep settings in the home folder, and say so.
    script = (
        "from aign_tf.metrics.trajectory import chain, trajectory_errors as errors\n"
        "import numpy as np\n"
        "turn, shift = np.eye(3)[None], np.ones((1, 3))\n"
        "errors(turn, shift, chain(turn, shift))\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path / "absent"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not list(tmp_path.iterdir())


# Files and pictures.


def test_a_text_of_the_tum_benchmark_reads_back(tmp_path):
    poses = pose(4) @ chain(*motions(0))
    path = tmp_path / "new" / "trajectory.txt"
    write_tum(path, np.arange(len(poses)) / 30, poses)
    assert path.read_text().splitlines()[1].startswith("0.033333 ")
    rows = np.loadtxt(path)
    np.testing.assert_allclose(rows[:, 0], np.arange(9) / 30, atol=1e-6)
    np.testing.assert_allclose(rows[:, 1:4], poses[:, :3, 3], atol=1e-7)
    turns = Rotation.from_quat(rows[:, 4:]).as_matrix()  # x y z w, as SciPy has them.
    np.testing.assert_allclose(turns, poses[:, :3, :3], atol=1e-7)
    assert [file.name for file in path.parent.iterdir()] == ["trajectory.txt"]


def pixels_of(picture, colour):
    """Rows and columns `[P, 2]` of about this colour."""
    return np.argwhere(np.abs(picture.astype(int) - colour).max(axis=-1) < 60)


def test_a_plot_shows_where_the_camera_went():
    picture = plot({"predicted": chain(*straight([1, 1, 1]))})
    assert picture.dtype == np.uint8 and picture.shape == (480, 960, 3)
    blue = pixels_of(picture, [31, 119, 180])
    below_legend = blue[:, 0] > 100
    above, side = blue[(blue[:, 1] < 480) & below_legend], blue[(blue[:, 1] >= 480) & below_legend]
    # Forward is up where it is seen from above, and to the right where it is seen from the side.
    (height, width), (side_height, side_width) = np.ptp(above, axis=0), np.ptp(side, axis=0)
    assert height > 250 and width < 12
    assert side_height < 12 and side_width > 250


def test_paths_in_different_worlds_begin_alike():
    path = chain(*motions(0))
    moved = {"predicted": pose(5) @ path, "truth": pose(6) @ path}
    np.testing.assert_array_equal(plot(moved), plot({"predicted": path, "truth": path}))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("poses", [np.eye(4)[None], np.tile(np.eye(4), (5, 1, 1))])
def test_a_camera_that_stays_can_be_plotted(poses):
    assert plot({"predicted": pose(1) @ poses}).shape == (480, 960, 3)
