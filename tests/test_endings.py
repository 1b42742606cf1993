"""A wait at the terminal: it ends with a key, and with a signal whenever that comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

WAITS = """
import ctypes, functools, signal, sys
from wizard import endings

class Terminal:
    pass

terminal = Terminal()
terminal.fileno = {fileno}
endings.listen()
signal.alarm(20)
try:
    endings.wait_for(terminal)
    print("a key")
except KeyboardInterrupt:
    print("a signal")
"""
LAST_INSTANT = "functools.partial(ctypes.CDLL(None)['raise'], signal.SIGINT)"
"""It is asked for its number (0, what `raise` returns) right before the wait, with no Python in between."""


@pytest.mark.parametrize(
    ("fileno", "typed", "ended"),
    [("sys.stdin.fileno", "x", "a key\n"), (LAST_INSTANT, "", "a signal\n")],
    ids=["a key", "a signal in the instant before"],
)
def test_a_wait_ends_with_a_key_and_with_a_signal(fileno: str, typed: str, ended: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS.format(fileno=fileno)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(typed)
        child.stdin.flush()
        assert child.stdout.readline() == ended
