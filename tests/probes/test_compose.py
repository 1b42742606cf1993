"""What a Compose file says about the target's database; its passwords are compared and never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probes.peers import run, runtime_for
from wizard.probes.base import Report

FILE = """\
services:
  app:
    image: shop
  db:
    image: postgres:16
    ports: ["5433:5432"]
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: "${SECRET}", POSTGRES_DB: shop}
  old:
    image: mariadb:11
    environment: {MARIADB_USER: app, MARIADB_PASSWORD: other, MARIADB_ROOT_PASSWORD: hunter2}
"""


def look(tmp_path: Path, text: str, file: str = FILE) -> Report:
    (tmp_path / "compose.yaml").write_text(file)
    (tmp_path / ".env").write_text("SECRET=hunter2\n")
    runtime = runtime_for(text)
    runtime.cwd = tmp_path
    report = run(runtime, "compose.inspect")
    assert "hunter2" not in repr((report.facts, report.summary, report.trouble, report.evidence))
    return report


@pytest.mark.parametrize(
    ("text", "service", "fits", "password", "creates"),
    [
        ("postgresql://app:hunter2@localhost:5433/shop", "db", "yes", "same", ("user", "database")),
        ("postgresql://app:hunter2@localhost:5432/shop", "db", "no", "same", ("user", "database")),
        ("postgresql://app:wrong@db:5432/other", "db", "yes", "differs", ("user",)),
        ("postgresql://app@db:5433/shop", "db", "no", "none", ("user", "database")),
        ("postgresql://bob:hunter2@db/shop", "db", "yes", "none", ("database",)),
        ("postgresql://app:hunter2@db.example.com/shop", "none", "none", "none", ("none",)),
        ("mysql://root:hunter2@old/shop", "old", "yes", "same", ("user",)),
        ("mysql://app:hunter2@127.0.0.1/shop", "old", "none", "differs", ("user",)),
    ],
)
def test_the_service_that_the_target_is(
    tmp_path: Path, text: str, service: str, fits: str, password: str, creates: tuple[str, ...]
) -> None:
    facts = look(tmp_path, text).facts
    assert facts["compose.service"] == service
    assert facts["compose.port-fits"] == fits
    assert facts["compose.password"] == password
    assert facts["compose.creates"] == creates


def test_no_file_is_looked_for_where_none_may_be() -> None:
    facts = run(runtime_for("postgresql://app@localhost/shop"), "compose.inspect").facts
    assert (facts["compose.outcome"], facts["compose.password"]) == ("none", "none")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    report = look(tmp_path, "postgresql://app@localhost/shop", "services: [\n")
    assert report.facts["compose.outcome"] == "unreadable"
    assert "compose.yaml is no valid YAML" in report.trouble


@pytest.mark.parametrize(
    ("app", "check", "waits", "checked"),
    [
        ("", "", "nobody", "no"),
        ("depends_on: [db]", "", "started", "no"),
        ("depends_on: {db: {condition: service_started}}", "healthcheck: {test: [CMD, pg_isready]}", "started", "yes"),
        ("depends_on: {db: {condition: service_healthy}}", "healthcheck: {test: pg_isready}", "healthy", "yes"),
        ("depends_on: {db: {condition: service_healthy}}", "healthcheck: {disable: true}", "healthy", "no"),
        ("depends_on: {cache: {}}", "healthcheck: nonsense", "nobody", "no"),
        ("depends_on: db", "", "nobody", "no"),
    ],
)  # fmt: skip
def test_what_is_started_after_the_database(
    tmp_path: Path, app: str, check: str, waits: str, checked: str
) -> None:
    file = f"services:\n  app:\n    image: shop\n    {app}\n  db:\n    image: postgres:16\n    {check}\n"
    facts = look(tmp_path, "postgresql://app@db/shop", file).facts
    assert (facts["compose.waits"], facts["compose.healthcheck"]) == (waits, checked)
