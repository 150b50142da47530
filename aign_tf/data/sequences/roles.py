"""Which recordings are watched, which are remembered, and which are held out."""

from __future__ import annotations

import dataclasses
import functools
import pathlib

import numpy as np
from absl import logging

from aign_tf.data.sequences.clips import relative_motions, windows
from aign_tf.data.sequences.config import SequenceDataConfig, parse_shares, parse_stride
from aign_tf.data.sequences.folders import list_footage
from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.sequences.loading import load_all
from aign_tf.data.sequences.stride import auto_stride
from aign_tf.data.synthetic.world import world_sequences
from aign_tf.errors import UserError

_FEWEST_DEPTHS = 8
_ROLES = ("watched", "remembered", "tested")

Recordings = list[Sequence]


@dataclasses.dataclass(frozen=True)
class SequenceRoles:
    """Recordings by role.

    Attributes:
      watched: their frames are observed in training.
      remembered: their depths and motions are the memory; all have both. As video they were not
        watched, so that they serve to look at results during training.
      tested: held out.
      stride: frames from one of a clip to the next.
    """

    watched: Recordings
    remembered: Recordings
    tested: Recordings
    stride: int

    def in_split(self, split: str) -> Recordings:
        """The recordings of "train", "validation" or "test"; raises `UserError` without any."""
        recordings = {
            "train": self.watched,
            "validation": self.remembered,
            "test": self.tested,
        }[split]
        if not recordings:
            raise UserError(f"no recordings in the {split} split: more data are needed")
        return recordings

    def remembered_depths(self) -> np.ndarray:
        """float32 `[M, H, W]`, metres, 0 where there is no reading."""
        return np.concatenate([recording.depth for recording in self.remembered])

    @functools.cached_property
    def usual_depth(self) -> float:
        """Metres, the median of all readings that are remembered."""
        depths = self.remembered_depths()
        return float(np.median(depths[depths > 0]))

    def motion_units(self, reverse: bool) -> tuple[list[float], list[float]]:
        """Usual sizes of the coordinates of remembered rotations and translations."""
        motions = self.remembered_motions(reverse)
        sizes = np.sqrt(np.mean(motions**2, axis=0)).reshape(2, 3)
        # What never moves must not be magnified without end.
        least = np.maximum(0.2 * sizes.max(axis=1, keepdims=True), 1e-6)
        rotation, translation = np.maximum(sizes, least).tolist()
        return rotation, translation

    def remembered_motions(self, reverse: bool) -> np.ndarray:
        """float32 `[K, 6]`, rotation and translation over `stride` frames."""
        poses = np.concatenate([r.poses[windows(len(r), 2, self.stride)] for r in self.remembered])
        if reverse:
            poses = np.concatenate([poses, poses[:, ::-1]])
        return np.concatenate(relative_motions(poses), axis=-1)[:, 0].astype(np.float32)


def load_roles(config: SequenceDataConfig, seed: int) -> SequenceRoles:
    """Reads or generates the recordings of a config, and logs what the memory knows.

    Raises:
      UserError: whatever is wrong with the files or the settings.
    """
    if config.dir:
        everything = _read(config.dir, config)
    else:
        everything = world_sequences(
            seed, config.recordings, config.length, config.height, config.width, config.streets
        )
    shares = dict(zip(_ROLES, parse_shares(config.shares)))
    if config.memory_dir:
        _check_other_folder(config)
        del shares["remembered"]
        if config.test_dir:
            del shares["tested"]
    # Where some is remembered, another test leaves it as it was: an evaluation on other data must
    # not change the memory.
    roles = _divided(everything, shares, config)
    if config.memory_dir:
        roles["remembered"] = _read(config.memory_dir, config)
    if config.test_dir:
        roles["tested"] = _read(config.test_dir, config)
    for role in ("watched", "remembered"):
        if not roles[role]:
            raise UserError(f"{role}: 0 recordings: leave some to data.{role}, or to data.shares")
    for recording in roles["remembered"]:
        if recording.depth is None or recording.poses is None:
            raise UserError(
                f"{recording.name} is to be remembered and has no "
                f"{'depths' if recording.depth is None else 'poses'}: give --memory_dir, a folder "
                "of recordings with both"
            )
    stride = parse_stride(config.stride) or int(np.median([*map(auto_stride, roles["watched"])]))
    roles = SequenceRoles(**roles, stride=stride)
    _check_lengths(roles, config)
    logging.info(
        "recordings: %s",
        ", ".join(f"{sum(map(len, getattr(roles, r))):,} frames {r}" for r in _ROLES),
    )
    logging.info("memory: %s", _reach(roles))
    return roles


