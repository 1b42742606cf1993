"""Whose words they are: said by a database or of one, of another service, or part of a statement that a log repeats."""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from wizard.core.envelopes import LINE_LIMIT
from wizard.core.hints import DATABASE, EXCERPT, FIELDS, FOREIGN, OTHER_LOGS, OTHERS, OURS, RIVALS, STATEMENTS
from wizard.core.rules import Rule

EVERYBODYS = "os-and-tls"
"""The origin of the rules for words that every program may use of any connection."""
NEAR = 40
"""Lines before and after an error in which a name tells whose it is, where its own line does not."""


def is_foreign(text: str, found: re.Match[str], rule: Rule) -> bool:
    """Whether words are said of another service: one is named, and no database.

    Of words that everybody's connections use, their line tells it, or else what is named nearest to it. A text that
    names neither a database nor another service is ours: a bare error was asked about.
    """
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    end = len(text) if end < 0 else end
    if OTHERS.match(text, start):
        return True
    if rule.origin != EVERYBODYS:
        return rule.driver is None and _says(FOREIGN, text) and not _says(DATABASE, text)
    if _says(RIVALS, text, start, end) and not _says(OURS, text, start, end):
        return True
    foreign = _says(FOREIGN, text, start, end)
    if _says(DATABASE, text, start, end):
        return False
    if foreign or not _says(FOREIGN, text):
        return foreign
    if not _says(DATABASE, text):
        return True
    return _distance(FOREIGN, text, start, end) < _distance(DATABASE, text, start, end)


@lru_cache(maxsize=32)
def _says(hint: re.Pattern[str], text: str, start: int = 0, end: int = sys.maxsize) -> bool:
    """Whether a part of a text has something of this kind; asked again for each place and each rule of that part."""
    return hint.search(text, start, end) is not None


def is_asked(text: str, found: re.Match[str]) -> bool:
    """Whether words stand in a statement that the log repeats, or in the log of another system."""
    place = found.start()
    line = text.rfind("\n", 0, place) + 1
    if place > line and (EXCERPT.match(text, line) or OTHER_LOGS.match(text, line)):
        return True
    if not place:
        return False
    asked = [one.end() for one in STATEMENTS.finditer(text, max(0, place - LINE_LIMIT), place)]
    return bool(asked) and FIELDS.search(text, asked[-1], place) is None


def _distance(hint: re.Pattern[str], text: str, start: int, end: int) -> int:
    """Lines between a place in a text and the nearest one that the hint is found in."""
    lines = NEAR
    for far, line in enumerate(
        reversed(text[max(0, start - NEAR * LINE_LIMIT) : start].split("\n")[-NEAR:-1]), 1
    ):
        if hint.search(line):
            lines = far
            break
    for far, line in enumerate(text[end : end + NEAR * LINE_LIMIT].split("\n")[1:lines], 1):
        if hint.search(line):
            return far
    return lines
