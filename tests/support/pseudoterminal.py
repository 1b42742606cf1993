"""A program on a pseudo-terminal of its own: what it writes, byte for byte, and what it leaves the terminal in."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE = 30.0
AT_REST = {"25": True, "7": True}
"""The private modes that are on in a terminal that nobody has changed: a visible cursor, lines that wrap."""
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>])\d*u")


class PseudoTerminal:
    """A program whose controlling terminal this is. What it writes is read all the time, as a terminal does."""

    def __init__(
        self,
        argv: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        size: tuple[int, int] = (24, 80),
    ) -> None:
        """Start `argv` in `folder`; `size` is rows and columns."""
        self.master, self.slave = os.openpty()
        self.resize(*size, tell=False)
        self.at_rest = termios.tcgetattr(self.slave)
        self.written = b""
        self._mark = 0
        self._grown = threading.Condition()
        self._over = threading.Event()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--", *argv],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=folder,
            env=dict(environ),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self.master], [], [], 0.05)
            try:
                data = os.read(self.master, 65536) if ready else b""
            except OSError:
                return
            with self._grown:
                self.written += data
                self._grown.notify_all()

    def resize(self, rows: int, columns: int, *, tell: bool = True) -> None:
        """Make the terminal as large as that; the kernel tells the program."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell and self.process.poll() is None:
            self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def seen(self) -> str:
        """What was written since the last `wait_for`, without styles and addresses, in one line."""
        text = re.sub(rb"\x1b\[[\d;:<>=?$]*[A-Za-z]", b" ", self.written[self._mark :])
        return " ".join(text.decode("utf-8", "replace").split())

    def wait_for(self, *texts: str, seconds: float = PATIENCE) -> str:
        """Wait until all these texts were written; what was written before this call's end counts no more."""
        self.until(lambda: all(text in self.seen() for text in texts), texts, seconds)
        seen = self.seen()
        self._mark = len(self.written)
        return seen

    def seen_within(self, seconds: float, text: str) -> str:
        """What was written since the last `wait_for`, as soon as the text is in it or the time is over."""
        ends = time.monotonic() + seconds
        self.until(lambda: text in self.seen() or time.monotonic() > ends, text, 2 * seconds)
        return self.seen()

    def until(self, reached: Callable[[], bool], wanted: object, seconds: float = PATIENCE) -> None:
        """Wait until this holds."""
        ends = time.monotonic() + seconds
        with self._grown:
            while not reached():
                assert time.monotonic() < ends, f"{wanted!r} did not come: {self.seen()[-3000:]}"
                self._grown.wait(0.1)

    def signal(self, number: int) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """The terminal goes away, as when a connection breaks: the kernel sends SIGHUP, reads and writes fail."""
        self._over.set()
        self._reader.join()
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def end(self, seconds: float = PATIENCE) -> int:
        """Wait until the program is gone; its exit status, 128 and the number for one that a signal ended."""
        status = self.process.wait(seconds)
        if self.master >= 0:
            time_left = time.monotonic() + 1.0
            while select.select([self.master], [], [], 0)[0] and time.monotonic() < time_left:
                time.sleep(0.01)
            self._over.set()
            self._reader.join(PATIENCE)  # what it has read but not yet kept is kept now
        return status if status >= 0 else 128 - status

    def modes(self) -> dict[str, bool]:
        """The private modes that the program has left otherwise than in a terminal at rest."""
        left: dict[str, bool] = {}
        for numbers, letter in _MODE.findall(self.written):
            for number in numbers.decode().split(";"):
                left[number] = letter == b"h"
        return {mode: on for mode, on in left.items() if on != AT_REST.get(mode, False)}

    def assert_sane(self) -> None:
        """The terminal is as the program found it."""
        assert termios.tcgetattr(self.slave) == self.at_rest, "the line settings (stty) are changed"
        assert not self.modes(), f"private modes are left changed: {self.modes()}"
        pushed = [sign for sign in _KITTY.findall(self.written)]
        assert pushed.count(b">") <= pushed.count(b"<"), "the keyboard protocol is left on"

    def close(self) -> None:
        """End the program, if it still runs, and let go of the terminal."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._over.set()
        self._reader.join(PATIENCE)
        for end in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(end)
