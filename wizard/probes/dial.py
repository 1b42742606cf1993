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
        if not offered or target.tls.mode in ("disable", "allow") or peer.is_socket:
            return channel
        if _protected(channel, target, runtime, until):
            return channel
    except BaseException:
        channel.close()
        raise
    channel.close()
    return dial(target._replace(tls=target.tls._replace(mode="disable")), runtime, peer, address)


def _protected(channel: Channel, target: Target, runtime: Runtime, until: float) -> bool:
    """Whether the handshake was made; under `prefer`, libpq goes without TLS where a file of ours cannot be used.

    Raises OSError (ssl.SSLError included) and ValueError.
    """
    import ssl

    from wizard.probes.tlsfiles import FileTrouble, make_context
    from wizard.probes.tlshandshake import wrap

    try:
        context = make_context(target, runtime)
    except FileTrouble as trouble:
        if prefers(target):
            return False
        raise ssl.SSLError(str(trouble)) from trouble
    wrap(channel, context, target, until)
    return True
