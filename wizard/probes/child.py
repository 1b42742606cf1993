"""A program of this host, run for its answer: bounded in time and in what it may say, with a small environment.

No shell, no terminal, no setting of the application's: the environment may hold its passwords.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from wizard import footprint
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import IO, Any


CHUNK = 65536
_AT_WORK: dict[int, int | None] = {}
"""Process id of each program that runs now, and the thread that waits for it."""


class Done(NamedTuple):
    """How a program ended. `out` and `err` are the ends of what it wrote, where that was more than was asked for."""

    status: int
    out: bytes
    err: bytes


def run(
    argv: Sequence[str],
    seconds: float,
    most: int,
    extra: Mapping[str, str] | None = None,
    become: Mapping[str, Any] | None = None,
) -> Done:
    """Run a program to its end; `most` bytes are kept of each stream, `become` is the user as subprocess takes it.

    Raises OSError, and TimeoutError for one that is too slow: it and what it has started are ended.
    """
    import subprocess
    import threading

    footprint.now().ran(argv[0])
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **(extra or {})}
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        env=environment,
        start_new_session=True,
        **(become or {}),
    ) as process:
        _AT_WORK[process.pid] = threading.get_ident()
        try:
            out, err = _ends(process, time.monotonic() + seconds, most)
        except BaseException:
            _end(process.pid)
            raise
        finally:
            del _AT_WORK[process.pid]
    return Done(process.returncode, out, err)


def _ends(process: Any, ends: float, most: int) -> tuple[bytes, bytes]:
    """The ends of both streams, read until they are closed and the program is over. Raises TimeoutError."""
    import selectors
    import subprocess

    kept: dict[IO[bytes], bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in kept:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = ends - time.monotonic()
            if left <= 0:
                raise TimeoutError(process.args[0])
            for key, _ in selector.select(left):
                data = os.read(key.fd, CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                    continue
                held = kept[key.fileobj]  # type: ignore[index]
                held += data
                # Twice as much before it is cut: what is moved is then no more than what was read.
                if len(held) > 2 * most + CHUNK:
                    del held[:-most]
    try:
        process.wait(max(ends - time.monotonic(), 0.001))
    except subprocess.TimeoutExpired:
        raise TimeoutError(process.args[0]) from None
    out, err = (bytes(held[-most:]) for held in kept.values())
    return out, err


def end_those_of(threads: Collection[int | None]) -> None:
    """End the programs that these threads wait for: nobody wants their answers any more."""
    for pid, thread in list(_AT_WORK.items()):
        if thread in threads:
            _end(pid)


def _end(pid: int) -> None:
    """End the program and what it has started, which holds the pipes open as well."""
    import signal

    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def is_trusted(program: str, uid: int) -> bool:
    """Whether nobody but root and that user can have put the program there, or can change it while we look.

    A program that is found through somebody else's process must not run under another name than his.
    """
    place = Path(os.path.realpath(program))
    for path in (place, *place.parents):
        try:
            found = os.stat(path)
        except OSError:
            return False
        # In a folder like /tmp, which is open to all, the sticky bit keeps what belongs to others.
        open_to_others = found.st_mode & 0o002 and not found.st_mode & 0o1000
        if found.st_uid not in (0, uid) or open_to_others:
            return False
    return True
