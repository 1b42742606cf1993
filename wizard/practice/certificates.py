"""Certificates for one run of the range, made on the spot. Keys live in the run's folder and die with it."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wizard.wire.tls import endpoint_binding


@dataclass(frozen=True)
class ServerTls:
    """What a server needs for TLS."""

    context: ssl.SSLContext
    binding: bytes
    """The channel binding data of its certificate."""


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_tls(kind: str, folder: Path) -> ServerTls:
    """Write `root.crt`, `server.crt` and `server.key` to `folder`.

    `kind` is that of `PostgresServer.certificate`; for `untrusted` the server's certificate comes from
    another CA, written as `other-root.crt`.
    """
    root = _authority("Practice Root CA", folder / "root.crt")
    signer = _authority("Another Root CA", folder / "other-root.crt") if kind == "untrusted" else root
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server_certificate(kind, signer, key)
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").touch(mode=0o600)
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    return ServerTls(context, endpoint_binding(certificate.public_bytes(serialization.Encoding.DER)))


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority(name: str, file: Path) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder(_named(name), _named(name), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=800))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return _Authority(certificate, key)


def _server_certificate(kind: str, signer: _Authority, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    now = datetime.now(timezone.utc)
    ends = now - timedelta(days=3) if kind == "expired" else now + timedelta(days=1)
    wrong = kind == "wrong-name"
    subject = "db.example.internal" if wrong else "localhost"
    names: list[x509.GeneralName] = [x509.DNSName(subject)]
    if not wrong:
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return (
        x509.CertificateBuilder(
            signer.certificate.subject, _named(subject), key.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False
        )
        .sign(signer.key, hashes.SHA256())
    )
