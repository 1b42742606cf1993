"""This host, where it can be seen: what listens on which port, whose it is, service state.

Without `/proc`, without root or in a container less is seen, and what is not seen is left out, not guessed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from wizard.core.facts import Value
from wizard.named import NamedTuple
from wizard.probes.base import Report, probe
from wizard.probes.dns import is_loopback
from wizard.probes.system import PROC as PROC
from wizard.runtime import Runtime
from wizard.target.model import Target

PROGRAMS = {
    "postgresql": ("postgres", "postmaster", "pgbouncer", "odyssey", "pgpool", "pgcat"),
    "mysql": ("mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe", "proxysql", "maxscale"),
}
CONTAINERS = ("docker", "compose", "kubernetes")
LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp (include/net/tcp_states.h)."""
PROVIDES = (
    "host.outcome",
    "host.db-listens",
    "host.listening",
    "host.sockets",
    "host.db-process",
    "host.db-installed",
    "host.service",
    "host.service-state",
    "host.port-configured",
)


@probe("host.inspect", provides=PROVIDES, deadline=3.0)
def inspect(target: Target, runtime: Runtime) -> Report:
    """What this host shows of a database server of the target's engine."""
    from wizard.probes.clusters import configured, installed
    from wizard.probes.services import service_state

    family = target.family if target.family in PROGRAMS else "postgresql"
    facts: dict[str, Value] = {
        "host.outcome": "looked",
        "host.db-installed": "yes" if not elsewhere(runtime) and installed(family) else "no",
        "host.port-configured": "yes" if not apart(runtime) and configured(family, target.port) else "no",
    }
    report = Report(facts)
    running = list(processes(family))
    hidden = not program_of(1)
    listening = _listening(running, _accounts(family) if hidden else set())
    if hidden and not running:
        report.trouble = (
            "/proc hides the processes of other users: a server is known by its account's ports alone"
        )
    if listening is None:
        report.trouble = "/proc is not readable here: what listens on this host is not known"
    else:
        runs = bool(running or (hidden and listening))
        facts["host.db-listens"] = _against(target, listening, runs)
        facts["host.listening"] = tuple(f"{address}:{port}" for address, port in listening) or ("nothing",)
        if runs or not hidden:
            facts["host.db-process"] = "running" if runs else "none"
    facts["host.sockets"] = tuple(_sockets(family)) or ("none",)
    facts["host.service"], state = service_state(family, runtime, runtime.until(1.0))
    if state:
        facts["host.service-state"] = state
    shown = ", ".join(f"{address}:{port}" for address, port in listening or ())
    report.summary = (
        f"on this host a {family} server listens on {shown}" if shown else f"no {family} server listens here"
    )
    return report


def apart(runtime: Runtime) -> bool:
    """Whether the application has a network of its own: no address that it can take for its own is one of ours."""
    return runtime.process is not None and runtime.process.has_own_network


def elsewhere(runtime: Runtime) -> bool:
    """Whether the application runs in a container, seen or said from outside: what is installed here is not in it."""
    if apart(runtime) or (runtime.process is not None and runtime.process.has_own_system):
        return True
    said = runtime.facts.fact("runtime")
    return said is not None and said.by in ("user", "flag") and said.value in CONTAINERS


def _against(target: Target, listening: list[tuple[str, int]], running: bool) -> str:
    """What listens, seen from the target's port: same-port, loopback-only, other-port, socket-only or nothing."""
    same = [address for address, port in listening if port == target.port]
    if same:
        return (
            "loopback-only"
            if all(is_loopback(address) and address not in ("0.0.0.0", "::") for address in same)
            else "same-port"
        )
    if listening:
        return "other-port"
    return "socket-only" if running else "nothing"


class Listener(NamedTuple):
    """A listening TCP socket of our network namespace, and the user that opened it."""

    inode: str
    uid: int
    address: str
    port: int


def listeners() -> list[Listener] | None:
    """Every listening TCP socket; None where /proc does not tell."""
    found = []
    seen = False
    for name in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        seen = True
        for line in lines:
            words = line.split() if f" {LISTEN} " in line else []  # of thousands of sockets few listen
            if len(words) > 9 and words[3] == LISTEN:
                address, _, port = words[1].partition(":")
                found.append(Listener(words[9], int(words[7]), _address(address), int(port, 16)))
    return found if seen else None


def processes(family: str) -> Iterator[int]:
    """The ids of this engine's server processes in our own network namespace."""
    own = _namespace("self")
    try:
        entries = [entry for entry in os.listdir(PROC) if entry.isdigit()]
    except OSError:
        return
    for entry in entries:
        if program_of(entry) in PROGRAMS[family] and _namespace(entry) in (own, "") and not _ended(entry):
            yield int(entry)


def program_of(pid: int | str) -> str:
    """The kernel's name of a process's program; empty where there is none. Its owner may have given it any bytes."""
    try:
        # Not through Path: it is asked of every process of the host.
        with open(f"{PROC}/{pid}/comm", "rb", buffering=0) as file:
            return file.read(64).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _ended(pid: str) -> bool:
    """Whether the process is a zombie: over, and only its name is left until its parent asks for it."""
    try:
        return (PROC / pid / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _namespace(pid: str) -> str:
    try:
        return os.readlink(PROC / pid / "ns" / "net")
    except OSError:
        return ""


def _accounts(family: str) -> set[int]:
    """The user ids that servers of the family have by their packages."""
    import pwd

    with suppress(KeyError):
        return {pwd.getpwnam("mysql" if family == "mysql" else "postgres").pw_uid}
    return set()


def _listening(processes: list[int], users: set[int]) -> list[tuple[str, int]] | None:
    """(address, port) of the sockets on which the processes, or these users, listen; None where /proc does not tell."""
    sockets = listeners()
    if sockets is None:
        return None
    owned, hidden = _inodes(processes)
    # The descriptors of another user's process are hidden, but a socket shows its user.
    found = {(one.address, one.port) for one in sockets if one.inode in owned or one.uid in hidden | users}
    return sorted(found, key=lambda place: (place[1], place[0]))


def _address(text: str) -> str:
    """An address of /proc/net/tcp: words of four bytes, each in the order of this machine."""
    import socket
    import sys

    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _inodes(processes: list[int]) -> tuple[set[str], set[int]]:
    """(inodes of the sockets that these processes hold, users of those that could not be looked into)."""
    found: set[str] = set()
    hidden: set[int] = set()
    for pid in processes:
        folder = PROC / str(pid)
        try:
            for link in (folder / "fd").iterdir():
                with suppress(OSError):
                    name = os.readlink(link)
                    if name.startswith("socket:["):
                        found.add(name[8:-1])
        except OSError:
            with suppress(OSError):
                hidden.add(folder.stat().st_uid)
    return found, hidden


def _sockets(family: str) -> list[str]:
    """The Unix sockets of the engine that are open on this host."""
    mark = ".s.PGSQL." if family == "postgresql" else "mysqld"
    try:
        lines = (PROC / "net" / "unix").read_text("utf-8", "replace").splitlines()[1:]
    except OSError:
        return []
    paths = {line.split()[-1] for line in lines if line.count(" ") >= 7 and "/" in line.split()[-1]}
    return sorted(path for path in paths if mark in path and not path.endswith("mysqlx.sock"))[:8]
