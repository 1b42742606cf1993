"""This host, where it can be seen: what listens on which port, whose it is, service state, container, platform.

Without `/proc`, without root or in a container less is seen, and what is not seen is left out, not guessed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.dns import is_loopback
from wizard.runtime import Runtime
from wizard.target.model import Target

PROC = Path("/proc")
PROGRAMS = {
    "postgresql": ("postgres", "postmaster", "pgbouncer", "odyssey", "pgpool", "pgcat"),
    "mysql": ("mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe", "proxysql", "maxscale"),
}
_INSTALLED = {
    "postgresql": ("/usr/lib/postgresql", "/usr/pgsql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql"),
    "mysql": ("/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mariadbd", "/usr/libexec/mysqld"),
}
_SERVICES = {"postgresql": ("postgresql",), "mysql": ("mariadb", "mysql", "mysqld")}
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
    family = target.family if target.family in PROGRAMS else "postgresql"
    facts: dict[str, Value] = {
        "host.outcome": "looked",
        "host.db-installed": "yes" if not _elsewhere(runtime) and _installed(family) else "no",
        "host.port-configured": "yes" if _configured(family, target.port) else "no",
    }
    report = Report(facts)
    running = list(processes(family))
    listening = _listening(running)
    if listening is None:
        report.trouble = "/proc is not readable here: what listens on this host is not known"
    else:
        facts["host.db-listens"] = _against(target, listening, bool(running))
        facts["host.listening"] = tuple(f"{address}:{port}" for address, port in listening) or ("nothing",)
        facts["host.db-process"] = "running" if running else "none"
    facts["host.sockets"] = tuple(_sockets(family)) or ("none",)
    facts["host.service"], state = _service(family)
    if state:
        facts["host.service-state"] = state
    shown = ", ".join(f"{address}:{port}" for address, port in listening or ())
    report.summary = (
        f"on this host a {family} server listens on {shown}" if shown else f"no {family} server listens here"
    )
    return report


def _elsewhere(runtime: Runtime) -> bool:
    """Whether a person says that the application runs in a container: what is installed here is not in there."""
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
            words = line.split()
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
        try:
            name = (PROC / entry / "comm").read_text().strip()
        except OSError:
            continue
        if name in PROGRAMS[family] and _namespace(entry) in (own, ""):
            yield int(entry)


def _namespace(pid: str) -> str:
    try:
        return os.readlink(PROC / pid / "ns" / "net")
    except OSError:
        return ""


def _listening(processes: list[int]) -> list[tuple[str, int]] | None:
    """(address, port) of the server's listening sockets; None where /proc does not tell."""
    sockets = listeners()
    if sockets is None:
        return None
    owned, hidden = _inodes(processes)
    # The descriptors of another user's process are hidden, but a socket shows its user.
    found = {(one.address, one.port) for one in sockets if one.inode in owned or one.uid in hidden}
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


def _installed(family: str) -> bool:
    names = PROGRAMS[family][:2]
    # Not shutil.which: the import of shutil costs as much as all the rest of this probe.
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders for name in names) or any(
        Path(path).exists() for path in _INSTALLED[family]
    )


def _configured(family: str, port: int) -> bool:
    """Whether a cluster of this host is set up for that port (Debian's /etc/postgresql/VERSION/NAME)."""
    if family != "postgresql":
        return False
    for path in sorted(Path("/etc/postgresql").glob("*/*/postgresql.conf"))[:20]:
        try:
            text = path.read_text("utf-8", "replace")[: 1 << 20]
        except OSError:
            continue
        found = re.findall(r"(?m)^\s*port\s*=?\s*'?(\d+)", text)
        if str(port) == (found[-1] if found else "5432"):
            return True
    return False


def os_family() -> str:
    """debian, rhel, alpine, arch, macos or other, by os-release's own words."""
    if os.uname().sysname == "Darwin":
        return "macos"
    try:
        text = Path("/etc/os-release").read_text("utf-8", "replace")
    except OSError:
        return "other"
    words = " ".join(
        line.partition("=")[2].strip('"')
        for line in text.splitlines()
        if line.startswith(("ID=", "ID_LIKE="))
    ).split()
    for family, names in (
        ("debian", ("debian", "ubuntu")),
        ("rhel", ("rhel", "fedora", "centos", "rocky", "almalinux", "amzn")),
        ("alpine", ("alpine",)),
        ("arch", ("arch",)),
    ):
        if any(word in names for word in words):
            return family
    return "other"


def service_manager() -> str:
    """systemd or openrc where one runs here, else none."""
    if Path("/run/systemd/system").is_dir():
        return "systemd"
    return "openrc" if Path("/run/openrc").is_dir() else "none"


def container() -> str:
    """kubernetes, docker (any container runtime) or host, by evidence.

    A marker file alone is not enough: virtual machines are made from images that carry one. The kernel's own
    threads are visible outside of containers only.
    """
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    try:
        if (PROC / "2" / "comm").read_text().strip() == "kthreadd":
            return "host"
    except OSError:
        pass
    marked = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    try:
        cgroup = (PROC / "1" / "cgroup").read_text()
    except OSError:
        cgroup = ""
    if "kubepods" in cgroup:
        return "kubernetes"
    return (
        "docker"
        if marked or any(word in cgroup for word in ("docker", "containerd", "libpod", "lxc"))
        else "host"
    )


def _service(family: str) -> tuple[str, str]:
    """(name of the service, its state as systemd tells it, or "")."""
    if service_manager() != "systemd":
        return _SERVICES[family][0], ""
    import shutil
    import subprocess

    if shutil.which("systemctl") is None:
        return _SERVICES[family][0], ""
    for name in _SERVICES[family]:
        try:
            done = subprocess.run(
                ["systemctl", "is-active", name], capture_output=True, text=True, timeout=1.0, check=False
            )
        except (OSError, subprocess.SubprocessError):
            break
        state = done.stdout.strip()
        if state in ("active", "failed", "activating"):
            return name, state
    return _SERVICES[family][0], "inactive"


@probe(
    "host.platform",
    provides=("managed", "managed.name", "runtime", "host.os-family", "host.service-manager"),
    deadline=1.0,
)
def platform(target: Target, runtime: Runtime) -> Report:
    """The managed provider that the host's name belongs to, and what this host is. Contacts nothing."""
    facts: dict[str, Value] = {
        "runtime": container(),
        "host.os-family": os_family(),
        "host.service-manager": service_manager(),
    }
    names = [host.host.lower().rstrip(".") for host in target.hosts]
    found = next((entry for entry in runtime.platforms.get("managed", ()) if _belongs(entry, names)), None)
    if found is not None:
        facts["managed"] = str(found.get("id", "other"))
        facts["managed.name"] = str(found.get("name", "a managed provider"))
    elif target.is_socket or all(name == "localhost" or name.startswith("127.") for name in names):
        facts["managed"] = "none"
    return Report(facts)


def _belongs(entry: Mapping[str, Any], names: list[str]) -> bool:
    """Whether one of the host names is of this provider; a name that is only a hint does not count."""
    if entry.get("certain") == "no":
        return False
    suffixes = [str(suffix).lower().lstrip("*") for suffix in entry.get("host-suffixes", ())]
    sockets = [str(prefix) for prefix in entry.get("socket-prefixes", ())]
    pattern = str(entry.get("host-pattern", ""))
    for name in names:
        if any(name.endswith(suffix) for suffix in suffixes) or any(name.startswith(one) for one in sockets):
            return True
        if pattern and re.search(pattern, name):
            return True
    return False
