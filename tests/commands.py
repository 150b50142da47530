"""Commands as people type them, `python -m tools.NAME ...`, without their seconds of starting.

One process imports TensorFlow and forks for every command, so each has a process of its own.
"""

import contextlib
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
SERVER = """
import json, os, runpy, sys, traceback
sys.path.insert(0, os.getcwd())
import aign_tf.evaluation, aign_tf.export, aign_tf.training, tasks, tools
from tests import judges
for name in tasks.names():
    tasks.load(name)
judges.hurry()
for line in sys.stdin:
    folder, name, *argv = json.loads(line)
    child = os.fork()
    if child == 0:
        for number, stream in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{folder}/{stream}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.chdir(folder)  # So that nothing is written into the checkout.
        code = 0
        sys.argv = [f"tools/{name}.py", *argv]
        try:
            runpy.run_module(f"tools.{name}", run_name="__main__")
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextlib.contextmanager
def served(folder: pathlib.Path):
    """A function of a command's name and arguments to its exit code, stdout and stderr.

    Commands run in `folder`, and their evaluations train judges for a few steps alone.
    """
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def run(name, *arguments):
        print(json.dumps([str(folder), name, *map(str, arguments)]), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return code, (folder / "out").read_text(), (folder / "err").read_text()

    yield run
    server.stdin.close()
    server.wait(timeout=30)
