"""Overruling on the full screen: a person knows better, the walk goes on with their word, and the report says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.front.golden import like_its_golden
from tests.front.tui_support import HANG, REFUSED, SETTINGS, TARGET, Script, Stage, stage
from wizard import report
from wizard.redact import Redactor
from wizard.session import Session, replayed
from wizard.transcript import document, written

pytestmark = pytest.mark.slow


def made(screen: Stage) -> dict[str, Any]:
    """The report of the walk on the screen."""
    course = screen.app.course
    assert course is not None
    assert course.walk is not None
    content = course.engine.supply.content
    return report.report(course.walk, content, report.target_summary(TARGET), started=1.0, elapsed_ms=1)


async def overrule_connecting(screen: Stage) -> None:
    """Say that the port answers: the first step of the list, the first other value of its outcome."""
    await screen.press("d", "1", "1")


async def test_walk_goes_on_with_the_word_of_the_person(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("d")
        assert "Overrule what was found at which step?" in screen.text()
        assert "check: Connecting to db.example, port 5999" in screen.text()
        assert "network.outcome: refused" in screen.text()
        await screen.press("1")
        assert "found: refused. Instead:" in screen.text()
        await screen.press("1")
        assert screen.cause == "healthy"
        assert "The walk goes on with your word." in screen.text()
        assert screen.ladder()["network"] == "ok"


async def test_report_names_the_person_and_what_had_been_found(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await overrule_connecting(screen)
        told = made(screen)
        assert told["status"] == "healthy"
        step = told["steps"][-1]
        assert (step["node"], step["by"], step["outcome"]) == ("network.connect", "user", "connected")
        assert step["overruled"] == [{"fact": "network.outcome", "found": "refused", "said": "connected"}]


async def test_session_keeps_it_and_the_transcript_says_what_the_check_had_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await overrule_connecting(screen)
        assert screen.events() == ["probe", "probe", "overrule"]
        course = screen.app.course
        assert course is not None
        session = course.session
        assert session is not None
        assert session.path is not None
        content = course.engine.supply.content
        again = Session.load(session.path)
        walk, trouble = replayed(content.tree, again.walks[-1])
        assert trouble == ""
        assert walk.node.cause == "healthy"
        text = written(document(again, content, Redactor(())), "md")
        assert "network.outcome is connected, says the user; found before: refused" in " ".join(text.split())


async def test_back_takes_it_back_and_runs_the_check_anew(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await overrule_connecting(screen)
        await screen.press("b")
        assert "you said: network.outcome is connected (the check: the port answered)" in screen.flat()
        await screen.press("1")
        assert "Where does the application run?" in screen.text()
        assert made(screen)["steps"][-1]["overruled"] == []


async def test_escape_changes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("d", "escape")
        assert "Where does the application run?" in screen.text()
        await screen.press("d", "1", "escape")
        assert screen.events() == ["probe", "probe"]


async def test_not_known_is_a_choice_and_the_walk_asks_on(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("d", "1")
        assert "not known: nobody can rely on what was found" in screen.text()
        await screen.press("3")
        assert "Where does the application run?" in screen.text()
        assert "you said: network.outcome is not known" in screen.flat()


async def test_before_any_check_was_passed_there_is_nothing_to_overrule(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(config=[HANG]), hanging=True) as screen:
        await screen.pilot.press("d")
        await screen.drawn()
        assert "could be overruled" in " ".join(screen.text().split())
        await screen.press("x")


async def test_a_check_that_hangs_is_left_when_an_earlier_one_is_overruled(tmp_path: Path) -> None:
    script = Script(config=[SETTINGS], network=[HANG, REFUSED])
    async with stage(tmp_path, script, hanging=True) as screen:
        await screen.press("d", "1", "1")
        assert screen.events()[:2] == ["probe", "overrule"]
        assert "Where does the application run?" in screen.text()


async def test_a_step_that_was_left_in_the_meantime_is_not_overruled(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        course = screen.app.course
        assert course is not None
        await screen.press("d", "1")
        course.back(2)
        await screen.settle()
        course.walk = course.walk.back() if course.walk is not None else None
        course.walk = course.walk.back() if course.walk is not None else None
        await screen.press("1")
        assert "nothing was overruled" in " ".join(screen.text().split())


MANY = """
facts:
  engine: {values: [postgresql, mysql], meaning: the engine, from: [probe]}
  target.host: {meaning: the host, from: [probe]}
  network.outcome:
    values: [connected, refused, timeout, a, b, c, d, e, f, g, h]
    meaning: how connecting ends
    from: [probe, question]
  runtime: {values: [host, docker], meaning: where the application runs, from: [question]}
  service.running: {values: ["yes", "no"], meaning: runs, from: [question]}
fills: {host: [target.host]}
"""


async def test_more_than_nine_values_take_their_number_and_enter(tmp_path: Path) -> None:
    async with stage(tmp_path, files={"facts.yaml": MANY}) as screen:
        await screen.press("d", "1", "1", "1")
        assert "Type the number, then Enter." in screen.text()
        assert screen.cursor == "say-11"
        await screen.press("2")
        assert screen.cursor == "say-2"
        await screen.press("enter")
        assert screen.cause == "network.timeout"


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
async def test_chosen_with_arrows_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with stage(tmp_path, size=size) as screen:
        await screen.press("d", "enter", "down", "enter")
        assert screen.cause == "network.timeout"


async def test_second_click_takes_the_line(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("d")
        for _ in range(2):
            await screen.pilot.click("Pane", offset=(6, 2))
            await screen.settle()
        assert "found: refused. Instead:" in screen.text()


async def test_plain_ascii_where_the_locale_promises_no_more(tmp_path: Path) -> None:
    async with stage(tmp_path, environ={"LANG": "C", "TERM": "xterm"}) as screen:
        for key in ("d", "1"):
            await screen.press(key)
            assert screen.text().isascii()


@pytest.mark.parametrize(
    ("size", "keys", "name"),
    [
        ((80, 24), ["d"], "overrule-80x24"),
        ((80, 24), ["d", "1"], "overrule-values-80x24"),
        ((40, 12), ["d", "1"], "overrule-values-40x12"),
        ((80, 24), ["d", "1", "3"], "overruled-80x24"),
    ],
)
async def test_looks_as_it_should(tmp_path: Path, size: tuple[int, int], keys: list[str], name: str) -> None:
    async with stage(tmp_path, size=size) as screen:
        await screen.press(*keys)
        like_its_golden(screen, name)
