"""A procedural world: recordings of rooms and streets with exact depth and motion.

It needs no download and no licence: every frame is computed from a seed. Things have the sizes that
they have in houses, and the camera is carried at the height of people or cars, so that a network
that has seen some rooms can tell metres in others.
"""

from __future__ import annotations

import concurrent.futures
import os

import numpy as np

from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.synthetic import world_walks
from aign_tf.data.synthetic.raycast import View
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_render import World, render
from aign_tf.data.synthetic.world_rooms import build_room, draw_looks
from aign_tf.data.synthetic.world_streets import build_street
from aign_tf.errors import UserError

KINDS = ("room", "street")
SKY = np.array([[214.0, 226.0, 238.0], [120.0, 165.0, 222.0]])  # at the horizon, overhead
TRIES = 40


def world_sequence(
    seed: int, kind: str, length: int, height: int, width: int, number: int = 0
) -> Sequence:
    """Recording `number` of the world of `seed`.

    Args:
      kind: "room", in which someone walks about and looks around, or "street", along which a car
        drives.
      length: frames.
      height, width: of the frames, pixels.

    Returns:
      A recording named such as `room_000`, with depth (0 in the sky) and poses.

    Raises:
      UserError: an unknown kind, a value that is too small, or a walk too long for any room.
    """
    if kind not in KINDS:
        raise UserError(f"procedural recording of {kind!r}: use one of {', '.join(KINDS)}")
    for what, least, value in (
        ("seed", 0, seed),
        ("number", 0, number),
        ("length", 1, length),
        ("height", 16, height),
        ("width", 16, width),
    ):
        if value < least:
            raise UserError(f"procedural recording of {what} {value}: use {least} or more")
    rng = np.random.default_rng([seed, number, KINDS.index(kind)])
    focal, middle = _intrinsics(rng, seed, height, width)
    world, poses = (_room if kind == "room" else _street)(rng, length)
    frames = np.empty((length, height, width, 3), np.uint8)
    depth = np.empty((length, height, width), np.float32)
    for k, pose in enumerate(poses):
        camera = View(pose[:3, :3], pose[:3, 3], focal, middle, height, width)
        frames[k], depth[k] = render(world, camera)
    return Sequence(
        f"{kind}_{number:03d}",
        frames,
        focal.astype(np.float32),
        middle.astype(np.float32),
        depth,
        poses,
    )


def world_sequences(
    seed: int, count: int, length: int, height: int, width: int, streets: float = 0.25
) -> list[Sequence]:
    """Recordings 0 to `count` - 1 of the world of `seed`, of which the share `streets` are streets.

    Recording i depends on `seed`, i, `length` and the size alone (and on `streets` for its kind).

    Raises:
      UserError: as of `world_sequence`; `streets` outside 0 to 1.
    """
    if not 0 <= streets <= 1:
        raise UserError(f"share {streets} of streets: use 0 to 1")

    def one(number: int) -> Sequence:
        kind = KINDS[int((number + 1) * streets + 1e-9) > int(number * streets + 1e-9)]
        return world_sequence(seed, kind, length, height, width, number)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, range(count)))


def _intrinsics(
    rng: np.random.Generator, seed: int, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Focal lengths and principal point, pixels: of the same make of camera all over a world."""
    view = np.random.default_rng(seed).uniform(60.5, 64.5)
    focal = width / 2 / np.tan(np.radians(view / 2)) * rng.uniform(0.98, 1.02)
    middle = np.array([width - 1, height - 1]) / 2 + width * rng.uniform(-0.01, 0.01, 2)
    return focal * np.array([1, rng.uniform(0.995, 1.005)]), middle


def _room(rng: np.random.Generator, length: int) -> tuple[World, np.ndarray]:
    """A room that one can walk about in, and the poses of a walk."""
    looks = draw_looks(rng)
    for _ in range(TRIES):
        builder = Builder(rng, 0.8)
        size = build_room(builder, looks)
        clearance = world_walks.clearance_map(size, builder.footprints)
        for _ in range(4):
            poses = world_walks.walk(rng, length, clearance)
            if poses is not None:
                return builder.finished(SKY), poses
    raise UserError(f"procedural room to walk about for {length} frames: use a smaller length")


def _street(rng: np.random.Generator, length: int) -> tuple[World, np.ndarray]:
    """A street, and the poses of a drive along it."""
    builder = Builder(rng, 0.72)
    positions, headings = build_street(builder, world_walks.speeds_of_a_car(rng, length))
    return builder.finished(SKY), world_walks.drive(rng, length, positions, headings)
