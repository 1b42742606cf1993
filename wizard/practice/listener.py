"""One port of 127.0.0.1 with one behaviour on it: a daemon thread accepts, and another serves each client."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from wizard.practice.model import (
    HOST,
    Behaviour,
    BlackHole,
    MysqlServer,
    PostgresServer,
    PracticeError,
    Refusing,
    Stranger,
)
from wizard.practice.peer import PATIENCE, Peer, Surroundings, watcher_of
from wizard.practice.speak_mysql import MysqlSession
from wizard.practice.speak_postgres import PostgresSession
from wizard.wire import ProtocolError

_QUEUE = 64
_MOST_FILLERS = 16


@contextlib.contextmanager
def listening(behaviour: Behaviour, around: Surroundings, port: int = 0) -> Iterator[int]:
    """Listen on `port` (0 takes a free one), or refuse to, until the block ends; the port.

    Raises PracticeError where the port cannot be had.
    """
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port > 0))
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise PracticeError(
                f"the range cannot listen on port {port} of {HOST} ({error.strerror}):"
                " choose another --port, or leave it out"
            ) from error
        if isinstance(behaviour, BlackHole):
            _fill_queue(stack, listener)
        elif not isinstance(behaviour, Refusing):
            listener.listen(_QUEUE)
            reception = _Reception(listener, behaviour, around)
            reception.open()
            stack.callback(reception.close)
        yield int(listener.getsockname()[1])


def _fill_queue(stack: contextlib.ExitStack, listener: socket.socket) -> None:
    """Nobody accepts, and the queue is filled: the kernel drops what comes after."""
    listener.listen(0)
    for _ in range(_MOST_FILLERS):
        filler = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        filler.settimeout(0.1)
        try:
            filler.connect(listener.getsockname())
        except TimeoutError:
            return


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
                connection, client = self._listener.accept()
            except OSError:
                return
            if self._around.stop.is_set():
                connection.close()
                return
            connection.settimeout(PATIENCE)
            peer = Peer(connection, watcher_of(self._around.watch, "sql", client))
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
    if stranger.replies or stranger.then != "hold":
        peer.receive()
        peer.send(stranger.replies)
    if stranger.then == "hold":
        around.stop.wait(PATIENCE)
    elif stranger.then == "reset":
        peer.reset()
