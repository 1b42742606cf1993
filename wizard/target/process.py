"""A running process as the place where an application lives: its environment, folders, name and start.

Read from /proc and never written to; no process is stopped, traced or signalled.  All that a process shows of
itself is hostile: bounded, and made harmless before it is shown.  Its command line is never shown, for it may
hold a password.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from pathlib import Path

from wizard.errors import UsageError
from wizard.named import TYPE_CHECKING, NamedTuple
from wizard.redact import clean
from wizard.target.files import inside
from wizard.target.model import Secret, Setting

if TYPE_CHECKING:
    from typing import Literal

    View = Literal["same", "entered", "refused", "gone"]
    Origin = Literal["environment", "files", "stated", "hidden", "nothing"]
else:
    View = Origin = str

PROC = Path("/proc")
MOST_ENVIRONMENT = 2 * 1024 * 1024
"""Bytes of an environment that are read: the kernel lets a program start with about this much."""

_WITHOUT = os.strerror(errno.ESRCH).lower()


class Stale(NamedTuple):
    """One setting with which the process was started, and that a file or the shell states otherwise now."""

    key: str
    ours: Setting
    """What the process has; a password shows as the mask."""
    theirs: Setting
    changed: float | None
    """When the file was changed, in seconds since 1970; None for the shell and the stated target."""


class Process(NamedTuple):
    """A process that was looked at, and what became of looking."""

    pid: int
    """0 where a container's process could not be found."""
    name: str = ""
    """The kernel's name of it (`comm`), at most 15 bytes and harmless."""
    owner: str = ""
    started: float = 0.0
    """Seconds since 1970."""
    ticks: int = 0
    """The same as the kernel counts it: with the number it names one process for ever."""
    environ: Mapping[str, str] = {}
    is_readable: bool = False
    """Whether its environment could be read."""
    cwd: Path | None = None
    """Its working directory, reachable from here; None where it cannot be reached."""
    folder: Path | None = None
    """The same as the process itself names it."""
    root: Path | None = None
    """Its root directory where its file system is another than ours; else None."""
    container: str = ""
    """The name under which it was asked for with `--container`."""
    has_own_network: bool = False
    """Whether its network was entered, and is another than the one that we came from."""
    view: View = "same"
    """Whether names and connections are tried from its network: same as ours, entered, refused, or it is gone."""
    origin: Origin = "nothing"
    """Where the settings in use come from, seen from the process."""
    stale: tuple[Stale, ...] = ()
    newer: tuple[str, ...] = ()
    """Files of its working directory with settings that were changed after it started."""
    secrets: tuple[Secret, ...] = ()
    """Every password that was read on the way, for the last gate."""
    troubles: tuple[str, ...] = ()
    """What could not be looked at, a sentence each."""

    def __repr__(self) -> str:
        """The process without its environment, which may hold a password."""
        return f"Process({self.words})"

    @property
    def words(self) -> str:
        """`process 4711 (gunicorn)`, or the container's name."""
        if not self.pid:
            return f"container {self.container}"
        return f"process {self.pid} ({self.name})" if self.name else f"process {self.pid}"

    @property
    def home(self) -> Path | None:
        """Its home directory as the process names it, or None."""
        named = self.environ.get("HOME", "")
        return Path(named) if named.startswith("/") else None

    @property
    def has_own_system(self) -> bool:
        """Whether its root directory is another one than ours, as in a container (and not with PrivateTmp alone)."""
        return self.root is not None and not _is_ours(self.root)

    def path(self, text: str) -> str:
        """An absolute path of the process as it is reached from here; any other text as it was."""
        if self.root is None or not text.startswith("/") or Path(text).is_relative_to(self.root):
            return text
        return str(inside(self.root, text))

    def is_there(self) -> bool:
        """Whether this very process still runs (a number is used again)."""
        try:
            return _ticks(self.pid) == self.ticks
        except (OSError, ValueError, IndexError):
            return False


