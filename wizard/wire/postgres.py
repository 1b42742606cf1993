"""PostgreSQL's frontend/backend protocol, version 3: bytes to messages and back, as a client needs it.

What a server sends is in `postgres_server`.

It must never do I/O, keep a password longer than a login needs it, or decide what an answer means.
Formats and codes: the chapter "Frontend/Backend Protocol" of the manual and src/include/libpq/protocol.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from wizard.named import NamedTuple
from wizard.wire import ProtocolError, is_old_error, printable, raw, sniff

PROTOCOL_3_0 = 196608  # 3 << 16
SSL_REQUEST_CODE = 80877103
GSSENC_REQUEST_CODE = 80877104
CANCEL_REQUEST_CODE = 80877102

BACKEND_TYPES = frozenset(b"RSKZTDCIENAvGHWVdc123nst")

_AUTH_METHODS = {
    0: "ok",
    1: "kerberos",
    2: "kerberos",
    3: "cleartext",
    4: "crypt",
    5: "md5",
    6: "scm",
    7: "gss",
    8: "gss-continue",
    9: "sspi",
    10: "sasl",
    11: "sasl-continue",
    12: "sasl-final",
}
_ERROR_FIELDS = {
    "S": "severity",
    "V": "severity_code",
    "C": "code",
    "M": "message",
    "D": "detail",
    "H": "hint",
    "P": "position",
    "W": "where",
    "s": "schema",
    "t": "table",
    "c": "column",
    "d": "datatype",
    "n": "constraint",
    "F": "file",
    "L": "line",
    "R": "routine",
}


class Message(NamedTuple):
    """One typed message: its one-byte type and the bytes after the length."""

    type: bytes
    payload: bytes


class ErrorFields(NamedTuple):
    """An ErrorResponse or NoticeResponse; a field that was not sent is ""."""

    severity: str = ""
    """As shown, in the server's language."""
    severity_code: str = ""
    """Never translated; servers before 9.6 do not send it."""
    code: str = ""
    """The SQLSTATE."""
    message: str = ""
    detail: str = ""
    hint: str = ""
    position: str = ""
    where: str = ""
    schema: str = ""
    table: str = ""
    column: str = ""
    datatype: str = ""
    constraint: str = ""
    file: str = ""
    line: str = ""
    routine: str = ""


class Auth(NamedTuple):
    """What the server asks for in an Authentication message."""

    method: str
    code: int
    salt: bytes = b""
    """Four bytes, for md5."""
    mechanisms: tuple[str, ...] = ()
    """The SASL mechanisms on offer, in the server's order."""
    data: bytes = b""
    """What follows the code: the SASL challenge, the GSSAPI token."""


