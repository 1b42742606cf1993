"""A message pattern as the scan of raw logs needs it: what the pattern finds in a record, this finds in the bytes.

Rules meet normalised records; the scan meets the bytes of a log, and blanks, quotes and backslashes do not count there:
`bare` drops them from a block and `expression` from a pattern, so that tabs, runs of blanks and what JSON and CSV make
of a quote make no difference. An expression is wider than its pattern: a bound on a repetition is gone, nothing is
anchored, no edge of a word is asked for, and what may reach over the end of a line reaches over anything, for an
envelope may be around each line. What it finds is a candidate, which the rule then looks at.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy
from wizard.logs.literals import literals

FORM = "6"
"""Counted up when the same pattern gives another expression: what is kept of the old ones is then not used."""
ALWAYS = (
    r",(?:FATAL|PANIC),[0-9A-Z]{5},",
    r"error_severity:(?:FATAL|PANIC)",
    r"\d(?:Z|[+-]\d\d:?\d\d)(?:stdout|stderr)P",
)
"""PostgreSQL's logs in CSV and JSON, where the parts of an error stand apart, and lines that a container's log broke:
expressions beside those of rules."""
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
_ANY_NUMBER = {".": ".*", r"\S": r"\S*"}
"""What a blank or a quote could be in a pattern is there any number of times, because these are not."""
_OVER = r".*\n.*"
"""From one line to the next: envelopes may be around both."""
_BLANK = f"(?:{_OVER}|)"
_REACH_OVER = frozenset({r"\s", r"\n", r"\D", r"\W"})
"""What may find the end of a line, as a class does that has one of these or that excludes none of them."""
_WORD = r"[\w\x80-\xff]"
_COLOUR = re.compile(rb"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\))")
_NUMBERED = re.compile(rb"(?<!\\)\\+u00([0-9a-fA-F]{2})")
_ENTITY = re.compile(rb"&(?:(lt|gt|amp)|(apos|#0?39|#x27)|quot|nbsp|#34|#x22);")
_ENTITIES = {b"lt": b"<", b"gt": b">", b"amp": b"&"}
_LETTERS = (
    (b"27", b"'"),
    (b"22", b""),
    (b"26", b"&"),
    (b"3c", b"<"),
    (b"3e", b">"),
    (b"3C", b"<"),
    (b"3E", b">"),
)
"""What is most often written as a number, which is undone faster than the others."""
_BLANKS = re.compile(rb"\xe2\x80[\x80-\x8b\x9c\x9d\xa8\xa9\xaf]")
_OTHERS = (b"\xc2\xa0", b"\xc2\x85", b"\xe3\x80\x80", b"\xe2\x81\x9f", b"\xe1\x9a\x80", b"\xef\xbb\xbf")
"""The double quotes of typography and the blanks beyond ASCII."""
_UNCOUNTED = b' \t\r\f\v\0\x1c\x1d\x1e\x1f\\"'


def bare(block: bytes) -> bytes:
    """The bytes without colours, escapes, quotes and blanks; each line stays a line of its own."""
    is_escaped = b"\\" in block
    if is_escaped and b"\\u00" in block:
        for number, letter in _LETTERS:
            block = block.replace(b"\\u00" + number, letter)
        block = _NUMBERED.sub(_numbered, block)
    if b"\x1b" in block:
        block = _COLOUR.sub(b"", block)
    if is_escaped:
        block = block.replace(b"\\n", b"").replace(b"\\t", b"").replace(b"\\r", b"")
    if b"&" in block:
        block = _ENTITY.sub(_entity, block)
    if not block.isascii():
        block = _without_beyond(block)
    return block.translate(None, _UNCOUNTED)


def _without_beyond(block: bytes) -> bytes:
    """The bytes with the plain quotes for those of typography, without the blanks beyond ASCII."""
    block = block.replace(b"\xe2\x80\x98", b"'").replace(b"\xe2\x80\x99", b"'")
    block = _BLANKS.sub(b"", block)
    for blank in _OTHERS:
        block = block.replace(blank, b"")
    return block


def _numbered(found: re.Match[bytes]) -> bytes:
    char = chr(int(found[1], 16))
    return b"" if char == "\n" else char.encode()


def _entity(found: re.Match[bytes]) -> bytes:
    return _ENTITIES[found[1]] if found[1] else b"'" if found[2] else b""


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
            if pieces and pieces[-1] == _BLANK:
                pieces[-1] = f"(?:{_OVER})*"
            elif is_repeatable:
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
            len(pieces) > 1
            and (pieces[-1] == _BLANK or pieces[-1].endswith("*"))
            and len(pieces[-1]) > 2
            and pieces[-1][-2:] != r"\*"
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
    if text in _REACH_OVER:
        return _BLANK if text in (r"\s", r"\n") else f"(?:{text}*|{_OVER})"
    return _ANY_NUMBER.get(text) or (text if text.isascii() else _either_case(text))


def _class(text: str) -> str:
    """A class of bytes for one of characters: bytes beyond ASCII are all alike to it, and a character has several."""
    ascii_only = "".join(char for char in text if char.isascii())
    is_negated = text.startswith("[^")
    wide = f"[\\x80-\\xff{ascii_only[1:]}" if ascii_only != text or r"\w" in text else text
    if is_negated:
        wide = ascii_only
    if is_negated != any(over in text for over in _REACH_OVER):
        return f"(?:{wide}*|{_OVER})"
    if is_negated or any(uncounted in text for uncounted in (" ", '"', r"\t")):
        return f"{wide}*"
    return text if wide == text else f"(?:{wide}+)"


def _either_case(char: str) -> str:
    """A character beyond ASCII as its bytes, in both cases: the scan knows the case of ASCII alone."""
    forms = sorted({form.encode() for form in (char, char.lower(), char.upper())})
    written = ["".join(f"\\x{byte:02x}" for byte in form) for form in forms]
    return f"(?:{'|'.join(written)})"
