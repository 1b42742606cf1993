"""The whole program in a real terminal: tmux shows what a person sees, and types what a person types.

tmux runs as a server of its own (its own socket, in the test's folder) and is ended through that socket.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from wizard.exits import Exit
from wizard.practice import get, serve
from wizard.practice.model import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


class Terminal:
    """One tmux with one window, and the program in it."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self.folder = folder
        self.size = size
        self.socket = folder / "tmux"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHONPATH": str(ROOT),
        }

    def tmux(self, *arguments: str) -> str:
        """One command of tmux; what it says."""
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env=self.environ, cwd=self.folder, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str) -> None:
        """Start `dbwizard` with these arguments; its exit status comes on the screen at the end."""
        width, height = self.size
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), self._line(*arguments))
        self.tmux("set-option", "-s", "set-clipboard", "on")

    def start_again(self, *arguments: str) -> None:
        """The same in the window that is there, on an empty screen."""
        self.tmux("respawn-pane", "-k", self._line(*arguments))

    def _line(self, *arguments: str) -> str:
        program = shlex.join([sys.executable, "-m", "wizard", *arguments])
        return f"{program}; echo exit status $?; exec cat"

    def kill(self) -> None:
        """End the program at once, as a machine that fails does: SIGKILL to it alone."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        (program,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        os.kill(int(program), signal.SIGKILL)

    def screen(self) -> str:
        """What is on the screen now."""
        return self.tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Send keys, by tmux's names."""
        self.tmux("send-keys", *keys)

    def wait_for(self, *texts: str) -> str:
        """The screen, once it shows all these texts, wherever its lines break."""
        return self.until(lambda: all(text in " ".join(self.screen().split()) for text in texts), texts)

    def until(self, reached: Callable[[], bool], wanted: object) -> str:
        """The screen at the first moment at which this holds."""
        ends = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < ends, f"{wanted} did not come:\n{self.screen()}"
            time.sleep(0.05)
        return self.screen()

    def buffers(self) -> list[str]:
        """What tmux took for its clipboard, the newest first."""
        names = self.tmux("list-buffers", "-F", "#{buffer_name}").split()
        return [self.tmux("show-buffer", "-b", name) for name in names]

    def end(self) -> None:
        """End tmux and the program in it."""
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, timeout=PATIENCE)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path, (100, 30))
    yield made
    made.end()


def export(terminal: Terminal) -> None:
    """Have the transcript written in all forms, and wait until it says so."""
    terminal.press("e")
    terminal.wait_for("Write the transcript", "5 All four")
    terminal.press("5")
    terminal.wait_for("Written:", "No password is in")


def secret_free(folder: Path) -> None:
    """No file of the folder holds the password of the range."""
    for path in folder.rglob("*"):
        if path.is_file():
            assert PASSWORD not in path.read_text(encoding="utf-8", errors="replace"), path


def leave_with_transcript(terminal: Terminal) -> tuple[str, str]:
    """Export at a finding and quit: the transcript as Markdown and JSON. No file holds the password."""
    export(terminal)
    terminal.press("q")
    terminal.wait_for(f"exit status {int(Exit.FAULT)}")
    secret_free(terminal.folder)
    (markdown,) = terminal.folder.glob("dbwizard-*.md")
    data = json.loads(markdown.with_suffix(".json").read_text(encoding="utf-8"))
    return markdown.read_text(encoding="utf-8"), json.dumps(data)


def note(terminal: Terminal, text: str) -> None:
    """Add a note to the transcript."""
    terminal.press("n")
    terminal.wait_for("A note for the transcript")
    terminal.press("-l", text)
    terminal.press("Enter")
    terminal.wait_for("The note is kept")


def test_expired_certificate_from_the_finding_to_the_transcript(terminal: Terminal) -> None:
    terminal.start("practice", "certificate-expired")
    screen = terminal.wait_for(
        "Practice: The server's certificate has expired.", "FAULT The certificate of 127.0.0.1 has expired"
    )
    assert "tls.expired" in screen
    assert re.search(r"ended \d+ days? ago", screen)
    terminal.press("Down", "c")
    terminal.wait_for("Sent", "to the clipboard")
    terminal.until(lambda: bool(terminal.buffers()), "the clipboard")
    assert terminal.buffers()[0].startswith("openssl s_client -starttls postgres -connect 127.0.0.1:")
    terminal.press("v")
    terminal.wait_for("Checked again", "Nothing has changed: it is still tls.expired.")
    markdown, data = leave_with_transcript(terminal)
    assert "The certificate of 127.0.0.1 has expired" in markdown
    assert "openssl s_client" in markdown
    assert "tls.expired" in data


@pytest.fixture
def standby() -> Iterator[str]:
    """The URL of a server that takes no writes; it goes on when the program ends."""
    with serve(get("read-only-standby")) as running:
        yield running.url


QUESTION = "Does the application need to write?"


