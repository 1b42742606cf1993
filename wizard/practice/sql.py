"""Just enough reading of SQL to answer a health check: statements, the items of a SELECT, a table of answers.

It is no parser and no database: what it does not know gets an empty result with the right column names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wizard.practice.model import Answer, MysqlError, PostgresError, Settings, Value

Expression = tuple[str, Callable[["re.Match[str]", Settings], Value]]
"""A pattern for a whole expression, and what it is worth under the server's settings."""

_TOKEN = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\w+|\s+|.", re.DOTALL)
_TABLE = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?!DUAL\b|SELECT\b)[`\w]+(?!\s*[.`\w(])|^SHOW\s+TABLES",
    re.IGNORECASE,
)
_READS = ("SELECT", "SHOW", "WITH", "VALUES", "TABLE", "EXPLAIN", "DESCRIBE", "DESC")
_WRITES = ("CREATE", "INSERT", "UPDATE", "DELETE", "ALTER", "DROP", "TRUNCATE", "GRANT", "REVOKE", "REPLACE")


@dataclass(frozen=True)
class Rows:
    """A result set."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...] = ()


@dataclass(frozen=True)
class Dialect:
    """What an engine knows: its answers to whole statements and its expressions."""

    answers: tuple[Answer, ...]
    expressions: tuple[Expression, ...]
    column_name: Callable[[str], str]
    """The name of a column without an alias."""
    words: frozenset[str]
    """What a statement can begin with, in capitals."""


def split(text: str, separator: str) -> list[str]:
    """The parts of `text` between separators that stand outside quotes and parentheses, without comments."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text):
        if token.startswith(("--", "/*")):
            continue
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth <= 0 and token.upper() == separator:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def statements(text: str) -> list[str]:
    """The statements of a query string."""
    return [statement for statement in split(text, ";") if statement]


def first_word(statement: str) -> str:
    """In capitals; "" for nothing."""
    found = re.match(r"\(*\s*(\w+)", statement)
    return found[1].upper() if found else ""


def first_token(statement: str) -> str:
    """The first word or sign, as it is written; "" for nothing."""
    return next((token for token in _TOKEN.findall(statement) if token.strip()), "")


def placeholders(statement: str) -> int:
    """How many values MySQL's `?` ask for."""
    return _TOKEN.findall(statement).count("?")


def needs_database(statement: str) -> bool:
    """Whether MySQL has to know a current database for it: a table is named, and no database before its name."""
    return _TABLE.search(statement) is not None


def is_write(statement: str) -> bool:
    """Whether a read-only server refuses it."""
    return first_word(statement) in _WRITES


def refusal(statement: str, extra: Sequence[Answer]) -> PostgresError | MysqlError | None:
    """The error with which a scenario answers this statement, or None."""
    known = next((one for one in extra if _describes(one, statement)), None)
    return known.error if known is not None else None


def _describes(known: Answer, statement: str) -> bool:
    return re.fullmatch(known.pattern, statement, re.IGNORECASE | re.DOTALL) is not None


def answer(statement: str, dialect: Dialect, settings: Settings, extra: Sequence[Answer] = ()) -> Rows | None:
    """The rows for a statement; None for one that returns none (SET, BEGIN, CREATE …)."""
    for known in (*extra, *dialect.answers):
        if _describes(known, statement):
            rows = known.rows(settings) if callable(known.rows) else known.rows
            return Rows(known.columns, rows)
    word = first_word(statement)
    if word == "SELECT":
        return _select(statement, dialect, settings)
    return Rows(("result",)) if word in _READS else None


def _select(statement: str, dialect: Dialect, settings: Settings) -> Rows:
    body, *source = split(re.sub(r"^\(*\s*SELECT\s", "", statement, flags=re.IGNORECASE), "FROM")
    body = next(iter(split(next(iter(split(body, "WHERE"))), "LIMIT")))
    items = [_alias(item, dialect) for item in split(body, ",")]
    columns = tuple(name for _, name in items)
    if source:
        return Rows(columns)
    try:
        return Rows(columns, (tuple(_value(text, dialect, settings) for text, _ in items),))
    except LookupError:
        return Rows(columns)


def _alias(item: str, dialect: Dialect) -> tuple[str, str]:
    """Expression and column name."""
    found = re.fullmatch(r"(.*\S)\s+AS\s+[\"`]?(\w+)[\"`]?", item, re.IGNORECASE | re.DOTALL)
    return (found[1], found[2]) if found else (item, dialect.column_name(item))


def _value(text: str, dialect: Dialect, settings: Settings) -> Value:
    """What an expression is worth; LookupError for one that is not in the table."""
    cast = re.fullmatch(r"(.*)::\s*(\w+)", text, re.DOTALL)
    if cast:
        return _cast(_value(cast[1].strip(), dialect, settings), cast[2].lower())
    either = split(text, "OR")
    if len(either) > 1:
        return int(any(_value(part, dialect, settings) in (1, "1", True) for part in either))
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"'(?:[^']|'')*'", text):
        return text[1:-1].replace("''", "'")
    if text.lower() in ("true", "false", "null"):
        return {"true": True, "false": False}.get(text.lower())
    for pattern, worth in dialect.expressions:
        found = re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL)
        if found:
            return worth(found, settings)
    raise LookupError(text)


def _cast(value: Value, kind: str) -> Value:
    if value is None:
        return None
    if kind.startswith(("int", "bigint", "smallint")):
        return int(value)
    if kind.startswith("bool"):
        return value in (True, "on", "true", "t", "1")
    return str(value)
