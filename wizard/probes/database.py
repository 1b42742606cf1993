"""Inside the database: what kind of server this is, whether it takes writes, whether a read works.

Everything asked here only reads. The one write path is a temporary table inside a transaction that is rolled back,
and only when asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from wizard.core.facts import Value
from wizard.numerals import count
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.greet import note_error
from wizard.probes.outcome import QueryError
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError

QUERY_BOUND = 5.0
Rows = list[dict[str, "str | None"]]

POSTGRES = """
SELECT 1 AS one, pg_catalog.pg_is_in_recovery() AS recovery,
 current_setting('transaction_read_only') AS readonly,
 current_setting('default_transaction_read_only') AS default_readonly,
 current_setting('server_version') AS version, current_setting('statement_timeout') AS statement_timeout,
 pg_catalog.current_database() AS database, current_user AS account,
 pg_catalog.pg_backend_pid() AS session
"""
MYSQL = """
SELECT 1 AS one, @@global.read_only AS readonly,
 @@global.innodb_read_only AS frozen, @@session.tx_read_only AS session_readonly,
 @@version AS version, DATABASE() AS db, CURRENT_USER() AS account,
 CONNECTION_ID() AS session, @@version_comment AS comment
"""
MYSQL8 = MYSQL.replace("@@session.tx_read_only", "@@session.transaction_read_only").replace(
    "@@global.innodb_read_only", "@@global.innodb_read_only OR @@global.super_read_only"
)
GRANTS = "SHOW GRANTS"
WRITE_POSTGRES = (
    "BEGIN",
    "CREATE TEMPORARY TABLE dbwizard_check (one integer) ON COMMIT DROP",
    "INSERT INTO dbwizard_check VALUES (1)",
    "ROLLBACK",
)
WRITE_MYSQL = (
    "START TRANSACTION",
    "CREATE TEMPORARY TABLE dbwizard_check (one integer)",
    "INSERT INTO dbwizard_check VALUES (1)",
    "ROLLBACK",
    "DROP TEMPORARY TABLE IF EXISTS dbwizard_check",
)
_MAY_WRITE_ANYWAY = (
    "ALL PRIVILEGES ON *.*",
    "SUPER",
    "READ_ONLY ADMIN",
    "READ ONLY ADMIN",
    "CONNECTION_ADMIN",
)


def ask(channel: Channel, sql: str, until: float) -> Rows:
    """Rows of one query on either engine. Raises QueryError, OSError and ProtocolError."""
    if channel.asks is not None:
        return channel.asks(sql)
    if channel.driver is not None:
        from wizard.probes import drivers

        channel.record.asked(sql)
        return drivers.query(channel.driver, sql)
    if channel.greeting is not None:
        from wizard.probes import login_mysql

        return login_mysql.query(channel, sql, until)
    from wizard.probes import login_postgres

    return login_postgres.query(channel, sql, until)


@probe(
    "database.inspect",
    provides=(
        "database.outcome",
        "database.query-ms",
        "database.in-recovery",
        "database.read-only",
        "database.default-read-only",
        "pooler",
        "error.text",
        "error.code",
        "error.detail",
        "error.phase",
    ),
    deadline=QUERY_BOUND + 2.0,
)
def inspect(target: Target, runtime: Runtime) -> Report:
    """A first read, and what the server says of itself."""
    report = Report()
    channel = runtime.channel
    if channel is None or not channel.logged_in:
        report.trouble = "there is no session to ask in"
        return report
    until = runtime.until(QUERY_BOUND)
    if channel.greeting is None:
        report.facts["database.query-ms"] = _guarded(report, lambda: _postgres(channel, report, until))
        if not _suits(report, runtime):
            _try_other_hosts(target, runtime, report)
    else:
        report.facts["database.query-ms"] = _guarded(report, lambda: _mysql(channel, target, report, until))
    return report


def _guarded(report: Report, work: Callable[[], None]) -> int:
    """Run `work`; what fails becomes facts. The milliseconds that it took."""
    begun = time.monotonic()
    try:
        work()
    except QueryError as error:
        report.facts["database.outcome"] = "error"
        note_error(report, "database", error.text, error.code, error.detail, "query")
    except TimeoutError:
        report.facts["database.outcome"] = "timeout"
        report.quote("database", f"no answer to a first query within {QUERY_BOUND:.0f} s")
        report.summary = "the session opens, and then a first query is not answered"
    except (OSError, ProtocolError) as error:
        report.facts["database.outcome"] = "lost"
        report.quote("database", str(getattr(error, "strerror", None) or error))
        report.summary = "the session was lost at a first query"
    return round((time.monotonic() - begun) * 1000)


def _postgres(channel: Channel, report: Report, until: float) -> None:
    rows = ask(channel, POSTGRES, until)
    row = rows[0] if rows else {}
    if row.get("one") != "1":
        report.facts["database.outcome"] = "odd"
        report.summary = "a first read gives an answer that makes no sense"
        return
    recovery = row.get("recovery") == "t"
    facts: dict[str, Value] = {
        "database.outcome": "ok",
        "database.in-recovery": recovery,
        "database.read-only": row.get("readonly") == "on" or recovery,
        "database.default-read-only": row.get("default_readonly") == "on",
        "pooler": _between(_own_number(channel), row.get("session"), ""),
    }
    report.facts.update(facts)
    kind = "a standby" if recovery else "read-only" if facts["database.read-only"] else "takes writes"
    report.summary = f"{row.get('database') or '?'} as {row.get('account') or '?'}: reads, {kind}"


def _suits(report: Report, runtime: Runtime) -> bool:
    """Whether this server is of the kind that the target asks for (target_session_attrs)."""
    wanted = runtime.facts.text("target.session") or "unspecified"
    read_only, standby = report.facts.get("database.read-only"), report.facts.get("database.in-recovery")
    if report.facts.get("database.outcome") != "ok" or wanted == "unspecified":
        return True
    return {"primary": not read_only, "read-only": bool(read_only)}.get(wanted, bool(standby))


def _try_other_hosts(target: Target, runtime: Runtime, report: Report) -> None:
    """As the driver does: the next host of the list that is of the wanted kind takes over."""
    from wizard.probes.dial import dial
    from wizard.probes.login import attempt

    first = runtime.channel
    for index, address, _ in runtime.addresses:
        peer = target.hosts[index]
        if first is None or peer == first.peer:
            continue
        try:
            other = dial(target, runtime, peer, address)
        except (OSError, ProtocolError):
            continue
        seen = Report()
        if attempt(other, target, runtime).outcome == "ok":
            until = runtime.until(QUERY_BOUND)
            _guarded(seen, lambda: _postgres(other, seen, until))  # noqa: B023 - called at once
        if seen.facts.get("database.outcome") == "ok" and _suits(seen, runtime):
            first.close()
            runtime.channel = other
            report.facts, report.summary = (
                seen.facts,
                f"{peer.host}:{peer.port} is of the wanted kind: {seen.summary}",
            )
            return
        other.close()


def _set_names(channel: Channel, target: Target, until: float) -> None:
    """Ask for the character set of the settings as the application's driver will; only this session is affected."""
    charset = target.options.get("charset", "")
    if charset and charset.isalnum():
        ask(channel, f"SET NAMES {charset}", until)


