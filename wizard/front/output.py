"""Standard output, in whatever its encoding can show: an old terminal gets a question mark, never a traceback."""

from __future__ import annotations

import os
import sys

from wizard.errors import UsageError


def write(text: str) -> None:
    """Text to standard output. Raises BrokenPipeError when the reader is gone, UsageError for another failure."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from error


def write_line(text: str) -> None:
    """A line to standard output."""
    write(text + "\n")


def write_json(text: str) -> None:
    """JSON to standard output. Where it cannot carry a character, the escape of JSON stands for it: nothing is lost."""
    # Half a surrogate pair is no character and no JSON.
    text = text.encode("utf-8", "replace").decode("utf-8")
    if not text.isascii() and ascii_only():
        import json

        # Outside of its strings JSON is ASCII, so each character can be escaped by itself.
        text = "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in text)
    write(text)


def write_error(text: str) -> None:
    """Text to standard error, at once. Raises OSError where it cannot be written."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(text.encode(encoding, "replace").decode(encoding))
    sys.stderr.flush()


def flush() -> None:
    """Hand over what was written. A reader that is gone has what it wanted; raises UsageError for another failure."""
    try:
        hand_over()
    except BrokenPipeError:
        _silence()


def hand_over() -> None:
    """Hand over what was written, to somebody who waits for it. Raises as `write` does."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> UsageError:
    _silence()
    return UsageError(f"standard output cannot be written: {error.strerror or error}")


def _silence() -> None:
    """Send what is still in the buffer nowhere: the interpreter would complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def is_terminal() -> bool:
    """Whether standard output is read by a person as it comes."""
    return sys.stdout.isatty()


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
