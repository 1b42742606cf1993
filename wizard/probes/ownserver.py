"""The database server of this very host: its process, Unix socket, program and files, as far as /proc shows them.

Looks only where the target is on this host. What is not visible to this user is left out, not guessed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from wizard.named import NamedTuple
from wizard.probes.host import PROC, listeners, processes, program_of
from wizard.probes.network import socket_path
from wizard.runtime import Runtime
from wizard.target.model import Target

SERVERS = {"postgresql": ("postgres", "postmaster"), "mysql": ("mysqld", "mariadbd")}
"""The servers themselves; a pooler on the same port is none."""


class OwnServer(NamedTuple):
    """`pid` 0 where the process is hidden from us; `socket` empty where none was found."""

    pid: int
    socket: str


def find(target: Target, runtime: Runtime) -> OwnServer | None:
    """The server of the target's port on this host; None where the target is elsewhere or nothing is visible."""
    if not target.is_socket and runtime.facts.text("target.is-local") != "true":
        return None
    if target.family not in SERVERS:
        return None
    pid = server_of(target, runtime)
    if target.is_socket:
        path = socket_path(target, target.hosts[0])
        return OwnServer(pid or 0, path if path.startswith("/") else "")
    if pid is not None:
        return OwnServer(pid, reach(pid, _socket_of(pid, target)))
    path = _likely_socket(target) if _some_hidden(target.family) else ""
    return OwnServer(0, path) if path else None


def server_of(target: Target, runtime: Runtime) -> int | None:
    """The process that holds the listening socket of the target's port, or the target's Unix socket.

    Looked for once in a walk: while that process holds that very socket, it is the answer.
    """
    if runtime.listener is not None and runtime.listener[1] in _sockets(runtime.listener[0]):
        return runtime.listener[0]
    wanted = _unix_inodes(socket_path(target, target.hosts[0])) if target.is_socket else _port_inodes(target)
    for pid in processes(target.family):
        held = wanted & _sockets(pid)
        if held and program_of(pid) in SERVERS[target.family]:
            runtime.listener = (pid, held.pop())
            return pid
    return None


def _port_inodes(target: Target) -> set[str]:
    return {one.inode for one in listeners() or () if one.port == target.port}


def _unix_inodes(path: str = "") -> set[str]:
    return {inode for inode, name in _unix_sockets() if name == path}


def _unix_sockets() -> list[tuple[str, str]]:
    """(inode, path) of the Unix sockets of this network namespace that have a name."""
    try:
        lines = (PROC / "net" / "unix").read_text("utf-8", "replace").splitlines()[1:]
    except OSError:
        return []
    words = (line.split(None, 7) for line in lines)
    return [(one[6], one[7]) for one in words if len(one) == 8]


def _sockets(pid: int) -> set[str]:
    try:
        links = [os.readlink(link) for link in (PROC / str(pid) / "fd").iterdir()]
    except OSError:
        return set()
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _socket_of(pid: int, target: Target) -> str:
    """The Unix socket that the process itself listens on."""
    own = _sockets(pid)
    suffix = f".s.PGSQL.{target.port}" if target.family == "postgresql" else "sock"
    paths = (path for inode, path in _unix_sockets() if inode in own and path.startswith("/"))
    return next((path for path in paths if path.endswith(suffix) and not path.endswith("mysqlx.sock")), "")


def _some_hidden(family: str) -> bool:
    """Whether a server of the family runs here whose sockets this user may not see."""
    return any(
        program_of(pid) in SERVERS[family] and not os.access(PROC / str(pid) / "fd", os.R_OK)
        for pid in processes(family)
    )


def _likely_socket(target: Target) -> str:
    """Where the process itself is hidden from us: the one socket whose owner also opened the target's port.

    The owner matters: behind the port may be a container's forwarder, and the socket then is another server's.
    """
    owners = {one.uid for one in listeners() or () if one.port == target.port}
    suffix = f".s.PGSQL.{target.port}" if target.family == "postgresql" else ".sock"
    found = set()
    for _, path in _unix_sockets():
        if not path.startswith("/") or not path.endswith(suffix) or path.endswith("mysqlx.sock"):
            continue
        if target.family == "mysql" and "mysql" not in path and "maria" not in path:
            continue
        with suppress(OSError):
            if os.stat(path).st_uid in owners:
                found.add(path)
    return found.pop() if len(found) == 1 else ""


def reach(pid: int, path: str) -> str:
    """Where a path of the process is found from here; empty where it is not. A container has its own file system."""
    there = f"{PROC}/{pid}/root{path}"
    try:
        return path if os.path.samefile(there, path) else there
    except FileNotFoundError:
        return there if path and os.path.exists(there) else ""
    except OSError:
        return ""


def arguments(pid: int) -> list[str]:
    """The words of the process's command line; empty where it is hidden."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def program_folder(pid: int) -> Path | None:
    """The folder of the process's program."""
    try:
        return Path(os.readlink(PROC / str(pid) / "exe")).parent
    except OSError:
        return None


def hba_file(pid: int, target: Target) -> Path | None:
    """The server's pg_hba.conf: as its command line says or beside its data, else as this host is set up."""
    words = arguments(pid) if pid else []
    told = {name: value for word in words for name, _, value in [word.lstrip("-").partition("=")]}
    candidates = [told["hba_file"]] if told.get("hba_file") else []
    if told.get("config_file"):
        candidates.append(f"{os.path.dirname(told['config_file'])}/pg_hba.conf")
    if pid:
        candidates.append(f"{_folder(pid)}/pg_hba.conf")
        candidates = [reach(pid, path) for path in candidates if path.startswith("/")]
    else:
        from wizard.probes.clusters import choose, clusters

        chosen = choose(target, clusters("postgresql"))
        candidates = [str(chosen.hba)] if chosen and chosen.hba else []
    return next((Path(path) for path in candidates if path and os.access(path, os.R_OK)), None)


def _folder(pid: int) -> str:
    """The working directory of the process, as it sees it: a server's data folder."""
    try:
        return os.readlink(PROC / str(pid) / "cwd")
    except OSError:
        return ""
