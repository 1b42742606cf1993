"""Error text, a traceback or a whole log to the causes in it: the results of `dbwizard explain`, and their sum.

Works on a stream: it keeps one record of lines and one small count for each cause, never the input. It decides
nothing itself, the rules do; it opens no file and must not import the TUI, the graph library or a driver. Nothing
that a result gives to be shown holds a password or an unseen character.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from math import log2

from wizard.core.classify import Classifier
from wizard.core.explains import Explains
from wizard.core.quoting import MASK
from wizard.core.rules import Match
from wizard.logs.stamps import Stamp, find
from wizard.marks import iso
from wizard.named import TYPE_CHECKING
from wizard.redact import bounded, clean, harmless

if TYPE_CHECKING:
    from typing import Protocol

    from wizard.logs.rate import Rate

    class TitleOf(Protocol):
        """Gives the title of a cause, or None where there is no page for it."""

        def __call__(self, cause: str, /) -> str | None:
            """Return the title of `cause`."""


SCHEMA = "dbwizard.explain/1"
_WIDEST = 2000
"""Characters of a line around an error that are shown."""
_JSON_ENGINES = frozenset({"postgresql", "mysql", "mariadb", "pgbouncer", "proxysql"})


class Explained:
    """One recognised error. `stamp` is the time that its line, or one above it, states; `file` where it was read.

    `before` and `after` are the lines around it, where they were asked for.
    """

    def __init__(
        self,
        match: Match,
        title: str | None = None,
        stamp: Stamp | None = None,
        file: str = "",
        before: Iterable[str] = (),
        after: Iterable[str] = (),
    ) -> None:
        self.match = match
        self.title = title
        self.stamp = stamp
        self.file = file
        self._around = (tuple(before), tuple(after))

    @property
    def named(self) -> str:
        """The cause and what it is in one line; where nothing is concluded, the candidates."""
        if self.match.cause == "inconclusive" and self.match.candidates:
            return f"inconclusive: {' or '.join(self.match.candidates)}"
        return f"{self.match.cause}: {self.title}" if self.title else self.match.cause

    @cached_property
    def text(self) -> str:
        """The words that were recognised, fit to be shown."""
        return harmless(self.match.text, 0)

    @cached_property
    def captures(self) -> dict[str, str]:
        """What the words name, such as a host or a user, fit to be shown."""
        shown = {key: harmless(value, 0) for key, value in self.match.captures.items()}
        # What is masked where it stands must not come back by itself.
        hidden = MASK in self.text
        return {
            key: MASK if hidden and value in self.match.text and value not in self.text else value
            for key, value in shown.items()
            if value
        }

    @cached_property
    def around(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines before and after, fit to be shown."""
        before, after = (_together(lines) for lines in self._around)
        return before, after

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
        before, after = self.around
        optional = {
            "code": found.code,
            "driver": found.driver,
            "text": self.text,
            "title": self.title,
            "file": clean(self.file, 0),
            "time": iso(self.stamp.at) if self.stamp else "",
            "captures": self.captures,
            "before": list(before),
            "after": list(after),
        }
        return known | {key: value for key, value in optional.items() if value}


def _together(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines fit to be shown: a password may stand in the line below its name."""
    shown = harmless("\n".join(bounded(line, _WIDEST).replace("\n", " ") for line in lines), 0)
    return tuple(clean(line, _WIDEST).strip() for line in shown.split("\n")) if lines else ()


class Tally:
    """What is remembered of one cause: how often, where, when, and the example that says most."""

    def __init__(self, first: Explained) -> None:
        self.example = first
        self.count = 0
        self.first = first
        self.last = first
        self.earliest: Explained | None = None
        """The one with the earliest time, and the latest: a log may go back in time, and several are not in step."""
        self.latest: Explained | None = None
        self.files: dict[str, int] = {}
        self.rate: Rate | None = None

    def add(self, result: Explained) -> None:
        """Count one more error of this cause."""
        self.count += 1
        self.last = result
        self.files[result.file] = self.files.get(result.file, 0) + 1
        if result.match.weight > self.example.match.weight:
            self.example = result
        if result.stamp is not None:
            self._place(result, result.stamp.at)

    def _place(self, result: Explained, at: float) -> None:
        if self.rate is None:
            from wizard.logs.rate import Rate

            self.rate = Rate()
        self.rate.add(at)
        if at < _at(self.earliest, at + 1):
            self.earliest = result
        if at >= _at(self.latest, at):
            self.latest = result

    @property
    def score(self) -> float:
        """How well the cause explains the whole input: how decisive its words are, then how often it is said."""
        return self.example.match.weight + min(15.0, 2.0 * log2(self.count))

    def as_json(self) -> dict[str, object]:
        """Return the object that `--summary --json` prints for this cause."""
        shown = self.example.as_json()
        for key in ("line", "time", "file", "before", "after"):
            shown.pop(key, None)
        shown["example"] = shown.pop("text", "")
        times: dict[str, object] = {
            "first_seen": _written(self.earliest),
            "last_seen": _written(self.latest),
            "first_time": _iso(self.earliest),
            "last_time": _iso(self.latest),
        }
        if self.rate is not None:
            spans = [{"from": iso(start), "count": count} for start, count in self.rate.spans]
            times["rate"] = {"seconds": self.rate.seconds, "spans": spans}
        places: dict[str, object] = {
            "count": self.count,
            "first_line": self.first.match.line,
            "last_line": self.last.match.line,
        }
        if any(self.files):
            places |= {"first_file": self.first.file, "last_file": self.last.file, "files": dict(self.files)}
        return shown | places | times


class Summary:
    """Counts results cause by cause; memory grows with the number of causes, not with the input."""

    def __init__(self, explains: Explains | None = None) -> None:
        self.causes: dict[str, Tally] = {}
        self._explains = explains or Explains()

    def add(self, result: Explained) -> None:
        """Take one result into account."""
        tally = self.causes.get(result.match.cause)
        if tally is None:
            tally = self.causes[result.match.cause] = Tally(result)
        tally.add(result)

    @property
    def primary(self) -> Tally | None:
        """The cause that best explains the whole input: no mere symptom, and of equals the one that was said first."""
        best: Tally | None = None
        for tally in map(self.causes.__getitem__, self._explains.roots(self.causes)):
            if best is None or tally.score > best.score:
                best = tally
        return best

    @property
    def in_time(self) -> list[Explained]:
        """The first error of each cause in the order of time, of those of which a time is known."""
        first = [tally.earliest for tally in self.causes.values() if tally.earliest is not None]
        return sorted(first, key=lambda result: _at(result, 0.0))


def explain(
    text: str | Iterable[str],
    classifier: Classifier,
    titles: TitleOf = lambda cause: None,
    reference: float | None = None,
) -> Iterator[Explained]:
    """Yield what is recognised in a text or in an iterable of lines, in its order.

    `titles` turns a cause into a title; `reference` is when the text was written, in seconds since the epoch (now).
    Nothing is raised because of the text.
    """
    written = time.time() if reference is None else reference
    for found in classifier.classify_all(text):
        yield Explained(found, titles(found.cause), find(found.text, written))


def _at(result: Explained | None, otherwise: float) -> float:
    return result.stamp.at if result is not None and result.stamp is not None else otherwise


def _written(result: Explained | None) -> str | None:
    return result.stamp.text if result is not None and result.stamp is not None else None


def _iso(result: Explained | None) -> str | None:
    return iso(result.stamp.at) if result is not None and result.stamp is not None else None
