"""A message pattern as the scan of raw logs needs it: what the pattern finds in a record, this finds in the bytes.

Rules meet normalised records; the scan meets the bytes of a log, and blanks, quotes and backslashes do not count there:
`bare` drops them from a block and `expression` from a pattern, so that tabs, runs of blanks and what JSON and CSV make
of a quote make no difference. An expression is wider than its pattern: a bound on a repetition is gone, nothing is
anchored and no edge of a word is asked for. What it finds is a candidate, which the rule then looks at.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy
from wizard.logs.literals import literals

FORM = "5"
"""Counted up when the same pattern gives another expression: what is kept of the old ones is then not used."""
ALWAYS = (r",(?:FATAL|PANIC),[0-9A-Z]{5},", r"error_severity:(?:FATAL|PANIC)")
"""PostgreSQL's logs in CSV and JSON, where the parts of an error stand apart: expressions beside those of rules."""
_PART = lazy(
    r"(?:\(\?:[A-Z|]+\)|\b(?:PANIC|FATAL|ERROR|WARNING|LOG|DETAIL|HINT|CONTEXT|STATEMENT)): (?![*+?{|)]|$)"
)
"""The name of a part: in those logs, it is not in front of its words."""
NO_LETTER = "@-~"
"""In a class that leaves open what became of a letter: all that is not ASCII."""
_TOKEN = lazy(
    r"(?P<group>\((?:\?:|\?P<\w+>)?)|(?P<repeat>[*+?]|\{\d+(?:,\d*)?\})|"
    r"(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<escape>\\.)|(?P<char>.)"
)
_DROPPED = frozenset({" ", r"\ ", '"', r"\"", r"\t", r"\\", "^", "$", r"\b", r"\B", r"\A", r"\Z", r"\z"})
_ANY_NUMBER = {r"\s": r"\n*", r"\n": r"\n*", ".": ".*", r"\S": r"\S*", r"\D": r"\D*", r"\W": r"\W*"}
"""What a blank or a quote could be in a pattern is there any number of times, because these are not."""
_WORD = r"[\w\x80-\xff]"
_COLOUR = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_UNCOUNTED = b' \t\r\f\v\0\\"'


def bare(block: bytes) -> bytes:
    """The bytes without colours, escapes, quotes and blanks; each line stays a line of its own."""
    if b"\x1b" in block:
        block = _COLOUR.sub(b"", block)
    if b"\\" in block:
        block = block.replace(b"\\n", b"").replace(b"\\t", b"").replace(b"\\r", b"")
    return block.translate(None, _UNCOUNTED)


def expression(pattern: str) -> str:
    """The expression for the pattern of a message rule, in ASCII, in the syntax that RE2 and Hyperscan share."""
    pattern = _PART.sub("", pattern)
    found = literals(pattern) if NO_LETTER in pattern else []
    return "|".join(map(_bytes, dict.fromkeys(found))) if found else _widened(pattern)


def _bytes(literal: str) -> str:
    """A piece of text as its bytes; a first letter that the scan knows in one case alone is left out."""
    kept = literal if literal[:1].isascii() else literal[1:]
    return "".join(f"\\x{byte:02x}" for byte in kept.encode())


def _widened(pattern: str) -> str:
    pieces: list[str] = []
    is_repeatable = False
    depth = 0
    for token in _TOKEN.finditer(pattern):
        text = token.group()
        depth += (token.lastgroup == "group") - (text == ")")
        if text == "|" and not depth:
            _trim(pieces)
        if token.lastgroup == "repeat":
            if is_repeatable:
                pieces.append(_sign(text))
            is_repeatable = False
        elif text not in _DROPPED:
            piece = _piece(token.lastgroup or "", text)
            pieces.append(piece)
            is_repeatable = not piece.endswith("*") or text in ("*", r"\*")
        else:
            is_repeatable = False
    _trim(pieces)
    return "".join(pieces)


def _trim(pieces: list[str]) -> None:
    """Take away what may be missing at an end: each character of it would be one more place where a match ends."""
    while pieces:
        if len(pieces) > 3 and pieces[-1] == ")" and pieces[-3] == "(?:" and pieces[-2].endswith("*"):
            del pieces[-3:]
        elif (
            len(pieces) > 1 and pieces[-1].endswith("*") and len(pieces[-1]) > 2 and pieces[-1][-2:] != r"\*"
        ):
            pieces.pop()
        else:
            return


def _sign(text: str) -> str:
    """A repetition without bounds; what may be left out stays so."""
    if text.startswith("{"):
        return "*" if text[1:].lstrip("0")[:1] in (",", "}") else "+"
    return text


def _piece(kind: str, text: str) -> str:
    if kind == "group":
        return "(" if text == "(" else "(?:"
    if kind == "class":
        return _class(text)
    if text == r"\w":
        return _WORD
    return _ANY_NUMBER.get(text) or (text if text.isascii() else _either_case(text))


def _class(text: str) -> str:
    """A class of bytes for one of characters: bytes beyond ASCII are all alike to it, and a character has several."""
    ascii_only = "".join(char for char in text if char.isascii())
    if text.startswith("[^"):
        return f"{ascii_only}*"
    wide = f"[\\x80-\\xff{ascii_only[1:]}" if ascii_only != text or r"\w" in text else text
    if any(uncounted in text for uncounted in (" ", '"', r"\s", r"\t")):
        return f"{wide}*"
    return text if wide == text else f"(?:{wide}+)"


def _either_case(char: str) -> str:
    """A character beyond ASCII as its bytes, in both cases: the scan knows the case of ASCII alone."""
    forms = sorted({form.encode() for form in (char, char.lower(), char.upper())})
    written = ["".join(f"\\x{byte:02x}" for byte in form) for form in forms]
    return f"(?:{'|'.join(written)})"
