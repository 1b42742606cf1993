"""Behaviours of hostile peers: what they say at which place of a conversation, and how they say it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Iterable

from tests.probes.peers import read_startup
from tests.support.sockets import Behaviour
from wizard.wire import mysql, postgres, postgres_server

Do = Callable[[socket.socket], None]
PATIENCE = 20.0
"""Seconds after which a peer gives up by itself."""
SALT = b"0123456789abcdefghij"
GREETING = mysql.packet(mysql.greeting("8.0.36", 7, SALT), 0)
WELCOME = (
    postgres_server.auth_ok()
    + postgres_server.parameter_status("server_version", "16.4")
    + postgres_server.ready()
)


def say(data: bytes) -> Do:
    """Say it, and close when the other side has closed or gone silent for a while."""

    def do(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(data)
            connection.settimeout(2)
            while connection.recv(65536):
                pass

    return do


def say_and_close(data: bytes) -> Do:
    """Say it and close at once."""

    def do(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(1)
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass

    return do


def flood(pieces: Iterable[bytes]) -> Do:
    """Say pieces for as long as anybody listens."""
    ready = list(itertools.islice(pieces, 2000))

    def do(connection: socket.socket) -> None:
        until = time.monotonic() + PATIENCE
        connection.settimeout(5)
        for piece in itertools.cycle(ready):
            connection.sendall(piece)
            if time.monotonic() > until:
                return

    return do


def drip(data: bytes, seconds: float = 0.2) -> Do:
    """Say it byte by byte, again and again, with a pause after each."""

    def do(connection: socket.socket) -> None:
        until = time.monotonic() + PATIENCE
        for byte in itertools.cycle(data):
            connection.sendall(bytes((byte,)))
            time.sleep(seconds)
            if time.monotonic() > until:
                return

    return do


def answer_each(pieces: Iterable[bytes]) -> Do:
    """Say the next piece whenever something comes, without an end."""
    ready = itertools.cycle(list(pieces))

    def do(connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        connection.sendall(next(ready))
        while connection.recv(65536):
            connection.sendall(next(ready))

    return do


def first(do: Do) -> Behaviour:
    """From the first moment, whatever the client says."""

    def behave(connection: socket.socket) -> None:
        do(connection)
        connection.close()

    return behave


def after_question(do: Do) -> Behaviour:
    """In the place of the answer to the client's first message."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        do(connection)
        connection.close()

    return behave


def after_startup(do: Do) -> Behaviour:
    """PostgreSQL: once TLS is declined and the startup message is read."""

    def behave(connection: socket.socket) -> None:
        if read_startup(connection) == postgres.ssl_request():
            connection.sendall(b"N")
            read_startup(connection)
        do(connection)
        connection.close()

    return behave


def _let_in(welcome: bytes, do: Do) -> Do:
    """Accept the login, and act when the first query comes."""

    def then(connection: socket.socket) -> None:
        connection.sendall(welcome)
        connection.recv(65536)
        do(connection)

    return then


def after_login(do: Do) -> Behaviour:
    """PostgreSQL: in the place of the rows of the first query."""
    return after_startup(_let_in(WELCOME, do))


def after_greeting(do: Do, greeting: bytes = GREETING) -> Behaviour:
    """MySQL: once the greeting is answered."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(greeting)
        connection.recv(65536)
        do(connection)
        connection.close()

    return behave


def after_mysql_login(do: Do) -> Behaviour:
    """MySQL: in the place of the rows of the first query."""
    return after_greeting(_let_in(mysql.packet(mysql.ok(), 2), do))
