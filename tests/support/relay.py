"""What a server sent, message by message: a relay between a client and a server that keeps a copy."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wizard.wire import ProtocolError
from wizard.wire import mysql as my
from wizard.wire import postgres as pg

COMPARED = my.PLUGIN_AUTH | my.SECURE_CONNECTION | my.PROTOCOL_41 | my.CONNECT_WITH_DB | my.LONG_PASSWORD
"""Capabilities of a greeting that decide how a client logs in without TLS; the range has fewer of the others."""


@dataclass
class Copy:
    """What went through the relay from the server."""

    port: int
    data: bytearray = field(default_factory=bytearray)
    end: str = ""
    """How the server ended: FIN or RST."""
    done: threading.Event = field(default_factory=threading.Event)


@contextmanager
def copying(host: str, port: int) -> Iterator[Copy]:
    """A relay to host:port on a free port of loopback, for one client; `done` is set when the server has ended."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        copy = Copy(listener.getsockname()[1])
        thread = threading.Thread(target=_relay, args=(listener, host, port, copy), daemon=True)
        thread.start()
        yield copy
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _relay(listener: socket.socket, host: str, port: int, copy: Copy) -> None:
    with contextlib.suppress(OSError), listener.accept()[0] as client:
        with socket.create_connection((host, port), 10) as server:
            server.settimeout(10)
            forward = threading.Thread(target=_forward, args=(client, server), daemon=True)
            forward.start()
            copy.end = _record(server, client, copy.data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        forward.join(10)
    copy.done.set()


def _forward(client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)


def _record(server: socket.socket, client: socket.socket, data: bytearray) -> str:
    try:
        while more := server.recv(65536):
            data += more
            with contextlib.suppress(OSError):  # the client may be gone: the rest is recorded all the same
                client.sendall(more)
    except ConnectionResetError:
        return "RST"
    return "FIN"


def postgres_words(data: bytes) -> list[str]:
    """The messages of a PostgreSQL server up to the first ReadyForQuery: type and what it is about.

    Parameters, which may come in any order, are sorted.
    """
    decoder, words = pg.Decoder(), list[str]()
    decoder.feed(data)
    try:
        for message in decoder:
            words.append(f"{message.type.decode()} {_about(message)}".strip())
            if message.type == b"Z":
                break
    except ProtocolError as error:
        words.append(f"not PostgreSQL: {error.seen}")
    parameters = sorted(word for word in words if word.startswith("S "))
    return [parameters.pop(0) if word.startswith("S ") else word for word in words]


def _about(message: pg.Message) -> str:
    if message.type == b"R":
        auth = pg.parse_auth(message.payload)
        return f"{auth.method} {' '.join(auth.mechanisms)}".strip()
    if message.type == b"S":
        return pg.parse_parameter_status(message.payload)[0]
    if message.type == b"E":
        return "".join(chr(part[0]) for part in message.payload.split(b"\0") if part)
    return ""


def mysql_words(data: bytes) -> list[str]:
    """The packets of a MySQL server until the login succeeds or fails: kind and what it is about."""
    decoder, words = my.Decoder(), list[str]()
    decoder.feed(data)
    try:
        for packet in decoder:
            words.append(f"{packet.sequence} {packet.kind} {_packet_about(packet)}".strip())
            if packet.kind in ("ok", "err"):
                break
    except ProtocolError as error:
        words.append(f"not MySQL: {error.seen}")
    return words


def _packet_about(packet: my.Packet) -> str:
    if packet.kind == "greeting":
        said = my.parse_greeting(packet.payload)
        return (
            f"{said.plugin} charset {said.charset} status {said.status} can {said.capabilities & COMPARED:#x}"
        )
    if packet.kind == "auth-switch":
        return my.parse_auth_switch(packet.payload).plugin
    if packet.kind == "auth-more":
        more = my.parse_auth_more(packet.payload)
        return more.decode().splitlines()[0] if more.startswith(b"-----") else more.hex()
    if packet.kind == "err":
        error = my.parse_error(packet.payload)
        return f"{error.number} {error.sqlstate}"
    return ""
