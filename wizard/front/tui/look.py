"""Marks, words and styles: how a thing looks, once for every screen.

No meaning may hang on a colour alone: every mark has a word beside it, and both have a form in plain ASCII.
Styles name only the sixteen colours of the terminal, so that light and dark are the terminal's own choice.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard import marks
from wizard.named import NamedTuple

BOLD = "bold"
QUIET = "dim"
OK = "green"
FAULT = "bold red"
WARNING = "bold magenta"
NOW = "bold blue"
NARROW, LOW = 60, 16
"""Columns and rows below which a screen is small."""


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
    "warning": State("▲", "!", "warning", WARNING),
    "unknown": State("?", "?", "unknown", WARNING),
    "inconclusive": State("?", "?", "not sure", WARNING),
    "skipped": State("–", "-", "not run", QUIET),
    "waiting": State("·", ".", "waiting", QUIET),
    "running": State("▶", ">", "running", NOW),
    "asking": State("▶", ">", "question", NOW),
}
"""Outcome of a layer or of a whole walk to its looks."""

_GLYPHS = str.maketrans(
    {
        "▌": ">",
        "▸": "+",
        "▾": "-",
        "│": "|",
        "✓": "+",
        "✗": "X",
        "▶": ">",
        "▲": "!",
        "·": "-",
        "↑": "Up",
        "↓": "Down",
    }
)


def is_small(columns: int, rows: int) -> bool:
    """Whether a screen of this size has no room for blank rows."""
    return columns < NARROW or rows < LOW


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
    return text if text.isascii() else marks.to_ascii(text.translate(_GLYPHS))


def state(outcome: str) -> State:
    """The looks of an outcome; one that nobody foresaw is shown by its own name."""
    return STATES.get(outcome) or State("·", ".", outcome, QUIET)
