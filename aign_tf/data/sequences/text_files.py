"""Text files of words and numbers, one thing a line; what is wrong is said with its line."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence

import numpy as np

from aign_tf.errors import UserError

_SHOWN = 20  # letters of a word that an error repeats


def lines(path: pathlib.Path) -> list[tuple[int, list[str]]]:
    """Number and words of every line that is neither empty nor a comment (`#`).

    Raises:
      UserError: no such file, or it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    split = ((number, line.split()) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, words) for number, words in split if words and not words[0].startswith("#")]


def numbers(path: pathlib.Path, line: int, words: Sequence[str], *counts: int) -> list[float]:
    """The words as finite numbers.

    Args:
      path, line: where the words stand, for the message.
      words: of that line.
      counts: how many there may be.

    Raises:
      UserError: another number of words, or one that is no finite number.
    """
    if len(words) not in counts:
        needed = " or ".join(map(str, counts))
        raise UserError(f"{path}, line {line}: {len(words)} values, {needed} numbers are needed")
    return [_number(path, line, word) for word in words]


def _number(path: pathlib.Path, line: int, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{path}, line {line}: {word[:_SHOWN]!r} is not a finite number")
    return value


def rows(path: pathlib.Path, *counts: int, header: int = 0) -> np.ndarray:
    """float64 `[N, count]`: a table of numbers, as many in each line as in the first.

    Args:
      path: the file.
      counts: how many numbers a line may hold.
      header: how many of the first lines name columns.

    Raises:
      UserError: no such file, no numbers in it, or a line that is not as it should be.
    """
    table = lines(path)[header:]
    if not table:
        raise UserError(f"{path} holds no numbers")
    first = len(table[0][1])
    counts = (first,) if first in counts else counts
    return np.array([numbers(path, line, words, *counts) for line, words in table])
