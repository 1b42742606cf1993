"""What migration tools have written down about themselves: which one was used, and whether it failed or still runs.

Reads the tools' own tables, and only those that exist; writes nothing and starts no transaction. A table that this
account may not read is told as such, and never taken for an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from wizard.probes.channel import Channel
from wizard.probes.database import ask
from wizard.probes.outcome import QueryError
from wizard.redact import clean

Row = Mapping[str, "str | None"]
YOUNG = 300
"""Seconds for which an unfinished migration may still be at work."""
RANKS = ("none", "clean", "not-visible", "running", "locked", "failed")
"""The states, the one that is told last wins."""
TABLES = {
    "flyway_schema_history": "flyway",
    "schema_migrations": "golang-migrate",
    "_prisma_migrations": "prisma",
    "databasechangeloglock": "liquibase",
}
"""Table to the tool that makes it. Rails' schema_migrations has no state: it is told apart by its columns."""
REFUSED = ("42501", "1142", "1143")
"""No right to read a table or a column of it: PostgreSQL's SQLSTATE, MySQL's and MariaDB's numbers."""

# What each query gives: state (t or 1 where it is), detail, age in seconds; `busy` whether somebody works on it.
_PG_BUSY = """EXISTS (SELECT 1 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
 WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database())"""
_MY_BUSY = """EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p
 WHERE p.ID <> CONNECTION_ID() AND p.DB = DATABASE() AND p.COMMAND <> 'Sleep')"""
POSTGRES = {
    "flyway": """
SELECT coalesce(version, '') || ' ' || description AS detail, 'f' AS busy, 't' AS certain,
 extract(epoch FROM now() - installed_on::timestamptz)::int AS age
FROM {table} WHERE NOT success ORDER BY installed_rank DESC LIMIT 1""",
    "golang-migrate": f"""
SELECT 'version ' || version::text AS detail, {_PG_BUSY} AS busy, 't' AS certain FROM {{table}} WHERE dirty LIMIT 1""",
    "prisma": f"""
SELECT migration_name AS detail, {_PG_BUSY} AS busy, logs IS NOT NULL AND logs <> '' AS certain,
 extract(epoch FROM now() - started_at)::int AS age
FROM {{table}} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at DESC LIMIT 1""",
    "liquibase": """
SELECT 'locked by ' || coalesce(lockedby, '?') AS detail,
 extract(epoch FROM localtimestamp - lockgranted)::int AS age
FROM {table} WHERE locked LIMIT 1""",
}
MYSQL = {
    "flyway": """
SELECT CONCAT(COALESCE(version, ''), ' ', description) AS detail, 0 AS busy, 1 AS certain,
 TIMESTAMPDIFF(SECOND, installed_on, NOW()) AS age
FROM {table} WHERE NOT success ORDER BY installed_rank DESC LIMIT 1""",
    "golang-migrate": f"""
SELECT CONCAT('version ', version) AS detail, {_MY_BUSY} AS busy, 1 AS certain FROM {{table}} WHERE dirty LIMIT 1""",
    "prisma": """
SELECT migration_name AS detail, IS_USED_LOCK('prisma_migrate') IS NOT NULL AS busy,
 logs IS NOT NULL AND logs <> '' AS certain, TIMESTAMPDIFF(SECOND, started_at, UTC_TIMESTAMP()) AS age
FROM {table} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at DESC LIMIT 1""",
    "liquibase": """
SELECT CONCAT('locked by ', COALESCE(LOCKEDBY, '?')) AS detail,
 TIMESTAMPDIFF(SECOND, LOCKGRANTED, NOW()) AS age
FROM {table} WHERE LOCKED LIMIT 1""",
}


class Migration(NamedTuple):
    """What one tool says of itself. `age` is in seconds, None where the tool writes no time."""

    state: str
    """One of RANKS."""
    tool: str = "none"
    detail: str = ""
    age: int | None = None
    trouble: str = ""


def look(channel: Channel, tables: Iterable[str], until: float) -> Migration:
    """The most serious of what these tables say; their names are as the server wrote them, of TABLES in any case.

    Raises OSError and ProtocolError.
    """
    found = [Migration("none")]
    for table in tables:
        tool = TABLES[table.lower()]
        found.append(_read(channel, table, tool, until))
    return max(found, key=lambda one: RANKS.index(one.state))


def _read(channel: Channel, table: str, tool: str, until: float) -> Migration:
    postgres = channel.greeting is None
    query = (POSTGRES if postgres else MYSQL)[tool].format(table=f'"{table}"' if postgres else f"`{table}`")
    try:
        rows = ask(channel, query, until)
    except QueryError as error:
        if error.code in REFUSED:
            return Migration("not-visible", tool, trouble=f"this account may not read {table} ({tool})")
        # The table bears the tool's name and is somebody else's, or of a version that is made otherwise.
        return Migration("none", trouble=f"{table} is not as {tool} makes it: {clean(error.text, limit=120)}")
    return STATES[tool](tool, rows[0]) if rows else Migration("clean", tool)


def _unfinished(tool: str, row: Row) -> Migration:
    """Failed where the tool says so; running while somebody holds its lock, or when it began a moment ago."""
    age = _age(row)
    certain, busy = row.get("certain") in ("t", "1"), row.get("busy") in ("t", "1")
    young = age is not None and age <= YOUNG and not certain
    return Migration("running" if busy or young else "failed", tool, _detail(row), age)


def _locked(tool: str, row: Row) -> Migration:
    """A lock without a time may be a moment old."""
    age = _age(row)
    return Migration("locked" if age is not None else "running", tool, _detail(row), age)


STATES: dict[str, Callable[[str, Row], Migration]] = {
    "flyway": _unfinished,
    "golang-migrate": _unfinished,
    "prisma": _unfinished,
    "liquibase": _locked,
}


def _detail(row: Row) -> str:
    return clean((row.get("detail") or "").strip(), limit=120)


def _age(row: Row) -> int | None:
    text = row.get("age") or ""
    return max(int(text), 0) if text.lstrip("-").isdigit() else None
