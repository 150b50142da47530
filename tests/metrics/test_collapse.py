"""The ways in which learning fails are told with a cause, and nothing else is."""

import numpy as np
import pytest

from aign_tf.metrics.collapse import symptoms

RNG = np.random.default_rng(0)
DEPTH = np.exp(RNG.normal(np.log(3), 0.4, (5, 8, 12)))  # of a room
STEPS = RNG.normal(0, 0.1, (20, 3))  # decimetres
REMEMBERED = np.where(RNG.random((7, 8, 12)) < 0.3, 0, np.exp(RNG.normal(1, 0.5, (7, 8, 12))))
REMEMBERED_STEPS = RNG.normal(0, 0.1, (30, 3))


def told(depth=DEPTH, steps=STEPS, remembered=REMEMBERED, remembered_steps=REMEMBERED_STEPS):
    return symptoms(depth, steps, remembered, remembered_steps)


def test_nothing_is_wrong_with_depths_and_motions_like_those_of_the_memory():
    assert told() == []
    assert told(depth=2 * DEPTH, steps=2 * STEPS) == []
    assert told(depth=DEPTH / 2, steps=STEPS / 2) == []


def test_the_truth_is_no_symptom():
    assert symptoms(DEPTH, STEPS, DEPTH, STEPS) == []


@pytest.mark.parametrize("depth", [np.full_like(DEPTH, 3), 3 * DEPTH**0.001])
def test_depths_that_are_the_same_all_over_a_frame(depth):
    (line,) = told(depth=depth)
    assert line.startswith("depth is the same all over a frame (log deviation 0.00")
    assert "data.stride" in line and "video.smoothness" in line


def test_frames_may_differ_and_each_be_flat():
    levels = np.linspace(2, 4, len(DEPTH))[:, None, None]
    (line,) = told(depth=np.broadcast_to(levels, DEPTH.shape))
    assert line.startswith("depth is the same all over a frame (log deviation 0.000)")


@pytest.mark.parametrize("share", [0, 0.01])
def test_a_camera_that_stands_still(share):
    (line,) = told(steps=share * STEPS)
    usual = 100 * np.median(np.linalg.norm(REMEMBERED_STEPS, axis=1))
    assert line.startswith("the camera stands still (")
    assert f" cm a step, {usual:.2g} remembered)" in line and "data.stride" in line


def test_a_few_steps_may_be_still():
    steps = STEPS.copy()
    steps[:5] = 0
    assert told(steps=steps) == []


@pytest.mark.parametrize("scale", [100, 10, 0.1, 0.001])
def test_depths_of_another_scale(scale):
    (line,) = told(depth=scale * DEPTH)
    assert line.startswith("depths are ") and "times those remembered" in line
    times = float(line.split()[2])
    assert times == pytest.approx(scale, rel=0.2)
    assert "loss.recall_weight" in line and "adversary" in line and "other units" in line


def test_a_memory_in_millimetres():
    (line,) = told(remembered=1000 * REMEMBERED)
    assert line.startswith("depths are 0.00")


def test_pixels_without_a_reading_do_not_count():
    sparse = np.where(RNG.random(REMEMBERED.shape) < 0.05, REMEMBERED, 0)
    assert told(remembered=sparse) == []


def test_several_things_may_be_wrong_at_once():
    lines = told(depth=np.full_like(DEPTH, 100), steps=0 * STEPS)
    assert [line.split()[0] for line in lines] == ["depth", "the", "depths"]
    assert not any("\n" in line for line in lines)
