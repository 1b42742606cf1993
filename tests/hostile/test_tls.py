"""`check` against servers whose TLS stalls, babbles or shows certificates as no authority ever signed one."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ObjectIdentifier

from tests.fuzz.surfaces.certificates import made
from tests.hostile.attempts import Case, expect_all_unharmed
from tests.hostile.peers import SALT, Do, after_question, drip, flood, say, say_and_close
from tests.probes.peers import read_startup
from tests.support.sockets import Behaviour
from wizard.wire import mysql

pytestmark = pytest.mark.slow

GREETING = mysql.greeting("8.0.36", 7, SALT, capabilities=mysql.SERVER_DEFAULT | mysql.SSL)
ENGINES = ("postgresql", "mysql")
RECORD = b"\x16\x03\x03"
"""A handshake record of TLS 1.2, without its length."""
HELLO = RECORD + b"\x00\x2a\x02\x00\x00\x26\x03\x03" + b"r" * 32 + b"\x00\x13\x01\x00"
"""A ServerHello of one cipher of TLS 1.3, without what that needs."""
YEAR_9999 = dt.datetime(9999, 12, 31, 23, 59, 59)
YEAR_1950 = dt.datetime(1950, 1, 1)
EVIL = "evil\0\n\x1b[31m\x1b]0;owned\x07\u202e[bold]x"


def after_tls_request(engine: str, do: Do) -> Behaviour:
    """In the place of the server's part of the handshake."""

    def behave(connection: socket.socket) -> None:
        if engine == "mysql":
            connection.sendall(mysql.packet(GREETING, 0))
            connection.recv(36, socket.MSG_WAITALL)
        else:
            read_startup(connection)
            connection.sendall(b"S")
        connection.recv(1, socket.MSG_PEEK)  # the client has begun: from here on it speaks TLS
        do(connection)
        connection.close()

    return behave


def shows(engine: str, context: ssl.SSLContext) -> Behaviour:
    """A handshake with this certificate, and then silence."""

    def do(connection: socket.socket) -> None:
        connection.settimeout(5)
        with context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(65536)

    return after_tls_request(engine, do)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_handshake_harms(tmp_path: Path, engine: str) -> None:
    says = {
        "nothing": say(b""),
        "the end": say_and_close(b""),
        "noise": say(bytes(range(256)) * 40),
        "plain text": say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        "an alert": say_and_close(b"\x15\x03\x03\x00\x02\x02\x28"),
        "alerts for ever": flood([b"\x15\x03\x03\x00\x02\x01\x5a"] * 1000),
        "an alert of no RFC": say_and_close(b"\x15\x03\x03\x00\x02\x02\xfe"),
        "a record without end": flood([RECORD + b"\xff\xff", *[b"\0" * 65536] * 100]),
        "empty records for ever": flood([RECORD + b"\x00\x00"] * 2000),
        "a message of sixteen megabytes": flood([RECORD + b"\x40\x00\x0b\xff\xff\xff" + b"\0" * 16380] * 50),
        "requests to begin again": flood([RECORD + b"\x00\x04\x00\x00\x00\x00"] * 2000),
        "byte by byte": drip(HELLO),
        "a hello and then noise": say(HELLO + b"\x17\x03\x03\x00\x40" + b"x" * 64),
        "another hello for ever": flood([HELLO] * 2000),
    }
    insists = "?sslmode=require" if engine == "postgresql" else "?ssl-mode=REQUIRED"
    cases = [
        Case(
            name,
            engine,
            after_tls_request(engine, do),
            insists,
            ("tls.handshake-failed", "tls.version-mismatch", "network.dropped"),
        )
        for name, do in says.items()
    ]
    if engine == "postgresql":
        stuffed = after_question(say(b"S" + HELLO))
        cases.append(Case("more than the one letter", engine, stuffed, insists, ("network.not-a-database",)))
    expect_all_unharmed(tmp_path, cases)


class Shown(NamedTuple):
    """What a server shows: its certificate and key, and the certificates behind it."""

    name: str
    der: bytes
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    more: tuple[bytes, ...] = ()


def _absurd() -> Iterator[Shown]:
    key = ec.generate_private_key(ec.SECP256R1())
    odd = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    huge = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.5"), b"\x04\x83\x0f\x42\x40" + b"x" * 1_000_000)
    yield Shown("a usual one", made(key=key), key)
    yield Shown(
        "unseen characters", made(EVIL, ("db.example", f"x{EVIL.encode().hex()[:40]}.example"), key=key), key
    )
    yield Shown("no names at all", made(None, (), key=key), key)
    yield Shown("ten thousand names", made(names=tuple(f"h{n}.example" for n in range(10_000)), key=key), key)
    yield Shown("two thousand names", made(names=tuple(f"h{n}.example" for n in range(2000)), key=key), key)
    yield Shown("until the end of time", made(start=YEAR_1950, end=YEAR_9999, key=key), key)
    yield Shown("over for ages", made(start=YEAR_1950, end=YEAR_1950 + dt.timedelta(days=1), key=key), key)
    yield Shown(
        "not before the end of time", made(start=YEAR_9999 - dt.timedelta(1), end=YEAR_9999, key=key), key
    )
    yield Shown("a great number", made(serial=(1 << 158) + 1, key=key), key)
    yield Shown("an unknown demand", made(extensions=((odd, True),), key=key), key)
    yield Shown("a megabyte", made(extensions=((huge, False),), key=key), key)
    yield Shown("two hundred of them", made(key=key), key, tuple(made(f"ca {n}", ()) for n in range(200)))
    yield Shown("itself behind it", der := made(key=key), key, (der,) * 20)
    for kind in (
        rsa.generate_private_key(3, 1024),
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP521R1()),
    ):
        yield Shown(type(kind).__name__, made(key=kind), kind)


def _context(folder: Path, shown: Shown) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the file of what it shows."""
    path = folder / f"{shown.name.replace(' ', '-')}.pem"
    chain = b"".join(
        x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in (shown.der, *shown.more)
    )
    path.write_bytes(chain)
    secret = folder / f"{path.stem}.key"
    secret.write_bytes(shown.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(path, secret)
    return context, path


def test_no_certificate_harms(tmp_path: Path) -> None:
    """Each of them checked and not trusted; some trusted whatever they say, some unchecked, some of MySQL's."""
    (tmp_path / "shown").mkdir()
    root = tmp_path / "root.pem"
    other = x509.load_der_x509_certificate(made("another root", ()))
    root.write_bytes(other.public_bytes(Encoding.PEM))
    cases = []
    for number, shown in enumerate(_absurd()):
        context, trusted = _context(tmp_path / "shown", shown)
        roots = [str(root), *[str(trusted)][number % 2 :], *[""][number % 4 :]]
        cases += [_case("postgresql", shown, context, one) for one in roots]
        cases += [_case("mysql", shown, context, one) for one in roots[number % 8 :]]
    expect_all_unharmed(tmp_path / "runs", cases)


def _case(engine: str, shown: Shown, context: ssl.SSLContext, root: str) -> Case:
    return Case(f"{shown.name}, trusting {root}", engine, shows(engine, context), _options(engine, root))


def _options(engine: str, root: str) -> str:
    if engine == "mysql":
        return f"?ssl-mode=VERIFY_CA&ssl-ca={root}" if root else "?ssl-mode=REQUIRED"
    return f"?sslmode=verify-ca&sslrootcert={root}" if root else "?sslmode=require"
