"""The drill on the full screen, driven by keys: look, hint, cause, fix, solution, the next one; at each size."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.front.golden import like_its_golden
from tests.front.tui_support import ENVIRON, Stage, content_in
from wizard.front.practicedrill import Drills
from wizard.front.practicelist import Wanted
from wizard.front.tui.drillapp import DrillApp
from wizard.front.tui.screens.drill import DrillScreen
from wizard.front.tui.screens.note import Note
from wizard.practice.drill import Stage as DrillStage
from wizard.practice.drillfile import ScoreFile

ASCII = {"LANG": "C", "TERM": "xterm"}
PATIENCE = 30
pytestmark = pytest.mark.slow


class Sitting(Stage):
    """The drill as a person at the keyboard has it."""

    app: DrillApp

    def __init__(self, app: DrillApp, pilot: Pilot[int], score: ScoreFile) -> None:
        self.app = app
        self.pilot = pilot
        self.score = score

    async def settle(self) -> None:
        """Wait until the work that was begun is done and shown."""
        await self.pilot.pause()
        for screen in self.app.screen_stack:
            if isinstance(screen, DrillScreen) and screen.worker is not None:
                await asyncio.to_thread(screen.worker.join, PATIENCE)
                assert not screen.worker.is_alive()
        await self.pilot.pause()

    def text(self) -> str:
        """The screen, with times and the port, which are others each time, replaced by some of the same width."""
        text = super().text()
        for pattern, likeness in (
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "2026-11-21 03:00:00,000"),
            (r"\b[3-6]\d{4}\b", "54321"),
            (r"after \d ms", "after 0 ms"),
            (r"\d s on average", "1 s on average"),
        ):
            text = re.sub(pattern, likeness, text)
        return text

    @property
    def stage(self) -> DrillStage | None:
        return self.app.drilling.drill.stage if self.app.drilling.drill else None


@asynccontextmanager
async def sitting(
    folder: Path,
    *,
    size: tuple[int, int] = (80, 24),
    environ: dict[str, str] = ENVIRON,
    difficulty: str = "easy",
) -> AsyncIterator[Sitting]:
    content = content_in(folder / "content", {})
    score = ScoreFile(folder / "state")
    app = DrillApp(Drills(content, Wanted("network", difficulty), 1, score), environ, lambda text: None)
    try:
        async with app.run_test(size=size) as pilot:
            made = Sitting(app, pilot, score)
            await made.settle()
            yield made
    finally:
        app.drilling.end()


def number_of(screen: Sitting, key: str) -> str:
    """The digit of the option with this key."""
    drill = screen.app.drilling.drill
    assert drill is not None
    options = drill.task.causes if drill.stage is DrillStage.CAUSE else drill.task.fixes
    return str([one.key for one in options].index(key) + 1)


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=["80x24", "40x12"])
async def test_the_drill_looks_so(tmp_path: Path, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with sitting(tmp_path, size=size) as screen:
        like_its_golden(screen, f"drill-{name}")
        await screen.press("l")
        like_its_golden(screen, f"drill-looks-{name}")
        await screen.press("3")
        like_its_golden(screen, f"drill-looked-{name}")
        await screen.press(number_of(screen, "network.refused"))
        like_its_golden(screen, f"drill-fixes-{name}")
        await screen.press(number_of(screen, "network.refused"))
        assert screen.stage is DrillStage.OVER
        like_its_golden(screen, f"drill-solved-{name}")


async def test_the_log_is_shown_and_the_name_and_title_are_not(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        page = screen.flat()
        assert "ERROR shop.orders:" in page
        assert 'connection to server at "127.0.0.1", port' in page
        assert "psql postgresql://app:open-sesame-1@127.0.0.1:" in page
        assert "nobody-there" not in page
        assert "Nothing listens on the port" not in page


async def test_a_drill_that_is_solved_counts_and_the_next_one_begins(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("h", "l", "3")
        assert "Hint: Look at this first: network." in screen.flat()
        assert "Looked at network:" in screen.flat()
        await screen.press(number_of(screen, "network.refused"), "enter")
        page = screen.flat()
        assert "Right: it is network.refused" in page
        assert "Nothing listens on the port (nobody-there)" in page
        assert "What the wizard's walk found:" in page
        assert "1 of 1 solved" in page
        (result,) = screen.score.results
        assert (result.scenario, result.solved, result.looks, result.hints) == ("nobody-there", True, 1, 1)
        await screen.press("n")
        assert screen.stage is DrillStage.CAUSE
        assert "Looked at" not in screen.flat()


async def test_a_wrong_cause_is_explained(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("i", *"dns.name-not-found", "enter")
        assert "You say: dns.name-not-found. What do you do first?" in screen.flat()
        await screen.press("1")
        assert "Wrong: it is not dns.name-not-found." in screen.flat()
        assert "Why not dns.name-not-found:" in screen.flat()


async def test_b_takes_the_cause_back_and_g_gives_up(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("1", "b")
        assert screen.stage is DrillStage.CAUSE
        await screen.press("g")
        assert "Given up. It is network.refused" in screen.flat()
        assert [one.solved for one in screen.score.results] == [False]


async def test_a_cause_that_is_not_offered_is_typed(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("i", *"network.refusd", "enter")
        assert "There is no cause 'network.refusd'; did you mean 'network.refused'?" in screen.text()
        await screen.press("i")
        assert isinstance(screen.app.screen, Note)
        await screen.press("escape")
        assert screen.stage is DrillStage.CAUSE
        await screen.press("i", *"network.refused", "enter")
        assert screen.stage is DrillStage.FIX


async def test_keys_of_another_moment_do_nothing(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("b", "n", "9", "0")
        assert screen.stage is DrillStage.CAUSE
        await screen.press("h", "h", "h")
        assert "There is no further hint." in screen.text()
        await screen.press("1", "l", "h", "i")
        assert screen.stage is DrillStage.FIX
        assert screen.app.screen_stack[-1] is screen.app.screen_stack[0]


async def test_help_and_the_list_of_actions_know_the_drill(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("question_mark")
        assert "In a drill: the cause" in screen.flat()
        await screen.press("escape", "colon", *"give up", "enter")
        assert screen.stage is DrillStage.OVER


@pytest.mark.parametrize("keys", [(), ("l",), ("1",), ("g",), ("i",)], ids=str)
async def test_leaving_ends_cleanly_at_every_point(tmp_path: Path, keys: tuple[str, ...]) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press(*keys, "ctrl+c")
    assert screen.app.return_value == 130
    assert len(screen.score.results) == (1 if keys == ("g",) else 0)


async def test_nothing_is_served_any_more_to_who_leaves_while_the_next_one_is_made_ready(
    tmp_path: Path,
) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("q")
    drilling = screen.app.drilling
    drilling.end()
    assert drilling.begin() is None


async def test_q_is_a_normal_end(tmp_path: Path) -> None:
    async with sitting(tmp_path) as screen:
        await screen.press("q")
    assert screen.app.return_value == 0


async def test_ascii_only_and_another_size(tmp_path: Path) -> None:
    async with sitting(tmp_path, environ=ASCII) as screen:
        assert screen.text().isascii()
        await screen.press("g")
        assert screen.text().isascii()
        for size in ((120, 40), (30, 8), (80, 24)):
            await screen.pilot.resize_terminal(*size)
            await screen.settle()
            assert all(len(line) <= size[0] for line in screen.text().splitlines())
