"""Other readings of a password, and what the redactor has to know of a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.redact import Redactor
from wizard.target.discover import discover
from wizard.target.model import Secret, Target
from wizard.target.parse import parse_target
from wizard.target.readings import password_form, readings, secrets_of


def stated(password: str, **more: object) -> Target:
    target = Target("postgresql", password=Secret(password), password_source="DB_PASSWORD")
    return target._replace(**more)  # type: ignore[arg-type]


def told(target: Target) -> list[tuple[str, str]]:
    return [(one.form, one.secret.reveal()) for one in readings(target)]


@pytest.mark.parametrize(
    ("password", "form", "others"),
    [
        ("s3cret", "plain", []),
        ("100%", "plain", []),
        ("p%40ss", "percent", [("decoded", "p@ss")]),
        ("p%2540ss", "percent", [("decoded", "p%40ss")]),
        ("s3cret\n", "newline-end", [("trimmed", "s3cret")]),
        ("s3cret\r\n", "newline-end", [("trimmed", "s3cret")]),
        (" s3cret", "blank-end", [("trimmed", "s3cret")]),
        ("'s3cret'", "quoted", [("unquoted", "s3cret")]),
        (
            '"p%40ss"\n',
            "newline-end",
            [("trimmed", '"p%40ss"'), ("unquoted", "p%40ss"), ("decoded", '"p@ss"')],
        ),
        ("''", "plain", []),
        ("' ", "blank-end", [("trimmed", "'")]),
        ("\n", "newline-end", []),
    ],
)
def test_what_a_password_may_have_been(password: str, form: str, others: list[tuple[str, str]]) -> None:
    target = stated(password)
    assert password_form(target) == form
    assert told(target) == others
    assert all(one.source == "DB_PASSWORD" for one in readings(target))


def test_no_password_has_no_readings() -> None:
    target = Target("postgresql", alternatives=(("elsewhere", Secret("other")),))
    assert (password_form(target), readings(target), secrets_of(target, None)) == ("none", (), [])


def test_the_other_sources_come_before_the_undecoded_url() -> None:
    target = stated("p@ss", password_raw=Secret("p%40ss"), alternatives=((".env:2", Secret("older")),))
    assert password_form(target) == "decoded"
    assert told(target) == [("other-source", "older"), ("encoded", "p%40ss")]


@pytest.mark.parametrize(
    ("text", "password", "raw"),
    [
        ("postgresql://u:p%40ss@h/d", "p@ss", "p%40ss"),
        ("postgresql://u:pass@h/d", "pass", None),
        ("postgresql://u@h/d?password=p%40ss", "p@ss", "p%40ss"),
        ("postgresql://u:gone%40@h/d?password=plain", "plain", None),
        ("jdbc:postgresql://h/d?user=u&password=a+b", "a b", "a+b"),
        ("host=h user=u password=p%40ss", "p%40ss", None),
    ],
)
def test_how_the_password_was_written(text: str, password: str, raw: str | None) -> None:
    target = parse_target(text, environ={}, home=None)
    assert target.password == Secret(password)
    assert target.password_raw == (None if raw is None else Secret(raw))


def test_a_password_given_apart_was_not_decoded() -> None:
    target = parse_target("postgresql://u:p%40ss@h/d", environ={}, home=None, password=Secret("typed"))
    assert (target.password, target.password_raw) == (Secret("typed"), None)


def test_sources_that_disagree_bring_their_passwords_along(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD=old-one\nDB_HOST=h\nDB_USER=app\nDB_CONNECTION=pgsql\n")
    environ = {"DB_PASSWORD": "new-one", "DB_HOST": "h", "DB_USER": "app", "DB_CONNECTION": "pgsql"}
    first = discover(environ, tmp_path, None).targets[0]
    assert first.password == Secret("new-one")
    assert first.alternatives == ((".env:1 DB_PASSWORD", Secret("old-one")),)
    assert [conflict.key for conflict in first.conflicts] == ["password"]


def test_every_reading_is_known_to_the_redactor() -> None:
    target = stated(" 'hunter2-%41' ", alternatives=(("elsewhere", Secret("correct-horse")),))
    gate = Redactor(secrets_of(target, stated("battery-staple")))
    said = " ".join(["hunter2-%41", "'hunter2-A'", "correct-horse", "battery-staple", "plain words"])
    assert gate.text(said).count("•••") == 4
    assert gate.text(said).endswith("plain words")
