"""The server's side of PostgreSQL's protocol: what a server sends, and how it reads a client's first packet.

The practice range and the tests speak it. It does no I/O; formats and codes are those of `postgres`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from wizard.named import NamedTuple
from wizard.wire import ProtocolError, printable, sniff
from wizard.wire.postgres import (
    CANCEL_REQUEST_CODE,
    GSSENC_REQUEST_CODE,
    SSL_REQUEST_CODE,
    message,
    text_field,
)

MAX_STARTUP = 10_000  # MAX_STARTUP_PACKET_LENGTH, src/include/libpq/pqcomm.h

FRONTEND_TYPES = frozenset(b"pQXPBDEHSCdcfF")


class FrontendStart(NamedTuple):
    """The first packet of a client: `kind` is ssl, gss, cancel, startup, or tls (a ClientHello)."""

    kind: str
    params: Mapping[str, str] = {}
    version: int = 0
    size: int = 0
    """How many bytes of the input it took."""


def auth_method(code: int, data: bytes = b"") -> bytes:
    """Any Authentication message by its number."""
    return message(b"R", struct.pack("!I", code) + data)


def auth_ok() -> bytes:
    """AuthenticationOk."""
    return auth_method(0)


def auth_cleartext() -> bytes:
    """AuthenticationCleartextPassword."""
    return auth_method(3)


def auth_md5(salt: bytes) -> bytes:
    """AuthenticationMD5Password; `salt` is four bytes."""
    return auth_method(5, salt)


def auth_sasl(mechanisms: Sequence[str]) -> bytes:
    """AuthenticationSASL."""
    return auth_method(10, b"".join(map(text_field, mechanisms)) + b"\0")


def auth_sasl_continue(data: bytes) -> bytes:
    """AuthenticationSASLContinue."""
    return auth_method(11, data)


def auth_sasl_final(data: bytes) -> bytes:
    """AuthenticationSASLFinal."""
    return auth_method(12, data)


def _fields(fields: Mapping[str, str]) -> bytes:
    return b"".join(key.encode("ascii") + text_field(value) for key, value in fields.items()) + b"\0"


def error(fields: Mapping[str, str]) -> bytes:
    """ErrorResponse from the one-letter field codes, in the order given."""
    return message(b"E", _fields(fields))


def notice(fields: Mapping[str, str]) -> bytes:
    """NoticeResponse."""
    return message(b"N", _fields(fields))


def parameter_status(name: str, value: str) -> bytes:
    """ParameterStatus."""
    return message(b"S", text_field(name) + text_field(value))


def backend_key(pid: int, secret: int) -> bytes:
    """BackendKeyData."""
    return message(b"K", struct.pack("!II", pid, secret))


def ready(status: str = "I") -> bytes:
    """ReadyForQuery: I idle, T in a transaction, E in a failed one."""
    return message(b"Z", status.encode("ascii"))


def row_description(names: Sequence[str], oids: Sequence[int] = ()) -> bytes:
    """RowDescription in text format; columns without an oid are text (25)."""
    columns = [*oids, *[25] * (len(names) - len(oids))]
    parts = [
        text_field(name) + struct.pack("!IhIhih", 0, 0, oid, -1, -1, 0)
        for name, oid in zip(names, columns, strict=True)
    ]
    return message(b"T", struct.pack("!H", len(names)) + b"".join(parts))


def data_row(values: Sequence[str | None]) -> bytes:
    """DataRow; None is NULL."""
    parts = [struct.pack("!H", len(values))]
    for value in values:
        data = None if value is None else value.encode("utf-8")
        parts.append(struct.pack("!i", -1) if data is None else struct.pack("!i", len(data)) + data)
    return message(b"D", b"".join(parts))


def command_complete(tag: str) -> bytes:
    """CommandComplete, for example `SELECT 1`."""
    return message(b"C", text_field(tag))


def empty() -> bytes:
    """EmptyQueryResponse."""
    return message(b"I")


def parse_frontend_start(data: bytes) -> FrontendStart | None:
    """A client's first packet, or None while it is not whole; ProtocolError when it is no such packet."""
    if data[:1] == b"\x16":
        return FrontendStart("tls")
    if len(data) < 8:
        return None
    length, code = struct.unpack_from("!II", data)
    if not 8 <= length <= MAX_STARTUP:
        raise ProtocolError("invalid length of startup packet", seen=sniff(data), text=printable(data))
    if len(data) < length:
        return None
    kinds = {SSL_REQUEST_CODE: "ssl", GSSENC_REQUEST_CODE: "gss", CANCEL_REQUEST_CODE: "cancel"}
    if code in kinds:
        return FrontendStart(kinds[code], version=code, size=length)
    if code >> 16 != 3:
        raise ProtocolError(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}")
    words = data[8:length].decode("utf-8", "replace").split("\0")
    end = next((i for i in range(0, len(words), 2) if not words[i]), len(words))
    return FrontendStart("startup", dict(zip(words[:end:2], words[1:end:2], strict=False)), code, length)
