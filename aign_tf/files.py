"""Files below a folder, and files that are whole or absent: written under another name first."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
from collections.abc import Collection, Iterator

from aign_tf.errors import UserError


def visible_files(folder: pathlib.Path, suffixes: Collection[str]) -> list[pathlib.Path]:
    """Sorted paths of all files below a folder with one of the suffixes, in upper or lower case.

    Hidden files are left out, and so is everything in hidden folders.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path beside `path`, with the same suffix, renamed to `path` on success."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def inside(output: pathlib.Path, name: str) -> pathlib.Path:
    """A path below the folder `output`; a slash in `name` makes a folder.

    Names come from files, which may have been made to escape it.

    Raises:
      UserError: the path would lie elsewhere.
    """
    relative = pathlib.PurePosixPath(name)
    if not relative.name or relative.is_absolute() or ".." in relative.parts:
        raise UserError(f"a file called {name!r} would be written outside {output}: rename it")
    return output / relative


def write_json(path: str | os.PathLike, content: dict) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_json(path: str | os.PathLike) -> dict:
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def load_json(path: str | os.PathLike):
    """The content of a JSON file that a person gives.

    Raises:
      UserError: no such file, or not JSON.
    """
    try:
        return read_json(path)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: cannot be read as JSON: {error}") from error
