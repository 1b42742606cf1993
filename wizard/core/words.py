"""The words that a text must have before a pattern can match it: what makes an index of rules possible."""

from __future__ import annotations

from wizard.core.lazyre import lazy

_WHOLE_WORD = lazy(r"(?<![a-z0-9_?])[a-z0-9_]{2,}(?![a-z0-9_?])")
_WORD = lazy(r"[a-z0-9_]+")
_BEYOND_ASCII = lazy(r"[^\x00-\x7f]{2,}")
_PAIR = lazy(r"[^\x00-\x7f]{2}")
_LITERAL = lazy(r"[A-Za-z0-9 _\"'`:;,/<>=@#%&!~-]+(?![*+?{])")
_REPEAT = lazy(r"[*+?]\??|\{[0-9,]+\}\??")
_CLASS = lazy(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_FEW = lazy(r"\[([\w '\"]{1,4})\]")
"""A class of so few characters that each is written out."""
_GROUP_HEAD = lazy(r"\((?:\?:|\?P<\w+>)?")
_ALTERNATIVES = 48
_GAP = "\n"


def words_of(text: str) -> set[str]:
    """The words of a text. Scripts beyond ASCII may have no blanks: there, each pair of neighbours is a word."""
    text = text.lower()
    words = set(_WORD.findall(text))
    if not text.isascii():
        for run in _BEYOND_ASCII.findall(text):
            words.update(map(str.__add__, run, run[1:]))
    return words


def needed_words(pattern: str) -> list[frozenset[str]]:
    """For each alternative of a pattern, the whole words that any text matching it must have, as `words_of` tells."""
    return [
        frozenset(_WHOLE_WORD.findall(branch)) | frozenset(_PAIR.findall(branch))
        for branch in _alternatives(pattern, 0)[0]
    ]


def _alternatives(pattern: str, position: int) -> tuple[list[str], int]:
    r"""Write a pattern out as plain texts, up to the end of the group that `position` is in.

    A gap (`.`, a class of what is not meant, `\s`) becomes a line end, so that a word beside it is a whole word. What
    cannot be written out becomes `?`, which spoils the words that touch it.
    """
    done: list[str] = []
    here = [""]
    while position < len(pattern) and pattern[position] != ")":
        if pattern[position] == "|":
            done, here, position = done + here, [""], position + 1
            continue
        parts, position = _part(pattern, position)
        repeat = _REPEAT.match(pattern, position)
        if repeat is not None:
            position = repeat.end()
            parts = _repeated(parts, repeat.group())
        here = _joined(here, parts)
    return done + here, position


def _joined(left: list[str], right: list[str]) -> list[str]:
    """Each text of the one with each of the other; where these are too many, the side that leaves more words."""
    if len(left) * len(right) <= _ALTERNATIVES:
        return [one + other for one in left for other in right]
    sides = [
        one
        for one in ([text + "?" for text in left], ["?" + text for text in right])
        if len(one) <= _ALTERNATIVES
    ]
    return max(sides, key=lambda side: min(len(_WHOLE_WORD.findall(text)) for text in side), default=["?"])


def _repeated(parts: list[str], repeat: str) -> list[str]:
    """The plain texts of a piece that is repeated: a gap stays a gap, what may be left out is there or not."""
    if parts == [_GAP]:
        return parts
    if repeat.startswith("?"):
        return ["", *parts]
    return [f"{part}?" for part in parts] if repeat.startswith("+") else ["?"]


def _part(pattern: str, position: int) -> tuple[list[str], int]:
    """The next piece of a pattern as plain texts, and where the piece after it begins."""
    literal = _LITERAL.match(pattern, position)
    if literal is not None:
        return [literal.group().lower()], literal.end()
    char = pattern[position]
    if char == "(":
        head = _GROUP_HEAD.match(pattern, position)
        parts, end = _alternatives(pattern, head.end() if head else position + 1)
        return parts, end + 1
    if char == "[":
        few = _FEW.match(pattern, position)
        if few is not None:
            return list(few[1].lower()), few.end()
        written = _CLASS.match(pattern, position)
        return [_GAP if pattern[position + 1] == "^" else "?"], written.end() if written else len(pattern)
    if char == "\\":
        escaped = pattern[position + 1]
        return [_GAP if escaped in "bsSWBA" else "?" if escaped.isalnum() else escaped], position + 2
    return [{".": _GAP, "^": _GAP, "$": _GAP}.get(char, char.lower())], position + 1
