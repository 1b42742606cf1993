"""The start screen: what was found, what is typed, and how the walk begins. Also the help page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from textual import events

from tests.front.tui_support import NO_HOST, TARGET, stage
from wizard.exits import Exit
from wizard.front.tui import actions
from wizard.front.tui.crash import without_values
from wizard.front.tui.widgets.field import Field, masked
from wizard.target.model import Target

pytestmark = pytest.mark.slow

BOTH = (TARGET, NO_HOST)
PASSWORD = "s3cr3t:w@rd"
URL = f"postgresql://app:{PASSWORD}@db.example:5432/shop"


async def test_what_was_found_is_listed_with_what_is_missing(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        page = screen.flat()
        assert "1 PostgreSQL app@db.example:5999/shop" in page
        assert "user app, password set, read from DATABASE_URL" in page
        assert "2 MySQL no host" in page
        assert "no password, read from .env:3 DB_USER" in page
        assert "not complete: DB_HOST is not set." in page
        assert "hunter2" not in screen.text()


async def test_number_starts_the_walk(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        await screen.press("1")
        assert "Where does the application run?" in screen.text()


async def test_arrow_and_enter_start_the_walk(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        await screen.press("down", "enter")
        assert screen.app.course is not None
        assert screen.app.course.engine.target is NO_HOST


async def test_nothing_found_says_where_was_looked_and_the_field_waits(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None) as screen:
        assert "No connection settings were found here." in screen.text()
        await screen.press(*"db.example", "enter")
        assert "press Enter again to check it as it is" in " ".join(screen.text().split())


async def test_pasted_connection_hides_its_password_and_starts(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        screen.app.post_message(events.Paste(f"postgresql://app:secret@{TARGET.host}:5999/shop\n"))
        await screen.settle()
        assert "secret" not in screen.text()
        assert "postgresql://app:••••••@db.example:5999/shop" in screen.text()
        await screen.press("enter")
        assert "Where does the application run?" in screen.text()


async def test_letters_in_the_field_are_text_and_no_commands(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        await screen.press("slash", *"qp1?")
        assert screen.app.screen.query_one(Field).value == "qp1?"
        await screen.press("escape", "p")
        assert "Practise what?" in screen.text()


async def test_field_can_be_edited(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        field = screen.app.screen.query_one(Field)
        await screen.press("slash", *"abcd", "left", "backspace", "home", "delete", "end", "e")
        assert field.value == "bde"
        await screen.press("ctrl+u", "enter")
        assert field.value == ""
        assert "The field is empty" in screen.text()


async def test_problem_in_what_was_typed_is_a_sentence(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        await screen.press("slash", *"postgresql://app@:77777/x", "enter")
        assert "Correct it, or press Enter again to check it as it is." in " ".join(screen.text().split())


async def test_q_leaves_with_130(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        await screen.press("q")
    assert screen.app.return_value == Exit.INTERRUPTED


async def test_small_screen_shows_the_list_and_the_field(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH, size=(40, 12)) as screen:
        assert "1  PostgreSQL" in screen.text()
        assert screen.app.screen.query_one(Field).region.bottom <= 11


async def test_help_shows_every_action_of_the_table(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=BOTH) as screen:
        await screen.press("question_mark")
        page = screen.flat()
        for where in ("start", "running", "question", "finding"):
            for action in actions.at(where):
                assert f"{action.shown} {action.help}" in page
        await screen.press("escape")
        assert "connections were found here" in screen.text()


def test_every_action_of_the_table_exists() -> None:
    from wizard.front.tui.app import WizardApp
    from wizard.front.tui.screens.board import Board
    from wizard.front.tui.screens.drill import DrillScreen
    from wizard.front.tui.screens.earlier import Earlier
    from wizard.front.tui.screens.handover import HandOver
    from wizard.front.tui.screens.help import Help
    from wizard.front.tui.screens.map import Map
    from wizard.front.tui.screens.note import Note
    from wizard.front.tui.screens.palette import Palette
    from wizard.front.tui.screens.plain import PlainScreen
    from wizard.front.tui.screens.scenarios import Scenarios
    from wizard.front.tui.screens.start import Start

    owners = {
        "start": Start, "field": Start, "running": Board, "question": Board, "finding": Board, "list": Earlier,
        "help": Help, "plain": PlainScreen, "note": Note, "open": Board, "typed": Note,
        "message": HandOver, "map": Map, "palette": Palette, "scenarios": Scenarios, "naming": Note,
        "drill": DrillScreen, "mending": DrillScreen, "solved": DrillScreen,
    }  # fmt: skip
    for action in actions.ACTIONS:
        for where in action.where:
            owner = WizardApp if action.name.startswith("app.") else owners[where]
            name = action.name.removeprefix("app.")
            assert action.keys == "" or hasattr(owner, f"action_{name}"), (where, action.name)


def test_footer_keeps_help_and_quit_at_any_width() -> None:
    for where in ("start", "running", "question", "finding", "drill", "mending", "solved"):
        for width in (20, 40, 80, 120):
            shown = [action.name for action in actions.footer(where, width)]
            assert {"app.help", "app.leave"} <= set(shown)


def test_what_stands_where_a_password_stands_is_dots() -> None:
    for text, secret in (
        (URL, PASSWORD),
        ("host=db password='a b c' user=x", "'a b c'"),
        ("jdbc:postgresql://db/shop?user=a&password=geheim&ssl=true", "geheim"),
        ("app:geheim@tcp(db:3306)/shop", "geheim"),
        ("postgresql://app:gehe", "gehe"),
    ):
        shown = masked(text)
        assert secret not in shown
        assert len(shown) == len(text)
    assert masked("postgresql://db.example:5432/shop") == "postgresql://db.example:5432/shop"
    assert masked("db.example:5432") == "db.example:5432"


async def test_a_mistake_of_the_program_is_told_without_the_values_of_variables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(text: str) -> Target:
        raise RuntimeError(text)

    apps = []

    async def crash() -> None:
        async with stage(tmp_path, target=None) as screen:
            apps.append(screen.app)
            screen.app.parse = broken
            screen.app.screen.query_one(Field).put(URL)
            await screen.press("enter")

    with pytest.raises(RuntimeError):
        await crash()
    said = capsys.readouterr().err
    assert "dbwizard itself failed." in said
    assert PASSWORD not in said
    assert (apps[0].broken, apps[0].status) == (True, Exit.USAGE)


def test_first_paint_needs_no_driver_no_graph_and_no_yaml() -> None:
    heavy = ("networkx", "psycopg", "pymysql", "dns", "cryptography", "yaml", "markdown_it", "pygments")
    code = (
        "import sys; import wizard.front.tui.app, wizard.front.tui.screens.start, wizard.front.tui.screens.board;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"


def test_a_crash_names_the_place_and_the_kind_only() -> None:
    try:
        raise ValueError(PASSWORD)
    except ValueError as error:
        said = without_values(error)
    assert "ValueError" in said
    assert "test_tui_start.py" in said
    assert PASSWORD not in said
