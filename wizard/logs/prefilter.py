"""Which lines of a block could hold an error at all: all message patterns in one pass over the bytes, by Hyperscan.

It decides nothing: the rules look at the lines that it names. Its cost hardly grows with the number of rules. Where
Hyperscan does not run (a processor that it does not know, no memory), every line is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from wizard.content import cache
from wizard.content.yamlfile import digest
from wizard.logs.expressions import ALWAYS, FORM, bare, expression
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


ENTRY = "scan.hs"
"""The compiled patterns in the user's cache, behind the mark of what they were made of."""
WORTH_LOADING = 131_072
"""Bytes that are read without, before the compiled patterns are looked for: that takes some milliseconds."""
WORTH_MAKING = 4_194_304
"""Bytes that are read without, before they are compiled: that takes about a second, once."""


class Prefilter:
    """The compiled patterns of some rules."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def hits(self, block: bytes) -> list[int]:
        """The lines of a block, counted from 0, in which a match may end."""
        ends: set[int] = set()
        text = bare(block)
        self._database.scan(text, match_event_handler=lambda rule, _, end, *rest: ends.add(end))
        lines: list[int] = []
        line = at = 0
        for end in sorted(ends):
            line, at = line + text.count(b"\n", at, end), end
            if not lines or lines[-1] != line:
                lines.append(line)
        return lines


class Supply:
    """The one prefilter of a run, got when enough was read for it."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._steps = [(WORTH_LOADING, _kept), (WORTH_MAKING, _made)]
        self._ready: Prefilter | None = None
        self._seen = 0

    def after(self, count: int) -> Prefilter | None:
        """The prefilter after `count` more bytes were read, or None as long as there is none."""
        self._seen += count
        while self._ready is None and self._steps and self._seen >= self._steps[0][0]:
            database = self._steps.pop(0)[1](self._patterns)
            self._ready = Prefilter(database) if database is not None else None
        return self._ready


def _version(library: object) -> str:
    return str(getattr(library, "__version__", ""))


def _mark(version: str, patterns: Sequence[str]) -> bytes:
    return digest("\n".join([version, FORM, *patterns]).encode()).encode()


def _kept(patterns: Sequence[str]) -> Any:
    """The database in the cache, or None where there is none for these patterns and this machine."""
    try:
        import hyperscan
    except (ImportError, OSError):
        return None
    mark = _mark(_version(hyperscan), patterns)
    path = cache.place(ENTRY)
    try:
        data = cache.read(path) if path else b""
        if not data.startswith(mark):
            return None
        database = hyperscan.loadb(data[len(mark) :], hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except (OSError, MemoryError, hyperscan.error):
        return None
    return database


def _made(patterns: Sequence[str]) -> Any:
    """A new database, which is kept in the cache; None where it cannot be made."""
    try:
        import hyperscan
    except (ImportError, OSError):
        return None
    expressions = [*ALWAYS, *map(expression, patterns)]
    try:
        database = hyperscan.Database()
        database.compile(
            expressions=[one.encode("ascii") for one in expressions],
            ids=list(range(len(expressions))),
            flags=hyperscan.HS_FLAG_CASELESS,
        )
    except (MemoryError, hyperscan.error):
        return None
    path = cache.place(ENTRY)
    if path:
        cache.write(path, _mark(_version(hyperscan), patterns) + hyperscan.dumpb(database))
    return database
