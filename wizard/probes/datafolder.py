"""The folder of a server's data and what lies around it: owner, mode, version, disk, lock file, socket folder, port.

It looks at names, numbers and the first bytes of small files; it never opens a file of data and changes nothing.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from wizard.core.facts import Value
from wizard.probes.clusters import Cluster
from wizard.probes.host import PROC, PROGRAMS, listeners, program_of
from wizard.probes.regular import head

LEAST_FREE = 1 << 20
"""Bytes: with less than this a disk is full for a server."""
OPEN = 0o027
"""PG_MODE_MASK_GROUP (src/include/common/file_perm.h): with one of these bits PostgreSQL refuses to start."""


def look(cluster: Cluster, family: str, trouble: list[str]) -> dict[str, Value]:
    """The facts about a cluster's files; a sentence for each thing that may not be looked at goes to `trouble`."""
    facts: dict[str, Value] = {
        "server.data-directory": str(cluster.data),
        "server.data": "not-seen",
        "server.version-of-data": "none",
        "server.disk": "not-seen",
        "server.pid-file": "none",
        "server.pid-file-process": "none",
        "server.socket-folder": _socket_folder(cluster, family),
    }
    if cluster.config is not None:
        facts["server.config-file"] = str(cluster.config)
    if cluster.hba is not None:
        facts["server.hba-file"] = str(cluster.hba)
    if cluster.data is None:
        return facts
    facts["server.data"], facts["server.version-of-data"] = _data(cluster, family, trouble)
    _disk(cluster.data, facts)
    _pid_file(cluster, family, facts)
    return facts


def _data(cluster: Cluster, family: str, trouble: list[str]) -> tuple[str, str]:
    """(what is wrong with the data folder, the major version that made it)."""
    folder = cluster.data or Path("/")
    try:
        found = folder.stat()
        if not stat.S_ISDIR(found.st_mode):
            return "missing", "none"
        if _closed(cluster.account, found) if family == "mysql" else _foreign(cluster, found.st_uid):
            return "wrong-owner", _version(folder)
        if family == "postgresql" and found.st_mode & OPEN:
            return "open", _version(folder)
        entries = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return "missing", "none"
    except OSError:
        trouble.append(f"{folder} may not be looked into here")
        return "not-seen", "none"
    if ("PG_VERSION" if family == "postgresql" else "mysql") not in entries:
        return "empty", "none"
    version = _version(folder)
    other = cluster.version and version not in ("none", cluster.version)
    return "other-version" if other else "ok", version


def _closed(account: str, folder: os.stat_result) -> bool:
    """Whether the folder's owner and mode keep MySQL's account out."""
    import pwd

    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        return False
    if folder.st_uid == entry.pw_uid or entry.pw_uid == 0:
        return False
    needed = 0o050 if folder.st_gid == entry.pw_gid else 0o005
    return folder.st_mode & needed != needed


def _foreign(cluster: Cluster, owner: int) -> bool:
    """Whether the data belong to an account that PostgreSQL surely does not run as."""
    config = -1
    if cluster.config is not None and cluster.version:
        with suppress(OSError):
            config = cluster.config.stat().st_uid
    # pg_ctlcluster runs the server as the owner of its configuration, unless that is root.
    return owner == 0 or (config > 0 and config != owner)


def _version(folder: Path) -> str:
    for name in ("PG_VERSION", "mysql_upgrade_info", "mariadb_upgrade_info"):
        with suppress(OSError):
            if text := head(folder / name, 40).strip():
                return text
    return "none"


def _disk(folder: Path, facts: dict[str, Value]) -> None:
    """The fullest of the disks that a server writes to."""
    shares = []
    for path in (folder, folder / "pg_wal"):
        with suppress(OSError):
            disk = os.statvfs(path)
            full = disk.f_bavail * disk.f_frsize < LEAST_FREE or (disk.f_files > 0 and disk.f_favail == 0)
            state = "read-only" if disk.f_flag & os.ST_RDONLY else "full" if full else "ok"
            shares.append((state, round(100 * disk.f_bavail / max(disk.f_blocks, 1), 1)))
    if shares:
        states = [state for state, _ in shares]
        facts["server.disk"] = next(one for one in ("read-only", "full", "ok") if one in states)
        facts["server.disk-free-percent"] = min(share for _, share in shares)


def noted_pids(cluster: Cluster) -> tuple[int, ...]:
    """The process that the pid file names."""
    if cluster.pid_file is None:
        return ()
    with suppress(OSError):
        first = head(cluster.pid_file, 40).partition("\n")[0].strip()
        if first.isascii() and first.isdigit():
            return (int(first),)
    return ()


def _pid_file(cluster: Cluster, family: str, facts: dict[str, Value]) -> None:
    """A pid file that was left behind, and whether the process that it names lives and is a server."""
    if cluster.pid_file is None or not os.path.lexists(cluster.pid_file):
        return
    facts["server.pid-file"] = str(cluster.pid_file)
    facts["server.pid-file-process"] = "gone"
    for pid in noted_pids(cluster):
        if name := program_of(pid):
            facts["server.pid-file-process"] = "server" if name in PROGRAMS[family] else "other"


def _socket_folder(cluster: Cluster, family: str) -> str:
    """Whether the folder for the server's socket is there and its owner may write in it."""
    if cluster.socket_folder is None:
        return "not-seen"
    try:
        found = cluster.socket_folder.stat()
        owner = cluster.data.stat().st_uid if cluster.data is not None else -1
    except FileNotFoundError:
        return "missing" if not os.path.exists(cluster.socket_folder) else "not-seen"
    except OSError:
        return "not-seen"
    own = found.st_uid == owner and found.st_mode & stat.S_IWUSR
    # Through its group the server may write as well; which groups it has is not looked up.
    return "present" if own or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else "not-writable"


def port_holder(port: int, family: str) -> str:
    """Who else listens on the port, on whatever address; none where nobody does or it cannot be seen."""
    for one in listeners() or ():
        if one.port == port:
            program = _holder(one.inode)
            if program.partition(" ")[0] in PROGRAMS[family]:
                continue
            return f"{program or f'a process of the user id {one.uid}'} on {one.address}:{port}"
    return "none"


def _holder(inode: str) -> str:
    """`program (pid N)` of the process that holds a socket; empty where that may not be seen."""
    wanted = f"socket:[{inode}]"
    with suppress(OSError):
        for entry in os.listdir(PROC):
            if not entry.isdigit():
                continue
            with suppress(OSError):
                folder = PROC / entry / "fd"
                if any(os.readlink(folder / number) == wanted for number in os.listdir(folder)):
                    return f"{program_of(entry)} (pid {entry})"
    return ""
