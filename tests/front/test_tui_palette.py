"""The list of what can be done now: made of the table of actions, narrowed by typing, run with Enter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.front.golden import like_its_golden
from tests.front.tui_support import NO_HOST, TARGET, stage
from wizard.front.tui import actions
from wizard.front.tui.screens.help import Help
from wizard.front.tui.screens.note import Note
from wizard.front.tui.screens.palette import Palette
from wizard.front.tui.widgets.field import Field

pytestmark = pytest.mark.slow

ASCII = {"LANG": "C", "TERM": "xterm"}


async def test_every_action_of_the_moment_is_listed_with_its_key(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 40)) as screen:
        await screen.press("colon")
        page = screen.flat()
        for action in actions.at("question"):
            if action.keys and action.name != "app.palette":
                assert f"{action.shown} {action.label}: {action.help}" in page


async def test_typing_narrows_and_enter_does_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("ctrl+p", *"remark")
        assert screen.cursor == "note"
        await screen.press("enter")
        assert isinstance(screen.app.screen, Note)


async def test_arrows_and_enter_answer_as_the_key_does(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("colon", "down", "up", *"why", "enter")
        assert "Why: In a container, localhost is the container itself." in screen.flat()


async def test_escape_does_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("colon", *"quit", "escape")
        assert "Where does the application run?" in screen.text()


async def test_words_that_fit_nothing_say_so_and_enter_waits(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("colon", *"zzz", "enter")
        assert "Nothing that can be done now has these words." in screen.flat()
        await screen.press("ctrl+u")
        assert screen.cursor


async def test_in_the_field_a_colon_is_text_and_ctrl_p_opens_the_list(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET, NO_HOST)) as screen:
        await screen.press("slash", *"a:b")
        assert screen.app.screen.query_one(Field).value == "a:b"
        await screen.press("ctrl+p")
        assert isinstance(screen.app.screen, Palette)
        await screen.press(*"list", "enter", "question_mark")
        assert isinstance(screen.app.screen, Help)


async def test_help_from_the_list_of_steps_tells_the_keys_of_the_list(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("b", "question_mark")
        assert screen.page().split("\n\n")[1].startswith("In a list")
        await screen.press("escape", "escape")
        assert "Where does the application run?" in screen.text()


async def test_plain_ascii_on_a_small_screen(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(40, 12), environ=ASCII) as screen:
        await screen.press("colon")
        assert screen.text().isascii()
        assert "Enter do it" in screen.text()


async def test_it_looks_as_it_should(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("colon")
        like_its_golden(screen, "actions-80x24")
