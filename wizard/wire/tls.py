"""What a TLS handshake showed: the certificate, the alert, the outcome in one neutral word.

It must never open a connection, decide whether a certificate is to be trusted, or name a cause.
`cryptography` is imported only when a certificate is read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from wizard.named import TYPE_CHECKING, NamedTuple
from wizard.wire import ProtocolError
from wizard.wire.der import Names, read_names

if TYPE_CHECKING:
    from cryptography import x509

# RFC 8446 section 6 and RFC 5246 section 7.2
ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}

# X509_V_ERR_* of OpenSSL's include/openssl/x509_vfy.h
_VERIFY_CODES = {
    2: "unknown-ca",  # UNABLE_TO_GET_ISSUER_CERT
    7: "unknown-ca",  # CERT_SIGNATURE_FAILURE: a CA of the same name, another key
    9: "not-yet-valid",
    10: "expired",
    18: "self-signed",  # DEPTH_ZERO_SELF_SIGNED_CERT
    19: "unknown-ca",  # SELF_SIGNED_CERT_IN_CHAIN: the chain ends in a root that is not trusted
    20: "unknown-ca",  # UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: "unknown-ca",  # UNABLE_TO_VERIFY_LEAF_SIGNATURE
    23: "revoked",
    27: "unknown-ca",  # CERT_UNTRUSTED
    62: "hostname-mismatch",
    64: "hostname-mismatch",  # IP_ADDRESS_MISMATCH
}

# SSL_R_* of OpenSSL's include/openssl/sslerr.h, without the prefix that names the TLS version
_REASONS = (
    ("ALERT_CERTIFICATE_REQUIRED", "alert-certificate-required"),
    ("ALERT_UNKNOWN_CA", "alert-unknown-ca"),
    ("ALERT_CERTIFICATE_REVOKED", "alert-certificate-revoked"),
    ("ALERT_CERTIFICATE_EXPIRED", "alert-certificate-expired"),
    ("ALERT_BAD_CERTIFICATE", "alert-bad-certificate"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "alert-bad-certificate"),
    ("ALERT_CERTIFICATE_UNKNOWN", "alert-bad-certificate"),
    ("ALERT_DECRYPT_ERROR", "alert-bad-certificate"),  # the proof of the client's key does not fit
    ("UNRECOGNIZED_NAME", "alert-unrecognized-name"),
    ("ALERT_PROTOCOL_VERSION", "protocol-version"),
    ("UNSUPPORTED_PROTOCOL", "protocol-version"),
    ("NO_PROTOCOLS_AVAILABLE", "protocol-version"),
    ("VERSION_TOO_LOW", "protocol-version"),
    ("VERSION_TOO_HIGH", "protocol-version"),
    ("INAPPROPRIATE_FALLBACK", "protocol-version"),
    ("ALERT_HANDSHAKE_FAILURE", "alert-handshake-failure"),
    ("ALERT_INSUFFICIENT_SECURITY", "no-cipher"),
    ("NO_SHARED_CIPHER", "no-cipher"),
    ("NO_CIPHERS_AVAILABLE", "no-cipher"),
    ("WRONG_VERSION_NUMBER", "not-tls"),  # the record header is not one of TLS: plain text came back
    ("HTTP_REQUEST", "not-tls"),
    ("PACKET_LENGTH_TOO_LONG", "not-tls"),
    ("UNEXPECTED_EOF", "eof"),
    ("EOF_OCCURRED", "eof"),
)

OUTCOMES = tuple(sorted({*_VERIFY_CODES.values(), *(word for _, word in _REASONS), "reset", "other"}))
"""Every word that `classify` can give."""


class CertificateFacts(NamedTuple):
    """What a certificate says of itself."""

    subject: str
    """The common name, else the whole distinguished name."""
    names: tuple[str, ...]
    """DNS names and IP addresses of subjectAltName; empty where there is none."""
    issuer: str
    """The issuer's common name, else its whole distinguished name."""
    not_before: datetime
    not_after: datetime
    self_signed: bool
    key_bits: int
    """0 for keys whose kind has no size."""
    is_ca: bool


def read_certificate(der: bytes) -> Names:
    """Names, issuer and dates of a DER certificate; ProtocolError where the bytes are none."""
    try:
        return read_names(der)
    except ValueError:
        pass  # something rare, or no certificate at all: the library knows
    seen = describe_certificate(der)
    return Names(seen.subject, seen.names, seen.issuer, seen.not_before, seen.not_after, seen.self_signed)


