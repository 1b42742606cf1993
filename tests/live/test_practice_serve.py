"""The engines' own clients, pointed at `practice --serve` with what it prints to be pasted."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.serving import PATIENCE, Served, serving


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def program(*command: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], **env}
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environ, check=False)


def to_paste(served: Served, name: str) -> str:
    """The line that begins with this program."""
    return next(line.strip() for line in served.output.splitlines() if line.strip().startswith(f"{name} "))


def test_psql_sees_the_fault_by_the_exported_environment_alone(cli: Cli) -> None:
    with serving(cli, "wrong-password") as served:
        done = program("psql", "-c", "select 1", env=served.exported())
        assert 'FATAL:  password authentication failed for user "app"' in done.stderr
        assert "application psql" in served.wait_for("user app")


def test_psql_logs_in_over_tls_where_nothing_is_wrong(cli: Cli) -> None:
    with serving(cli, "healthy-postgresql") as served:
        done = program("sh", "-c", f"{to_paste(served, 'psql')} -Atc 'select 1'", env={})
        assert done.stdout == "1\n", done.stderr
        assert "with TLS; logged in" in served.wait_for("user app")


def test_mariadb_sees_the_number(cli: Cli) -> None:
    with serving(cli, "mysql-too-many-connections") as served:
        done = program("sh", "-c", to_paste(served, "mariadb"), env={})
        # A client that insists on TLS wraps the error, which comes before TLS.
        assert re.search(r"\b1040\b.*Too many connections", done.stderr)
        assert "sent ERROR 1040: Too many connections" in served.wait_for("sent ERROR")
