"""Observations and memory from each kind of data: procedural, Human3.6M, files of users."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from aign_tf.data import pose_sets
from aign_tf.data.pose_config import PoseDataConfig, parse_range
from aign_tf.data.pose_views import filmed
from aign_tf.data.poses import human36m
from aign_tf.data.poses.clips import Clip3D
from aign_tf.data.poses.files import holds_keypoints
from aign_tf.data.poses.keypoints import read_keypoints
from aign_tf.data.poses.mocap import read_mocap
from aign_tf.data.poses.normalize import observed, with_camera
from aign_tf.data.poses.observations import Observations
from aign_tf.data.synthetic.bodies import generate_motions
from aign_tf.errors import UserError
from aign_tf.skeletons import SKELETONS

SKELETON = SKELETONS["h36m17"]

# Of procedural data: the share of the people in each role, and what each of them does.
_SHARES = {"train": 0.4, "memory": 0.5, "validation": 0.1, "test": 0.2}
_CLIPS, _FRAMES = 4, 20
_FRAME_STEP = 5  # of 25 frames a second


class Source(NamedTuple):
    """Attributes:
    observed: split -> observations.
    memory: motions of which nothing is observed.
    """

    observed: dict[str, Observations]
    memory: list[Clip3D]


def load(config: PoseDataConfig, seed: int) -> Source:
    """Raises `UserError` for whatever is wrong with files or settings."""
    if config.memory_dir and not config.dir:
        raise UserError("--memory_dir needs a --data_dir of observations")
    if not config.dir:
        return _procedural(config, seed)
    if config.memory_dir and os.path.realpath(config.memory_dir) == os.path.realpath(config.dir):
        raise UserError("--memory_dir is --data_dir: what is observed may not be remembered")
    if human36m.is_human36m(config.dir):
        return _human36m(config)
    if holds_keypoints(config.dir, config.allow_pickle):
        return _keypoints(config)
    return _motions(config, seed)


def _procedural(config: PoseDataConfig, seed: int) -> Source:
    clips = {}
    for key, (role, share) in enumerate(_SHARES.items()):
        people = max(1, round(share * config.people))
        own = seed if role in ("train", "memory") else 0  # What is held out stays the same.
        longer = generate_motions(people, _CLIPS, _FRAMES * _FRAME_STEP, own * len(_SHARES) + key)
        clips[role] = [clip._replace(joints=clip.joints[::_FRAME_STEP]) for clip in longer]
    memory = clips.pop("memory")
    return Source(_filmed(clips, config, seed), memory)


def _motions(config: PoseDataConfig, seed: int) -> Source:
    """Motions that nobody filmed; half of them are remembered where there is no other memory."""
    clips = pose_sets.in_pieces(_read_motions(config.dir, config, config.skeleton))
    seen, test = pose_sets.for_test(clips)
    if config.memory_dir:
        memory = _read_memory(config.memory_dir, config)
    else:
        seen, memory = pose_sets.halves(seen)
    memory = pose_sets.unless_observed(memory, [*seen, *test])
    if not memory:
        raise UserError(
            f"nothing is left to remember but what is observed in {config.dir}: "
            "give a --memory_dir of other motions"
        )
    return Source(_filmed(pose_sets.in_splits(seen, test), config, seed), memory)


def _keypoints(config: PoseDataConfig) -> Source:
    if not config.memory_dir:
        raise UserError(
            f"{config.dir} holds 2D joints: a memory of 3D motions is needed too, "
            "--memory_dir=D or --set=data.memory_dir=D"
        )
    clips = [
        with_camera(clip, config.intrinsics)
        for clip in read_keypoints(config.dir, config.skeleton, config.allow_pickle)
    ]
    parts = [
        [observed(clip, "", config.least_confidence) for clip in some]
        for some in pose_sets.for_test(pose_sets.in_pieces(clips))
    ]
    split = pose_sets.joined_splits(pose_sets.in_splits(*parts))
    split = {name: part.take(part.told) for name, part in split.items()}
    if not any(map(len, split.values())):
        raise UserError(f"{config.dir}: no frame shows enough joints to tell a pose")
    memory = _read_memory(config.memory_dir, config)
    # Of Human3.6M, a motion is called "S1/Walking 1" and a video of it "S1/Walking 1/54138969".
    videos = {"/".join(clip.name.split("/")[:2]) for clip in clips if clip.name[0] == "S"}
    return Source(split, _without(memory, lambda name: name in videos))


def _human36m(config: PoseDataConfig) -> Source:
    roles = ("observation_subjects", "memory_subjects", "test_subjects")
    subjects = {key: _subjects(config, key) for key in roles}
    for one, other in itertools.combinations(subjects, 2):
        shared = sorted(set(subjects[one]) & set(subjects[other]))
        if shared:
            raise UserError(f"{', '.join(shared)} in both data.{one} and data.{other}: give one")

    def read(key: str) -> list[Observations]:
        return _sequences(
            human36m.read_recordings(config.dir, subjects[key], config.keypoints, config.step)
        )

    memory = _read_memory(config.memory_dir or config.dir, config)
    seen = {*subjects["observation_subjects"], *subjects["test_subjects"]}
    memory = _without(memory, lambda name: not seen.isdisjoint(name.split("/")))
    split = pose_sets.in_splits(read("observation_subjects"), read("test_subjects"))
    return Source(pose_sets.joined_splits(split), memory)


def _subjects(config: PoseDataConfig, key: str) -> list[str]:
    subjects = [name.strip() for name in getattr(config, key).split(",") if name.strip()]
    if not subjects:
        raise UserError(f"data.{key} is empty: name subjects, as in S9,S11")
    return subjects


def _without(memory: list[Clip3D], observed: Callable[[str], bool]) -> list[Clip3D]:
    """The memory without clips whose name tells that they are observed."""
    left = [clip for clip in memory if not observed(clip.name)]
    if not left:
        raise UserError("all that could be remembered is observed: give a --memory_dir of others")
    if len(left) < len(memory):
        logging.info("%d observed clips are not remembered", len(memory) - len(left))
    return left


def _sequences(recordings: Sequence[human36m.Recording]) -> list[Observations]:
    """What all cameras saw of a sequence in one, as they saw the same poses."""
    groups = itertools.groupby(recordings, lambda each: (each.subject, each.sequence))
    return [pose_sets.concatenated([_recorded(each) for each in group]) for _, group in groups]


def _recorded(recording: human36m.Recording) -> Observations:
    position = recording.truth[:, SKELETON.root]
    return Observations(
        recording.joints,
        recording.confidence,
        recording.truth - position[:, None],
        position,
        np.full(len(position), recording.action),
        human36m.IMAGE_SIZE_NORMALISED,
    )


def _read_memory(path: str, config: PoseDataConfig) -> list[Clip3D]:
    if human36m.is_human36m(path):
        return human36m.read_memory(path, _subjects(config, "memory_subjects"), config.step)
    if holds_keypoints(path, config.allow_pickle):
        raise UserError(f"{path} holds 2D joints: a memory is made of 3D motions")
    return _read_motions(path, config, config.memory_skeleton)


def _read_motions(path: str, config: PoseDataConfig, skeleton: str) -> list[Clip3D]:
    clips = read_mocap(path, skeleton, config.up, config.scale, config.allow_pickle)
    return pose_sets.with_usual_bodies(clips, path)


def _filmed(
    split: dict[str, list[Clip3D]], config: PoseDataConfig, seed: int
) -> dict[str, Observations]:
    elevation = parse_range("data.filmed_elevation", config.filmed_elevation)
    return pose_sets.joined_splits(
        {
            name: [
                # What is held out is filmed the same way for every seed.
                filmed(clip, config.cameras, elevation, (seed * (name == "train"), stream, row))
                for row, clip in enumerate(part)
            ]
            for stream, (name, part) in enumerate(split.items())
        }
    )