def describe_certificate(der: bytes) -> CertificateFacts:
    """The facts of one DER certificate; ProtocolError where the bytes are none. Times are in UTC, aware."""
    certificate = _load(der)
    with _readable():
        return CertificateFacts(
            subject=_name(certificate.subject),
            names=_alternative_names(certificate),
            issuer=_name(certificate.issuer),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            self_signed=_is_self_signed(certificate),
            key_bits=getattr(certificate.public_key(), "key_size", 0),
            is_ca=_is_ca(certificate),
        )


@contextmanager
def _readable() -> Iterator[None]:
    """What the library raises for names, dates, keys and extensions that no CA writes, as a ProtocolError."""
    import warnings

    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    absurd = (
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what the standard forbids: the certificate is not ours
            yield
    except (ValueError, TypeError, OverflowError, *absurd) as error:
        raise ProtocolError(f"not a readable certificate: {error}", seen="tls") from None


def _load(der: bytes) -> x509.Certificate:
    from cryptography import x509

    with _readable():
        return x509.load_der_x509_certificate(der)


def _name(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def _is_self_signed(certificate: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def endpoint_binding(der: bytes) -> bytes:
    """The tls-server-end-point channel binding of RFC 5929: the certificate's own hash, at least SHA-256.

    Raises ProtocolError for a certificate that cannot be read, or a signature of a kind that is not known.
    """
    import hashlib

    certificate = _load(der)
    with _readable():
        algorithm = certificate.signature_hash_algorithm
        name = algorithm.name if algorithm else "sha256"
        return hashlib.new("sha256" if name in ("md5", "sha1") else name, der).digest()


def first_certificate(message: bytes, version: int) -> bytes:
    """The server's own certificate (DER) of a handshake's Certificate message; empty where it holds none.

    The message begins with its type and length; TLS 1.3 (0x0304) has a context before the list.
    """
    at = 4
    if version >= 0x0304:
        at += 1 + int.from_bytes(message[at : at + 1], "big")
    at += 3
    size = int.from_bytes(message[at : at + 3], "big")
    return bytes(message[at + 3 : at + 3 + size])


def name_matches(names: Sequence[str], host: str, common_name: str = "") -> bool:
    """Whether a certificate is for `host`, as libpq decides it (fe-secure-openssl.c, fe-secure-common.c).

    `names` are those of subjectAltName. The common name counts only when there is no name of the host's own
    sort (DNS or IP); leave it out for clients that never look at it, such as Python's ssl. A wildcard stands
    for the whole leftmost label and never for an address.
    """
    address = _address(host)
    same_sort = [name for name in names if (_address(name) is None) == (address is None)]
    considered = same_sort or ([common_name] if common_name else [])
    if address is not None:
        return any(_address(name) == address for name in considered)
    return any(_dns_matches(name.lower(), host.lower().removesuffix(".")) for name in considered)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _dns_matches(pattern: str, host: str) -> bool:
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, parent = host.partition(".")
    return bool(label and dot) and parent == pattern[2:]


def alert_name(record: bytes) -> str:
    """The name of the alert in a TLS record (21, version, length 2, level, description); "" where it is none.

    An alert of a number that no RFC names gives `alert_<number>`.
    """
    if len(record) < 7 or record[0] != 21 or record[1] != 3 or record[3:5] != b"\0\2":
        return ""
    return ALERTS.get(record[6], f"alert_{record[6]}")


def classify(error: BaseException) -> str:
    """One of OUTCOMES for what ssl or the socket raised in a handshake, by its codes before its text."""
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return "reset"
    code = getattr(error, "verify_code", None)
    if isinstance(code, int) and code in _VERIFY_CODES:
        return _VERIFY_CODES[code]
    reason = getattr(error, "reason", None) or ""
    text = f"{reason} {error}".upper().replace(" ", "_")
    if "HOSTNAME_MISMATCH" in text or "IP_ADDRESS_MISMATCH" in text:
        return "hostname-mismatch"
    found = next((word for mark, word in _REASONS if mark in text), None)
    if found is not None:
        return found
    return "eof" if isinstance(error, EOFError) or type(error).__name__ == "SSLZeroReturnError" else "other"
