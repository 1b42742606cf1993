"""The start as plain lines: the same ways to begin as on the start screen, and no loop without end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.front.test_tui_beginnings import FAR, FINISHED, OPEN
from tests.front.tui_support import NO_HOST, TARGET, content_in
from tests.support.cli import CHILD
from wizard.errors import UsageError
from wizard.front.beginnings import Offers
from wizard.front.pasted import Pasted
from wizard.front.plainstart import Begun, Start
from wizard.sessionlist import Entry
from wizard.target.model import Target


class Person:
    """Somebody who has decided beforehand what to type."""

    def __init__(
        self, folder: Path, typed: list[str], *found: Target, sessions: tuple[Entry, ...] = ()
    ) -> None:
        self.seen = ""
        self.began: list[str] = []
        self._typed: Iterator[str] = iter(typed)
        offers = Offers(content_in(folder, {}), lambda: sessions, self._begin, self._begin)
        self.start = Start(found, offers, self._parse, self._error, self._read, self._write)

    def run(self, *, ascii_only: bool = False) -> Begun:
        return self.start.run(ascii_only=ascii_only)

    def _begin(self, what: str) -> int:
        self.began.append(what)
        return 0

    def _parse(self, text: str) -> Target:
        if " " in text:
            raise UsageError("no connection can be read from this")
        return FAR

    def _error(self, text: str) -> Pasted | None:
        return Pasted(text, "network.refused: nothing listens", None) if text.startswith("FATAL") else None

    def _read(self, prompt: str) -> str:
        self.seen += prompt
        try:
            return next(self._typed)
        except StopIteration:
            raise EOFError from None

    def _write(self, text: str) -> None:
        self.seen += text


def test_what_was_found_is_told_with_source_and_state(tmp_path: Path) -> None:
    person = Person(tmp_path, ["2"], TARGET, NO_HOST, sessions=(FINISHED, OPEN))
    assert person.run().target is NO_HOST
    for told in (
        "1 PostgreSQL app@db.example:5999/shop\n    user app, password set, read from DATABASE_URL; looks complete",
        "2 MySQL no host\n    user root, no password, read from .env:3 DB_USER; not complete: DB_HOST is not set.",
        "  r Go on: db.example:5432/shop, 2025-06-14 at 12:00, unfinished at network",
        "  l List the earlier sessions",
        "  p Practise",
    ):
        assert told in person.seen
    assert "hunter2" not in person.seen


@pytest.mark.parametrize("typed", [[], [""], ["x y"] * 100])
def test_enter_noise_and_the_end_of_the_input_begin_with_the_first(tmp_path: Path, typed: list[str]) -> None:
    assert Person(tmp_path, typed, TARGET, NO_HOST).run().target is TARGET


def test_nothing_found_and_nothing_said_goes_on(tmp_path: Path) -> None:
    person = Person(tmp_path, [""])
    assert person.run() == Begun()
    assert "No connection settings were found here." in person.seen


def test_q_leaves(tmp_path: Path) -> None:
    begun = Person(tmp_path, ["q"], TARGET).run()
    assert begun.work is not None
    assert begun.work() == 130


def test_a_symptom_gives_its_answers(tmp_path: Path) -> None:
    person = Person(tmp_path, ["s", "1", "1"], TARGET)
    begun = person.run()
    assert begun.answers == {"runtime": "docker", "symptom": "only-container"}
    assert (
        "You said: It fails only from the container. Often behind it: packets vanish on the way."
        in person.seen
    )


def test_an_error_then_the_connection_that_it_is_about(tmp_path: Path) -> None:
    person = Person(tmp_path, ["FATAL: no", "postgresql://x"], TARGET)
    begun = person.run()
    assert begun.target is FAR
    assert begun.answers == {"app.text": "FATAL: no"}


def test_what_is_no_connection_is_told_and_asked_again(tmp_path: Path) -> None:
    person = Person(tmp_path, ["what is this", "9", "1"], TARGET)
    assert person.run().target is TARGET
    assert "no connection can be read from this" in person.seen
    assert "There is no connection with that number." in person.seen


@pytest.mark.parametrize(
    ("typed", "began"),
    [
        (["r"], OPEN.id),
        (["l", "1"], FINISHED.id),
        (["p", "name-gone"], "name-gone"),
        (["p", "network", "2"], "silence"),
        (["p", "no such", "Network Medium", "1"], "silence"),
        (["p", "drill"], ""),
    ],
)
def test_a_session_or_practice_takes_the_place_of_the_walk(
    tmp_path: Path, typed: list[str], began: str
) -> None:
    person = Person(tmp_path, typed, TARGET, sessions=(FINISHED, OPEN))
    begun = person.run()
    assert begun.work is not None
    begun.work()
    assert person.began == [began]


@pytest.mark.parametrize("typed", [["l", ""], ["p", ""], ["p", "99"], ["s", "0"]])
def test_a_list_is_left_without_a_choice(tmp_path: Path, typed: list[str]) -> None:
    begun = Person(tmp_path, [*typed, "1"], TARGET, sessions=(OPEN,)).run()
    assert begun == Begun(TARGET, {})


def test_ascii_only(tmp_path: Path) -> None:
    person = Person(tmp_path, ["s", "1", ""], TARGET)
    person.run(ascii_only=True)
    assert person.seen.isascii()


def test_at_a_terminal_practice_is_walked_in_the_same_program(tmp_path: Path) -> None:
    """The real program, plain, with nothing found: p, the scenario, the finding, the end."""
    mine, theirs = pty.openpty()
    environ = {**CHILD, "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "wizard", "--plain", "--no-files"]
    os.write(mine, b"p\nauth easy\nwrong-password\n" + b"0\n" * 5 + b"q\nq\n")
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path, env=environ
    ) as child:
        os.close(theirs)
        said = child.communicate(timeout=60)[0].decode()
    os.close(mine)
    assert "auth.password-wrong" in said
    assert child.returncode == 1