def _check_other_folder(config: SequenceDataConfig) -> None:
    """What is watched must not be remembered: its depths would be no memory but its truth."""
    watched, remembered = (
        pathlib.Path(folder).resolve() for folder in (config.dir, config.memory_dir)
    )
    if config.dir and (remembered.is_relative_to(watched) or watched.is_relative_to(remembered)):
        raise UserError(
            f"--memory_dir={config.memory_dir} and --data_dir={config.dir} hold the same "
            "recordings: give --data_dir alone, which data.shares or data.remembered divide"
        )


def _read(folder: str, config: SequenceDataConfig) -> Recordings:
    return load_all(list_footage(folder), config.height, config.width)


def _divided(
    everything: Recordings, shares: dict[str, float], config: SequenceDataConfig
) -> dict[str, Recordings]:
    """Role -> recordings: as named, else whole recordings in order, else parts of each."""
    named = {role: names for role, names in config.names.items() if names}
    if named:
        return _named(everything, shares, named)
    total = sum(shares.values())
    if total == 0:
        raise UserError(f"data.shares={config.shares}: nothing is left for {' and '.join(shares)}")
    bounds = np.cumsum([0.0, *(share / total for share in shares.values())])
    if len(everything) >= len(shares) + 1:
        cuts = np.round(bounds * len(everything)).astype(int)
        return {r: everything[a:b] for r, a, b in zip(shares, cuts, cuts[1:])}

    def parts(start, end):
        for recording in everything:
            first, last = np.round(np.array([start, end]) * len(recording)).astype(int)
            if first < last:
                yield recording.take(slice(first, last))

    return {role: list(parts(*ends)) for role, *ends in zip(shares, bounds, bounds[1:])}


def _named(
    everything: Recordings, shares: dict[str, float], named: dict[str, list[str]]
) -> dict[str, Recordings]:
    by_name = {recording.name: recording for recording in everything}
    for role, names in named.items():
        for name in names:
            if name not in by_name:
                raise UserError(f"data.{role}={name}: the recordings are {', '.join(by_name)}")
    taken = {name for names in named.values() for name in names}
    if len(taken) < sum(map(len, named.values())):
        raise UserError("a recording is named twice: watched, remembered and tested share none")
    rest = [recording for recording in everything if recording.name not in taken]
    roles = {role: [by_name[name] for name in names] for role, names in named.items()}
    # What nobody named is watched, unless the watched ones are named too.
    return {role: roles.get(role, rest if role == "watched" else []) for role in shares}


def _check_lengths(roles: SequenceRoles, config: SequenceDataConfig) -> None:
    needed = (config.frames - 1) * roles.stride + 1
    for role in ("watched", "remembered"):
        recordings = getattr(roles, role)
        longest = max(map(len, recordings))
        if longest < needed:
            raise UserError(
                f"{role}: {len(recordings)} recordings of at most {longest} frames, but a clip of "
                f"{config.frames} frames at data.stride={roles.stride} takes {needed}"
            )
    read = [(recording.depth > 0).any(axis=(1, 2)) for recording in roles.remembered]
    readings = sum(map(np.sum, read))
    if readings < _FEWEST_DEPTHS:
        raise UserError(f"{readings} depth maps to remember: at least {_FEWEST_DEPTHS} are needed")
    if not any(
        one[windows(len(one), config.frames, roles.stride)].all(axis=1).any() for one in read
    ):
        raise UserError(
            f"remembered: no {config.frames} frames at data.stride={roles.stride} that all have a "
            "depth map: depth maps of neighbouring frames are needed"
        )


def _reach(roles: SequenceRoles) -> str:
    """How much is remembered, and how far it goes: beyond it, predictions are guesses."""
    depths = roles.remembered_depths()
    near, middle, far = np.percentile(depths[depths > 0], [5, 50, 95])
    motions = roles.remembered_motions(reverse=False)
    turn, way = (np.linalg.norm(part, axis=1) for part in np.split(motions, 2, axis=1))
    return (
        f"{len(depths):,} depth maps, {near:.2g} to {far:.2g} m (median {middle:.2g}), "
        f"{(depths > 0).mean():.0%} of the pixels have readings; {len(motions):,} motions of "
        f"{100 * np.median(way):.1f} cm and {np.degrees(np.median(turn)):.1f} degrees "
        f"over {roles.stride} frames"
    )
