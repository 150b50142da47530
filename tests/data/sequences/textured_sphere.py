"""A recording without any error: a camera moves within a sphere that is painted inside."""

import numpy as np
from scipy.spatial.transform import Rotation

from aign_tf.data.sequences.footage import Sequence

RADIUS = 3.0  # metres
FOCAL, CENTRE = (50.0, 52.0), (33.0, 22.5)


TURN = 4.0  # degrees from a frame to the next, about an axis that changes
STEP = (0.09, -0.03, 0.07)  # metres, in the world


def wandering_poses(count, speed=1.0):
    """`[count, 4, 4]`, world from camera."""
    time = speed * np.arange(count)
    axes = np.stack([np.sin(time), np.cos(time), np.full(count, 0.5)], axis=1) / np.sqrt(1.25)
    poses = np.tile(np.eye(4), (count, 1, 1))
    for frame in range(1, count):
        turn = Rotation.from_rotvec(speed * np.radians(TURN) * axes[frame]).as_matrix()
        poses[frame, :3, :3] = poses[frame - 1, :3, :3] @ turn
    poses[:, :3, 3] = [-1.2, 0.3, -0.9] + time[:, None] * STEP
    return poses


def sphere_sequence(count=12, speed=1.0, height=48, width=64, name="sphere"):
    """A `Sequence` with exact depths."""
    poses = wandering_poses(count, speed)
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    rays = np.dstack([(pixels - CENTRE) / FOCAL, np.ones((height, width))])
    frames, depths = zip(*(_seen(pose, rays) for pose in poses))
    focal, centre = np.array(FOCAL, np.float32), np.array(CENTRE, np.float32)
    return Sequence(name, np.stack(frames), focal, centre, np.stack(depths), poses)


def _seen(pose, rays):
    """The picture and the depth map of one camera: |c + z R r| = RADIUS for the depth z."""
    rays, start = rays @ pose[:3, :3].T, pose[:3, 3]
    a, b, c = (rays**2).sum(axis=-1), rays @ start, start @ start - RADIUS**2
    depth = (np.sqrt(b**2 - a * c) - b) / a
    points = start + depth[..., None] * rays
    waves = np.sin(points @ (6 * np.array([[1, 0.3, 0.2], [-0.4, 1, 0.5], [0.3, -0.6, 1]])))
    paint = waves * np.roll(waves, 1, axis=-1) * 100 + 128
    return np.rint(paint).astype(np.uint8), depth.astype(np.float32)
