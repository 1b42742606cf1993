"""MySQL's packets over one client's connection: one at a time, with their sequence numbers."""

from __future__ import annotations

from wizard.practice.peer import Peer
from wizard.wire import mysql as my


class Link:
    """The packets of one connection."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._decoder = my.Decoder()
        self._sequence = 0

    def receive(self) -> bytes:
        """The payload of the next packet; not a byte more is read: a client sends its TLS hello behind SSLRequest.

        Raises ProtocolError for what is no packet, EOFError when the client is gone.
        """
        head = self.peer.receive_exactly(4)
        self._decoder.feed(head)
        found = list(self._decoder)  # raises for an impossible length before anything is read
        if not found:
            self._decoder.feed(self.peer.receive_exactly(int.from_bytes(head[:3], "little")))
            found = list(self._decoder)
        self._sequence = found[0].sequence + 1
        return found[0].payload

    def send(self, *payloads: bytes) -> None:
        """One packet for each payload."""
        data = b"".join(my.packet(payload, self._sequence + i) for i, payload in enumerate(payloads))
        self._sequence += len(payloads)
        self.peer.send(data)
