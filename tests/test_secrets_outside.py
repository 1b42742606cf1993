"""No password is on the screen, in a session or what is made of it, or outside of a process that ran, broke or died."""

from __future__ import annotations

import base64
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tests.support.cli import CHILD, ROOT
from tests.support.leaks import AWKWARD, PASSWORDS, bounded, texts_below
from tests.support.secretways import WAYS, Given, cut, echo, escaped, url
from tests.support.sockets import listening
from tests.support.watched import Place, Ran, assert_nowhere
from wizard.content.load import open_content
from wizard.front.tui.app import WizardApp
from wizard.front.tui.course import make_course
from wizard.front.tui.widgets.pane import Pane
from wizard.report import target_summary
from wizard.runtime import Runtime
from wizard.session import Session
from wizard.target.model import Target
from wizard.target.parse import parse_target

JOURNEYS = st.sampled_from(["url", "DATABASE_URL", ".env", "two sources", "PGPASSWORD"])


@pytest.mark.slow
@bounded(12)
@given(way=JOURNEYS, password=PASSWORDS, server=st.sampled_from([echo, cut]))
def test_a_session_and_all_that_is_made_of_it_hold_no_password(way: str, password: str, server: Any) -> None:
    with tempfile.TemporaryDirectory() as name, listening("127.0.0.1", 0, server(password)) as port:
        place = Place(Path(name))
        start = WAYS[way](password, port, place.folder)
        place.lay(start)
        note = f"n I tried {url(password, port)} and password={escaped(password)}"
        typed = "\n".join(
            [note, "l", "m", "d", "e cwd.md", *["0"] * 20, "2", note, "f", "h", "v", *["0"] * 20, "q"]
        )
        assert_nowhere(password, place.run("--plain", *start.argv, given=start, stdin=typed))
        assert list((place.folder / "state").rglob("*.jsonl"))
        commands = [
            ("sessions",),
            ("sessions", "--json"),
            ("resume", "--plain"),
            ("compare", "2", "2", "--json"),
        ]
        commands += [("export", "--format", one) for one in ("md", "json", "html", "text")]
        commands += [
            ("export", "--anonymize", "--format", one, "--output", f"x.{one}")
            for one in ("md", "json", "html")
        ]
        for command in commands:
            ran = place.run(*command, given=Given(env=start.env))
            assert "itself failed" not in ran.err
            assert_nowhere(password, ran)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("password", "server"), [("two words: p@ss/x", echo), ("Zx9unheard", cut), ("x" * 200, cut)]
)
async def test_nothing_on_the_full_screen_or_sent_from_it_holds_the_password(
    password: str, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[str] = []
    with listening("127.0.0.1", 0, server(password)) as port:
        app = full_screen(tmp_path, seen.append)
        async with app.run_test(size=(100, 40)) as pilot:
            app.screen.post_message(events.Paste(url(password, port)))
            for key in (
                "",
                "enter",
                "0",
                "0",
                "0",
                "c",
                "f",
                "a",
                "h",
                "escape",
                "m",
                "escape",
                "t",
                "escape",
                "e",
                "enter",
            ):
                if key:
                    await pilot.press(key)
                for _ in range(3):
                    await app.workers.wait_for_complete()
                    await pilot.pause()
                seen.append("\n".join(strip.text for strip in app.screen._compositor.render_strips()))
                seen += [pane.text() for pane in app.screen.query(Pane)]
        assert app.course is not None
        assert app.course.conclusion is not None
        seen.append(app.course.message())
        app.course.finish()
    sent = [base64.b64decode(part).decode() for part in re.findall(r"52;c;([\w+/=]+)", "\n".join(seen))]
    assert sent
    files = texts_below(tmp_path, set())
    assert "dbwizard-command" in files
    assert_nowhere(password, Ran(0, "\n".join(seen), "\n".join(sent), files, ""))


def full_screen(folder: Path, write: Callable[[str], None]) -> WizardApp:
    """The full screen with the real probes, saving below the folder; `write` gets what goes to the terminal."""
    content = open_content()

    def session(target: Target) -> Session:
        gate = Runtime(target, {}).gate
        return Session.create(folder / "state", {"target": target_summary(target)}, gate)

    make = partial(make_course, content, lambda one: Runtime(one, {}, connect_timeout=0.3), session, {}, None)
    parse = partial(parse_target, environ={}, home=None)
    return WizardApp(make, (), None, parse, {"LANG": "C.UTF-8", "TERM": "xterm"}, write)


SPY = """
import os, sys
def heard(event, words):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        open({log!r}, "a").write(repr(words) + chr(10))
sys.addaudithook(heard)
if "BREAK" in os.environ:
    import wizard.drive
    def broken(*words):
        raise ValueError("it broke on " + os.environ["BREAK"])
    wizard.drive.drive = broken
"""
"""Python runs it as `sitecustomize`: notes what the program starts, and breaks it where that is asked for."""


@dataclass
class Child:
    """The program in a process of its own, and what there is to see of it."""

    place: Place
    flags: tuple[str, ...] = ()

    def start(self, *argv: str, **environ: str) -> subprocess.Popen[str]:
        spy = self.place.folder / "spy"
        spy.mkdir(exist_ok=True)
        (spy / "sitecustomize.py").write_text(SPY.format(log=str(spy / "started")))
        known = {**CHILD, "PYTHONPATH": f"{spy}:{ROOT}"}
        places = {"HOME": "home", "TMPDIR": "tmp", "XDG_STATE_HOME": "state"}
        known |= {name: str(self.place.folder / below) for name, below in places.items()}
        return subprocess.Popen(
            [sys.executable, *self.flags, "-m", "wizard", *argv],
            env={**known, **environ},
            cwd=self.place.folder / "cwd",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, child: subprocess.Popen[str], given: set[Path]) -> Ran:
        out, err = child.communicate(timeout=60)
        spy = self.place.folder / "spy"
        log = spy / "started"
        started = log.read_text() if log.exists() else ""
        files = texts_below(self.place.folder, given | {*spy.rglob("*")})
        return Ran(child.returncode, out, err, files, started)


@pytest.mark.slow
@pytest.mark.parametrize(("password", "flags"), [*zip(AWKWARD[:4], [(), ("-X", "dev")] * 2, strict=True)])
def test_nothing_that_a_process_says_writes_or_starts_holds_a_password(
    password: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    with listening("127.0.0.1", 0, echo(password)) as port:
        child = Child(Place(tmp_path), flags)
        start = WAYS[".env"](password, port, tmp_path)
        child.place.lay(start)
        given = {path for path in tmp_path.rglob("*") if path.is_file()}
        environ = {"DB_PASSWORD": password, "PGPASSWORD": password, "MYSQL_PWD": password}
        for argv in (
            ("check", "--json"),
            ("check",),
            ("--plain",),
            ("check", "--admin", url(password, port)),
        ):
            assert_nowhere(password, child.ended(child.start(*argv, **environ), given))
        application = subprocess.Popen(
            ["/bin/sleep", "60"], env={"DATABASE_URL": url(password, port)}, cwd=tmp_path
        )
        try:
            ran = child.ended(child.start("check", "--pid", str(application.pid), **environ), given)
        finally:
            application.kill()
            application.wait()
    assert ran.status in (1, 3)
    assert_nowhere(password, ran)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("-X", "dev")])
