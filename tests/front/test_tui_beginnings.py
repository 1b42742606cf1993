"""What the start screen offers besides connections: a symptom, saved sessions, practice; at each size."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.front.golden import like_its_golden
from tests.front.test_tui_terminal import Terminal
from tests.front.tui_support import ENVIRON, NO_HOST, TARGET, stage
from wizard.exits import Exit
from wizard.front.beginnings import about, when
from wizard.front.tui import actions
from wizard.marks import iso
from wizard.sessionlist import Entry
from wizard.target.model import HostPort, Target

pytestmark = pytest.mark.slow

FAR = TARGET._replace(
    hosts=(HostPort("orders-primary.prod.eu-central-1.internal.example", 5432),),
    source=".env.production:12 ORDERS_DATABASE_URL",
)
THREE = (TARGET, NO_HOST, FAR)
NOON = time.mktime((2025, 6, 14, 12, 0, 0, 0, 0, -1))
DAY = 86400


def saved(name: str, verdict: str = "", stopped: str = "") -> Entry:
    """A session of long ago, so that its words are always the same."""
    target = {"engine": "postgresql", "host": "db.example", "port": 5432, "database": "shop"}
    return Entry(name, Path(name), iso(NOON), target, verdict, stopped, "", 0, 1)


FINISHED, OPEN = saved("20261120-1", "network.refused"), saved("20261120-0", stopped="network")
FOUND = {0: (), 1: (TARGET,), 3: THREE, 9: THREE * 3}


@pytest.mark.parametrize("count", FOUND)
@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=["80x24", "40x12"])
async def test_the_start_screen_looks_so(tmp_path: Path, count: int, size: tuple[int, int]) -> None:
    async with stage(
        tmp_path, target=None, targets=FOUND[count], size=size, sessions=(FINISHED, OPEN)
    ) as screen:
        like_its_golden(screen, f"start-{count}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("count", [1, 3, 9])
async def test_at_80_by_24_everything_is_in_view(tmp_path: Path, count: int) -> None:
    """Every connection with its state and source, and every key."""
    async with stage(tmp_path, target=None, targets=FOUND[count], sessions=(FINISHED, OPEN)) as screen:
        text = screen.text()
        assert f" {count}  " in text
        assert text.count("complete") >= count
        assert text.count("_URL") + text.count(".env:3 DB_USER") >= count
        for key in "slarp":
            assert f"\n   {key}  " in text
        assert "paste it here" in text


@pytest.mark.parametrize("count", FOUND)
async def test_the_form_of_the_list_follows_the_size(tmp_path: Path, count: int) -> None:
    async with stage(tmp_path, target=None, targets=FOUND[count]) as screen:
        for size in ((200, 60), (40, 12), (80, 24)):
            await screen.pilot.resize_terminal(*size)
            await screen.settle()
            assert all(len(line) <= size[0] for line in screen.text().splitlines())
            if count:
                assert "\n▌  1  PostgreSQL" in screen.text()


async def test_ascii_only(tmp_path: Path) -> None:
    async with stage(
        tmp_path, target=None, targets=THREE, environ={**ENVIRON, "LANG": "C"}, sessions=(OPEN,)
    ) as screen:
        assert screen.text().isascii()
        await screen.press("s")
        assert screen.text().isascii()


async def test_a_symptom_answers_questions_and_says_what_is_often_behind_it(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,)) as screen:
        await screen.press("s")
        assert "1 It fails only from the container" in screen.flat()
        await screen.press("1")
        text = " ".join(screen.text().split())
        assert (
            "You said: It fails only from the container. Often behind it: packets vanish on the way." in text
        )
        assert "Now press the number of a connection." in text
        await screen.press("1")
        assert screen.app.course is not None
        assert screen.app.course.answers == {"runtime": "docker", "symptom": "only-container"}
        assert "You said: It fails only from the container." in screen.text()
        assert screen.cause == "network.refused"
        assert "Where does the application run?" not in screen.text()


async def test_a_symptom_is_taken_back(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,)) as screen:
        await screen.press("s", "1", "s")
        assert "(this is what you said)" in screen.page()
        await screen.press("0", "1")
        assert screen.app.course is not None
        assert screen.app.course.answers == {}


async def test_an_answer_of_the_command_line_counts_more_than_a_symptom(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,), answers={"runtime": "host"}) as screen:
        await screen.press("s", "1", "1")
        assert screen.app.course is not None
        assert screen.app.course.answers["runtime"] == "host"


async def test_without_a_connection_a_symptom_waits_for_one(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None) as screen:
        await screen.press("escape", "s", "2")
        assert "Now paste the connection." in " ".join(screen.text().split())


@pytest.mark.parametrize(
    ("sessions", "way", "offered", "key", "chosen"),
    [
        (
            (FINISHED, OPEN),
            (),
            "r Go on: db.example:5432/shop, 2025-06-14 at 12:00, unfinished at network",
            "r",
            OPEN,
        ),
        (
            (OPEN, FINISHED),
            ("l",),
            "2 db.example:5432/shop, 2025-06-14 at 12:00, network.refused",
            "2",
            FINISHED,
        ),
    ],
    ids=["the newest unfinished one", "an earlier one from the list"],
)
async def test_a_session_is_offered_with_when_what_and_where(
    tmp_path: Path, sessions: tuple[Entry, ...], way: tuple[str, ...], offered: str, key: str, chosen: Entry
) -> None:
    began: list[str] = []
    async with stage(
        tmp_path,
        target=None,
        targets=(TARGET,),
        sessions=sessions,
        began=lambda name: began.append(name) or 0,
    ) as screen:
        await screen.press(*way)
        assert offered in screen.flat()
        await screen.press(key)
    assert screen.app.afterwards is not None
    screen.app.afterwards()
    assert began == [chosen.id]


async def test_where_nothing_is_saved_the_keys_say_so(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,)) as screen:
        assert "Go on" not in screen.page()
        assert "earlier sessions" not in screen.page()
        await screen.press("r")
        assert "No session is unfinished." in screen.text()
        await screen.press("l")
        assert "No session is saved yet: checking a connection begins one." in screen.text()


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (("enter",), ""),
        (("down", "enter"), "name-gone"),
        ((*"silent", "enter"), "silence"),
        ((*"Network", "space", *"easy", "enter"), "nobody-there"),
        ((*"medium", "ctrl+u", *"mysql", "enter"), "name-gone"),
    ],
)
async def test_a_scenario_to_practise_is_found_by_typing_or_by_moving(
    tmp_path: Path, keys: tuple[str, ...], name: str
) -> None:
    """By layer and difficulty; the first row is the drill, which has no name."""
    began: list[str] = []
    async with stage(
        tmp_path, target=None, targets=(TARGET,), began=lambda name: began.append(name) or 0
    ) as screen:
        await screen.press("p")
        assert [line.strip() for line in screen.page().splitlines() if ")" in line and "," not in line] == [
            "dns (1)",
            "network (2)",
        ]
        await screen.press(*keys)
    assert screen.app.afterwards is not None
    screen.app.afterwards()
    assert began == [name]


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=["80x24", "40x12"])
async def test_the_list_of_scenarios_looks_so(tmp_path: Path, size: tuple[int, int]) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,), size=size) as screen:
        await screen.press("p")
        like_its_golden(screen, f"scenarios-{size[0]}x{size[1]}")
        await screen.press(*"zzz")
        assert "No scenario has these words." in screen.text()
        await screen.press("enter", "escape")
        assert screen.app.afterwards is None


async def test_arrows_and_enter_reach_every_line_of_the_page(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,), sessions=(OPEN,)) as screen:
        marked = [screen.cursor]
        for _ in range(5):
            await screen.press("down")
            marked.append(screen.cursor)
        assert marked == [
            "target-1",
            "way-symptom",
            "way-resume",
            "way-earlier",
            "way-running",
            "way-practice",
        ]
        await screen.press("enter")
        assert "Practise what?" in screen.text()
        await screen.press("escape")
        assert "One connection was found here." in screen.text()


async def test_letters_typed_into_the_field_begin_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, target=None, targets=(TARGET,), sessions=(OPEN,)) as screen:
        await screen.press("slash", *"srlap")
        assert "paste it here" in screen.text()
        assert screen.app.afterwards is None


def test_the_footer_of_the_start_names_every_key_where_there_is_room() -> None:
    shown = {action.shown for action in actions.footer("start", 120)}
    assert {"1-9", "/", "s", "r", "l", "a", "p", "?", "q"} <= shown


def test_a_moment_is_told_as_one_speaks() -> None:
    assert when(NOON, NOON + 60) == "today at 12:00"
    assert when(NOON, NOON + DAY) == "yesterday at 12:00"
    assert when(NOON, NOON + 3 * DAY) == "2025-06-14 at 12:00"
    assert about(OPEN) == "db.example:5432/shop, 2025-06-14 at 12:00, unfinished at network"


async def test_what_a_session_says_of_its_target_is_no_markup_and_no_control(tmp_path: Path) -> None:
    nasty = OPEN._replace(target={"host": "db\x1b[31m[bold]x", "port": 5432})
    async with stage(tmp_path, target=None, targets=(TARGET,), sessions=(nasty,)) as screen:
        assert "\x1b" not in screen.text()
        assert "[bold]x" in screen.flat()
        await screen.press("l")
        assert "\x1b" not in screen.text()


async def test_a_long_name_keeps_both_ends(tmp_path: Path) -> None:
    many: tuple[Target, ...] = (FAR,) * 9
    async with stage(tmp_path, target=None, targets=many) as screen:
        assert "PostgreSQL app@" in screen.text()
        assert ":5432/shop" in screen.text()


def test_practice_and_an_unfinished_session_in_the_real_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario from the start screen ends at its cause; a session left in the middle is offered, and goes on."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"postgresql://app@127.0.0.1:{silent.getsockname()[1]}/shop"
        left = Terminal(["--no-files", "--connect-timeout", "60", target], tmp_path)
        left.wait_for("Listening to who answers")
        left.press("q")
        assert left.end() == Exit.INTERRUPTED
        again = Terminal(["--no-files", "--connect-timeout", "60"], tmp_path)
        again.wait_for("unfinished at network")
        again.press("\x1b")
        again.wait_for("1-9")
        again.press("r")
        again.wait_for("Listening to who answers")
        again.press("q")
        assert again.end() == Exit.INTERRUPTED
    practising = Terminal(["--no-files"], tmp_path)
    practising.wait_for("Practise on a server")
    practising.press("\x1b")
    practising.wait_for("1-9")
    practising.press("p")
    practising.wait_for("Practise what?")
    practising.press("wrong-password")
    practising.wait_for("The password is wrong")
    practising.press("\r")
    practising.wait_for("auth.password-wrong")
    practising.press("q")
    assert practising.end() == Exit.FAULT
