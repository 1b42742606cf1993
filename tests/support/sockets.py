"""Listeners that misbehave on the wire, each in one way, and a nameserver that answers with one code."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode

from tests.support.netlab import Namespace

Behaviour = Callable[[socket.socket], None]

LINGER_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: close() sends a reset instead of an orderly end."""


def close_at_once(connection: socket.socket) -> None:
    """Close in order before a word is said, as a load balancer without a backend does."""
    connection.close()


def reset_at_once(connection: socket.socket) -> None:
    """Break the connection before a word is said."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    connection.close()


def reset_after_request(connection: socket.socket) -> None:
    """Break the connection as soon as the client has spoken."""
    connection.recv(4096)
    reset_at_once(connection)


def say(greeting: bytes, reply: bytes = b"") -> Behaviour:
    """Speak first with `greeting`, answer what comes with `reply`, then close."""

    def behave(connection: socket.socket) -> None:
        if greeting:
            connection.sendall(greeting)
        connection.settimeout(10)
        if connection.recv(4096) and reply:
            connection.sendall(reply)
        connection.close()

    return behave


def endless(connection: socket.socket) -> None:
    """Send without end, whatever the other side does."""
    connection.settimeout(10)
    while True:
        connection.sendall(b"\x7f\x00\xff\xff" * 4096)


SSH = say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", b"Invalid SSH identification string.\r\n")
HTTP = say(
    b"", b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
GARBAGE = say(bytes(range(200, 256)) * 3, bytes(range(200, 256)))
TLS_THEN_SILENCE_ENDS = say(b"", b"S")
"""Agrees to PostgreSQL's SSLRequest and hangs up in place of the handshake."""


def _serve(listener: socket.socket, behave: Behaviour, opened: list[socket.socket]) -> None:
    while True:
        try:
            connection, _peer = listener.accept()
        except OSError:
            return
        opened.append(connection)
        threading.Thread(target=_guarded, args=(behave, connection), daemon=True).start()


def _guarded(behave: Behaviour, connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        behave(connection)


@contextmanager
def listening(
    address: str, port: int, behave: Behaviour | None, *, namespace: Namespace | None = None
) -> Iterator[int]:
    """A listener on address:port (0 takes a free one) that treats every connection so; the port.

    With no behaviour it is deaf: the kernel completes the connection and nobody ever answers.
    """
    listener = namespace.socket() if namespace else socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened: list[socket.socket] = []
    try:
        listener.bind((address, port))
        listener.listen(64)
        if behave is not None:
            threading.Thread(target=_serve, args=(listener, behave, opened), daemon=True).start()
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in opened:
            connection.close()


def _answer(server: socket.socket, rcode: dns.rcode.Rcode) -> None:
    while True:
        try:
            query, client = server.recvfrom(4096)
            if not query:
                return
            answer = dns.message.make_response(dns.message.from_wire(query))
            answer.flags |= dns.flags.RA
            answer.set_rcode(rcode)
            server.sendto(answer.to_wire(), client)
        except OSError:
            return


@contextmanager
def nameserver(address: str, rcode: dns.rcode.Rcode, *, namespace: Namespace) -> Iterator[None]:
    """A nameserver on address:53 that answers every question with this code (SERVFAIL, REFUSED)."""
    server = namespace.socket(kind=socket.SOCK_DGRAM)
    try:
        server.bind((address, 53))
        threading.Thread(target=_answer, args=(server, rcode), daemon=True).start()
        yield
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
