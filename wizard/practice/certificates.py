"""Certificates for one run of the range, made on the spot. Keys live in the run's folder and die with it."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wizard.practice.model import HOST, USER, ClientCertificate
from wizard.wire.tls import endpoint_binding


@dataclass(frozen=True)
class ServerTls:
    """What a server needs for TLS."""

    context: ssl.SSLContext
    binding: bytes
    """The channel binding data of its certificate."""
    oddity: str = ""
    """One of model.HANDSHAKES."""


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Workshop:
    """Makes what a run needs in `folder`: `root.crt` and `other-root.crt`, and beside them what is asked for.

    `names` are further names of the server.
    """

    def __init__(self, folder: Path, names: Sequence[str] = ()) -> None:
        self._folder = folder
        self._names = names
        self._servers = 0
        self._root = _authority("Practice Root CA", folder / "root.crt")
        self._other = _authority("Another Root CA", folder / "other-root.crt")

    def server(self, kind: str, oddity: str) -> ServerTls:
        """The TLS side of a server, with a certificate of this kind (`server.crt`, `server.key`)."""
        self._servers += 1
        stem = "server" if self._servers == 1 else f"server{self._servers}"
        key = ec.generate_private_key(ec.SECP256R1())
        signer = self._other if kind == "untrusted" else self._root
        own = kind == "self-signed"
        certificate = _server_certificate(kind, None if own else signer, key, self._names)
        if kind == "revoked":
            self._revoke(certificate)
        self._write(stem, certificate, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{stem}.crt", self._folder / f"{stem}.key")
        if oddity == "new-only":
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        if oddity == "client-certificate":
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self._folder / "root.crt")
        return ServerTls(
            context, endpoint_binding(certificate.public_bytes(serialization.Encoding.DER)), oddity
        )

    def client(self, wanted: ClientCertificate) -> None:
        """Write `client.crt` and `client.key`."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer = self._other if wanted.kind == "untrusted" else self._root
        now = datetime.now(timezone.utc)
        ends = now - timedelta(days=2) if wanted.kind == "expired" else now + timedelta(days=1)
        certificate = (
            x509.CertificateBuilder(
                signer.certificate.subject, _named(USER), key.public_key(), x509.random_serial_number()
            )
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(ends)
            .sign(signer.key, hashes.SHA256())
        )
        written = ec.generate_private_key(ec.SECP256R1()) if wanted.kind == "mismatch" else key
        self._write("client", certificate, written)
        (self._folder / "client.key").chmod(wanted.mode)

    def _write(self, stem: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        (self._folder / f"{stem}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        place = self._folder / f"{stem}.key"
        place.touch(mode=0o600)
        place.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def _revoke(self, certificate: x509.Certificate) -> None:
        """Write `root.crl`, the root's list of what it has revoked: this certificate."""
        now = datetime.now(timezone.utc)
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(now - timedelta(days=1))
            .build()
        )
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root.certificate.subject)
            .last_update(now - timedelta(days=1))
            .next_update(now + timedelta(days=1))
            .add_revoked_certificate(entry)
            .sign(self._root.key, hashes.SHA256())
        )
        (self._folder / "root.crl").write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority(name: str, file: Path) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder(_named(name), _named(name), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=800))
        .not_valid_after(now + timedelta(days=400))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return _Authority(certificate, key)


def _server_certificate(
    kind: str, signer: _Authority | None, key: ec.EllipticCurvePrivateKey, names: Sequence[str]
) -> x509.Certificate:
    """A certificate of this kind; without a signer it signs itself."""
    now = datetime.now(timezone.utc)
    begins = now + timedelta(days=2) if kind == "not-yet-valid" else now - timedelta(days=400)
    ends = now - timedelta(days=3) if kind == "expired" else now + timedelta(days=90)
    wrong = kind == "wrong-name"
    subject = "db.example.internal" if wrong else "localhost"
    alternative: list[x509.GeneralName] = [x509.DNSName(subject)]
    if not wrong:
        alternative += [x509.DNSName(name) for name in names]
        alternative.append(x509.IPAddress(ipaddress.ip_address(HOST)))
    issuer = signer.certificate.subject if signer else _named(subject)
    signing = signer.key if signer else key
    return (
        x509.CertificateBuilder(issuer, _named(subject), key.public_key(), x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
        .sign(signing, hashes.SHA256())
    )
