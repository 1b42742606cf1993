"""TCP to every address side by side, or the Unix socket; the first that opens is kept for the later probes."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.routes import ask_by_datagram, has_route
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target

HEAD_START = 0.25
"""Seconds for which an earlier host of a list is waited for once a later one has answered."""
QUICK = 1.0
"""Seconds; an unreachable host that is told within them was told by a router or firewall, not by a lost neighbour."""
OTHER = "other"
"""The word for an error that has none: it is kept as evidence, and the outcome stays unknown."""

_WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.ENETUNREACH: "net-unreachable",
    errno.EHOSTUNREACH: "host-unreachable",
    errno.EHOSTDOWN: "host-unreachable",
    errno.EPERM: "not-permitted",
    errno.EACCES: "not-permitted",
    errno.EADDRNOTAVAIL: "no-local-port",
    errno.EMFILE: "no-descriptor",
    errno.ENFILE: "no-descriptor",
    errno.ECONNRESET: "reset",
    errno.EAFNOSUPPORT: "net-unreachable",
    errno.ENOBUFS: "no-memory",
    # What a firewall's ICMP message becomes (icmp_err_convert of Linux), and what a blackhole route says.
    errno.ENOPROTOOPT: "rejected",
    errno.EPROTO: "rejected",
    errno.EOPNOTSUPP: "net-unreachable",
    errno.EINVAL: "net-unreachable",
    errno.ENETDOWN: "net-unreachable",
    getattr(errno, "ENONET", errno.ENETDOWN): "net-unreachable",
    getattr(errno, "ENODEV", errno.ENETDOWN): "net-unreachable",
}
_SOCKET_WORDS = {
    errno.ENOENT: "socket-missing",
    errno.ENOTDIR: "socket-missing",
    errno.EACCES: "socket-permission",
    errno.EPERM: "socket-permission",
    errno.ECONNREFUSED: "socket-refused",
    errno.ENOTSOCK: "socket-missing",
    errno.ENAMETOOLONG: "socket-missing",
    errno.ELOOP: "socket-missing",
    errno.EPROTOTYPE: "socket-missing",
    errno.EAGAIN: "socket-busy",
    errno.EMFILE: "no-descriptor",
    errno.ENFILE: "no-descriptor",
}
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


class Attempt:
    """One address: what became of it, and after how many seconds. `number` is the errno, 0 while it is open."""

    def __init__(self, host: int, address: str, port: int) -> None:
        self.host = host
        self.address = address
        self.port = port
        self.sock: socket.socket | None = None
        self.outcome = "timeout"
        self.number = 0
        self.seconds = 0.0

    @property
    def place(self) -> str:
        """address:port, with brackets around IPv6; the path of a Unix socket."""
        if self.address.startswith("/"):
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@probe(
    "network.connect",
    provides=(
        "network.outcome",
        "network.errno",
        "network.attempts",
        "network.address",
        "network.family",
        "network.client-address",
        "network.failed-hosts",
        "network.socket-dir",
        "network.socket",
    ),
    deadline=70.0,
)
def connect(target: Target, runtime: Runtime) -> Report:
    """Open the connection: every address at once, the target's first host preferred."""
    if target.is_socket and len(target.hosts) == 1:
        return _connect_socket(target, runtime)
    if not runtime.addresses:
        # A resumed walk: a nameserver told these when getaddrinfo had no answer, and was not asked again.
        told = runtime.facts.get("dns.server-addresses")
        runtime.addresses = [(0, one, target.port) for one in told] if isinstance(told, tuple) else []
    attempts = [Attempt(host, address, port) for host, address, port in runtime.addresses]
    _race(attempts, runtime.until(patience(target, runtime)))
    won = next((attempt for attempt in attempts if attempt.outcome == "connected"), None)
    for attempt in attempts:
        if attempt.sock is not None and attempt is not won:
            attempt.sock.close()
    report = Report(summary=_told(won or attempts[0]) if attempts else "no address to connect to")
    for attempt in attempts:
        if attempt.outcome != "connected":
            report.quote("network", _told(attempt), errno.errorcode.get(attempt.number, ""))
    deciding = won or _deciding(attempts)
    if won is not None and won.sock is not None:
        won.sock.setblocking(True)
        runtime.channel = Channel(won.sock, target.hosts[won.host], won.address)
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
    after = f"after {attempt.seconds * 1000:.0f} ms"
    if attempt.outcome == "connected":
        return f"{attempt.place} connected {after}"
    if attempt.number:
        return f"{attempt.place}: {os.strerror(attempt.number)} {after}"
    return f"{attempt.place}: no answer {after}"


