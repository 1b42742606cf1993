"""Whole walks of `check` against a server that is made to go wrong in the middle of a good conversation.

Between the walk and a server of the practice range stands a peer that hands on what both say and changes what the
server says. An input is text: the first line names the scenario, every other one is a change:
`CONNECTION CHUNK OPERATION ARGUMENT`. Waits are short, and no walk may take longer than its own bound.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

from tests.fuzz.surface import CANARY, Surface
from wizard import api, printed
from wizard.practice.catalogue import get
from wizard.practice.model import PASSWORD
from wizard.practice.server import serve

TIMEOUT, CONNECT = 1.5, 0.3
"""Seconds for the walk, and for a connection or a first word."""
MARGIN = 4.0
"""Seconds that a busy machine may take beyond the bound of the walk."""
SCENARIOS = ("healthy-postgresql", "healthy-mysql")
MOST = 32 << 20
"""Bytes that the peer pours out where it is told to flood."""
OPERATIONS = (
    "flip",
    "cut",
    "drop",
    "insert",
    "repeat",
    "length",
    "flood",
    "stall",
    "drip",
    "echo",
    "reset",
    "swap",
)
PIECES = (
    b"\0" * 64,
    b"\xff" * 64,
    b"S\0\0\0\x0cx\0\x1b[31m\0"[:13],
    b"N\0\0\0\x09SNOTE\0\0"[:10],
    b"R\0\0\0\x08\0\0\0\x0b",
    b"E\0\0\0\x17SFATAL\0M\x1b]0;x\x07[b]\0\0",
    b"\x05\0\0\x02\xff\x15\x04\xff\x1b",
    b"\x02\0\0\x03\x01\x03",
    b"\x16\x03\x03\xff\xff",
    b"\x15\x03\x03\0\2\2\x28",
    b"D\x7f\xff\xff\xff",
    b"\xff\xff\xff\0",
)


class Change(NamedTuple):
    """What becomes of one piece of what the server says."""

    connection: int
    chunk: int
    operation: str
    argument: int


def _read(data: bytes) -> tuple[str, list[Change]]:
    """The scenario and the changes of an input; a line that says nothing sensible is passed over."""
    first, *lines = data.decode("ascii", "replace").split("\n")
    name = SCENARIOS[sum(map(ord, first)) % 2] if first not in SCENARIOS else first
    changes = []
    for line in lines[:20]:
        words = line.split()
        if len(words) == 4 and all(
            one.isascii() and one.isdigit() and len(one) < 7 for one in (words[0], words[1], words[3])
        ):
            operation = words[2] if words[2] in OPERATIONS else OPERATIONS[len(words[2]) % len(OPERATIONS)]
            changes.append(Change(int(words[0]) % 4, int(words[1]) % 40, operation, int(words[3])))
    return name, changes


def seeds() -> list[bytes]:
    """A walk without a change, and one for each operation at several places of the conversation."""
    found = [f"{name}\n".encode() for name in SCENARIOS]
    for number, operation in enumerate(OPERATIONS * 4):
        lines = f"{SCENARIOS[number % 2]}\n0 {number * 5 % 17} {operation} {number * 37}\n"
        found.append(lines.encode())
    return found


def run(data: bytes) -> Iterator[str]:
    """Walk, and hold the report against the contract."""
    name, changes = _read(data)
    with serve(get(name)) as running, _between(running.port, changes) as port:
        url = running.url.replace(f":{running.port}/", f":{port}/")
        report = api.check(_plain(url), timeout=TIMEOUT, connect_timeout=CONNECT)
    told = json.dumps(report, ensure_ascii=False)
    assert json.loads(told)["status"] in ("healthy", "fault", "inconclusive")
    # An exception that no probe may raise becomes a sentence, lest it end the walk.
    trouble = [step["trouble"] for step in report["steps"] if step["trouble"].startswith("the probe ")]
    assert not trouble, trouble
    yield told.replace(PASSWORD, CANARY)
    yield printed.text(report).replace(PASSWORD, CANARY)


def _plain(url: str) -> str:
    """The URL with TLS left out: what is between would see nothing else."""
    bare = url.partition("?")[0]
    return f"{bare}?sslmode=disable" if bare.startswith("postgresql") else f"{bare}?ssl-mode=DISABLED"


@contextlib.contextmanager
def _between(port: int, changes: list[Change]) -> Iterator[int]:
    """A port behind which is the server at `port`, changed."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        thread = threading.Thread(target=_accept, args=(listener, port, changes, stop), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stop.set()
            thread.join(5)


def _accept(listener: socket.socket, port: int, changes: list[Change], stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            wanted = {one.chunk: one for one in changes if one.connection == number}
            threading.Thread(target=_hand_on, args=(client, port, wanted, stop), daemon=True).start()
            number += 1


def _hand_on(client: socket.socket, port: int, wanted: dict[int, Change], stop: threading.Event) -> None:
    """One connection: a thread for what the client says, this one for what the server says."""
    said = bytearray()
    with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", port), 5) as server:
        client.settimeout(5)
        server.settimeout(5)
        threading.Thread(target=_up, args=(client, server, said), daemon=True).start()
        number = 0
        while not stop.is_set() and (data := server.recv(65536)):
            change = wanted.get(number)
            number += 1
            if change is None:
                client.sendall(data)
            elif not _changed(client, data, change, said, stop):
                return


def _up(client: socket.socket, server: socket.socket, said: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            said += data[: 1 << 16]
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)


def _changed(
    client: socket.socket, data: bytes, change: Change, said: bytearray, stop: threading.Event
) -> bool:
    """Say the piece as the change makes it; False ends the connection."""
    at, piece = change.argument % (len(data) + 1), PIECES[change.argument % len(PIECES)]
    numbers = (b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\3", b"\xff\xff\xff\xff", b"\0\x10\0\0")
    replaced = {
        "flip": bytes(
            byte ^ (1 << change.argument % 8 if place == at else 0) for place, byte in enumerate(data)
        ),
        "drop": b"",
        "insert": data[:at] + piece + data[at:],
        "repeat": data * (1 + change.argument % 50),
        "length": data[:at] + numbers[change.argument % 5] + data[at + 4 :],
        "echo": data[:at] + bytes(said[-200:]) + data[at:],
        "swap": data[at:] + data[:at],
    }
    if change.operation in replaced:
        client.sendall(replaced[change.operation])
        return True
    if change.operation == "flood":
        _flood(client, data if change.argument % 2 else data + piece, stop)
    elif change.operation == "stall":
        stop.wait(TIMEOUT + MARGIN)
    elif change.operation == "drip":
        for byte in data * 40:
            client.sendall(bytes((byte,)))
            if stop.wait(0.05):
                break
    else:
        client.sendall(data[:at])
    return False


def _flood(client: socket.socket, piece: bytes, stop: threading.Event) -> None:
    block = piece * max(1, 65536 // max(len(piece), 1))
    until = time.monotonic() + TIMEOUT
    for _ in range(MOST // max(len(block), 1)):
        if stop.is_set() or time.monotonic() > until:
            return
        client.sendall(block)


SURFACE = Surface(
    "live",
    seeds,
    run,
    (
        *(
            f"\n{number % 4} {number * 7 % 30} {one} {number * 13}".encode()
            for number, one in enumerate(OPERATIONS * 2)
        ),
        *(f"{one}\n".encode() for one in SCENARIOS),
    ),
    waits=TIMEOUT + MARGIN,
    growth=400,
)
