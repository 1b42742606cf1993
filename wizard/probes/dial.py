"""A further connection, opened, greeted and protected in one go, where a second one cannot be avoided."""

from __future__ import annotations

from wizard.probes.base import Report
from wizard.probes.channel import Channel, open_channel
from wizard.probes.greet import greet_on
from wizard.probes.network import patience
from wizard.probes.tls import VERIFYING, prefers
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target


def dial(target: Target, runtime: Runtime, peer: HostPort, address: str) -> Channel:
    """A channel to `address`, with TLS where the target's mode asks for it and the server offers it.

    Raises OSError (ssl.SSLError included) when it cannot be opened or protected, and ProtocolError.
    """
    until = runtime.until(patience(target, runtime))
    target = _without_unusable_files(target, runtime)
    channel = open_channel(peer, address, until)
    try:
        report = Report()
        greet_on(channel, target, report, until)
        if "error.text" in report.facts:
            raise ConnectionRefusedError(str(report.facts["error.text"]))
        offered = report.facts.get("tls.offered") == "yes"
        insists = target.tls.mode in ("require", *VERIFYING)
        if insists and not offered:
            raise ConnectionError("the server offers no TLS")
        if offered and target.tls.mode not in ("disable", "allow") and not peer.is_socket:
            _protect(channel, target, runtime, until)
    except BaseException:
        channel.close()
        raise
    return channel


def _protect(channel: Channel, target: Target, runtime: Runtime, until: float) -> None:
    """Make the handshake on `channel`. Raises OSError (ssl.SSLError included) and ValueError."""
    import ssl

    from wizard.probes.tlsfiles import FileTrouble, make_context
    from wizard.probes.tlshandshake import wrap

    try:
        wrap(channel, make_context(target, runtime), target, until)
    except FileTrouble as trouble:
        raise ssl.SSLError(str(trouble)) from trouble


def _without_unusable_files(target: Target, runtime: Runtime) -> Target:
    """Under `prefer`, libpq goes without TLS where a file of ours cannot be used."""
    if not prefers(target):
        return target
    from wizard.probes.tlsfiles import FileTrouble, make_context

    try:
        make_context(target, runtime)
    except FileTrouble:
        return target._replace(tls=target.tls._replace(mode="disable"))
    return target
