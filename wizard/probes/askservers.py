"""Name resolution by asking each nameserver of resolv.conf ourselves: whose answer is it that the application gets?

Asked where getaddrinfo gave nothing, or where the hosts file and DNS may disagree; every wait is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.dns import place_of
from wizard.probes.nameservers import SYSTEM, WORDS, Said, ask_all, cannot_exist, nameservers
from wizard.runtime import Runtime
from wizard.target.model import Target

ASK_BOUND = 1.0
"""Seconds given to each nameserver, all asked at once."""


@probe(
    "dns.ask-servers",
    provides=(
        "dns.servers",
        "dns.servers-say",
        "dns.server-addresses",
        "dns.silent-servers",
        "dns.search",
        "dns.namespace",
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
    resolver = runtime.resolver or SYSTEM
    servers, search = nameservers(resolver.resolv_conf)
    name = runtime.facts.text("dns.name") or target.host
    facts: dict[str, Value] = {
        "dns.servers": tuple(servers) or ("none",),
        "dns.search": tuple(search) or ("none",),
        "dns.namespace": _namespace(search),
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
    bound = ASK_BOUND if runtime.resolver is None else resolver.patience
    said = ask_all(
        name, search, servers[:3], min(bound, runtime.until(ASK_BOUND) - runtime.clock()), resolver.port
    )
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


def _namespace(search: Sequence[str]) -> str:
    """Our own namespace in a Kubernetes cluster, as its search domains tell it (shop.svc.cluster.local); else none."""
    named = (domain.lower().partition(".svc.") for domain in search)
    return next((own for own, mark, _ in named if mark and own and "." not in own), "none")


def _facts_said(said: Said, runtime: Runtime) -> dict[str, Value]:
    words = [word for word, _ in said.values()]
    facts: dict[str, Value] = {
        "dns.servers-say": next((word for word in WORDS if word in words), "silent"),
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
        report.facts.update(place_of(found))
    elif outcome in ("not-found", "no-address", "try-again", "failed"):
        report.quote(
            "dns",
            f"The nameserver knows {name}, and the system's resolver (getaddrinfo) does not give it:"
            " compare the line hosts: of /etc/nsswitch.conf and the other nameservers",
        )
