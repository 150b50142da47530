"""A procedural world: recordings of rooms and streets with exact depth and motion.

It needs no download and no licence: every frame is computed from a seed. Things have the sizes that
they have in houses, and the camera is carried at the height of people or cars, so that a network
that has seen some rooms can tell metres in others.
"""

from __future__ import annotations

import numpy as np

from aign_tf.data.pictures import in_parallel
from aign_tf.data.sequences.footage import Sequence
from aign_tf.data.synthetic import world_walks
from aign_tf.data.synthetic.raycast import View, render
from aign_tf.data.synthetic.world_builder import Builder
from aign_tf.data.synthetic.world_rooms import build_room
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
      UserError: an unknown kind, or a number that is too small.
    """
    if kind not in KINDS:
        raise UserError(f"procedural recording of {kind!r}: use one of {', '.join(KINDS)}")
    for what, least, value in (
        ("seed", 0, seed),
        ("length", 1, length),
        ("height", 16, height),
        ("width", 16, width),
    ):
        if value < least:
            raise UserError(f"procedural recording of {what} {value}: use {least} or more")
    rng = np.random.default_rng([seed, number, KINDS.index(kind)])
    view = np.random.default_rng(seed).uniform(60.5, 64.5)  # the same camera in all recordings
    focal = width / 2 / np.tan(np.radians(view / 2)) * rng.uniform(0.98, 1.02)
    focal = np.array([focal, focal * rng.uniform(0.995, 1.005)])
    middle = np.array([width - 1, height - 1]) / 2
    middle = middle + rng.uniform(-0.01, 0.01, 2) * width
    scene, poses = (_room if kind == "room" else _street)(rng, length)
    frames = np.empty((length, height, width, 3), np.uint8)
    depth = np.empty((length, height, width), np.float32)
    for k, pose in enumerate(poses):
        camera = View(pose[:3, :3], pose[:3, 3], focal, middle, height, width)
        frames[k], depth[k] = render(*scene, SKY, camera)
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

    return list(in_parallel(one, range(count)))


def _room(rng: np.random.Generator, length: int):
    """A room that one can walk about in, and the poses of a walk."""
    for _ in range(TRIES):
        builder = Builder(rng)
        size = build_room(builder)
        clearance = world_walks.clearance_map(size, builder.footprints)
        for _ in range(4):
            poses = world_walks.walk(rng, length, clearance)
            if poses is not None:
                return builder.finished(), poses
    raise RuntimeError("no room to walk in")


def _street(rng: np.random.Generator, length: int):
    builder = Builder(rng)
    positions, headings = build_street(builder, world_walks.speeds_of_a_car(rng, length))
    return builder.finished(), world_walks.drive(rng, length, positions, headings)
