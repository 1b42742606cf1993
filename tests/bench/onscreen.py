"""A program on a pseudo-terminal of 80x24: what a key costs in bytes and time, and how much memory it holds."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import statistics
import time
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from types import TracebackType

from tests.bench.firstpaint import ESCAPES, HELLO, become, set_size

QUIET = 0.25
"""Seconds without a byte after which an answer is taken to be whole; a clock on the screen ticks every half second."""
PATIENCE = 20.0
UP, DOWN = "\x1b[A", "\x1b[B"
FINDING = ("wrong-password", "FAULT")
QUESTION = ("read-only-standby", "Does the application need to write")
SILENT = ("accepts-never-answers", "The same by hand")
"""A scenario of the range, and a text that says that the walk stands where it is wanted."""


def _practice(program: Sequence[str], scene: tuple[str, str]) -> tuple[list[str], str]:
    """The full screen in a scenario."""
    return [*program, "practice", scene[0]], scene[1]


class OnScreen:
    """One program, from its start until it is ended."""

    def __init__(self, program: tuple[list[str], str], home: str) -> None:
        argv, wanted = program
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child becomes the program
            become(argv, home)
        set_size(self._terminal)
        self._until(wanted)

    def __enter__(self) -> OnScreen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)

    def answered(self, key: str, wanted: str) -> float:
        """Press a key: milliseconds until its answer, which holds `wanted`, is painted."""
        self._rest()
        began = time.monotonic()
        os.write(self._terminal, key.encode())
        self._until(wanted)
        return (time.monotonic() - began) * 1000

    def cost(self, key: str) -> int:
        """Press a key: the bytes that it sends to the terminal."""
        self._rest()
        os.write(self._terminal, key.encode())
        return len(self._rest())

    def memory(self) -> float:
        """Resident memory in MB (10^6 bytes), once nothing is drawn any more."""
        self._rest()
        with open(f"/proc/{self.pid}/status") as status:
            found = re.search(r"VmRSS:\s+(\d+) kB", status.read())
        assert found is not None
        return int(found[1]) * 1024 / 1e6

    def _until(self, wanted: str) -> bytes:
        """What is written until it holds this text. Raises TimeoutError."""
        output = b""
        ends = time.monotonic() + PATIENCE
        while not output or wanted.encode() not in ESCAPES.sub(b"", output):
            left = ends - time.monotonic()
            if left <= 0 or not select.select([self._terminal], [], [], left)[0]:
                raise TimeoutError(f"{wanted!r} did not come: {output[-500:]!r}")
            output += os.read(self._terminal, 65536)
        return output

    def _rest(self) -> bytes:
        """What is written until nothing more comes."""
        output = b""
        while select.select([self._terminal], [], [], QUIET)[0]:
            output += os.read(self._terminal, 65536)
        return output


def memory(program: Sequence[str], rounds: int, home: str) -> tuple[float, float, float]:
    """Resident memory in MB: at a finding, a Textual hello-world (medians), and at the finding of the first run.

    The first run in a home reads the trees from YAML; the later ones read what it put into the cache.
    """
    finding = _practice(program, FINDING)
    with TemporaryDirectory() as empty, OnScreen(finding, empty) as shown:
        first = shown.memory()
    ours: list[float] = []
    hello: list[float] = []
    for _ in range(rounds):
        for taken, one in ((ours, finding), (hello, HELLO)):
            with OnScreen(one, home) as shown:
                taken.append(shown.memory())
    return statistics.median(ours), statistics.median(hello), first


def highlight_bytes(program: Sequence[str], home: str) -> list[int]:
    """Bytes of each key that moves the highlight: at a question, at a finding, and in the list of steps."""
    costs: list[int] = []
    for scene in (QUESTION, FINDING):
        with OnScreen(_practice(program, scene), home) as shown:
            costs += [shown.cost(key) for key in (DOWN, DOWN, DOWN, UP, UP)]
            shown.cost("b")
            costs += [shown.cost(key) for key in (DOWN, DOWN, UP)]
    return [cost for cost in costs if cost]


def answers_while_a_check_runs(program: Sequence[str], rounds: int, home: str) -> list[float]:
    """Milliseconds until a key's answer is painted, while a check waits for a server that says nothing.

    The walk waits three seconds for that server; as many keys as fit are pressed, then it begins anew.
    """
    taken: list[float] = []
    while len(taken) < rounds:
        with OnScreen(_practice(program, SILENT), home) as shown:
            shown.cost("b")
            taken.extend(shown.answered(key, "▌") for key in (DOWN, UP, DOWN, UP))
    return taken
