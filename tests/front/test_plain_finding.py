"""The finding in plain lines: all that the full screen has, typed as a letter; in this process and as a program."""

from __future__ import annotations

import os
import pty
import select
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.front.test_plain import Terminal
from tests.front.tui_support import stage
from tests.support.small_content import refused_walk, small_content
from tests.support.sockets import SSH, listening
from wizard.content.load import Content, open_content
from wizard.core.events import Noted, Overruled, Showed, WentBack
from wizard.front.tui.conclusion import build
from wizard.front.words import before_after, changed_layers
from wizard.practice import get, serve
from wizard.target.parse import parse_target

pytestmark = pytest.mark.slow

PATIENCE = 60.0


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return small_content(tmp_path / "content")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def practised(tmp_path: Path, typed: list[str], name: str = "wrong-password") -> Terminal:
    """What a person saw who typed this at a fault of the practice range."""
    with serve(get(name)) as running:
        person = Terminal(open_content(), tmp_path, typed, **{"app.text": "none"})
        person.target = parse_target(running.url, environ={}, home=None)
        person.run()
    return person


def first_command(person: Terminal) -> str:
    """The first command of the report that was shown."""
    lines = person.seen.splitlines()
    return lines[lines.index("  where the application runs:") + 1].strip()


def test_the_keys_name_what_there_is_and_the_fixes_are_numbered(tmp_path: Path) -> None:
    person = practised(tmp_path, ["q"])
    for shown in (
        "  1 to 5  a fix",
        "  h       a message for the DBA",
        "\n  2. Set the password anew",
        "How sure: Likely",
    ):
        assert shown in person.seen


def test_c_shows_a_command_alone_from_the_first_column(tmp_path: Path) -> None:
    person = practised(tmp_path, ["c", "c 3", "c 99", "c x", "q"])
    command = first_command(person)
    assert f"Command 1 (of fix 1, where the application runs):\n\n{command}\n\n" in person.seen
    assert 'in psql):\n\n\\password "app"\n\n' in person.seen
    assert "There is no command 99: there are " in person.seen
    assert "There is no command x: there are " in person.seen
    shown = [event.command for event in person.session.walks[0].events if isinstance(event, Showed)]
    assert shown.count(command) == 2


def test_a_fix_says_its_risk_place_and_the_number_of_each_command(tmp_path: Path) -> None:
    person = practised(tmp_path, ["2", "q"])
    _, _, fix = person.seen.partition("Fix 2: Set the password anew")
    assert "Risk: reload: others may notice" in fix
    assert "Command 2, on the database host:\n    sudo -u postgres psql\n" in fix
    assert "Command 3, in psql:\n" in fix


def test_f_writes_the_command_to_a_new_file_of_ones_own(tmp_path: Path, here: Path) -> None:
    person = practised(tmp_path, ["f", "f 1", "q"])
    assert sorted(path.name for path in here.iterdir()) == ["dbwizard-command-2.sh", "dbwizard-command.sh"]
    for path in here.iterdir():
        assert path.read_text() == first_command(person) + "\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_note_after_the_finding_is_no_other_try(content: Content) -> None:
    walk = refused_walk(content)
    noted = walk.feed(Noted("called the DBA", 9e8))
    assert build(noted, content).at == build(walk, content).at < 9e8


def test_h_shows_the_message_that_the_full_screen_shows(tmp_path: Path, here: Path) -> None:
    person = practised(tmp_path, ["h", "f h", "q"])
    message = (here / "dbwizard-message.txt").read_text()
    assert "For: the DBA\nSend it when the password is" in person.seen
    assert f"\n\n{message}\n" in person.seen
    assert 'password authentication failed for user "app"' in message
    assert "What answered as it should: settings, name, network, TLS." in message
    assert "It may also be auth.role-unknown" in message


def test_back_at_the_finding_asks_again(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "2", "b", "1", "q"])
    person.run()
    assert person.seen.count("Can others reach") == 2
    assert person.seen.count("What you can type:") == 2


def test_back_goes_to_any_step_of_the_list(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["2", "2", "l", "b 2", "1", "q"])
    assert person.run() == 0
    assert "  1 question: Can others reach 127.0.0.1?" in person.seen
    assert "  2 question: Where does the application run?" in person.seen
    assert sum(isinstance(event, WentBack) for event in person.session.walks[0].events) == 2


def test_back_to_a_check_runs_it_again(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["b 1", "b 7", "1", "q"])
    assert person.run() == 0
    assert person.seen.count("Reading the settings") == 2
    assert "There is no step 7 to go back to: l lists them" in person.seen


def test_doubt_goes_on_with_the_word_of_the_person(tmp_path: Path) -> None:
    person = practised(tmp_path, ["d", "1", "1", "q"])
    assert "The walk goes on with your word" in person.seen
    assert any(isinstance(event, Overruled) for event in person.session.walks[0].events)


