"""Reads error text, a traceback or a whole log and tells the causes in it, as `dbwizard explain` prints them.

Works on a stream: it keeps one record of lines and one small count for each cause, never the input. It decides
nothing itself, the rules do; it opens no file and must not import the TUI, the graph library or a driver.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import log2
from typing import Protocol, TextIO

from wizard.core.classify import Classifier, Match

SCHEMA = "dbwizard.explain/1"
FOUND, NOTHING = 0, 1
"""Exit statuses, as with grep; wrong usage, which is 2, is the command line's to tell."""

PIECE = 65_536
"""Characters of one line that are read at once, so that input without line ends is bounded as well."""

_TIME = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?"
    r"|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?"
)
_JSON_ENGINES = frozenset({"postgresql", "mysql", "mariadb", "pgbouncer", "proxysql"})


class TitleOf(Protocol):
    """Gives the title of a cause, or None where there is no page for it."""

    def __call__(self, cause: str, /) -> str | None:
        """Return the title of `cause`."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One recognised error. `seen` is the time that its line states, as written there, or None."""

    match: Match
    title: str | None
    seen: str | None

    def as_json(self) -> dict[str, object]:
        """Return the object of `dbwizard.explain/1`; what is not known is left out."""
        found = self.match
        engine = found.engine if found.engine in _JSON_ENGINES else "unknown"
        known: dict[str, object] = {
            "schema": SCHEMA,
            "line": found.line,
            "cause": found.cause,
            "candidates": list(found.candidates),
            "engine": engine,
        }
        optional = {"code": found.code, "driver": found.driver, "text": found.text, "title": self.title}
        return known | {key: value for key, value in optional.items() if value}


@dataclass(slots=True)
class Tally:
    """What is remembered of one cause: how often, where, when, and the example that says most."""

    example: Explained
    count: int
    first_line: int
    last_line: int
    first_seen: str | None
    last_seen: str | None

    def add(self, result: Explained) -> None:
        """Count one more error of this cause."""
        self.count += 1
        self.last_line = result.match.line
        self.first_seen = self.first_seen or result.seen
        self.last_seen = result.seen or self.last_seen
        if result.match.weight > self.example.match.weight:
            self.example = result

    @property
    def score(self) -> float:
        """How well the cause explains the whole input: how decisive its words are, then how often it is said."""
        return self.example.match.weight + min(15.0, 2.0 * log2(self.count))

    def as_json(self) -> dict[str, object]:
        """Return the object that `--summary --json` prints for this cause."""
        shown = self.example.as_json()
        del shown["line"]
        shown["example"] = shown.pop("text", "")
        times = {"first_seen": self.first_seen, "last_seen": self.last_seen}
        places = {"count": self.count, "first_line": self.first_line, "last_line": self.last_line}
        return shown | places | times


class Summary:
    """Counts results cause by cause; memory grows with the number of causes, not with the input."""

    def __init__(self) -> None:
        self.causes: dict[str, Tally] = {}

    def add(self, result: Explained) -> None:
        """Take one result into account."""
        cause, line = result.match.cause, result.match.line
        tally = self.causes.get(cause)
        if tally is None:
            self.causes[cause] = Tally(result, 1, line, line, result.seen, result.seen)
        else:
            tally.add(result)

    @property
    def primary(self) -> Tally | None:
        """The cause that best explains the whole input: of equals the one that was said first."""
        best: Tally | None = None
        for tally in self.causes.values():
            if best is None or tally.score > best.score:
                best = tally
        return best


def explain(
    text: str | Iterable[str], classifier: Classifier, titles: TitleOf = lambda cause: None
) -> Iterator[Explained]:
    """Yield what is recognised in a text or in an iterable of lines, in its order.

    `titles` turns a cause into a title. Nothing is raised because of the text.
    """
    for found in classifier.classify_all(text):
        stated = _TIME.search(found.text)
        yield Explained(found, titles(found.cause), stated.group() if stated else None)


def lines_of(stream: TextIO) -> Iterator[str]:
    """Yield the lines of an open text stream; a line beyond PIECE characters is cut there and its rest dropped."""
    whole = True
    while piece := stream.readline(PIECE):
        if whole:
            yield piece.rstrip("\r\n")
        whole = piece.endswith("\n")


def run(
    lines: str | Iterable[str],
    *,
    json: bool,
    summary: bool,
    short: bool,
    write: Callable[[str], object],
    classifier: Classifier,
    titles: TitleOf,
) -> int:
    """Explain `lines` and `write` the result, each call a whole line with its line end.

    Returns 0 when something was recognised and 1 when nothing was.
    """
    counted = Summary()
    for result in explain(lines, classifier, titles):
        counted.add(result)
        if not summary:
            write(_as_line(result.as_json()) if json else _as_words(result, short))
    primary = counted.primary
    if primary is None:
        return NOTHING
    if summary:
        _write_summary(counted, primary, as_json=json, short=short, write=write)
    elif json:
        write(_as_line(primary.example.as_json() | {"primary": True}))
    elif not short and len(counted.causes) > 1:
        write(f"\nWhat explains it best: {_named(primary.example)}\n")
    return FOUND


def _write_summary(
    counted: Summary, primary: Tally, *, as_json: bool, short: bool, write: Callable[[str], object]
) -> None:
    for tally in sorted(counted.causes.values(), key=lambda tally: (tally is not primary, tally.first_line)):
        if as_json:
            write(_as_line(tally.as_json() | ({"primary": True} if tally is primary else {})))
            continue
        places = f"line {tally.first_line}"
        if tally.last_line != tally.first_line:
            places = f"lines {tally.first_line} to {tally.last_line}"
        write(f"{tally.count:>6}  {_named(tally.example)}  ({places})\n")
        if not short:
            write(f"        {_clipped(tally.example.match.text)}\n")


def _as_line(shown: dict[str, object]) -> str:
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _as_words(result: Explained, short: bool) -> str:
    found = result.match
    if short:
        return f"{found.line}: {found.cause}\n"
    words = f"{found.line}: {_named(result)}\n    {_clipped(found.text)}\n"
    if found.candidates:
        words += f"    it may also be: {', '.join(found.candidates)}\n"
    return words


def _named(result: Explained) -> str:
    return f"{result.match.cause}: {result.title}" if result.title else result.match.cause


def _clipped(text: str, width: int = 240) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
