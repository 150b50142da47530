"""Lines of reports for people."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH = 11  # of the titles that begin a line
_LINES = 20


def listed(title: str, entries: Sequence[str], limit: int | None = _LINES) -> list[str]:
    """A line with the number of entries, and one for each of the first `limit`."""
    if not entries:
        return [f"{title:<{WIDTH}} none"]
    lines = [f"{title:<{WIDTH}} {len(entries)}", *(f"  {entry}" for entry in entries[:limit])]
    more = len(entries) - len(lines[1:])
    return [*lines, f"  and {more} more"] if more else lines
