"""Sends to the terminal only what is not on it already: over a slow line a key press answers with few bytes.

Textual draws a screen anew whenever something on it moves or another screen comes on top, most of it as it was.
All of its drawing is made of pieces with an address of their own (row and column), so a piece that stands there
already can be left out. Whatever else is written (a mode, a clipboard sequence) passes as it is.
"""

from __future__ import annotations

import os
import re
import select
import signal
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import events
from textual.driver import Driver
from textual.geometry import Size

from wizard import endings
from wizard.named import NamedTuple

if TYPE_CHECKING:
    from textual.drivers.linux_driver import LinuxDriver as _Terminal
else:
    _Terminal = object

_ADDRESS = re.compile(r"\x1b\[(\d+);(\d+)H")
_STYLE = re.compile(r"\x1b\[[\d;:]*m")
_WIPES = ("\x1b[?1049", "\x1b[2J", "\x1bc")
"""What empties or changes the terminal's screen."""
LOOK = 1
"""Seconds after which it is looked whether the screen was left."""


class _Piece(NamedTuple):
    """What stands in a row from one column to the one before `end`."""

    start: int
    end: int
    drawn: str


class Thrift:
    """Remembers what stands on the terminal."""

    def __init__(self) -> None:
        self._rows: dict[int, list[_Piece]] = {}

    def forget(self) -> None:
        """Take nothing for granted: the terminal was resized, cleared or used by another program."""
        self._rows.clear()

    def less(self, data: str) -> str:
        """What of `data` has to be written."""
        if any(wipe in data for wipe in _WIPES):
            self.forget()
            return data
        before, *rest = _ADDRESS.split(data)
        kept = [before]
        for row, column, drawn in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            # A piece ends with a line feed, which nothing needs: the next one has its own address.
            drawn = drawn.removesuffix("\n")
            if not drawn or self._is_new(int(row), int(column), drawn):
                kept.append(f"\x1b[{row};{column}H{drawn}")
        return "".join(kept)

    def _is_new(self, row: int, column: int, drawn: str) -> bool:
        """Whether something else stands there; then this does from now on."""
        piece = _Piece(column, column + cell_len(_STYLE.sub("", drawn)), drawn)
        there = self._rows.get(row, [])
        if piece in there:
            return False
        apart = [one for one in there if one.end <= piece.start or piece.end <= one.start]
        self._rows[row] = [*apart, piece]
        return True


class Lasting:
    """A terminal that may go away: what cannot be written is left out, for nobody is there to read it.

    Textual's thread that writes would end, and the next writer would wait for it for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write what can be written."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Hand it over, if that can be done."""
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        """The number of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()


class _Thrifty(_Terminal):
    """Writes only what is new on the screen, and outlives what a terminal may do."""

    thrift: Thrift
    _app: Any
    _file: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if hasattr(self, "_file"):
            self._file = Lasting(self._file)

    def write(self, data: str) -> None:
        """Write what has to be written."""
        super().write(self.thrift.less(data))

    def start_application_mode(self) -> None:
        """Take the terminal over, and follow its size.

        Textual reads the size in the signal's handler. One that comes during another is handled inside of it, so
        of two in one instant the older size was told last, and the screen stayed blank. And one that came in the
        instant before the loop slept was not heard before the next key; with a handler of its own the loop is
        woken, by this signal as by all others.
        """
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if callable(signal.getsignal(signal.SIGWINCH)):
            self._loop.add_signal_handler(signal.SIGWINCH, self._tell_size)

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:  # a terminal that tells it by itself does so in order
            size = Size(*self._get_terminal_size())
            self._app.post_message(events.Resize(size, size))

    def _get_terminal_size(self) -> tuple[int, int]:
        """The size of the terminal itself; COLUMNS and LINES, which may be those of another, are the next best."""
        try:
            width, height = os.get_terminal_size(self.fileno)
        except (OSError, AttributeError):
            width = height = 0
        return (width, height) if width and height else super()._get_terminal_size()

    def run_input_thread(self) -> None:
        """Read keys; bytes that are no UTF-8 (an old terminal, a torn paste) are no keys."""
        threading.Thread(target=self._leave_with_the_terminal, daemon=True, name="hang-up").start()
        while True:
            try:
                super().run_input_thread()
            except UnicodeDecodeError:
                continue
            except OSError:
                self._app.call_later(self._app.exit, self._app.status)
            return

    def _leave_with_the_terminal(self) -> None:
        """End when the terminal is gone. SIGHUP tells it to a shell's own programs alone, and Textual reads on."""
        poll = select.poll()
        poll.register(self.fileno, 0)  # a hang-up is told unasked
        while not self.exit_event.is_set():
            if any(event & select.POLLHUP for _, event in poll.poll(LOOK * 1000)):
                self._app.call_later(self._app.exit, self._app.status)
                return

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop. SIGSTOP gave no notice of it: what the shell has done to the terminal is undone."""
        if endings.has_come():
            return
        if self._auto_restart and not self._must_signal_resume:
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()


def thrifty(driver: type[Driver], thrift: Thrift) -> type[Driver]:
    """The same driver of the terminal, writing what `thrift` leaves."""
    return type("ThriftyDriver", (_Thrifty, driver), {"thrift": thrift})
