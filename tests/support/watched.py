"""A run of the program with its own home, folders and streams, and all that is seen of it afterwards."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import CACHE
from tests.support.leaks import leaks, texts_below
from tests.support.secretways import WAYS, Given
from tests.support.sockets import Behaviour, listening
from wizard import cli

STARTED: list[str] = []
"""What was started or looked up while a run went on, by the interpreter's own account."""
WATCHED = (
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "setproctitle",
)
sys.addaudithook(lambda event, words: STARTED.append(repr(words)) if event in WATCHED else None)


@dataclass
class Ran:
    """What came of a run."""

    status: int
    out: str
    err: str
    files: str
    started: str

    @property
    def all(self) -> str:
        return "\n".join((self.out, self.err, self.files, self.started))


class Place:
    """A home, a working directory and a folder for temporary files, and the program in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("home", "cwd", "tmp"):
            (folder / name).mkdir()

    def lay(self, given: Given) -> None:
        """Write the files that are there before the run."""
        for name, text in given.home.items():
            (self.folder / "home" / name).write_text(text)
            (self.folder / "home" / name).chmod(0o600)
        for name, text in given.cwd.items():
            (self.folder / "cwd" / name).write_text(text)

    def run(self, *argv: str, given: Given, stdin: str = "") -> Ran:
        """One command in this process."""
        before = {path for path in self.folder.rglob("*") if path.is_file()}
        before -= set((self.folder / "state").rglob("*"))
        environ = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CACHE_HOME": str(CACHE),
            **given.env,
        }
        STARTED.clear()
        with as_process(environ, self.folder / "cwd", stdin or given.stdin) as (out, err):
            status = cli.run([*argv])
        return Ran(
            status, out.getvalue(), err.getvalue(), texts_below(self.folder, before), "\n".join(STARTED)
        )


@contextlib.contextmanager
def as_process(
    environ: Mapping[str, str], cwd: Path, stdin: str
) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """This process with another environment, folder and streams."""
    kept, folder, typed = dict(os.environ), os.getcwd(), sys.stdin
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    tempfile.tempdir = None
    sys.stdin = io.StringIO(stdin)
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield out, err
    finally:
        sys.stdin = typed
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(kept)
        tempfile.tempdir = None


def check(way: str, password: str, server: Callable[[str], Behaviour], *more: str) -> tuple[Ran, int]:
    """`check` with a password given in one way, against a server; and the server's port."""
    with tempfile.TemporaryDirectory() as name, listening("127.0.0.1", 0, server(password)) as port:
        place = Place(Path(name))
        start = WAYS[way](password, port, place.folder)
        place.lay(start)
        ran = place.run("check", "--connect-timeout", "0.3", *more, *start.argv, given=start)
    ran.out = ran.out.replace(name, "/place")
    return ran, port


def assert_nowhere(password: str, ran: Ran) -> None:
    """No form of the password, anywhere."""
    for name in ("out", "err", "files", "started"):
        found = leaks(password, getattr(ran, name))
        assert not found, f"{found} leaks: {name}\n{getattr(ran, name)[:3000]}"