def test_a_program_that_breaks_says_so_in_a_sentence_without_a_password(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    password = AWKWARD[0]
    child = Child(Place(tmp_path), flags)
    for argv in (
        ("check", url(password, 1)),
        ("check", "--json", url(password, 1)),
        ("--plain", url(password, 1)),
    ):
        ran = child.ended(child.start(*argv, BREAK=f"{url(password, 1)} {password}"), set())
        assert ran.status == 2
        assert "itself failed" in ran.err
        assert "Traceback" not in ran.err
        assert len(ran.err.splitlines()) == 1
        assert_nowhere(password, ran)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGTERM, signal.SIGINT])
def test_what_is_left_of_a_process_that_is_killed_holds_no_password(
    number: signal.Signals, tmp_path: Path
) -> None:
    password, reached = AWKWARD[0], threading.Event()

    def deaf(connection: socket.socket) -> None:
        reached.set()
        while connection.recv(4096):
            pass

    with listening("127.0.0.1", 0, deaf) as port:
        child = Child(Place(tmp_path), ("-X", "faulthandler"))
        process = child.start("--plain", "--connect-timeout", "30", url(password, port), PGPASSWORD=password)
        assert reached.wait(30)
        assert_nowhere(password, Ran(0, Path(f"/proc/{process.pid}/cmdline").read_text(), "", "", ""))
        process.send_signal(number)
        ran = child.ended(process, set())
    assert ran.status != 0
    assert_nowhere(password, ran)
