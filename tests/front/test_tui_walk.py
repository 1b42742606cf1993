"""The walk on the full screen: questions, steps back, checks given up, notes, and what is never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.front.golden import like_its_golden
from tests.front.tui_support import HANG, HOST, REFUSED, SETTINGS, TARGET, Script, stage
from wizard.exits import Exit
from wizard.session import Session


async def test_walk_stops_at_the_question_with_the_ladder_and_the_answers(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        text = screen.text()
        assert "Where does the application run?" in text
        assert "1  Directly on this host" in text
        assert "2  In a Docker container" in text
        assert "0  I don't know" in text
        assert screen.ladder() == {
            "config": "ok", "dns": "waiting", "network": "asking", "tls": "waiting", "auth": "waiting",
            "database": "waiting", "capacity": "waiting",
        }  # fmt: skip
        assert "ECONNREFUSED" in text


async def test_text_of_a_server_is_shown_as_it_is_and_never_as_markup(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        assert "[bold]refused[/bold]" in screen.page()
        assert "\x1b" not in screen.page()


async def test_number_answers_and_leads_to_the_finding(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        assert screen.cause == "network.refused"
        assert f"Nothing listens on {HOST}:5999" in screen.text()


async def test_arrow_and_enter_answer_as_well(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("down", "enter")
        assert screen.cause == "network.refused"


async def test_zero_says_that_nobody_knows_and_the_walk_goes_on(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("0")
        assert f"Does the database service run on {HOST}?" in screen.text()
        await screen.press("0")
        assert screen.cause == "inconclusive"


async def test_why_and_how_open_and_close(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        assert "localhost is the container itself" not in screen.flat()
        await screen.press("w")
        assert "Why: In a container, localhost is the container itself." in screen.flat()
        await screen.press("h")
        assert "How: `docker ps` lists containers." in screen.flat()
        await screen.press("w", "h")
        assert "localhost is the container itself" not in screen.flat()


async def test_back_to_the_question_and_another_answer(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("1")
        assert "Does the database service run" in screen.text()
        await screen.press("b")
        assert "Back to which step?" in screen.text()
        await screen.press("enter")
        assert "Where does the application run?" in screen.text()
        await screen.press("2")
        assert screen.cause == "network.refused"
        assert "back" in screen.events()


async def test_a_step_back_from_a_question_closes_the_connection_that_is_left(tmp_path: Path) -> None:
    script = Script()
    async with stage(tmp_path, script) as screen:
        await screen.press("b", "1")
        assert script.ran == [
            "config.settings",
            "network.connect",
            "close",
            "config.settings",
            "network.connect",
        ]


async def test_back_from_the_finding_to_a_check_runs_it_anew_on_a_new_connection(tmp_path: Path) -> None:
    script = Script(network=[REFUSED, {"network.outcome": "connected"}])
    async with stage(tmp_path, script) as screen:
        await screen.press("2", "b")
        assert "check: Connecting to db.example, port 5999" in screen.text()
        await screen.press("2")
        assert screen.cause == "healthy"
        assert script.ran == [
            "config.settings", "network.connect", "close", "config.settings", "network.connect", "close",
        ]  # fmt: skip


async def test_back_at_the_first_step_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(config=[HANG]), hanging=True) as screen:
        await screen.pilot.press("b")
        await screen.drawn()
        assert "nothing to go back to" in screen.text()
        await screen.press("x")


async def test_hanging_check_shows_what_it_does_and_how_to_do_it_by_hand(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG]), hanging=True) as screen:
        text = screen.text()
        assert "Connecting to db.example, port 5999" in text
        assert "nc -vz -w 3 db.example 5999" in text
        assert "x give up" in text
        assert screen.ladder()["network"] == "running"
        await screen.press("x")


async def test_giving_up_a_hanging_check_goes_on_without_it(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG]), hanging=True) as screen:
        await screen.press("x")
        assert "Where does the application run?" in screen.text()
        assert "not looked at: given up" in screen.page()
        assert screen.events() == ["probe", "skip"]


async def test_a_step_back_while_a_check_hangs_drops_what_that_check_still_reports(tmp_path: Path) -> None:
    script = Script(config=[SETTINGS, SETTINGS], network=[HANG, REFUSED])
    async with stage(tmp_path, script, hanging=True) as screen:
        await screen.press("b", "1")
        assert "Where does the application run?" in screen.text()
        assert screen.events() == ["probe", "back", "probe", "probe"]
        assert screen.app.course is not None
        assert screen.app.course.walk is not None
        assert [hop.outcome for hop in screen.app.course.walk.trail] == ["done", "refused"]


async def test_elapsed_time_ticks_from_the_clock(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG]), hanging=True) as screen:
        assert screen.app.course is not None
        screen.app.course.clock = lambda: 3.2
        screen.app.screen.tick()
        await screen.drawn()
        assert "3.2 s" in screen.text()
        await screen.press("x")


async def test_note_is_kept_in_the_session(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("n", *"told Ann", "enter")
        assert "Where does the application run?" in screen.text()
        assert "note" in screen.events()
        await screen.press("n", "x", "escape")
        assert screen.events().count("note") == 1


async def test_answers_given_up_front_are_not_asked(tmp_path: Path) -> None:
    async with stage(tmp_path, answers={"runtime": "docker"}) as screen:
        assert screen.cause == "network.refused"


async def test_broken_tree_is_told_in_a_sentence_and_ends_with_2(tmp_path: Path) -> None:
    async with stage(tmp_path, files={"trees/walk.yaml": "root: nowhere\nnodes: {}\n"}) as screen:
        assert "The walk could not be made." in screen.text()
        assert "no file names an existing node as its 'root'" in screen.flat()
        await screen.press("q")
    assert screen.app.return_value == Exit.USAGE


async def test_down_brings_the_marked_command_into_view_before_it_moves_on(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(40, 12)) as screen:
        await screen.press("2")
        assert screen.cursor == "fix-1-command-1"
        assert "ss -ltnp" not in screen.text()
        await screen.press("down", "down")
        assert screen.cursor == "fix-1-command-1"
        assert "ss -ltnp" in screen.text()


async def test_leaving_before_an_end_is_130_and_after_it_the_verdict(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("q")
    assert screen.app.return_value == Exit.INTERRUPTED
    async with stage(tmp_path) as screen:
        await screen.press("2", "ctrl+c")
    assert screen.app.return_value == Exit.FAULT
    async with stage(tmp_path, Script(network=[{"network.outcome": "connected"}])) as screen:
        await screen.press("q")
    assert screen.app.return_value == Exit.HEALTHY


async def test_leaving_while_a_check_hangs_does_not_wait_for_it(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG]), hanging=True) as screen:
        await screen.pilot.press("ctrl+c")
    assert screen.app.return_value == Exit.INTERRUPTED


async def test_ladder_is_one_line_on_a_narrow_screen(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(40, 12)) as screen:
        lines = screen.text().splitlines()
        assert lines[1] == " ✓ · ▶ · · · ·  network: question"
        assert "0  I don't know" in screen.text()


async def test_plain_ascii_where_the_locale_promises_no_more(tmp_path: Path) -> None:
    async with stage(tmp_path, environ={"LANG": "C", "TERM": "xterm"}) as screen:
        assert screen.text().isascii()
        await screen.press("2")
        assert screen.text().isascii()
        assert "X FAULT" in screen.text()


MANY = """
questions:
  runtime:
    ask: Where does the application run?
    options: {a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I, host: Directly on this host, docker: In a container}
  service.running:
    ask: Does the database service run on {host}?
    options: {"yes": It runs, "no": It does not run}
