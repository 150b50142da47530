"""metrics.json as the part of a model card that says how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aign_tf.evaluation import OURS
from aign_tf.markdown import code, items, table


def evaluation_card(result: Mapping[str, Any], meanings: Mapping[str, str]) -> list[str]:
    """Blocks of Markdown.

    Args:
      result: the content of metrics.json.
      meanings: metric, or candidate that is compared -> what it means, in Markdown. Those that the
        result does not have are left out.
    """
    candidates, groups = {OURS: result["metrics"], **result["baselines"]}, result["groups"]
    scored = [*candidates.values(), *groups.values()]
    metrics = dict.fromkeys(name for scores in scored for name in scores)
    # A note that is called like a metric says what that is on these data.
    notes = {name: _text(value) for name, value in result["notes"].items()}
    said = {name: notes.pop(name) for name in metrics if name in notes}
    told = {
        name: [text[name] for text in (meanings, said) if name in text]
        for name in (*candidates, *metrics)
    }
    return [
        f"At step {result['step']:,}, on {result['samples']:,} observations of the "
        f"{result['split']} split, with the Keras generator. {code(OURS)} is this model, the other "
        "rows are there to compare.",
        _scores(candidates),
        f"{code(OURS)} by group or condition:" if groups else "",
        _scores(groups) if groups else "",
        items(f"{code(name)}: {'; '.join(lines)}" for name, lines in told.items() if lines),
        "How they were made:" if notes else "",
        items(f"{code(name)}: {code(note)}" for name, note in notes.items()),
    ]


def _scores(rows: Mapping[str, Mapping[str, float | None]]) -> str:
    """A line for each row, a column for each metric; the number of samples comes first."""
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    names.sort(key=lambda name: name != "samples")
    cells = [
        [code(row), *(_text(values.get(name)) for name in names)] for row, values in rows.items()
    ]
    return table(["", *map(code, names)], cells)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:.4g}"
    return str(value)
