"""Signals in every phase: the exit status of the shell, a terminal as it was, a session to go on with."""

from __future__ import annotations

import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.hosts.conftest import Open
from tests.support.cli import Cli
from tests.support.processes import wait_until
from tests.support.pseudoterminal import PseudoTerminal
from wizard.practice.model import PASSWORD
from wizard.session import Session, list_sessions

pytestmark = pytest.mark.slow
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
QUESTION = "Does the application need to write?"


def sessions(host: Cli) -> list[Session]:
    """The saved sessions, the newest first."""
    return [Session.load(one.path) for one in list_sessions(host.home / "state" / "dbwizard" / "sessions")]


def goes_on(host: Cli, url: str) -> None:
    """The newest session is whole, and the walk can be gone on with."""
    events = sessions(host)[0].walks[0].events
    done = host.run("resume", "--plain", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert done.exit in (1, 3), done.story()
    assert "database.read-only" in done.stdout, done.story()
    assert sessions(host)[0].walks[0].events[: len(events)] == events


def ended(screen: PseudoTerminal, number: int) -> None:
    """The program ended as the signal wants it, and left the terminal as it was."""
    assert screen.end() == 128 + number, screen.seen()
    screen.assert_sane()
    assert b"Traceback" not in screen.written, screen.seen()


@pytest.mark.parametrize("number", ENDING)
def test_full_screen_at_a_question(terminal: Open, host: Cli, asking: str, number: signal.Signals) -> None:
    screen = terminal(asking, "--no-files")
    screen.wait_for(QUESTION)
    screen.signal(number)
    ended(screen, number)
    goes_on(host, asking)


@pytest.mark.parametrize("number", ENDING)
def test_plain_lines_at_a_question(terminal: Open, host: Cli, asking: str, number: signal.Signals) -> None:
    screen = terminal(asking, "--no-files", "--plain")
    screen.wait_for("Your answer")
    screen.signal(number)
    ended(screen, number)
    assert "Saved. To go on: dbwizard resume" in screen.seen()
    goes_on(host, asking)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("front", [(), ("--plain",), ("check",)])
def test_during_a_probe_that_waits(
    terminal: Open, silent: str, number: signal.Signals, front: tuple[str, ...]
) -> None:
    screen = terminal(*front, silent, "--no-files", "--connect-timeout", "60")
    if front == ("check",):
        wait_until(lambda: connections(silent) > 0, "the check is connected")
    else:
        screen.wait_for("connected after", "Listening to who answers")
    screen.signal(number)
    ended(screen, number)
    wait_until(lambda: connections(silent) == 0, "the connection is closed")


def connections(url: str) -> int:
    """How many clients are connected to the server of this URL."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    wanted = f"0100007F:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2] == wanted and row[3] == "01" for row in rows)


@pytest.mark.parametrize("number", ENDING)
def test_before_the_walk_and_on_the_bare_terminal(
    terminal: Open, refusing: str, number: signal.Signals
) -> None:
    start = terminal("--no-files")
    start.wait_for("No connection settings were found here.")
    start.signal(number)
    ended(start, number)
    finding = terminal(refusing, "--no-files")
    finding.wait_for("auth.password-wrong", "What to do")
    finding.press("p")
    finding.wait_for("Enter goes back")
    finding.signal(number)
    if number == signal.SIGINT:  # as Ctrl+C there: the person wants back
        while "auth.password-wrong" not in finding.seen_within(2.0, "auth.password-wrong"):
            finding.signal(
                number
            )  # one that came in the instant before the wait for a key is heard with the next
        finding.press("q")
        assert finding.end() == 1
        finding.assert_sane()
    else:
        ended(finding, number)


@pytest.mark.parametrize("arguments", [("--no-files",), ("--no-files", "--plain")])
def test_a_terminal_that_goes_away(
    terminal: Open, host: Cli, asking: str, arguments: tuple[str, ...]
) -> None:
    screen = terminal(asking, *arguments)
    screen.wait_for(QUESTION)
    screen.hang_up()
    assert screen.end() == 128 + signal.SIGHUP
    goes_on(host, asking)


@pytest.mark.parametrize("front", [("practice", "read-only-standby"), ("practice", "--serve", "refused")])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_practice_leaves_nothing_behind(
    terminal: Open, tmp_path: Path, number: signal.Signals, front: tuple[str, ...]
) -> None:
    places = tmp_path / "temporary"
    places.mkdir()
    screen = terminal(*front, TMPDIR=str(places))
    screen.wait_for("Serving" if "--serve" in front else QUESTION)
    assert list(places.iterdir())
    screen.signal(number)
    ended(screen, number)
    assert not list(places.iterdir())


def test_following_a_log(host: Cli) -> None:
    log = host.cwd / "app.log"
    log.write_text("FATAL: sorry, too many clients already\n")
    for number in ENDING:
        command = [sys.executable, "-m", "wizard", "explain", "--follow", "--short", "--file", str(log)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=host.environment({}), cwd=host.cwd
        ) as child:
            try:
                assert child.stdout is not None
                assert b"capacity.max-connections" in child.stdout.readline()
                child.send_signal(number)
                _, complaint = child.communicate(timeout=30)
            finally:
                child.kill()
        assert child.returncode == 128 + number, complaint
        assert b"Traceback" not in complaint


def test_a_hang_up_that_is_ignored_stays_ignored(host: Cli, silent: str) -> None:
    command = [
        "nohup",
        sys.executable,
        "-m",
        "wizard",
        "check",
        silent,
        "--no-files",
        "--connect-timeout",
        "1",
    ]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=host.environment({}),
        cwd=host.cwd,
    ) as child:
        wait_until(lambda: connections(silent) > 0, "the check is connected")
        child.send_signal(signal.SIGHUP)
        report, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert b"server.unresponsive" in report


def stopped(pid: int) -> bool:
    """Whether the process is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("front", [(), ("--plain",)])
def test_stopped_and_back(terminal: Open, asking: str, front: tuple[str, ...]) -> None:
    job = 'set -m; "$@"; echo "[stopped $?]"; read -r; fg >/dev/null; echo "[ended $?]"'
    screen = terminal(asking, "--no-files", *front, prefix=("bash", "-c", job, "bash"))
    screen.wait_for(QUESTION)
    screen.press("\x1a")
    screen.wait_for("[stopped 14")
    screen.assert_sane()
    screen.press("\n")
    if front:
        screen.until(lambda: len(children(screen)) == 1 and not stopped(children(screen)[0]), "going on")
        screen.press("q\n")
    else:
        screen.wait_for(QUESTION)  # drawn anew
        screen.press("q")
    screen.wait_for("[ended ")
    screen.assert_sane()


def children(screen: PseudoTerminal) -> list[int]:
    """The processes that the shell on this terminal has started."""
    pid = screen.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_stopped_without_notice_and_back(terminal: Open, asking: str) -> None:
    screen = terminal(asking, "--no-files")
    screen.wait_for(QUESTION)
    for _ in range(3):
        screen.signal(signal.SIGSTOP)
        screen.until(lambda: stopped(screen.process.pid), "the stop")
        termios.tcsetattr(screen.slave, termios.TCSANOW, screen.at_rest)  # as a shell does
        screen.signal(signal.SIGCONT)
        screen.wait_for(QUESTION)
    screen.press("q")
    assert screen.end() == 130
    screen.assert_sane()


def test_resized_again_and_again(terminal: Open, asking: str, silent: str) -> None:
    sizes = [(1, 1), (24, 80), (3, 5), (200, 500), (1, 80), (24, 1), (50, 132), (2, 2), (10, 40), (5, 300)]
    during = terminal(silent, "--no-files", "--connect-timeout", "60")
    during.wait_for("Listening to who answers")
    at_rest = terminal(asking, "--no-files")
    at_rest.wait_for(QUESTION)
    screens = ((during, "Listening to who answers"), (at_rest, QUESTION))
    for _ in range(10):  # so often, for what is lost is lost when two signals meet
        for rows, columns in (*sizes, *sizes, (1, 1), (30, 100)):
            for screen, _shown in screens:
                screen.resize(rows, columns)
        for screen, shown in screens:
            screen.wait_for(shown)
    for screen, _shown in screens:
        screen.press("q")
        assert screen.end() == 130
        screen.assert_sane()


def test_bytes_that_are_no_text_are_no_keys(terminal: Open, asking: str) -> None:
    screen = terminal(asking, "--no-files")
    screen.wait_for(QUESTION)
    screen.press(b"\xe9\xff\xfe\x80")
    for _ in range(10):  # what is read together with such bytes is lost with them
        screen.press("\x0c")
        if QUESTION in screen.seen_within(1.0, QUESTION):
            break
    else:
        pytest.fail(f"the keys are dead: {screen.seen()}")
    screen.press("\x03")
    assert screen.end() == 130
    screen.assert_sane()
    plain = terminal(asking, "--no-files", "--plain", PYTHONIOENCODING="utf-8:strict")
    plain.wait_for("Your answer")
    plain.press(b"caf\xe9\n")
    plain.wait_for("Please type 0 to 2")
    plain.press("1\n")
    plain.wait_for("database.read-only")
