"""Whose words they are: said by a database or of one, of another service, or part of a statement that a log repeats."""

from __future__ import annotations

import re

from wizard.core.hints import DATABASE, EXCERPT, FIELDS, FOREIGN, OTHER_LOGS, OTHERS, OURS, RIVALS, STATEMENTS
from wizard.core.records import LINE_LIMIT
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
        return rule.driver is None and FOREIGN.search(text) is not None and DATABASE.search(text) is None
    if RIVALS.search(text, start, end) is not None and OURS.search(text, start, end) is None:
        return True
    foreign = FOREIGN.search(text, start, end) is not None
    if DATABASE.search(text, start, end) is not None:
        return False
    if foreign or FOREIGN.search(text) is None:
        return foreign
    if DATABASE.search(text) is None:
        return True
    return _distance(FOREIGN, text, start, end) < _distance(DATABASE, text, start, end)


def is_asked(text: str, found: re.Match[str]) -> bool:
    """Whether words stand in a statement that the log repeats, or in the log of another system."""
    place = found.start()
    line = text.rfind("\n", 0, place) + 1
    if EXCERPT.match(text, line) or OTHER_LOGS.match(text, line):
        return True
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
