"""Homes, working directories and folders for temporary files that are not there, or not for us."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts.conftest import UNPRIVILEGED
from tests.support.cli import Cli, Result

pytestmark = pytest.mark.slow

WITHOUT_HOME = ("env", "-u", "HOME", "-u", "XDG_STATE_HOME", "-u", "XDG_CACHE_HOME")
IN_MEMORY = "this walk goes on in memory, so export it (e) before you leave"


def calm(result: Result, status: int) -> Result:
    """The run ended with this status, and said nothing but sentences."""
    assert result.exit == status, result.story()
    assert "Traceback" not in result.stdout + result.stderr, result.story()
    assert "itself failed" not in result.stderr, result.story()
    return result


def home_of(folder: Path, kind: str) -> str:
    """A home directory of that kind; the text that HOME has."""
    if kind == "a file":
        (folder / "file").write_text("")
        return str(folder / "file")
    if kind == "not writable":
        (folder / "closed").mkdir(mode=0o500)
        return str(folder / "closed")
    if kind == "closed":
        (folder / "shut").mkdir(mode=0o000)
        return str(folder / "shut")
    return {"empty": "", "relative": "some/place", "not there": "/proc/no-home"}[kind]


def homeless(home: str, *unset: str) -> tuple[str, ...]:
    """The program with this home, and without these variables that name another place."""
    return ("env", *(word for name in unset for word in ("-u", name)), f"HOME={home}", *UNPRIVILEGED)


@pytest.mark.parametrize("kind", ["relative", "not there", "closed"])
def test_without_a_place_for_a_cache_rules_are_read_each_time(host: Cli, tmp_path: Path, kind: str) -> None:
    """No place, one that cannot be made, one that may not be written: all rules are read, which takes its time."""
    prefix = homeless(home_of(tmp_path, kind), "XDG_CACHE_HOME")
    calm(host.run("explain", "--short", "FATAL: sorry, too many clients already", prefix=prefix), 0)


@pytest.mark.parametrize("kind", ["empty", "relative", "not there", "a file", "not writable", "closed"])
def test_a_home_that_is_none_stops_nothing(host: Cli, tmp_path: Path, refusing: str, kind: str) -> None:
    home = home_of(tmp_path, kind)
    everything = homeless(home, "XDG_STATE_HOME", "XDG_CACHE_HOME")
    checked = host.check(refusing, "--no-files", prefix=everything)
    assert calm(checked, 1).cause == "auth.password-wrong"
    assert checked.stderr == ""
    if kind == "empty":
        return  # the home of the account is taken, and that is this machine's own
    prefix = homeless(home, "XDG_STATE_HOME")  # the rules need not be read anew for that
    walked = calm(host.run("--plain", "--no-files", refusing, prefix=prefix), 1)
    assert "[auth.password-wrong]" in walked.stdout
    assert IN_MEMORY in " ".join(walked.stdout.split())
    assert "Saved." not in walked.stdout
    listed = calm(host.run("sessions", prefix=prefix), 0)
    assert "No session is saved yet" in listed.stdout
    assert not list(host.cwd.iterdir()), "something was written into the working directory"


def test_a_working_directory_that_is_gone(host: Cli, refusing: str) -> None:
    leave = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    for arguments in (("check", "--json"), ("check", "--json", refusing), ("explain", "FATAL: x")):
        result = host.run(*arguments, prefix=("sh", "-c", leave, "sh"))
        assert calm(result, 1).stderr in ("", EXPLAIN_NOTHING), result.story()


EXPLAIN_NOTHING = "dbwizard: nothing was recognised as a fault of a database connection\n"


def test_a_working_directory_that_may_not_be_read(host: Cli) -> None:
    host.cwd.chmod(0o700)
    shut = 'chmod 000 . && exec "$@"'
    result = host.run("check", "--json", prefix=("sh", "-c", shut, "sh", *UNPRIVILEGED))
    host.cwd.chmod(0o700)
    assert calm(result, 1).cause == "config.missing"


def test_a_folder_of_sessions_that_may_not_be_entered(host: Cli) -> None:
    state = host.home / "state"
    state.mkdir(mode=0o000)
    listed = host.run("sessions", prefix=UNPRIVILEGED)
    newest = host.run("export", prefix=UNPRIVILEGED)
    state.chmod(0o700)
    assert "No session is saved yet" in calm(listed, 0).stdout
    assert "There is no saved session yet" in calm(newest, 2).stderr


@pytest.mark.parametrize("place", ["/proc/no-folder", "/dev/null", ""])
def test_a_wrong_tmpdir_stops_nothing(host: Cli, place: str) -> None:
    result = host.run("practice", "refused", "--plain", env={"TMPDIR": place})
    assert "Nothing listens on the port" in calm(result, 1).stdout
