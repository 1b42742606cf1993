"""Certificates in DER, as a server may show them, and what a TLS record says."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.script import shown
from wizard.probes.base import Report
from wizard.probes.tlshandshake import describe_certificate
from wizard.wire import ProtocolError, sniff
from wizard.wire import tls as wire_tls
from wizard.wire.der import read_names

_START, _END = dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1)


def made(
    common: str | None = "db.example",
    names: tuple[str, ...] = ("db.example", "192.0.2.1"),
    start: dt.datetime = _START,
    end: dt.datetime = _END,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    serial: int = 4711,
) -> bytes:
    """A certificate that signed itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    parts = [] if common is None else [x509.NameAttribute(NameOID.COMMON_NAME, common, _validate=False)]
    builder = x509.CertificateBuilder().subject_name(x509.Name(parts)).issuer_name(x509.Name(parts))
    builder = builder.public_key(key.public_key()).serial_number(serial)
    builder = builder.not_valid_before(start).not_valid_after(end)
    if names:
        alternative = [x509.DNSName(name) for name in names if not name[0].isdigit()]
        addresses = [x509.IPAddress(ipaddress.ip_address(name)) for name in names if name[0].isdigit()]
        builder = builder.add_extension(
            x509.SubjectAlternativeName([*alternative, *addresses]), critical=False
        )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)


@cache
def _certificates() -> tuple[bytes, ...]:
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    return (
        made(),
        made(None, ()),
        made("x\0\n\x1b[31m\u202ey", ("a.example", "*.b.example")),
        made(end=dt.datetime(9999, 12, 31, 23, 59, 59), start=dt.datetime(1950, 1, 1)),
        made(key=rsa.generate_private_key(65537, 1024)),
        made(key=ed25519.Ed25519PrivateKey.generate()),
        made(key=ec.generate_private_key(ec.SECP521R1()), serial=(1 << 158) + 1),
        made(extensions=((unknown, True), (x509.BasicConstraints(ca=True, path_length=0), True))),
        made(names=tuple(f"host{number}.example" for number in range(200))),
    )


def seeds() -> list[bytes]:
    """Certificates, usual and unusual, and the records of a handshake."""
    return [*_certificates(), b"\x15\x03\x03\0\2\2\x28", b"\x16\x03\1\0\5\1\0\0\1\0", b""]


def run(data: bytes) -> Iterator[str]:
    """Describe it as a certificate, and as whatever else it may be."""
    report = Report()
    describe_certificate(data, report)
    yield from shown(report)
    names: tuple[str, ...] = ()
    with suppress(ValueError):
        found = read_names(data)
        names = (found.subject, *found.names)
    for read in (wire_tls.read_certificate, wire_tls.describe_certificate, wire_tls.endpoint_binding):
        with suppress(ProtocolError):
            read(data)
    for host in ("db.example", "192.0.2.1", "2001:db8::1"):
        wire_tls.name_matches(names, host, names[0] if names else "")
    for version in (0x0303, 0x0304):
        assert len(wire_tls.first_certificate(data, version)) <= len(data)
    yield wire_tls.alert_name(data)
    yield sniff(data)


SURFACE = Surface(
    "certificates",
    seeds,
    run,
    (
        *(
            bytes.fromhex(one)
            for one in ("550403", "551d11", "0603551d11", "0c80", "3084ffffffff", "30820000", "1e02d800")
        ),
        *(
            b"\x17\r260101000000Z",
            b"\x18\x0f99991231235959Z",
            b"\x18\x0f00000000000000Z",
            b"\xa3",
            b"\x82\x01\x1b",
            b"\x87\x04abcd",
        ),
    ),
)
