"""Name resolution twice: as the application does it (getaddrinfo), and by asking each nameserver ourselves.

getaddrinfo runs in a daemon thread, because it cannot be interrupted: a silent resolver costs this probe's bound.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.nameservers import Said, ask_all, cannot_exist, denies, nameservers
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target

RESOLVE_BOUND = 2.6
"""Seconds given to getaddrinfo; with the nameservers asked after it, a silent resolver is named within five."""
ASK_BOUND = 1.0
"""Seconds given to each nameserver, all asked at once."""
HOSTS = Path("/etc/hosts")
DENIAL_BOUND = 0.3
"""Seconds for a nameserver to confirm that there is no such name; getaddrinfo has just heard the same from it."""
NSSWITCH = Path("/etc/nsswitch.conf")
TYPICAL_SERVICES = frozenset(
    {
        *(
            "db",
            "database",
            "postgres",
            "postgresql",
            "pg",
            "timescaledb",
            "postgis",
            "pgbouncer",
            "pgpool",
            "postgresdb",
        ),
        *("mysql", "mariadb", "mysqldb", "percona", "proxysql", "maxscale"),
        *("sql", "rdbms", "primary", "replica", "master", "slave"),
    }
)
"""Names that services of a Compose file or a cluster usually have."""

_OUTCOMES = {
    socket.EAI_NONAME: "not-found",
    getattr(socket, "EAI_NODATA", -5): "no-address",
    getattr(socket, "EAI_ADDRFAMILY", -9): "no-address",
    socket.EAI_AGAIN: "try-again",
    socket.EAI_FAIL: "failed",
}


@probe(
    "dns.resolve",
    provides=(
        "dns.outcome",
        "dns.addresses",
        "dns.name",
        "dns.name-kind",
        "dns.error",
        "dns.in-hosts-file",
        "dns.hosts-file-address",
        "dns.definite",
        "target.is-local",
        "target.is-loopback",
    ),
    deadline=RESOLVE_BOUND + 0.3,
)
def resolve(target: Target, runtime: Runtime) -> Report:
    """Every host of the target to its addresses; the outcome is the first host's unless another one resolves."""
    if target.is_socket and len(target.hosts) == 1:
        runtime.addresses = []
        facts: dict[str, Value] = {
            "dns.outcome": "socket",
            "target.is-local": True,
            "target.is-loopback": True,
        }
        return Report(facts, summary="a Unix socket: no name to resolve")
    answers = _look_up_all(target.hosts, runtime.until(RESOLVE_BOUND) - runtime.clock())
    runtime.addresses = [
        (index, address, target.hosts[index].port)
        for index, (_, found) in enumerate(answers)
        for address in found
    ]
    failed = next((index for index, (_, found) in enumerate(answers) if not found), None)
    shown = 0 if runtime.addresses or failed is None else failed
    report = Report(_facts_about(target, runtime, answers, shown))
    for index, (outcome, found) in enumerate(answers):
        if not found:
            report.quote("dns", f"{target.hosts[index].host}: {outcome[1]}", outcome[0])
            file = "" if runtime.addresses else compose_file_with(target.hosts[index].host, runtime)
            if file:
                report.quote("dns", f"{file} defines a service {target.hosts[index].host}")
    addresses = ", ".join(address for _, address, _ in runtime.addresses)
    report.summary = f"{target.hosts[shown].host} is {addresses}" if addresses else answers[shown][0][1]
    return report


Answer = tuple[tuple[str, str], list[str]]
"""((outcome, the resolver's words), addresses)"""


def _look_up_all(hosts: tuple[HostPort, ...], seconds: float) -> list[Answer]:
    """The answer for each host, all asked at once, in daemon threads that may be left behind."""
    answers: list[Answer] = [
        (("timeout", f"the resolver did not answer within {seconds:.1f} s"), []) for _ in hosts
    ]
    threads = []
    for index, host in enumerate(hosts):
        if host.is_socket:
            answers[index] = (("literal", ""), [f"{host.host.rstrip('/')}/.s.PGSQL.{host.port}"])
            continue
        if _is_literal(host.hostaddr or host.host):
            answers[index] = (("literal", ""), [host.hostaddr or host.host])
            continue

        def ask(index: int = index, name: str = host.host) -> None:
            answers[index] = look_up(name)

        thread = threading.Thread(target=ask, daemon=True, name="getaddrinfo")
        thread.start()
        threads.append(thread)
    end = threading.TIMEOUT_MAX if seconds < 0 else seconds
    for thread in threads:
        thread.join(end)
    return list(answers)


