"""The one connection of a walk: opened by `network.connect`, spoken to by every later probe, ended politely.

One connection instead of one a layer: a database that is short of slots loses one, and MySQL counts interrupted
handshakes against the client's host (error 1129).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import cached_property

from wizard import footprint
from wizard.core.touched import OPEN
from wizard.named import TYPE_CHECKING
from wizard.target.model import HostPort
from wizard.wire import ProtocolError

if TYPE_CHECKING:
    from typing import Any

    from wizard.wire import mysql, postgres

CHUNK = 65536
GOODBYE = 0.5
"""Seconds for a polite end."""


class Channel:
    """A connected socket with deadlines, TLS or not, and the protocol state that later probes need."""

    def __init__(
        self,
        sock: socket.socket,
        peer: HostPort,
        address: str,
        record: footprint.Connection | None = None,
    ) -> None:
        self.sock: Any = sock
        self.peer = peer
        self.address = address
        self.record = record or footprint.now().opening(footprint.place_of(address, peer.port)).opened()
        """What the walk's ledger holds of this connection."""
        self.shown = b""
        """The certificate that the server showed, accepted or not (DER); empty without TLS."""
        self.tls = False
        self.waiting: deque[postgres.Message] = deque()
        self.parameters: dict[str, str] = {}
        self.logged_in = False
        self.proved = False
        """Whether the peer has confirmed the password (the last message of SCRAM)."""
        self.session_id = 0
        """The number that the peer gives to this session (PostgreSQL's BackendKeyData); 0 where none."""
        self.greeting: mysql.Greeting | None = None
        self.driver: Any = None
        """The driver's connection, where only a driver speaks the method that the server asked for."""
        self.asks: Callable[[str], list[dict[str, str | None]]] | None = None
        """What answers questions in place of this socket, where somebody else holds the session (`psql.py`)."""
        self.only_proof = False
        """Whether the password may only be proved, and not be sent to be read by whoever answers."""
        self.sequence = 1
        """The number of the next packet of MySQL that we send."""

    @cached_property
    def decoder(self) -> postgres.Decoder:
        """What cuts PostgreSQL's bytes into messages."""
        from wizard.wire.postgres import Decoder

        return Decoder()

    @cached_property
    def packets(self) -> mysql.Decoder:
        """What cuts MySQL's bytes into packets."""
        from wizard.wire.mysql import Decoder

        return Decoder()

    def send(self, data: bytes, until: float) -> None:
        """Send all of `data`. Raises OSError (TimeoutError when the moment `until` has passed)."""
        self.sock.settimeout(left(until))
        self.sock.sendall(data)
        self.record.sent += len(data)

    def receive(self, until: float) -> bytes:
        """What comes next; empty when the peer closed. Raises OSError (TimeoutError when `until` has passed)."""
        self.sock.settimeout(left(until))
        try:
            data: bytes = self.sock.recv(CHUNK)
        except ConnectionError:
            self.record.left()
            raise
        self.record.received += len(data)
        if not data:
            self.record.left()
        return data

    def message(self, until: float) -> postgres.Message | None:
        """The next whole message of PostgreSQL; None when the peer closed.

        Raises OSError, and ProtocolError when the bytes are not PostgreSQL's.
        """
        while not self.waiting:
            data = self.receive(until)
            if not data:
                _finish(self.decoder)
                return None
            self.decoder.feed(data)
            self.waiting.extend(self.decoder)
        return self.waiting.popleft()

    def packet(self, until: float) -> mysql.Packet | None:
        """The next whole packet of MySQL; None when the peer closed. Raises as `message` does."""
        while True:
            packet = next(iter(self.packets), None)
            if packet is not None:
                self.sequence = (packet.sequence + 1) % 256
                return packet
            data = self.receive(until)
            if not data:
                _finish(self.packets)
                return None
            self.packets.feed(data)

    def _goodbye(self) -> bytes:
        if self.greeting is None:
            from wizard.wire.postgres import terminate

            return terminate()
        from wizard.wire.mysql import packet, quit_command

        return packet(quit_command(), 0)

    def close(self) -> None:
        """Say goodbye in the protocol where there is one, then close. Never raises."""
        try:
            if self.driver is not None:
                self.driver.close()
            elif self._is_unfinished():
                from wizard.probes.login_mysql import decline

                decline(self, time.monotonic() + GOODBYE)
            if self.logged_in and self.driver is None:
                self.send(self._goodbye(), time.monotonic() + GOODBYE)
        except Exception:  # noqa: BLE001, S110 - a peer that is gone needs no goodbye
            pass
        finally:
            self.drop()

    def drop(self) -> None:
        """Close without a word. Never raises."""
        with contextlib.suppress(OSError):
            self.sock.close()
        self.record.closed()

    def _is_unfinished(self) -> bool:
        """Whether MySQL still waits for a login: it would hold a close now against this host (error 1129)."""
        begun = self.record.user is not None or self.record.ended != OPEN
        return self.greeting is not None and not begun and (self.tls or self.sequence == 1)


def open_channel(peer: HostPort, address: str, until: float) -> Channel:
    """A connection to an address (no name), or to the file of a Unix socket; `@` is the abstract kind.

    Raises OSError, and ValueError for a path that no socket can have.
    """
    record = footprint.now().opening(footprint.place_of(address, peer.port))
    local = address.startswith(("/", "@"))
    family = socket.AF_UNIX if local else socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(left(until))
        if local:
            sock.connect("\0" + address[1:] if address.startswith("@") else address)
        else:
            sock.connect((address, peer.port))
    except (OSError, ValueError, OverflowError):
        sock.close()
        raise
    return Channel(sock, peer, address, record.opened())


def _finish(decoder: postgres.Decoder | mysql.Decoder) -> None:
    """The peer closed. Raises ProtocolError where what it said so far is somebody else's; half a message is not."""
    try:
        decoder.finish()
    except ProtocolError as error:
        if error.seen not in ("unknown", "postgresql", "mysql"):
            raise


def left(until: float) -> float:
    """Seconds until the moment; at least a millisecond, for 0 would mean non-blocking. Raises TimeoutError after it."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the time for this step is over")
    return max(seconds, 0.001)
