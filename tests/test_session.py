"""What a session promises: nothing is lost, nothing secret is kept, and saving never stops a walk."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.small_content import refused_walk, small_content
from wizard import sessionfile
from wizard.core.events import (
    Answered,
    Event,
    Evidence,
    Noted,
    ProbeFinished,
    Showed,
    Skipped,
    Stated,
    WentBack,
)
from wizard.core.walk import Walk
from wizard.errors import SessionError
from wizard.redact import Redactor, clean
from wizard.session import Session, find, list_sessions, replayed, state_folder
from wizard.target.model import Secret

PASSWORD = "correct-horse-9"
EVENTS: list[Event] = [
    ProbeFinished(
        "a",
        "dns.resolve",
        {"n": 3, "l": ("x", "y"), "b": True},
        (Evidence("dns", "no", "1"),),
        "s",
        "",
        1.5,
        9.0,
    ),
    Answered("b", "docker", "user", 10.0),
    Stated("c", {"network.outcome": "refused"}, "user", 11.0),
    Skipped("d", "nobody to ask", 12.0),
    WentBack(13.0),
    Noted("it began at noon\nor so", 14.0),
    Showed("psql -h 'a b'", "copied", 15.0),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "dbwizard" / "sessions"


def made(folder: Path | None, *events: Event, secret: str = PASSWORD) -> Session:
    session = Session.create(folder, {"target": {"host": "db"}}, Redactor([Secret(secret)]))
    for event in events:
        session.add(event)
    session.close()
    return session


def path_of(session: Session) -> Path:
    assert session.path is not None
    return session.path


def test_every_event_comes_back(folder: Path) -> None:
    session = made(folder, *EVENTS)
    loaded = Session.load(path_of(session))
    assert loaded.walks[0].events == EVENTS
    assert (loaded.id, loaded.header["target"], session.trouble) == (session.id, {"host": "db"}, "")
    assert abs(loaded.started - session.walks[0].at) < 0.01


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    events: list[Event] = [Noted(text, 1.0) for text in texts]
    session = made(tmp_path_factory.mktemp("any") / "s", *events, secret="")
    expected = [clean(Redactor(()).text(text).encode("utf-8", "replace").decode(), 0) for text in texts]
    assert [event.text for event in Session.load(path_of(session)).walks[0].events] == expected


def test_only_this_user_can_read_it(folder: Path) -> None:
    path = path_of(made(folder))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_others_could_read_is_closed(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    assert made(folder).trouble == ""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_spelling_of_the_password_is_kept(folder: Path) -> None:
    said = f"postgresql://app:{PASSWORD}@db/x password={PASSWORD}"
    session = made(
        folder, Noted(said, 1.0), Showed(said), ProbeFinished("a", "p", {"f": said}, (Evidence("a", said),))
    )
    assert PASSWORD not in path_of(session).read_text()


@pytest.mark.parametrize("which", ["folder", "parent"])
def test_a_symlink_is_not_trusted(folder: Path, tmp_path: Path, which: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = folder if which == "folder" else folder.parent
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    session = made(folder, *EVENTS)
    assert "is a symbolic link" in session.trouble
    assert (session.path, session.walks[0].events) == (None, EVENTS)
    assert not list(elsewhere.rglob("*.jsonl"))


def test_a_folder_of_somebody_else_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert "belongs to another user" in made(folder).trouble
    assert not list(folder.iterdir())


def test_without_a_home_it_is_kept_in_memory() -> None:
    assert state_folder({}, None) is None
    session = made(None, *EVENTS)
    assert session.trouble == (
        "There is no home directory: this walk goes on in memory, so export it (e) before you leave."
    )
    assert session.walks[0].events == EVENTS


def test_where_sessions_are_kept() -> None:
    home = Path("/home/ada")
    assert state_folder({}, home) == home / ".local/state/dbwizard/sessions"
    assert state_folder({"XDG_STATE_HOME": "/var/state"}, home) == Path("/var/state/dbwizard/sessions")
    assert state_folder({"XDG_STATE_HOME": "relative"}, home) == home / ".local/state/dbwizard/sessions"


def test_a_full_disk_is_told_once_and_stops_nothing(folder: Path) -> None:
    session = made(folder, EVENTS[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path_of(session).stat().st_size + 10, hard))
    try:
        session.add(EVENTS[1])
        told = session.trouble
        session.add(EVENTS[2])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    session.add(EVENTS[3])
    assert told.startswith("The session cannot be saved (")
    assert "goes on in memory" in told
    assert session.trouble == told
    assert session.walks[0].events == EVENTS[:4]
    assert Session.load(path_of(session)).walks[0].events == EVENTS[:1]


def test_a_killed_process_loses_nothing_that_it_added(folder: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from wizard.session import Session;"
        "from wizard.core.events import Noted; s = Session.create(Path(sys.argv[1]), {});"
        "[s.add(Noted(str(i))) for i in range(5)]; os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert [event.text for event in Session.load(find(folder)).walks[0].events] == list("01234")


@pytest.mark.parametrize("cut", [1, 10, 25])
def test_a_line_that_was_cut_off_is_ignored_and_then_replaced(folder: Path, cut: int) -> None:
    path = path_of(made(folder, *EVENTS))
    path.write_bytes(path.read_bytes()[:-cut])
    session = Session.load(path)
    assert session.walks[0].events == EVENTS[:-1]
    session.add(EVENTS[0])
    session.close()
    assert Session.load(path).walks[0].events == [*EVENTS[:-1], EVENTS[0]]


def test_a_newer_format_is_one_clear_sentence(folder: Path) -> None:
    path = path_of(made(folder))
    path.write_text(path.read_text().replace('"format": 1', '"format": 7'))
    with pytest.raises(
        SessionError, match=r"written by a newer dbwizard \(format 7, this one reads up to 1\)"
    ):
        Session.load(path)


def test_an_older_format_goes_through_its_converter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(made(folder))
    path.write_text('{"format": 0, "id": "old", "begun": "2026-11-20T21:04:05.123Z"}\n{"remark": "hello"}\n')
    with pytest.raises(SessionError, match="has the format 0, which this dbwizard cannot read"):
        Session.load(path)

    def convert(lines: list[dict]) -> list[dict]:
        first = {"format": 1, "id": lines[0]["id"], "started": lines[0]["begun"]}
        return [first, *({"kind": "note", "text": line["remark"]} for line in lines[1:])]

    monkeypatch.setitem(sessionfile.CONVERTERS, 0, convert)
    loaded = Session.load(path)
    assert loaded.walks[0].events == [Noted("hello")]
    assert loaded.started == pytest.approx(1795208645.123)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\n",
        "[]\n",
        '{"id": "x"}\n',
        '{"format": 1, "id": "x"}\n{"kind": "boom"}\n',
        '{"format": 1, "id": "x"}\nbroken\n{"kind": "note", "text": "x"}\n',
        '{"format": 1, "id": "x"}\n{"kind": "note"}\n',
        '{"format": 1, "id": "x"}\n{"kind": "state", "node": "a", "facts": 3}\n',
    ],
)
def test_what_is_no_session_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(SessionError) as caught:
        Session.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_second_walk_is_the_check_after_the_fix(folder: Path) -> None:
    session = made(folder, EVENTS[1])
    session.new_walk({"runtime": "docker", "l": ("a", "b")})
    session.add(EVENTS[3])
    session.close()
    first, second = Session.load(path_of(session)).walks
    assert (first.events, second.events) == ([EVENTS[1]], [EVENTS[3]])
    assert second.facts == {"runtime": "docker", "l": ("a", "b")}
    assert second.at >= first.at


def test_a_walk_in_which_nothing_happened_is_replaced(folder: Path) -> None:
    session = made(folder)
    session.new_walk({"runtime": "docker"})
    session.close()
    assert [walk.facts for walk in session.walks] == [{"runtime": "docker"}]
    assert [walk.facts for walk in Session.load(path_of(session)).walks] == [{"runtime": "docker"}]


def test_sessions_are_listed_and_found(folder: Path) -> None:
    assert list_sessions(None) == list_sessions(folder) == []
    with pytest.raises(SessionError, match="no saved session yet"):
        find(folder)
    first = path_of(made(folder))
    header = json.loads(first.read_text())
    older = folder / "20200101-000000-aaaa.jsonl"
    older.write_text(json.dumps({**header, "id": "20200101-000000-aaaa"}) + "\n")
    (folder / "zzz.jsonl").write_text("no session\n")
    assert [one.path for one in list_sessions(folder)] == [first, older]
    assert list_sessions(folder)[0].target == {"host": "db"}
    assert find(folder) == first
    assert find(folder, "20200101") == older
    assert find(folder, str(older)) == older
    with pytest.raises(
        SessionError, match=r"no saved session '20200101-0000x'; nearest: 20200101-000000-aaaa"
    ):
        find(folder, "20200101-0000x")
    for wrong in ("2", "nope"):
        with pytest.raises(SessionError, match=r"'dbwizard sessions' lists all"):
            find(folder, wrong)


def test_replay_gives_the_same_walk(folder: Path, tmp_path: Path) -> None:
    tree = small_content(tmp_path / "trees").tree
    walk = refused_walk(small_content(tmp_path / "trees"))
    loaded = Session.load(path_of(made(folder, *walk.events)))
    again, changed = replayed(tree, loaded.walks[0])
    assert (again.at, again.facts, again.trail, changed) == (walk.at, walk.facts, walk.trail, "")


def test_replay_goes_as_far_as_the_tree_of_today(folder: Path, tmp_path: Path) -> None:
    content = small_content(tmp_path / "trees")
    session = made(folder, *refused_walk(content).events[:2], Answered("gone", "x", "user", 3.0))
    walk, changed = replayed(content.tree, session.walks[0])
    assert walk.at == "ask.others"
    assert isinstance(walk, Walk)
    assert changed.startswith("The tree has changed since this was saved")
