"""The list of running applications: from the start screen to the view of a process, and the same as plain lines."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.front.tui_support import TARGET, stage
from tests.support.processes import wait_until
from wizard.front import application

URL = "postgresql://app:hunter2-and-more@db.example:5999/shop"


@pytest.fixture
def pid(tmp_path: Path) -> Iterator[int]:
    """A running application with a name of its own."""
    program = tmp_path / "shop-web"
    program.symlink_to("/bin/sleep")
    child = subprocess.Popen([str(program), "60"], env={"DATABASE_URL": URL})
    shown = Path(f"/proc/{child.pid}/environ")
    wait_until(lambda: bool(shown.read_bytes()), "the application runs")
    yield child.pid
    child.kill()
    child.wait()


async def test_a_running_application_can_be_chosen(tmp_path: Path, pid: int) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,)) as screen:
        await screen.press("a")
        assert f"shop-web, process {pid}" in screen.flat()
        assert "PostgreSQL app@db.example:5999/shop" in screen.flat()
        assert "hunter2" not in screen.page()
        while screen.cursor != f"process-{pid}":
            await screen.press("down")
        await screen.press("enter")
    assert screen.app.process == pid


async def test_the_list_is_left_without_a_choice(tmp_path: Path, pid: int) -> None:
    async with stage(tmp_path, target=None) as screen:
        assert "press Esc, then one of these keys: s Say" in screen.flat()
        assert "a List running applications" in screen.flat()
        await screen.press("escape", "a")
        assert f"process {pid}" in screen.flat()
        await screen.press("escape")
        assert "No connection settings were found here." in screen.text()
    assert screen.app.process == 0


async def test_what_is_typed_into_the_field_lists_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,)) as screen:
        await screen.press("slash", "a")
        assert "Whose view?" not in screen.text()


def test_plain_lines_offer_the_same(pid: int) -> None:
    written: list[str] = []

    def read(prompt: str) -> str:
        rows = "".join(written).splitlines()
        return next(row.split()[0] for row in rows if f"shop-web, process {pid}" in row)

    assert application.choose(read, written.append) == pid
    assert "hunter2" not in "".join(written)


@pytest.mark.parametrize("said", ["", "x", "0", "99", "-1", "٣"])
def test_whatever_else_is_said_goes_on(said: str, pid: int) -> None:
    assert application.choose(lambda _: said, lambda _: None) == 0


def test_the_end_of_the_input_goes_on() -> None:
    def ended(_: str) -> str:
        raise EOFError

    assert application.choose(ended, lambda _: None) == 0


def test_the_program_begins_anew_with_its_options() -> None:
    begun = [
        "python",
        "-m",
        "wizard",
        "--plain",
        "--pid",
        "1",
        "--trees=x",
        "--container=web",
        "--answer",
        "writes=no",
    ]
    kept = ["python", "-m", "wizard", "--plain", "--trees=x", "--answer", "writes=no", "--pid", "4711"]
    assert application.begun_anew(begun, 4711) == kept
    assert application.begun_anew(["dbwizard", "--", "--odd"], 7) == ["dbwizard", "--pid", "7", "--", "--odd"]
