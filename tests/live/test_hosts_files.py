"""File systems that are full, read-only or not there: what was learned stays, and the reason is told."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.hosts.test_folders import IN_MEMORY, WITHOUT_HOME, calm
from tests.support.cli import Cli, Result


def mounted(*commands: str) -> tuple[str, ...]:
    """The program where these commands have changed what is mounted, for it alone."""
    script = "; ".join(["set -e", "mount --make-rprivate /", *commands])
    return (
        "env",
        "PYTHONDONTWRITEBYTECODE=1",
        "unshare",
        "--mount",
        "--",
        "sh",
        "-c",
        f'{script}; exec "$@"',
        "sh",
    )


def small(folder: Path, size: str = "8k") -> str:
    """The command that puts a disk of that size in the place of a folder."""
    return f"mount -t tmpfs -o size={size} none {shlex.quote(str(folder))}"


def filled(folder: Path) -> str:
    """The command that leaves no room on it."""
    return f"(cat /dev/zero >{shlex.quote(str(folder))}/ballast 2>/dev/null || true)"


def said(result: Result) -> str:
    return " ".join(result.stdout.split())


READ_ONLY = (
    "for each in $(awk '{print $2}' /proc/self/mounts); do"
    " case $each in /proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro $each 2>/dev/null || true ;; esac; done"
)


def test_nothing_can_be_written_anywhere(host: Cli, refusing: str) -> None:
    prefix = mounted("mount --bind / /", READ_ONLY, "! touch /probe 2>/dev/null", "cd .")
    assert calm(host.check(refusing, "--no-files", prefix=prefix), 1).cause == "auth.password-wrong"
    walked = calm(host.run("--plain", refusing, "--no-files", prefix=prefix), 1)
    assert f"The session cannot be saved (Read-only file system): {IN_MEMORY}" in said(walked)
    assert "[auth.password-wrong]" in walked.stdout
    exported = host.run("--plain", refusing, "--no-files", prefix=prefix, stdin="e wish.md\nn\ne\n\nn\nq\n")
    assert (
        "wish.md cannot be written: Read-only file system. e alone, with an empty name, shows it here."
        in said(calm(exported, 1))
    )
    assert "Time line" in exported.stdout or "What happened" in exported.stdout, exported.stdout


@pytest.mark.parametrize("filling", [True, False])
def test_a_disk_that_is_full_before_or_during_the_walk(host: Cli, refusing: str, filling: bool) -> None:
    steps = [small(host.home, "16k"), *([filled(host.home)] if filling else [])]
    note = "n " + "x" * 3000 + "\n"
    walked = host.run(
        "--plain", refusing, "--no-files", prefix=mounted(*steps), stdin=f"{note * 8}e\n\nn\nq\n"
    )
    assert f"The session cannot be saved (No space left on device): {IN_MEMORY}" in said(calm(walked, 1))
    assert "[auth.password-wrong]" in walked.stdout
    # The transcript on the screen has all eight notes, though the disk took none or a few of them.
    assert walked.stdout.count("x" * 60) >= 8
    assert "Saved. To go on" not in walked.stdout


def test_an_export_to_a_full_disk_says_so_and_leaves_no_half_file(host: Cli, refusing: str) -> None:
    calm(host.run("--plain", refusing, "--no-files"), 1)
    disk = host.cwd / "disk"
    disk.mkdir()
    look = f"ls {shlex.quote(str(disk))} >&2"
    prefix = mounted(small(disk), filled(disk))
    target = str(disk / "incident.md")
    result = host.run("export", "--output", target, prefix=prefix)
    assert calm(result, 2).stderr == (
        f"dbwizard: {target} cannot be written: No space left on device;"
        " name another --output, or leave it out to see it here\n"
    )
    listing = ("sh", "-c", f'"$@"; {look}', "sh")
    assert (
        "incident.md" not in host.run("export", "--output", target, prefix=(*prefix, *listing)).stderr.split()
    )
    assert "auth.password-wrong" in calm(host.run("export", prefix=prefix), 0).stdout


def test_a_full_cache_costs_time_and_nothing_else(host: Cli, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    prefix = (*mounted(small(cache), filled(cache)), "env", f"XDG_CACHE_HOME={cache}")
    result = host.run("explain", "--short", "FATAL: sorry, too many clients already", prefix=prefix)
    assert calm(result, 0).stderr == ""


@pytest.mark.parametrize(
    "commands",
    [
        ("mount -t tmpfs none /proc",),
        ("mount -t tmpfs none /sys",),
        ("mount -t tmpfs -o mode=000 none /etc",),
        ("mount -t tmpfs -o size=4k,nr_inodes=1 none /dev/shm", "mount -t tmpfs -o ro none /var/tmp"),
        ("mount --bind /dev/null /etc/resolv.conf", "mount --bind /dev/null /etc/hosts"),
    ],
    ids=["no /proc", "no /sys", "no /etc", "no room for temporary files", "no names"],
)
def test_parts_of_the_system_that_are_not_there(host: Cli, refusing: str, commands: tuple[str, ...]) -> None:
    result = host.check(refusing, "--no-files", prefix=mounted(*commands))
    assert calm(result, 1).cause == "auth.password-wrong"
    assert result.stderr == ""
    refused = host.run("practice", "refused", "--plain", prefix=mounted(*commands))
    assert calm(refused, refused.exit).exit in (1, 3)
    assert "Connection refused" in refused.stdout


def test_processes_of_others_are_hidden(host: Cli, refusing: str) -> None:
    hidden = mounted("mount -t proc -o hidepid=2 none /proc")
    result = host.check(refusing, "--no-files", prefix=(*hidden, *OTHER_USER))
    assert calm(result, 1).cause == "auth.password-wrong"


OTHER_USER = ("unshare", "--user", "--map-user=71234", "--map-group=71234", "--")
"""A user id that no account has, as OpenShift gives to a container."""


def test_a_user_that_no_account_is(host: Cli, refusing: str) -> None:
    prefix = (*WITHOUT_HOME, *OTHER_USER)
    result = host.check(refusing, "--no-files", prefix=prefix)
    assert calm(result, 1).cause == "auth.password-wrong"
    walked = calm(host.run("--plain", refusing, "--no-files", prefix=prefix), 1)
    assert f"There is no home directory: {IN_MEMORY}" in said(walked)
    bare = host.run("check", "--json", "postgresql://127.0.0.1:1/shop", "--no-files", prefix=prefix)
    assert calm(bare, 1).report["status"] == "fault"
