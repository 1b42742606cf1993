"""A stream of bytes to the errors in it, cut into blocks of whole lines and those between two records.

Small input is handed to the rules as it is; of more, they look only at the records around the lines that the prefilter
names. It keeps a block, the lines of the record that is still open and the end of the block before, never the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wizard.core.classify import Classifier
from wizard.core.records import RECORD_LINES, surely_begins
from wizard.core.rules import Match
from wizard.logs import stamps
from wizard.logs.again import Judge, text_of
from wizard.logs.prefilter import Supply
from wizard.named import NamedTuple

BLOCK = 262_144
"""Bytes that are looked at together, and of an endless line that are looked at at once."""
OVERLAP = 512
"""Bytes by which the pieces of an endless line overlap."""
LOOK_BACK = 64
"""Lines before one without a time that are searched for one."""
LONGEST_OPEN = 262_144
"""Bytes of a record that is still open; beyond that it is read as it is."""


class Found(NamedTuple):
    """An error in a log: what it is, when its line says that it was, the lines around it."""

    match: Match
    stamp: stamps.Stamp | None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Block(NamedTuple):
    """Whole lines, or a piece of a line that is longer than a block."""

    data: bytes
    is_piece: bool = False


def blocks(chunks: Iterable[bytes]) -> Iterator[Block]:
    """Chunks cut at line ends. An empty block says that nothing came for a while."""
    rest = b""
    for chunk in chunks:
        if not chunk:
            yield Block(b"")
            continue
        rest += chunk
        start = 0
        while (end := rest.rfind(b"\n", start, start + BLOCK) + 1) > 0 or len(rest) - start > BLOCK:
            if end:
                yield Block(rest[start:end])
                start = end
            else:
                yield Block(rest[start : start + BLOCK], is_piece=True)
                start += BLOCK - OVERLAP
        rest = rest[start:]
    if rest:
        yield Block(rest)


class Scanner:
    """Reads one log. `reference` is when it was written, `context` how many lines around an error are wanted.

    The logs of one run share one `supply`.
    """

    def __init__(
        self, classifier: Classifier, reference: float, context: int = 0, supply: Supply | None = None
    ) -> None:
        self._judge = Judge(classifier)
        self._supply = supply or Supply(classifier.patterns)
        self._reference = reference
        self._context = context
        self._number = 1
        self._open = b""
        self._passed = b""
        self._look_back = LOOK_BACK

    def read(self, chunks: Iterable[bytes]) -> Iterator[Found]:
        """All errors of a stream, in its order, each as soon as it is complete."""
        for block in blocks(chunks):
            yield from self.feed(block)
        yield from self.finish()

    def feed(self, block: Block) -> Iterator[Found]:
        """The errors that are complete with this block; an empty block completes what is open."""
        if not block.data or block.is_piece:
            yield from self.finish()
        if block.is_piece:
            yield from self._take(block.data, b"")
        elif block.data:
            data = self._open + block.data
            begin = self._open_from(data)
            self._open = data[begin:]
            yield from self._take(data[:begin], self._open)

    def finish(self) -> Iterator[Found]:
        """The errors in what is still open."""
        data, self._open = self._open, b""
        yield from self._take(data, b"")

    def _open_from(self, data: bytes) -> int:
        """Where the last record begins, to which more lines may belong; what has grown too long ends here."""
        end = len(data) - data.endswith(b"\n")
        here = data.rfind(b"\n", 0, end) + 1
        for count in range(RECORD_LINES + self._context):
            before = data.rfind(b"\n", 0, max(here - 1, 0)) + 1
            if not here or len(data) - here > LONGEST_OPEN:
                break
            if count >= self._context and surely_begins(
                text_of(data[before : here - 1]), text_of(data[here:end])
            ):
                return here
            here, end = before, here - 1
        return 0 if not here and len(data) <= LONGEST_OPEN else len(data)

    def _take(self, data: bytes, following: bytes) -> Iterator[Found]:
        """The errors in `data`, which ends where a record ends; `following` is there for the lines around."""
        prefilter = self._supply.after(len(data))
        if data and prefilter is None:
            yield from self._look(_lines(data), following, None)
        elif prefilter is not None and (hits := prefilter.hits(data)):
            yield from self._look(_lines(data), following, hits)
        self._number += data.count(b"\n")
        self._passed = data if len(data) >= BLOCK // 4 else (self._passed + data)[-BLOCK:]

    def _look(self, lines: list[bytes], following: bytes, hits: list[int] | None) -> Iterator[Found]:
        """The errors in the records around the hits, or in all lines."""
        around = lines + _lines(following) if self._context else lines
        for begin, end in [(0, len(lines))] if hits is None else _records_of(hits, lines):
            for match in self._judge.matches(lines[begin:end]):
                yield self._found(match, around, begin + match.line - 1)

    def _found(self, match: Match, lines: list[bytes], place: int) -> Found:
        """The error that begins at `place` of `lines`, with its number in the log, its time and its surroundings."""
        before = lines[max(0, place - self._context) : place]
        missing = self._context - len(before)
        if missing > 0:
            before = _lines(self._passed)[-missing:] + before
        after = lines[place + 1 : place + 1 + self._context]
        return Found(
            match._replace(line=self._number + place),
            self._stamp(lines, place),
            tuple(map(text_of, before)) if self._context else (),
            tuple(map(text_of, after)),
        )

    def _stamp(self, lines: list[bytes], place: int) -> stamps.Stamp | None:
        """The time of a line, or that of the nearest line above which states one."""
        for line in self._upwards(lines, place):
            stamp = stamps.find(text_of(line[: stamps.LOOKED_AT * 4]), self._reference)
            if stamp is not None:
                self._look_back = LOOK_BACK
                return stamp
        # A log without times is not searched for them again and again.
        self._look_back = max(2, self._look_back // 2)
        return None

    def _upwards(self, lines: list[bytes], place: int) -> Iterator[bytes]:
        near = lines[max(0, place - self._look_back) : place + 1]
        yield from reversed(near)
        missing = self._look_back + 1 - len(near)
        if missing > 0:
            yield from reversed(_lines(self._passed)[-missing:])


def _records_of(hits: list[int], lines: list[bytes]) -> Iterator[tuple[int, int]]:
    """From where to where the records reach that have hits."""
    end = 0
    for place in hits:
        if place >= end:
            begin, end = _record_around(lines, place, end)
            yield begin, end


def _record_around(lines: list[bytes], place: int, least: int) -> tuple[int, int]:
    """From where to where the record reaches that the line at `place` belongs to; it begins at `least` or later."""
    begin, end = place, place + 1
    while begin > least and place - begin < RECORD_LINES and not _begins(lines, begin):
        begin -= 1
    while end < len(lines) and end - place < RECORD_LINES and not _begins(lines, end):
        end += 1
    return begin, end


def _begins(lines: list[bytes], place: int) -> bool:
    return surely_begins(text_of(lines[place - 1]), text_of(lines[place]))


def _lines(data: bytes) -> list[bytes]:
    """The lines of whole-line data, without their ends."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines
