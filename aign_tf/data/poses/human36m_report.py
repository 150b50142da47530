"""What a copy of Human3.6M holds, and whether its cameras fit its motions."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from aign_tf.data.poses import human36m, report
from aign_tf.data.poses.human36m import Recording
from aign_tf.data.poses.human36m_camera import View, read_views
from aign_tf.errors import UserError

_SIDE = 1000  # pixels of the pictures
# Detectors are wrong by 5 to 15 pixels, and nobody leaves the pictures.
_MOST_ERROR, _LEAST_INSIDE = 30.0, 0.9


def human36m_text(path: str | pathlib.Path, step: int) -> str:
    """A report on the folder `path`, of which one frame in `step` is read.

    A subject that cannot be read is reported, too. What else is missing is named in the log.

    Raises:
      UserError: nothing of any subject can be read.
    """
    folder = pathlib.Path(path)
    clips, lines = [], []
    for subject in human36m.present_subjects(folder):
        try:
            motions = human36m.read_memory(folder, [subject], step)
            lines += [f"{subject}: {report.amount(motions)}", *_cameras(folder, subject, step)]
            clips += motions
        except UserError as error:
            lines.append(f"{subject}: {error}")
    if not clips:
        raise UserError(
            f"{folder}: no subject can be read: {lines[0] if lines else 'there is none'}"
        )
    head = f"Human3.6M: {report.amount(clips)}, one frame in {step}"
    return "\n".join([head, *lines, *report.bodies(clips)])


def _cameras(folder: pathlib.Path, subject: str, step: int) -> Iterator[str]:
    """A line on each camera of a subject."""
    detected = any((folder / subject / "StackedHourglass").glob("*.h5"))
    kind = "detected" if detected else "gt"
    recordings = human36m.read_recordings(folder, [subject], kind, step)
    for name, view in read_views(folder / "cameras.h5", subject).items():
        of_camera = [recording for recording in recordings if recording.camera == name]
        if of_camera:
            yield f"  {name}: {_fit(view, of_camera, detected)}"


def _fit(view: View, recordings: Sequence[Recording], detected: bool) -> str:
    truth, joints, confidence = (
        np.concatenate([getattr(recording, name) for recording in recordings])
        for name in ("truth", "joints", "confidence")
    )
    projected = truth[..., :2] / truth[..., 2:]
    pixels = projected * view.focal + view.centre
    within = ((pixels >= 0) & (pixels < _SIDE)).all(axis=-1) & (truth[..., 2] > 0)
    inside, error, facts = within.mean(), 0.0, "no detected joints"
    if detected:
        distance = np.linalg.norm(projected - joints, axis=-1)[confidence > 0]
        error = np.median(distance) * view.focal.mean()
        facts = f"{error:.1f} pixels between projected and detected joints (median)"
    doubt = error > _MOST_ERROR or inside < _LEAST_INSIDE
    warning = ": wrong axes, unit or camera" if doubt else ""
    return f"{facts}, {inside:.1%} of the joints in the picture{warning}"
