"""TCP to the addresses, or the Unix socket; the first that opens is kept for the later probes."""

from __future__ import annotations

import errno
import os

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel, open_channel
from wizard.probes.race import NOT_TRIED, OTHER, SOCKET_WORDS, Attempt, leave, race
from wizard.probes.routes import ask_by_datagram, has_route
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target

QUICK = 1.0
"""Seconds; an unreachable host that is told within them was told by a router or firewall, not by a lost neighbour."""
_WORST_FIRST = (
    "no-descriptor",
    "no-local-port",
    "refused",
    "not-permitted",
    "rejected",
    "reset",
    "timeout",
    "host-unreachable",
    "net-unreachable",
)


@probe(
    "network.connect",
    provides=(
        "network.outcome",
        "network.errno",
        "network.attempts",
        "network.address",
        "network.family",
        "network.client-address",
        "network.connect-ms",
        "network.failed-hosts",
        "network.socket-dir",
        "network.socket",
    ),
    deadline=70.0,
)
def connect(target: Target, runtime: Runtime) -> Report:
    """Open the connection: the addresses in their order, the next one soon, the target's first host preferred."""
    if target.is_socket and len(target.hosts) == 1:
        return _connect_socket(target, runtime)
    if not runtime.addresses:
        # A resumed walk: a nameserver told these when getaddrinfo had no answer, and was not asked again.
        told = runtime.facts.get("dns.server-addresses")
        runtime.addresses = [(0, one, target.port) for one in told] if isinstance(told, tuple) else []
    attempts = [Attempt(host, address, port) for host, address, port in runtime.addresses]
    race(attempts, runtime.until(patience(target, runtime)))
    won = next((attempt for attempt in attempts if attempt.outcome == "connected"), None)
    for attempt in attempts:
        if attempt is not won:
            leave(attempt)
    report = Report(summary=_told(won or attempts[0]) if attempts else "no address to connect to")
    for attempt in attempts:
        if attempt.outcome not in ("connected", NOT_TRIED):
            report.quote("network", _told(attempt), errno.errorcode.get(attempt.number, ""))
    deciding = won or _deciding(attempts)
    if won is not None and won.sock is not None:
        won.sock.setblocking(True)
        runtime.channel = Channel(won.sock, target.hosts[won.host], won.address, won.record)
        report.facts["network.connect-ms"] = round(won.seconds * 1000)
        if not won.address.startswith("/"):
            report.facts["network.client-address"] = str(won.sock.getsockname()[0])
    report.facts.update(_facts(target, attempts, deciding))
    return report


def patience(target: Target, runtime: Runtime) -> float:
    """Seconds to wait for a connection: ours, or the target's own connect_timeout where that is shorter."""
    try:
        own = float(target.options.get("connect_timeout", ""))
    except ValueError:
        return runtime.connect_timeout
    return min(own, runtime.connect_timeout) if own > 0 else runtime.connect_timeout


def _facts(target: Target, attempts: list[Attempt], deciding: Attempt | None) -> dict[str, Value]:
    if deciding is None:
        return {}
    outcome = deciding.outcome
    if outcome in ("net-unreachable", "host-unreachable", "not-permitted"):
        outcome = _why_unreachable(deciding, attempts)
    facts: dict[str, Value] = {
        "network.errno": errno.errorcode.get(deciding.number, "none"),
        "network.attempts": tuple(_told(attempt) for attempt in attempts),
        "network.address": deciding.address,
        "network.family": "ipv6" if ":" in deciding.address else "ipv4",
    }
    if outcome != OTHER:
        facts["network.outcome"] = outcome
    done = {attempt.host for attempt in attempts if attempt.outcome == "connected"}
    # Hosts behind the one that answered were not waited for: only earlier ones are known to have failed.
    failed = tuple(host.host for index, host in enumerate(target.hosts) if done and index < min(done))
    facts["network.failed-hosts"] = failed or ("none",)
    return facts


def _told(attempt: Attempt) -> str:
    if attempt.outcome == NOT_TRIED:
        return f"{attempt.place} was not tried"
    after = f"after {attempt.seconds * 1000:.0f} ms"
    if attempt.outcome == "connected":
        return f"{attempt.place} connected {after}"
    if attempt.number:
        return f"{attempt.place}: {os.strerror(attempt.number)} {after}"
    return f"{attempt.place}: no answer {after}"


def _deciding(attempts: list[Attempt]) -> Attempt | None:
    """The attempt whose failure explains the whole: of the first host, the one that says most."""
    first = [attempt for attempt in attempts if attempt.host == attempts[0].host] if attempts else []
    for word in _WORST_FIRST:
        for attempt in first:
            if attempt.outcome == word:
                return attempt
    return first[0] if first else None


def _why_unreachable(attempt: Attempt, attempts: list[Attempt]) -> str:
    """unreachable, ipv6-unreachable or rejected: who said no, this host's routes, a router, or a firewall."""
    only_v6 = all(":" in other.address for other in attempts)
    if attempt.outcome == "not-permitted":
        return "rejected"
    if not has_route(attempt.address, attempt.port):
        return "ipv6-unreachable" if only_v6 else "unreachable"
    if attempt.seconds >= QUICK or ":" in attempt.address:
        return "ipv6-unreachable" if only_v6 and attempt.outcome == "net-unreachable" else "unreachable"
    return ask_by_datagram(attempt.address, attempt.port)


def socket_path(target: Target, host: HostPort) -> str:
    """The file of a Unix socket: PostgreSQL names its folder, MySQL the file itself; `@` is the abstract kind."""
    if target.family == "mysql":
        return host.host
    return f"{host.host.rstrip('/')}/.s.PGSQL.{host.port}"


def _open_socket(runtime: Runtime, host: HostPort, path: str, until: float) -> int:
    """Open the Unix socket as the walk's connection; the errno, 0 where it is open."""
    try:
        runtime.channel = open_channel(host, path, until)
    except TimeoutError:
        return errno.EAGAIN
    except OSError as error:
        # Python itself refuses a path over 107 bytes, without a number.
        return error.errno or errno.ENAMETOOLONG
    except ValueError:
        return errno.ENOENT
    return 0


def _connect_socket(target: Target, runtime: Runtime) -> Report:
    host = target.hosts[0]
    path = socket_path(target, host)
    number = _open_socket(runtime, host, path, runtime.until(patience(target, runtime)))
    outcome = "connected" if not number else SOCKET_WORDS.get(number, OTHER)
    folder = os.path.dirname(path) if not path.startswith("@") else ""
    facts: dict[str, Value] = {
        "network.errno": errno.errorcode.get(number, "none"),
        "network.socket": path,
        "network.socket-dir": "present" if not folder or os.path.isdir(folder) else "missing",
        "network.failed-hosts": ("none",),
    }
    if outcome != OTHER:
        facts["network.outcome"] = outcome
    said = f"{path}: {os.strerror(number)}" if number else f"{path} connected"
    report = Report(facts, summary=said)
    if number:
        report.quote("network", said, errno.errorcode.get(number, ""))
    return report
