"""Standard output, in whatever its encoding can show: an old terminal gets a question mark, never a traceback."""

from __future__ import annotations

import os
import sys


def write(text: str) -> None:
    """Text to standard output."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def write_line(text: str) -> None:
    """A line to standard output."""
    write(text + "\n")


def colour() -> bool:
    """Whether standard output is a terminal that wants colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def ascii_only() -> bool:
    """Whether standard output cannot show more than ASCII."""
    return "utf" not in (sys.stdout.encoding or "").lower()


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80
