"""Child processes of the tests: started as a given user, stopped by their own id, waited for by condition.

Never ends a process that it did not start, and never waits for a fixed time.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

POLL = 0.01
"""Seconds between two looks at a condition."""


_started: list[Service] = []


def _stop_all() -> None:
    """Leave no process behind when a test run breaks off."""
    for service in _started:
        service.stop(signal.SIGQUIT)


class LabError(RuntimeError):
    """The laboratory itself is broken: a server that does not start, a tool that is missing."""


@cache
def workspace() -> Path:
    """The folder for all that servers read or write; open to other users, gone when the tests end."""
    path = Path(tempfile.mkdtemp(prefix="dbwt-", dir="/tmp"))
    path.chmod(0o755)
    atexit.register(clean_up, os.getpid())
    return path


def clean_up(owner: int) -> None:
    """Stop what still runs and remove the workspace, in the process `owner` that made it; safe to repeat."""
    if os.getpid() == owner:
        _stop_all()
        # Thousands of files of servers: rm takes half of the time that Python takes.
        subprocess.run(["rm", "-rf", "--", str(workspace())], check=False)


def new_folder(label: str, user: str | None = None) -> Path:
    """A fresh folder in the workspace, owned by `user` (the caller when None)."""
    path = Path(tempfile.mkdtemp(prefix=f"{label}-", dir=workspace()))
    path.chmod(0o755)
    if user is not None:
        give(path, user)
    return path


def give(path: Path, user: str) -> None:
    """Make `user` the owner of one file or folder."""
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def give_copy(source: Path, path: Path, user: str) -> Path:
    """Copy one file to `path`, owned by `user` and private; the path."""
    shutil.copyfile(source, path)
    path.chmod(0o600)
    give(path, user)
    return path


def as_user(user: str) -> list[str]:
    """The command prefix that becomes `user` in the same process, so that its id stays ours to stop."""
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups", "--"]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Return as soon as `condition()` holds; LabError that says `what` did not happen after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"did not happen within {seconds:g} s: {what}")
        time.sleep(POLL)


def run(argv: Sequence[str], *, text_in: str | None = None, timeout: float = 60.0) -> str:
    """Run to the end and return standard output; LabError with both outputs when it fails."""
    done = subprocess.run(
        list(argv), input=text_in, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Service:
    """One process that runs until stopped, its output in a log file."""

    def __init__(self, argv: Sequence[str], log: Path, *, umask: int = 0o077) -> None:
        self.argv = list(argv)
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                umask=umask,
                start_new_session=True,
            )
        _started.append(self)

    @property
    def pid(self) -> int:
        """The process id of the program itself (the prefixes `ip netns exec` and `setpriv` do not fork)."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def text(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")

    def wait_ready(self, ready: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
        """Wait for `ready()`; LabError with the log when the process ends or the time is over first."""

        def settled() -> bool:
            return not self.running or ready()

        try:
            wait_until(settled, what, seconds)
        except LabError as error:
            raise LabError(f"{error}\n{self.text()}") from None
        if not self.running:
            raise LabError(f"ended before: {what}\n{self.text()}")

    def send_signal(self, number: int) -> None:
        """Send one signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def wait_end(self, seconds: float = 30.0) -> str:
        """Wait until it ends by itself; its log."""
        self.process.wait(seconds)
        return self.text()

    def stop(self, number: int = signal.SIGTERM, seconds: float = 10.0) -> None:
        """End it: woken if frozen, asked with `number`, killed when it does not go in time."""
        if not self.running:
            return
        self.send_signal(signal.SIGCONT)
        self.send_signal(number)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
            self.process.wait(seconds)
