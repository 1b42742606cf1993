"""The map on the full screen: where the walk stands, what was passed, ruled out and is left; and back from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.front.golden import like_its_golden
from tests.front.tui_support import HANG, REFUSED, Script, stage

pytestmark = pytest.mark.slow


async def test_map_shows_where_the_walk_stands_and_what_was_passed(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("m")
        assert "check: Reading the settings" in screen.flat()
        assert "check: Connecting to db.example, port 5999 → refused" in screen.flat()
        assert "network you are here" in screen.flat()
        assert "now: Where does the application run?" in screen.flat()
        assert screen.cursor == "layer-network"


async def test_enter_on_a_layer_opens_its_causes_and_closes_them(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("m", "enter")
        assert "still possible:" in screen.flat()
        assert "network.service-down: the database service is not running" in screen.flat()
        await screen.press("space")
        assert "still possible:" not in screen.flat()


async def test_what_an_answer_excludes_is_ruled_out_on_the_map(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "m", "enter")
        page = screen.flat()
        left, _, gone = page.partition("ruled out: ")
        assert "network.refused: nothing listens there on that port" in left
        assert "network.service-down: the database service is not running" in gone
        assert "network.timeout: packets vanish on the way" in gone


async def test_enter_on_a_passed_step_goes_back_to_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("1")
        assert "Does the database service run" in screen.text()
        await screen.press("m")
        await screen.press("down", "down")
        assert screen.cursor == "step-1"
        await screen.press("enter")
        assert "Where does the application run?" in screen.text()
        assert screen.events()[-1] == "back"


async def test_escape_and_m_leave_the_map_and_change_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        for key in ("escape", "q", "m"):
            await screen.press("m", key)
            assert "Where does the application run?" in screen.text()
        assert screen.events() == ["probe", "probe"]


async def test_d_on_a_passed_step_overrules_it_and_on_a_layer_says_what_to_do(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("m", "d")
        assert "Move to a step first" in screen.text()
        await screen.press("down", "d")
        assert "found: refused. Instead:" in screen.text()
        await screen.press("1")
        assert screen.cause == "healthy"


async def test_map_while_a_check_hangs_and_a_step_back_from_there(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG, REFUSED]), hanging=True) as screen:
        await screen.pilot.press("m")
        await screen.drawn()
        assert "now: Connecting to db.example, port 5999" in screen.flat()
        await screen.press("up", "up", "enter")
        assert "Where does the application run?" in screen.text()
        assert screen.events()[:2] == ["probe", "back"]


async def test_step_chosen_on_the_map_is_the_one_that_was_seen_though_the_walk_went_on(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, Script(network=[HANG, REFUSED]), hanging=True) as screen:
        await screen.pilot.press("m")
        await screen.drawn()
        course = screen.app.course
        assert course is not None
        course.skip()
        await screen.settle()
        await screen.press("up", "up", "enter")
        assert course.walk is not None
        assert screen.script.ran.count("config.settings") >= 2


async def test_all_of_the_map_can_be_reached_on_a_small_screen(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(40, 12)) as screen:
        await screen.press("m")
        assert "network" in screen.text()
        await screen.press("enter")
        assert "still possible:" in screen.text()
        await screen.press("end")
        assert "still possible, too." in screen.text() or "capacity" in screen.text()


async def test_plain_ascii_where_the_locale_promises_no_more(tmp_path: Path) -> None:
    async with stage(tmp_path, environ={"LANG": "C", "TERM": "xterm"}) as screen:
        await screen.press("m", "enter")
        assert screen.text().isascii()
        assert "> network   you are here" in screen.text()


def test_neither_map_nor_overruling_costs_the_start_anything() -> None:
    code = """
import sys
import wizard.front.tui.screens.board
late = ["wizard.core.chart", "wizard.core.diagnosis", "wizard.core.page", "wizard.front.tui.screens.map",
        "wizard.front.tui.screens.overrule", "wizard.front.tui.views.overrule"]
print([name for name in late if name in sys.modules])
import wizard.front.tui.screens.map, wizard.front.tui.screens.overrule
print([name for name in ("networkx", "yaml", "psycopg") if name in sys.modules])
"""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.split() == ["[]", "[]"]


async def test_click_opens_a_layer(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("m")
        row = next(row for row, line in enumerate(screen.page().splitlines()) if "you are here" in line)
        await screen.pilot.click("Pane", offset=(6, row))
        await screen.settle()
        assert "still possible:" in screen.flat()


@pytest.mark.parametrize(
    ("size", "keys", "name"),
    [
        ((80, 24), ["m"], "map-80x24"),
        ((80, 24), ["m", "enter"], "map-open-80x24"),
        ((40, 12), ["m", "enter"], "map-open-40x12"),
        ((80, 24), ["2", "m"], "map-finding-80x24"),
    ],
)
async def test_looks_as_it_should(tmp_path: Path, size: tuple[int, int], keys: list[str], name: str) -> None:
    async with stage(tmp_path, size=size) as screen:
        await screen.press(*keys)
        like_its_golden(screen, name)
