"""Marks, words and styles: how a thing looks, once for every screen.

No meaning may hang on a colour alone: every mark has a word beside it, and both have a form in plain ASCII.
Styles name only the sixteen colours of the terminal, so that light and dark are the terminal's own choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

BOLD = "bold"
QUIET = "dim"
OK = "green"
FAULT = "bold red"
WARNING = "bold magenta"
NOW = "bold blue"


class State(NamedTuple):
    """How an outcome is shown: a mark, the same in ASCII, a word and a style."""

    mark: str
    ascii: str
    word: str
    style: str


STATES: dict[str, State] = {
    "ok": State("✓", "+", "ok", OK),
    "healthy": State("✓", "+", "healthy", OK),
    "fault": State("✗", "X", "fault", FAULT),
    "warning": State("!", "!", "warning", WARNING),
    "unknown": State("?", "?", "unknown", WARNING),
    "inconclusive": State("?", "?", "not sure", WARNING),
    "skipped": State("–", "-", "not reached", QUIET),
    "waiting": State("·", ".", "waiting", QUIET),
    "running": State("▶", ">", "running", NOW),
    "asking": State("▶", ">", "question", NOW),
}
"""Outcome of a layer or of a whole walk to its looks."""

_ASCII = {
    "…": "...", "→": "->", "←": "<-", "–": "-", "—": "-", "•": "*", "·": "-", "│": "|", "▌": ">", "▸": "+",
    "▾": "-", "✓": "+", "✗": "X", "▶": ">", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "─": "-",
    "×": "x", "≥": ">=", "≤": "<=", "\u00a0": " ", "↑": "Up", "↓": "Down",
}  # fmt: skip


def ascii_only(environ: Mapping[str, str]) -> bool:
    """Whether the locale promises no more than ASCII.

    Python itself sets LC_CTYPE to C.UTF-8 when the locale was C (PEP 538), so that value proves nothing.
    """
    chosen = environ.get("LC_ALL", "")
    ctype = environ.get("LC_CTYPE", "")
    chosen = chosen or ("" if ctype == "C.UTF-8" else ctype) or environ.get("LANG", "")
    return "utf" not in chosen.lower()


def to_ascii(text: str) -> str:
    """The text for a terminal that shows ASCII only; what has no likeness becomes a question mark."""
    if text.isascii():
        return text
    return "".join(_ASCII.get(one, one if one.isascii() else "?") for one in text)


def state(outcome: str) -> State:
    """The looks of an outcome; one that nobody foresaw is shown by its own name."""
    return STATES.get(outcome) or State("·", ".", outcome, QUIET)


def duration(seconds: float) -> str:
    """A time for people: `3 ms`, `1.2 s`, `2 min 05 s`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
