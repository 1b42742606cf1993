"""Where the application runs (host, container, cluster), told by evidence, and whose its database's name is.

Contacts nothing and runs nothing. What a person said about it outranks what is seen here.
"""

from __future__ import annotations

import os
from pathlib import Path

from wizard import providers
from wizard.core.facts import Value
from wizard.core.lazyre import lazy
from wizard.probes.base import Report, probe
from wizard.probes.regular import head
from wizard.probes.system import PROC, os_family, service_manager
from wizard.runtime import Runtime
from wizard.target.files import inside
from wizard.target.model import Target

ROOT = Path("/")
LONGEST = 1 << 18
"""Bytes of a file that are looked at."""
_ROOTS = (
    ("kubepods", "kubernetes"),
    ("kubelet/pods/", "kubernetes"),
    ("docker", "docker"),
    ("libpod", "docker"),
    ("containers/storage/overlay-containers", "docker"),
    ("containerd", "docker"),
    ("lxc", "docker"),
    ("garden", "docker"),
)
"""(a word in the control group or the mounts of a process, the runtime that it tells)"""
_UNIT = lazy(r"(?m)/([\w@:.\\-]{1,100}\.service)(?:/|$)")
_NAMESERVER = lazy(r"(?m)^\s*nameserver\s+127\.0\.0\.11\s*$")
"""Docker's own nameserver, on every network but the default bridge."""


@probe(
    "host.platform",
    provides=(
        "managed",
        "managed.name",
        "managed.detail",
        "runtime",
        "runtime.evidence",
        "host.os-family",
        "host.service-manager",
        "host.init",
        "host.wsl",
    ),
    deadline=1.0,
)
def platform(target: Target, runtime: Runtime) -> Report:
    """The managed provider that the host's name belongs to, and what this host is."""
    where, told = place(runtime)
    facts: dict[str, Value] = {
        "runtime": where,
        "runtime.evidence": told,
        "host.os-family": os_family(),
        "host.service-manager": service_manager(),
        "host.init": _read(PROC / "1" / "comm").strip() or "not visible",
        "host.wsl": "yes" if "microsoft" in os.uname().release.lower() else "no",
    }
    said = runtime.facts.fact("runtime")
    if said is not None and said.by in ("user", "flag"):
        facts["runtime.evidence"] = "it was stated, and not looked for"
    names = [host.host for host in target.hosts]
    found = providers.by_name(runtime.platforms, names)
    if found is not None:
        facts.update(providers.naming(found))
    elif target.is_socket or all(name == "localhost" or name.startswith("127.") for name in names):
        facts["managed"] = "none"
    return Report(facts, summary=f"the application runs in {where}: {told}" if where != "host" else "")


def place(runtime: Runtime) -> tuple[str, str]:
    """(host, docker, compose or kubernetes; what told it). `docker` stands for every container runtime."""
    process = runtime.process if runtime.process is not None and runtime.process.pid else None
    if runtime.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes", "the variable KUBERNETES_SERVICE_HOST is set"
    # Marker files alone prove nothing: virtual machines are made from images that carry one. The kernel's own
    # threads are visible outside of containers only.
    if process is None and _read(PROC / "2" / "comm").strip() == "kthreadd":
        return "host", _on_host(runtime)
    pid = str(process.pid) if process is not None else "1"
    root = process.root if process is not None and process.root is not None else ROOT
    # A process that shares our files is not marked by them: we may be in a container and it not, or the reverse.
    found, told = _marked(root) if process is None or process.has_own_system else ("", "")
    if not found:
        found, told = _grouped(pid)
    if found == "docker":
        return _composed(runtime, root, told)
    return (found, told) if found else ("host", _on_host(runtime))


def _marked(root: Path) -> tuple[str, str]:
    """What the marker files under a root directory tell."""
    if _exists(root / "var/run/secrets/kubernetes.io/serviceaccount"):
        return "kubernetes", "there is a service account of Kubernetes"
    if _exists(root / ".dockerenv"):
        return "docker", "the file /.dockerenv is there"
    if _exists(root / "run/.containerenv"):
        return "docker", "the file /run/.containerenv of Podman is there"
    manager = _read(inside(root, "run/systemd/container")).strip()
    return ("docker", f"/run/systemd/container says {manager[:40]}") if manager else ("", "")


def _grouped(pid: str) -> tuple[str, str]:
    """What the control group of a process tells, and where that is hidden (cgroup v2) its mounts."""
    for name, what in (("cgroup", "control group"), ("mountinfo", "mounts")):
        text = _read(PROC / pid / name)
        if name == "mountinfo":
            # Docker and Podman bind these three into every container, from a folder of theirs.
            text = "\n".join(
                line for line in text.splitlines() if " /etc/hostname " in line or " /etc/hosts " in line
            )
        for word, where in _ROOTS:
            if word in text:
                return where, f"the {what} of process {pid} names {word.strip('/')}"
    return "", ""


def _composed(runtime: Runtime, root: Path, told: str) -> tuple[str, str]:
    """A container of Compose, where more than the container itself says so."""
    project = runtime.environ.get("COMPOSE_PROJECT_NAME", "")
    if project:
        return "compose", f"{told}, and COMPOSE_PROJECT_NAME is set"
    if _NAMESERVER.search(_read(inside(root, "etc/resolv.conf"))):
        from wizard.probes.compose import compose_file

        file = compose_file(runtime)
        if file is not None:
            return (
                "compose",
                f"{told}, Docker's nameserver is in resolv.conf and {file.name} in the working directory",
            )
        return "docker", f"{told}, and Docker's nameserver is in resolv.conf"
    return "docker", told


def _on_host(runtime: Runtime) -> str:
    """What can be said of a host: the unit of systemd that the application is, where it is one."""
    pid = str(runtime.process.pid) if runtime.process is not None and runtime.process.pid else "self"
    if pid != "self" or runtime.environ.get("INVOCATION_ID"):
        units = _UNIT.findall(_read(PROC / pid / "cgroup"))
        if units and not units[-1].startswith("user@"):
            return f"no container, the unit {units[-1]} of systemd"
    return "no sign of a container"


def _read(path: Path) -> str:
    try:
        return head(path, LONGEST)
    except OSError:
        return ""


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
