"""The real program on a real pseudo-terminal, against a real socket: first paint, verdict, plain view, exit status."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sockets import SSH, listening
from wizard.exits import Exit

pytestmark = pytest.mark.slow

PATIENCE = 30.0
MOST_BYTES = 4000
"""What a key that moves the highlight may send: a slow line carries it in an instant."""


@pytest.fixture
def ssh_port() -> Iterator[int]:
    """A port where something answers that is no database."""
    with listening("127.0.0.1", 0, SSH) as port:
        yield port


class Terminal:
    """The program on a terminal of 80 by 24."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self.fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        root = Path(__file__).resolve().parents[2]
        environ = {**os.environ, "PYTHONPATH": str(root), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "wizard", *arguments]
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, cwd=folder, env=environ, start_new_session=True
        )
        os.close(inner)
        self.seen = b""

    def wait_for(self, text: str) -> int:
        """Read until the text came, and forget what was before it; how many bytes that was."""
        ends = time.monotonic() + PATIENCE
        wanted = text.encode()
        while wanted not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, ends - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.seen[-2000:]!r}"
            self.seen += os.read(self.fd, 65536)
        before, _, self.seen = self.seen.partition(wanted)
        return len(before)

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def end(self) -> int:
        """Read on until the program is gone; its exit status."""
        while self.process.poll() is None:
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if ready:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    break
        status = self.process.wait(PATIENCE)
        os.close(self.fd)
        return status


def test_real_walk_copy_plain_view_and_exit_status(ssh_port: int, tmp_path: Path) -> None:
    terminal = Terminal([f"postgresql://app:pa55word@127.0.0.1:{ssh_port}/shop", "--no-files"], tmp_path)
    terminal.wait_for("network.not-a-database")
    terminal.press("c")
    terminal.wait_for("\x1b]52;c;")
    terminal.press("p")
    terminal.wait_for("Enter goes back")
    terminal.press("\r")
    terminal.wait_for("network.not-a-database")
    terminal.press("q")
    assert terminal.end() == Exit.FAULT


def test_key_that_moves_the_highlight_sends_few_bytes(ssh_port: int, tmp_path: Path) -> None:
    terminal = Terminal([f"postgresql://app@127.0.0.1:{ssh_port}/shop", "--no-files"], tmp_path)
    terminal.wait_for("network.not-a-database")
    terminal.press("c")
    terminal.wait_for("\x1b]52;c;")
    costs = []
    for key in ("\x1b[A", "\x1b[B", "\x1b[A", "\x1b[B"):
        terminal.wait_for("clipboard")
        # Each move also takes away the notice of the copy before it, which changes where everything stands.
        terminal.press(key)
        before = terminal.wait_for("▌")
        terminal.press("c")
        costs.append(before + terminal.wait_for("\x1b]52;c;"))
    assert max(costs) <= MOST_BYTES, costs
    terminal.press("q")
    assert terminal.end() == Exit.FAULT


def test_start_screen_left_with_ctrl_c(tmp_path: Path) -> None:
    terminal = Terminal(["--no-files"], tmp_path)
    terminal.wait_for("No connection settings were found here.")
    terminal.press("\x03")
    assert terminal.end() == Exit.INTERRUPTED


def test_it_ends_with_a_terminal_that_goes_without_a_signal(ssh_port: int, tmp_path: Path) -> None:
    """SIGHUP comes from a controlling terminal alone; a program that reads on would read nothing, for ever."""
    terminal = Terminal([f"postgresql://app@127.0.0.1:{ssh_port}/shop", "--no-files"], tmp_path)
    terminal.wait_for("network.not-a-database")
    os.close(terminal.fd)
    assert terminal.process.wait(PATIENCE) == Exit.FAULT
