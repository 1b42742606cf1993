"""The client as the server sees it: the server's own words first, then the address of our end of the connection."""

from __future__ import annotations

from pathlib import Path

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple
from wizard.runtime import Runtime
from wizard.target.model import Target

_POSTGRES = lazy(r'\bhost "([0-9A-Fa-f.:]+)"')
_PLAIN = lazy(r"no encryption|SSL off")
_PROTECTED = lazy(r"SSL encryption|SSL on\b")
_MYSQL = lazy(r"(?:'@'|\bHost ')([^'%]+)'(?! to database)")
"""The client; but where the right to a database is refused, the host stands for the account's pattern."""
_ADDRESS = lazy(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


class Place(NamedTuple):
    """For pg_hba.conf. `address` is empty on a Unix socket; `same_host` None where it is not known."""

    address: str
    tls: bool
    same_host: bool | None
    file: Path | None = None
    port: int = 0
    """The port that the server must know as its own; 0 where it may be another one behind a forwarder."""


def by_postgres(target: Target, runtime: Runtime, file: Path | None) -> Place:
    """Address and encryption of the refused login; `file` is the server's pg_hba.conf where it is on this host."""
    said = runtime.facts.text("error.text") or ""
    tls = runtime.facts.text("tls.outcome") == "ok"
    tls = bool(_PROTECTED.search(said)) or (tls and not _PLAIN.search(said))
    if target.is_socket:
        return Place("", False, None, file)
    named = _POSTGRES.search(said)
    address = named[1] if named else runtime.facts.text("network.client-address") or ""
    local = runtime.facts.text("target.is-local") == "true"
    return Place(address, tls, True if local else None, file)


def by_mysql(target: Target, runtime: Runtime) -> tuple[str, str]:
    """(name, address): the name is what the server found for the address; empty where it uses none."""
    if target.is_socket:
        return "localhost", ""
    own = runtime.facts.text("network.client-address") or ""
    named = _MYSQL.search(runtime.facts.text("error.text") or "")
    if named is None:
        loopback = runtime.facts.text("target.is-loopback") == "true"
        return "localhost" if loopback else "", own
    return ("", named[1]) if _ADDRESS.fullmatch(named[1]) else (named[1], own)
