"""`--pid` from the command line to the runtime of a walk, and the look at the process after a fix."""

from __future__ import annotations

import os
import subprocess
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from wizard.cli import parser
from wizard.content.load import open_content
from wizard.errors import UsageError
from wizard.front import application, interactive, setup
from wizard.runtime import Runtime

URL = "postgresql://app:0ld-secret@db1.example:5432/shop"
NEW = "postgresql://app:n3w-secret@db2.example:5432/shop"


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running application in `tmp_path`."""
    with subprocess.Popen(
        ["/bin/sleep", "60"], env={"DATABASE_URL": URL, "HOME": "/home/app"}, cwd=tmp_path
    ) as made:
        wait_until(lambda: bool(Path(f"/proc/{made.pid}/environ").read_bytes()), "the application runs")
        yield made
        made.kill()


@pytest.fixture
def options(child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> Namespace:
    """The command line that names it, in a shell without settings."""
    for name in list(os.environ):
        if name.startswith(("DATABASE_", "PG", "DB_", "MYSQL_")):
            monkeypatch.delenv(name)
    return parser("", "").parse_args(["--pid", str(child.pid)])


def runtime_of(options: Namespace) -> Runtime:
    target = setup.find_target(options, open_content(), Path("/root"), Path("/"))
    return setup.make_runtime(target, open_content(), options, Path("/root"), Path("/"), None)


def change(path: Path) -> None:
    path.write_text(f"DATABASE_URL={NEW}\n")
    os.utime(path, (time.time() + 2,) * 2)


def test_a_walk_has_the_surroundings_of_the_process(options: Namespace, tmp_path: Path) -> None:
    application.look(options)
    runtime = runtime_of(options)
    assert runtime.target.host == "db1.example"
    assert runtime.environ == {"DATABASE_URL": URL, "HOME": "/home/app"}
    assert runtime.home == Path("/home/app")
    assert runtime.cwd is not None
    assert runtime.cwd.samefile(tmp_path)
    assert runtime.process is not None
    assert runtime.process.origin == "environment"


def test_a_stated_target_keeps_our_own_surroundings(options: Namespace) -> None:
    options.target = NEW
    application.look(options)
    runtime = runtime_of(options)
    assert (runtime.target.host, runtime.home) == ("db2.example", Path("/root"))
    assert runtime.process is not None
    assert [one.key for one in runtime.process.stale] == ["host", "password"]
    assert {"0ld-secret", "n3w-secret"} <= {one.reveal() for one in runtime.secrets}


def test_after_a_change_the_files_are_compared_anew(options: Namespace, tmp_path: Path) -> None:
    application.look(options)
    target = setup.find_target(options, open_content(), None, None)
    change(tmp_path / ".env")
    assert interactive.read_again(options, target).host == "db1.example"
    process = application.process_of(options)
    assert process is not None
    assert [one.key for one in process.stale] == ["host", "password"]
    assert "n3w-secret" in {one.reveal() for one in application.secrets(options)}


def test_a_process_that_was_restarted_is_told(options: Namespace, child: subprocess.Popen[bytes]) -> None:
    application.look(options)
    target = setup.find_target(options, open_content(), None, None)
    child.kill()
    child.wait()
    assert interactive.read_again(options, target).host == "db1.example"
    process = application.process_of(options)
    assert process is not None
    assert process.view == "gone"
    assert "has ended" in process.troubles[0]


def test_a_process_without_settings_is_named(tmp_path: Path, options: Namespace) -> None:
    options.pid = str(os.getppid())
    application.look(options)
    assert options.application is not None
    bare = options.application.process._replace(environ={}, is_readable=True)
    options.application = options.application._replace(targets=(), process=bare)
    target = setup.find_target(options, open_content(), None, None)
    assert f"not in the environment of process {os.getppid()}" in target.problems[0].detail


def test_two_names_for_one_process_are_one_too_many(options: Namespace) -> None:
    options.container = "web"
    with pytest.raises(UsageError, match="one process each"):
        application.look(options)
