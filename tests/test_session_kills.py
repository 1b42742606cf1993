"""A process that is killed at any moment loses at most the event in flight, and its session goes on afterwards."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cli import CHILD
from wizard.core.events import Noted
from wizard.errors import SessionError
from wizard.practice import get, serve
from wizard.session import Session, find, list_sessions

pytestmark = pytest.mark.slow

WRITER = (
    "import sys; from pathlib import Path; from wizard.session import Session; from wizard.core.events import Noted\n"
    "session = Session.create(Path(sys.argv[1]), {}); size = int(sys.argv[2]); number = 0\n"
    "while True:\n"
    "    session.add(Noted(f'{number} ' + 'x' * size)); number += 1\n"
    "    sys.stdout.write('.'); sys.stdout.flush()\n"
)
"""Adds notes without end, and says of each when it was added."""


def environment(folder: Path) -> dict[str, str]:
    return {**CHILD, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


@pytest.mark.parametrize(("size", "rounds"), [(10, 8), (300_000, 8)])
def test_a_writer_that_is_killed_loses_at_most_the_event_in_flight(
    tmp_path: Path, size: int, rounds: int
) -> None:
    chance = random.Random(size)
    for number in range(rounds):
        folder = tmp_path / str(number)
        command = [sys.executable, "-c", WRITER, str(folder), str(size)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(tmp_path))
        assert writer.stdout is not None
        heard = writer.stdout.read(chance.randrange(1, 4))
        # Somewhere within the next writes: each takes a few milliseconds at most.
        until = time.perf_counter() + chance.random() * 0.02
        while time.perf_counter() < until:
            pass
        writer.send_signal(signal.SIGKILL)
        heard += writer.stdout.read()
        writer.wait()
        writer.stdout.close()
        path = find(folder)
        session = Session.load(path)
        kept = [event.text.partition(" ")[0] for event in session.walks[0].events if isinstance(event, Noted)]
        assert kept == [str(one) for one in range(len(kept))]
        assert len(heard) <= len(kept) <= len(heard) + 1
        session.add(Noted("and on"))
        session.close()
        assert session.trouble == ""
        assert Session.load(path).walks[0].events == [*session.walks[0].events]


TORN = (
    "import os, signal, sys; from pathlib import Path; from wizard.session import Session\n"
    "from wizard.core.events import Noted\n"
    "session = Session.create(Path(sys.argv[1]), {}); session.add(Noted('whole')); write = os.write\n"
    "def torn(file, data):\n"
    "    write(file, data[:len(data) // 2]); os.kill(os.getpid(), signal.SIGKILL)\n"
    "os.write = torn; session.add(Noted('in flight'))\n"
)
"""Is killed when the disk has half of a line."""


def test_killed_in_the_middle_of_a_write_the_half_line_is_repaired(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TORN, str(tmp_path / "s")], env=environment(tmp_path), timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    path = find(tmp_path / "s")
    assert not path.read_bytes().endswith(b"\n")
    session = Session.load(path)
    session.add(Noted("after"))
    session.close()
    texts = [event.text for event in Session.load(path).walks[0].events if isinstance(event, Noted)]
    assert texts == ["whole", "after"]


def test_cut_off_anywhere_the_session_is_what_was_complete(tmp_path: Path) -> None:
    session = Session.create(tmp_path / "s", {"target": {"host": "db"}})
    for text in ("first", "zweitens: ü", "third"):
        session.add(Noted(text, 1.0))
    session.close()
    assert session.path is not None
    whole = session.path.read_bytes()
    ends = [place + 1 for place, sign in enumerate(whole) if sign == 10]
    for cut in range(len(whole)):
        session.path.write_bytes(whole[:cut])
        complete = sum(end <= cut for end in ends)
        if not complete:
            with pytest.raises(SessionError, match="is no session of dbwizard"):
                Session.load(session.path)
            continue
        loaded = Session.load(session.path)
        assert len(loaded.walks[0].events) == complete - 1
        loaded.add(Noted("again", 2.0))
        loaded.close()
        lines = session.path.read_bytes().splitlines()
        assert len(lines) == complete + 1
        assert [json.loads(line) for line in lines][-1]["text"] == "again"


def resumed(folder: Path) -> subprocess.CompletedProcess[str]:
    """`resume` without an id, with a password that fits no more than the first one did."""
    command = [sys.executable, "-m", "wizard", "resume", "--plain", "--password-stdin"]
    environ = environment(folder)
    return subprocess.run(
        command, env=environ, cwd=folder, input="wrong\n", capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
def test_the_program_killed_at_any_moment_resumes_to_the_same_verdict(tmp_path: Path) -> None:
    chance = random.Random(5)
    with serve(get("wrong-password")) as running:
        command = [sys.executable, "-m", "wizard", "--plain", running.url]
        for number in range(10):
            folder = tmp_path / str(number)
            folder.mkdir()
            walk = subprocess.Popen(
                command, env=environment(folder), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
            assert walk.stdout is not None
            shown = walk.stdout.read(chance.randrange(1, 700))
            walk.send_signal(signal.SIGKILL)
            shown += walk.stdout.read()
            walk.wait()
            walk.stdout.close()
            place = folder / "state" / "dbwizard" / "sessions"
            before = Session.load(list_sessions(place)[0].path).walks[0].events
            # What was shown as done is on disk; the line that was being shown may be.
            assert len(before) >= shown.count(b" ms)\n") - 1
            done = resumed(folder)
            assert "[auth.password-wrong]" in done.stdout, done.stderr
            after = Session.load(list_sessions(place)[0].path).walks[0].events
            assert after[: len(before)] == before


def test_two_programs_do_not_write_one_session(tmp_path: Path) -> None:
    session = Session.create(tmp_path / "s", {})
    session.add(Noted("mine"))
    assert session.path is not None
    other = Session.load(session.path)
    other.add(Noted("yours"))
    assert "another dbwizard goes on with it" in other.trouble
    session.add(Noted("mine again"))
    session.close()
    texts = [event.text for event in Session.load(session.path).walks[0].events if isinstance(event, Noted)]
    assert texts == ["mine", "mine again"]
