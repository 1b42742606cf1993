"""The same login at the database servers on other ports of this host, where the target's own port takes nobody."""

from __future__ import annotations

from wizard.numerals import count
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.dial import dial
from wizard.probes.login import attempt
from wizard.probes.outcome import LoginResult
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target
from wizard.wire import ProtocolError

FIRST_QUERY = 1.5
"""Seconds that a server on another port has for a first query."""


@probe(
    "network.other-port", provides=("other-port.login", "other-port.place", "other-port.port"), deadline=6.0
)
def other_port(target: Target, runtime: Runtime) -> Report:
    """Whether a server that listens on another port of this host takes this very login: then the port is wrong.

    The password is only ever proved, never handed over: whoever listens there is not known yet.
    """
    listening = runtime.facts.get("host.listening")
    places = [place.rpartition(":") for place in listening] if isinstance(listening, tuple) else []
    options = {**target.options, "require_auth": "scram-sha-256,md5,none"}
    report = Report({"other-port.login": "refused"})
    for address, _, port in places[:3]:
        if (number := count(port, 5)) in (None, target.port):
            continue
        peer = HostPort("127.0.0.1" if address in ("0.0.0.0", "::") else address, number or 0)
        result = _prove(target._replace(options=options, hosts=(peer,)), runtime, peer)
        report.quote(
            "network", f"the same login at {peer.host}:{port}: {result.text or result.outcome}", result.code
        )
        if result.outcome in ("ok", "password-missing", "method-unsupported"):
            report.facts["other-port.login"] = "ok" if result.outcome == "ok" else "not-told"
            report.facts["other-port.place"] = f"{peer.host}:{port}"
            report.facts["other-port.port"] = port
            report.summary = f"the server at {peer.host}:{port} takes this login"
            return report
    report.summary = "the servers on other ports of this host do not take this login"
    return report


def _prove(target: Target, runtime: Runtime, peer: HostPort) -> LoginResult:
    quiet = target._replace(tls=target.tls._replace(mode="disable"))
    try:
        channel = dial(quiet, runtime, peer, peer.host)
    except (OSError, ProtocolError) as error:
        return LoginResult("closed", text=str(error))
    channel.only_proof = True
    result = attempt(channel, quiet, runtime)
    if result.outcome == "ok" and not _works(channel, runtime):
        result = LoginResult("silent", text="takes the login, and then no query")
    channel.close()
    return result


def _works(channel: Channel, runtime: Runtime) -> bool:
    """Whether a first query is answered: a pooler takes a login also while the server behind it is away."""
    from wizard.probes.database import ask
    from wizard.probes.outcome import QueryError

    try:
        return bool(ask(channel, "SELECT 1 AS one", runtime.until(FIRST_QUERY)))
    except (QueryError, OSError, ProtocolError):
        return False
