"""PgBouncer's configuration on this host, found through its process; for where its console lets nobody in.

Only names are taken from the list of users, never what stands beside them, and no password of a database entry.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wizard.core.facts import Value
from wizard.core.lazyre import lazy
from wizard.numerals import count, nearest
from wizard.probes.base import Report
from wizard.probes.host import PROC, listeners, processes, program_of
from wizard.probes.pooler_console import ASKED_ELSEWHERE, MOST_DATABASES, mode, words
from wizard.probes.regular import head
from wizard.target.model import Target

LARGEST = 1 << 20
"""Bytes of a file that are read."""
MOST_FILES = 20
"""Files that are read for one configuration, includes and all."""
Entry = tuple[str, str, str]
"""(section, key, value), as written."""
_WORD = lazy(r"\b(\w+)\s*=\s*('(?:[^']|'')*'|\S*)")
_NAME = lazy(r'\s*"((?:[^"]|"")*)"')


def process(port: int) -> int | None:
    """The PgBouncer process of our network that holds the port; the only one, where sockets are hidden."""
    pids = [pid for pid in processes("postgresql") if program_of(pid) == "pgbouncer"]
    if not pids:
        return None
    wanted = {f"socket:[{one.inode}]" for one in listeners() or () if one.port == port}
    if not wanted:
        return None
    hidden = []
    for pid in pids:
        try:
            if wanted & {os.readlink(link) for link in (PROC / str(pid) / "fd").iterdir()}:
                return pid
        except OSError:
            hidden.append(pid)
    return hidden[0] if len(hidden) == 1 else None


def own_sockets(pid: int, port: int) -> list[str]:
    """Folders with a socket of the port through which our system account is let in: the one that PgBouncer has."""
    try:
        if (PROC / str(pid)).stat().st_uid != os.geteuid():
            return []
    except OSError:
        return []
    settings = {key: value for section, key, value in _entries(pid) if section == "pgbouncer"}
    folders = (settings.get("unix_socket_dir", "/tmp"), "/var/run/postgresql")
    return [folder for folder in folders if folder and os.path.exists(Path(folder, f".s.PGSQL.{port}"))][:1]


def may_look(pid: int, user: str) -> bool:
    """Whether the configuration names the user among those who may ask the console."""
    lists = (
        value
        for section, key, value in _entries(pid)
        if section == "pgbouncer" and key in ("admin_users", "stats_users")
    )
    return any(user in words(value) for value in lists)


def read(pid: int, target: Target, report: Report) -> None:
    """Add what the configuration tells to the report; it stays as it is where nothing can be read."""
    entries = list(_entries(pid))
    if not entries:
        report.trouble = "PgBouncer's configuration cannot be read from here"
        return
    settings = {key: value for section, key, value in entries if section == "pgbouncer"}
    databases = {key: value for section, key, value in entries if section == "databases"}
    name = target.database or target.user
    found: dict[str, Value] = {
        "pooler.told-by": "config",
        "pooler.databases": tuple(databases)[:MOST_DATABASES] or ("none",),
        "pooler.nearest-database": nearest(name, list(databases)),
        "pooler.ignore-startup-parameters": words(settings.get("ignore_startup_parameters", "")),
    }
    ours = databases.get(name, databases.get("*"))
    parts = _parts(ours or "")
    found["pooler.mode"] = mode(parts.get("pool_mode") or settings.get("pool_mode", "session"))
    if ours is not None:
        found["pooler.backend"] = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"
        found["pooler.backend-database"] = parts.get("dbname") or name
        found["pooler.backend-user"] = parts.get("user") or target.user
    for key, written in (
        ("pooler.max-clients", settings.get("max_client_conn", "100")),
        ("pooler.pool-size", parts.get("pool_size") or settings.get("default_pool_size", "20")),
    ):
        number = count(written)
        if number is not None:
            found[key] = number
    found["pooler.user-known"] = _user_known(pid, target.user, settings, parts)
    report.facts.update(found)


def _user_known(pid: int, user: str, settings: dict[str, str], ours: dict[str, str]) -> str:
    """Whether the list of users names the user; not-told where there is none, or the server is asked as well."""
    names = [
        found[1].replace('""', '"')
        for found in map(_NAME.match, _lines(pid, settings.get("auth_file")))
        if found
    ]
    if user in names:
        return "yes"
    asks = settings.get("auth_user") or ours.get("auth_user") or settings.get("auth_type") in ASKED_ELSEWHERE
    return "no" if names and not asks else "not-told"


def _parts(text: str) -> dict[str, str]:
    """The words of a database entry, its password left out."""
    found = {match[1]: match[2].strip("'") for match in _WORD.finditer(text)}
    found.pop("password", None)
    return found


def _entries(pid: int) -> Iterator[Entry]:
    """Every setting of the process's configuration, in the order in which PgBouncer reads it."""
    try:
        arguments = (PROC / str(pid) / "cmdline").read_bytes()[:4096].decode("utf-8", "replace").split("\0")
    except OSError:
        return
    path = next((word for word in arguments[1:] if word.endswith((".ini", ".conf", ".cfg"))), "")
    section, waiting, opened = "", [iter(_lines(pid, path))], 1
    while waiting:
        line = next(waiting[-1], None)
        text = (line or "").strip()
        if line is None:
            waiting.pop()
        elif text.startswith("%include") and opened < MOST_FILES:
            waiting.append(iter(_lines(pid, text[8:].strip())))
            opened += 1
        elif text.startswith("[") and text.endswith("]"):
            section = text[1:-1].strip()
        elif text and text[0] not in ";#%" and "=" in text:
            key, _, value = text.partition("=")
            yield section, key.strip().strip('"'), value.strip()


def _lines(pid: int, path: str | None) -> list[str]:
    """The lines of a file as the process sees it: its own root, its own working directory."""
    if not path:
        return []
    start = PROC / str(pid) / ("root" if path.startswith("/") else "cwd")
    places = [start / path.lstrip("/")]
    if path.startswith("/") and not os.access(start, os.X_OK):
        places = [Path(path)]  # what another user's process sees is hidden: it has our files, most likely
    for place in places:
        with suppress(OSError):
            return head(place, LARGEST).splitlines()
    return []
