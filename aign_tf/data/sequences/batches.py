"""Training batches of clips beside remembered depths and motions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from aign_tf.data.augment import normalized, random_tint
from aign_tf.data.sequences.clips import NO_READING, Clips
from aign_tf.data.unpaired import unpaired_batches

Tensors = dict[str, tf.Tensor]

# Of the coordinates, in a mirror that swaps left and right.
_MIRRORED = {"rotation": (1.0, -1.0, -1.0), "translation": (-1.0, 1.0, 1.0)}


def clip_batches(
    clips: Clips,
    log_depths: np.ndarray,
    motions: np.ndarray,
    paint: Callable[[Tensors, Tensors], Tensors] | None,
    flip: bool,
    tint: float,
    batch_size: int,
    seed: int,
    first_step: int,
) -> tf.data.Dataset:
    """Endless batches of `observation`, `memory` and, as far as it is known, `truth`.

    Args:
      clips: what is watched, C clips of F frames.
      log_depths: float32 `[M, H, W]`, remembered, `NO_READING` where there is none.
      motions: float32 `[K, 6]`, remembered.
      paint: `(remembered factors, observation) -> observation` that these factors explain, for
        recall; None where nothing is recalled.
      flip: mirror half of the clips, of the maps and of the motions.
      tint: strength of random changes of light and colour, alike in all frames of a clip.
      batch_size, seed, first_step: as of `unpaired_batches`.

    Returns:
      Of `observation` beside what generators see: `valid` `[B,F,H,W,1]`, 1 where some remembered
      depth map, unrelated to the clip, has readings. Of `memory`: `log_depth` and `valid`
      `[B,F,H,W,1]`, whose frames belong to no clip, `rotation` and `translation` `[B,F-1,3]`, and
      what generators see of clips that are painted with them. Of `truth`: `log_depth`,
      `NO_READING` where it is unknown, `rotation` and `translation`.
    """
    length = clips.rows.shape[1]
    with tf.device("CPU:0"):
        frames, maps, motions = map(tf.constant, (clips.frames, log_depths, motions))
        truth = None if clips.log_depth is None else tf.constant(clips.log_depth)
    names = ("rows", "focal", "principal_point", "rotation", "translation")
    columns = {name: getattr(clips, name) for name in names if getattr(clips, name) is not None}

    def make(observed: Tensors, remembered: Tensors, seed: tf.Tensor) -> dict[str, Tensors]:
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 7))
        count = tf.shape(observed["rows"])[0]

        def drawn(seed: tf.Tensor, columns: int, of: tf.Tensor) -> tf.Tensor:
            """Random rows `[B, columns, ...]` of a part of the memory."""
            shape = [count, columns]
            return tf.gather(of, tf.random.stateless_uniform(shape, seed, 0, len(of), tf.int32))

        def flipped(entries: Tensors, seed: tf.Tensor) -> Tensors:
            if not flip:
                return entries
            return _mirrored(entries, tf.random.stateless_uniform([count], seed) < 0.5)

        clip = {"frames": _tinted(normalized(tf.gather(frames, observed["rows"])), tint, seeds[0])}
        clip |= {name: observed[name] for name in ("focal", "principal_point")}
        known = {name: observed[name] for name in ("rotation", "translation") if name in observed}
        if truth is not None:
            known["log_depth"] = tf.gather(truth, observed["rows"])[..., None]
        others = drawn(seeds[3], length - 1, maps)
        first = tf.gather(maps, remembered["map"])
        depths = tf.concat([first[:, None], others], axis=1)[..., None]
        moves = tf.split(drawn(seeds[4], length - 1, motions), 2, axis=-1)
        recalled = {"log_depth": depths, **dict(zip(("rotation", "translation"), moves))}
        gaps = {"log_depth": drawn(seeds[5], length, maps)[..., None]}
        clip, known = flipped(clip, seeds[1]), flipped(known, seeds[1])
        recalled, gaps = flipped(recalled, seeds[2]), flipped(gaps, seeds[6])
        if paint:
            recalled |= paint(recalled, clip)
        valid = _valid(recalled["log_depth"])
        recalled |= {"log_depth": valid * recalled["log_depth"], "valid": valid}
        clip["valid"] = _valid(gaps["log_depth"])
        batch = {"observation": clip, "memory": recalled}
        return {**batch, "truth": known} if known else batch

    rows = {"map": np.arange(len(log_depths))}
    return unpaired_batches(columns, rows, batch_size, seed, make, first_step)


def _valid(log_depth: tf.Tensor) -> tf.Tensor:
    return tf.cast(log_depth < NO_READING, tf.float32)


def _tinted(clip: tf.Tensor, strength: float, seed: tf.Tensor) -> tf.Tensor:
    """`[B, F, H, W, 3]`: `random_tint`, alike in all frames of a clip."""
    if strength == 0:
        return clip
    count, height, width, channels = clip.shape[1:]
    column = tf.reshape(clip, (-1, count * height, width, channels))
    return tf.reshape(random_tint(column, strength, seed), tf.shape(clip))


def _mirrored(entries: Tensors, on: tf.Tensor) -> Tensors:
    """Left and right swapped in the clips where `on` `[B]`."""

    def swapped(name: str, part: tf.Tensor) -> tf.Tensor:
        if name in _MIRRORED:
            return part * tf.constant(_MIRRORED[name])
        if name == "principal_point":
            return tf.constant([width - 1.0, 0.0]) + part * tf.constant([-1.0, 1.0])
        return part if name == "focal" else tf.reverse(part, axis=[3])

    pictures = [part for part in entries.values() if part.shape.rank == 5]
    width = pictures[0].shape[3] if pictures else 0
    return {
        name: tf.where(
            tf.reshape(on, [-1] + [1] * (part.shape.rank - 1)), swapped(name, part), part
        )
        for name, part in entries.items()
    }
