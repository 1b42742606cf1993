"""getaddrinfo's answers from a resolver other than the system's: hosts file, search domains, nameservers in order.

Used where a runtime states a resolver (the practice range does). What it gives is what glibc would give with the same
files; nothing raises.
"""

from __future__ import annotations

import time

from wizard.named import TYPE_CHECKING
from wizard.probes.dns import Answer, hosts_file_addresses
from wizard.probes.nameservers import addresses_in, asks_dns, cannot_exist, nameservers, question
from wizard.runtime import Resolver

if TYPE_CHECKING:
    from typing import Any


_NOT_FOUND: Answer = (("not-found", "Name or service not known"), [])
_NO_ADDRESS: Answer = (("no-address", "No address associated with hostname"), [])
_TRY_AGAIN: Answer = (("try-again", "Temporary failure in name resolution"), [])
_MOST_SEARCHED = 3


def look_up(name: str, resolver: Resolver) -> Answer:
    """The answer for one name: the hosts file's, else that of the first nameserver that gives one."""
    in_file = hosts_file_addresses(name, resolver.hosts)
    if in_file:
        return ("resolved", name), in_file
    if not asks_dns(resolver.nsswitch) or cannot_exist(name):
        return _NOT_FOUND
    servers, search = nameservers(resolver.resolv_conf)
    if not servers:
        return _TRY_AGAIN
    worst = _NOT_FOUND
    for one in _spellings(name, search):
        answer = _ask_in_turn(one, servers, resolver)
        if answer[1]:
            return answer
        if answer != _NOT_FOUND:
            worst = answer
    return worst


def _spellings(name: str, search: list[str]) -> list[str]:
    """The name as it is and with the search domains, in the order in which they are asked for (ndots is 1)."""
    if name.endswith("."):
        return [name]
    longer = [f"{name}.{domain}" for domain in search[:_MOST_SEARCHED]]
    longer = [one for one in longer if not cannot_exist(one)]
    return [name, *longer] if "." in name else [*longer, name]


def _ask_in_turn(name: str, servers: list[str], resolver: Resolver) -> Answer:
    """What the first server says that says anything of the name: the next one is asked only where this one fails."""
    for server in servers:
        until = time.monotonic() + resolver.patience
        word, answer = question(name, "A", server, until, resolver.port)
        if word == "not-found":
            return _NOT_FOUND
        if word != "noerror":
            continue
        # The second family is not waited for where it is refused, as in glibc: the first one's addresses do.
        _, second = question(name, "AAAA", server, until, resolver.port)
        found = addresses_in(answer) + (addresses_in(second) if second is not None else [])
        return (("resolved", _canonical(answer, name)), found) if found else _NO_ADDRESS
    return _TRY_AGAIN


def _canonical(answer: Any, name: str) -> str:
    """The name at the end of the aliases."""
    import dns.exception

    try:
        return str(answer.canonical_name()).rstrip(".")
    except dns.exception.DNSException:
        return name
