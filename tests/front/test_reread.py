"""`v` reads the settings anew: a fix in a file counts without a new start."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.cli import parser
from wizard.front import interactive, setup


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_file_that_was_corrected_counts(project: Path) -> None:
    env = project / ".env"
    env.write_text("DB_HOST=db.example\nDB_PORT=5433\nDB_USER=app\nDB_ENGINE=postgresql\n", encoding="utf-8")
    given = parser("", "").parse_args([])
    (target,) = setup.discovered(given, None, project)
    env.write_text(
        "# the port was wrong\nDB_HOST=db.example\nDB_PORT=5432\nDB_USER=app\nDB_ENGINE=postgresql\n",
        encoding="utf-8",
    )
    assert interactive.read_again(given, target).port == 5432


def test_file_that_is_gone_leaves_the_target_as_it_was(project: Path) -> None:
    env = project / ".env"
    env.write_text("DATABASE_URL=postgresql://app@db.example:5433/shop\n", encoding="utf-8")
    given = parser("", "").parse_args([])
    (target,) = setup.discovered(given, None, project)
    env.unlink()
    assert interactive.read_again(given, target) == target


def test_stated_target_is_parsed_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = parser("", "").parse_args(["postgresql://app@db.example/shop"])
    target = setup.stated_target(given, project)
    assert target is not None
    assert not target.password
    monkeypatch.setenv("PGPASSWORD", "only-now")
    assert interactive.read_again(given, target).password


def test_typed_target_stays(project: Path) -> None:
    given = parser("", "").parse_args(["postgresql://app@db.example/shop"])
    typed = interactive.parser_of(given)("postgresql://app@other.example/shop")
    assert interactive.read_again(given, typed) is typed
