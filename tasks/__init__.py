"""The tasks: one file each, found by its name."""

from __future__ import annotations

import importlib
import inspect
import pathlib

from aign_tf.errors import UserError
from aign_tf.task import Task


def names() -> list[str]:
    """Every task, in alphabetical order."""
    files = pathlib.Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if file.stem != "__init__")


def load(name: str) -> type[Task]:
    """The task of that name; raises `UserError` if there is none."""
    if name not in names():
        raise UserError(f"no task {name!r}: use one of {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    (found,) = (
        member
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, Task)
        and member.__module__ == module.__name__
    )
    return found


def summary(name: str) -> str:
    """The first line of a task's docstring."""
    return inspect.getdoc(importlib.import_module(f"{__name__}.{name}")).splitlines()[0]
