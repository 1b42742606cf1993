"""`dbwizard sessions`, `export`, `compare`, `resume` as people and scripts call them; walks that cannot be saved."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import CHILD
from wizard.comparison import differing_facts
from wizard.content.load import open_content
from wizard.core.events import Noted, ProbeFinished
from wizard.practice import get, serve
from wizard.session import Session

pytestmark = pytest.mark.slow

LONG = "orders-primary-0.eu-central.databases.internal.example.com"


class Home:
    """A home directory of its own, and the program in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.sessions = self.state / "dbwizard" / "sessions"

    def run(
        self, *arguments: str, typed: str = "", limit: Callable[[], None] | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        known = {**CHILD, "HOME": str(self.folder), "TZ": "Asia/Tokyo"}
        environ = {**known, "XDG_STATE_HOME": str(self.state), **more}
        if limit is not None:
            # Else the interpreter's own files are cut off, for every later run.
            environ["PYTHONDONTWRITEBYTECODE"] = "1"
        command = [sys.executable, "-m", "wizard", *arguments]
        return subprocess.run(
            command,
            env=environ,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=limit,
        )

    def saved(self, host: str, *, finished: bool, notes: int = 0, user: str = "app", source: str = "") -> str:
        """A session about this host; the finished one ends where no settings were found."""
        target = {"engine": "postgresql", "host": host, "port": 5432, "user": user, "password": "missing"}
        target["source"] = source
        session = Session.create(self.sessions, {"target": target})
        while time.time() < session.started + 0.002:
            pass  # the next one is to begin in another millisecond: else none is the newer one
        if finished:
            facts = {"config.outcome": "missing", "config.problem": "missing", "process.settings": "none"}
            session.add(ProbeFinished("config.settings", "config.settings", facts, at=session.started + 1))
        for number in range(notes):
            session.add(Noted(f"note {number}", session.started + 2))
        session.close()
        return session.id


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Exit 2 and one sentence on standard error, which is given back."""
    assert (done.returncode, done.stdout) == (2, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("dbwizard: ")
    return line


def test_the_list_is_aligned_newest_first_and_fits_80_columns(home: Home) -> None:
    ids = [
        home.saved(LONG, finished=True, notes=12),
        home.saved("10.0.3.7", finished=False),
        home.saved("/run/postgresql", finished=True, notes=1),
    ]
    done = home.run("sessions")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["ID", "WHEN", "TARGET", "VERDICT", "NOTES"]
    assert [line.split()[0] for line in lines] == ids[::-1]
    assert all(len(line) <= 80 for line in (head, *lines))
    assert len({len(line) for line in (head, *lines)}) == 1
    by_id = {line.split()[0]: line for line in lines}
    assert "config.missing" in by_id[ids[0]]
    assert by_id[ids[0]].split()[-1] == "12"
    assert by_id[ids[0]].split()[3].startswith("orders-")
    assert "unfinished at config" in by_id[ids[1]]
    assert " /run/postgresql " in by_id[ids[2]]


def test_the_list_for_scripts(home: Home) -> None:
    name = home.saved(LONG, finished=True, notes=2)
    (home.sessions / "broken.jsonl").write_text('{"format": 1, "id": "x", "started": ""}\nbroken\n')
    found = json.loads(home.run("sessions", "--json").stdout)
    assert found["schema"] == "dbwizard.sessions/1"
    first, broken = found["sessions"]
    assert (first["id"], first["verdict"], first["notes"]) == (name, "config.missing", 2)
    assert (first["finished"], first["target"]["host"]) == (True, LONG)
    assert "this is not a line of a session" in broken["trouble"]


def test_nothing_saved_is_said(home: Home) -> None:
    assert home.run("sessions").stdout == "No session is saved yet: 'dbwizard' begins one.\n"
    for command in ("resume", "export"):
        assert "There is no saved session yet" in sentence(home.run(command))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "nope"), "no saved session 'nope'; nearest: "),
        (("resume", "nope", "--plain"), "no saved session 'nope'; nearest: "),
        (("compare", "nope", "nope"), "no saved session 'nope'; nearest: "),
        (("compare", "2"), "required: B"),
        (("compare",), "required: A, B"),
        (("export", "./not-there.jsonl"), "not-there.jsonl cannot be read: No such file"),
        (("export", "--format", "pdf"), "invalid choice: 'pdf'"),
        (("export", "--output", "/proc/nope"), "/proc/nope cannot be written: "),
        (("sessions", "extra"), "argument"),
    ],
)
def test_wrong_use_is_one_sentence(home: Home, arguments: tuple[str, ...], says: str) -> None:
    home.saved("db", finished=True)
    assert says in sentence(home.run(*arguments))


@pytest.mark.parametrize(
    "command", [("sessions",), ("export",), ("resume", "--plain"), ("compare", "2", "2")]
)
def test_a_folder_that_is_a_link_is_not_read(home: Home, tmp_path: Path, command: tuple[str, ...]) -> None:
    home.saved("db", finished=True)
    home.sessions.rename(tmp_path / "elsewhere")
    home.sessions.symlink_to(tmp_path / "elsewhere")
    said = sentence(home.run(*command))
    assert said == f"dbwizard: The saved sessions are not read: {home.sessions} is a symbolic link."


def test_export_writes_a_new_private_file_without_names(home: Home) -> None:
    home.saved(LONG, finished=True, user="reader")
    out = home.folder / "incident.html"
    done = home.run("export", "--anonymize", "--format", "html", "--output", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.stat().st_mode & 0o077 == 0
    made = out.read_text()
    assert LONG not in made
    assert "reader" not in made
    assert "host-1" in made
    assert "File exists" in sentence(home.run("export", "--output", str(out)))


def test_resume_without_an_id_takes_the_newest_unfinished(home: Home) -> None:
    home.saved("127.0.0.1", finished=False)
    (open_one,) = home.sessions.glob("*.jsonl")
    home.saved("other", finished=True)
    done = home.run("resume", "--plain")
    assert open_one.stem in done.stdout
    assert Session.load(open_one).walks[0].events
    done = home.run("resume", "--plain", typed="q\n")
    assert "No session is unfinished; this is the latest" in done.stderr


def test_resume_of_a_session_without_a_host_takes_no_default_for_it(home: Home) -> None:
    home.saved("", finished=True)
    done = home.run("resume", "--plain", typed="v\nq\n")
    assert "postgresql at no host:5432" in done.stdout
    assert "/var/run/postgresql" not in done.stdout
    assert "localhost:" not in done.stdout
    assert "was no host, and was not kept" in done.stdout


def test_resume_passes_over_practice(home: Home) -> None:
    """The server of a practice session is gone; the list says what it was."""
    real = home.saved("127.0.0.1", finished=False)
    home.saved("127.0.0.1", finished=True, source="practice range")
    home.saved("127.0.0.1", finished=False, source="practice range, DATABASE_URL")
    listed = home.run("sessions").stdout
    assert "practice: left at config" in listed
    assert "practice: config.missing" in listed
    assert listed.count("unfinished") == 1
    data = json.loads(home.run("sessions", "--json").stdout)["sessions"]
    assert [one["practice"] for one in data] == [True, True, False]
    assert real in home.run("resume", "--plain", typed="q\n").stdout


def test_a_password_that_was_not_saved_is_asked_for_in_a_sentence(home: Home) -> None:
    with serve(get("wrong-password")) as running:
        home.run(
            "--plain", running.url, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
        )
        assert "give it with --password-stdin" in sentence(home.run("resume", "--plain"))
        done = home.run("resume", "--plain", "--password-stdin", typed="again-wrong\n")
    assert "[auth.password-wrong]" in done.stdout
    assert "again-wrong" not in done.stdout + next(home.sessions.glob("*")).read_text()


def test_compare_says_where_two_sessions_part(home: Home) -> None:
    with serve(get("wrong-password")) as wrong, serve(get("healthy-postgresql")) as well:
        for running in (wrong, well):
            home.run("--plain", running.url)
    first, second = sorted(home.sessions.glob("*.jsonl"), key=lambda one: one.stat().st_mtime)
    done = home.run("compare", first.stem, second.stem)
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert "The verdicts differ. The first layer with another outcome is auth: A the fault (FATAL: " in words
    assert "target.port" in words
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    data = json.loads(home.run("compare", first.stem, str(second), "--json").stdout)
    assert (data["same"], data["first_outcome"], data["first_layer"]) == (False, "auth", "config")
    assert (data["a"]["cause"], data["b"]["cause"]) == ("auth.password-wrong", "healthy")
    assert next(one for one in data["facts"] if one["fact"] == "target.port")["layer"] == "config"


@pytest.mark.parametrize(
    ("fact", "before", "after", "measured"),
    [
        ("server.started", "2026-11-20 03:04:05", "2026-11-21 03:04:05", True),
        ("network.connect-ms", 3.0, 4.0, True),
        ("target.port", 5432, 5433, False),
        ("app.started", "before-server", "after-server", False),
    ],
)
def test_the_content_says_which_facts_are_others_at_each_look(
    fact: str, before: object, after: object, measured: bool
) -> None:
    (found,) = differing_facts({fact: before}, {fact: after}, open_content().tree)
    assert found["measured"] is measured


def test_compare_of_two_walks_of_one_server_is_0(home: Home) -> None:
    with serve(get("wrong-password")) as running:
        for _ in range(2):
            home.run("--plain", running.url)
    first, second = sorted(one.stem for one in home.sessions.glob("*.jsonl"))
    done = home.run("compare", first, second)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No difference: the same verdict, the same layers, the same facts." in done.stdout


FULL = {"limit": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (FULL, "File too large"),
        ({"XDG_STATE_HOME": "/proc"}, "No such file or directory"),
        ({"XDG_STATE_HOME": "/dev/null"}, "Not a directory"),
    ],
)
def test_a_walk_that_cannot_be_saved_goes_on_and_says_so_once(home: Home, how: dict, why: str) -> None:
    with serve(get("wrong-password")) as running:
        done = home.run("--plain", running.url, typed="e\n\n\nq\n", **how)
    assert done.returncode == 1
    shown, _, exported = done.stdout.partition("\nSummary\n")
    assert shown.count("cannot be saved") == 1
    assert exported.count("cannot be saved") == 1
    assert f"The session cannot be saved ({why}): this walk goes on in memory" in " ".join(
        done.stdout.split()
    )
    assert "dbwizard resume" not in done.stdout
    assert "Time line\n---------" in done.stdout
    assert done.stderr == ""


def test_the_verdict_of_every_saved_session_is_that_of_its_walk(home: Home) -> None:
    """The list folds the events with the tree: a session of another tree is unfinished, and no error."""
    name = home.saved("db", finished=True)
    path = home.sessions / f"{name}.jsonl"
    path.write_text(path.read_text().replace('"node": "config.settings"', '"node": "gone.node"'))
    assert open_content().tree.root
    assert "unfinished at config" in home.run("sessions").stdout
