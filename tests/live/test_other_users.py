"""Two users of one machine: what one has laid, the other does not write into, read or follow. As root and as nobody."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from wizard.content import cache
from wizard.core.events import Noted
from wizard.errors import SessionError
from wizard.front.sessionscmd import save
from wizard.session import Session, find

ROOT, NOBODY, THIRD = 0, 65534, 65533


def done_as(uid: int, work: Callable[[], object]) -> None:
    """Do something in a process of that user, which has nothing of root's; an assertion there is one here."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = b""
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, it is told in the parent
            said = traceback.format_exc().encode()
        finally:
            os.write(writing, said)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    os.waitpid(child, 0)
    assert not said, said


@pytest.fixture(params=[ROOT, NOBODY], ids=["root", "nobody"])
def user(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def open_place(tmp_path: Path) -> Path:
    """A folder that every user can reach, and that only root can change."""
    for path in (tmp_path, *tmp_path.parents):
        if path.owner() == "root" and path != Path("/") and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o055)
    return tmp_path


def given_to(uid: int, path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, uid, uid)
    return path


def session_in(folder: Path) -> Session:
    session = Session.create(folder, {"target": {"host": "db"}})
    session.add(Noted("a note", 1.0))
    session.close()
    return session


def test_in_a_home_of_ones_own_a_session_is_saved(user: int, open_place: Path) -> None:
    home = given_to(user, open_place / "home")

    def work() -> None:
        session = session_in(home / ".local" / "state" / "dbwizard" / "sessions")
        assert session.trouble == ""
        assert session.path is not None
        assert (session.path.stat().st_uid, session.path.stat().st_mode & 0o777) == (user, 0o600)

    done_as(user, work)


@pytest.mark.parametrize(
    "theirs", ["home", "home/state", "home/state/dbwizard", "home/state/dbwizard/sessions"]
)
def test_a_folder_of_another_user_anywhere_on_the_way_is_refused(
    user: int, open_place: Path, theirs: str
) -> None:
    folder = open_place / "home" / "state" / "dbwizard" / "sessions"
    for path in (*reversed(folder.parents), folder):
        if open_place in path.parents:
            given_to(THIRD if path == open_place / theirs else user, path)
            path.chmod(0o777 if path == open_place / theirs else 0o755)

    def work() -> None:
        session = session_in(folder)
        assert f"{open_place / theirs} belongs to another user" in session.trouble
        assert session.path is None
        assert [event.text for event in session.walks[0].events] == ["a note"]
        with pytest.raises(SessionError, match="belongs to another user"):
            find(folder)

    done_as(user, work)
    assert list(folder.iterdir()) == []


def test_a_link_that_another_user_has_laid_is_not_followed(user: int, open_place: Path) -> None:
    shared = given_to(ROOT, open_place / "shared")
    shared.chmod(0o1777)
    mine = given_to(user, open_place / "mine")
    done_as(THIRD, lambda: (shared / "state").symlink_to(mine))

    def work() -> None:
        session = session_in(shared / "state" / "dbwizard" / "sessions")
        assert f"{shared / 'state'} belongs to another user" in session.trouble

    done_as(user, work)
    assert list(mine.iterdir()) == []


def test_a_cache_of_another_user_is_neither_read_nor_written(user: int, open_place: Path) -> None:
    place = given_to(THIRD, open_place / "cache")
    place.chmod(0o777)
    done_as(THIRD, lambda: cache.write(place / "entry", b"theirs"))
    (place / "entry").chmod(0o644)

    def work() -> None:
        with pytest.raises(PermissionError):
            cache.read(place / "entry")
        cache.write(place / "other", b"ours")

    done_as(user, work)
    assert [path.name for path in place.iterdir()] == ["entry"]


def test_a_transcript_goes_through_no_link_of_another_user(user: int, open_place: Path) -> None:
    shared = given_to(ROOT, open_place / "shared")
    shared.chmod(0o1777)
    mine = given_to(user, open_place / "mine")
    done_as(THIRD, lambda: (shared / "report.md").symlink_to(mine / "goal"))

    def work() -> None:
        with pytest.raises(OSError, match="File exists"):
            save(shared / "report.md", "words")

    done_as(user, work)
    assert list(mine.iterdir()) == []
