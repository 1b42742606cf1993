"""Certificates that are right, and certificates that are wrong in one way each."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    cert: Path
    key: Path


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    entries: list[x509.GeneralName] = []
    for name in names:
        try:
            entries.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            entries.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(entries)


class Authority:
    """A certificate authority of its own; every file it makes goes into `folder`."""

    def __init__(self, folder: Path, label: str = "Lab CA") -> None:
        self.folder = folder
        self.label = label
        self._stem = label.lower().replace(" ", "-")
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.timezone.utc)
        unsigned = self._builder(label, self._key, now - 30 * DAY, now + 3650 * DAY, _name(label))
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        unsigned = unsigned.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = unsigned.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.root = self._save(self._stem, self.certificate)

    @staticmethod
    def _builder(
        common: str, key: ec.EllipticCurvePrivateKey, start: dt.datetime, end: dt.datetime, issuer: x509.Name
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    def _save(self, stem: str, certificate: x509.Certificate) -> Path:
        path = self.folder / f"{stem}.crt"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(
        self,
        stem: str,
        common: str,
        *,
        names: tuple[str, ...] = (),
        start: dt.timedelta = -DAY,
        end: dt.timedelta = 365 * DAY,
        self_signed: bool = False,
    ) -> Pair:
        """A certificate for `common` and the alternative `names`, valid from now + `start` to now + `end`."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.timezone.utc)
        issuer = _name(common if self_signed else self.label)
        builder = self._builder(common, key, now + start, now + end, issuer)
        if names:
            builder = builder.add_extension(_alternative(names), critical=False)
        certificate = builder.sign(key if self_signed else self._key, hashes.SHA256())
        return Pair(self._save(stem, certificate), self._save_key(stem, key))

    def _save_key(self, stem: str, key: ec.EllipticCurvePrivateKey) -> Path:
        path = self.folder / f"{stem}.key"
        path.touch(0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path

    def revoke(self, *pairs: Pair) -> Path:
        """A certificate revocation list that names these certificates."""
        now = dt.datetime.now(dt.timezone.utc)
        builder = x509.CertificateRevocationListBuilder().issuer_name(_name(self.label))
        builder = builder.last_update(now - DAY).next_update(now + 30 * DAY)
        for pair in pairs:
            serial = x509.load_pem_x509_certificate(pair.cert.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY)
            builder = builder.add_revoked_certificate(entry.build())
        path = self.folder / f"{self._stem}.crl"
        path.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


def server_pairs(authority: Authority, host: str, address: str) -> dict[str, Pair]:
    """A certificate for a server in each state: good, expired, not-yet-valid, wrong-name, self-signed."""
    names = (host, address, "localhost", "127.0.0.1")
    return {
        "good": authority.issue("good", host, names=names),
        "expired": authority.issue("expired", host, names=names, start=-20 * DAY, end=-2 * DAY),
        "not-yet-valid": authority.issue("not-yet-valid", host, names=names, start=10 * DAY),
        "wrong-name": authority.issue("wrong-name", "other.example", names=("other.example",)),
        "self-signed": authority.issue("self-signed", host, names=names, self_signed=True),
    }
