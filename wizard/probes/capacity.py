"""How close the server is to its limits, who holds the connections, and who waits for whom. Only reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.database import Rows, ask
from wizard.probes.greet import note_error
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError

BOUND = 5.0
CANCELLED = ("57014", "1969", "3024")
"""A statement that was cancelled by a timeout: PostgreSQL's SQLSTATE, MariaDB's and MySQL's numbers."""
WAITED = 2
"""Seconds after which a session counts as waiting for a lock."""

# `datid` marks client sessions also where the role may not see `backend_type` of others.
PG_SESSIONS = """
SELECT pid, usename, datname, application_name AS app, state, backend_type,
 extract(epoch FROM now() - state_change)::int AS age, pid = pg_backend_pid() AS own,
 left(query, 200) AS query
FROM pg_catalog.pg_stat_activity
WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
"""
PG_LIMITS = """
SELECT current_setting('max_connections') AS most,
 current_setting('superuser_reserved_connections') AS super_reserved,
 coalesce(current_setting('reserved_connections', true), '0') AS reserved,
 (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role_limit,
 (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS super,
 (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()) AS database_limit,
 current_user AS role, current_database() AS database
"""
PG_WAITS = """
SELECT l.pid, l.mode, l.locktype, pg_catalog.pg_blocking_pids(l.pid) AS blockers,
 extract(epoch FROM now() - coalesce(a.state_change, a.query_start))::int AS age, left(a.query, 200) AS query
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE NOT l.granted
"""
MY_LIMITS = """
SELECT @@global.max_connections AS most, @@global.max_user_connections AS user_limit,
 @@session.max_user_connections AS own_limit, CURRENT_USER() AS role
"""
MY_CONNECTED = "SHOW GLOBAL STATUS LIKE 'Threads_connected'"
MY_SESSIONS = """
SELECT ID AS pid, USER AS usename, DB AS datname, HOST AS app, COMMAND AS command, TIME AS age,
 STATE AS state, LEFT(INFO, 200) AS query, ID = CONNECTION_ID() AS own
FROM information_schema.PROCESSLIST WHERE COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')
"""
MY_TRANSACTIONS = "SELECT trx_mysql_thread_id AS pid FROM information_schema.INNODB_TRX"
MARIA_WAITS = """
SELECT r.trx_mysql_thread_id AS pid, b.trx_mysql_thread_id AS blocker,
 TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) AS age, LEFT(r.trx_query, 200) AS query
FROM information_schema.INNODB_LOCK_WAITS w
JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id
"""
MYSQL_WAITS = """
SELECT waiting_pid AS pid, blocking_pid AS blocker, wait_age_secs AS age, LEFT(waiting_query, 200) AS query
FROM sys.innodb_lock_waits
"""
DDL = (
    "alter",
    "create",
    "drop",
    "truncate",
    "reindex",
    "cluster",
    "refresh",
    "rename",
    "optimize",
    "vacuum full",
)
PROVIDES = (
    "capacity.outcome",
    "capacity.slots-max",
    "capacity.slots-used",
    "capacity.slots-reserved",
    "capacity.free-percent",
    "capacity.limited-by",
    "capacity.role-limit",
    "capacity.database-limit",
    "capacity.idle",
    "capacity.idle-in-transaction",
    "capacity.active",
    "capacity.oldest-idle-seconds",
    "capacity.held-by",
    "capacity.top-application",
    "capacity.top-role",
    "capacity.waiting",
    "capacity.lock-kind",
    "capacity.blocker-pid",
    "capacity.blocker-query",
    "error.text",
    "error.code",
    "error.detail",
    "error.phase",
)


@probe("capacity.inspect", provides=PROVIDES, deadline=BOUND + 3.0)
def inspect(target: Target, runtime: Runtime) -> Report:
    """Slots by kind, sessions by state, waits by root blocker."""
    report = Report()
    channel = runtime.channel
    if channel is None or not channel.logged_in:
        report.trouble = "there is no session to ask in"
        return report
    try:
        until = runtime.until(BOUND)
        _postgres(channel, report, until) if channel.greeting is None else _mysql(channel, report, until)
        report.facts["capacity.outcome"] = "ok"
    except QueryError as error:
        if error.code in CANCELLED:
            report.facts["capacity.outcome"] = "cancelled"
            note_error(report, "capacity", error.text, error.code, error.detail, "query")
            return report
        report.facts["capacity.outcome"] = "not-visible"
        report.trouble = (
            f"the server does not show its sessions to this account: {clean(str(error), limit=200)}"
        )
    except (OSError, ProtocolError, ValueError) as error:
        report.facts["capacity.outcome"] = "lost"
        report.trouble = f"the session was lost while sessions were counted: {clean(str(error), limit=200)}"
    return report


