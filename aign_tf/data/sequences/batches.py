"""Training batches of clips beside remembered depths and motions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from aign_tf.data.augment import normalized, random_tint
from aign_tf.data.sequences.cards import random_cards
from aign_tf.data.sequences.clips import MIRRORED, Clips
from aign_tf.data.sequences.config import SequenceDataConfig
from aign_tf.data.sequences.gaps import without_gaps
from aign_tf.data.sequences.turns import turned
from aign_tf.data.unpaired import unpaired_batches
from aign_tf.renderers.painted import Card

Tensors = dict[str, tf.Tensor]


def clip_batches(
    clips: Clips,
    remembered: Clips,
    paint: Callable[[Tensors, Tensors, Card | None], Tensors] | None,
    config: SequenceDataConfig,
    batch_size: int,
    seed: int,
    first_step: int,
) -> tf.data.Dataset:
    """Endless batches of `observation`, `memory`, `recall` and, as far as it is known, `truth`.

    Args:
      clips: what is watched, C clips of F frames.
      remembered: clips of other footage, all of whose depths and motions are known. Their pictures
        are not looked at, and those with a frame without any reading are left out: on nothing but a
        distance that is unknown, nothing can be painted.
      paint: `(remembered clip, observation, card or None) -> recall`, an observation beside the
        factors that explain it, as of `painted_clips`; None where nothing is recalled.
      config: how clips are changed at random. `flip` and `turn`, as of `turned`, change those of
        either kind, `tint` what is watched, alike in all frames of a clip, and `cards`, as of
        `random_cards`, what is recalled.
      batch_size, seed, first_step: as of `unpaired_batches`.

    Returns:
      Of `observation` beside what generators see: `valid` `[B,F,H,W,1]`, 1 where some remembered
      depth map, unrelated to the clip, can be believed. Of `memory`: `log_depth` `[B,F,H,W,1]`, the
      map without gaps, and `valid`; `rotation` and `translation` `[B,F-1,3]`; and the lens. Of
      `recall`: what `paint` returns. Of `truth`: `log_depth`, `rotation` and
      `translation`.
    """
    length = clips.rows.shape[1]
    remembered = remembered.with_readings()
    read = np.unique(remembered.rows)
    with tf.device("CPU:0"):
        frames = tf.constant(clips.frames)
        maps, believed = (part[..., None] for part in without_gaps(remembered.log_depth))
        maps, believed = tf.constant(maps), tf.constant(believed, tf.float32)
        truth = None if clips.log_depth is None else tf.constant(clips.log_depth)

    def make(observed: Tensors, recalled: Tensors, seed: tf.Tensor) -> dict[str, Tensors]:
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 9))
        count = tf.shape(observed["rows"])[0]

        def flipped(entries: Tensors, seed: tf.Tensor) -> Tensors:
            if not config.flip:
                return entries
            return _mirrored(entries, tf.random.stateless_uniform([count], seed) < 0.5)

        def changed(entries: Tensors, flip_seed: tf.Tensor, turn_seed: tf.Tensor) -> Tensors:
            return flipped(turned(entries, config.turn, turn_seed), flip_seed)

        pictures = normalized(tf.gather(frames, observed["rows"]))
        clip = {"frames": _tinted(pictures, config.tint, seeds[0])}
        clip |= {name: observed[name] for name in ("focal", "principal_point")}
        known = {name: observed[name] for name in ("rotation", "translation") if name in observed}
        if truth is not None:
            known["log_depth"] = tf.gather(truth, observed["rows"])[..., None]
        rows = recalled.pop("rows")
        recalled |= {"log_depth": tf.gather(maps, rows), "valid": tf.gather(believed, rows)}
        any_map = tf.random.stateless_uniform([count, length], seeds[1], 0, len(read), tf.int32)
        lens = {name: clip[name] for name in ("focal", "principal_point")}
        gaps = {**lens, "valid": tf.gather(believed, tf.gather(read, any_map))}
        both = changed({**clip, **known}, seeds[2], seeds[5])
        clip, known = ({name: both[name] for name in part} for part in (clip, known))
        recalled, gaps = changed(recalled, seeds[3], seeds[6]), changed(gaps, seeds[4], seeds[7])
        batch = {"observation": {**clip, "valid": gaps["valid"]}, "memory": recalled}
        if paint:
            card = None
            if config.cards > 0:
                card = random_cards(
                    recalled["log_depth"], recalled["focal"], config.cards, seeds[8]
                )
            batch["recall"] = paint(recalled, clip, card)
        return {**batch, "truth": known} if known else batch

    return unpaired_batches(
        _columns(clips), _columns(remembered), batch_size, seed, make, first_step
    )


def _columns(clips: Clips) -> dict[str, np.ndarray]:
    """What is known of each clip, and where its frames are."""
    names = ("rows", "focal", "principal_point", "rotation", "translation")
    return {name: getattr(clips, name) for name in names if getattr(clips, name) is not None}


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
        if name in MIRRORED:
            return part * tf.constant(MIRRORED[name])
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
