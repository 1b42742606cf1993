"""What the server and the migration tools know of the application: time-outs, start times, migrations. Only reads.

One query where there is nothing to see; one more for each table of a migration tool that exists.
"""

from __future__ import annotations

import time

from wizard.core.facts import Value
from wizard.named import TYPE_CHECKING
from wizard.numerals import count
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.database import ask
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError

if TYPE_CHECKING:
    from wizard.probes.migrations import Migration

BOUND = 5.0
MOST_PACKET = 2**31
POSTGRES = """
SELECT current_setting('statement_timeout') AS statement_timeout, current_setting('lock_timeout') AS lock_timeout,
 current_setting('idle_session_timeout', true) AS idle_timeout,
 current_setting('idle_in_transaction_session_timeout', true) AS idle_transaction_timeout,
 current_setting('tcp_keepalives_idle', true) AS keepalive,
 extract(epoch FROM now() - pg_catalog.pg_postmaster_start_time())::bigint AS uptime,
 CASE WHEN to_regclass('flyway_schema_history') IS NOT NULL THEN 'flyway_schema_history' END AS table_1,
 (SELECT 'schema_migrations' FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('schema_migrations')
  AND attname = 'dirty' AND NOT attisdropped) AS table_2,
 CASE WHEN to_regclass('_prisma_migrations') IS NOT NULL THEN '_prisma_migrations' END AS table_3,
 CASE WHEN to_regclass('databasechangeloglock') IS NOT NULL THEN 'databasechangeloglock' END AS table_4
"""
_MYSQL = """
SELECT @@session.lock_wait_timeout AS table_lock_timeout, @@session.innodb_lock_wait_timeout AS row_lock_timeout,
 @@session.wait_timeout AS idle_timeout, @@global.max_allowed_packet AS max_packet, {statement} AS statement_timeout,
 (SELECT VARIABLE_VALUE FROM {status} WHERE VARIABLE_NAME = 'UPTIME') AS uptime,
 (SELECT GROUP_CONCAT(TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN
  ('flyway_schema_history', '_prisma_migrations', 'DATABASECHANGELOGLOCK', 'databasechangeloglock')) AS tables,
 (SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = 'schema_migrations' AND COLUMN_NAME = 'dirty') AS dirty
"""
MARIADB = _MYSQL.format(
    statement="@@session.max_statement_time * 1000", status="information_schema.GLOBAL_STATUS"
)
MYSQL = _MYSQL.format(statement="@@session.max_execution_time", status="performance_schema.global_status")
_UNITS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
Row = dict[str, "str | None"]


@probe(
    "app.inspect",
    provides=(
        "app.migrations",
        "app.migration-tool",
        "app.migration-detail",
        "app.migration-age",
        "app.started",
        "app.started-before",
        "server.statement-timeout",
        "server.lock-timeout",
        "server.idle-timeout",
        "server.idle-transaction-timeout",
        "server.keepalive-idle",
        "server.max-packet",
        "server.started",
        "pool.recycle",
        "pool.recycle-fits",
    ),
    deadline=BOUND + 2.0,
)
def inspect(target: Target, runtime: Runtime) -> Report:
    """Time-outs, the server's start and the state of migrations. `app.migrations` and `app.started` are always told."""
    report = Report({"app.migrations": "not-visible", "app.migration-tool": "none", "app.started": "none"})
    channel = runtime.channel
    if channel is None or not channel.logged_in:
        report.trouble = "there is no session to ask in"
        return report
    try:
        _look(channel, target, runtime, report)
    except QueryError as error:
        report.trouble = f"the server does not show its time-outs: {clean(str(error), limit=200)}"
    except (OSError, ProtocolError) as error:
        report.trouble = f"the session was lost at a question: {clean(str(error), limit=200)}"
    return report


def _look(channel: Channel, target: Target, runtime: Runtime, report: Report) -> None:
    from wizard.probes import migrations

    until = runtime.until(BOUND)
    postgres = channel.greeting is None
    mariadb = channel.greeting is not None and channel.greeting.mariadb
    rows = ask(channel, POSTGRES if postgres else MARIADB if mariadb else MYSQL, until)
    if not rows:
        report.trouble = "the server does not show its time-outs"
        return
    row = rows[0]
    report.facts.update(_postgres_limits(row) if postgres else _mysql_limits(row))
    report.facts.update(_starts(row, runtime))
    found = migrations.look(channel, _tables(row), until)
    report.facts["app.migrations"] = found.state
    report.facts["app.migration-tool"] = found.tool
    report.facts["app.migration-detail"] = found.detail or "none"
    if found.age is not None:
        report.facts["app.migration-age"] = found.age
    report.trouble = found.trouble
    report.summary = _summary(found)
    if found.state in ("failed", "locked", "running"):
        report.quote("app", report.summary)
    _recycling(target, runtime, report)