def read_process(text: str, container: str = "") -> Process:
    """The process of that number. Raises UsageError where it is no number, or no such process runs."""
    pid = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not pid:
        raise UsageError("--pid: it is the number of a running process, as `ps` and `pgrep` show it")
    folder = PROC / str(pid)
    try:
        ticks = _ticks(pid)
        name = clean((folder / "comm").read_text("utf-8", "replace").strip(), limit=16)
        owner = _owner(folder.stat().st_uid)
    except (OSError, ValueError, IndexError):
        raise UsageError(f"--pid {pid}: there is no such process here") from None
    found = Process(pid, name, owner, _moment(ticks), ticks, container=container)
    environ, trouble = read_environ(pid)
    if environ is None:
        told = _without_environment(found) if trouble == _WITHOUT else _refusal(found, trouble)
        return found._replace(troubles=(told,))
    root = _root(pid)
    cwd, own = _folder(pid, root)
    made = found._replace(environ=environ, is_readable=True, root=root, cwd=cwd, folder=own)
    if not environ:
        empty = f"The environment of {made.words} is empty; a program that renames itself overwrites it."
        return made._replace(troubles=(f"{empty} Try its parent, process {parent_of(pid)}.",))
    return made


def _without_environment(process: Process) -> str:
    """Why a process has none at all: it is over, or part of the kernel (fs/proc/base.c: no mm, ESRCH)."""
    if _stat(process.pid)[0] in "ZX":
        told = (
            f"{process.words} has ended, and only its parent, process {parent_of(process.pid)}, keeps it in the"
            " list. Settings, names and connections are those of here: give a process that runs."
        )
    else:
        told = (
            f"{process.words} is part of the kernel and has no environment: give the application's process."
        )
    return told[0].upper() + told[1:]


def _refusal(process: Process, reason: str) -> str:
    return (
        f"The environment of {process.words} cannot be read ({reason}); it belongs to {process.owner}."
        f" Settings, names and connections are those of here. {missing_right(process.pid)}"
    )


def missing_right(pid: int) -> str:
    """What would be needed to look into and to enter a process, a sentence."""
    if os.geteuid() == 0:
        return "This root may not: it lacks the capability CAP_SYS_PTRACE or CAP_SYS_ADMIN."
    return f"Root may: sudo dbwizard check --pid {pid}"


def read_environ(pid: int, limit: int = MOST_ENVIRONMENT) -> tuple[dict[str, str] | None, str]:
    """(the environment with which the process was started or None, why it could not be read)."""
    try:
        with (PROC / str(pid) / "environ").open("rb") as stream:
            data = stream.read(limit)
    except OSError as error:
        return None, (error.strerror or "it cannot be read").lower()
    pairs = (entry.partition(b"=") for entry in data.split(b"\0"))
    return {os.fsdecode(name): os.fsdecode(value) for name, sign, value in pairs if name and sign}, ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; a name in brackets may hold anything (proc(5))."""
    return (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    """When the process started, in clock ticks since the machine did: field 22."""
    return int(_stat(pid)[19])


def _moment(ticks: int) -> float:
    """Clock ticks since the machine started as seconds since 1970."""
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + ticks / os.sysconf("SC_CLK_TCK")


def parent_of(pid: int) -> int:
    """The number of the parent process, 0 where there is none."""
    try:
        return int(_stat(pid)[1])
    except (OSError, ValueError, IndexError):
        return 0


def _owner(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def namespace(pid: int | str, kind: str) -> str:
    """The identity of a namespace of a process (`net`, `mnt`), empty where it may not be seen."""
    try:
        return os.readlink(PROC / str(pid) / "ns" / kind)
    except OSError:
        return ""


def _root(pid: int) -> Path | None:
    """The root directory of a process that has other files than we have (another namespace, or a chroot)."""
    root = PROC / str(pid) / "root"
    if not os.access(root, os.X_OK):
        return None
    moved = namespace(pid, "mnt") not in ("", namespace("self", "mnt"))
    return root if moved or not _is_ours(root) else None


def _is_ours(root: Path) -> bool:
    try:
        return os.path.samefile(root, "/")
    except OSError:
        return False


def _folder(pid: int, root: Path | None) -> tuple[Path | None, Path | None]:
    """The working directory of a process as it is reached from here, and as the process names it."""
    link = PROC / str(pid) / "cwd"
    try:
        named = Path(os.readlink(link))
        if root is not None and not os.path.samefile(inside(root, str(named)), link):
            return link, None
        return (link, named) if link.is_dir() else (None, None)
    except OSError:
        return None, None
