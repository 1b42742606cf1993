"""What holds for every test: the developer's own databases, settings and sessions stay out of it."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.cli import CACHE

# A shell that runs the tests in the background, or nohup, has them ignore these, and every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
SETTINGS = ("PG", "MYSQL", "MARIADB", "DB_", "DATABASE_", "POSTGRES", "DBWIZARD", "JDBC_")
"""Beginnings of variables from which the program reads connection settings."""
LIVE = Path(__file__).parent / "live"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The live tests are not even looked at where none of them is chosen: that costs each worker seconds."""
    return True if collection_path == LIVE and "not live" in config.option.markexpr else None


@pytest.fixture(scope="session")
def _cache_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all tests share, those of other workers too: what one has read the next one need not read again.

    It is a copy: content that a test makes up is not kept for ever.
    """
    place = tmp_path_factory.getbasetemp()
    shared = (place.parent if "PYTEST_XDIST_WORKER" in os.environ else place) / "cache"
    with suppress(OSError):  # what another worker is just writing there may be gone
        shutil.copytree(CACHE, shared, dirs_exist_ok=True)
    return shared


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _cache_of_this_run: Path
) -> None:
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "no-home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(_cache_of_this_run))
