"""What holds for every test: the developer's own databases, settings and sessions stay out of it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# A shell that runs the tests in the background has them ignore SIGINT, and every program that they start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
SETTINGS = ("PG", "MYSQL", "MARIADB", "DB_", "DATABASE_", "POSTGRES", "DBWIZARD", "JDBC_")
"""Beginnings of variables from which the program reads connection settings."""


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "no-home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
