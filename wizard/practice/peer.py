"""One client of the range: reading, writing and the step to TLS. The only module here, with `server`, that
touches sockets.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wizard.practice.model import Answer

if TYPE_CHECKING:
    from wizard.practice.certificates import ServerTls


@dataclass(frozen=True)
class Surroundings:
    """What a session may use besides its client."""

    stop: threading.Event
    tls: ServerTls | None = None
    answers: Sequence[Answer] = ()


class Peer:
    """A connected client."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._aborted = False
        self.encrypted = False

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """What has come; EOFError when the client is gone."""
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        return data

    def receive_exactly(self, size: int) -> bytes:
        """That many bytes; EOFError when the client goes before."""
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Go on in TLS, as the server."""
        wrapped = context.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
        self._socket = wrapped  # before the handshake, so that `abort` can end it
        if self._aborted:
            raise EOFError
        wrapped.do_handshake()
        self.encrypted = True

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

    def abort(self) -> None:
        """Wake up whoever waits for this client, from another thread."""
        self._aborted = True
        with contextlib.suppress(OSError):
            # Past SSLSocket.shutdown, which takes the TLS state away from the thread that is using it.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
