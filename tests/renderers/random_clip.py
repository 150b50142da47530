"""Clips of noise, and a lens whose middle is not that of its picture."""

import numpy as np
import tensorflow as tf

HEIGHT, WIDTH, FRAMES = 32, 48, 3
FOCAL, CENTRE = np.float32([40, 38]), np.float32([23.1, 15.6])


def random_clip(seed=0, rows=1, frames=FRAMES, size=(HEIGHT, WIDTH), moved=0.1):
    """Factors and an observation that have nothing to do with each other."""
    draw = np.random.default_rng(seed)
    factors = {
        "log_depth": draw.normal(1, 0.2, (rows, frames, *size, 1)),
        "rotation": moved * draw.normal(0, 0.3, (rows, frames - 1, 3)),
        "translation": moved * draw.normal(0, 1, (rows, frames - 1, 3)),
    }
    observation = {
        "frames": draw.uniform(-1, 1, (rows, frames, *size, 3)),
        "focal": np.tile(FOCAL, (rows, 1)),
        "principal_point": np.tile(CENTRE, (rows, 1)),
    }
    return tuple(
        {name: tf.constant(part, tf.float32) for name, part in parts.items()}
        for parts in (factors, observation)
    )
