"""What is taken away from the finding: commands and messages as files, the message for another team, the transcript."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from tests.front.test_tui_finding import CONNECTED, FIRST, plain_osc52
from tests.front.tui_support import FILES, HOST, REFUSED, TARGET, Script, stage
from wizard.front.tui import clipboard
from wizard.front.tui.exporting import write_new

pytestmark = pytest.mark.slow

LONG = "echo " + "x" * clipboard.LARGEST
BROKEN_OFF = {"network.outcome": "timeout"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, and an empty one for temporary files beside it."""
    for name in ("here", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "here"


async def test_f_writes_the_command_exactly_to_a_new_file_of_ones_own(tmp_path: Path, here: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "f")
        assert "Only you can read it; nothing was run." in " ".join(screen.text().split())
        assert "dbwizard-command.sh" in screen.text().replace("\n ", "")
        await screen.press("f")
        assert screen.events()[-1] == "show"
    names = sorted(path.name for path in here.iterdir())
    assert names == ["dbwizard-command-2.sh", "dbwizard-command.sh"]
    for path in here.iterdir():
        assert path.read_text() == FIRST + "\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_f_takes_the_folder_for_temporary_files_where_the_working_directory_is_gone(
    tmp_path: Path, here: Path
) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        here.rmdir()
        await screen.press("f")
        assert "Written:" in screen.text()
    assert (tmp_path / "temporary" / "dbwizard-command.sh").read_text() == FIRST + "\n"


async def test_too_long_for_a_clipboard_is_not_sent_and_says_what_else_there_is(
    tmp_path: Path, here: Path
) -> None:
    page = FILES["causes/network.yaml"].replace("ss -ltnp 'sport = :5999'", LONG)
    async with stage(tmp_path, files={"causes/network.yaml": page}) as screen:
        await screen.press("2", "c")
        assert screen.sent == []
        assert "nothing was sent. Press p to see it alone, f for a file." in " ".join(screen.text().split())
        assert "show" not in screen.events()
        await screen.press("f")
    assert (here / "dbwizard-command.sh").read_text() == LONG + "\n"


async def test_a_command_with_a_blank_says_that_it_is_to_be_filled_in_first(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("0", "0", "c")
        assert "Fill in {service} before you run it." in " ".join(screen.text().split())


@pytest.mark.parametrize("key", ["c", "p", "f"])
async def test_where_no_command_is_marked_it_says_how_to_mark_one(tmp_path: Path, key: str) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        while screen.cursor != "fix-2":
            await screen.pilot.press("down")
        await screen.press(key)
        assert "No command is marked here. Move to one" in screen.text()
        assert screen.sent == []


async def test_h_shows_the_message_and_c_sends_all_of_it(tmp_path: Path, here: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "h")
        assert "For: whoever runs the database" in " ".join(screen.text().split())
        assert f"Please start the database on {HOST}." in screen.flat()
        await screen.press("c")
        assert "Sent to the clipboard" in screen.text()
        await screen.press("f", "escape")
        assert "FAULT" in screen.text()
    encoded = screen.sent[0].removeprefix("\x1b]52;c;").removesuffix("\x07")
    message = base64.b64decode(encoded).decode()
    assert screen.sent == [plain_osc52(message)]
    first, empty, *told = message.split("\n")
    assert first == f"Please start the database on {HOST}."
    assert empty == ""
    assert "  db.example:5999: Connection [bold]refused[/bold]  [ECONNREFUSED]" in told
    assert "What answered as it should: settings." in told
    assert told[-1] == "dbwizard calls this network.refused."
    assert "│" not in message
    assert "\x1b" not in message
    assert TARGET.password is not None
    assert TARGET.password.reveal() not in message
    assert (here / "dbwizard-message.txt").read_text() == message + "\n"


async def test_enter_on_the_line_of_the_message_opens_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        while screen.cursor != "hand-over":
            await screen.pilot.press("down")
        await screen.press("enter")
        assert "A message, ready to paste" in screen.text()


async def test_where_nothing_can_be_handed_over_h_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[CONNECTED])) as screen:
        await screen.press("h")
        assert "There is nothing to hand over here." in screen.text()


async def test_verify_goes_on_to_the_next_fault_and_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, Script(network=[REFUSED, BROKEN_OFF])) as screen:
        await screen.press("2", "v")
        assert screen.cause == "network.timeout"
        assert "The first fault, network.refused, is gone; the next one is network.timeout." in screen.flat()


@pytest.mark.parametrize(
    ("key", "endings"),
    [
        ("1", [".md"]),
        ("2", [".html"]),
        ("3", [".txt"]),
        ("4", [".json"]),
        ("5", [".html", ".json", ".md", ".txt"]),
    ],
)
async def test_export_writes_each_form_for_the_owner_only(
    tmp_path: Path, here: Path, key: str, endings: list[str]
) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "e", key)
        assert "Written:" in screen.text()
    assert sorted(path.suffix for path in here.iterdir()) == endings
    assert TARGET.password is not None
    for path in here.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "network.refused" in path.read_text()
        assert TARGET.password.reveal() not in path.read_text()


async def test_export_with_the_names_replaced(tmp_path: Path, here: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "e", "6")
        assert "Names are replaced" in " ".join(screen.text().split())
    data = json.loads(next(here.glob("*.json")).read_text())
    assert data["cause"] == "network.refused"
    assert all(HOST not in path.read_text() for path in here.iterdir())


async def test_export_closed_without_a_choice_writes_nothing(tmp_path: Path, here: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2", "e", "escape")
        assert "FAULT" in screen.text()
    assert list(here.iterdir()) == []


def test_export_never_writes_over_a_file_or_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("mine")
    (tmp_path / "a-2.json").symlink_to(tmp_path / "elsewhere")
    path = write_new(tmp_path, "a", {"md": "new", "json": "{}"})
    assert path.name == "a-3.md"
    assert (tmp_path / "a.md").read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


async def test_export_that_cannot_write_says_where_and_why(tmp_path: Path, here: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        here.rmdir()
        await screen.press("e", "1")
        assert "Nothing was written" in screen.text()
