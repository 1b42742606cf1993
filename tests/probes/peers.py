"""What the probe tests share: peers on loopback with one behaviour each, and probes run one after the other.

Every report that passes here is held against the contract of probes: only declared facts, only declared values,
nothing unprintable.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from wizard.content.load import open_content
from wizard.core.facts import UNKNOWN, Fact, text_of
from wizard.probes import find
from wizard.probes.base import Report
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.target.parse import parse_target
from wizard.wire import postgres, postgres_server

Behaviour = Callable[[socket.socket], None]
PASSWORD = "hunter2-Ünïcode/%41 x"
QUICK = 0.4
"""Seconds that a probe waits for a connection or a first word in these tests."""
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@cache
def declared() -> dict[str, Any]:
    """The facts that facts.yaml declares."""
    return dict(open_content().tree.specs)


def target_of(text: str, *, home: Path | None = None, **environ: str) -> Target:
    """The target that a connection text states, in an environment of its own."""
    return parse_target(text, environ=environ, home=home)


def runtime_for(text: str, *, home: Path | None = None, within: float = 20.0, **environ: str) -> Runtime:
    """A runtime with short waits for the target that `text` states."""
    target = target_of(text, home=home, **environ)
    return Runtime(target, environ, home, connect_timeout=QUICK, ends=time.monotonic() + within)


def run(runtime: Runtime, *names: str) -> Report:
    """Run the probes in order, each seeing the facts of those before it; the last report."""
    report = Report()
    for name in names:
        probe = find(name)
        report = probe.function(runtime.target, runtime)
        _hold_to_contract(report, name, probe.provides)
        runtime.facts = runtime.facts.having(Fact(key, value, "probe") for key, value in report.facts.items())
    return report


def _hold_to_contract(report: Report, name: str, provides: tuple[str, ...]) -> None:
    assert set(report.facts) <= set(provides), f"{name} reports what it does not declare"
    for key, value in report.facts.items():
        spec = declared()[key]
        assert not spec.values or text_of(value) in (*spec.values, UNKNOWN), f"{name}: {key}={value!r}"
        assert not UNSEEN.search(text_of(value)), f"{name}: {key} carries control characters: {value!r}"
    for said in (report.summary, report.trouble, *(f"{one.text} {one.code}" for one in report.evidence)):
        assert not UNSEEN.search(said), f"{name} quotes control characters: {said!r}"


FIRST = ("config.settings", "dns.resolve", "network.connect")
"""The probes up to an open connection."""


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def read_startup(connection: socket.socket) -> bytes:
    """The first message of a client of PostgreSQL: length, then the rest."""
    head = connection.recv(4, socket.MSG_WAITALL)
    if len(head) < 4 or int.from_bytes(head, "big") > 10_000:
        raise ConnectionError("the client left, or is none of PostgreSQL")
    return head + connection.recv(int.from_bytes(head, "big") - 4, socket.MSG_WAITALL)


def after_startup(*replies: bytes, reset: bool = False) -> Behaviour:
    """A PostgreSQL server without TLS that answers the startup message so, then closes, or resets."""

    def behave(connection: socket.socket) -> None:
        if read_startup(connection) == postgres.ssl_request():
            connection.sendall(b"N")
            read_startup(connection)
        connection.sendall(b"".join(replies))
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return behave


class Slow(socket.socket):
    """A connection on which every read finds one byte."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        return super().recv(min(size, 1), flags)


def slow_down(runtime: Runtime) -> None:
    """From here on the open connection gives one byte a read."""
    assert runtime.channel is not None
    runtime.channel.sock = Slow(fileno=runtime.channel.sock.detach())


def tls_server(context: ssl.SSLContext) -> Behaviour:
    """A PostgreSQL server that takes TLS with `context`, and says after it that it is starting."""
    starting = postgres_server.error({"S": "FATAL", "C": "57P03", "M": "the database system is starting up"})

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(b"S")
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as wrapped:
            try:
                wrapped.do_handshake()
                wrapped.recv(4096)
                wrapped.sendall(starting)
            except ssl.SSLError:
                # What the client said meanwhile is read, so that our alert is not lost to a reset.
                with socket.socket(fileno=os.dup(wrapped.fileno())) as raw:
                    raw.shutdown(socket.SHUT_WR)
                    while raw.recv(4096):
                        pass

    return behave
