"""Reports what a file or folder of data holds, or writes it in the form that a task reads best.

python -m tools.prepare_data --task=faces_inpaint --data_dir=FOLDER --check
python -m tools.prepare_data --task=faces_inpaint --data_dir=FOLDER --output=SHARDS --set=size=128
python -m tools.prepare_data --task=pose3d --data_dir=FOLDER --output=MOTIONS.npz
"""

from __future__ import annotations

from absl import flags

import tasks
from aign_tf.config import override, parse_assignments, settings
from aign_tf.errors import UserError
from tools import command

_TASK = flags.DEFINE_string("task", None, "task that will use the data", required=True)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "file or folder of data")
_OUTPUT = flags.DEFINE_string("output", None, "new file or folder to write")
_CHECK = flags.DEFINE_bool("check", False, "only report, write nothing")
_SET = flags.DEFINE_multi_string("set", [], "option of the task; --set=help lists them")


def main() -> None:
    task = tasks.load(_TASK.value)
    if "help" in _SET.value:
        for key, value, meaning in settings(task.Preparation()):
            print(f"{key}={value}  {meaning}")
        return
    options = override(task.Preparation(), parse_assignments(_SET.value))
    if not _DATA_DIR.value:
        raise UserError("--data_dir is required")
    if _CHECK.value:
        print(task.check(_DATA_DIR.value, options))
        return
    if not _OUTPUT.value:
        raise UserError("--output is missing: give a new file or folder to write, or --check")
    print(task.prepare(_DATA_DIR.value, _OUTPUT.value, options))


if __name__ == "__main__":
    command.run(main)