def _mysql(channel: Channel, target: Target, report: Report, until: float) -> None:
    _set_names(channel, target, until)
    version = channel.greeting.version if channel.greeting else ""
    old = channel.greeting is not None and (channel.greeting.mariadb or version.startswith("5."))
    try:
        rows = ask(channel, MYSQL if old else MYSQL8, until)
    except QueryError as error:
        if error.code != "1193":
            raise
        rows = ask(channel, MYSQL8 if old else MYSQL, until)
    row = rows[0] if rows else {}
    if row.get("one") != "1":
        report.facts["database.outcome"] = "odd"
        report.summary = "a first read gives an answer that makes no sense"
        return
    frozen = row.get("frozen") not in ("0", "OFF", None)
    read_only = (
        frozen
        or row.get("readonly") not in ("0", "OFF", "NO_LOCK", None)
        or row.get("session_readonly") == "1"
    )
    exempt = read_only and not frozen and _exempt(channel, until)
    report.facts.update(
        {
            "database.outcome": "ok",
            "database.in-recovery": False,
            "database.read-only": read_only and not exempt,
            "database.default-read-only": read_only,
            "pooler": _between(
                _own_number(channel), row.get("session"), f"{version} {row.get('comment') or ''}"
            ),
        }
    )
    kind = "read-only" if read_only else "takes writes"
    report.summary = f"{row.get('db') or 'no database chosen'} as {row.get('account') or '?'}: reads, {kind}"


def _own_number(channel: Channel) -> int:
    """The number of this session as the one who answers gave it at the login; 0 where it gave none."""
    if channel.greeting is not None:
        return channel.greeting.thread_id
    driver = getattr(channel.driver, "info", None)
    return int(driver.backend_pid) if driver is not None else channel.session_id


def _between(given: int, told: str | None, words: str) -> str:
    """Which pooler stands between: with none, the server itself knows the session under the number given."""
    words = words.lower()
    named = next((name for name in ("proxysql", "maxscale") if name in words), "")
    if named:
        return named
    number = count(told, 20)
    same = given == 0 or number is None or number % (1 << 32) == given
    return "none" if same else "other"


def _exempt(channel: Channel, until: float) -> bool:
    """Whether this account may write although the server is read-only (SUPER, READ ONLY ADMIN)."""
    try:
        grants = [value or "" for row in ask(channel, GRANTS, until) for value in row.values()]
    except QueryError:
        return False
    return any(word in grant for grant in grants for word in _MAY_WRITE_ANYWAY if " ON *.*" in grant)


@probe(
    "database.write-path",
    provides=("database.write", "error.text", "error.code", "error.detail", "error.phase"),
    deadline=QUERY_BOUND + 2.0,
)
def write_path(target: Target, runtime: Runtime) -> Report:
    """One row in a temporary table, in a transaction that is rolled back; only when asked for."""
    if not runtime.write_path:
        return Report({"database.write": "not-asked"})
    report = Report()
    channel = runtime.channel
    if channel is None or not channel.logged_in:
        report.trouble = "there is no session to write in"
        return report
    until = runtime.until(QUERY_BOUND)
    statements = WRITE_POSTGRES if channel.greeting is None else WRITE_MYSQL

    def work() -> None:
        for statement in statements:
            ask(channel, statement, until)
        report.facts["database.write"] = "ok"
        report.summary = "a write works (temporary table, rolled back)"

    _guarded(report, work)
    if "error.text" in report.facts:
        report.facts["database.write"] = "refused"
        _undo(channel, until)
    report.facts.pop("database.outcome", None)
    return report


def _undo(channel: Channel, until: float) -> None:
    # The session's end rolls back all the same.
    with suppress(QueryError, OSError, ProtocolError):
        ask(channel, "ROLLBACK", until)
