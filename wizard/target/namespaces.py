"""Going to where another process resolves names and connects from: its network, with its resolver files.

Called in the main thread before any other thread is started, for the kernel moves one thread at a time.  Only
this process is moved, and all of it is undone when it ends: the process that is looked at, its files and the
host stay as they are.  Its mount namespace is not entered (a container has no Python): copies of its resolver
files are laid over ours, in a mount namespace of our own.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wizard.named import NamedTuple
from wizard.target.files import inside
from wizard.target.process import PROC, Process, missing_right, namespace

RESOLVER_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf")
FILES_THEN_DNS = b"hosts: files dns\n"
"""What an image without nsswitch.conf does (musl reads none, glibc takes this for none)."""
_MOST = 64 * 1024
_CACHE = "/var/run/nscd/socket"
"""glibc asks this daemon before anything else; the host's would answer as the host sees it."""
_RESOLVED = "/run/systemd/resolve"
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18


class _Layer(NamedTuple):
    """A file of ours that gets another content."""

    path: str
    content: bytes


def enter(process: Process) -> Process:
    """The process with what became of going there (`view`), and a sentence where that was refused."""
    if not namespace(process.pid, "net"):
        return _refused(process, "its namespaces may not be seen: that is the right to trace it, ptrace")
    moves = namespace(process.pid, "net") != namespace("self", "net")
    try:
        layers = list(_layers(process)) if process.root is not None else []
    except OSError as error:
        return _refused(process, _reason(error))
    if not moves and not layers:
        return process._replace(view="same")
    try:
        _go(process, layers, moves=moves)
    except FileNotFoundError:
        return process._replace(view="gone")
    except OSError as error:
        return _refused(process, _reason(error))
    return process._replace(view="entered", has_own_network=moves)


def _refused(process: Process, reason: str) -> Process:
    told = (
        f"Names and connections are tried from here and not from inside {process.words}, which cannot be"
        f" entered ({reason}). {missing_right(process.pid)}"
    )
    return process._replace(view="refused", troubles=(*process.troubles, told))


def _reason(error: OSError) -> str:
    return (error.strerror or "the system refuses").lower()


def _layers(process: Process) -> Iterator[_Layer]:
    """Those resolver files of the process that say something else than ours. Raises OSError."""
    assert process.root is not None
    for path in RESOLVER_FILES:
        ours = _content(Path(path))
        theirs = _content(inside(process.root, path))
        if ours is None:
            if theirs is None or path.endswith("nsswitch.conf"):
                continue
            raise OSError(errno.ENOENT, f"there is no {path} here over which its own could be laid")
        if path.endswith("nsswitch.conf"):
            theirs = _without_strangers(theirs or FILES_THEN_DNS, process.root)
        if (theirs or b"") != ours:
            yield _Layer(path, theirs or b"")


def _content(path: Path) -> bytes | None:
    """The content of a small regular file, None where there is none. Raises OSError where it may not be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(file, "rb") as stream:
        return stream.read(_MOST) if stat.S_ISREG(os.fstat(file).st_mode) else None


def _without_strangers(content: bytes, root: Path) -> bytes:
    """nsswitch.conf without the service that would ask the host's systemd-resolved, where the process has none."""
    if os.path.exists(inside(root, _RESOLVED)):
        return content
    return re.sub(rb"(?m)(^hosts:.*?)\bresolve\b(?:[ \t]*\[[^\]\n]*\])?", rb"\1", content)


def _go(process: Process, layers: list[_Layer], *, moves: bool) -> None:
    """Enter, or leave everything as it was. Raises OSError, FileNotFoundError where the process is gone."""
    home = os.open(PROC / "self" / "ns" / "net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if moves:
            _move(process.pid)
        try:
            _lay(layers)
        except OSError as error:
            if moves:
                _call("setns", home, _CLONE_NEWNET)
            raise PermissionError(
                error.errno, f"its resolver files cannot be used: {_reason(error)}"
            ) from None
    finally:
        os.close(home)


def _move(pid: int) -> None:
    """Into the network of the process; first into its user namespace where that gives the right (rootless Podman)."""
    try:
        _set(pid, "net", _CLONE_NEWNET)
    except PermissionError:
        if namespace(pid, "user") == namespace("self", "user"):
            raise
        _set(pid, "user", _CLONE_NEWUSER)
        _set(pid, "net", _CLONE_NEWNET)


def _set(pid: int, kind: str, flag: int) -> None:
    place = os.open(PROC / str(pid) / "ns" / kind, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("setns", place, flag)
    finally:
        os.close(place)


def _lay(layers: list[_Layer]) -> None:
    """Lay copies over our resolver files, for this process alone. Raises OSError, and leaves nothing laid then."""
    if not layers:
        return
    _call("unshare", _CLONE_NEWNS)
    _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    done: list[str] = []
    try:
        for layer in layers:
            _cover(layer)
            done.append(layer.path)
        if stat.S_ISSOCK(_mode(_CACHE)):
            _call("mount", b"/dev/null", os.fsencode(os.path.realpath(_CACHE)), None, _MS_BIND, None)
    except OSError:
        for path in done:
            with suppress(OSError):
                _call("umount2", os.fsencode(os.path.realpath(path)), 0)
        raise


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0


def _cover(layer: _Layer) -> None:
    """One copy over one file. It has no name any more once it is there, so nothing is left to be removed."""
    import tempfile

    file, name = tempfile.mkstemp(prefix="dbwizard-")
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(layer.content)
        os.chmod(name, 0o644)
        # From another mount namespace nothing can be bound: hence the copy.
        _call("mount", os.fsencode(name), os.fsencode(os.path.realpath(layer.path)), None, _MS_BIND, None)
    finally:
        os.unlink(name)


def _call(name: str, *arguments: int | bytes | None) -> None:
    """A function of the C library (Python has setns from 3.12 on). Raises OSError."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    wide = [ctypes.c_ulong(one) if name == "mount" and isinstance(one, int) else one for one in arguments]
    if getattr(library, name)(*wide) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
