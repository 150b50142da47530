"""Small pictures of large faces, and batches of them beside a memory of large ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from aign_tf.config import TrainConfig, setting
from aign_tf.data import augment, unpaired
from aign_tf.data.face_boxes import Square
from aign_tf.data.face_roles import FaceDataConfig, FaceRoles
from aign_tf.data.faces import FaceSet
from aign_tf.data.pasting import cut
from aign_tf.downsampling import KERNELS, downsampled


@dataclasses.dataclass(frozen=True)
class SmallFaceConfig(FaceDataConfig):
    memory: str = setting("gender=female", 'which faces are remembered, as "age>=60"')
    memory_share: float = setting(
        0.5, "share of these people who are remembered; the others are observed", least=0.01, most=1
    )
    factor: int = setting(4, "how many times smaller the observation is: a power of two", least=2)
    kernel: str = setting(
        "average", f"how observations are made: {', '.join(KERNELS)}", choices=KERNELS
    )
    rendered: str = setting("average", "how the renderer makes them", choices=KERNELS)
    grey: bool = setting(False, "observe brightness alone, which leaves the colours to the memory")
    detected_box: str = setting(
        "", "where a detector sees aligned faces, for photos; empty: as in the data"
    )

    @property
    def channels(self) -> int:
        """Of the observation."""
        return 1 if self.grey else 3

    @property
    def small_size(self) -> int:
        """Side of the observation in pixels."""
        return self.image_size // self.factor


def observe(faces: FaceSet, config: SmallFaceConfig) -> dict[str, np.ndarray]:
    """`image` float32 `[N, s, s, C]` in [-1, 1]: what is observed of the faces."""
    return {"image": seen(augment.normalized(faces.images), config).numpy()}


def batches(
    roles: FaceRoles,
    config: SmallFaceConfig,
    train: TrainConfig,
    factors: Sequence[str],
    first_step: int,
) -> tf.data.Dataset:
    """Endless batches; the large faces behind the observations are the truth of all `factors`."""

    def vary(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        tint, flip = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        faces = augment.random_tint(augment.normalized(images), config.tint, tint)
        return augment.random_flip([faces], flip)[0] if config.flip else faces

    def make(observed, memory, seed):
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        face = vary(observed["images"], seeds[0])
        return {
            "observation": {"image": seen(face, config)},
            "memory": {"face": vary(memory["images"], seeds[1])},
            "truth": {name: face for name in factors},
        }

    return unpaired.unpaired_batches(
        {"images": roles.observed.images},
        {"images": roles.memory.images},
        train.batch_size,
        train.seed,
        make,
        first_step,
    )


def in_photo(photo: np.ndarray, square: Square, config: SmallFaceConfig) -> np.ndarray:
    """What is observed of a face in a photo: float32 `[s, s, C]` in [-1, 1].

    Args:
      photo: uint8 `[H, W, 3]`.
      square: where the face is. One that is as large as those of the training is made small as
        they were; a smaller one is resampled.
      config: of the training.
    """
    if square.side >= config.image_size:
        faces = augment.normalized(cut(photo, square, config.image_size)[None])
        return seen(faces, config)[0].numpy()
    small = augment.normalized(cut(photo, square, config.small_size)[None])
    return downsampled(small, 1, grey=config.grey)[0].numpy()


def seen(faces: tf.Tensor, config: SmallFaceConfig) -> tf.Tensor:
    """Large faces `[N, S, S, 3]` in [-1, 1] -> small pictures `[N, s, s, C]`."""
    small = downsampled(faces, config.factor, config.kernel, config.grey)
    return tf.clip_by_value(small, -1.0, 1.0)  # As in a picture file.
