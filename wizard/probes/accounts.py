"""MySQL's and MariaDB's accounts: which entry (user and host pattern) the server takes for one client.

The most specific host comes first, then a named user before the anonymous one; the first entry that fits is the one,
and no other is tried. Pure: reads nothing. Follows sql_acl.cc of MariaDB and sql_auth_cache.cc of MySQL 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, ip_address

from wizard.named import NamedTuple

LONGEST_HOST = 60
"""The longest host name that MariaDB reckons with when it compares patterns (HOSTNAME_LENGTH)."""


class Account(NamedTuple):
    """One entry. `tls` is none, any, x509 or specified; `password` set or unset."""

    user: str
    host: str
    plugin: str = ""
    locked: bool = False
    expired: bool = False
    tls: str = "none"
    password: str = "set"

    @property
    def name(self) -> str:
        """As the server writes it: 'app'@'10.0.%'."""
        return f"'{self.user}'@'{self.host}'"


class Client(NamedTuple):
    """Who connects, as the server sees it: `host` is the name that it found for the address, or empty."""

    user: str
    host: str
    ip: str
    mariadb: bool = True


def entry_for(accounts: Iterable[Account], client: Client) -> Account | None:
    """The entry that the server takes for this client; None where none fits."""
    fitting = [one for one in accounts if one.user in (client.user, "") and host_fits(one.host, client)]
    # Between equals MariaDB takes the later text ("localhost" before "127.0.0.1"), MySQL the order of its table.
    fitting.sort(key=lambda one: one.host.lower(), reverse=client.mariadb)
    rank = _mariadb_rank if client.mariadb else _mysql_rank
    return min(fitting, key=lambda one: (rank(one.host or "%"), one.user == ""), default=None)


def host_fits(pattern: str, client: Client) -> bool:
    """Whether a host pattern covers this client, by address and mask, by address, or by name."""
    pattern = pattern or "%"
    network = _network(pattern, client.mariadb)
    if network is not None and client.ip:
        try:
            return ip_address(client.ip) in network
        except ValueError:
            return False
    by_name = bool(client.host) and like(client.host.lower(), pattern.lower())
    return by_name or (bool(client.ip) and like(client.ip, pattern))


def _network(pattern: str, mariadb: bool) -> IPv4Network | None:
    """The network of `address/mask`; MariaDB knows no prefix length, MySQL also takes a plain address so."""
    address, slash, mask = pattern.partition("/")
    if not slash and mariadb:
        return None
    if slash and mariadb and "." not in mask:
        return None
    try:
        IPv4Address(address)
        # As the server: bits of the address outside of the mask fit nobody.
        return IPv4Network(pattern)
    except ValueError:
        return None


def like(text: str, pattern: str) -> bool:
    """Whether the text fits a pattern with `%` and `_` (wild_compare); a backslash takes their meaning away."""
    at, found, mark, behind = 0, 0, -1, 0
    parts = _parts(pattern)
    while at < len(text):
        if found < len(parts) and parts[found] in (("_", True), (text[at], False)):
            at, found = at + 1, found + 1
        elif found < len(parts) and parts[found] == ("%", True):
            mark, behind = found, at
            found += 1
        elif mark >= 0:
            behind += 1
            at, found = behind, mark + 1
        else:
            return False
    return all(part == ("%", True) for part in parts[found:])


def _parts(pattern: str) -> list[tuple[str, bool]]:
    """(character, whether it is a wildcard) of a pattern."""
    parts, escaped = [], False
    for char in pattern:
        if char == "\\" and not escaped:
            escaped = True
            continue
        parts.append((char, char in "%_" and not escaped))
        escaped = False
    return parts


def _mariadb_rank(host: str) -> tuple[int, ...]:
    """Lower is more specific (get_magic_sort): how many strings the pattern can cover."""
    parts = _parts(host)
    literal = sum(not wild for _, wild in parts)
    ones = sum(part == ("_", True) for part in parts)
    many = sum(
        part == ("%", True) and (index == 0 or parts[index - 1] != part) for index, part in enumerate(parts)
    )
    room = LONGEST_HOST - literal - ones if many else 0
    first = next((index for index, (_, wild) in enumerate(parts) if wild), 0)
    return (room * 2 + 1, many, ones, first) if room > ones else (ones * 2, room, many, first)


def _mysql_rank(host: str) -> tuple[int, ...]:
    """Lower is more specific (ACL_compare, get_sort): addresses, by the kind and size of their mask, then names."""
    network = _network(host, mariadb=False)
    if network is not None:
        kind = 0 if "/" not in host else 2 if "." in host.partition("/")[2] else 1
        return (0, kind, -network.prefixlen)
    wild = next((index + 1 for index, char in enumerate(host) if char in "%_"), 128)
    return (1, -min(wild, 128), 0)


def may_use(database: str, patterns: Iterable[str]) -> bool:
    """Whether one of the database patterns of an account's privileges covers this database."""
    return any(like(database, pattern) for pattern in patterns)
