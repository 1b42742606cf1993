"""One client of the range: reading, writing, the step to TLS, and the ways to break off."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wizard.practice.model import Answer, Ending

if TYPE_CHECKING:
    from wizard.practice.certificates import ServerTls

PATIENCE = 60.0
"""Seconds that a silent client is kept, or kept waiting."""
_ALERTS = {"old-only": 70, "alert": 40}
"""The fatal alerts protocol_version and handshake_failure (RFC 8446, 6)."""


class Watcher(Protocol):
    """Reads along with one client. It must not raise, and changes nothing."""

    def came(self, data: bytes) -> None:
        """The client sent this; deciphered."""

    def sent(self, data: bytes) -> None:
        """This was sent to the client."""

    def encrypted(self) -> None:
        """TLS was agreed on."""

    def ended(self) -> None:
        """The conversation is over."""


Watch = Callable[[str, str], Watcher]
"""Gives who reads along, for the kind of client (`sql`, or `dns` for a question to a nameserver) and its address."""


def watcher_of(watch: Watch | None, kind: str, client: tuple[str, int]) -> Watcher | None:
    """Who reads along with the client at this address and port, where anybody does."""
    return watch(kind, f"{client[0]}:{client[1]}") if watch is not None else None


@dataclass(frozen=True)
class Surroundings:
    """What a session may use besides its client."""

    stop: threading.Event
    tls: ServerTls | None = None
    answers: Sequence[Answer] = ()
    watch: Watch | None = None


class Peer:
    """A connected client."""

    def __init__(self, connection: socket.socket, watcher: Watcher | None = None) -> None:
        self._socket = connection
        self._watcher = watcher
        self._aborted = False
        self.encrypted = False

    def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._watcher is not None and data:
            self._watcher.sent(data)
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """What has come; EOFError when the client is gone."""
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        if self._watcher is not None:
            self._watcher.came(data)
        return data

    def receive_exactly(self, size: int) -> bytes:
        """That many bytes; EOFError when the client goes before."""
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        if self._watcher is not None and data:
            self._watcher.came(data)
        return data

    def encrypt(self, tls: ServerTls, around: Surroundings) -> None:
        """Go on in TLS, as the server; EOFError where it is one that breaks the handshake off."""
        if tls.oddity in (*_ALERTS, "breaks-off", "silent"):
            self._spoil(tls.oddity, around)
        wrapped = tls.context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        self._socket = wrapped  # before the handshake, so that `abort` can end it
        if self._aborted:
            raise EOFError
        wrapped.do_handshake()
        self.encrypted = True
        if self._watcher is not None:
            self._watcher.encrypted()

    def _spoil(self, oddity: str, around: Surroundings) -> None:
        """Answer the client's hello with an alert, silence, or nothing."""
        self.receive()
        if oddity in _ALERTS:
            self.send(bytes((21, 3, 1, 0, 2, 2, _ALERTS[oddity])))
        elif oddity == "silent":
            around.stop.wait(PATIENCE)
        raise EOFError

    def break_off(self, ending: Ending | None, at: str, around: Surroundings) -> None:
        """EOFError where the server breaks off at this moment, in its manner."""
        if ending is None or ending.at != at:
            return
        if ending.by == "silence":
            around.stop.wait(PATIENCE)
        elif ending.by == "reset":
            self.reset()
        raise EOFError

    def reset(self) -> None:
        """Close with a reset in place of an orderly end."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def finish(self) -> None:
        """An orderly end: the last words arrive even when the client sent more than was read."""
        try:
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket = self._socket.unwrap()
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(1)
            while self._socket.recv(65536):
                pass
        except (OSError, ValueError):
            pass
        finally:
            self._socket.close()
            if self._watcher is not None:
                self._watcher.ended()

    def abort(self) -> None:
        """Wake up whoever waits for this client, from another thread."""
        self._aborted = True
        with contextlib.suppress(OSError):
            # Past SSLSocket.shutdown, which takes the TLS state away from the thread that is using it.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
