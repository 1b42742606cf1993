"""The MySQL and MariaDB client/server protocol, version 10 and 4.1: bytes to packets and back.

It must never do I/O or decide what an answer means. Formats: "MySQL Client/Server Protocol" in the MySQL
server's source documentation and "Clients & Utilities / Client-Server Protocol" of MariaDB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wizard.wire import ProtocolError, printable, sniff

# Capability bits, include/mysql_com.h
LONG_PASSWORD = 1  # MariaDB calls it CLIENT_MYSQL and clears it when it sends capabilities of its own
FOUND_ROWS = 1 << 1
LONG_FLAG = 1 << 2
CONNECT_WITH_DB = 1 << 3
PROTOCOL_41 = 1 << 9
SSL = 1 << 11
TRANSACTIONS = 1 << 13
SECURE_CONNECTION = 1 << 15
MULTI_RESULTS = 1 << 17
PLUGIN_AUTH = 1 << 19
CONNECT_ATTRS = 1 << 20
PLUGIN_AUTH_LENENC = 1 << 21
DEPRECATE_EOF = 1 << 24

STATUS_AUTOCOMMIT = 2
UTF8MB4_GENERAL_CI = 45
COM_QUIT, COM_INIT_DB, COM_QUERY, COM_PING = 1, 2, 3, 14
COLUMN_STRING, COLUMN_INTEGER = 0xFD, 0x08  # MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_LONGLONG

CLIENT_DEFAULT = (
    LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | MULTI_RESULTS | PLUGIN_AUTH
)
SERVER_DEFAULT = CLIENT_DEFAULT | FOUND_ROWS | CONNECT_WITH_DB | CONNECT_ATTRS | PLUGIN_AUTH_LENENC

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


class Greeting(NamedTuple):
    """HandshakeV10, the first words of a server."""

    version: str
    """Without the `5.5.5-` that MariaDB puts first for old replicas."""
    thread_id: int
    capabilities: int
    charset: int
    status: int
    plugin: str
    salt: bytes
    mariadb: bool
    raw_version: str

    @property
    def tls(self) -> bool:
        """Whether the server offers TLS."""
        return bool(self.capabilities & SSL)


class ServerError(NamedTuple):
    """An ERR packet; `sqlstate` is None where the server sent none, as before the handshake."""

    number: int
    message: str
    sqlstate: str | None = None


class Ok(NamedTuple):
    """An OK packet."""

    affected_rows: int
    last_insert_id: int
    status: int
    warnings: int
    info: str


class AuthSwitch(NamedTuple):
    """The server asks for another plugin, with a new salt."""

    plugin: str
    salt: bytes


class HandshakeResponse(NamedTuple):
    """HandshakeResponse41, or the SSLRequest that precedes it (`is_ssl_request`, no user yet)."""

    capabilities: int
    charset: int
    user: str = ""
    auth: bytes = b""
    database: str = ""
    plugin: str = ""
    attributes: Mapping[str, str] = {}
    is_ssl_request: bool = False


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


# Pieces


def packet(payload: bytes, sequence: int) -> bytes:
    """One packet as bytes."""
    return len(payload).to_bytes(3, "little") + bytes((sequence & 0xFF,)) + payload


def _lenenc(data: bytes) -> bytes:
    size = len(data)
    if size < 251:
        return bytes((size,)) + data
    return (
        b"\xfc" + size.to_bytes(2, "little") if size < 1 << 16 else b"\xfd" + size.to_bytes(3, "little")
    ) + data


class _Reader:
    """Walks through a payload; everything raises ProtocolError where the bytes end too early."""

    def __init__(self, data: bytes, place: int = 0) -> None:
        self._data = data
        self._place = place

    @property
    def left(self) -> int:
        return len(self._data) - self._place

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise ProtocolError("a MySQL packet is shorter than its fields", seen="mysql")
        self._place += size
        return self._data[self._place - size : self._place]

    def rest(self) -> bytes:
        return self.take(self.left)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def until_nul(self) -> bytes:
        end = self._data.find(b"\0", self._place)
        if end < 0:
            raise ProtocolError("a text without its end in a MySQL packet", seen="mysql")
        text = self._data[self._place : end]
        self._place = end + 1
        return text

    def lenenc_number(self) -> int:
        first = self.number(1)
        if first < 251:
            return first
        if first in (0xFB, 0xFF):
            raise ProtocolError("no length where a MySQL packet needs one", seen="mysql")
        return self.number({0xFC: 2, 0xFD: 3, 0xFE: 8}[first])

    def lenenc(self) -> bytes:
        return self.take(self.lenenc_number())

    def nullable(self) -> bytes | None:
        if self._data[self._place : self._place + 1] == b"\xfb":
            self._place += 1
            return None
        return self.lenenc()


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# What a server sends


def greeting(
    version: str,
    thread_id: int,
    salt: bytes,
    *,
    plugin: str = "mysql_native_password",
    capabilities: int = SERVER_DEFAULT,
    charset: int = UTF8MB4_GENERAL_CI,
    status: int = STATUS_AUTOCOMMIT,
) -> bytes:
    """The payload of HandshakeV10; `salt` is 20 bytes without a NUL, `version` as it goes on the wire."""
    return (
        b"\x0a"
        + version.encode()
        + b"\0"
        + struct.pack("<I", thread_id)
        + salt[:8]
        + b"\0"
        + struct.pack("<HBHHB", capabilities & 0xFFFF, charset, status, capabilities >> 16, len(salt) + 1)
        + b"\0" * 10
        + salt[8:]
        + b"\0"
        + plugin.encode()
        + b"\0"
    )


def parse_greeting(payload: bytes) -> Greeting:
    """A HandshakeV10 payload; ProtocolError for another protocol version or a cut-off packet."""
    reader = _Reader(payload)
    if reader.number(1) != 10:
        raise ProtocolError("not a MySQL greeting of protocol version 10", seen=sniff(packet(payload, 0)))
    raw = _decode(reader.until_nul())
    thread_id = reader.number(4)
    salt = reader.take(8)
    reader.take(1)
    capabilities = reader.number(2)
    charset = status = size = 0
    plugin = ""
    extended = b""
    if reader.left:
        charset, status = reader.number(1), reader.number(2)
        capabilities |= reader.number(2) << 16
        size = reader.number(1)
        extended = reader.take(10)[6:]  # MariaDB: capabilities above bit 31; MySQL: zero
        if capabilities & SECURE_CONNECTION:
            salt += reader.take(max(13, size - 8)).rstrip(b"\0")
        if capabilities & PLUGIN_AUTH:
            plugin = _decode(reader.rest().split(b"\0", 1)[0])
    prefixed = raw.startswith("5.5.5-") and raw[6:7].isdigit()
    own_bits = not capabilities & LONG_PASSWORD and any(extended)
    return Greeting(
        version=raw[6:] if prefixed else raw,
        thread_id=thread_id,
        capabilities=capabilities,
        charset=charset,
        status=status,
        plugin=plugin,
        salt=salt,
        mariadb=prefixed or own_bits or "mariadb" in raw.lower(),
        raw_version=raw,
    )


def error(number: int, text: str, sqlstate: str | None = None) -> bytes:
    """The payload of ERR; without `sqlstate` the marker is left out, as servers do before the handshake."""
    marker = b"" if sqlstate is None else b"#" + sqlstate.encode("ascii")
    return b"\xff" + struct.pack("<H", number) + marker + text.encode()


def parse_error(payload: bytes) -> ServerError:
    """An ERR payload."""
    reader = _Reader(payload)
    if reader.number(1) != 0xFF:
        raise ProtocolError("not a MySQL error packet", seen="mysql")
    number = reader.number(2)
    rest = reader.rest()
    if rest[:1] == b"#" and len(rest) >= 6:
        return ServerError(number, _decode(rest[6:]), rest[1:6].decode("ascii", "replace"))
    return ServerError(number, _decode(rest))


def ok(affected: int = 0, status: int = STATUS_AUTOCOMMIT, info: str = "") -> bytes:
    """The payload of OK, for fewer than 251 rows."""
    return b"\0" + bytes((affected, 0)) + struct.pack("<HH", status, 0) + info.encode()


def parse_ok(payload: bytes) -> Ok:
    """An OK payload (also the one that ends a result set without EOF packets)."""
    reader = _Reader(payload)
    if reader.number(1) not in (0x00, 0xFE):
        raise ProtocolError("not a MySQL OK packet", seen="mysql")
    affected, last = reader.lenenc_number(), reader.lenenc_number()
    return Ok(affected, last, reader.number(2), reader.number(2), _decode(reader.rest()))


def auth_switch(plugin: str, salt: bytes) -> bytes:
    """The payload of AuthSwitchRequest."""
    return b"\xfe" + plugin.encode() + b"\0" + salt + b"\0"


def parse_auth_switch(payload: bytes) -> AuthSwitch:
    """An AuthSwitchRequest payload; the lone 0xfe of old servers is `mysql_old_password`."""
    if payload[:1] != b"\xfe":
        raise ProtocolError("not a MySQL authentication switch", seen="mysql")
    if len(payload) == 1:
        return AuthSwitch("mysql_old_password", b"")
    reader = _Reader(payload, 1)
    return AuthSwitch(_decode(reader.until_nul()), reader.rest().removesuffix(b"\0"))


def auth_more(data: bytes) -> bytes:
    """The payload of AuthMoreData; caching_sha2_password sends 3 (was right) or 4 (full way needed)."""
    return b"\x01" + data


def parse_auth_more(payload: bytes) -> bytes:
    """What an AuthMoreData payload carries."""
    if payload[:1] != b"\x01":
        raise ProtocolError("not MySQL's additional authentication data", seen="mysql")
    return payload[1:]


# What a client sends


def ssl_request(capabilities: int = CLIENT_DEFAULT, charset: int = UTF8MB4_GENERAL_CI) -> bytes:
    """The payload of SSLRequest; the TLS handshake follows it."""
    return struct.pack("<IIB", capabilities | SSL, 1 << 24, charset) + b"\0" * 23


def handshake_response(
    user: str,
    auth: bytes,
    *,
    database: str = "",
    plugin: str = "mysql_native_password",
    capabilities: int = CLIENT_DEFAULT,
    charset: int = UTF8MB4_GENERAL_CI,
    attributes: Mapping[str, str] | None = None,
) -> bytes:
    """The payload of HandshakeResponse41; `auth` is at most 250 bytes."""
    flags = capabilities | (CONNECT_WITH_DB if database else 0) | (CONNECT_ATTRS if attributes else 0)
    parts = [
        struct.pack("<IIB", flags, 1 << 24, charset),
        b"\0" * 23,
        user.encode(errors="surrogateescape"),
        b"\0",
        _lenenc(auth),
    ]
    if database:
        parts += [database.encode(errors="surrogateescape"), b"\0"]
    parts += [plugin.encode(), b"\0"]
    if attributes:
        parts.append(
            _lenenc(b"".join(_lenenc(k.encode()) + _lenenc(v.encode()) for k, v in attributes.items()))
        )
    return b"".join(parts)


def parse_handshake_response(payload: bytes) -> HandshakeResponse:
    """A HandshakeResponse41 or SSLRequest payload."""
    reader = _Reader(payload)
    flags = reader.number(4)
    reader.take(4)
    charset = reader.number(1)
    reader.take(23)
    if not flags & PROTOCOL_41:
        raise ProtocolError("a MySQL client older than 4.1", seen="mysql")
    if flags & SSL and not reader.left:
        return HandshakeResponse(flags, charset, is_ssl_request=True)
    user = _decode(reader.until_nul())
    auth = reader.lenenc() if flags & PLUGIN_AUTH_LENENC else reader.take(reader.number(1))
    database = _decode(reader.until_nul()) if flags & CONNECT_WITH_DB else ""
    plugin = (
        _decode(reader.rest().split(b"\0", 1)[0] if not flags & CONNECT_ATTRS else reader.until_nul())
        if flags & PLUGIN_AUTH
        else ""
    )
    attributes: dict[str, str] = {}
    if flags & CONNECT_ATTRS and reader.left:
        inner = _Reader(reader.lenenc())
        while inner.left:
            key = _decode(inner.lenenc())
            attributes[key] = _decode(inner.lenenc())
    return HandshakeResponse(flags, charset, user, auth, database, plugin, attributes)


def query(sql: str) -> bytes:
    """The payload of COM_QUERY."""
    return bytes((COM_QUERY,)) + sql.encode()


def quit_command() -> bytes:
    """The payload of COM_QUIT."""
    return bytes((COM_QUIT,))


# Result sets in text form


def _column(name: str, kind: int) -> bytes:
    texts = b"".join(_lenenc(part) for part in (b"def", b"", b"", b"", name.encode(), b""))
    return texts + b"\x0c" + struct.pack("<HIBHB", UTF8MB4_GENERAL_CI, 1024, kind, 0, 0) + b"\0\0"


def _eof() -> bytes:
    return b"\xfe" + struct.pack("<HH", 0, STATUS_AUTOCOMMIT)


def resultset(
    names: Sequence[str], rows: Sequence[Sequence[str | None]], kinds: Sequence[int] = ()
) -> tuple[bytes, ...]:
    """The payloads of a result set with EOF packets; columns without a kind are strings, None is NULL."""
    columns = [*kinds, *[COLUMN_STRING] * (len(names) - len(kinds))]
    described = [_column(name, kind) for name, kind in zip(names, columns, strict=True)]
    data = [b"".join(b"\xfb" if v is None else _lenenc(v.encode()) for v in row) for row in rows]
    return (bytes((len(names),)), *described, _eof(), *data, _eof())


def parse_resultset(
    payloads: Sequence[bytes],
) -> tuple[tuple[str, ...], tuple[tuple[str | None, ...], ...]]:
    """Column names and rows of one whole result set, with or without the EOF in the middle."""
    if not payloads:
        raise ProtocolError("an empty MySQL result set", seen="mysql")
    count = _Reader(payloads[0]).lenenc_number()
    names = []
    for payload in payloads[1 : count + 1]:
        reader = _Reader(payload)
        names.append(_decode([reader.lenenc() for _ in range(5)][4]))
    rows = []
    for payload in payloads[count + 1 :]:
        if payload[:1] == b"\xff":
            raise ProtocolError(
                "a MySQL result set that ends in an error", seen="mysql", text=parse_error(payload).message
            )
        if payload[:1] == b"\xfe" and len(payload) < 9:
            continue
        reader = _Reader(payload)
        rows.append(
            tuple(None if v is None else _decode(v) for v in (reader.nullable() for _ in range(count)))
        )
    return tuple(names), tuple(rows)


# Passwords


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def native_password(password: str, salt: bytes) -> bytes:
    """mysql_native_password: SHA1(password) xor SHA1(salt + SHA1(SHA1(password))); empty for no password."""
    import hashlib

    if not password:
        return b""
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    twice = hashlib.sha1(once, usedforsecurity=False).digest()
    return _xor(once, hashlib.sha1(salt + twice, usedforsecurity=False).digest())


def caching_sha2(password: str, salt: bytes) -> bytes:
    """caching_sha2_password's fast way: SHA256(password) xor SHA256(SHA256(SHA256(password)) + salt)."""
    import hashlib

    if not password:
        return b""
    once = hashlib.sha256(password.encode()).digest()
    return _xor(once, hashlib.sha256(hashlib.sha256(once).digest() + salt).digest())
