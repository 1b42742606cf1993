"""The MySQL and MariaDB client/server protocol, version 10 and 4.1: payloads of packets and what they say.

It must never do I/O or decide what an answer means. Formats: "MySQL Client/Server Protocol" in the MySQL
server's source documentation and "Clients & Utilities / Client-Server Protocol" of MariaDB.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from wizard.named import NamedTuple
from wizard.wire import ProtocolError, raw, sniff
from wizard.wire.mysql_packets import Decoder, Packet, Reader, lenenc, packet, text_of

__all__ = ["Decoder", "Packet", "packet"]

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

CLIENT_DEFAULT = (
    LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | MULTI_RESULTS | PLUGIN_AUTH
)
SERVER_DEFAULT = CLIENT_DEFAULT | FOUND_ROWS | CONNECT_WITH_DB | CONNECT_ATTRS | PLUGIN_AUTH_LENENC


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
    reader = Reader(payload)
    if reader.number(1) != 10:
        raise ProtocolError("not a MySQL greeting of protocol version 10", seen=sniff(packet(payload, 0)))
    stated = text_of(reader.until_nul())
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
            plugin = text_of(reader.rest().split(b"\0", 1)[0])
    prefixed = stated.startswith("5.5.5-") and stated[6:7].isdigit()
    own_bits = not capabilities & LONG_PASSWORD and any(extended)
    return Greeting(
        version=stated[6:] if prefixed else stated,
        thread_id=thread_id,
        capabilities=capabilities,
        charset=charset,
        status=status,
        plugin=plugin,
        salt=salt,
        mariadb=prefixed or own_bits or "mariadb" in stated.lower(),
        raw_version=stated,
    )


def error(number: int, text: str, sqlstate: str | None = None) -> bytes:
    """The payload of ERR; without `sqlstate` the marker is left out, as servers do before the handshake."""
    marker = b"" if sqlstate is None else b"#" + sqlstate.encode("ascii")
    return b"\xff" + struct.pack("<H", number) + marker + text.encode()


def parse_error(payload: bytes) -> ServerError:
    """An ERR payload."""
    reader = Reader(payload)
    if reader.number(1) != 0xFF:
        raise ProtocolError("not a MySQL error packet", seen="mysql")
    number = reader.number(2)
    rest = reader.rest()
    if rest[:1] == b"#" and len(rest) >= 6:
        return ServerError(number, text_of(rest[6:]), rest[1:6].decode("ascii", "replace"))
    return ServerError(number, text_of(rest))


def ok(affected: int = 0, status: int = STATUS_AUTOCOMMIT, info: str = "") -> bytes:
    """The payload of OK, for fewer than 251 rows."""
    return b"\0" + bytes((affected, 0)) + struct.pack("<HH", status, 0) + info.encode()


def parse_ok(payload: bytes) -> Ok:
    """An OK payload (also the one that ends a result set without EOF packets)."""
    reader = Reader(payload)
    if reader.number(1) not in (0x00, 0xFE):
        raise ProtocolError("not a MySQL OK packet", seen="mysql")
    affected, last = reader.lenenc_number(), reader.lenenc_number()
    return Ok(affected, last, reader.number(2), reader.number(2), text_of(reader.rest()))


def auth_switch(plugin: str, salt: bytes) -> bytes:
    """The payload of AuthSwitchRequest."""
    return b"\xfe" + plugin.encode() + b"\0" + salt + b"\0"


def parse_auth_switch(payload: bytes) -> AuthSwitch:
    """An AuthSwitchRequest payload; the lone 0xfe of old servers is `mysql_old_password`."""
    if payload[:1] != b"\xfe":
        raise ProtocolError("not a MySQL authentication switch", seen="mysql")
    if len(payload) == 1:
        return AuthSwitch("mysql_old_password", b"")
    reader = Reader(payload, 1)
    return AuthSwitch(text_of(reader.until_nul()), reader.rest().removesuffix(b"\0"))


def auth_more(data: bytes) -> bytes:
    """The payload of AuthMoreData; caching_sha2_password sends 3 (was right) or 4 (full way needed)."""
    return b"\x01" + data


def parse_auth_more(payload: bytes) -> bytes:
    """What an AuthMoreData payload carries."""
    if payload[:1] != b"\x01":
        raise ProtocolError("not MySQL's additional authentication data", seen="mysql")
    return payload[1:]


def ssl_request(
    capabilities: int = CLIENT_DEFAULT, charset: int = UTF8MB4_GENERAL_CI, *, database: str = ""
) -> bytes:
    """The payload of SSLRequest; the TLS handshake follows it.

    MySQL goes by these capabilities alone: it ignores a `database` that only the packet behind them names.
    """
    flags = capabilities | SSL | (CONNECT_WITH_DB if database else 0)
    return struct.pack("<IIB", flags, 1 << 24, charset) + b"\0" * 23


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
        raw(user),
        b"\0",
        lenenc(auth),
    ]
    if database:
        parts += [raw(database), b"\0"]
    parts += [plugin.encode(), b"\0"]
    if attributes:
        parts.append(lenenc(b"".join(lenenc(k.encode()) + lenenc(v.encode()) for k, v in attributes.items())))
    return b"".join(parts)


def parse_handshake_response(payload: bytes) -> HandshakeResponse:
    """A HandshakeResponse41 or SSLRequest payload."""
    reader = Reader(payload)
    flags = reader.number(4)
    reader.take(4)
    charset = reader.number(1)
    reader.take(23)
    if not flags & PROTOCOL_41:
        raise ProtocolError("a MySQL client older than 4.1", seen="mysql")
    if flags & SSL and not reader.left:
        return HandshakeResponse(flags, charset, is_ssl_request=True)
    user = text_of(reader.until_nul())
    auth = reader.lenenc() if flags & PLUGIN_AUTH_LENENC else reader.take(reader.number(1))
    database = text_of(reader.until_nul()) if flags & CONNECT_WITH_DB else ""
    plugin = (
        text_of(reader.rest().split(b"\0", 1)[0] if not flags & CONNECT_ATTRS else reader.until_nul())
        if flags & PLUGIN_AUTH
        else ""
    )
    attributes: dict[str, str] = {}
    if flags & CONNECT_ATTRS and reader.left:
        inner = Reader(reader.lenenc())
        while inner.left:
            key = text_of(inner.lenenc())
            attributes[key] = text_of(inner.lenenc())
    return HandshakeResponse(flags, charset, user, auth, database, plugin, attributes)


def query(sql: str) -> bytes:
    """The payload of COM_QUERY."""
    return bytes((COM_QUERY,)) + sql.encode()


def quit_command() -> bytes:
    """The payload of COM_QUIT."""
    return bytes((COM_QUIT,))
