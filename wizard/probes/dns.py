"""Name resolution as the application does it (getaddrinfo), and what the name itself tells.

getaddrinfo runs in a daemon thread, because it cannot be interrupted: a silent resolver costs this probe's bound.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextvars import copy_context
from pathlib import Path

from wizard import footprint, providers
from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.nameservers import SYSTEM, asks_dns, cannot_exist, denies
from wizard.runtime import Resolver, Runtime
from wizard.target.model import HostPort, Target

RESOLVE_BOUND = 2.6
"""Seconds given to getaddrinfo; with the nameservers asked after it, a silent resolver is named within five."""
DENIAL_BOUND = 0.3
"""Seconds for a nameserver to confirm that there is no such name; getaddrinfo has just heard the same from it."""
COMPOSE_FACTS = (
    "compose.outcome",
    "compose.file",
    "compose.services",
    "compose.service",
    "compose.published-port",
)
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
        "dns.canonical",
        "managed",
        "managed.name",
        "managed.detail",
        *COMPOSE_FACTS,
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
    answers = look_up_all(target.hosts, runtime.until(RESOLVE_BOUND) - runtime.clock(), runtime.resolver)
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
            if not runtime.addresses and _in_compose(
                told := compose_facts(target.hosts[index].host, runtime)
            ):
                report.quote("dns", f"{told['compose.file']} defines a service {target.hosts[index].host}")
    addresses = ", ".join(address for _, address, _ in runtime.addresses)
    host = target.hosts[shown].host
    if addresses == host:
        report.summary = f"{host} is an address: no name to resolve"
    else:
        report.summary = f"{host} is {addresses}" if addresses else answers[shown][0][1]
    return report


Answer = tuple[tuple[str, str], list[str]]
"""((outcome, the resolver's words; of a name that it resolved the canonical name), addresses)"""


def look_up_all(
    hosts: tuple[HostPort, ...], seconds: float, resolver: Resolver | None = None
) -> list[Answer]:
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
            answers[index] = look_up(name) if resolver is None else _look_up_there(name, resolver)

        thread = threading.Thread(target=copy_context().run, args=(ask,), daemon=True, name="getaddrinfo")
        thread.start()
        threads.append(thread)
    end = threading.TIMEOUT_MAX if seconds < 0 else seconds
    for thread in threads:
        thread.join(end)
    return list(answers)


def look_up(name: str) -> Answer:
    """getaddrinfo for one name: what the application will get. Never raises."""
    footprint.now().looked_up(name)
    try:
        # The canonical name is in the same answer of the nameserver: to ask for it costs no further query.
        found = socket.getaddrinfo(as_asked(name), None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except socket.gaierror as error:
        return (_OUTCOMES.get(error.errno or 0, "failed"), str(error.strerror or error)), []
    except (OSError, UnicodeError) as error:
        return ("not-found", f"the name cannot be looked up: {error}"), []
    return ("resolved", found[0][3]), list(dict.fromkeys(str(entry[4][0]) for entry in found))


def as_asked(name: str) -> str | bytes:
    """The name as getaddrinfo and ssl take it: an everyday one as bytes, for a text needs Python's tables of IDNA."""
    everyday = name.isascii() and all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))
    return name.encode("ascii") if everyday else name


def _look_up_there(name: str, resolver: Resolver) -> Answer:
    from wizard.probes.stub import look_up as ask

    return ask(name, resolver)


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
    in_file = hosts_file_addresses(host, (runtime.resolver or SYSTEM).hosts)
    in_compose = {} if runtime.addresses else compose_facts(host, runtime)
    addresses = tuple(address for _, address, _ in runtime.addresses)
    facts: dict[str, Value] = {
        "dns.outcome": outcome,
        "dns.name": host,
        "dns.name-kind": "service" if _in_compose(in_compose) else name_kind(host, outcome),
        "dns.in-hosts-file": "yes" if in_file else "no",
        **in_compose,
        **_alias(target, runtime, answers),
    }
    if in_file:
        facts["dns.hosts-file-address"] = ", ".join(in_file)
    if words and not addresses:
        facts["dns.error"] = words
    if outcome == "not-found":
        resolver = runtime.resolver or SYSTEM
        asked = bool(host) and asks_dns(resolver.nsswitch) and not cannot_exist(host)
        sure = asked and denies(host, DENIAL_BOUND, resolver)
        facts["dns.definite"] = "yes" if sure else "no"
    if addresses:
        facts.update(place_of(addresses))
    return facts


def place_of(addresses: tuple[str, ...]) -> dict[str, Value]:
    """The facts about addresses that will be connected to."""
    return {
        "dns.addresses": addresses,
        "target.is-local": is_local(addresses[0]),
        "target.is-loopback": is_loopback(addresses[0]),
    }


def _alias(target: Target, runtime: Runtime, answers: list[Answer]) -> dict[str, Value]:
    """The name behind the target's, where it is an alias, and the provider to which only that one belongs."""
    said = next(
        ((at, words) for at, ((outcome, words), found) in enumerate(answers) if found and words), None
    )
    if said is None or said[1].rstrip(".").lower() == target.hosts[said[0]].host.rstrip(".").lower():
        return {"dns.canonical": "none"}
    facts: dict[str, Value] = {"dns.canonical": said[1].rstrip(".")}
    if providers.by_name(runtime.platforms, [host.host for host in target.hosts]) is None:
        found = providers.by_canonical_name(runtime.platforms, said[1])
        facts.update(providers.naming(found) if found is not None else {})
    return facts


def _in_compose(facts: Mapping[str, Value]) -> bool:
    return facts.get("compose.service", "none") != "none"


def compose_facts(name: str, runtime: Runtime) -> dict[str, Value]:
    """What the Compose file of the working directory says of a single label; opened for nothing else."""
    label = name.rstrip(".")
    if runtime.cwd is None or not label or "." in label or "/" in label:
        return {}
    from wizard.probes.compose import about_name

    return about_name(label, runtime)


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


def hosts_file_addresses(name: str, path: Path = SYSTEM.hosts) -> list[str]:
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
