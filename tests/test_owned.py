"""What is written lies in folders that nobody else can have laid or can change; in others, nothing is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.content import cache
from wizard.core.events import Noted
from wizard.errors import SessionError
from wizard.front.sessionscmd import save
from wizard.front.tui.exporting import write_text
from wizard.owned import distrusted, make_private
from wizard.session import Session, find, list_sessions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "dbwizard" / "sessions"


@pytest.fixture(params=[0o000, 0o077])
def _any_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def saved(folder: Path) -> Session:
    session = Session.create(folder, {"target": {"host": "db"}})
    session.add(Noted("a note", 1.0))
    session.close()
    return session


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("_any_umask")
def test_sessions_and_every_folder_made_for_them_are_for_this_user_alone(folder: Path) -> None:
    path = saved(folder).path
    assert path is not None
    assert mode(path) == 0o600
    assert [mode(one) for one in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3


@pytest.mark.usefixtures("_any_umask")
def test_so_are_the_cache_a_transcript_and_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    entry = cache.place("entry.json")
    assert entry is not None
    cache.write(entry, b"{}")
    assert [mode(one) for one in (entry, entry.parent, entry.parent.parent)] == [0o600, 0o700, 0o700]
    save(tmp_path / "transcript.md", "words")
    assert "Only you can read it" in write_text("SELECT 1", "sql", tmp_path)
    assert mode(tmp_path / "transcript.md") == mode(tmp_path / "dbwizard-command.sql") == 0o600


@pytest.mark.parametrize("wide", [0o755, 0o777, 0o1777])
def test_a_folder_of_ours_that_others_could_enter_is_closed(folder: Path, wide: int) -> None:
    folder.mkdir(parents=True)
    folder.chmod(wide)
    assert saved(folder).trouble == ""
    assert mode(folder) == 0o700


def test_what_others_may_change_on_the_way_there_is_refused_in_a_sentence(folder: Path) -> None:
    folder.mkdir(parents=True)
    way = folder.parent.parent
    way.chmod(0o777)
    session = saved(folder)
    assert f"({way} is open to all users, who could change what is in it)" in session.trouble
    assert session.path is None
    assert list(folder.iterdir()) == []
    assert [event.text for event in session.walks[0].events] == ["a note"]
    with pytest.raises(SessionError, match="is open to all users"):
        find(folder)
    way.chmod(0o1777)  # as /tmp: there everybody keeps what is his
    assert saved(folder).trouble == ""


def test_a_link_of_ours_on_the_way_is_followed_and_looked_at(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "inner").mkdir(parents=True)
    (tmp_path / "state").symlink_to("elsewhere/inner")
    assert saved(folder).trouble == ""
    assert len(list_sessions(folder)) == 1
    elsewhere.chmod(0o777)
    assert distrusted(folder) == f"{elsewhere} is open to all users, who could change what is in it"
    assert list_sessions(folder) == []


def test_links_that_lead_in_a_ring_and_files_in_place_of_folders_are_no_place(tmp_path: Path) -> None:
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    (tmp_path / "file").write_text("")
    assert distrusted(tmp_path / "ring" / "x") == f"{tmp_path / 'ring'} leads from link to link"
    assert distrusted(tmp_path / "file") == f"{tmp_path / 'file'} is no folder"
    assert make_private(tmp_path / "a" / "b") == ""
    trouble = saved(tmp_path / "file" / "dbwizard" / "sessions").trouble
    assert trouble.startswith("The session cannot be saved (Not a directory)")


def test_a_cache_that_somebody_else_could_have_written_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = tmp_path / "entry"
    entry.write_bytes(b"{}")
    assert cache.read(entry) == b"{}"
    entry.chmod(0o620)
    with pytest.raises(PermissionError):
        cache.read(entry)
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(entry)
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="symbolic link"):
        cache.read(link)
    with pytest.raises(PermissionError):
        cache.read(pipe)
    tmp_path.chmod(0o777)
    cache.write(tmp_path / "new", b"{}")
    assert mode(tmp_path) == 0o700
    (tmp_path / "way" / "dbwizard").mkdir(parents=True)
    (tmp_path / "way").chmod(0o777)
    cache.write(tmp_path / "way" / "dbwizard" / "new", b"{}")
    assert not (tmp_path / "way" / "dbwizard" / "new").exists()


def test_a_transcript_is_never_written_over_anything_or_through_a_link(tmp_path: Path) -> None:
    goal = tmp_path / "goal"
    (tmp_path / "dangling.md").symlink_to(goal)
    (tmp_path / "there.md").write_text("before")
    for name in ("dangling.md", "there.md"):
        with pytest.raises(FileExistsError):
            save(tmp_path / name, "after")
    assert not goal.exists()
    assert (tmp_path / "there.md").read_text() == "before"
