"""Folders of faces reported on, or written as TFRecord shards, which read faster."""

from __future__ import annotations

import dataclasses

from aign_tf.config import setting
from aign_tf.data import check, folders, records


@dataclasses.dataclass(frozen=True)
class FacePreparation:
    size: int = setting(128, "side of the prepared pictures, pixels", least=1)
    crop: float = setting(
        1.0, "centred square, as a share of a picture's shorter side", least=0.01, most=1
    )


def check_faces(data_dir: str, options: FacePreparation) -> str:
    """See `Task.check`."""
    return check.text(check.report(data_dir, options.size))


def prepare_faces(data_dir: str, output: str, options: FacePreparation) -> str:
    """See `Task.prepare`; `output` is a new or empty folder."""
    records.require_free(output)
    faces = folders.read_faces(data_dir, options.size, options.crop)
    records.write_shards(faces, output)
    return f"wrote {len(faces)} faces of {faces.size}x{faces.size} to {output}"
