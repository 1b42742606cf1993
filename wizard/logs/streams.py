"""Logs read side by side: their errors on one time line, and what was strange about each of them."""

from __future__ import annotations

import codecs
import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum

from wizard.logs.scan import BLOCK, Block, Found, Scanner, blocks
from wizard.logs.source import PAUSE, STANDARD_INPUT, Followed, chunks_of
from wizard.logs.unpack import Broken, unpacked
from wizard.named import NamedTuple


class Sign(Enum):
    """What a stream says between two errors."""

    READ = 1
    """Something was read."""
    IDLE = 2
    """Nothing comes for the moment."""


class Between(NamedTuple):
    """A span of time, in seconds since the epoch; None is no bound."""

    since: float | None = None
    until: float | None = None

    def holds(self, at: float) -> bool:
        """Whether a moment is in it."""
        return not (self.since is not None and at < self.since) and not (
            self.until is not None and at > self.until
        )

    @property
    def is_open(self) -> bool:
        """Whether it has no bound at all."""
        return self.since is None and self.until is None


class Result(NamedTuple):
    """An error and the log in which it stands."""

    found: Found
    log: Log


class Log:
    """One log, read once from its beginning to its end. What is strange about it is known when it was read."""

    def __init__(self, name: str, scanner: Callable[[], Scanner], between: Between = Between()) -> None:  # noqa: B008
        self.name = name
        self._scanner = scanner
        self._between = between
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._strange: dict[str, str] = {}
        self._bytes_came = self._ended = False
        self._last = float("-inf")
        self.timed = self.zoned = self.untimed = self.left_out = 0

    @property
    def title(self) -> str:
        """What it is called in a sentence."""
        return "standard input" if self.name == STANDARD_INPUT else self.name

    @property
    def notes(self) -> list[str]:
        """Sentences about what was strange."""
        told = [f"{self.title} {what}" for what in self._strange.values()]
        if self._ended and not self._bytes_came:
            told.append(f"{self.title} is empty")
        if self.left_out:
            errors = "1 error" if self.left_out == 1 else f"{self.left_out} errors"
            told.append(f"{self.title}: {errors} without a time left out, for --since and --until need one")
        return told

    def results(self, chunks: Iterable[bytes] | None = None) -> Iterator[Result | Sign]:
        """The errors in the order of the log, and a sign after each block. Raises UsageError as its source does."""
        scanner = self._scanner()
        try:
            given = chunks_of(self.name) if chunks is None else chunks
            for block in blocks(self._watched(unpacked(given))):
                yield from self._chosen(scanner.feed(block))
                yield self._sign(block)
        except Broken as error:
            self._strange["broken"] = f"was not read to its end: {error}"
        yield from self._chosen(scanner.finish())
        self._ended = True

    def order(self, result: Result) -> float:
        """Where an error stands on the time line: one without a time comes with the one before."""
        if result.found.stamp is not None:
            self._last = result.found.stamp.at
        return self._last

    def _sign(self, block: Block) -> Sign:
        if block.is_piece:
            self._strange["long"] = f"has a line longer than {BLOCK // 1024} KiB: it was read in pieces"
        return Sign.READ if block.data else Sign.IDLE

    def _chosen(self, all_found: Iterable[Found]) -> Iterator[Result]:
        for found in all_found:
            if found.stamp is None:
                self.untimed += 1
                if not self._between.is_open:
                    self.left_out += 1
                    continue
            else:
                self.timed += 1
                self.zoned += found.stamp.zoned
                if not self._between.holds(found.stamp.at):
                    continue
            yield Result(found, self)

    def _watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if chunk:
                self._bytes_came = True
                self._look_at(chunk)
            yield chunk

    def _look_at(self, chunk: bytes) -> None:
        if "nul" not in self._strange and b"\0" in chunk:
            self._strange["nul"] = "has NUL bytes in it, as binary data has: it was read as text all the same"
        if self._decoder is None or (chunk.isascii() and not self._decoder.getstate()[0]):
            return
        try:
            self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self._decoder = None
            self._strange["encoding"] = "is not UTF-8 throughout: what is not was read as U+FFFD"


def side_by_side(logs: Sequence[Log]) -> Iterator[Result | Sign]:
    """The errors of all logs in the order of time; of one log in its own order, and as soon as it is read."""
    if len(logs) == 1:
        yield from logs[0].results()
    else:
        yield from _merged([(_errors(log.results()), log) for log in logs])


def follow(logs: Sequence[Log], until: float | None = None) -> Iterator[Result | Sign]:
    """What the files hold, side by side, and from then on what comes, as it comes; for ever, or until that moment."""
    files = [Followed(log.name) for log in logs]
    try:
        streams = [_followed(log, file) for log, file in zip(logs, files, strict=True)]
        yield from _merged([(_until_idle(stream), log) for stream, log in zip(streams, logs, strict=True)])
        yield Sign.IDLE
        while until is None or time.time() <= until:
            idle = True
            for stream in streams:
                for one in _until_idle(stream):
                    idle = False
                    yield one
            if idle:
                time.sleep(PAUSE)
            else:
                yield Sign.IDLE
    finally:
        for file in files:
            file.close()


def _followed(log: Log, file: Followed) -> Iterator[Result | Sign]:
    while True:
        yield from log.results(file.chunks())


def _merged(streams: Sequence[tuple[Iterator[Result], Log]]) -> Iterator[Result]:
    keyed = [((log.order(result), result) for result in stream) for stream, log in streams]
    for _, result in heapq.merge(*keyed, key=lambda pair: pair[0]):
        yield result


def _errors(stream: Iterable[Result | Sign]) -> Iterator[Result]:
    return (one for one in stream if isinstance(one, Result))


def _until_idle(stream: Iterator[Result | Sign]) -> Iterator[Result]:
    for one in stream:
        if isinstance(one, Result):
            yield one
        elif one is Sign.IDLE:
            return


def zones_differ(logs: Iterable[Log]) -> list[str]:
    """Sentences about the logs that state no zone, or no time, where others do."""
    from wizard.marks import zone

    read = [log for log in logs if log.timed or log.untimed]
    told = []
    if len({log.zoned > 0 for log in read if log.timed}) > 1:
        told += [
            f"{log.title} states no time zone: its times are taken as local time ({zone()})"
            for log in read
            if log.timed and not log.zoned
        ]
    if any(log.timed for log in read):
        told += [
            f"{log.title} states no times: where its errors stand among the others is not known"
            for log in read
            if not log.timed
        ]
    return told
