"""PostgreSQL's proofs of a password: SCRAM-SHA-256, both halves, and the older md5 (RFC 5802, 7677, 4013).

As all of this package it does no I/O; the hashing modules are loaded when a login needs them.
"""

from __future__ import annotations

from wizard.wire import ProtocolError, printable, raw

MAX_ITERATIONS = 1_000_000  # a hostile server must not make the client compute for minutes


def md5_password(user: str, password: str, salt: bytes) -> str:
    """The answer to an MD5 request: md5 of (md5 of password and user, in hexadecimal) and the salt."""
    import hashlib

    inner = hashlib.md5(raw(password + user), usedforsecurity=False).hexdigest()
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
    if not result or any(test(c) for c in result for test in forbidden):
        return raw(text)
    if any(map(stringprep.in_table_d1, result)):
        ends = stringprep.in_table_d1(result[0]) and stringprep.in_table_d1(result[-1])
        if not ends or any(map(stringprep.in_table_d2, result)):
            return raw(text)
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
        """client-final-message; ProtocolError for a foreign nonce, a broken message, an absurd count, a second time."""
        import base64

        if self._server_signature:
            raise ProtocolError("the server sent a second SCRAM challenge", seen="postgresql")
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