def _number(text: str | None) -> int:
    return int(text) if text and text.lstrip("-").isdigit() else 0


def _postgres(channel: Channel, report: Report, until: float) -> None:
    rows = ask(channel, PG_LIMITS, until)
    if not rows or not rows[0].get("most"):
        raise ValueError("the server did not tell its limits")
    limits = rows[0]
    sessions = [row for row in ask(channel, PG_SESSIONS, until) if row.get("own") != "t"]
    most = _number(limits["most"])
    held_back = (
        0 if limits.get("super") == "t" else _number(limits["super_reserved"]) + _number(limits["reserved"])
    )
    shares = [("server", len(sessions), most - held_back)]
    for key, column, name in (("role_limit", "usename", "role"), ("database_limit", "datname", "database")):
        limit = _number(limits.get(key))
        if limit > 0 and limits.get("super") != "t":
            used = sum(1 for row in sessions if row.get(column) == limits[name])
            shares.append((name, used, limit))
            report.facts[f"capacity.{name}-limit"] = limit
    _slots(report, shares, most, len(sessions), held_back)
    _states(
        report, sessions, {"idle": "idle", "idle in transaction": "in", "idle in transaction (aborted)": "in"}
    )
    waits = ask(channel, PG_WAITS, until)
    if waits:
        blocked_by = {row["pid"]: (row.get("blockers") or "").strip("{}").split(",") for row in waits}
        # A waiter that queues behind another waiter waits for the same root.
        _waits(report, waits, blocked_by, sessions)
    else:
        report.facts["capacity.waiting"] = 0


def _slots(report: Report, shares: list[tuple[str, int, int]], most: int, used: int, held_back: int) -> None:
    """The tightest limit decides; our own session is not counted as used."""

    def free(share: tuple[str, int, int]) -> float:
        return max(share[2] - share[1], 0) / max(share[2], 1)

    tightest = min(shares, key=free)
    facts: dict[str, Value] = {
        "capacity.slots-max": most,
        "capacity.slots-used": used,
        "capacity.slots-reserved": held_back,
        "capacity.free-percent": round(free(tightest) * 100, 1),
        "capacity.limited-by": tightest[0],
    }
    report.facts.update(facts)
    report.summary = f"{tightest[1]} of {tightest[2]} connections in use ({tightest[0]} limit)"


def _states(report: Report, sessions: Rows, names: dict[str, str]) -> None:
    kinds = Counter(
        names.get(row.get("state") or "", "active") for row in sessions if row.get("state") is not None
    )
    idle, inside = kinds["idle"], kinds["in"]
    total = len(sessions)
    hidden = total - sum(kinds.values())
    # A kind that makes up the greater part even if all hidden sessions were of another one decides.
    if total and inside * 2 > total:
        held = "idle-in-transaction"
    elif total and (idle + inside) * 2 > total:
        held = "idle"
    else:
        held = "hidden" if total and hidden * 2 >= total else "active"
    ages = [_number(row.get("age")) for row in sessions if names.get(row.get("state") or "") == "in"]
    top_app = Counter(clean(row.get("app") or "?", limit=64) for row in sessions).most_common(1)
    top_role = Counter(clean(row.get("usename") or "?", limit=64) for row in sessions).most_common(1)
    report.facts.update(
        {
            "capacity.idle": idle,
            "capacity.idle-in-transaction": inside,
            "capacity.active": kinds["active"],
            "capacity.oldest-idle-seconds": max(ages, default=0),
            "capacity.held-by": held,
            "capacity.top-application": top_app[0][0] if top_app else "none",
            "capacity.top-role": top_role[0][0] if top_role else "none",
        }
    )


def _root_of(pid: str, blocked_by: dict[str | None, list[str]]) -> str:
    """The session at the head of the queue that `pid` stands in."""
    seen: set[str] = set()
    while blocked_by.get(pid) and pid not in seen:
        seen.add(pid)
        # Somebody who does not wait himself is the head; else go on with the first.
        pid = next((one for one in blocked_by[pid] if one not in blocked_by), blocked_by[pid][0])
    return pid


