"""Errors repeat: what the rules made of a line holds for lines that differ in their time and in long numbers alone.

A log of an outage says the same thing thousands of times, and to judge a line anew takes ten times as long. Only lines
that are an error by themselves are remembered, and only where nothing that was captured is among what differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.core.classify import Classifier
from wizard.core.envelopes import LINE_LIMIT, normalise
from wizard.core.rules import Match
from wizard.logs.lines import text_of

MOST = 2048
"""Lines that are remembered."""
_DIFFERS = re.compile(
    rb"^.{0,12}?(?:\d{2,4}[-/.]\d\d[-/.]\d\d[ T])?\d\d:\d\d:\d\d(?!:)[\d.,]*(?:Z| ?[+-]\d\d:?\d\d)?|(?<!MY-)\d{6,}"
)
"""A time at the beginning, which no address with its port is, and numbers that are no code, no port and no count."""


class Judge:
    """The classifier for the lines of a log, one record at a time."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._known: dict[bytes, Match | None] = {}

    def matches(self, lines: list[bytes], may_be_broken: bool) -> Iterator[Match]:
        """The errors in the lines of a record, with their places counted from 1."""
        if len(lines) != 1 or len(lines[0]) > LINE_LIMIT:
            yield from self._classifier.classify_all(map(text_of, lines), may_be_broken)
            return
        key = _DIFFERS.sub(b"\0", lines[0])
        if key not in self._known:
            found = list(self._classifier.classify_all([text_of(lines[0])]))
            if _can_be_kept(key, lines[0], found):
                self._keep(key, found)
            yield from found
        elif (match := self._known[key]) is not None:
            yield match._replace(text=normalise(text_of(lines[0])))

    def _keep(self, key: bytes, found: list[Match]) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = found[0] if found else None


def _can_be_kept(key: bytes, line: bytes, found: list[Match]) -> bool:
    """Whether another line with the same key has the same errors, but for its own words."""
    return len(found) < 2 and all(
        one.text == normalise(text_of(line)) and all(value.encode() in key for value in one.captures.values())
        for one in found
    )
