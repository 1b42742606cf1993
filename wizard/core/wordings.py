"""One rule for a message in every language of its catalogues: from what the translators wrote to a pattern.

A wording stands in a rule as it stands in the catalogue, with `{user}`, `{host}` … or `{}` where a value is filled in,
and `{LDAP|PAM}` where it is one of a few words.
What reaches a reader is often damaged on the way: an accented letter became `?`, a replacement character or two other
letters, a quotation mark became another one. So those are not asked for, only that something is in their place.
Letters of other scripts have no such damage that could be read, and are asked for as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from wizard.core.lazyre import lazy
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


WORDS = "{words}"
"""In the pattern of a rule with translations: where their wordings go."""
FILLED = {
    "user": "app",
    "database": "shop",
    "host": "db.example.com",
    "address": "10.0.3.7",
    "client": "10.0.5.12",
    "port": "5432",
    "socket": "/var/run/postgresql/.s.PGSQL.5432",
    "file": "/srv/app/some.file",
    "passfile": "/home/app/.pgpass",
    "service": "shop",
    "": "4242",
}
"""What stands for the values in the examples that are made of wordings."""

_PIECE = lazy(r"\{(?P<hole>[\w|]*)\}|(?P<blank>\s+)|(?P<char>[^\s])")
_EDGES = lazy(r"^(?:[\s:¿¡]|\{\})+|(?:[\s:.,;：。]|\{\w*\})+$")
_SPECIAL = frozenset("\\.^$*+?{}[]|()")
_QUOTES = frozenset("\"'`«»‹›„“”‚‘’「」『』")
_ANY_QUOTE = r"[^ !#-&(-;=@-_a-~\s]{1,4}?"
"""Any quotation mark, or what became of it: all but blanks and the ASCII letters, figures and signs."""
_ANY_LETTER = r"[^ ->@-~\n]{1,6}"
"""A letter with an accent, or what became of it: characters beyond ASCII, or question marks."""
_ANY_I = r"[^ ->@-HJ-hj-~\n]{1,6}"
"""The Turkish ones, which are an `i` where case does not matter."""
_ANY_BLANK = r"[^!->@-~\n]{1,3}"
_LAST_LATIN = "\u024f"
_LONG_VOWEL = "ー"
"""Newer Japanese catalogues end more words in it than older ones."""


def expanded(written: Mapping[str, Any]) -> dict[str, Any]:
    """A rule that has `translations`, as an ordinary one: with the pattern and the examples that follow from them."""
    wordings = list(_wordings(written["translations"]))
    alternatives = "|".join(pattern_of(wording, number) for number, wording in enumerate(wordings))
    around = str(written.get("pattern") or "")
    rule = {key: value for key, value in written.items() if key != "translations"}
    rule["pattern"] = around.replace(WORDS, f"(?:{alternatives})") if around else alternatives
    if not around:
        rule["examples"] = [*(filled(one) for one in wordings), *written.get("examples", ())]
    return rule


def pattern_of(wording: str, number: int) -> str:
    """The pattern for one wording; its captures end in `__` and the number, so that a rule can have many."""
    done: list[str] = []
    for piece in _PIECE.finditer(_EDGES.sub("", wording)):
        made = _made(piece.lastgroup or "", piece.group(piece.lastgroup or 0), number)
        if not (done and done[-1] == made and made in (_ANY_QUOTE, _ANY_LETTER, _ANY_I)):
            done.append(made)
    return "".join(done)


def filled(wording: str) -> str:
    """The wording as it could really be said."""
    return _PIECE.sub(_value, wording)


def _value(piece: re.Match[str]) -> str:
    if piece.lastgroup != "hole":
        return piece.group()
    return FILLED.get(piece["hole"], piece["hole"].partition("|")[0] or FILLED[""])


def _wordings(translations: Mapping[str, Any]) -> Iterator[str]:
    for written in translations.values():
        yield from map(str, written if isinstance(written, list) else (written,))


def _made(kind: str, text: str, number: int) -> str:
    if kind == "hole" and "|" in text:
        return f"(?:{text})"
    if kind == "hole":
        gap = r"[^\n\"]{0,160}?"
        return f"(?P<{text}__{number}>{gap})" if text else gap
    if kind == "blank":
        return r"\s{1,3}" if "\n" in text else " " if text.isascii() else _ANY_BLANK
    if text in _QUOTES:
        return _ANY_QUOTE
    if text in "ıİ":
        return _ANY_I
    if not text.isascii() and text <= _LAST_LATIN:
        return _ANY_LETTER
    if text == _LONG_VOWEL:
        return text + "{0,1}"
    return f"\\{text}" if text in _SPECIAL else text