def test_doubt_without_an_answer_changes_nothing(tmp_path: Path) -> None:
    person = practised(tmp_path, ["d", "", "q"])
    assert not any(isinstance(event, Overruled) for event in person.session.walks[0].events)
    assert person.seen.count("[auth.password-wrong]") == 1


def test_the_map_as_text(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["m", "2", "2", "m", "q"])
    person.run()
    assert "config: you are here" in person.seen
    assert "possible: network.refused: nothing listens there" in person.seen


def test_many_lines_that_mean_something_do_not_end_the_conversation(content: Content, tmp_path: Path) -> None:
    person = Terminal(content, tmp_path, ["1", *["m"] * 30, "n it works", "q"])
    person.run()
    assert person.prompts == 33


def test_verify_goes_on_to_the_next_fault_and_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def typed() -> Iterator[str]:
        with listening("127.0.0.1", port, SSH):
            yield "v"
            yield "q"

    person = Terminal(
        open_content(), tmp_path, [], **{"app.text": "none", "runtime": "host", "server_access": "no"}
    )
    person._typed = typed()
    person.target = parse_target(f"postgresql://app:secret-7@127.0.0.1:{port}/shop", environ={}, home=None)
    status = person.run()
    assert status == 1
    assert "Before: " in person.seen
    assert "is gone; the next one is network.not-a-database." in person.seen


def told(status: str, cause: str, **layers: str) -> dict[str, object]:
    return {
        "status": status,
        "cause": cause,
        "layers": [{"layer": name, "outcome": outcome} for name, outcome in layers.items()],
    }


NETWORK = told("fault", "network.refused", network="fault")
AUTH = told("fault", "auth.password-wrong", network="ok", auth="fault")
WELL = told("healthy", "healthy", network="ok", auth="ok")
UNSURE = told("inconclusive", "inconclusive", network="ok", auth="unknown")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (NETWORK, AUTH, "The first fault, network.refused, is gone; the next one is auth.password-wrong."),
        (AUTH, NETWORK, "It now fails earlier than before"),
        (AUTH, WELL, "Solved: it was auth.password-wrong, now every layer answers."),
        (AUTH, AUTH, "Nothing has changed: it is still auth.password-wrong."),
        (AUTH, UNSURE, "It was auth.password-wrong. Now the cause cannot be told"),
        (UNSURE, AUTH, "Before, the cause could not be told. Now it is known: auth.password-wrong."),
        (UNSURE, UNSURE, "Nothing has changed: the cause still cannot be told."),
        (UNSURE, WELL, "Every layer answers now. What it was could not be told."),
        (WELL, AUTH, "Every layer answered before. Now there is a fault: auth.password-wrong."),
        (WELL, WELL, "Still healthy"),
    ],
)
def test_before_and_after_in_a_sentence(
    before: dict[str, object], after: dict[str, object], says: str
) -> None:
    assert before_after(before, after).startswith(says)


def test_only_the_layers_that_changed_are_named() -> None:
    assert changed_layers(NETWORK, AUTH) == [("network", "fault", "ok"), ("auth", "skipped", "fault")]


async def test_the_message_is_the_same_on_both_fronts(tmp_path: Path) -> None:
    async with stage(tmp_path) as screen:
        await screen.press("2")
        assert screen.app.course is not None
        assert screen.app.course.message().startswith("Please start the database on db.example.\n\n")


class Pseudo:
    """The program on a pseudo-terminal that can show nothing but lines."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self.fd, inner = pty.openpty()
        root = Path(__file__).resolve().parents[2]
        environ = {
            **os.environ,
            "PYTHONPATH": str(root),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "HOME": str(folder),
        }
        command = [sys.executable, "-m", "wizard", *arguments]
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, cwd=folder, env=environ, start_new_session=True
        )
        os.close(inner)
        self.seen = ""

    def wait_for(self, text: str) -> None:
        """Read until the text came, and forget what was before it."""
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], PATIENCE)
            assert ready, f"{text!r} did not come: {self.seen[-2000:]!r}"
            self.seen += os.read(self.fd, 65536).decode()
        self.seen = self.seen.partition(text)[2]

    def type(self, line: str) -> None:
        os.write(self.fd, line.encode() + b"\n")


def test_a_dumb_terminal_gets_the_whole_walk_as_lines_without_control_characters(tmp_path: Path) -> None:
    terminal = Pseudo(["practice", "unknown-database"], tmp_path)
    terminal.wait_for("[database.does-not-exist]")
    terminal.wait_for("What next? ")
    terminal.type("h")
    terminal.wait_for("For: ")
    terminal.wait_for("What was seen:")
    terminal.wait_for("What next? ")
    terminal.type("v")
    terminal.wait_for("Nothing has changed: it is still database.does-not-exist.")
    assert "\x1b" not in terminal.seen
    terminal.wait_for("What next? ")
    terminal.type("q")
    terminal.wait_for("To practise it again: dbwizard practice unknown-database")
    assert "resume" not in terminal.seen
    assert terminal.process.wait(PATIENCE) == 1
    os.close(terminal.fd)