class Decoder:
    """Cuts a byte stream into messages: `feed`, then iterate what is complete.

    Raises ProtocolError, and does so again on every later use, when the stream cannot be this protocol: an
    unknown type, a length below 4 or above `limit` bytes, or a greeting of somebody else.
    """

    def __init__(self, limit: int = 1 << 20, types: frozenset[int] = BACKEND_TYPES) -> None:
        self._limit = limit
        self._types = types
        self._buffer = bytearray()
        self._first = True

    @property
    def pending(self) -> bytes:
        """Bytes that are not yet a whole message."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._buffer += data

    def finish(self) -> None:
        """The peer closed: raise ProtocolError if it did so inside a message, naming what could be read."""
        if not self._buffer:
            return
        if self._first and is_old_error(self._buffer):
            raise _old_error(bytes(self._buffer))
        raise _foreign(bytes(self._buffer), "the connection closed inside a message")

    def __iter__(self) -> Iterator[Message]:
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        buffer = self._buffer
        if not buffer:
            return None
        if buffer[0] not in self._types:
            raise _foreign(bytes(buffer), f"message type 0x{buffer[0]:02x} does not exist")
        if len(buffer) < 5:
            return None
        if self._first and is_old_error(buffer):
            if b"\0" not in buffer and len(buffer) < 8192:
                return None
            raise _old_error(bytes(buffer))
        length = int.from_bytes(buffer[1:5], "big")
        if not 4 <= length <= self._limit:
            raise _foreign(bytes(buffer), f"message length {length} is impossible")
        if self._first and sniff(bytes(buffer[:16])) == "mysql":
            raise _foreign(bytes(buffer), "not a message")
        if len(buffer) < length + 1:
            return None
        message = Message(bytes(buffer[:1]), bytes(buffer[5 : length + 1]))
        del buffer[: length + 1]
        self._first = False
        return message


def _foreign(data: bytes, why: str) -> ProtocolError:
    """The error for bytes that are not this protocol, with what they look like."""
    seen = sniff(data)
    looks = {"http": "an HTTP answer", "ssh": "an SSH banner", "mysql": "a MySQL greeting or error"}.get(seen)
    if seen == "tls":
        looks = "a TLS alert" if data[0] == 0x15 else "a TLS handshake"
    if looks is None and seen not in ("unknown", "postgresql"):
        looks = f"an answer of {seen}"
    description = f"not PostgreSQL's protocol: {looks}" if looks else f"not PostgreSQL's protocol: {why}"
    return ProtocolError(description, seen=seen, text=printable(data[5:] if seen == "mysql" else data))


def _old_error(data: bytes) -> ProtocolError:
    text = printable(data[1:].split(b"\0", 1)[0], 400)
    return ProtocolError(
        f"the server sent an error text in place of a message: {text}", seen="postgresql-old", text=text
    )


# What a client sends


def message(kind: bytes, payload: bytes = b"") -> bytes:
    """One typed message as bytes."""
    return kind + struct.pack("!I", len(payload) + 4) + payload


def text_field(value: str) -> bytes:
    """A text and the zero that ends it."""
    return raw(value) + b"\0"


def ssl_request() -> bytes:
    """SSLRequest; the server answers with one byte, S or N."""
    return struct.pack("!II", 8, SSL_REQUEST_CODE)


def gss_request() -> bytes:
    """GSSENCRequest; the server answers with one byte, G or N."""
    return struct.pack("!II", 8, GSSENC_REQUEST_CODE)


def startup(params: Mapping[str, str], version: int = PROTOCOL_3_0) -> bytes:
    """StartupMessage; `params` has at least `user`."""
    body = (
        struct.pack("!I", version)
        + b"".join(text_field(k) + text_field(v) for k, v in params.items())
        + b"\0"
    )
    return struct.pack("!I", len(body) + 4) + body


def password(text: str) -> bytes:
    """PasswordMessage: the cleartext, or what `md5_password` gives."""
    return message(b"p", text_field(text))


def sasl_initial(mechanism: str, data: bytes) -> bytes:
    """SASLInitialResponse."""
    return message(b"p", text_field(mechanism) + struct.pack("!i", len(data)) + data)


def sasl_response(data: bytes) -> bytes:
    """SASLResponse."""
    return message(b"p", data)


def query(sql: str) -> bytes:
    """Query, the simple protocol."""
    return message(b"Q", text_field(sql))


def terminate() -> bytes:
    """Terminate: the orderly end."""
    return message(b"X")


# Reading payloads; all raise ProtocolError where the bytes end too early


def _cut(data: bytes, start: int) -> tuple[str, int]:
    """The text up to the next NUL and the place after it."""
    end = data.find(b"\0", start)
    if end < 0:
        raise ProtocolError("a text without its end in a PostgreSQL message", seen="postgresql")
    return data[start:end].decode("utf-8", "replace"), end + 1


def _unpack(layout: str, data: bytes, start: int = 0) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, data, start)
    except struct.error:
        raise ProtocolError("a PostgreSQL message is shorter than its fields", seen="postgresql") from None


def parse_error(payload: bytes) -> ErrorFields:
    """The fields of an E or N message; a cut-off last field keeps what came, unknown ones are dropped."""
    found: dict[str, str] = {}
    for part in payload.split(b"\0"):
        name = _ERROR_FIELDS.get(chr(part[0])) if part else None
        if name is not None:
            found[name] = part[1:].decode("utf-8", "replace")
    return ErrorFields(**found)


def parse_auth(payload: bytes) -> Auth:
    """What an R message asks for."""
    (code,) = _unpack("!I", payload)
    data = payload[4:]
    method = _AUTH_METHODS.get(code, "unknown")
    if method == "md5":
        if len(data) < 4:
            raise ProtocolError("an MD5 request without its salt", seen="postgresql")
        return Auth(method, code, salt=data[:4])
    if method == "sasl":
        names = tuple(name.decode("utf-8", "replace") for name in data.split(b"\0") if name)
        return Auth(method, code, mechanisms=names)
    return Auth(method, code, data=data)


def parse_parameter_status(payload: bytes) -> tuple[str, str]:
    """Name and value of an S message."""
    name, place = _cut(payload, 0)
    return name, _cut(payload, place)[0]


def parse_ready(payload: bytes) -> str:
    """I, T or E of a Z message."""
    if payload not in (b"I", b"T", b"E"):
        raise ProtocolError("ReadyForQuery with an unknown transaction status", seen="postgresql")
    return payload.decode("ascii")


def parse_row_description(payload: bytes) -> tuple[str, ...]:
    """The column names of a T message."""
    (count,) = _unpack("!H", payload)
    names, place = [], 2
    for _ in range(count):
        name, place = _cut(payload, place)
        _unpack("!IhIhih", payload, place)
        names.append(name)
        place += 18
    return tuple(names)


def parse_data_row(payload: bytes) -> tuple[str | None, ...]:
    """The values of a D message as text; NULL is None."""
    (count,) = _unpack("!H", payload)
    values: list[str | None] = []
    place = 2
    for _ in range(count):
        (size,) = _unpack("!i", payload, place)
        place += 4
        if size < 0:
            values.append(None)
            continue
        if place + size > len(payload):
            raise ProtocolError("a PostgreSQL message is shorter than its fields", seen="postgresql")
        values.append(payload[place : place + size].decode("utf-8", "replace"))
        place += size
    return tuple(values)
