"""Runs one scenario: a listener on 127.0.0.1, a daemon thread a client, a folder that is removed at the end.

Nothing is left behind: leaving `serve` closes every connection and waits for the threads.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from wizard.practice.model import (
    DATABASE,
    PASSWORD,
    USER,
    Answer,
    Behaviour,
    MysqlServer,
    PostgresServer,
    Refusing,
    Scenario,
    Stranger,
)
from wizard.practice.peer import Peer, Surroundings
from wizard.practice.speak_mysql import MysqlSession
from wizard.practice.speak_postgres import PostgresSession
from wizard.wire import ProtocolError

HOST = "127.0.0.1"
_PATIENCE = 60.0  # seconds a silent client is kept


@dataclass(frozen=True)
class Running:
    """A scenario that is being served."""

    scenario: Scenario
    host: str
    port: int
    url: str
    """With user, the made-up password, database and options."""
    options: Mapping[str, str]
    files: Path
    """The folder of the certificates; gone after the scenario."""


@contextlib.contextmanager
def serve(scenario: Scenario, answers: Sequence[Answer] = ()) -> Iterator[Running]:
    """Serve a scenario until the block ends; `answers` are asked before the range's own."""
    with contextlib.ExitStack() as stack:
        files = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dbwizard-practice-")))
        listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.bind((HOST, 0))
        port = int(listener.getsockname()[1])
        if not isinstance(scenario.behaviour, Refusing):
            around = _surroundings(scenario.behaviour, files, answers)
            listener.listen(64)
            reception = _Reception(listener, scenario.behaviour, around)
            stack.callback(reception.close)
            reception.open()
        options = {key: value.replace("{files}", str(files)) for key, value in scenario.options.items()}
        yield Running(scenario, HOST, port, _url(scenario.engine, port, options), options, files)


def _url(engine: str, port: int, options: Mapping[str, str]) -> str:
    query = "?" + urlencode(options) if options else ""
    return f"{engine}://{USER}:{PASSWORD}@{HOST}:{port}/{DATABASE}{query}"


def _surroundings(behaviour: Behaviour, files: Path, answers: Sequence[Answer]) -> Surroundings:
    kind = behaviour.certificate if isinstance(behaviour, (PostgresServer, MysqlServer)) else ""
    if not kind:
        return Surroundings(threading.Event(), answers=answers)
    from wizard.practice.certificates import make_tls

    return Surroundings(threading.Event(), make_tls(kind, files), answers)


class _Reception:
    """Accepts clients and gives each a thread."""

    def __init__(self, listener: socket.socket, behaviour: Behaviour, around: Surroundings) -> None:
        self._listener = listener
        self._behaviour = behaviour
        self._around = around
        self._lock = threading.Lock()
        self._clients: dict[threading.Thread, Peer] = {}
        self._thread = threading.Thread(target=self._accept, name="practice-accept", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End every conversation and wait for the threads, two seconds each at most."""
        self._around.stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept() on Linux
        with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname(), 0.2):
            pass  # wakes accept() elsewhere
        self._thread.join(2)
        with self._lock:
            clients = dict(self._clients)
        for peer in clients.values():
            peer.abort()
        for thread in clients:
            thread.join(2)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._around.stop.is_set():
                connection.close()
                return
            connection.settimeout(_PATIENCE)
            peer = Peer(connection)
            thread = threading.Thread(target=self._talk, args=(peer,), name="practice-client", daemon=True)
            with self._lock:
                self._clients[thread] = peer
            thread.start()

    def _talk(self, peer: Peer) -> None:
        try:
            _converse(self._behaviour, peer, self._around)
        except (OSError, EOFError, ProtocolError):
            pass  # the client left, or is none of ours: a real server goes on as well
        finally:
            peer.finish()
            with self._lock:
                self._clients.pop(threading.current_thread(), None)


def _converse(behaviour: Behaviour, peer: Peer, around: Surroundings) -> None:
    if isinstance(behaviour, PostgresServer):
        PostgresSession(behaviour, peer, around).run()
    elif isinstance(behaviour, MysqlServer):
        MysqlSession(behaviour, peer, around).run()
    elif isinstance(behaviour, Stranger):
        _be_strange(behaviour, peer, around)


def _be_strange(stranger: Stranger, peer: Peer, around: Surroundings) -> None:
    if stranger.says:
        peer.send(stranger.says)
    if stranger.then == "hold":
        around.stop.wait(_PATIENCE)
        return
    peer.receive()
    peer.send(stranger.replies)
    if stranger.then == "reset":
        peer.reset()
