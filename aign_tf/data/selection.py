"""Choosing faces by what is known of them: `gender=female and (age<30 or not smiling=1)`.

    any   = all ("or" all)*
    all   = one (("and" | ",") one)*
    one   = "not" one | "(" any ")" | NAME ("=" | "!=" | "<" | "<=" | ">" | ">=") VALUE

NAME and VALUE are words, or any text in double quotes. Case does not matter. `person` says who is
shown, unless that is an attribute of its own.
"""

from __future__ import annotations

import dataclasses
import difflib
import operator
import re

import numpy as np
from absl import logging

from aign_tf.data.faces import FaceSet
from aign_tf.errors import UserError

_COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TOKEN = re.compile(
    r'\s*(?:"(?P<quoted>[^"]*)"|(?P<sign>[!<>]=|[=<>(),])|(?P<word>[^\s=!<>(),"]+))'
)
_VALUES_IN_ERROR = 10


def select(expression: str, faces: FaceSet, purpose: str = "memory") -> np.ndarray:
    """Which faces are known to satisfy `expression`: bool `[N]`, with at least one True.

    What is unknown of a face satisfies nothing, neither under `!=` nor under `not`.

    Raises:
      UserError: a mistake in the expression, an attribute that the faces do not have, a comparison
        that makes no sense for its values, or no face to select ("empty {purpose}: ...").
    """
    try:
        tree = _Parser(expression).parse()
        chosen, _ = tree.known(faces)
    except RecursionError as error:
        raise UserError(f"selection of {len(expression)} characters: nested too deeply") from error
    equalities = [
        dataclasses.replace(leaf, sign="=") for leaf in tree.leaves() if leaf.sign in ("=", "!=")
    ]
    strangers = [leaf for leaf in equalities if not leaf.known(faces)[0].any()]
    if chosen.any():
        for leaf in strangers:
            logging.warning("no face has %s; %s", leaf, leaf.values(faces))
        return chosen
    if strangers:
        raise UserError(
            f"empty {purpose}: no face has {strangers[0]}; {strangers[0].values(faces)}"
        )
    raise UserError(f"empty {purpose}: no face satisfies {expression!r} ({len(faces)} faces)")


@dataclasses.dataclass(frozen=True)
class _Comparison:
    name: str
    sign: str
    value: str

    def __str__(self):
        return f"{self.name}{self.sign}{self.value}"

    def known(self, faces: FaceSet) -> tuple[np.ndarray, np.ndarray]:
        """Where the comparison is known to be true, and where it is known to be false."""
        column = _column(self.name, faces)
        if _is_text(column):
            if self.sign not in ("=", "!="):
                raise UserError(f"{self}: {self.name} holds words: compare with = or !=")
            known, left, right = column != "", np.char.lower(column.astype(str)), self.value.lower()
        else:
            known, left, right = ~np.isnan(column), column, np.float32(self._number())
        result = _COMPARE[self.sign](left, right)
        return known & result, known & ~result

    def _number(self) -> float:
        try:
            number = float(self.value)
        except ValueError:
            number = float("nan")
        if np.isnan(number):
            raise UserError(f"{self}: {self.name} holds numbers, {self.value!r} is none")
        return number

    def leaves(self) -> list[_Comparison]:
        return [self]

    def values(self, faces: FaceSet) -> str:
        """The values that there are, for messages."""
        column = _column(self.name, faces)
        if _is_text(column):
            values = [str(value) for value in np.unique(column[column != ""])]
        else:
            values = [f"{value:g}" for value in np.unique(column[~np.isnan(column)])]
        more = len(values) - _VALUES_IN_ERROR
        listed = ", ".join(values[:_VALUES_IN_ERROR]) or "none"
        return f"values of {self.name}: {listed}" + (f" and {more} more" if more > 0 else "")


@dataclasses.dataclass(frozen=True)
class _Not:
    part: _Comparison | _Not | _Join

    def known(self, faces: FaceSet) -> tuple[np.ndarray, np.ndarray]:
        true, false = self.part.known(faces)
        return false, true

    def leaves(self) -> list[_Comparison]:
        return self.part.leaves()


@dataclasses.dataclass(frozen=True)
class _Join:
    """Parts joined by "and" (all true; one known to be false suffices to fail) or by "or"."""

    word: str
    parts: tuple

    def known(self, faces: FaceSet) -> tuple[np.ndarray, np.ndarray]:
        true, false = zip(*(part.known(faces) for part in self.parts))
        if self.word == "and":
            return np.logical_and.reduce(true), np.logical_or.reduce(false)
        return np.logical_or.reduce(true), np.logical_and.reduce(false)

    def leaves(self) -> list[_Comparison]:
        return [leaf for part in self.parts for leaf in part.leaves()]


def _is_text(column: np.ndarray) -> bool:
    return not np.issubdtype(column.dtype, np.number)


def _column(name: str, faces: FaceSet) -> np.ndarray:
    names = sorted(faces.attributes)
    if name in names:
        return faces.attributes[name]
    if name == "person":
        return faces.person
    if not names:
        raise UserError(f"no attribute {name!r}: nothing is known of these faces")
    closest = max(names, key=lambda other: difflib.SequenceMatcher(None, name, other).ratio())
    names.remove(closest)
    raise UserError(f"no attribute {name!r}: there are {', '.join([closest, *names])}")


class _Parser:
    """Recursive descent: one method a rule of the grammar, `position` is what comes next."""

    def __init__(self, text: str):
        self.text = text
        self.position = 0

    def parse(self) -> _Comparison | _Not | _Join:
        if not self.text.strip():
            raise UserError("the selection is empty: write, for example, gender=female")
        tree = self._any()
        if self.text[self.position :].strip():
            raise self._expected("and, or, a comma or the end")
        return tree

    def _any(self):
        return self._joined("or", self._all)

    def _all(self):
        return self._joined("and", self._one)

    def _joined(self, word: str, part):
        parts = [part()]
        while self._accept(word) or (word == "and" and self._accept(",")):
            parts.append(part())
        return parts[0] if len(parts) == 1 else _Join(word, tuple(parts))

    def _one(self):
        if self._accept("not"):
            return _Not(self._one())
        if self._accept("("):
            tree = self._any()
            if not self._accept(")"):
                raise self._expected("a closing parenthesis")
            return tree
        name = self._text("an attribute").lower()
        sign = next((sign for sign in _COMPARE if self._accept(sign)), None)
        if sign is None:
            raise self._expected(f"one of {' '.join(_COMPARE)} after {name}")
        return _Comparison(name, sign, self._text("a value"))

    def _accept(self, symbol: str) -> bool:
        """Steps over `symbol` if it is what comes next."""
        token = _TOKEN.match(self.text, self.position)
        if token is None or (token["sign"] or (token["word"] or "").lower()) != symbol:
            return False
        self.position = token.end()
        return True

    def _text(self, what: str) -> str:
        token = _TOKEN.match(self.text, self.position)
        word = token and token["word"]
        if token is None or token["sign"] or (word or "").lower() in ("and", "or", "not"):
            raise self._expected(what)
        self.position = token.end()
        return token["quoted"] if word is None else word

    def _expected(self, what: str) -> UserError:
        rest = self.text[self.position :].strip()
        where = f"at {rest!r}" if rest else "at the end"
        return UserError(f"selection {self.text!r}: {what} expected {where}")
