"""An error that is pasted at the start: its verdict is said, the connection that it names is checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from textual import events

from tests.front.tui_support import TARGET, stage
from wizard.content.load import open_content
from wizard.front import pasted
from wizard.front.pasted import SOURCE, Pasted
from wizard.target.model import Target
from wizard.target.parse import parse_target

pytestmark = pytest.mark.slow

REFUSED = """\
Traceback (most recent call last):
  File "/srv/shop/app.py", line 7, in <module>
    connect()
psycopg2.OperationalError: connection to server at "127.0.0.1", port 1 failed: Connection refused
\tIs the server running on that host and accepting TCP/IP connections?
"""
FULL = "FATAL:  sorry, too many clients already"


def read(text: str, *found: Target) -> Pasted | None:
    """What the program makes of a pasted text, with these connections found on the machine."""
    return pasted.read(text, open_content(), found, None, {}) if pasted.is_error(text) else None


def connection(text: str, source: str = "DATABASE_URL") -> Target:
    """A connection as an application states it."""
    return parse_target(text, source=source, environ={}, home=None)


def test_what_the_error_names_is_the_connection() -> None:
    said = read(REFUSED)
    assert said is not None
    assert said.verdict.startswith("network.service-down: ")
    assert said.target is not None
    assert (said.target.engine, said.target.host, said.target.port) == ("postgresql", "127.0.0.1", 1)
    assert {one.source for one in said.target.settings if one.key in ("host", "port")} == {SOURCE}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://app:secret@db.example/shop",
        "host=db.example dbname=shop user=app",
        "app:secret@tcp(db.example:3306)/shop",
        "db.example",
        "everything is fine today",
        "",
    ],
)
def test_what_is_no_error_is_left_to_others(text: str) -> None:
    assert read(text) is None


def test_a_connection_that_was_found_and_fits_keeps_its_password() -> None:
    fits = connection("postgresql://app:secret@127.0.0.1:1/shop")
    said = read(REFUSED, connection("postgresql://app:other@db.example/shop"), fits)
    assert said is not None
    assert said.target is fits


def test_the_password_of_another_host_is_never_sent_to_the_one_that_an_error_names() -> None:
    said = read(REFUSED, connection("postgresql://app:secret@db.example/shop"))
    assert said is not None
    assert said.target is not None
    assert not said.target.password
    assert [one.key for one in said.target.conflicts] == ["host"]


def test_of_several_connections_none_is_guessed() -> None:
    one, other = connection("postgresql://a@h1/x"), connection("postgresql://b@h2/y")
    for found, expected in (((one,), one), ((one, other), None), ((), None)):
        said = read(FULL, *found)
        assert said is not None
        assert said.target is expected


def test_the_path_of_a_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(f"fine\n{REFUSED}fine again\n")
    said = read(str(log))
    assert said is not None
    assert said.verdict.startswith("network.service-down: ")


async def test_pasted_on_the_start_screen_it_starts_the_walk(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,)) as screen:
        screen.app.read_error = read
        screen.app.post_message(events.Paste(REFUSED))
        await screen.settle()
        await screen.press("enter")
        assert screen.app.course is not None
        assert "Connection refused" in screen.app.course.answers["app.text"]
        assert screen.app.course.engine.target.host == "127.0.0.1"
        assert "The error says network.service-down" in " ".join(screen.text().split())


async def test_an_error_that_names_no_connection_waits_for_one(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None) as screen:
        screen.app.read_error = read
        screen.app.post_message(events.Paste(FULL))
        await screen.settle()
        await screen.press("enter")
        assert "It does not say which connection it is about. Paste the connection." in " ".join(
            screen.text().split()
        )
        screen.app.post_message(events.Paste(f"postgresql://app:x@{TARGET.host}:5999/shop"))
        await screen.settle()
        await screen.press("enter")
        assert screen.app.course is not None
        assert screen.app.course.answers["app.text"] == FULL.replace("  ", " ")


def check(tmp_path: Path, error: str, *environment: str) -> dict[str, object]:
    """The report of `check --error` without a target."""
    file = tmp_path / "error.txt"
    file.write_text(error)
    done = subprocess.run(
        [
            "env",
            *environment,
            sys.executable,
            "-m",
            "wizard",
            "check",
            "--json",
            "--no-files",
            "--error",
            file,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    report: dict[str, object] = json.loads(done.stdout)
    return report


def test_check_takes_the_connection_from_the_error(tmp_path: Path) -> None:
    target = check(tmp_path, REFUSED)["target"]
    assert isinstance(target, dict)
    assert (target["host"], target["port"], target["source"]) == ("127.0.0.1", 1, SOURCE)


def test_an_error_without_a_connection_leaves_the_one_that_was_found(tmp_path: Path) -> None:
    target = check(tmp_path, FULL, "DATABASE_URL=postgresql://app@127.0.0.1:1/shop")["target"]
    assert isinstance(target, dict)
    assert target["source"] == "DATABASE_URL"
