"""Standard streams that are closed, full, gone or something else than one expects."""

from __future__ import annotations

import pytest

from tests.hosts.test_folders import calm
from tests.support.cli import Cli, Result

pytestmark = pytest.mark.slow

CLOSED = "dbwizard: standard output is closed: what there is to say is not shown, only the exit status\n"
FULL = "dbwizard: standard output cannot be written: No space left on device\n"
ERROR = "FATAL: sorry, too many clients already"


def redirected(host: Cli, how: str, *arguments: str) -> Result:
    """A run with its streams as a shell redirects them."""
    return host.run(*arguments, prefix=("bash", "-c", f'"$@" {how}', "bash"))


@pytest.mark.parametrize("how", [">&-", ">&- <&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_leave_the_exit_status(host: Cli, refusing: str, how: str) -> None:
    told = "" if "2>&-" in how else CLOSED
    for arguments, status in (
        (("check", "--json", "--no-files", refusing), 1),
        (("--plain", "--no-files", refusing), 1),
        (("explain", "--short", ERROR), 0),
    ):
        result = calm(redirected(host, how, *arguments), status)
        assert (result.stdout, result.stderr) == ("", told)


@pytest.mark.parametrize("arguments", [("check",), ("--plain",), ()])
def test_without_input_the_walk_asks_nobody(host: Cli, asking: str, arguments: tuple[str, ...]) -> None:
    for how in ("<&-", "</dev/null", "</etc/hostname", "2>&-"):
        result = redirected(host, how, *arguments, asking, "--no-files")
        assert result.exit in (1, 3), result.story()
        assert "database.read-only" in calm(result, result.exit).stdout


def test_a_full_device_is_told_in_one_sentence(host: Cli, refusing: str) -> None:
    for arguments in (
        ("check", refusing, "--no-files"),
        ("--plain", refusing, "--no-files"),
        ("causes",),
        ("explain", ERROR),
    ):
        assert calm(redirected(host, ">/dev/full", *arguments), 2).stderr == FULL
    calm(redirected(host, ">/dev/full 2>&1", "check", refusing, "--no-files"), 2)


def test_a_reader_that_is_gone_hears_no_complaint(host: Cli, refusing: str) -> None:
    head = '| head -1 >&2; exit "${PIPESTATUS[0]}"'
    for arguments, statuses in (
        (("check", "--json", "--no-files", refusing), (1,)),
        (("--plain", "--no-files", refusing), (1, 141)),
        (("causes",), (0, 141)),
        (("explain", "--short", ERROR), (0,)),
    ):
        result = redirected(host, head, *arguments)
        assert result.exit in statuses, result.story()
        assert len(result.stderr.splitlines()) == 1, result.stderr
