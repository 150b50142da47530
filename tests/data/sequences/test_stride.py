"""How many frames apart pictures should be, told by nothing but the pictures."""

import dataclasses

import numpy as np
import pytest

from aign_tf.data.sequences.stride import auto_stride, median_flow
from tests.data.sequences.textured_sphere import sphere_sequence

RNG = np.random.default_rng(0)


def panorama(*shifts, height=64, width=96):
    """Frames of a picture that has moved by so many pixels in all."""
    noise = RNG.uniform(0, 255, (height // 8, 40, 3)).repeat(8, 0).repeat(8, 1)
    smooth = np.mean([np.roll(noise, step, axis) for step in range(8) for axis in (0, 1)], axis=0)
    frames = [np.roll(smooth, -shift, axis=1)[:, :width] for shift in shifts]
    return dataclasses.replace(sphere_sequence(2), frames=np.stack(frames).astype(np.uint8))


def test_flow_is_a_share_of_the_width():
    still = panorama(*range(0, 40, 2))
    assert median_flow(still, 1) == pytest.approx(2 / 96, rel=0.05)
    assert median_flow(still, 4) == pytest.approx(8 / 96, rel=0.05)


def test_no_flow_beyond_the_end():
    assert median_flow(panorama(0, 1, 2), 3) == 0


@pytest.mark.parametrize("pixels, stride", [(12, 1), (5, 1), (3, 1), (2, 2), (1, 3)])
def test_the_smallest_stride_that_shows_parallax(pixels, stride):
    """3 % of 96 pixels are 2.9."""
    assert auto_stride(panorama(*range(0, 30 * pixels, pixels))) == stride


def test_slow_footage_needs_more():
    assert auto_stride(sphere_sequence(30, speed=0.1)) == 6
    assert auto_stride(sphere_sequence(30, speed=0.3)) == 2
    assert auto_stride(sphere_sequence(10)) == 1


def test_never_too_far_for_overlap():
    """A camera that turns in jerks: nothing moves in most frames, and too much in two."""
    jerks = panorama(*np.repeat(np.arange(0, 140, 14), 3))
    assert median_flow(jerks, 1) < 0.03
    assert median_flow(jerks, 2) > 0.12
    assert auto_stride(jerks) == 1


def test_three_frames_remain():
    slow = sphere_sequence(30, speed=0.05)
    assert auto_stride(slow) == 12
    assert auto_stride(slow.take(slice(9))) == 4
    assert auto_stride(slow.take(slice(3))) == 1
    assert auto_stride(slow.take(slice(1))) == 1


def test_nothing_moves():
    assert auto_stride(panorama(*[0] * 30)) == 1


def test_the_same_every_time():
    recording = sphere_sequence(20, speed=0.2)
    assert len({median_flow(recording, 2) for _ in range(3)}) == 1
