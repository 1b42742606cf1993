"""Few open files, little memory, no threads, a small stack, little processor time."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from tests.hosts.conftest import Open
from tests.hosts.test_folders import calm
from tests.support.cli import Cli
from wizard.probes import child

LIMITS = ["ulimit -n 256", "ulimit -n 20", "ulimit -v 262144", "ulimit -s 512", "ulimit -t 20"]
LONG_LOG = 32 * 1024 * 1024
"""Bytes of a log: a program that held it would not fit in an eighth of a gigabyte with all else that it needs."""
NO_THREADS = (sys.executable, str(Path(__file__).parents[1] / "support" / "nothreads.py"))


def under(limit: str) -> tuple[str, ...]:
    """The command that sets a limit for what follows. A limit on files also tears byte code that is written then."""
    return ("env", "PYTHONDONTWRITEBYTECODE=1", "bash", "-c", f'{limit}; exec "$@"', "bash")


@pytest.mark.slow
@pytest.mark.parametrize("limit", LIMITS)
def test_every_command_under_a_limit(host: Cli, refusing: str, limit: str) -> None:
    prefix = under(limit)
    assert calm(host.check(refusing, "--no-files", prefix=prefix), 1).cause == "auth.password-wrong"
    practice = host.run("practice", "certificate-expired", "--plain", prefix=prefix)
    assert "[tls.expired]" in calm(practice, 1).stdout


@pytest.mark.slow
def test_without_threads_everything_is_done_in_its_turn(host: Cli, refusing: str) -> None:
    assert calm(host.check(refusing, "--no-files", prefix=NO_THREADS), 1).cause == "auth.password-wrong"
    walked = host.run("--plain", refusing, "--no-files", prefix=NO_THREADS)
    assert "[auth.password-wrong]" in calm(walked, 1).stdout
    text = "FATAL: sorry, too many clients already"
    calm(host.run("explain", "--short", "--file", "-", prefix=NO_THREADS, stdin=text), 0)
    practice = host.run("practice", "wrong-password", "--plain", prefix=NO_THREADS)
    assert "No further thread is to be had" in calm(practice, 2).stderr


@pytest.mark.slow
def test_without_threads_there_are_plain_lines(terminal: Open, refusing: str) -> None:
    screen = terminal(refusing, "--no-files", prefix=NO_THREADS)
    screen.wait_for("leaves no threads for the full screen: plain lines", "auth.password-wrong", "What next?")
    screen.press("q\n")
    assert screen.end() == 1
    screen.assert_sane()


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["ulimit -v 262144", "ulimit -n 20"])
def test_full_screen_under_a_limit(terminal: Open, refusing: str, limit: str) -> None:
    screen = terminal(refusing, "--no-files", prefix=under(limit))
    screen.wait_for("auth.password-wrong", "What to do")
    assert b"\x1b[?1049h" in screen.written
    screen.press("q")
    assert screen.end() == 1
    screen.assert_sane()


@pytest.mark.slow
def test_a_long_log_in_an_eighth_of_a_gigabyte(host: Cli) -> None:
    line = "2026-11-20 14:05:07 INFO request 4711 done in 12 ms by worker 3\n"
    log = host.cwd / "app.log"
    with log.open("w") as file:
        for _ in range(LONG_LOG // len(line) // 1000):
            file.write(line * 1000)
        file.write("2026-11-20 15:00:00 FATAL: sorry, too many clients already\n")
    result = host.run("explain", "--short", "--file", str(log), prefix=under("ulimit -v 131072"))
    assert "capacity.max-connections" in calm(result, 0).stdout


@pytest.mark.slow
def test_where_no_file_can_grow_the_session_is_in_memory(host: Cli, refusing: str) -> None:
    result = host.run("--plain", refusing, "--no-files", prefix=under("ulimit -f 0"))
    assert "The session cannot be saved (File too large)" in calm(result, 1).stdout
    practice = host.run("practice", "refused", "--plain", prefix=under("ulimit -f 0"))
    assert "name one in TMPDIR" in calm(practice, 2).stderr


def test_programs_of_abandoned_probes_are_ended(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    waiting = ["sh", "-c", f"echo $$ > {mark}; exec sleep 300"]
    thread = threading.Thread(target=lambda: child.run(waiting, 300, 1000), daemon=True)
    thread.start()
    while not (mark.exists() and mark.read_text().endswith("\n")):
        thread.join(0.01)
    for _ in range(200):  # the program may say its number before its start is noted
        child.end_those_of({thread.ident})
        thread.join(0.1)
        if not thread.is_alive():
            break
    assert not thread.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
