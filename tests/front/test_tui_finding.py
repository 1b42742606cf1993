"""The finding on the full screen: the cause, the fixes, copying, checking again, exporting."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from tests.front.golden import like_its_golden
from tests.front.tui_support import HOST, REFUSED, Script, stage
from wizard.footprint import now
from wizard.front.tui.widgets.pane import _folded

pytestmark = pytest.mark.slow

CONNECTED = {"network.outcome": "connected"}
FIRST = "ss -ltnp 'sport = :5999'"


def plain_osc52(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


async def test_finding_says_cause_evidence_and_what_was_ruled_out(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        page = screen.flat()
        assert f"✗ FAULT Nothing listens on {HOST}:5999" in page
        assert "[network.refused] Sure: no other known cause fits what was seen." in page
        assert f"Here: Inside a container, {HOST} is the container itself." in page
        assert "Seen db.example:5999: Connection [bold]refused[/bold] [ECONNREFUSED]" in page
        assert "Ruled out config" in page


async def test_what_was_done_to_servers_is_told_and_kept_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        assert screen.app.course is not None
        with screen.app.course.engine.ledger.during("network.connect"):
            now().opening(f"{HOST}:5999").opened().closed()
        await screen.press("2")
        assert "This walk opened 1 connection and sent no statements" in screen.flat()
        screen.app.course.finish()
        assert screen.events().count("touch") == 1


async def test_first_fix_is_open_and_the_others_closed(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        assert FIRST in screen.text()
        assert "▾ 1  See what listens  [safe]  [database host]  [app host]" in screen.page()
        assert "▸ 2  Start the service  [RESTART]  [database host]" in screen.page()
        assert "sudo systemctl restart postgresql" not in screen.page()


async def test_enter_and_number_open_and_close_a_fix(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "2")
        assert screen.cursor == "fix-2"
        assert "sudo systemctl restart postgresql" in screen.page()
        assert "RESTART: interrupts: connections are cut" in screen.flat()
        assert "To undo: Stop it again." in screen.flat()
        await screen.press("enter")
        assert "sudo systemctl restart postgresql" not in screen.page()


async def test_mouse_marks_and_opens(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        row = next(n for n, line in enumerate(screen.text().splitlines()) if "▸ 2  Start the service" in line)
        await screen.pilot.click(offset=(8, row))
        await screen.settle()
        assert screen.cursor == "fix-2"
        await screen.pilot.click(offset=(8, row))
        await screen.settle()
        assert "sudo systemctl restart postgresql" in screen.page()


async def test_keys_in_the_last_line_can_be_clicked(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        last = screen.text().splitlines()[-1]
        await screen.pilot.click(offset=(last.index("b back"), 23))
        await screen.settle()
        assert "Back to which step?" in screen.text()


async def test_c_sends_the_first_command_exactly_and_claims_no_more(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "c")
        assert screen.sent == [plain_osc52(FIRST)]
        told = " ".join(screen.text().split())
        assert f"Sent to the clipboard, {len(FIRST)} bytes: {FIRST}" in told
        assert "(not every terminal takes it). Nothing to paste? Press p or f." in told
        assert screen.events()[-1] == "show"


async def test_c_copies_the_marked_command(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "down", "c")
        assert screen.sent == [plain_osc52(f"nc -vz -w 3 {HOST} 5999")]


async def test_c_inside_tmux_is_wrapped(tmp_path: Path) -> None:
    environ = {"LANG": "C.UTF-8", "TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"}
    async with stage(tmp_path, environ=environ) as screen:
        await screen.press("2", "c")
        bare = plain_osc52(FIRST)
        assert screen.sent == [bare + "\x1bPtmux;\x1b" + bare + "\x1b\\"]


async def test_the_notice_goes_with_the_next_key(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "c", "down")
        assert "Sent" not in screen.text()


async def test_plain_view_shows_the_command_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "p")
        lines = [line.strip() for line in screen.text().splitlines() if line.strip()]
        assert lines == [FIRST, "Esc close"]
        await screen.press("escape")
        assert "FAULT" in screen.text()


async def test_verify_runs_again_in_the_same_session_and_compares(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[REFUSED, CONNECTED])) as screen:
        await screen.press("2", "v")
        assert screen.cause == "healthy"
        page = screen.flat()
        assert "before ✗ FAULT Nothing listens on db.example:5999" in page
        assert "now ✓ HEALTHY Every layer answered" in page
        assert "network fault → ok" in page
        assert "Solved: it was network.refused, now every layer answers." in page
        assert screen.events() == ["probe", "probe", "answer", "walk", "probe", "probe"]
        assert screen.app.status == 0


async def test_verify_that_finds_the_same_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "v")
        assert screen.cause == "network.refused"
        assert "Nothing has changed: it is still network.refused." in screen.flat()


async def test_inconclusive_lists_the_candidates_with_what_tells(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("0", "0")
        page = screen.flat()
        assert "? NOT SURE" in page
        found = re.search(r"(\d) network.service-down the database service is not running", page)
        assert found is not None
        assert "This tells: systemctl status {service}" in page
        await screen.press("c")
        assert screen.sent == [plain_osc52("systemctl status {service}")]
        await screen.press(found[1])
        assert "First: Start it [RESTART]" in screen.flat()


async def test_inconclusive_says_what_is_not_known_and_what_is_to_be_filled_in(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("0", "0")
        assert (
            "Not known network: no answer to: Where does the application run? (b goes back to it)"
            in screen.flat()
        )
        assert "Not known from here, fill it in: {service}" in screen.flat()


async def test_down_arrow_of_the_last_line_goes_on_reading(tmp_path: Path) -> None:
    async with stage(tmp_path, size=(80, 12)) as screen:
        await screen.press("2")
        assert "FAULT" in screen.text()
        await screen.pilot.click("Keys", offset=(2, 0))
        await screen.settle()
        assert "FAULT" not in screen.text()


def test_long_command_is_cut_after_a_blank_and_nothing_is_lost() -> None:
    command = "psql -h db.example -p 5432 -U app  -d shop -c 'select 1'"
    rows = [row.plain for row in _folded(command, 20, "")]
    assert "".join(rows) == command
    assert all(len(row) <= 20 for row in rows)
    assert rows[0] == "psql -h db.example "
    word = "x" * 45
    assert [row.plain for row in _folded(word, 20, "")] == [word[:20], word[20:40], word[40:]]


async def test_other_causes_that_fit_are_listed_and_make_it_only_likely(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("1", "1")
        page = screen.flat()
        assert "Likely: it fits best; 1 other fits too (below)." in page
        assert "network.timeout packets vanish on the way" in page


async def test_healthy_with_a_warning(tmp_path: Path) -> None:
    settings = {"engine": "postgresql", "target.host": HOST, "target.port": 6543}
    async with stage(tmp_path, Script(config=[settings], network=[CONNECTED])) as screen:
        assert screen.cause == "healthy"
        assert screen.ladder()["config"] == "warning"
        assert "config: The port is that of a pooler." in screen.flat()


async def test_closed_parts_open(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        assert "Do not open the port to the world" not in screen.page()
        while screen.cursor != "avoid":
            await screen.pilot.press("down")
        await screen.press("enter")
        assert "Do not open the port to the world" in screen.page()


@pytest.mark.parametrize(
    ("size", "keys", "name"),
    [
        ((80, 24), ["2"], "finding-80x24"),
        ((40, 12), ["2"], "finding-40x12"),
        ((120, 40), ["2"], "finding-120x40"),
        ((80, 24), [], "question-80x24"),
        ((40, 12), [], "question-40x12"),
        ((80, 24), ["2", "v"], "verified-80x24"),
        ((80, 24), ["0", "0"], "inconclusive-80x24"),
        ((80, 24), ["2", "c"], "copied-80x24"),
        ((40, 12), ["2", "c"], "copied-40x12"),
        ((80, 24), ["2", "e"], "export-80x24"),
        ((80, 24), ["2", "b"], "earlier-80x24"),
        ((80, 24), ["question_mark"], "help-80x24"),
    ],
)
async def test_screens_look_as_they_should(
    tmp_path: Path, size: tuple[int, int], keys: list[str], name: str
) -> None:
    script = Script(network=[REFUSED, CONNECTED if "v" in keys else REFUSED])
    async with stage(tmp_path, script, size=size) as screen:
        await screen.press(*keys) if keys else None
        like_its_golden(screen, name)
