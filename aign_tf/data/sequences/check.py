"""What a folder of recordings holds, found out before anything is trained on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from aign_tf.config import setting
from aign_tf.data.listing import WIDTH, listed
from aign_tf.data.sequences.check_camera import (
    Fault,
    camera_faults,
    jumps,
    motions,
    pose_faults,
    view,
)
from aign_tf.data.sequences.check_motion import fit, neighbours
from aign_tf.data.sequences.folders import list_footage
from aign_tf.data.sequences.footage import Footage, Sequence
from aign_tf.data.sequences.loading import load
from aign_tf.data.sequences.mistakes import explained
from aign_tf.data.sequences.stride import auto_stride, median_flow

_CLEAR = 0.75  # of the difference before: what fits, leaves less
_CHANGE = 3.0  # grey levels: below, neighbours look the same however they are warped
_STRETCHED = 0.1
_PAIRS_TO_EXPLAIN = 12
_NAMES = 3


@dataclasses.dataclass(frozen=True)
class SequenceFileConfig:
    height: int = setting(96, "of pictures as looked at or written, in pixels", least=32, most=2048)
    width: int = setting(128, "of pictures as looked at or written, in pixels", least=32, most=2048)
    pairs: int = setting(50, "most pairs of frames of a recording to compare", least=1)


def check_sequences(data_dir: str, options: SequenceFileConfig) -> str:
    """A report on each recording, and a last line that says "ok" or what to mend.

    Raises:
      UserError: no recordings, or files that cannot be read.
    """
    lines, names = [], {}
    for footage in list_footage(data_dir):
        lines.append(f"{footage.name}: {footage.count:,} frames")
        for part in _described(footage, options):
            if isinstance(part, Fault):
                lines.append(_line("wrong", part.looks))
                names.setdefault(part.mend, []).append(footage.name)
            else:
                lines.append(part)
    return "\n".join([*lines, _conclusion(names)])


def _conclusion(names: dict[str, list[str]]) -> str:
    """`names`: what to mend -> recordings."""
    if not names:
        return "ok"
    return "mend: " + "; ".join(f"{mend} ({_some(of)})" for mend, of in names.items())


def _some(names: list[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def _described(footage: Footage, options: SequenceFileConfig) -> Iterator[str | Fault]:
    sequence = load(footage, options.height, options.width)
    height, width = footage.read_image(0).shape[:2]
    yield _line("pictures", f"{width}x{height}, looked at as {options.width}x{options.height}")
    size, focal, centre = (width, height), footage.focal, footage.principal_point
    yield _line(
        "camera",
        "{:.0f} x {:.0f} degrees of view, ".format(*view(size, focal))
        + "focal lengths {:.1f} {:.1f}, principal point {:.1f} {:.1f}".format(*focal, *centre),
    )
    if abs(focal[0] / focal[1] - 1) > _STRETCHED:
        ratio = f"{focal[0] / focal[1]:.2f}"
        yield _line("", f"fx is {ratio} fy, which is right if the pictures were stretched")
    faults = camera_faults(size, focal, centre)
    yield from faults
    yield _line("depth", _depths(sequence))
    if sequence.poses is None:
        yield _line("motion", "no poses")
    else:
        wrong = pose_faults(sequence.poses)
        yield from wrong or _moved(sequence.poses)
        faults += wrong
    stride = auto_stride(sequence)
    flow = median_flow(sequence, stride)
    yield _line("stride", f"{stride}, at which pixels move by {flow:.1%} of the width (median)")
    if faults:
        yield _line("warping", "not tried with what is wrong")
    elif sequence.depth is None or sequence.poses is None:
        yield _line("warping", "not tried: it takes depths and poses")
    else:
        yield from _warped(sequence, stride, options.pairs)


def _depths(sequence: Sequence) -> str:
    if sequence.depth is None:
        return "none"
    known = sequence.depth[sequence.depth > 0]
    if not len(known):
        return "no readings"
    low, middle, high = np.percentile(known, (5, 50, 95))
    share = len(known) / sequence.depth.size
    return (
        f"{share:.1%} of the pixels have readings, {low:.3g} to {high:.3g} m but for one in ten, "
        f"median {middle:.3g}"
    )


def _moved(poses: np.ndarray) -> Iterator[str | Fault]:
    if len(poses) < 2:
        yield _line("motion", "none in a single frame")
        return
    metres, degrees = motions(poses)
    usual = f"{100 * np.median(metres):.3g} cm and {np.median(degrees):.2g} degrees"
    yield _line("motion", f"{usual} a frame (median)")
    rows = jumps(metres, degrees)
    if len(rows):
        entries = [
            f"frame {r} to {r + 1}: {metres[r]:.2f} m, {degrees[r]:.0f} degrees" for r in rows
        ]
        yield from (f"  {line}" for line in listed("jumps", entries))
        yield Fault(f"the camera jumps, first after frame {rows[0]}", "cut recordings at the jumps")


def _warped(sequence: Sequence, stride: int, count: int) -> Iterator[str | Fault]:
    """Whether warping with the given depths and poses makes pictures alike."""
    pairs = neighbours(sequence, stride, count)
    if not (pairs.depth > 0).any():
        yield _line("warping", "not tried: no frame has both a successor and depths")
        return
    found = fit(pairs)
    clear = found.after <= _CLEAR * found.before
    verb = "lowers" if found.after < found.before else "does not lower"
    yield _line(
        "warping",
        f"{verb} the difference of frames {stride} apart: {found.before:.1f} grey levels before, "
        f"{found.after:.1f} after",
    )
    yield _line("", f"{len(pairs.first)} pairs, {found.share:.0%} of the depths stay in view")
    if found.before < _CHANGE:
        yield _line("", "too little changes to tell whether depths and poses fit")
        return
    mistakes = list(explained(pairs.spaced(_PAIRS_TO_EXPLAIN), turned=not clear))
    for mistake, then in mistakes:
        looks = f"{mistake.looks}: {mistake.mending} lowers the difference to {then.after:.1f}"
        yield Fault(looks, mistake.mend)
    if not clear and not mistakes:
        yield Fault(
            "depths, poses and intrinsics do not fit the pictures; no usual mistake explains it",
            "look at depths, poses and intrinsics",
        )


def _line(title: str, text: str) -> str:
    return f"  {title:<{WIDTH}} {text}"
