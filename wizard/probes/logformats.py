"""PostgreSQL's logs for programs (`csvlog`, `jsonlog`), told in the lines that its ordinary log has.

It is handed text and returns text: it opens nothing. What is no entry (the rest of one that a bounded read cut off,
or garbage) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.lazyre import lazy

_ENTRY = lazy(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
"""How an entry of a csvlog begins (log_time)."""
_CSV = {
    "timestamp": 0,
    "pid": 3,
    "error_severity": 11,
    "message": 13,
    "detail": 14,
    "hint": 15,
    "context": 18,
}
"""The columns that matter (src/backend/utils/error/csvlog.c), by their names in a jsonlog (jsonlog.c)."""


def as_lines(name: str, text: str) -> str:
    """The text of a log file as an ordinary log would have it; its name tells its format."""
    if name.endswith(".csv"):
        return "\n".join(line for entry in _csv(text) for line in _lines(entry))
    if name.endswith(".json"):
        return "\n".join(line for entry in _json(text) for line in _lines(entry))
    return text


def _csv(text: str) -> Iterator[dict[str, str]]:
    import csv

    begin = _ENTRY.search(text)
    rows = csv.reader(text[begin.start() :].splitlines(keepends=True) if begin is not None else ())
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            continue
        if len(row) > max(_CSV.values()):
            yield {key: row[column] for key, column in _CSV.items()}


def _json(text: str) -> Iterator[dict[str, str]]:
    import json

    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield {key: str(entry.get(key) or "") for key in _CSV}


def _lines(entry: dict[str, str]) -> Iterator[str]:
    """One entry as src/backend/utils/error/elog.c writes it; further lines of a text begin with a tab."""
    if not entry["error_severity"]:
        return
    head = f"{entry['timestamp']} [{entry['pid']}] "
    for word, key in (
        (entry["error_severity"], "message"),
        ("DETAIL", "detail"),
        ("HINT", "hint"),
        ("CONTEXT", "context"),
    ):
        if entry[key]:
            yield f"{head}{word}:  " + "\n\t".join(entry[key].splitlines())
