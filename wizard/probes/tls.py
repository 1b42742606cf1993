"""The TLS handshake in the terms of sslmode: files, offer, chain, name, dates, client certificate, versions."""

from __future__ import annotations

import os
import socket
import ssl
import time
from datetime import datetime, timezone

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel, left
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError
from wizard.wire import tls as wire_tls

VERIFYING = ("verify-ca", "verify-full")
VERSIONS = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1.0": ssl.TLSVersion.TLSv1,
    "tlsv1.1": ssl.TLSVersion.TLSv1_1,
    "tlsv1.2": ssl.TLSVersion.TLSv1_2,
    "tlsv1.3": ssl.TLSVersion.TLSv1_3,
}
PROVIDES = (
    "tls.outcome",
    "tls.error",
    "tls.version",
    "tls.files",
    "tls.file",
    "tls.cert-names",
    "tls.cert-issuer",
    "tls.cert-expiry",
    "tls.days-left",
    "tls.days-expired",
    "tls.client-cert",
    "tls.verifies",
)


class FileTrouble(Exception):
    """A TLS file cannot be used. `word` is the value of the fact `tls.files`."""

    def __init__(self, word: str, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.word, self.path = word, path


@probe("tls.handshake", provides=PROVIDES, deadline=20.0)
def handshake(target: Target, runtime: Runtime) -> Report:
    """Protect the open connection as the target asks, and describe what the server showed."""
    report = Report({"tls.verifies": target.tls.mode in VERIFYING})
    if _not_wanted(target, runtime, report):
        return report
    try:
        context = make_context(target, runtime)
    except FileTrouble as trouble:
        report.facts.update({"tls.outcome": "files", "tls.files": trouble.word, "tls.file": trouble.path})
        report.quote("tls", str(trouble))
        report.summary = str(trouble)
        runtime.close()
        return report
    report.facts["tls.files"] = "ok"
    report.facts["tls.client-cert"] = "given" if target.tls.cert else "none"
    channel = runtime.channel
    if channel is None:
        report.trouble = "there is no open connection to protect"
    else:
        _protect(channel, context, target, runtime, report)
    return report


def _not_wanted(target: Target, runtime: Runtime, report: Report) -> bool:
    """Whether this connection goes on without TLS: a socket, `disable`, or not offered and not insisted upon."""
    offered = runtime.facts.text("tls.offered")
    insists = target.tls.mode in ("require", *VERIFYING)
    if target.is_socket and target.family == "postgresql":
        report.facts.update({"tls.outcome": "plain"})
        report.summary = "a Unix socket needs no TLS"
    elif target.tls.mode in ("disable", "allow") or (target.is_socket and not insists):
        report.facts.update({"tls.outcome": "plain"})
        report.summary = "without TLS, as the settings say"
    elif offered == "no":
        report.facts.update({"tls.outcome": "not-offered" if insists else "plain"})
        report.summary = "the server offers no TLS"
        if insists:
            report.quote(
                "tls", f"the server does not offer TLS, and the settings insist on it ({target.tls.mode})"
            )
            runtime.close()
    else:
        return False
    return True


def make_context(target: Target, runtime: Runtime) -> ssl.SSLContext:
    """The context that the settings ask for. Raises FileTrouble for a file that cannot be used."""
    settings = target.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = VERSIONS.get(
        (settings.min_version or "tlsv1.2").lower(), ssl.TLSVersion.TLSv1_2
    )
    if settings.max_version and settings.max_version.lower() in VERSIONS:
        context.maximum_version = VERSIONS[settings.max_version.lower()]
    root = _root(target, runtime)
    # libpq: with `require` and a root file present, the chain is verified too, as with verify-ca.
    if settings.mode in VERIFYING or (settings.mode == "require" and root not in (None, "system")):
        _load_root(context, root, target)
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = settings.mode == "verify-full" and not target.is_socket
    _load_crl(context, target)
    _load_client(context, target, runtime)
    return context


def _root(target: Target, runtime: Runtime) -> str | None:
    if target.tls.root:
        return target.tls.root
    if target.family == "postgresql" and runtime.home is not None:
        default = runtime.home / ".postgresql" / "root.crt"
        if default.is_file() or (
            target.tls.mode in VERIFYING and target.driver in ("", "psycopg", "psycopg2")
        ):
            return str(default)
    return None


def _load_root(context: ssl.SSLContext, root: str | None, target: Target) -> None:
    if root is None or root == "system":
        context.load_default_certs()
        return
    try:
        with open(root, "rb"):
            pass
    except OSError as error:
        word = "root-missing" if isinstance(error, FileNotFoundError) else "root-unreadable"
        raise FileTrouble(word, root, error.strerror or "cannot be read") from error
    try:
        context.load_verify_locations(root)
    except (ssl.SSLError, OSError) as error:
        raise FileTrouble("root-unreadable", root, "holds no certificate that can be read") from error


def _load_crl(context: ssl.SSLContext, target: Target) -> None:
    if target.tls.crl and os.path.isfile(target.tls.crl) and context.verify_mode == ssl.CERT_REQUIRED:
        try:
            context.load_verify_locations(target.tls.crl)
        except (ssl.SSLError, OSError) as error:
            raise FileTrouble(
                "crl-unreadable", target.tls.crl, "holds no revocation list that can be read"
            ) from error
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF


def _load_client(context: ssl.SSLContext, target: Target, runtime: Runtime) -> None:
    """The client's certificate and key, by libpq's rules (fe-secure-openssl.c, initialize_SSL)."""
    cert, key = target.tls.cert, target.tls.key
    if cert is None and target.family == "postgresql" and runtime.home is not None:
        default = runtime.home / ".postgresql" / "postgresql.crt"
        if not default.is_file():
            return
        cert, key = str(default), key or str(runtime.home / ".postgresql" / "postgresql.key")
    if cert is None:
        return
    key = key or cert
    for path, word in ((cert, "cert-missing"), (key, "key-missing")):
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            unreadable = word.replace("missing", "unreadable")
            gone = isinstance(error, FileNotFoundError)
            raise FileTrouble(
                word if gone else unreadable, path, error.strerror or "cannot be read"
            ) from error
    _check_key_mode(key, target)
    try:
        # An encrypted key would otherwise prompt on the terminal.
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        mismatch = "MISMATCH" in (error.reason or "")
        why = (
            "does not belong to the certificate"
            if mismatch
            else "cannot be used (damaged, or it has a passphrase)"
        )
        raise FileTrouble("key-mismatch" if mismatch else "key-unusable", key, why) from error


def _check_key_mode(key: str, target: Target) -> None:
    if target.family != "postgresql" or target.driver not in ("", "psycopg", "psycopg2", "libpq"):
        return
    status = os.stat(key)
    allowed = 0o640 if status.st_uid == 0 else 0o600
    if status.st_mode & 0o777 & ~allowed & 0o077:
        raise FileTrouble("key-permissions", key, f"others may read it (mode {status.st_mode & 0o777:04o})")


def server_name(target: Target, channel: Channel) -> str:
    """The name that the certificate is checked against and that is sent: the host as it was written."""
    return channel.peer.host if not channel.peer.host.startswith(("/", "@")) else "localhost"


def wrap(channel: Channel, context: ssl.SSLContext, target: Target, until: float) -> None:
    """Make the handshake on `channel`. Raises OSError (ssl.SSLError included) and ValueError."""
    if target.family == "mysql":
        from wizard.wire import mysql

        channel.send(mysql.packet(mysql.ssl_request(database=target.database), 1), until)
        channel.sequence = 2
    channel.sock.settimeout(left(until))
    named = server_name(target, channel) if target.tls.server_name or context.check_hostname else None
    channel.sock = context.wrap_socket(channel.sock, server_hostname=named)
    channel.tls = True


def _protect(
    channel: Channel, context: ssl.SSLContext, target: Target, runtime: Runtime, report: Report
) -> None:
    try:
        wrap(channel, context, target, runtime.until(max(runtime.connect_timeout, 3.0)))
    except (OSError, ValueError) as error:
        describe_failure(error, channel, target, runtime, report)
        return
    report.facts.update({"tls.outcome": "ok", "tls.version": channel.sock.version() or "unknown"})
    certificate = channel.sock.getpeercert()
    if certificate and "notAfter" in certificate:
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        report.facts["tls.days-left"] = int((ends - time.time()) // 86400)
    checked = "checked" if context.verify_mode == ssl.CERT_REQUIRED else "not checked"
    report.summary = f"{channel.sock.version()}, certificate {checked} ({target.tls.mode})"


def describe_failure(
    error: BaseException, channel: Channel, target: Target, runtime: Runtime, report: Report
) -> None:
    """Facts about a handshake that failed; the certificate is fetched once more, without checking it."""
    word = "timeout" if isinstance(error, TimeoutError) else wire_tls.classify(error)
    report.facts.update({"tls.outcome": word, "tls.error": words_of(error)})
    report.quote("tls", words_of(error), word)
    report.summary = f"the TLS handshake failed: {words_of(error)}"
    runtime.close()
    verified = isinstance(error, ssl.SSLCertVerificationError)
    if verified:
        der = fetch_certificate(channel, target, runtime)
        if der:
            describe_certificate(der, report)


def words_of(error: BaseException) -> str:
    """OpenSSL's or the system's own words for what was raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).replace("_", " ").lower()
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def describe_certificate(der: bytes, report: Report) -> None:
    """What the server's certificate says of itself, as facts."""
    try:
        seen = wire_tls.read_certificate(der)
    except ProtocolError as error:
        report.trouble = f"the certificate cannot be read: {error.description}"
        return
    days = (seen.not_after - datetime.now(timezone.utc)).days
    names = seen.names or (seen.subject,)
    facts: dict[str, Value] = {
        "tls.cert-names": tuple(names[:12]),
        "tls.cert-issuer": seen.issuer,
        "tls.cert-expiry": seen.not_after.strftime("%Y-%m-%d %H:%M UTC"),
        "tls.days-left": days,
    }
    if days < 0:
        facts["tls.days-expired"] = (datetime.now(timezone.utc) - seen.not_after).days
    report.facts.update(facts)
    report.quote(
        "tls",
        f"certificate for {', '.join(names[:12])}, issued by {seen.issuer},"
        f" valid {seen.not_before:%Y-%m-%d} to {seen.not_after:%Y-%m-%d %H:%M} UTC",
    )


def fetch_certificate(channel: Channel, target: Target, runtime: Runtime) -> bytes:
    """The server's certificate on a connection of its own, unchecked; empty when it cannot be had."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    until = runtime.until(2.0)
    try:
        with _connection(channel, until) as sock:
            sock.settimeout(left(until))
            if target.family == "mysql":
                from wizard.wire import mysql

                sock.recv(4096)
                sock.sendall(mysql.packet(mysql.ssl_request(), 1))
            elif target.tls.negotiation != "direct":
                from wizard.wire import postgres

                sock.sendall(postgres.ssl_request())
                if sock.recv(1) != b"S":
                    return b""
            with context.wrap_socket(sock, server_hostname=server_name(target, channel)) as wrapped:
                return wrapped.getpeercert(True) or b""
    except (OSError, ValueError):
        return b""


def _connection(channel: Channel, until: float) -> socket.socket:
    if channel.peer.is_socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(left(until))
        sock.connect(channel.address)
        return sock
    return socket.create_connection((channel.address, channel.peer.port), timeout=left(until))