def _race(attempts: list[Attempt], until: float) -> None:
    """Start every attempt, then wait until the first host answers, all are settled, or the time is over."""
    begun = time.monotonic()
    try:
        selector = selectors.DefaultSelector()
    except OSError as error:
        for attempt in attempts:
            _conclude(attempt, error.errno or errno.EMFILE, 0.0)
        return
    for attempt in attempts:
        _begin(attempt, selector)
    first_success = 0.0
    while any(attempt.sock is not None and attempt.outcome == "timeout" for attempt in attempts):
        now = time.monotonic()
        limit = min(until, first_success + HEAD_START) if first_success else until
        if now >= limit:
            break
        for key, _ in selector.select(limit - now):
            attempt = key.data
            selector.unregister(key.fileobj)
            _settle(attempt, time.monotonic() - begun)
        connected = [attempt.host for attempt in attempts if attempt.outcome == "connected"]
        if connected and min(connected) == min(attempt.host for attempt in attempts):
            break
        if connected and not first_success:
            first_success = time.monotonic()
    for attempt in attempts:
        if attempt.outcome == "timeout" and not attempt.number:
            attempt.seconds = time.monotonic() - begun
    selector.close()


def _begin(attempt: Attempt, selector: selectors.BaseSelector) -> None:
    try:
        sock = attempt.sock = socket.socket(_family(attempt.address), socket.SOCK_STREAM)
        sock.setblocking(False)
        if attempt.address.startswith("/"):
            number = sock.connect_ex(attempt.address)
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = sock.connect_ex((attempt.address, attempt.port))
    except OSError as error:
        number = error.errno or errno.ENAMETOOLONG
    except (ValueError, OverflowError):
        number = errno.ENOENT
    if number in (errno.EINPROGRESS, errno.EWOULDBLOCK) and attempt.sock is not None:
        selector.register(attempt.sock, selectors.EVENT_WRITE, attempt)
    else:
        _conclude(attempt, number, 0.0)


def _family(address: str) -> socket.AddressFamily:
    if address.startswith("/"):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _settle(attempt: Attempt, seconds: float) -> None:
    number = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if attempt.sock else errno.EBADF
    _conclude(attempt, number, seconds)


def _conclude(attempt: Attempt, number: int, seconds: float) -> None:
    attempt.seconds = seconds
    attempt.number = number
    if (
        number == errno.EADDRNOTAVAIL
        and ":" in attempt.address
        and not has_route(attempt.address, attempt.port)
    ):
        number = (
            errno.ENETUNREACH
        )  # a host without IPv6 has no address to connect from; its ports are all free
        attempt.number = number
    words = _SOCKET_WORDS if attempt.address.startswith("/") else _WORDS
    attempt.outcome = "connected" if number == 0 else words.get(number, OTHER)
    if number and attempt.sock is not None:
        attempt.sock.close()
        attempt.sock = None


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


def _open_socket(name: str, until: float) -> tuple[socket.socket | None, int]:
    """The connected socket, or None and the errno."""
    sock = None
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(max(until - time.monotonic(), 0.001))
        sock.connect(name)
        return sock, 0
    except TimeoutError:
        number = errno.EAGAIN
    except OSError as error:
        number = (
            error.errno or errno.ENAMETOOLONG
        )  # Python itself refuses a path over 107 bytes, without a number
    except ValueError:
        number = errno.ENOENT
    if sock is not None:
        sock.close()
    return None, number


def _connect_socket(target: Target, runtime: Runtime) -> Report:
    host = target.hosts[0]
    path = socket_path(target, host)
    name = "\0" + path[1:] if path.startswith("@") else path
    sock, number = _open_socket(name, runtime.until(patience(target, runtime)))
    if sock is not None:
        runtime.channel = Channel(sock, host, path)
    outcome = "connected" if not number else _SOCKET_WORDS.get(number, OTHER)
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
