"""Certificates, alerts and the outcomes of real handshakes in memory."""

from __future__ import annotations

import hashlib
import ssl
from datetime import datetime, timezone
from pathlib import Path

import pytest

from wizard.practice.certificates import Workshop
from wizard.wire import ProtocolError, tls


def shake(client: ssl.SSLContext, server: ssl.SSLContext, host: str = "127.0.0.1") -> BaseException | None:
    """A handshake without sockets; what the client raised, or what it reads afterwards."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    left = client.wrap_bio(to_client, to_server, server_hostname=host)
    right = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(6):
        for side in (left, right):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                if side is left:
                    return error
    try:
        left.read(1)
    except ssl.SSLWantReadError:
        return None
    except ssl.SSLError as error:
        return error
    return None


def der_of(folder: Path, name: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert((folder / name).read_text())


@pytest.mark.parametrize(
    ("kind", "host", "outcome"),
    [
        ("expired", "127.0.0.1", "expired"),
        ("wrong-name", "127.0.0.1", "hostname-mismatch"),
        ("wrong-name", "localhost", "hostname-mismatch"),
        ("untrusted", "127.0.0.1", "unknown-ca"),
    ],
)
def test_outcomes_of_verification(kind: str, host: str, outcome: str, tmp_path: Path) -> None:
    server = Workshop(tmp_path).server(kind, "")
    error = shake(ssl.create_default_context(cafile=str(tmp_path / "root.crt")), server.context, host)
    assert error is not None
    assert tls.classify(error) == outcome


def test_a_good_certificate_passes(tmp_path: Path) -> None:
    server = Workshop(tmp_path).server("good", "")
    assert shake(ssl.create_default_context(cafile=str(tmp_path / "root.crt")), server.context) is None


def test_a_certificate_that_signed_itself(tmp_path: Path) -> None:
    Workshop(tmp_path).server("good", "")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = Name([NameAttribute(NameOID.ORGANIZATION_NAME, "Only an organisation")])
    start, end = datetime(2020, 1, 1, tzinfo=timezone.utc), datetime(2090, 1, 1, tzinfo=timezone.utc)
    made = CertificateBuilder(name, name, key.public_key(), random_serial_number(), start, end)
    signed = made.sign(key, hashes.SHA384())
    der = signed.public_bytes(serialization.Encoding.DER)
    facts = tls.describe_certificate(der)
    assert facts.self_signed
    assert facts.subject == facts.issuer == "O=Only an organisation"
    assert (facts.names, facts.is_ca, facts.not_after) == ((), False, end)
    assert tls.endpoint_binding(der) == hashlib.sha384(der).digest()
    (tmp_path / "own.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "own.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "own.crt", tmp_path / "own.key")
    error = shake(ssl.create_default_context(cafile=str(tmp_path / "root.crt")), server)
    assert error is not None
    assert tls.classify(error) == "self-signed"


def test_versions_and_ciphers_that_do_not_meet(tmp_path: Path) -> None:
    server = Workshop(tmp_path).server("good", "").context
    client = ssl.create_default_context(cafile=str(tmp_path / "root.crt"))
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    error = shake(client, server)
    assert error is not None
    assert tls.classify(error) == "protocol-version"


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        (ssl.TLSVersion.TLSv1_3, "alert-certificate-required"),
        (ssl.TLSVersion.TLSv1_2, "alert-handshake-failure"),
    ],
)
def test_a_client_certificate_that_is_missing(version: ssl.TLSVersion, outcome: str, tmp_path: Path) -> None:
    server = Workshop(tmp_path).server("good", "").context
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(tmp_path / "root.crt")
    client = ssl.create_default_context(cafile=str(tmp_path / "root.crt"))
    client.maximum_version = version
    error = shake(client, server)
    assert error is not None
    assert tls.classify(error) == outcome


def test_a_client_certificate_of_an_unknown_ca(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    Workshop(tmp_path / "other").server("good", "")
    server = Workshop(tmp_path).server("good", "").context
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(tmp_path / "root.crt")
    client = ssl.create_default_context(cafile=str(tmp_path / "root.crt"))
    client.load_cert_chain(tmp_path / "other" / "server.crt", tmp_path / "other" / "server.key")
    error = shake(client, server)
    assert error is not None
    assert tls.classify(error) in ("alert-unknown-ca", "alert-bad-certificate")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionResetError(104, "Connection reset by peer"), "reset"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:1006)"), "eof"),
        (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed (EOF)"), "eof"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"), "not-tls"),
        (
            ssl.SSLError(1, "[SSL: TLSV1_UNRECOGNIZED_NAME] tlsv1 unrecognized name"),
            "alert-unrecognized-name",
        ),
        (
            ssl.SSLError(1, "[SSL: SSLV3_ALERT_CERTIFICATE_REVOKED] ssl/tls alert"),
            "alert-certificate-revoked",
        ),
        (
            ssl.SSLError(1, "[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] ssl/tls alert"),
            "alert-certificate-expired",
        ),
        (ssl.SSLError(1, "[SSL: NO_SHARED_CIPHER] no shared cipher"), "no-cipher"),
        (ssl.SSLError(1, "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol"), "protocol-version"),
        (OSError(5, "something"), "other"),
    ],
)
def test_outcomes_by_text(error: BaseException, outcome: str) -> None:
    assert tls.classify(error) == outcome
    assert outcome in tls.OUTCOMES


def test_the_facts_of_a_certificate(tmp_path: Path) -> None:
    Workshop(tmp_path).server("expired", "")
    facts = tls.describe_certificate(der_of(tmp_path, "server.crt"))
    assert (facts.subject, facts.issuer) == ("localhost", "Practice Root CA")
    assert facts.names == ("localhost", "127.0.0.1")
    assert facts.not_before < facts.not_after < datetime.now(timezone.utc)
    assert (facts.self_signed, facts.is_ca, facts.key_bits) == (False, False, 256)
    root = tls.describe_certificate(der_of(tmp_path, "root.crt"))
    assert (root.self_signed, root.is_ca) == (True, True)


def test_bytes_that_are_no_certificate() -> None:
    with pytest.raises(ProtocolError, match="certificate"):
        tls.describe_certificate(b"\x30\x03\x02\x01\x01")


@pytest.mark.parametrize(
    ("names", "host", "common_name", "matches"),
    [
        (["db.example.com"], "DB.example.com", "", True),
        (["db.example.com"], "db.example.com.", "", True),
        (["db.example.com"], "example.com", "", False),
        (["*.example.com"], "db.example.com", "", True),
        (["*.example.com"], "a.db.example.com", "", False),
        (["*.example.com"], "example.com", "", False),
        (["*.example.com"], ".example.com", "", False),
        (["db*.example.com"], "db1.example.com", "", False),
        (["a.*.com"], "a.b.com", "", False),
        (["127.0.0.1"], "127.0.0.1", "", True),
        (["::1"], "0:0:0:0:0:0:0:1", "", True),
        (["*.0.0.1"], "127.0.0.1", "", False),
        (["other"], "db", "db", False),
        ([], "db", "db", True),
        ([], "db", "", False),
        (["other"], "10.0.0.1", "10.0.0.1", True),
        (["10.0.0.2"], "10.0.0.1", "10.0.0.1", False),
    ],
)
def test_names(names: list[str], host: str, common_name: str, matches: bool) -> None:
    assert tls.name_matches(names, host, common_name) is matches


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", "protocol_version"),
        (b"\x15\x03\x03\x00\x02\x02\x74rest", "certificate_required"),
        (b"\x15\x03\x03\x00\x02\x02\xfe", "alert_254"),
        (b"\x16\x03\x03\x00\x02\x02\x46", ""),
        (b"\x15\x03\x03", ""),
    ],
)
def test_alerts(record: bytes, name: str) -> None:
    assert tls.alert_name(record) == name
