"""What every command shares: how it starts, and how it tells a person what went wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from logging import Formatter

from absl import app, flags, logging

from aign_tf.errors import UserError


def run(main: Callable[[], int | None]) -> None:
    """Runs `main()` after strict flag parsing; ends the process.

    Exit codes: what `main` returns (None is 0); 2 after one line on stderr for a `UserError` and
    for flags that are unknown, malformed or missing; 130 after Ctrl-C.
    """
    logging.set_verbosity(logging.INFO)
    logging.get_absl_handler().setFormatter(Formatter("%(message)s"))
    app.run(lambda rest: _guarded(main, rest), flags_parser=_parse)


def _parse(argv: list[str]) -> list[str]:
    try:
        return flags.FLAGS(argv)
    except flags.IllegalFlagValueError as error:
        missing = re.match(r"flag --(\w+)=None: ", str(error))
        return _fail(f"--{missing[1]} is required" if missing else str(error).splitlines()[0])
    except flags.Error as error:
        return _fail(f"{str(error).splitlines()[0]} (--help lists the flags)")
    except SystemExit:
        sys.exit(0)  # --help was asked for and has been printed.


def _guarded(main: Callable[[], int | None], rest: list[str]) -> int | None:
    if len(rest) > 1:
        _fail(f"unexpected argument {rest[1]!r}: values belong to flags, as in --name=value")
    try:
        return main()
    except UserError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
