"""One TLS handshake on an open connection, and what can be told of it when it fails: OpenSSL's words, the certificate.

Only who protects a connection loads this module, and Python's ssl with it: a tenth of a short walk.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import datetime, timezone

from wizard.core.facts import Value
from wizard.named import TYPE_CHECKING
from wizard.probes.base import Report
from wizard.probes.channel import Channel, left
from wizard.probes.dns import as_asked
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError
from wizard.wire import tls as wire_tls

if TYPE_CHECKING:
    from typing import Any


HANDSHAKE, CERTIFICATE = 22, 11
"""Numbers of a record and of a message in it (RFC 8446, B.3)."""
OVERTIME = 0.5
"""Seconds beyond its time after which a handshake is ended from outside."""


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
    is_named = target.tls.server_name or context.check_hostname
    named = as_asked(server_name(target, channel)) if is_named else None
    _keep_certificate(channel, context)
    channel.sock = context.wrap_socket(channel.sock, server_hostname=named, do_handshake_on_connect=False)
    _shake_hands(channel.sock, until)
    channel.tls = True


def _shake_hands(sock: ssl.SSLSocket, until: float) -> None:
    """The handshake, ended from outside where OpenSSL does not: it reads on while a peer sends what it passes over."""
    timer = threading.Timer(left(until) + OVERTIME, _shut, (sock,))
    timer.daemon = True
    timer.start()
    try:
        sock.do_handshake()
    except OSError as error:
        if time.monotonic() > until + OVERTIME:
            raise TimeoutError("the TLS handshake had no end") from error
        raise
    finally:
        timer.cancel()


def _shut(sock: ssl.SSLSocket) -> None:
    with suppress(OSError):
        # Past SSLSocket.shutdown, which takes the TLS state away from the thread that is using it.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _keep_certificate(channel: Channel, context: ssl.SSLContext) -> None:
    """Have the handshake leave the certificate that the server shows in `channel.shown`.

    OpenSSL gives out only one that it has accepted, and a second connection to fetch it would be a second handshake
    that is broken off. Python has no public name for what its ssl can do here (3.8 to 3.14).
    """

    def heard(conn: Any, direction: str, version: int, content: int, kind: int, data: bytes) -> None:
        del conn
        if direction == "read" and content == HANDSHAKE and kind == CERTIFICATE:
            channel.shown = wire_tls.first_certificate(data, version)

    with suppress(AttributeError):
        context._msg_callback = heard  # type: ignore[attr-defined]


def protect(
    channel: Channel, context: ssl.SSLContext, target: Target, runtime: Runtime, report: Report
) -> None:
    """Make the handshake on `channel`, and put what became of it into the report."""
    try:
        wrap(channel, context, target, runtime.until(max(runtime.connect_timeout, 3.0)))
    except (OSError, ValueError) as error:
        describe_failure(error, channel, runtime, report)
        return
    report.facts.update({"tls.outcome": "ok", "tls.version": channel.sock.version() or "unknown"})
    certificate = channel.sock.getpeercert()
    if certificate and "notAfter" in certificate:
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        report.facts["tls.days-left"] = int((ends - time.time()) // 86400)
    checked = "checked" if context.verify_mode == ssl.CERT_REQUIRED else "not checked"
    report.summary = f"{channel.sock.version()}, certificate {checked} ({target.tls.mode})"


def describe_failure(error: BaseException, channel: Channel, runtime: Runtime, report: Report) -> None:
    """Facts about a handshake that failed, and about the certificate that it failed over."""
    word = "timeout" if isinstance(error, TimeoutError) else wire_tls.classify(error)
    report.facts.update({"tls.outcome": word, "tls.error": words_of(error)})
    report.quote("tls", words_of(error), word)
    report.summary = f"the TLS handshake failed: {words_of(error)}"
    runtime.close()
    if isinstance(error, ssl.SSLCertVerificationError) and channel.shown:
        describe_certificate(channel.shown, report)


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
