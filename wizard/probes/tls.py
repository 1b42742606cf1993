"""The TLS handshake in the terms of sslmode: offer, chain, name, dates, client certificate, versions."""

from __future__ import annotations

from wizard.probes.base import Report, probe
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError

VERIFYING = ("verify-ca", "verify-full")
LIBPQ = ("", "psycopg", "psycopg2", "libpq")
"""Drivers that are libpq, or may be."""
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


@probe("tls.handshake", provides=PROVIDES, deadline=20.0)
def handshake(target: Target, runtime: Runtime) -> Report:
    """Protect the open connection as the target asks, and describe what the server showed."""
    report = Report({"tls.verifies": target.tls.mode in VERIFYING})
    if _not_wanted(target, runtime, report):
        return report
    from wizard.probes.tlsfiles import FileTrouble, make_context
    from wizard.probes.tlshandshake import protect

    try:
        context = make_context(target, runtime)
    except FileTrouble as trouble:
        report.facts.update({"tls.outcome": "files", "tls.files": trouble.word, "tls.file": trouble.path})
        report.quote("tls", str(trouble))
        report.summary = str(trouble)
        if not _goes_on_plain(target, runtime, report):
            runtime.close()
        return report
    report.facts["tls.files"] = "ok"
    report.facts["tls.client-cert"] = "given" if target.tls.cert else "none"
    channel = runtime.channel
    if channel is None:
        report.trouble = "there is no open connection to protect"
    else:
        protect(channel, context, target, runtime, report)
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


def prefers(target: Target) -> bool:
    """Whether libpq would rather go without TLS than fail."""
    return target.family == "postgresql" and target.tls.mode == "prefer" and target.driver in LIBPQ


def _goes_on_plain(target: Target, runtime: Runtime, report: Report) -> bool:
    """Under `prefer` libpq begins again without TLS when a file stands in the way (PQconnectPoll): so do we."""
    channel = runtime.channel
    if channel is None or not prefers(target):
        return False
    from wizard.probes.dial import dial

    plain = target._replace(tls=target.tls._replace(mode="disable"))
    channel.close()
    try:
        runtime.channel = dial(plain, runtime, channel.peer, channel.address)
    except (OSError, ProtocolError):
        return False
    report.facts["tls.outcome"] = "plain"
    report.facts["tls.client-cert"] = "none"
    report.trouble = f"{report.summary}: with sslmode=prefer the connection goes on without TLS"
    return True
