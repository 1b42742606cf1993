"""A peer that says what it was told, whatever it is asked: what the probes of one connection are fed with."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.fuzz.surface import CANARY
from wizard.probes.base import Report, _harmless
from wizard.probes.channel import Channel
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target
from wizard.target.parse import parse_target

SIZES = (1, 2, 3, 7, 64, 1000, 65536, 65536)
"""How many bytes one read finds."""


class Script:
    """In place of a socket: gives `data` piece by piece, then the end; takes whatever is sent."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = memoryview(data)
        self._size = size
        self.sent = bytearray()

    def settimeout(self, seconds: float) -> None:
        """Nobody waits here."""

    def recv(self, size: int) -> bytes:
        """The next piece."""
        piece = bytes(self._data[: min(size, self._size)])
        self._data = self._data[len(piece) :]
        return piece

    def sendall(self, data: bytes) -> None:
        """What the other side says is kept."""
        self.sent += data

    def getpeercert(self, binary: bool) -> None:
        """There is no certificate."""

    def close(self) -> None:
        """Nothing is open."""


def target_of(url: str) -> Target:
    """The target of a URL in which `PASSWORD` stands for the canary."""
    return parse_target(url.replace("PASSWORD", CANARY), environ={}, home=None)


def opened(target: Target, data: bytes, choice: int) -> tuple[Channel, Runtime]:
    """A channel to a peer that says `data`, and the runtime of its walk; `choice` is the size of what a read finds."""
    script = Script(data, SIZES[choice % len(SIZES)])
    channel = Channel(script, HostPort("db.example", target.port), "192.0.2.1")  # type: ignore[arg-type]
    channel.tls = bool(choice & 0x80)
    runtime = Runtime(target, {}, None)
    runtime.channel = channel
    return channel, runtime


def until() -> float:
    """Some time from now."""
    return time.monotonic() + 60


def shown(report: Report) -> Iterator[str]:
    """Every text of a report, as the walk gets it."""
    found = _harmless(report)
    yield from (found.summary, found.trouble)
    for value in found.facts.values():
        yield from value if isinstance(value, tuple) else [str(value)]
    for one in found.evidence:
        yield from (one.layer, one.text, one.code)
