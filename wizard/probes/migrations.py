"""What migration tools have written down about themselves: which one was used, and whether it failed or still runs.

Reads the tools' own tables, and only those that exist; writes nothing and starts no transaction. A table that this
account may not read is told as such, and never taken for an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from wizard.named import NamedTuple
from wizard.numerals import whole
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

SALT = 1486364155
"""What golang-migrate multiplies into the number of its lock (database/util.go, advisoryLockIDSalt)."""
SURE_AFTER = "26"
"""Hours after which a time of any zone has passed: the clocks of the earth are that far apart."""

# What each query gives: detail, age in seconds, `certain` (t or 1) where no guess is left, and `busy` where somebody
# works on it. A standby does not show the locks and sessions of its primary: there everything may be busy.
_PG_LOCKS = """FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
 WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objsubid = 1 AND d.datname = current_database()"""
POSTGRES = {
    "flyway": """
SELECT coalesce(version, '') || ' ' || description AS detail, 'f' AS busy, 't' AS certain,
 extract(epoch FROM now() - installed_on::timestamptz)::int AS age
FROM {table} WHERE NOT success ORDER BY installed_rank DESC LIMIT 1""",
    "golang-migrate": f"""
SELECT 'version ' || version::text AS detail, pg_is_in_recovery() AS busy, 't' AS certain,
 current_database() AS database, (SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n
  ON n.oid = c.relnamespace WHERE c.oid = to_regclass('{{table}}')) AS schema,
 (SELECT string_agg(l.objid::text, ' ') {_PG_LOCKS}) AS held
FROM {{table}} WHERE dirty LIMIT 1""",
    "prisma": f"""
SELECT migration_name AS detail,
 pg_is_in_recovery() OR EXISTS (SELECT 1 {_PG_LOCKS} AND l.objid = 72707369) AS busy,
 logs IS NOT NULL AND logs <> '' AS certain,
 extract(epoch FROM now() - started_at)::int AS age
FROM {{table}} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at DESC LIMIT 1""",
    "liquibase": """
SELECT 'locked by ' || coalesce(lockedby, '?')
  || coalesce(to_char(lockgranted, '" at "YYYY-MM-DD HH24:MI:SS", by its own clock"'), '') AS detail,
 CASE WHEN lockgranted < localtimestamp - interval '{hours} hours' THEN
  extract(epoch FROM localtimestamp - lockgranted)::bigint END AS age,
 NOT pg_is_in_recovery() AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()) AS alone
FROM {table} WHERE locked LIMIT 1""",
}
MYSQL = {
    "flyway": """
SELECT CONCAT(COALESCE(version, ''), ' ', description) AS detail, 0 AS busy, 1 AS certain,
 TIMESTAMPDIFF(SECOND, installed_on, NOW()) AS age
FROM {table} WHERE NOT success ORDER BY installed_rank DESC LIMIT 1""",
    "golang-migrate": f"""
SELECT CONCAT('version ', version) AS detail, @@global.read_only OR
 IS_USED_LOCK(CAST(CRC32(CONCAT(DATABASE(), ':schema_migrations')) * {SALT} % 4294967296 AS CHAR)) IS NOT NULL AS busy,
 1 AS certain FROM {{table}} WHERE dirty LIMIT 1""",
    "prisma": """
SELECT migration_name AS detail, @@global.read_only OR IS_USED_LOCK('prisma_migrate') IS NOT NULL AS busy,
 logs IS NOT NULL AND logs <> '' AS certain, TIMESTAMPDIFF(SECOND, started_at, UTC_TIMESTAMP()) AS age
FROM {table} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at DESC LIMIT 1""",
    "liquibase": """
SELECT CONCAT('locked by ', COALESCE(LOCKEDBY, '?'),
  COALESCE(CONCAT(' at ', DATE_FORMAT(LOCKGRANTED, '%Y-%m-%d %H:%i:%s'), ', by its own clock'), '')) AS detail,
 CASE WHEN LOCKGRANTED < NOW() - INTERVAL {hours} HOUR THEN TIMESTAMPDIFF(SECOND, LOCKGRANTED, NOW()) END AS age,
 NOT @@global.read_only
 AND NOT EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p WHERE p.ID <> CONNECTION_ID() AND p.DB = DATABASE())
 AND (SELECT COUNT(*) FROM information_schema.PROCESSLIST p WHERE p.COMMAND <> 'Daemon')
  >= (SELECT VARIABLE_VALUE + 0 FROM {status} WHERE VARIABLE_NAME = 'THREADS_CONNECTED') AS alone
FROM {table} WHERE LOCKED LIMIT 1""",
}


STATUS = {True: "information_schema.GLOBAL_STATUS", False: "performance_schema.global_status"}
"""Where MariaDB (True) and MySQL count their connections."""


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
    query = (POSTGRES if postgres else MYSQL)[tool].format(
        table=f'"{table}"' if postgres else f"`{table}`",
        hours=SURE_AFTER,
        status=STATUS[_is_mariadb(channel)],
    )
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
    certain, busy = (
        row.get("certain") in ("t", "1"),
        row.get("busy") in ("t", "1") or _golang_lock_is_held(row),
    )
    young = age is not None and age <= YOUNG and not certain
    return Migration("running" if busy or young else "failed", tool, _detail(row), age)


def _locked(tool: str, row: Row) -> Migration:
    """Left behind where nobody else is there who could hold it, or where it is old in every time zone.

    The tool writes the local time of its own machine, so a younger one proves nothing.
    """
    age, detail = _age(row), _detail(row)
    if row.get("alone") in ("t", "1"):
        return Migration("locked", tool, f"{detail}; no other session is in this database", age)
    return Migration("locked" if age is not None else "running", tool, detail, age)


def _golang_lock_is_held(row: Row) -> bool:
    """Whether one of the advisory locks that are held is golang-migrate's for this table (database/util.go)."""
    held = (row.get("held") or "").split()
    if not held:
        return False
    from binascii import crc32

    database, schema = row.get("database") or "", row.get("schema") or ""
    names = (f"{schema}\0schema_migrations\0{database}", f"{schema}\0{database}", database)
    return any(str(crc32(name.encode()) * SALT % 2**32) in held for name in names)


def _is_mariadb(channel: Channel) -> bool:
    return channel.greeting is not None and channel.greeting.mariadb


STATES: dict[str, Callable[[str, Row], Migration]] = {
    "flyway": _unfinished,
    "golang-migrate": _unfinished,
    "prisma": _unfinished,
    "liquibase": _locked,
}


def _detail(row: Row) -> str:
    return clean((row.get("detail") or "").strip(), limit=120)


def _age(row: Row) -> int | None:
    age = whole(row.get("age"))
    return None if age is None else max(age, 0)
