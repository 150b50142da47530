"""Maps of neighbouring frames correct each other."""

import numpy as np
import pytest

from aign_tf.depth_fusion import agreed
from tests.data.sequences.textured_sphere import CENTRE, FOCAL, sphere_sequence

LENS = np.float32(FOCAL), np.float32(CENTRE)


def sphere(count):
    recording = sphere_sequence(count)
    return recording.depth, recording.poses


def errors(depth, truth):
    """Mean absolute errors of the logarithm, of each frame."""
    return np.abs(np.log(depth / truth)).mean(axis=(1, 2))


def waves(shape, size, seed):
    """Smooth factors around 1, unlike in every frame."""
    frames, height, width = shape
    draw = np.random.default_rng(seed)
    a, b, c = draw.uniform(0, 2 * np.pi, (3, frames, 1, 1))
    y, x = np.mgrid[:height, :width]
    return np.exp(size * (np.sin(x / 9 + a) * np.sin(y / 7 + b) + np.sin(c)))


def test_true_depths_stay():
    truth, poses = sphere(9)
    found = agreed(truth, poses, *LENS)
    assert found.shape == truth.shape and found.dtype == np.float32
    assert errors(found, truth).max() < 0.002


def test_errors_that_differ_from_frame_to_frame_become_smaller():
    truth, poses = sphere(12)
    given = truth * waves(truth.shape, 0.1, 0)
    before, after = errors(given, truth), errors(agreed(given, poses, *LENS), truth)
    assert before.min() > 0.03
    assert after.mean() < 0.55 * before.mean()


def test_a_frame_alone_stays():
    truth, poses = sphere(1)
    np.testing.assert_allclose(agreed(truth, poses, *LENS), truth, rtol=1e-6)


def test_frames_that_see_nothing_of_each_other_stay():
    truth, poses = sphere(2)
    poses = poses.copy()
    poses[1, :3, :3] = poses[0, :3, :3] @ np.diag([-1.0, 1.0, -1.0])
    given = truth * waves(truth.shape, 0.1, 1)
    np.testing.assert_allclose(agreed(given, poses, *LENS), given, rtol=1e-5)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_what_is_something_else_there_does_not_count(factor):
    """The middle one of five maps shows all twice as near or far."""
    truth, poses = sphere(5)
    given = truth.copy()
    given[2] *= factor
    found = agreed(given, poses, *LENS)
    np.testing.assert_allclose(found[2], given[2], rtol=1e-3)
    others = [0, 1, 3, 4]
    assert errors(found[others], truth[others]).max() < 0.002


def test_only_neighbours_are_asked():
    truth, poses = sphere(20)
    given = truth.copy()
    given[19] *= 1.2
    found = agreed(given, poses, *LENS)
    changed = errors(found, truth) > 0.002
    # Two rounds, eight frames each.
    assert not changed[:3].any() and changed[15:].all()
