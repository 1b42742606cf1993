"""How often something happened, over time: counts in at most SLOTS spans, whatever the log covers."""

from __future__ import annotations

from collections.abc import Iterable

SLOTS = 60
"""Spans that are counted apart; more make the spans longer."""
_SPANS = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 86_400, 604_800, 2_419_200, 29_030_400, 290_304_000)
"""Seconds of a span. Each is a multiple of the one before, so that counts can be joined."""
_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = ".:-=+*#@"


class Rate:
    """Counts of one thing over time; memory does not grow with the log."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._size = 0

    @property
    def seconds(self) -> int:
        """The length of a span."""
        return _SPANS[self._size]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The spans in which something was counted: their beginning in seconds since the epoch, and how many."""
        return [(slot * self.seconds, count) for slot, count in sorted(self._counts.items())]

    def add(self, at: float, count: int = 1) -> None:
        """Count something that happened at this time, in seconds since the epoch."""
        slot = int(at // self.seconds)
        if slot in self._counts:
            self._counts[slot] += count
            return
        self._counts[slot] = count
        while max(self._counts) - min(self._counts) >= SLOTS and self._size + 1 < len(_SPANS):
            self._lengthen()

    def _lengthen(self) -> None:
        spans, self._size = self.spans, self._size + 1
        self._counts = {}
        for start, count in spans:
            slot = start // self.seconds
            self._counts[slot] = self._counts.get(slot, 0) + count


def joined(rates: Iterable[Rate]) -> Rate:
    """All of them together."""
    whole = Rate()
    for rate in rates:
        for start, count in rate.spans:
            whole.add(start, count)
    return whole


def bars(rate: Rate, frame: Rate, ascii_only: bool) -> str:
    """One sign for each span of `frame`, higher where more happened; a blank where nothing did."""
    signs = _ASCII_BARS if ascii_only else _BARS
    counts: dict[int, int] = {}
    for start, count in rate.spans:
        slot = start // frame.seconds
        counts[slot] = counts.get(slot, 0) + count
    if not counts:
        return ""
    most = max(counts.values())
    begin, end = (frame.spans[place][0] // frame.seconds for place in (0, -1))
    return "".join(
        signs[-(-counts[slot] * len(signs) // most) - 1] if slot in counts else " "
        for slot in range(begin, end + 1)
    )
