"""What is known of managed providers: whose a name is, and what differs there for a client.

The knowledge is `platforms.yaml`; this only matches names and picks what fits. Nothing is looked up or contacted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from wizard.core.facts import Fact, Facts, Value
from wizard.named import TYPE_CHECKING
from wizard.target.model import DEFAULT_PORTS

if TYPE_CHECKING:
    from typing import Any

    Entry = Mapping[str, Any]
    """One provider of `platforms.yaml`."""

_TEXTS = {"allow-list": "managed.allow-list", "tls": "managed.tls", "user-form": "managed.user-form"}


def by_name(platforms: Mapping[str, Any], names: Iterable[str]) -> Entry | None:
    """The provider to which one of the host names (or socket paths) belongs; one that is only a hint does not count."""
    known = [name.lower().rstrip(".") for name in names]
    return next((entry for entry in platforms.get("managed", ()) if _is_named(entry, known)), None)


def by_canonical_name(platforms: Mapping[str, Any], name: str) -> Entry | None:
    """The provider to which the name behind an alias (CNAME) belongs, or None."""
    bare = name.lower().rstrip(".")
    for entry in platforms.get("managed", ()):
        ends = tuple(str(suffix).lower() for suffix in entry.get("cname-suffixes", ()))
        if entry.get("certain") != "no" and ((ends and bare.endswith(ends)) or _is_named(entry, [bare])):
            return dict(entry)
    return None


def naming(entry: Entry) -> dict[str, Value]:
    """The facts that name a provider."""
    return {
        "managed": str(entry.get("id", "other")),
        "managed.name": str(entry.get("name", "a managed provider")),
        "managed.detail": str(entry.get("detail", entry.get("id", "other"))),
    }


def with_provider(facts: Facts, platforms: Mapping[str, Any]) -> Facts:
    """The facts and what follows from the provider, whoever named it: a probe, a person or a flag."""
    entry = _entry(facts, platforms)
    if entry is None:
        return facts
    told = {key: value for key, value in {**naming(entry), **_particulars(entry, facts)}.items() if value}
    return facts.having(Fact(key, value, "derived") for key, value in told.items() if not facts.known(key))


def _entry(facts: Facts, platforms: Mapping[str, Any]) -> Entry | None:
    """The entry of the provider that the facts name; of several with one id the one told by `managed.detail`."""
    managed, detail = facts.text("managed"), facts.text("managed.detail")
    if managed in (None, "none"):
        return None
    alike = [entry for entry in platforms.get("managed", ()) if entry.get("id") == managed]
    exact = next((entry for entry in alike if entry.get("detail", entry.get("id")) == detail), None)
    # A person names the provider and not its product: then the entry that stands for the whole provider counts.
    return exact or next((entry for entry in alike if entry.get("detail", managed) == managed), None)


def _particulars(entry: Entry, facts: Facts) -> dict[str, Value]:
    """What differs at this provider, as facts for the pages; what is not known is left out."""
    engine = facts.text("engine") or ""
    told: dict[str, Value] = {key: str(entry.get(name, "")) for name, key in _TEXTS.items()}
    told["managed.cannot-change"] = ", ".join(str(one) for one in entry.get("cannot-change", ()))
    told["managed.note"] = str(next(iter(entry.get("notes", ())), ""))
    told["managed.ipv6-only"] = str(entry.get("ipv6-only", "no"))
    mysql = engine in ("mysql", "mariadb") and "mysql-ports" in entry
    ports = [str(port) for port in entry.get("mysql-ports" if mysql else "ports", ())]
    port = facts.text("target.port")
    if ports:
        told["managed.ports"] = ", ".join(ports)
        told["managed.port-usual"] = "" if port is None else "yes" if port in ports else "no"
    elif entry.get("own-port") == "yes":
        told["managed.ports"] = "one of its own for each service, as its console shows it"
        told["managed.port-usual"] = (
            "no" if port is not None and port == str(DEFAULT_PORTS.get(engine)) else ""
        )
    return told


def _is_named(entry: Entry, names: list[str]) -> bool:
    if entry.get("certain") == "no":
        return False
    suffixes = tuple(str(suffix).lower().lstrip("*") for suffix in entry.get("host-suffixes", ()))
    sockets = tuple(str(prefix) for prefix in entry.get("socket-prefixes", ()))
    pattern = str(entry.get("host-pattern", ""))
    for name in names:
        if (suffixes and name.endswith(suffixes)) or (sockets and name.startswith(sockets)):
            return True
        if pattern and re.search(pattern, name):
            return True
    return False