def test_from_the_list_of_connections_to_the_transcript(terminal: Terminal, standby: str) -> None:
    terminal.size = (80, 24)
    terminal.environ["DATABASE_URL"] = standby
    terminal.start()
    terminal.wait_for("PostgreSQL app@127.0.0.1", "DATABASE_URL")
    terminal.press("1")
    terminal.wait_for(QUESTION, "1 Yes, it writes")
    terminal.press("w")
    terminal.wait_for("Why:")
    terminal.press("1")
    terminal.wait_for("FAULT", "database.read-only")
    markdown, data = leave_with_transcript(terminal)
    assert "database.read-only" in markdown
    assert QUESTION in markdown
    assert "Yes, it writes" in markdown
    assert "database.read-only" in data


def test_a_killed_program_goes_on_where_it_was(terminal: Terminal, standby: str) -> None:
    terminal.start(standby, "--no-files")
    terminal.wait_for(QUESTION)
    note(terminal, "standby promoted at nine")
    terminal.kill()
    terminal.wait_for("exit status 137")
    terminal.start_again("resume")
    terminal.wait_for("Password of app", "it is not saved")
    terminal.press("-l", PASSWORD)
    terminal.press("Enter")
    terminal.wait_for(QUESTION, "1 Yes, it writes")
    terminal.press("1")
    terminal.wait_for("FAULT", "database.read-only")
    markdown, _ = leave_with_transcript(terminal)
    assert "standby promoted at nine" in markdown
    assert "database.read-only" in markdown


def test_without_colour_the_terminal_is_sent_none(terminal: Terminal) -> None:
    terminal.size = (80, 24)
    terminal.environ["NO_COLOR"] = "1"
    terminal.start("practice", "wrong-password")
    terminal.wait_for("FAULT PostgreSQL refuses the password of app")
    coloured = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)[;m]")
    assert not coloured.search(terminal.tmux("capture-pane", "-e", "-p"))


def test_wrong_password_by_keys_alone_on_a_small_screen(terminal: Terminal) -> None:
    terminal.size = (80, 24)
    terminal.start("practice", "wrong-password")
    screen = terminal.wait_for("FAULT PostgreSQL refuses the password of app", "What to do, in this order")
    assert "auth.password-wrong" in screen
    assert 'password authentication failed for user "app"' in screen
    terminal.press("?")
    terminal.wait_for("It only looks: no check changes anything on a server")
    terminal.press("Escape")
    terminal.wait_for("FAULT PostgreSQL refuses the password of app")
    note(terminal, "asked the team for the new one")
    terminal.press("p")
    alone = terminal.wait_for("select it with the mouse; Enter goes back")
    assert alone.startswith("env -u PGPASSWORD")
    terminal.press("Enter")
    terminal.wait_for("FAULT PostgreSQL refuses the password of app")
    markdown, _ = leave_with_transcript(terminal)
    assert "asked the team for the new one" in markdown
    assert "auth.password-wrong" in markdown


def test_a_screen_that_is_made_smaller_and_larger_goes_on(terminal: Terminal) -> None:
    terminal.start("practice", "read-only-standby")
    terminal.wait_for("Does the application need to write?", "1 Yes, it writes")
    terminal.tmux("resize-window", "-x", "40", "-y", "12")
    terminal.wait_for("database: question", "q quit")
    terminal.tmux("resize-window", "-x", "120", "-y", "40")
    terminal.wait_for("Does the application need to write?", "export")
    terminal.press("1")
    terminal.wait_for("FAULT", "database.read-only")
    terminal.press("C-c")
    terminal.wait_for(f"exit status {int(Exit.FAULT)}")


@pytest.fixture
def application(tmp_path: Path) -> Iterator[int]:
    """A running application that is told to go where nothing listens; its process id."""
    program = tmp_path / "shop-web"
    program.symlink_to("/bin/sleep")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    environ = {"DATABASE_URL": f"postgresql://app:{quote(PASSWORD)}@127.0.0.1:{port}/shop"}
    with subprocess.Popen([str(program), "300"], env=environ, cwd="/") as child:
        yield child.pid
        child.kill()


def test_the_view_of_a_running_application(terminal: Terminal, application: int) -> None:
    terminal.start("--answer", "runtime=host")
    terminal.wait_for("No connection settings were found here.")
    terminal.press("Escape")
    terminal.wait_for("a running")
    terminal.press("a")
    screen = terminal.wait_for(f"shop-web, process {application}")
    rows = re.findall(r"(\d+)  \S.*, process (\d+)", screen)
    number = next(int(number) for number, pid in rows if int(pid) == application)
    terminal.press(*(["Down"] * (number - 1)), "Enter")
    # The program began anew: only so can it enter the network of another process.
    terminal.wait_for("FAULT", "network.service-down")
    _, data = leave_with_transcript(terminal)
    assert f"DATABASE_URL of process {application} (shop-web)" in data
