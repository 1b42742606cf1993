"""Time from starting a terminal program to its first full screen, through a pseudo-terminal of 80x24."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Sequence

from tests.support.cli import ROOT

ROWS, COLUMNS = 24, 80
HELLO_PROGRAM = """\
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("Hello, world")

Hello().run()
"""
HELLO = ([sys.executable, "-c", HELLO_PROGRAM], "Hello")
"""A program, and a text that is on its first screen."""

ESCAPES = re.compile(
    rb"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^][^\x1b]*\x1b\\|.)", re.S
)


def painted(output: bytes, text: str) -> bool:
    """Whether the last row was drawn and `text` is among what was written."""
    last_row = f"\x1b[{ROWS};".encode() in output
    words = ESCAPES.sub(b" ", output)
    return last_row and re.search(text.encode(), words) is not None


def walk_of(program: Sequence[str]) -> tuple[list[str], str]:
    """The full screen of a walk, and what is on it first."""
    return [*program, "postgresql://app@127.0.0.1:1/shop"], r"[A-Za-z]{4,}"


def first_paint(program: tuple[list[str], str], home: str, bound: float = 15.0) -> float:
    """Seconds until the first full screen; `bound` when there is none. The program is ended afterwards."""
    argv, text = program
    began = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the child becomes the program
        become(argv, home)
    set_size(terminal)
    try:
        return _watch(terminal, text, began, bound)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def set_size(terminal: int) -> None:
    """Give the terminal its 80 columns and 24 rows."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))


def become(argv: list[str], home: str) -> None:
    """In the child: be this program, with nothing of the user's own settings."""
    os.chdir(home)
    environment = {"PATH": "/usr/bin:/bin", "HOME": home, "TERM": "xterm-256color"}
    if argv[0] == sys.executable:  # an installed program does not see the sources
        environment["PYTHONPATH"] = str(ROOT)
    environment |= {"LANG": "C.UTF-8", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    os.execve(argv[0], argv, environment)


def _watch(terminal: int, text: str, began: float, bound: float) -> float:
    output = b""
    while time.monotonic() - began < bound:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if not ready:
            continue
        try:
            output += os.read(terminal, 65536)
        except OSError:
            return bound
        if painted(output, text):
            return time.monotonic() - began
    return bound