def _summary(found: Migration) -> str:
    if found.state in ("none", "not-visible"):
        return "its time-outs are read; no table of a migration tool was found"
    what = f" ({found.detail})" if found.detail else ""
    since = f", since {found.age} s" if found.age is not None and found.state != "clean" else ""
    return f"migrations of {found.tool}: {found.state}{what}{since}"


def _recycling(target: Target, runtime: Runtime, report: Report) -> None:
    from wizard.probes.pool import recycling

    limit = report.facts.get("server.idle-timeout")
    report.facts.update(recycling(target, runtime, limit if isinstance(limit, int) else None))


def _tables(row: Row) -> list[str]:
    """The tables of migration tools that exist; a name that nobody asked for is not taken from a server."""
    from wizard.probes.migrations import TABLES

    named = [*(row.get(f"table_{number}") for number in (1, 2, 3, 4)), row.get("dirty")]
    named += (row.get("tables") or "").split(",")
    return [one for one in dict.fromkeys(named) if one and one.lower() in TABLES]


def milliseconds(text: str | None) -> int | None:
    """Milliseconds of a setting as PostgreSQL shows it (`0`, `250ms`, `5min`) or MySQL (`1500.000000`), or None."""
    if not text:
        return None
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    whole = count(digits.partition(".")[0])
    unit = _UNITS.get(text[len(digits) :])
    return whole * unit if unit is not None and whole is not None else None


def _postgres_limits(row: Row) -> dict[str, Value]:
    """The time-outs of this very account and database, statements and locks in milliseconds, the rest in seconds."""
    read = {key: milliseconds(row.get(key)) for key in row}
    keepalive = (row.get("keepalive") or "").removesuffix("s")
    told: dict[str, int | None] = {
        "server.statement-timeout": read.get("statement_timeout"),
        "server.lock-timeout": read.get("lock_timeout"),
        "server.idle-timeout": _whole_seconds(read.get("idle_timeout")),
        "server.idle-transaction-timeout": _whole_seconds(read.get("idle_transaction_timeout")),
        "server.keepalive-idle": count(keepalive),
    }
    if "idle_timeout" in row and row["idle_timeout"] is None:
        told["server.idle-timeout"] = 0  # before PostgreSQL 14 no idle session is ended
    return {key: value for key, value in told.items() if value is not None}


def _whole_seconds(length: int | None) -> int | None:
    """Seconds of milliseconds; what is not zero stays so."""
    return None if length is None else -(-length // 1000)


def _mysql_limits(row: Row) -> dict[str, Value]:
    """The time-outs of this session, statements and locks in milliseconds, the rest in seconds; the packet in bytes."""
    written = (count(row.get(key)) for key in ("table_lock_timeout", "row_lock_timeout"))
    locks = [seconds for seconds in written if seconds is not None]
    packet = count(row.get("max_packet"))
    told: dict[str, int | None] = {
        "server.statement-timeout": milliseconds(row.get("statement_timeout")),
        "server.lock-timeout": min(locks) * 1000 if locks else None,
        "server.idle-timeout": count(row.get("idle_timeout")),
        "server.max-packet": packet if packet is not None and packet < MOST_PACKET else None,
    }
    return {key: value for key, value in told.items() if value is not None}


def _starts(row: Row, runtime: Runtime) -> dict[str, Value]:
    """When the server started, and whether the application's process did so before it.

    The server tells how long it runs: the two clocks need not agree.
    """
    uptime = count(row.get("uptime"), 10)
    if uptime is None:
        return {}
    started = time.time() - uptime
    facts: dict[str, Value] = {"server.started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))}
    process = runtime.process
    if process is not None and process.started:
        before = round(started - process.started)
        facts["app.started"] = "before-server" if before > 0 else "after-server"
        if before > 0:
            facts["app.started-before"] = before
    return facts
