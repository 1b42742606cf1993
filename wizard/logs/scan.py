"""A stream of bytes to the errors in it, cut into blocks of whole lines and those between two records.

Small input is handed to the rules as it is; of more, they look only at the records around the lines that the prefilter
names. It keeps a block, the lines of the record that is still open and the end of the block before, never the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from wizard.core.classify import Classifier
from wizard.core.pieces import OVERLAP, begin_of, end_of
from wizard.core.records import RECORD_LINES, WIDE, surely_begins
from wizard.core.rules import Match
from wizard.logs import stamps
from wizard.logs.again import Judge
from wizard.logs.lines import above, below, last_of, lines_of, longer, text_of
from wizard.logs.prefilter import WORTH_LOADING, Supply, mended
from wizard.named import NamedTuple

BLOCK = 262_144
"""Bytes that are looked at together, and of an endless line that are looked at at once."""
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
                end = end_of(rest, start + BLOCK)
                yield Block(rest[start:end], is_piece=True)
                start = begin_of(rest, end - OVERLAP)
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
        self._read = 0
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
        here, line = len(data), b""
        for count, before in enumerate(islice(above(data, here), RECORD_LINES + self._context + 1)):
            if count > self._context and _begins(before, line):
                return here
            here, line = here - len(before), before
            if len(data) - here > LONGEST_OPEN:
                break
        return 0 if not here and len(data) <= LONGEST_OPEN else len(data)

    def _take(self, data: bytes, following: bytes) -> Iterator[Found]:
        """The errors in `data`, which ends where a record ends; `following` is there for the lines around."""
        prefilter = self._supply.after(len(data))
        self._read += len(data)
        may_be_broken = self._read < WORTH_LOADING or _may_be_broken(data)
        places: Iterable[tuple[int, int]] = [(0, len(data))]
        if prefilter is not None:
            places = _records_of(prefilter.hits(mended(data) if may_be_broken else data), data)
        at = 0
        for begin, end in places:
            self._number, at = self._number + data.count(b"\n", at, begin), begin
            lines = lines_of(data[begin:end])
            for match in self._judge.matches(lines, may_be_broken):
                beyond = chain(below(data, end), below(following, 0))
                yield self._found(match, lines, above(data, begin), beyond)
        self._number += data.count(b"\n", at)
        self._passed = data if len(data) >= BLOCK // 4 else last_of(self._passed + data, BLOCK)

    def _found(
        self, match: Match, lines: list[bytes], ahead: Iterator[bytes], beyond: Iterator[bytes]
    ) -> Found:
        """The error in some lines, with its number in the log, its time and the lines around it.

        `ahead` are the lines above them, the nearest first, and `beyond` those below.
        """
        place = match.line - 1
        upwards = chain(_from(lines, place, -1), ahead, above(self._passed, len(self._passed)))
        near = list(islice(upwards, self._context + 1))
        after = islice(chain(_from(lines, place + 1, 1), beyond), self._context)
        return Found(
            match._replace(line=self._number + place),
            self._stamp(chain(near, upwards)),
            tuple(map(text_of, near[:0:-1])),
            tuple(map(text_of, after)),
        )

    def _stamp(self, upwards: Iterator[bytes]) -> stamps.Stamp | None:
        """The time of a line, or that of the nearest line above which states one."""
        for line in islice(upwards, self._look_back + 1):
            stamp = stamps.find(text_of(line[: stamps.LOOKED_AT * 4]), self._reference)
            if stamp is not None:
                self._look_back = LOOK_BACK
                return stamp
        # A log without times is not searched for them again and again.
        self._look_back = max(2, self._look_back // 2)
        return None


def _may_be_broken(data: bytes) -> bool:
    """Whether a terminal or a mail client may have made the lines: none is wider than theirs."""
    return all(len(text_of(data[begin:end])) <= WIDE for begin, end in longer(data, WIDE))


def _from(lines: list[bytes], place: int, step: int) -> Iterator[bytes]:
    """The lines from a place on, downwards or upwards, none of which is copied."""
    return map(lines.__getitem__, range(place, len(lines) if step > 0 else -1, step))


def _records_of(hits: list[int], data: bytes) -> Iterator[tuple[int, int]]:
    """From where to where the records reach that have hits, which are places where a line begins."""
    end = 0
    for at in hits:
        if at >= end:
            begin, end = _record_around(data, at, end)
            yield begin, end


def _record_around(data: bytes, at: int, least: int) -> tuple[int, int]:
    """From where to where the record reaches that the line at `at` belongs to; it begins at `least` or later."""
    first = last = next(below(data, at))
    begin, end = at, at + len(last)
    for line in islice(above(data, begin), RECORD_LINES):
        if begin <= least or _begins(line, first):
            break
        begin, first = begin - len(line), line
    for line in islice(below(data, end), RECORD_LINES - 1):
        if _begins(last, line):
            break
        end, last = end + len(line), line
    return begin, end


def _begins(before: bytes, line: bytes) -> bool:
    return surely_begins(text_of(before), text_of(line))
