"""The cache of content: many first runs at once, versions side by side, an installation that nobody may write."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.hosts.test_folders import calm
from tests.support.cli import ROOT, Cli, Result

pytestmark = pytest.mark.slow
ERROR = "FATAL: sorry, too many clients already"
AT_ONCE = 4
MODES = [("-W", "error::DeprecationWarning"), ("-OO",), ("-X", "dev"), ("-P",)]


def explained(result: Result) -> None:
    assert "capacity.max-connections" in calm(result, 0).stdout


def test_many_first_runs_at_once(host: Cli, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environ = {"XDG_CACHE_HOME": str(cache)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(host.run, "explain", "--short", ERROR, env=environ) for _ in range(AT_ONCE)]
        for run in runs:
            explained(run.result())
    kept = [path for path in cache.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if path.suffix[1:].isdigit()], "drafts are left behind"


def test_a_cache_that_is_nonsense_is_read_anew(host: Cli, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environ = {"XDG_CACHE_HOME": str(cache)}
    explained(host.run("explain", "--short", ERROR, env=environ))
    for nonsense in (lambda data: data[: len(data) // 2], lambda data: b"\0nonsense", lambda data: b""):
        for path in [path for path in cache.rglob("*") if path.is_file()]:
            path.write_bytes(nonsense(path.read_bytes()))
        explained(host.run("explain", "--short", ERROR, env=environ))


@pytest.mark.parametrize("options", MODES)
def test_every_mode_of_the_interpreter(host: Cli, refusing: str, options: tuple[str, ...]) -> None:
    if options == ("-P",) and sys.version_info < (3, 11):
        options = ()  # this one came with 3.11
    command = [sys.executable, *options, "-m", "wizard", "check", "--json", refusing, "--no-files"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=host.environment({}),
        cwd=host.cwd,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert '"auth.password-wrong"' in done.stdout


def test_the_folders_of_the_program_are_not_written(host: Cli) -> None:
    before = sorted(str(path) for path in (ROOT / "decision_trees").rglob("*"))
    explained(host.run("explain", "--short", ERROR, env={"XDG_CACHE_HOME": "/proc/no-cache"}))
    assert sorted(str(path) for path in (ROOT / "decision_trees").rglob("*")) == before