def look_up(name: str) -> Answer:
    """getaddrinfo for one name: what the application will get. Never raises."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return (_OUTCOMES.get(error.errno or 0, "failed"), str(error.strerror or error)), []
    except (OSError, UnicodeError) as error:
        return ("not-found", f"the name cannot be looked up: {error}"), []
    return ("resolved", ""), list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _asks_dns() -> bool:
    """Whether getaddrinfo asks the nameservers here at all: the line `hosts:` of nsswitch.conf names dns."""
    try:
        text = NSSWITCH.read_text("utf-8", "replace")[: 1 << 16]
    except OSError:
        return True  # the C library's own default asks DNS
    lines = [
        line.partition("#")[0].split() for line in text.splitlines() if line.lstrip().startswith("hosts:")
    ]
    return not lines or bool({"dns", "resolve"} & set(lines[-1]))


def _is_literal(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except (OSError, ValueError):
            continue
        return True
    return False


def _facts_about(target: Target, runtime: Runtime, answers: list[Answer], shown: int) -> dict[str, Value]:
    host = target.hosts[shown].host if target.hosts else ""
    outcome, words = answers[shown][0] if answers else ("not-found", "no host is given")
    if runtime.addresses and outcome != "literal":
        outcome = "resolved"
    in_file = hosts_file_addresses(host)
    in_compose = not runtime.addresses and compose_file_with(host, runtime)
    addresses = tuple(address for _, address, _ in runtime.addresses)
    facts: dict[str, Value] = {
        "dns.outcome": outcome,
        "dns.name": host,
        "dns.name-kind": "service" if in_compose else name_kind(host, outcome),
        "dns.in-hosts-file": "yes" if in_file else "no",
    }
    if in_file:
        facts["dns.hosts-file-address"] = ", ".join(in_file)
    if words:
        facts["dns.error"] = words
    if outcome == "not-found":
        sure = _asks_dns() and not cannot_exist(host) and denies(host, DENIAL_BOUND)
        facts["dns.definite"] = "yes" if sure else "no"
    if addresses:
        facts.update(_place_of(addresses))
    return facts


def _place_of(addresses: tuple[str, ...]) -> dict[str, Value]:
    """The facts about addresses that will be connected to."""
    return {
        "dns.addresses": addresses,
        "target.is-local": is_local(addresses[0]),
        "target.is-loopback": is_loopback(addresses[0]),
    }


def compose_file_with(name: str, runtime: Runtime) -> str:
    """The Compose file of the working directory that defines a service of this name, or "".

    Read only for a single label; never where the files of the working directory are not to be looked at.
    """
    label = name.rstrip(".")
    if runtime.cwd is None or not label or "." in label or "/" in label:
        return ""
    from wizard.target.compose import NAMES, read_compose

    path = next((runtime.cwd / file for file in NAMES if (runtime.cwd / file).is_file()), None)
    if path is None:
        return ""
    services, _ = read_compose(path, runtime.environ)
    return path.name if any(service.name.lower() == label.lower() for service in services) else ""


def name_kind(host: str, outcome: str) -> str:
    """What the name looks like: literal, localhost, service (as in Compose files), cluster, label or qualified."""
    name = host.rstrip(".").lower()
    if outcome == "literal" or not name:
        return "literal"
    if name == "localhost" or name.endswith(".localhost"):
        return "localhost"
    if name.endswith((".svc", ".cluster.local", ".internal.docker", ".docker.internal")) or ".svc." in name:
        return "cluster"
    if "." not in name:
        base = name.rstrip("0123456789").replace("_", "-")
        words = set(base.split("-"))
        return "service" if words & TYPICAL_SERVICES or base in TYPICAL_SERVICES or "_" in name else "label"
    return "qualified"


def is_loopback(address: str) -> bool:
    """Whether the address is 127.0.0.0/8 or ::1."""
    return address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1", "0.0.0.0", "::")


def is_local(address: str) -> bool:
    """Whether the address belongs to this machine: only then can a socket be bound to it."""
    if is_loopback(address):
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
    except (OSError, UnicodeError):
        return False
    return True


def hosts_file_addresses(name: str, path: Path = HOSTS) -> list[str]:
    """The addresses that the hosts file gives for a name; empty where it names it not, or cannot be read."""
    wanted = name.rstrip(".").lower()
    if not wanted or wanted == "localhost":
        return []
    try:
        lines = path.read_text("utf-8", "replace")[: 1 << 20].splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        words = line.partition("#")[0].split()
        if wanted in (word.lower() for word in words[1:]):
            found.append(words[0])
    return found


@probe(
    "dns.ask-servers",
    provides=(
        "dns.servers",
        "dns.servers-say",
        "dns.server-addresses",
        "dns.silent-servers",
        "dns.search",
        "dns.matches",
        "dns.addresses",
        "target.is-local",
        "target.is-loopback",
    ),
    deadline=ASK_BOUND + 1.2,
)
def ask_servers(target: Target, runtime: Runtime) -> Report:
    """What each nameserver of resolv.conf says, asked directly and at once.

    Where getaddrinfo got no answer in time and one of them has addresses, the walk goes on with these.
    """
    servers, search = nameservers()
    name = runtime.facts.text("dns.name") or target.host
    facts: dict[str, Value] = {
        "dns.servers": tuple(servers) or ("none",),
        "dns.search": tuple(search) or ("none",),
    }
    report = Report(facts)
    why = cannot_exist(name)
    if why:
        facts["dns.servers-say"] = "not-found"
        report.summary = f"no nameserver was asked: {why}"
        report.quote("dns", f"{name} cannot be a name: {why}")
        return report
    if not servers:
        facts["dns.servers-say"] = "none-configured"
        report.summary = "resolv.conf names no nameserver"
        return report
    said = ask_all(name, search, servers[:3], min(ASK_BOUND, runtime.until(ASK_BOUND) - runtime.clock()))
    for server, (word, addresses) in said.items():
        report.quote(
            "dns", f"nameserver {server}: {word}" + (f" {', '.join(addresses)}" if addresses else "")
        )
    report.summary = "; ".join(f"{server} says {word}" for server, (word, _) in said.items())
    facts.update(_facts_said(said, runtime))
    found = facts.get("dns.server-addresses")
    if isinstance(found, tuple) and not runtime.addresses:
        _use_or_tell(target, runtime, report, name, found)
    return report


def _facts_said(said: Said, runtime: Runtime) -> dict[str, Value]:
    words = [word for word, _ in said.values()]
    order = (
        "answered",
        "no-address",
        "not-found",
        "servfail",
        "refused",
        "truncated",
        "unreachable",
        "silent",
    )
    facts: dict[str, Value] = {
        "dns.servers-say": next((word for word in (*order, "garbage") if word in words), "silent"),
        "dns.silent-servers": tuple(server for server, (word, _) in said.items() if word == "silent")
        or ("none",),
    }
    found = tuple(dict.fromkeys(address for _, addresses in said.values() for address in addresses))
    if found:
        facts["dns.server-addresses"] = found
        used = {address for _, address, _ in runtime.addresses}
        facts["dns.matches"] = "yes" if used & set(found) or not used else "no"
    return facts


def _use_or_tell(target: Target, runtime: Runtime, report: Report, name: str, found: tuple[str, ...]) -> None:
    """A nameserver has the addresses that getaddrinfo has not: it was only slow, or it does not ask there."""
    outcome = runtime.facts.text("dns.outcome")
    if outcome == "timeout":
        index = next((at for at, host in enumerate(target.hosts) if host.host == name), 0)
        runtime.addresses = [(index, address, target.hosts[index].port) for address in found]
        report.facts.update(_place_of(found))
    elif outcome in ("not-found", "no-address", "try-again", "failed"):
        report.quote(
            "dns",
            f"The nameserver knows {name}, and the system's resolver (getaddrinfo) does not give it:"
            " compare the line hosts: of /etc/nsswitch.conf and the other nameservers",
        )
