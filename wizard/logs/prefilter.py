"""Which lines of a block could hold an error at all: all message patterns in one pass over the bytes, by Hyperscan.

It decides nothing: the rules look at the lines that it names. Its cost hardly grows with the number of rules. Where
Hyperscan does not run (a processor that it does not know, no memory), every line is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wizard.content import cache
from wizard.content.yamlfile import digest
from wizard.core.envelopes import LINE_LIMIT, PART, opened
from wizard.core.records import HARD_WIDTHS, NARROW, is_rest
from wizard.logs.expressions import ALWAYS, FORM, bare, expression
from wizard.logs.lines import lines_of, longer, text_of
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


ENTRY = "scan.hs"
"""The compiled patterns in the user's cache, behind the mark of what they were made of."""
WORTH_LOADING = 65_536
"""Bytes that are read without, before the compiled patterns are looked for: that takes some milliseconds."""
WORTH_MAKING = 4_194_304
"""Bytes that are read without, before they are compiled: that takes about a second, once."""

PIECE = 16_384
"""Bytes, and the rest of a line, in which the line of a match is counted out."""


_WIDTHS = HARD_WIDTHS | {width + len("\r") for width in HARD_WIDTHS}


class Prefilter:
    """The compiled patterns of some rules."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def hits(self, block: bytes) -> list[int]:
        """Where the lines of a block begin in which a match may end, or with which the next one goes on."""
        lines, parts = self._matching(block), list(_parts(block))
        return sorted({*lines, *parts}) if parts else lines

    def _matching(self, block: bytes) -> list[int]:
        pieces = list(_pieces(block))
        bares = [bare(piece) for piece in pieces]
        ends: set[int] = set()
        self._database.scan(b"".join(bares), match_event_handler=lambda rule, _, end, *rest: ends.add(end))
        lines: list[int] = []
        left = sorted(ends, reverse=True)
        begin = bare_begin = 0
        for piece, text in zip(pieces, bares, strict=True):
            bare_end = bare_begin + len(text)
            here = []
            while left and left[-1] <= bare_end:
                here.append(left.pop() - bare_begin)
            if here:
                lines += (begin + place for place in _places(here, text, piece))
            begin, bare_begin = begin + len(piece), bare_end
        return lines


def _places(ends: list[int], text: bytes, piece: bytes) -> Iterator[int]:
    """Where the lines of a piece begin in whose bare text something ends."""
    place = at = 0
    told = -1
    for end in ends:
        for _ in range(text.count(b"\n", at, end - 1)):
            place = piece.find(b"\n", place) + 1
        at = end - 1
        if place != told:
            yield place
            told = place


def _pieces(block: bytes) -> Iterator[bytes]:
    """The block, cut at ends of lines. Most pieces have no match: lines are counted in the others alone."""
    begin = 0
    while begin < len(block):
        end = block.find(b"\n", begin + PIECE) + 1 or len(block)
        yield block[begin:end]
        begin = end


def _parts(block: bytes) -> Iterator[int]:
    """Where the long lines begin that a container's log in JSON goes on with in the next line."""
    return (at for at, end in longer(block, LINE_LIMIT) if opened(text_of(block[at:end]))[2] == PART)


def mended(block: bytes) -> bytes:
    """The block with blanks where a terminal or a mail client cut a line in two: for its end, and marks of quoting."""
    whole = bytearray(block)
    is_plain = block.isascii() and b"\x1b" not in block and b">" not in block[:1] and b"\n>" not in block
    before, begin = b"", 0
    for line in lines_of(block):
        # Most lines of a log begin alike, and few are just as wide as a screen.
        is_likely = before[:4] != line[:4] or len(before) in _WIDTHS or not is_plain
        if len(before) >= NARROW and is_likely and is_rest(text_of(before), text_of(line)):
            marks = len(line) - len(line.lstrip(b"> "))
            whole[begin - 1 : begin + marks] = b" " * (marks + 1)
        before, begin = line, begin + len(line) + 1
    return bytes(whole)


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
