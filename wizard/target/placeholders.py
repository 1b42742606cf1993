"""Values that were to be filled in and never were: `${DB_HOST}`, `{{ host }}`, `<password>`, `%(host)s`.

Marks are replaced by plain words before a text is split, because most of them contain the very characters
(`:`, `{`, white space) that would split it in the wrong place.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy

_MARK = lazy(
    r"""\$\{\s*(?P<braced>[A-Za-z_][\w.]*)(?![\w.])[^{}]*\} # ${VAR}  ${VAR:-default}  ${env.VAR}
      | \$\{\{(?P<actions>[^{}]+)\}\}                     # ${{ secrets.VAR }}
      | \{\{(?P<template>[^{}]+)\}\}                      # {{ host }}
      | \#\{(?P<ruby>[^{}]+)\}                            # #{host}
      | %\((?P<percent>[A-Za-z_]\w*)\)s                   # %(host)s
      | \$\((?P<command>[A-Za-z_][^()]*)\)                # $(VAR)  $(cat file)
      | \(\((?P<concourse>[A-Za-z_][\w./-]*)\)\)          # ((var))
      | <(?P<angle>[A-Za-z][A-Za-z0-9 _.-]{1,40})>        # <password>
      | \[(?P<square>YOUR[-_ ][A-Z][A-Z_ -]*)\]           # [YOUR-PASSWORD]
    """,
    re.VERBOSE,
)
_BARE = lazy(r"\$([A-Za-z_]\w*)\Z")
_BARE_CAPITALS = lazy(r"\$([A-Z][A-Z0-9_]{2,})\Z")
_WINDOWS = lazy(r"%([A-Z][A-Z0-9]*_[A-Z0-9_]+)%\Z")
_FORMAT = lazy(r"\{([A-Za-z_]\w*)\}\Z")
_WORDS = lazy(
    r"(?:your|my|the|insert|enter)[-_ ]?(?:db|database|postgres|mysql)?[-_ ]?"
    r"(?:real|actual|strong|secret|own)?[-_ ]?"
    r"(?:password|passwd|pass|user|username|host|hostname|server|port|db|database|dbname|name)"
    r"(?:[-_ ]?(?:here|name))?\Z",
    re.I,
)
_ORDERS = lazy(r"(?:replace[-_ ]?(?:me|this|with[-_ ]\w+)|change[-_]me|fill[-_ ]?me|todo|tbd)\Z", re.I)
_TOKEN = lazy(r"zqmark(\d+)qz")


def lift(text: str) -> tuple[str, tuple[str, ...]]:
    """Replace each unmistakable mark by a plain word; return the new text and the marks, in order."""
    marks: list[str] = []

    def swap(match: re.Match[str]) -> str:
        marks.append(match[0])
        return f"zqmark{len(marks) - 1}qz"

    return (_MARK.sub(swap, text), tuple(marks)) if _may_hold_mark(text) else (text, ())


def _may_hold_mark(text: str) -> bool:
    return any(start in text for start in ("${", "{{", "#{", "%(", "$(", "((", "<", "[YOUR"))


def has_token(text: str) -> bool:
    """Whether a value holds a word that `lift` put there."""
    return "zqmark" in text and _TOKEN.search(text) is not None


def lower(text: str, marks: tuple[str, ...]) -> str:
    """Put the marks back where `lift` took them."""
    return _TOKEN.sub(lambda m: marks[int(m[1])] if int(m[1]) < len(marks) else m[0], text)


def name_in(text: str, *, secret: bool) -> str | None:
    """Return the variable or word that a value waits for, or None when the value is an ordinary one.

    With `secret` the rules are narrower, since a password may well be `$ecret` or contain braces.
    """
    if _may_hold_mark(text) and (match := _MARK.search(text)):
        inner = next(group for group in match.groups() if group is not None)
        return (
            inner.strip().strip("-").strip() if not secret or match.span() == (0, len(text)) else "a variable"
        )
    if text.startswith(("$", "%", "{")):  # most values have no mark, and a pattern not used is never compiled
        bare = (_BARE_CAPITALS if secret else _BARE).match(text)
        match = bare or _WINDOWS.match(text) or (None if secret else _FORMAT.match(text))
        if match:
            return match[1]
    if any(word in text.lower() for word in ("your", "insert", "enter")) and _WORDS.match(text):
        return text
    if not secret and _ORDERS.match(text):
        return text
    return None
