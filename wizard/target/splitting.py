"""The marks of a URL: where user, password, hosts, path and query end.

Where a raw character makes the readers of URLs disagree, the reading is chosen in which the host can be a host; what
may be a part of a password is never taken for a host, for it would be looked up.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple

_ENDS = lazy(r"[/?#]")
_HOST = r"(?:\[[0-9A-Fa-f:.%\w]*\]|[A-Za-z0-9_.%*~-]*)"
HOSTS = lazy(rf"{_HOST}(?::\d*)?(?:,{_HOST}(?::\d*)?)*\Z")
"""What can be a list of hosts with their ports."""
_LOGIN = lazy(rf"{_HOST}(?::\d*)?(?:,{_HOST}(?::\d*)?)*/?[^/?#@]*\?(?:[^@#]*&)?(?:password|pwd)=")
"""A host, and further on a password in the query: what is behind it is no host, whatever it holds."""
NO_PORT = "?"
"""What is put in the place of a port that may be a password."""
_STRANGE_PORT = lazy(r":(?!(?:\d*|zqmark\d+qz|\$[A-Z][A-Z0-9_]*)(?:,|\Z))(?![^\[]*\])")
_ADDRESS = lazy(r"[0-9A-Fa-f:.]+\Z")
"""An IPv6 address without its brackets."""
_AT_IN_VALUE = frozenset({"user", "username", "options", "application_name", "password", "email"})
_RESERVED = "@/#?[]"
KEY = lazy(r"[A-Za-z_][\w.-]*\Z")
"""What can be the name of a parameter."""


class Pieces(NamedTuple):
    """The raw texts between the marks of a URL; nothing is decoded yet."""

    user: str
    password: str | None
    hosts: str
    path: str | None
    query: str
    raw_reserved: str = ""
    """The reserved characters that stand unescaped in user or password, each once."""


def split_url(rest: str) -> Pieces:
    """Split what follows `scheme://`; chooses the reading in which the host can be a host."""
    pieces = _split(rest)
    port = _STRANGE_PORT.search(pieces.hosts)
    if port is None or (pieces.hosts.count(":") > 1 and _ADDRESS.match(pieces.hosts)):
        return pieces
    # `user:password` without a host behind it: nothing after the colon is looked up or shown.
    return pieces._replace(hosts=f"{pieces.hosts[: port.start()]}:{NO_PORT}", path=None, query="")


def _split(rest: str) -> Pieces:
    first = rest.find("@")
    if first < 0:
        hosts, path, query = _split_tail(rest)
        return Pieces("", None, hosts, path, query)
    end = _ENDS.search(rest)
    if end and end.start() < first and (_is_sane(*_split_tail(rest)) or _LOGIN.match(rest)):
        hosts, path, query = _split_tail(rest)
        return Pieces("", None, hosts, path, query)
    cut = first if _is_sane(*_split_tail(rest[first + 1 :])) else rest.rfind("@")
    credentials, tail = rest[:cut], rest[cut + 1 :]
    hosts, path, query = _split_tail(tail)
    user, colon, password = credentials.partition(":")
    if spoiled := re.search(r"[@/#?]", user):
        # The colon, if any, belongs to the tail; what follows the first reserved character may be secret.
        user, password, colon = credentials[: spoiled.start()], credentials[spoiled.end() :], ":"
    wrong = "".join(char for char in _RESERVED if char in credentials)
    return Pieces(user, password if colon else None, hosts, path, query, wrong)


def _split_tail(tail: str) -> tuple[str, str | None, str]:
    """Split `hosts/path?query` (a fragment stays in the part where it begins)."""
    before, _, query = tail.partition("?")
    hosts, slash, path = before.partition("/")
    return hosts, path if slash else None, query


def _is_sane(hosts: str, path: str | None, query: str) -> bool:
    """Whether the parts can be what they would have to be, with no stray `@` in them."""
    if not HOSTS.match(hosts) or "@" in (path or "") or "#" in (path or ""):
        return False
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if not KEY.match(key) or ("@" in value and key.lower() not in _AT_IN_VALUE):
            return False
    return True
