"""`python -m wizard` and the console script `dbwizard`."""

from __future__ import annotations

import gc
import io
import os
import sys
from contextlib import suppress

from wizard import endings
from wizard.modest import be_modest

SHORT = ("check", "explain")
"""Commands that scripts wait for."""
READER_GONE = 141
"""What a shell says of a process that SIGPIPE ended: the reader left before all was said."""


def main() -> int:
    """Run the command line; the exit status, as the contract has it. SHORT commands do not return: see `_leave`."""
    short = len(sys.argv) > 1 and sys.argv[1] in SHORT
    if short:
        gc.disable()  # a run of a tenth of a second makes no garbage that is worth looking for
    endings.listen()
    status = endings.status(_run())
    endings.stop_listening()
    _discard_output()  # the terminal may be gone
    return _leave(status) if short else status


def _leave(status: int) -> int:
    """End the process at once: nothing is left to close, and taking an interpreter apart costs a tenth of a walk."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _run() -> int:
    try:
        closed = _replace_closed_streams()
        be_modest()
        # In here, so that an interrupt while it is loaded is as silent as a later one.
        from wizard.cli import complain, run

        if closed:
            complain("standard output is closed: what there is to say is not shown, only the exit status")
        return int(run(sys.argv[1:]))
    except KeyboardInterrupt:
        _discard_output()
        return endings.INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return READER_GONE


def _replace_closed_streams() -> bool:
    """Put the null device in the place of each standard stream that is closed; whether standard output was.

    Else the next socket would get its number, and whatever is written there would go to the database.
    """
    closed = sys.stdout is None
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest free number is that of the stream itself.
            number = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    # What is typed or piped in may be in another encoding: its bytes are kept, as Python itself does in the C locale.
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    return closed


def _discard_output() -> None:
    """Send what is still in a buffer and can go nowhere else nowhere: the interpreter would complain at its end."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)


if __name__ == "__main__":
    sys.exit(main())
