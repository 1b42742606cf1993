"""Root that reads the settings of another user's process: with that user's rights, never with its own."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from wizard.target.application import targets_of
from wizard.target.process import read_process
from wizard.target.rights import of_owner, of_process, opening_as

SECRET = "r00t-only-s3cret"
NOBODY = 65534


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of another user, and in it links to a file that is for root alone."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    secret = tmp_path / "secret"
    secret.write_text(f"POSTGRES_PASSWORD={SECRET}\n*:*:*:*:{SECRET}\n")
    secret.chmod(0o600)
    own = tmp_path / "own"
    own.mkdir()
    (own / ".env").symlink_to(secret)
    (own / "password").symlink_to(secret)
    os.chown(own, NOBODY, NOBODY)
    return own


@pytest.fixture
def planted(place: Path) -> Iterator[int]:
    """A process of that user, whose settings name the file for root in every way that settings have."""
    environ = {
        "DATABASE_URL": "postgresql://app@db.example:5432/shop",
        "PGPASSFILE": str(place.parent / "secret"),
        "POSTGRES_PASSWORD_FILE": str(place / "password"),
        "DB_PASSWORD_FILE": str(place.parent / "secret"),
    }
    child = subprocess.Popen(
        ["/bin/sleep", "60"], env=environ, cwd=place, user=NOBODY, group=NOBODY, extra_groups=[]
    )
    comm = Path(f"/proc/{child.pid}/comm")
    wait_until(lambda: comm.read_text() == "sleep\n", "the program runs")
    yield child.pid
    child.kill()
    child.wait()


def test_no_file_of_root_becomes_the_password_of_another_users_process(planted: int) -> None:
    found = targets_of(read_process(str(planted)), {})
    assert found.targets[0].host == "db.example"
    assert found.targets[0].password is None
    assert found.process.secrets == ()


def test_its_own_files_are_read(planted: int, place: Path) -> None:
    (place / ".env").unlink()
    (place / ".env").write_text("DATABASE_URL=postgresql://app:its-0wn@db.example:5432/shop\n")
    (place / ".env").chmod(0o600)
    os.chown(place / ".env", NOBODY, NOBODY)
    (secret,) = targets_of(read_process(str(planted)), {}).process.secrets
    assert secret.reveal() == "its-0wn"


def test_rights_are_given_back_and_other_threads_keep_theirs(planted: int, place: Path) -> None:
    groups = os.getgroups()
    seen: list[str] = []
    now = threading.Event()

    def read() -> None:
        now.wait(10)
        seen.append((place / "password").read_text())

    other = threading.Thread(target=read)
    other.start()
    with opening_as(of_process(planted)):
        with pytest.raises(PermissionError):
            (place / "password").read_text()
        now.set()
        other.join()
    assert SECRET in seen[0]
    assert SECRET in (place / "password").read_text()
    assert os.getgroups() == groups


def test_what_cannot_be_looked_at_is_nobodys(place: Path) -> None:
    for rights in (of_process(2**22 + 1), of_owner(place / "missing"), of_owner(place)):
        with opening_as(rights), pytest.raises(PermissionError):
            (place / "password").read_text()
