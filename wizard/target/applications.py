"""The running processes that look like applications with database settings: for a person to choose from.

Looks at /proc only when somebody asks, for half a second at most.  Database servers, shells and this program
itself are left out, and of a family of workers with the same settings only the eldest is kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple
from wizard.redact import clean
from wizard.target.model import Target
from wizard.target.process import PROC, parent_of, read_environ
from wizard.target.variables import has_place, targets_in

MOST = 20
SECONDS = 0.5
_LARGEST = 128 * 1024
"""Bytes of an environment that are looked at here."""
_SETTINGS = lazy(
    r"(DATABASE|DB|PG|POSTGRES|POSTGRESQL|MYSQL|MARIADB|SQLALCHEMY|SPRING_DATASOURCE|JDBC|RDS|WORDPRESS_DB"
    r"|CLEARDB|JAWSDB)"
)
_SERVERS = frozenset(
    ("postgres", "postmaster", "pgbouncer", "odyssey", "pgpool", "pgcat", "mysqld", "mariadbd", "mysqld_safe",
     "mariadbd-safe", "proxysql", "maxscale")
)  # fmt: skip
_TERMINALS = frozenset(
    ("sh", "bash", "dash", "zsh", "fish", "ash", "ksh", "tmux", "screen", "login", "sshd", "sudo", "su", "script",
     "init", "systemd", "runc", "conmon", "docker-init", "tini", "dumb-init")
)  # fmt: skip
"""They hand an environment on; the application is their child."""


class Application(NamedTuple):
    """One process of the list."""

    pid: int
    name: str
    target: Target


class Listing(NamedTuple):
    """What was found, and whether all was seen."""

    found: tuple[Application, ...]
    hidden: int
    """Processes of other users, whose environment may not be read."""
    is_whole: bool
    """False where the time or the list was over before all had been looked at."""


def applications(seconds: float = SECONDS) -> Listing:
    """The processes with database settings in their environment, the eldest first."""
    ends = time.monotonic() + seconds
    found: dict[int, Application] = {}
    hidden = 0
    for pid in _processes():
        if len(found) == MOST or time.monotonic() > ends:
            return Listing(tuple(found.values()), hidden, False)
        name = _name(pid)
        if name in _SERVERS or name.split(":")[0] in _TERMINALS or pid == os.getpid():
            continue
        environ, trouble = read_environ(pid, _LARGEST)
        if environ is None:
            hidden += "permission" in trouble
            continue
        target = _stated(environ)
        if target is not None and not _has_elder(pid, target, found):
            found[pid] = Application(pid, name, target)
    return Listing(tuple(found.values()), hidden, True)


def _processes() -> Iterator[int]:
    with suppress(OSError):
        yield from sorted(int(entry) for entry in os.listdir(PROC) if entry.isdigit())


def _name(pid: int) -> str:
    try:
        return clean((PROC / str(pid) / "comm").read_text("utf-8", "replace").strip(), limit=16)
    except OSError:
        return ""


def _stated(environ: dict[str, str]) -> Target | None:
    """The first connection that the environment states completely enough to be one."""
    if not any(_SETTINGS.match(name) for name in environ):
        return None
    targets = targets_in(environ, lambda name: name, environ, None)
    return next((one for one in targets if one.hosts and has_place(one)), None)


def _has_elder(pid: int, target: Target, found: dict[int, Application]) -> bool:
    """Whether it is a worker of a process in the list: its child, with the same settings."""
    elder = found.get(parent_of(pid))
    return elder is not None and elder.target == target
