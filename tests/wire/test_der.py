"""The small reader of certificates agrees with the library, and refuses what is no certificate."""

from __future__ import annotations

import datetime
import ipaddress
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.wire import ProtocolError
from wizard.wire.der import read_names
from wizard.wire.tls import describe_certificate, read_certificate

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(name: str, issuer: str, names: list[x509.GeneralName], begins: int, days: int) -> bytes:
    start = datetime.datetime(begins, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    subject, signer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=days))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


NAMES = [
    x509.DNSName("db.example"),
    x509.DNSName("*.db.example"),
    x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
]


@pytest.mark.parametrize(("begins", "days"), [(1999, 10), (2025, 365), (2045, 4000), (2060, 1)])
@pytest.mark.parametrize("names", [[], NAMES, [x509.IPAddress(ipaddress.ip_address("2001:db8::1"))]])
@pytest.mark.parametrize("issuer", ["db.example", "Lab CA", "Ämter-CA"])
def test_it_says_what_the_library_says(
    names: list[x509.GeneralName], begins: int, days: int, issuer: str
) -> None:
    der = certificate("db.example", issuer, names, begins, days)
    ours, library = read_names(der), describe_certificate(der)
    assert ours[:5] == (library.subject, library.names, library.issuer, library.not_before, library.not_after)
    assert ours.same_name == (issuer == "db.example")


def test_a_name_without_a_common_name_is_left_to_the_library() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Only an organisation")])
    start = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .sign(KEY, hashes.SHA256())
    )
    assert read_certificate(made.public_bytes(serialization.Encoding.DER)).subject == "O=Only an organisation"


WHOLE = certificate("db.example", "Lab CA", NAMES, 2025, 10)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.integers(0, len(WHOLE)).map(lambda size: WHOLE[:size])))
def test_what_is_no_certificate_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        read_certificate(data)
    except ProtocolError:
        return
    assert data == WHOLE


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_damaged_byte_never_escapes_as_another_error(at: int, byte: int) -> None:
    damaged = WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]
    with suppress(ProtocolError):
        read_certificate(damaged)
