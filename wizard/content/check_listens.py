"""The lint of what listens in a practice scenario: servers, their errors and answers, strangers."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from wizard.content.known import number
from wizard.content.problems import At, Lint, Source
from wizard.practice.load import NOBODY
from wizard.practice.model import (
    AUTHENTICATIONS,
    CERTIFICATES,
    HANDSHAKES,
    MANNERS,
    MOMENTS,
    THEN,
    MysqlServer,
    PostgresServer,
)

MOST_ROWS = 2000
LONGEST_DELAY = 5.0
_CHOICES = {
    "certificate": (CERTIFICATES, "a kind of certificate"),
    "tls": (HANDSHAKES, "an oddity of TLS"),
    "auth": (AUTHENTICATIONS, "a way to authenticate"),
    "cached": (("yes", "no"), "yes or no"),
}
_POSTGRES_ERROR = (("code", "message"), ("place", "detail", "hint", "severity"))
_MYSQL_ERROR = (("number", "sqlstate", "message"), ("ends",))
_SEVERITIES = ("WARNING", "ERROR", "FATAL", "PANIC")


def _keys_of(model: Any) -> tuple[str, ...]:
    """What may be written of a server: the fields of its model."""
    return tuple(field.name.replace("_", "-") for field in fields(model))


_SERVERS = {
    "postgresql": _keys_of(PostgresServer),
    "mysql": _keys_of(MysqlServer),
    "mariadb": _keys_of(MysqlServer),
}
KINDS = (*_SERVERS, "stranger")


def listeners(lint: Lint, source: Source, at: At, written: Any) -> int:
    """Check one listener or a list of them; how many there are."""
    if not isinstance(written, list):
        _listener(lint, source, at, written)
        return 1
    if not written:
        lint.say(source, at, "an empty list is nothing that listens; write 'nobody'")
    for where, one in lint.items(source, at, written):
        _listener(lint, source, where, one)
    return len(written)


def _listener(lint: Lint, source: Source, at: At, written: Any) -> None:
    if isinstance(written, str):
        lint.one_of(source, at, written, NOBODY, "a listener in one word")
        return
    one = lint.mapping(source, at, written)
    if len(one) != 1:
        lint.say(source, at, f"is one of {', '.join((*NOBODY, *KINDS))}; several listeners are a list")
        return
    ((kind, body),) = one.items()
    where = (*at, kind)
    if not lint.one_of(source, where, kind, KINDS, "something that listens"):
        return
    if kind == "stranger":
        _stranger(lint, source, where, lint.mapping(source, where, body))
    else:
        _server(lint, source, where, kind, lint.mapping(source, where, body))


def _stranger(lint: Lint, source: Source, at: At, one: dict[str, Any]) -> None:
    lint.keys(source, at, one, (), ("says", "replies", "then"))
    if "then" in one:
        lint.one_of(source, (*at, "then"), one["then"], THEN, "an end of a stranger")


def _server(lint: Lint, source: Source, at: At, kind: str, one: dict[str, Any]) -> None:
    lint.keys(source, at, one, (), _SERVERS[kind])
    for key, value in one.items():
        where = (*at, key)
        if key in _CHOICES:
            known, what = _CHOICES[key]
            lint.one_of(source, where, value, known, what)
        elif key.endswith("-error"):
            _error(lint, source, where, kind, value)
        elif key == "start-delay":
            _bounded(lint, source, where, value, LONGEST_DELAY, "a number of seconds")
        elif key == "databases":
            lint.texts(source, where, value)
        elif key == "settings":
            lint.mapping(source, where, value)
        elif key == "ends":
            _ending(lint, source, where, value)
        elif key == "answers":
            for place, answer in lint.items(source, where, value):
                _answer(lint, source, place, kind, lint.mapping(source, place, answer))
    if "tls" in one and "certificate" not in one:
        lint.say(source, (*at, "tls"), "a server without a 'certificate' offers no TLS at all")


def _error(lint: Lint, source: Source, at: At, kind: str, written: Any) -> None:
    """What a server says when it refuses."""
    one = lint.mapping(source, at, written)
    required, optional = _POSTGRES_ERROR if kind == "postgresql" else _MYSQL_ERROR
    lint.keys(source, at, one, required, optional)
    if "message" in one:
        lint.text(source, (*at, "message"), one["message"])
    if kind != "postgresql":
        if not re.fullmatch(r"\d{4,5}", str(one.get("number", "1000"))):
            lint.say(source, (*at, "number"), f"'{one['number']}' is no number of an error of MySQL")
        if "ends" in one:
            lint.one_of(source, (*at, "ends"), one["ends"], ("yes", "no"), "yes or no")
    if "severity" in one:
        lint.one_of(source, (*at, "severity"), one["severity"], _SEVERITIES, "a severity")
    if "place" in one and len(str(one["place"]).split()) != 3:
        lint.say(source, (*at, "place"), "is 'file line routine' of the server's source")
    for key in ("code", "sqlstate"):
        if key in one and not re.fullmatch(r"[0-9A-Z]{5}", str(one[key])):
            lint.say(source, (*at, key), f"'{one[key]}' is no SQLSTATE: five digits or capital letters")


def _bounded(lint: Lint, source: Source, at: At, value: Any, most: float, what: str) -> None:
    """A number from 0 to `most`."""
    if not 0 <= number(value, -1.0) <= most:
        lint.say(source, at, f"is {what} from 0 to {most:g}")


def _ending(lint: Lint, source: Source, at: At, written: Any) -> None:
    one = lint.mapping(source, at, written)
    lint.keys(source, at, one, ("at",), ("by",))
    if "at" in one:
        lint.one_of(source, (*at, "at"), one["at"], MOMENTS, "a moment to break off")
    if "by" in one:
        lint.one_of(source, (*at, "by"), one["by"], MANNERS, "a manner to break off")


def _answer(lint: Lint, source: Source, at: At, kind: str, one: dict[str, Any]) -> None:
    lint.keys(source, at, one, ("query",), ("columns", "rows", "error"))
    try:
        re.compile(str(one.get("query", "")))
    except re.error as wrong:
        lint.say(source, (*at, "query"), f"is no regular expression: {wrong}")
    if "error" in one:
        _error(lint, source, (*at, "error"), kind, one["error"])
    columns = lint.texts(source, (*at, "columns"), one.get("columns"))
    for where, written in lint.items(source, (*at, "rows"), one.get("rows")):
        row = written
        if isinstance(written, dict):
            lint.keys(source, where, written, ("times", "row"))
            _bounded(lint, source, (*where, "times"), written.get("times"), MOST_ROWS, "a number of rows")
            row = written.get("row")
        if not isinstance(row, list) or len(row) != len(columns):
            lint.say(source, where, f"a row has a value for each of the {len(columns)} columns")