"""


async def test_more_than_nine_answers_take_two_digits_and_enter(tmp_path: Path) -> None:
    async with stage(tmp_path, files={"questions.yaml": MANY}) as screen:
        assert "Type the number, then Enter." in screen.page()
        await screen.press("1", "1")
        assert screen.cursor == "option-11"
        await screen.press("enter")
        assert screen.cause == "network.refused"


async def test_saved_session_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("1", "q")
        assert screen.app.course is not None
        session = screen.app.course.session
        assert session is not None
        assert session.path is not None
        screen.app.course.engine.scribe.wait(10)
    again = Session.load(session.path)
    async with stage(tmp_path, session=again) as screen:
        assert f"Does the database service run on {HOST}?" in screen.text()
        await screen.press("2")
        assert screen.cause == "network.service-down"


async def test_long_heading_ends_with_an_ellipsis(tmp_path: Path) -> None:
    long = TARGET._replace(database="a-database-with-a-very-long-name-indeed")
    async with stage(tmp_path, size=(40, 12), target=long) as screen:
        head = screen.text().splitlines()[0]
        assert head == " PostgreSQL app@db.example:5999/a-data…"


async def test_check_that_takes_long_says_how_long_it_may_take_and_how_to_give_it_up(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG]), hanging=True) as screen:
        assert "still at work" not in screen.flat()
        assert screen.app.course is not None
        screen.app.course.clock = lambda: 4.5
        screen.app.screen.tick()
        await screen.drawn()
        assert "It is still at work; it ends by itself within" in screen.flat()
        assert "x gives it up: the walk goes on without it." in screen.flat()
        await screen.press("x")
        assert "still at work" not in screen.flat()


async def test_step_back_is_to_the_step_that_was_seen_though_the_walk_went_on(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[HANG, REFUSED]), hanging=True) as screen:
        await screen.pilot.press("b")
        await screen.drawn()
        assert "check: Reading the settings" in screen.text()
        assert screen.app.course is not None
        screen.app.course.skip()
        await screen.settle()
        await screen.press("1")
        assert screen.script.ran.count("config.settings") == 2


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_running_check_looks_as_it_should(tmp_path: Path, size: tuple[int, int]) -> None:
    async with stage(tmp_path, Script(network=[HANG]), hanging=True, size=size) as screen:
        assert screen.app.course is not None
        screen.app.course.clock = lambda: 4.5
        screen.app.screen.tick()
        await screen.drawn()
        like_its_golden(screen, f"running-{size[0]}x{size[1]}")
        await screen.press("x")
