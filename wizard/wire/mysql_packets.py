"""MySQL's packets and the pieces that they are made of; what they mean is said in `mysql`.

It must never do I/O or decide what a packet means.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.named import NamedTuple
from wizard.wire import ProtocolError, printable, sniff

_KINDS = {
    0x00: "ok",
    0x01: "auth-more",
    0x02: "auth-next",
    0x0A: "greeting",
    0xFE: "auth-switch",
    0xFF: "err",
}


class Packet(NamedTuple):
    """One packet: its sequence number and what it carries."""

    sequence: int
    payload: bytes

    @property
    def kind(self) -> str:
        """What it is during the handshake: greeting, ok, err, auth-switch, auth-more, auth-next or other."""
        return _KINDS.get(self.payload[0], "other") if self.payload else "other"


class Decoder:
    """Cuts a byte stream into packets: `feed`, then iterate what is complete.

    Raises ProtocolError when the first bytes are somebody else's or a packet is above `limit` bytes.
    Packets of 16 MiB, which continue in the next one, are above any limit that makes sense here.
    """

    def __init__(self, limit: int = 1 << 20) -> None:
        self._limit = min(limit, 0xFFFFFE)
        self._buffer = bytearray()
        self._first = True

    @property
    def pending(self) -> bytes:
        """Bytes that are not yet a whole packet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._buffer += data

    def finish(self) -> None:
        """The peer closed: raise ProtocolError if it did so inside a packet."""
        if self._buffer:
            raise _foreign(bytes(self._buffer), "the connection closed inside a packet")

    def restart(self) -> None:
        """After TLS took over: forget what came before and let the next packet be of any kind."""
        self._buffer.clear()

    def __iter__(self) -> Iterator[Packet]:
        while (packet := self._next()) is not None:
            yield packet

    def _next(self) -> Packet | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        size = int.from_bytes(buffer[:3], "little")
        if size > self._limit:
            raise _foreign(bytes(buffer), f"packet length {size} is impossible")
        if self._first and sniff(bytes(buffer[:512])) not in ("mysql", "unknown"):
            raise _foreign(bytes(buffer), "not a packet")
        if len(buffer) < size + 4:
            return None
        packet = Packet(buffer[3], bytes(buffer[4 : size + 4]))
        del buffer[: size + 4]
        self._first = False
        return packet


def _foreign(data: bytes, why: str) -> ProtocolError:
    seen = sniff(data)
    known = seen not in ("unknown", "mysql")
    what = f"this looks like {seen}" if known else why
    return ProtocolError(f"not MySQL's protocol: {what}", seen=seen, text=printable(data))


def packet(payload: bytes, sequence: int) -> bytes:
    """One packet as bytes."""
    return len(payload).to_bytes(3, "little") + bytes((sequence & 0xFF,)) + payload


def lenenc(data: bytes) -> bytes:
    """A length-encoded string of at most 16 MiB."""
    size = len(data)
    if size < 251:
        return bytes((size,)) + data
    return (
        b"\xfc" + size.to_bytes(2, "little") if size < 1 << 16 else b"\xfd" + size.to_bytes(3, "little")
    ) + data


class Reader:
    """Walks through a payload; everything raises ProtocolError where the bytes end too early."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self._data = data
        self._place = place

    @property
    def left(self) -> int:
        """How many bytes were not yet taken."""
        return len(self._data) - self._place

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > self.left:
            raise ProtocolError("a MySQL packet is shorter than its fields", seen="mysql")
        self._place += size
        return self._data[self._place - size : self._place]

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)

    def number(self, size: int) -> int:
        """A number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def until_nul(self) -> bytes:
        """A string that ends in a NUL, which is taken too."""
        end = self._data.find(b"\0", self._place)
        if end < 0:
            raise ProtocolError("a text without its end in a MySQL packet", seen="mysql")
        text = self._data[self._place : end]
        self._place = end + 1
        return text

    def lenenc_number(self) -> int:
        """A length-encoded number."""
        first = self.number(1)
        if first < 251:
            return first
        if first in (0xFB, 0xFF):
            raise ProtocolError("no length where a MySQL packet needs one", seen="mysql")
        return self.number({0xFC: 2, 0xFD: 3, 0xFE: 8}[first])

    def lenenc(self) -> bytes:
        """A length-encoded string."""
        return self.take(self.lenenc_number())

    def nullable(self) -> bytes | None:
        """A length-encoded string of a row, or NULL."""
        if self._data[self._place : self._place + 1] == b"\xfb":
            self._place += 1
            return None
        return self.lenenc()


def text_of(data: bytes) -> str:
    """UTF-8, with a mark for what is none."""
    return data.decode("utf-8", "replace")
