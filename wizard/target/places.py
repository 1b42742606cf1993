"""From host and port texts to the places that a driver would connect to.

PostgreSQL: an empty host is the Unix socket for libpq and its kin (the directory built in, which is
/var/run/postgresql on Debian and in psycopg's own build, /tmp elsewhere) and `localhost` for drivers that
cannot use one.
MySQL: only the C clients (libmysqlclient, Connector/C, mysqlnd) take `localhost` for the socket; PyMySQL,
Connector/J, go-sql-driver and mysql2 for Node open TCP, and so does a URL of which the driver is unknown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from wizard.core.lazyre import lazy
from wizard.numerals import count
from wizard.target.draft import Draft
from wizard.target.files import there
from wizard.target.model import DEFAULT_PORTS, HostPort
from wizard.target.spellings import C_MYSQL_DRIVERS
from wizard.target.splitting import NO_PORT

_HOST = lazy(r"[\w.-]+\Z")
_ADDRESS6 = lazy(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[\w.-]+)?\Z")
_NO_SOCKET = frozenset({"jdbc", "r2dbc", "prisma", "node-postgres", "lib/pq", "pg8000", "ecto", "ado.net"})
_PG_FOLDERS = ("/var/run/postgresql", "/tmp")
_MYSQL_SOCKETS = (
    "/var/run/mysqld/mysqld.sock",
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
)


def places(draft: Draft, family: str, environ: Mapping[str, str]) -> tuple[HostPort, ...]:
    """Return where to connect, first choice first; what cannot be a host or port becomes a problem."""
    if family == "mysql":
        return _mysql_places(draft, environ)
    names = draft.get("host").split(",")
    addresses = draft.get("hostaddr").split(",") if draft.get("hostaddr") else []
    count = max(len(names), len(addresses))
    names += [""] * (count - len(names))
    ports = _ports(draft, count, DEFAULT_PORTS.get(draft.engine, 0))
    found: list[HostPort] = []
    for at, (name, port) in enumerate(zip(names, ports, strict=True)):
        address = addresses[at] if at < len(addresses) else ""
        host, glued = _host(name.strip(), draft)
        if host is None:
            continue
        if not host and not address:
            host = _default_host(draft, family)
        found.append(HostPort(host or address, glued or port, address or None))
    return tuple(found)


def _default_host(draft: Draft, family: str) -> str:
    if family != "postgresql" or draft.driver in _NO_SOCKET:
        return "localhost"
    return next((folder for folder in _PG_FOLDERS if os.path.isdir(there(Path(folder)))), _PG_FOLDERS[0])


def _mysql_places(draft: Draft, environ: Mapping[str, str]) -> tuple[HostPort, ...]:
    default = DEFAULT_PORTS["mysql"]
    if socket := draft.get("socket"):
        return (HostPort(socket, default),)
    names = draft.get("host").split(",")
    ports = _ports(draft, len(names), default)
    found: list[HostPort] = []
    for name, port in zip(names, ports, strict=True):
        host, glued = _host(name.strip(), draft)
        if host is None:
            continue
        if draft.driver in C_MYSQL_DRIVERS and host in ("", "localhost"):
            host = environ.get("MYSQL_UNIX_PORT") or _existing(_MYSQL_SOCKETS)
        found.append(HostPort(host or "localhost", glued or port))
    return tuple(found)


def _existing(paths: tuple[str, ...]) -> str:
    return next((path for path in paths if os.path.exists(there(Path(path)))), paths[0])


def _ports(draft: Draft, count: int, default: int) -> list[int]:
    """Return one port a host: a single one serves all, as in libpq."""
    texts = draft.get("port").split(",")
    if len(texts) not in (1, count):
        detail = f"There are {len(texts)} ports for {count} hosts: give one port, or one for each host."
        draft.problem("malformed", "port", detail)
        texts = texts[:1]
    numbers = [_port(text.strip(), default, draft) for text in texts]
    return numbers * count if len(numbers) == 1 else numbers


def _port(text: str, default: int, draft: Draft) -> int:
    if not text:
        return default
    if re.fullmatch(r"\d{1,7}", text) and 1 <= int(text) <= 65535:
        return int(text)
    # What stands there may be a piece of a password: only a number is quoted back.
    # Not shown: in a URL that has lost its host a password stands in this place.
    hint = " If it is a password, an @ and the host must follow it." if text == NO_PORT else ""
    draft.problem("malformed", "port", f"The port is no number from 1 to 65535.{hint}")
    draft.values.pop("port", None)
    return default


def _host(text: str, draft: Draft) -> tuple[str | None, int]:
    """Return the host without what was pasted around it, and the port that was; None where there is none."""
    if not text or text.startswith(("/", "@")) or _HOST.match(text) or _ADDRESS6.match(text):
        return text, 0
    bare = re.match(r"(?:[a-z][a-z+]*://)?([\w.-]+)(?::(\d{1,5}|/[\w./-]+))?/?\Z", text)
    if bare is None:
        detail = "The host holds characters that no host name has; give the bare name or address."
        draft.problem("malformed", "host", detail)
        draft.values.pop("host", None)
        return None, 0
    host, tail = bare[1], bare[2] or ""
    if draft.engine in ("mysql", "mariadb") and "://" not in text and not text.endswith("/"):
        # mysqlnd and WordPress take host:port and localhost:/path.
        return (tail, 0) if tail.startswith("/") else (host, count(tail, 5) or 0)
    detail = "The host must be the bare name or address, without a scheme, a port or a path."
    draft.problem("malformed", "host", detail)
    return host, port if 1 <= (port := count(tail, 5) or 0) <= 65535 else 0
