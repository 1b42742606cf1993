"""PostgreSQL's frontend/backend protocol, version 3: bytes to messages and back, for both sides.

It must never do I/O, keep a password longer than a login needs it, or decide what an answer means.
Formats and codes: the chapter "Frontend/Backend Protocol" of the manual and src/include/libpq/protocol.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from wizard.wire import ProtocolError, is_old_error, printable, sniff

PROTOCOL_3_0 = 196608  # 3 << 16
SSL_REQUEST_CODE = 80877103
GSSENC_REQUEST_CODE = 80877104
CANCEL_REQUEST_CODE = 80877102
MAX_STARTUP = 10_000  # MAX_STARTUP_PACKET_LENGTH, src/include/libpq/pqcomm.h
MAX_ITERATIONS = 1_000_000  # a hostile server must not make the client compute for minutes

BACKEND_TYPES = frozenset(b"RSKZTDCIENAvGHWVdc123nst")
FRONTEND_TYPES = frozenset(b"pQXPBDEHSCdcfF")

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


class FrontendStart(NamedTuple):
    """The first packet of a client: `kind` is ssl, gss, cancel, startup, or tls (a ClientHello)."""

    kind: str
    params: Mapping[str, str] = {}
    version: int = 0
    size: int = 0
    """How many bytes of the input it took."""


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


def _text(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape") + b"\0"  # what the shell gave as bytes goes out as bytes


def ssl_request() -> bytes:
    """SSLRequest; the server answers with one byte, S or N."""
    return struct.pack("!II", 8, SSL_REQUEST_CODE)


def gss_request() -> bytes:
    """GSSENCRequest; the server answers with one byte, G or N."""
    return struct.pack("!II", 8, GSSENC_REQUEST_CODE)


def startup(params: Mapping[str, str], version: int = PROTOCOL_3_0) -> bytes:
    """StartupMessage; `params` has at least `user`."""
    body = struct.pack("!I", version) + b"".join(_text(k) + _text(v) for k, v in params.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def password(text: str) -> bytes:
    """PasswordMessage: the cleartext, or what `md5_password` gives."""
    return message(b"p", _text(text))


def sasl_initial(mechanism: str, data: bytes) -> bytes:
    """SASLInitialResponse."""
    return message(b"p", _text(mechanism) + struct.pack("!i", len(data)) + data)


def sasl_response(data: bytes) -> bytes:
    """SASLResponse."""
    return message(b"p", data)


def query(sql: str) -> bytes:
    """Query, the simple protocol."""
    return message(b"Q", _text(sql))


def terminate() -> bytes:
    """Terminate: the orderly end."""
    return message(b"X")


# What a server sends


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
    return auth_method(10, b"".join(map(_text, mechanisms)) + b"\0")


def auth_sasl_continue(data: bytes) -> bytes:
    """AuthenticationSASLContinue."""
    return auth_method(11, data)


def auth_sasl_final(data: bytes) -> bytes:
    """AuthenticationSASLFinal."""
    return auth_method(12, data)


def _fields(fields: Mapping[str, str]) -> bytes:
    return b"".join(key.encode("ascii") + _text(value) for key, value in fields.items()) + b"\0"


def error(fields: Mapping[str, str]) -> bytes:
    """ErrorResponse from the one-letter field codes, in the order given."""
    return message(b"E", _fields(fields))


def notice(fields: Mapping[str, str]) -> bytes:
    """NoticeResponse."""
    return message(b"N", _fields(fields))


def parameter_status(name: str, value: str) -> bytes:
    """ParameterStatus."""
    return message(b"S", _text(name) + _text(value))


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
        _text(name) + struct.pack("!IhIhih", 0, 0, oid, -1, -1, 0)
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
    return message(b"C", _text(tag))


def empty() -> bytes:
    """EmptyQueryResponse."""
    return message(b"I")


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


# Login


def md5_password(user: str, password: str, salt: bytes) -> str:
    """The answer to an MD5 request: md5 of (md5 of password and user, in hexadecimal) and the salt."""
    import hashlib

    inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
    return "md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()


def saslprep(text: str) -> bytes:
    """RFC 4013 as PostgreSQL applies it (src/common/saslprep.c): text it forbids is used as it is."""
    if text.isascii():
        return text.encode("ascii")
    import stringprep
    import unicodedata

    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c))
    result = unicodedata.normalize("NFKC", mapped)
    forbidden = (
        stringprep.in_table_a1,
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )
    raw = text.encode("utf-8", "surrogatepass")
    if not result or any(test(c) for c in result for test in forbidden):
        return raw
    if any(map(stringprep.in_table_d1, result)):
        ends = stringprep.in_table_d1(result[0]) and stringprep.in_table_d1(result[-1])
        if not ends or any(map(stringprep.in_table_d2, result)):
            return raw
    return result.encode("utf-8")


def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    import hashlib

    return hashlib.pbkdf2_hmac("sha256", saslprep(password), salt, iterations)


def _hmac(key: bytes, data: bytes) -> bytes:
    import hmac

    return hmac.digest(key, data, "sha256")


def _proof_key(salted: bytes) -> tuple[bytes, bytes]:
    """ClientKey and StoredKey."""
    import hashlib

    client_key = _hmac(salted, b"Client Key")
    return client_key, hashlib.sha256(client_key).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _new_nonce() -> str:
    import base64
    import os

    return base64.b64encode(os.urandom(18)).decode("ascii")


def _attributes(data: bytes) -> dict[str, str]:
    """`a=b,c=d` as a mapping; a part without `=` is a protocol error."""
    found: dict[str, str] = {}
    for part in data.decode("utf-8", "replace").split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise ProtocolError("malformed SCRAM message", seen="postgresql")
        found.setdefault(name, value)
    return found


def _base64(text: str) -> bytes:
    import base64
    import binascii

    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("malformed base64 in a SCRAM message", seen="postgresql") from None


class ScramClient:
    """The client half of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677).

    `channel_binding_data` is the hash for tls-server-end-point, None without TLS; with data and the plain
    mechanism it tells the server that binding was possible, as libpq does. libpq leaves `user` empty, for the
    server takes the name of the startup message. Call `first`, `final` and `verify` in this order, once each.
    """

    def __init__(
        self,
        user: str,
        password: str,
        mechanism: str = "SCRAM-SHA-256",
        channel_binding_data: bytes | None = None,
        nonce: str | None = None,
    ) -> None:
        if mechanism not in ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"):
            raise ProtocolError(f"unknown SASL mechanism {printable(mechanism.encode())}")
        plus = mechanism.endswith("-PLUS")
        if plus and channel_binding_data is None:
            raise ProtocolError("SCRAM-SHA-256-PLUS needs a TLS connection")
        self._password = password
        self._nonce = nonce or _new_nonce()
        name = user.replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={name},r={self._nonce}".encode()
        self._binding = (channel_binding_data or b"") if plus else b""
        self._header = (
            b"p=tls-server-end-point,," if plus else b"n,," if channel_binding_data is None else b"y,,"
        )
        self._server_signature = b""

    def first(self) -> bytes:
        """client-first-message."""
        return self._header + self._bare

    def final(self, server_first: bytes) -> bytes:
        """client-final-message; ProtocolError for a foreign nonce, a broken message, an absurd count."""
        import base64

        parts = _attributes(server_first)
        nonce, salt = parts.get("r", ""), _base64(parts.get("s", ""))
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ProtocolError("the server's SCRAM nonce does not extend the client's", seen="postgresql")
        count = parts.get("i", "")
        if not (count.isascii() and count.isdigit() and len(count) < 10 and 0 < int(count) <= MAX_ITERATIONS):
            raise ProtocolError(f"SCRAM iteration count outside 1-{MAX_ITERATIONS}", seen="postgresql")
        if not salt:
            raise ProtocolError("SCRAM message without a salt", seen="postgresql")
        bare = b"c=" + base64.b64encode(self._header + self._binding) + b",r=" + nonce.encode()
        signed = self._bare + b"," + server_first + b"," + bare
        salted = _salted(self._password, salt, int(count))
        client_key, stored_key = _proof_key(salted)
        self._server_signature = _hmac(_hmac(salted, b"Server Key"), signed)
        return bare + b",p=" + base64.b64encode(_xor(client_key, _hmac(stored_key, signed)))

    def verify(self, server_final: bytes) -> None:
        """Raise ProtocolError unless the server proved that it knows the password too."""
        import hmac

        parts = _attributes(server_final)
        if "e" in parts:
            raise ProtocolError(
                f"the server ended SCRAM: {printable(parts['e'].encode())}", seen="postgresql"
            )
        proof = _base64(parts.get("v", ""))
        if not self._server_signature or not hmac.compare_digest(proof, self._server_signature):
            raise ProtocolError(
                "the server's SCRAM signature is wrong: it does not know the password", seen="postgresql"
            )


class ScramServer:
    """The server half, for the practice range: `first`, then `final` (None: wrong password)."""

    def __init__(
        self,
        password: str,
        *,
        salt: bytes = b"practice-salt-16",
        iterations: int = 4096,
        nonce: str | None = None,
        channel_binding_data: bytes = b"",
    ) -> None:
        self._password = password
        self._salt = salt
        self._iterations = iterations
        self._nonce = nonce or _new_nonce()
        self._binding = channel_binding_data
        self._header = self._bare = self._first = b""

    def first(self, client_first: bytes) -> bytes:
        """server-first-message."""
        import base64

        flag, comma, rest = client_first.partition(b",")
        authzid, second, bare = rest.partition(b",")
        nonce = _attributes(bare).get("r", "")
        if not (comma and second and nonce and flag[:1] in (b"n", b"y", b"p")):
            raise ProtocolError("malformed SCRAM message")
        self._header, self._bare = flag + b"," + authzid + b",", bare
        salt = base64.b64encode(self._salt).decode("ascii")
        self._nonce = nonce + self._nonce
        self._first = f"r={self._nonce},s={salt},i={self._iterations}".encode()
        return self._first

    def final(self, client_final: bytes) -> bytes | None:
        """server-final-message, or None where the proof, the nonce or the channel binding is wrong."""
        import base64
        import hmac

        bare, _, proof = client_final.rpartition(b",p=")
        parts = _attributes(bare)
        binding = self._binding if self._header.startswith(b"p") else b""
        signed = self._bare + b"," + self._first + b"," + bare
        salted = _salted(self._password, self._salt, self._iterations)
        client_key, stored_key = _proof_key(salted)
        expected = _xor(client_key, _hmac(stored_key, signed))
        same = hmac.compare_digest(expected, _base64(proof.decode("ascii", "replace")))
        bound = _base64(parts.get("c", "")) == self._header + binding
        if not (same and bound and parts.get("r") == self._nonce):
            return None
        return b"v=" + base64.b64encode(_hmac(_hmac(salted, b"Server Key"), signed))