def _waits(report: Report, waits: Rows, blocked_by: dict[str | None, list[str]], sessions: Rows) -> None:
    long = [row for row in waits if row.get("age") is None or _number(row["age"]) >= WAITED]
    roots = Counter(_root_of(row["pid"] or "", blocked_by) for row in long)
    root, count = roots.most_common(1)[0] if roots else ("", 0)
    report.facts["capacity.waiting"] = count
    if not count:
        return
    blocker = next((row for row in sessions if row.get("pid") == root), {})
    queries = [row.get("query") or "" for row in [*long, blocker]]
    report.facts["capacity.lock-kind"] = "ddl" if _any_ddl(queries) else "rows"
    report.facts["capacity.blocker-pid"] = int(root) if root.isdigit() else "unknown"
    report.facts["capacity.blocker-query"] = clean(
        blocker.get("query") or "not visible to this account", limit=160
    )
    behind = f"behind session {root}" if root.isdigit() else "(who holds it is not visible to this account)"
    report.summary = f"{count} sessions wait for a lock {behind}"
    report.quote("capacity", report.summary)


def _any_ddl(queries: Iterable[str]) -> bool:
    return any(query.lstrip().lower().startswith(DDL) for query in queries)


def _mysql(channel: Channel, report: Report, until: float) -> None:
    rows = ask(channel, MY_LIMITS, until)
    if not rows or not rows[0].get("most"):
        raise ValueError("the server did not tell its limits")
    limits = rows[0]
    connected = ask(channel, MY_CONNECTED, until)
    total = _number(next(iter(list(connected[0].values())[1:]), None)) - 1 if connected else 0
    sessions = [row for row in ask(channel, MY_SESSIONS, until) if row.get("own") != "1"]
    shares = [("server", max(total, 0), _number(limits["most"]))]
    limit = _number(limits.get("own_limit")) or _number(limits.get("user_limit"))
    if limit > 0:
        role = (limits.get("role") or "").partition("@")[0]
        shares.append(("role", sum(1 for row in sessions if row.get("usename") == role), limit))
        report.facts["capacity.role-limit"] = limit
    _slots(report, shares, _number(limits["most"]), max(total, 0), 0)
    inside = _in_transaction(channel, until)
    for row in sessions:
        asleep = row.get("command") == "Sleep"
        row["wait"] = row.get("state")
        row["state"] = ("in" if row.get("pid") in inside else "idle") if asleep else "active"
    unseen = max(total, 0) - len(sessions)
    _states(
        report,
        sessions + [{"state": None, "app": "?", "usename": "?"}] * max(unseen, 0),
        {"idle": "idle", "in": "in"},
    )
    _mysql_waits(channel, report, sessions, until)


def _in_transaction(channel: Channel, until: float) -> set[str | None]:
    try:
        return {row.get("pid") for row in ask(channel, MY_TRANSACTIONS, until)}
    except QueryError:
        return set()  # needs the PROCESS privilege


def _waits_for_lock(state: str) -> bool:
    """Whether the state of a session names a lock: a table's, its metadata's, or one of GET_LOCK."""
    return state == "user lock" or (state.startswith("waiting for") and state.endswith("lock"))


def _mysql_waits(channel: Channel, report: Report, sessions: Rows, until: float) -> None:
    mariadb = channel.greeting is not None and channel.greeting.mariadb
    try:
        waits = ask(channel, MARIA_WAITS if mariadb else MYSQL_WAITS, until)
    except QueryError:
        waits = []
    metadata = [row for row in sessions if _waits_for_lock((row.get("wait") or "").lower())]
    if waits:
        blocked_by: dict[str | None, list[str]] = {}
        for row in waits:
            blocked_by.setdefault(row["pid"], []).append(row["blocker"] or "")
        _waits(report, list({row["pid"]: row for row in waits}.values()), blocked_by, sessions)
    elif metadata:
        # Who holds a metadata lock is only visible with the performance schema; the waiters are counted.
        blocked_by = {row["pid"]: ["unknown"] for row in metadata}
        _waits(report, metadata, blocked_by, sessions)
        if report.facts.get("capacity.waiting"):
            report.facts["capacity.lock-kind"] = (
                "ddl" if _any_ddl(row.get("query") or "" for row in metadata) else "rows"
            )
    else:
        report.facts["capacity.waiting"] = 0
