"""What files of poses hold, found out before anything is trained on them."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aign_tf.data.listing import WIDTH, listed
from aign_tf.data.poses.clips import Clip2D, Clip3D
from aign_tf.data.poses.normalize import as_h36m17
from aign_tf.data.poses.upright import Axes
from aign_tf.skeletons import SKELETONS, Skeleton

_SAME_BODY = 0.01  # mean difference of the bones, as a share of their length
_JUMP = 0.5  # metres from a frame to the next
_STRETCHED = 0.2  # of a bone's usual length
_POINT = 1e-6  # metres, for bones whose joints coincide


def keypoints_text(clips: Sequence[Clip2D], least_confidence: float) -> str:
    """A report on 2D joints: skeletons, pictures, cameras, and how often each joint is missing.

    Args:
      clips: as they were read.
      least_confidence: below it, a joint counts as missing.
    """
    skeletons = collections.Counter(clip.skeleton.name for clip in clips)
    sizes = collections.Counter(
        "{}x{}".format(*clip.image_size) if clip.image_size else "size unknown" for clip in clips
    )
    cameras = collections.Counter(
        "known" if clip.camera else "unknown, a usual lens is assumed" for clip in clips
    )
    unseen = np.concatenate([_unseen(clip, least_confidence) for clip in clips])
    shares = zip(SKELETONS["h36m17"].joints, unseen.mean(axis=0))
    return "\n".join(
        [
            f"2D joints: {amount(clips)}",
            _line("skeletons", _counted(skeletons)),
            _line("pictures", _counted(sizes)),
            _line("intrinsics", _counted(cameras)),
            _line("nobody", f"in {unseen.all(axis=1).mean():.1%} of the frames"),
            _line("missing", f"in {unseen.mean():.1%} of the frames, on average over the joints"),
            *(f"  {joint:<16} {share:6.1%}" for joint, share in shares),
        ]
    )


def motions_text(clips: Sequence[Clip3D], axes: Mapping[object, Axes]) -> str:
    """A report on 3D motions.

    Args:
      clips: all of one skeleton.
      axes: file or folder -> what was found out about it.
    """
    found = [f"{place}: {up} is up, a unit is {metres:g} m" for place, (up, metres) in axes.items()]
    return "\n".join([f"3D motions: {amount(clips)}", *listed("axes", found), *bodies(clips)])


def bodies(clips: Sequence[Clip3D]) -> list[str]:
    """Lines on bones, bodies and suspicious frames of clips of one skeleton."""
    skeleton = clips[0].skeleton
    lengths = np.stack([np.median(skeleton.bone_lengths(clip.joints), axis=0) for clip in clips])
    usual = np.maximum(lengths, _POINT)
    suspects = [f"{clip.name}, {what}" for clip in clips for what in _suspicious(clip)]
    return [
        _line("bodies", f"{_count_bodies(usual)}"),
        _line("bones", "usual length in cm"),
        *(f"  {line}" for line in _bones(np.median(usual, axis=0), skeleton)),
        *listed("suspicious", suspects),
    ]


def _unseen(clip: Clip2D, least_confidence: float) -> np.ndarray:
    """`[T, 17]` bool: what training would not see of a clip."""
    confidence = np.where(clip.confidence < least_confidence, 0, clip.confidence)
    return as_h36m17(clip.joints, confidence, clip.skeleton)[1] == 0


def _count_bodies(lengths: np.ndarray) -> int:
    """How many of the clips' bone lengths `[N, K]` differ by more than errors of measurement."""
    known = []
    for row in lengths:
        if not known or np.abs(np.stack(known) / row - 1).mean(axis=1).min() > _SAME_BODY:
            known.append(row)
    return len(known)


def _bones(lengths: np.ndarray, skeleton: Skeleton) -> Iterator[str]:
    """A line for each bone, or pair of bones; `lengths` `[K]` in metres."""
    length_of = {bone: 100 * length for bone, length in zip(skeleton.bones, lengths)}
    for (parent, child), length in length_of.items():
        name = _bone_name(parent, child, skeleton)
        other = skeleton.mirror[parent], skeleton.mirror[child]
        if other == (parent, child):
            yield f"{name:<22} {length:6.1f}"
        elif skeleton.joints[child].startswith("left_"):
            right = length_of[other]
            share = 2 * abs(length - right) / (length + right)
            yield f"{name:<22} {length:6.1f} left {right:6.1f} right, {share:.1%} apart"


def _bone_name(parent: int, child: int, skeleton: Skeleton) -> str:
    names = (skeleton.joints[joint] for joint in (parent, child))
    return " to ".join(name.replace("left_", "").replace("right_", "") for name in names)


def _suspicious(clip: Clip3D) -> Iterator[str]:
    moved = np.linalg.norm(np.diff(clip.joints, axis=0), axis=-1).max(axis=1, initial=0)
    for frame in np.flatnonzero(moved > _JUMP) + 1:
        yield f"frame {frame}: a joint jumps by {moved[frame - 1]:.2f} m"
    lengths = clip.skeleton.bone_lengths(clip.joints)
    usual = np.median(lengths, axis=0)
    change = (lengths - usual) / np.maximum(usual, _POINT)
    frames = np.flatnonzero(np.abs(change).max(axis=1) > _STRETCHED)
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
    for run in filter(len, runs):
        row, bone = np.unravel_index(np.abs(change[run]).argmax(), change[run].shape)
        ends = " to ".join(clip.skeleton.joints[joint] for joint in clip.skeleton.bones[bone])
        more = f" to {run[-1]}" if len(run) > 1 else ""
        yield f"frame {run[0]}{more}: {ends} differs by {change[run[row], bone]:+.0%}"


def amount(clips: Sequence[Clip2D | Clip3D]) -> str:
    """How much there is."""
    return f"{len(clips)} clips, {sum(len(clip.joints) for clip in clips):,} frames"


def _counted(counts: collections.Counter) -> str:
    return ", ".join(f"{name}: {count} clips" for name, count in counts.most_common())


def _line(title: str, content: str) -> str:
    return f"{title:<{WIDTH}} {content}"
