"""Signals that end the program: it leaves in order, as Ctrl+C has it leave, with the status that a shell gives them.

Nothing is told to end and stays: what does not leave in time is ended for good.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO

GRACE = 10
"""Seconds to leave in order; a terminal that takes no more bytes must not keep the program for ever."""
INTERRUPTED = 130
_ENDING = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU") if hasattr(signal, name)
]
"""Told to end, the terminal is gone, Ctrl+\\, too much processor time."""


Leave = Callable[[int], None]
"""What is done when a signal comes, given its number: in the main thread, between any two instructions of it."""


def _interrupt(number: int) -> None:
    del number
    raise KeyboardInterrupt


class _Endings:
    """The signal that came, and what is done when one comes."""

    def __init__(self) -> None:
        self.number = 0
        self.leave: Leave = _interrupt

    def came(self, number: int, frame: object) -> None:
        """Leave. A second signal changes nothing: shells and the kernel both tell of a terminal that is gone.

        An interrupt (SIGINT) may be meant for less than the whole program, so it does not count as the end of it.
        """
        del frame
        if number != signal.SIGINT:
            if self.number:
                return
            self.number = number
            _end_at_last()
        self.leave(number)


_endings = _Endings()


def listen() -> None:
    """Have the signals end this process in order; one that whoever started us ignores stays ignored (`nohup`)."""
    for number in (*_ENDING, signal.SIGINT):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _endings.came)


def stop_listening() -> None:
    """Nothing is left to be put in order: from here on a signal ends the process as if it did not know of any."""
    for number in (*_ENDING, signal.SIGINT):
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def told(leave: Leave) -> Iterator[None]:
    """In this block a signal calls `leave`."""
    before, _endings.leave = _endings.leave, leave
    try:
        yield
    finally:
        _endings.leave = before


def has_come() -> bool:
    """Whether a signal wants this process to end."""
    return bool(_endings.number)


def status(otherwise: int) -> int:
    """The exit status of the signal that came, as a shell gives it; `otherwise` where none did."""
    return 128 + _endings.number if _endings.number else otherwise


def wait_for(terminal: IO[str]) -> None:
    """Return when something can be read there, so that no read sleeps over a signal that came in the instant before it.

    A signal is heard at once, whenever it comes. Where that cannot be had (no file to be opened), it returns at once.
    """
    from select import select

    with suppress(OSError, ValueError):
        heard, tell = os.pipe()
        os.set_blocking(tell, False)
        awaited: list[IO[str] | int] = [terminal, heard]
        before = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        try:
            while terminal not in select(awaited, [], [])[0]:
                os.read(heard, 1)
        finally:
            signal.set_wakeup_fd(before)
            os.close(heard)
            os.close(tell)


def _end_at_last() -> None:
    """Have the kernel end the process after GRACE. No thread does it: this one may hold what a new thread waits for."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(GRACE)
