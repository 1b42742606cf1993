"""The main process of a container, by the command of the runtime that runs it: Docker, Podman, containerd, CRI.

Only questions are put to the runtime, nothing is changed.  The name goes to it as one argument, never through
a shell, and every call is bounded.
"""

from __future__ import annotations

import json
import os
import re
import shutil

from wizard import footprint
from wizard.core.lazyre import lazy
from wizard.errors import UsageError
from wizard.named import NamedTuple
from wizard.numerals import count
from wizard.redact import clean
from wizard.target.process import Process, namespace, read_process

SECONDS = 3.0
"""How long a runtime may take to answer one question."""
MOST_NAMED = 5
"""Containers of one service that are named."""
_NAME = lazy(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}\Z")
_PID = ("inspect", "--type", "container", "--format", "{{.State.Pid}}")
_INSPECT = ("docker", "podman", "nerdctl")
"""Those that speak Docker's language."""
_KEPT = ("PATH", "HOME", "USER", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "TMPDIR")
_KEPT_BEGINNINGS = ("DOCKER_", "CONTAINER", "XDG_", "NERDCTL_", "CRI_")
_UNKNOWN = lazy(r"(?i)no such (object|container)|not ?found|does not exist")


class _Answer(NamedTuple):
    """What one runtime said: `text` when it went well, else `refusal`, in its own words."""

    text: str = ""
    refusal: str = ""
    ids: tuple[str, ...] = ()
    """The containers for which the name of a service stands; the first was taken."""


def find_container(name: str) -> Process:
    """The main process of the container; one with pid 0 and a sentence where no runtime tells.

    Raises UsageError where the name is none, no runtime knows it, or the container does not run.
    """
    if not _NAME.match(name):
        raise UsageError("--container: a name or id is made of letters, digits, _ . and -")
    tools = [tool for tool in (*_INSPECT, "crictl") if shutil.which(tool)]
    refusals: list[str] = []
    unknown: list[str] = []
    for tool in tools:
        found = _crictl(name) if tool == "crictl" else _docker_like(tool, name)
        if count(found.text) is not None:
            return _told_of(_process(tool, name, found.text), found.ids)
        knows_none = not found.refusal or _UNKNOWN.search(found.refusal)
        (unknown if knows_none else refusals).append(f"{tool}: {found.refusal}" if not knows_none else tool)
    if unknown and not refusals:
        know = "know" if len(unknown) > 1 else "knows"
        raise UsageError(f"--container {name}: {' and '.join(unknown)} {know} no such container")
    told = (
        "; ".join(refusals)
        or "none of docker, podman, nerdctl and crictl is here: give the process instead, with --pid"
    )
    trouble = f"The process of container {name} could not be found ({told})."
    return Process(0, container=name, view="refused", origin="hidden", troubles=(trouble,))


def _process(tool: str, name: str, pid: str) -> Process:
    """The process of that number, if it is that of a container here."""
    if pid == "0":
        raise UsageError(f"--container {name}: the container does not run ({tool} start {name} starts it)")
    try:
        process = read_process(pid, name)
    except UsageError:
        process = Process(0)
    if not process.pid or namespace(pid, "mnt") == namespace("self", "mnt"):
        trouble = f"Container {name} runs on another machine or in a virtual one: process {pid} here is not its own."
        return Process(0, container=name, view="refused", origin="hidden", troubles=(trouble,))
    return process


def _told_of(process: Process, ids: tuple[str, ...]) -> Process:
    """The process, with a sentence on which container was taken where the name stands for several."""
    if len(ids) < 2:
        return process
    rest = ", ".join(ids[1:MOST_NAMED])
    told = (
        f"{process.container} names {len(ids)} containers: {ids[0]} was taken; the others may differ"
        f" ({rest}{', …' if len(ids) > MOST_NAMED else ''})."
    )
    return process._replace(troubles=(*process.troubles, told))


def _docker_like(tool: str, name: str) -> _Answer:
    """The number of the main process; by the service's name where Compose named the container otherwise."""
    found = _ask([tool, *_PID, name])
    if found.text or (found.refusal and not _UNKNOWN.search(found.refusal)):
        return found
    ids = _ask([tool, "ps", "--quiet", "--filter", f"label=com.docker.compose.service={name}"])
    known = tuple(one for one in ids.text.split() if _NAME.match(one))
    return _ask([tool, *_PID, known[0]])._replace(ids=known) if known else found


def _crictl(name: str) -> _Answer:
    """The same by CRI: its containers are inspected by id only, and answer in JSON."""
    ids = _ask(["crictl", "ps", "--quiet", "--name", f"^{re.escape(name)}$"])
    if ids.refusal:
        return ids
    known = tuple(one for one in ids.text.split() if _NAME.match(one))
    found = _ask(["crictl", "inspect", "--output", "json", next(iter(known), name)])
    try:
        pid = json.loads(found.text or "{}")["info"]["pid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _Answer("", found.refusal)
    return _Answer(str(pid) if isinstance(pid, int) else "", ids=known)


def _environment() -> dict[str, str]:
    """What a runtime needs to find its daemon, and none of the application's settings; its words in English."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS)
    }
    return {**kept, "LC_ALL": "C"}


def _ask(argv: list[str]) -> _Answer:
    import subprocess

    footprint.now().ran(argv[0])
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        return _Answer("", f"no answer within {SECONDS:.0f} s")
    except OSError as error:
        return _Answer("", error.strerror or "it cannot be started")
    text = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0:
        return _Answer(text)
    said = clean(done.stderr.decode("utf-8", "replace"), limit=300)
    return _Answer("", " ".join(said.split()) or f"it ended with status {done.returncode}")
