"""Reports what a folder of faces holds, or writes it as TFRecord shards, which read faster.

python -m tools.prepare_data --task=faces_inpaint --data_dir=FOLDER --check
python -m tools.prepare_data --task=faces_inpaint --data_dir=FOLDER --output=PREPARED --size=128
"""

from __future__ import annotations

from absl import flags

import tasks
from aign_tf.data import check, folders, records
from aign_tf.errors import UserError
from tools import command

_TASK = flags.DEFINE_string("task", None, "task that will use the data", required=True)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "folder of faces", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "new folder for the shards")
_SIZE = flags.DEFINE_integer("size", 128, "side of the prepared pictures, pixels", lower_bound=1)
_CROP = flags.DEFINE_float("crop", 1.0, "share of the shorter side to keep, in (0, 1]")
_CHECK = flags.DEFINE_bool("check", False, "only report, write nothing")


def main() -> None:
    if _TASK.value not in tasks.names():
        raise UserError(f"no task {_TASK.value!r}: use one of {', '.join(tasks.names())}")
    if _CHECK.value:
        print(check.text(check.report(_DATA_DIR.value, _SIZE.value)))
        return
    if not _OUTPUT.value:
        raise UserError("--output is missing: give a new folder for the shards, or --check")
    records.require_free(_OUTPUT.value)
    faces = folders.read_faces(_DATA_DIR.value, _SIZE.value, _CROP.value)
    records.write_shards(faces, _OUTPUT.value)
    print(f"wrote {len(faces)} faces of {faces.size}x{faces.size} to {_OUTPUT.value}")


if __name__ == "__main__":
    command.run(main)
