"""The limits, sessions and locks of MySQL and MariaDB, as far as this account is shown them. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from wizard.core.facts import Value
from wizard.core.lazyre import lazy
from wizard.probes import holders, locks
from wizard.probes.base import Report
from wizard.probes.channel import Channel
from wizard.probes.database import Rows, ask
from wizard.probes.holders import Session, Share, number, optional
from wizard.probes.locks import Wait
from wizard.probes.outcome import QueryError

LIMITS = """
SELECT @@global.max_connections AS most, @@global.max_user_connections AS user_limit,
 @@session.max_user_connections AS own_limit, CURRENT_USER() AS role
"""
CONNECTED = "SHOW GLOBAL STATUS LIKE 'Threads_connected'"
SESSIONS = """
SELECT ID AS pid, USER AS usename, DB AS datname, HOST AS client, COMMAND AS command, TIME AS age,
 STATE AS state, LEFT(INFO, 200) AS query, ID = CONNECTION_ID() AS own
FROM information_schema.PROCESSLIST WHERE COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')
"""
TRANSACTIONS = """
SELECT trx_mysql_thread_id AS pid, TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age,
 TIMESTAMPDIFF(SECOND, trx_wait_started, NOW()) AS waits, LEFT(trx_query, 200) AS query
FROM information_schema.INNODB_TRX
"""
MARIADB_WAITS = """
SELECT r.trx_mysql_thread_id AS pid, b.trx_mysql_thread_id AS blocker,
 TIMESTAMPDIFF(SECOND, r.trx_wait_started, NOW()) AS age, LEFT(r.trx_query, 200) AS query,
 k.lock_table AS table_name, h.lock_mode AS mode
FROM information_schema.INNODB_LOCK_WAITS w
JOIN information_schema.INNODB_TRX r ON r.trx_id = w.requesting_trx_id
JOIN information_schema.INNODB_TRX b ON b.trx_id = w.blocking_trx_id
LEFT JOIN information_schema.INNODB_LOCKS k ON k.lock_id = w.requested_lock_id
LEFT JOIN information_schema.INNODB_LOCKS h ON h.lock_id = w.blocking_lock_id
"""
MYSQL_WAITS = """
SELECT waiting_pid AS pid, blocking_pid AS blocker, wait_age_secs AS age, LEFT(waiting_query, 200) AS query,
 locked_table AS table_name, blocking_lock_mode AS mode
FROM sys.innodb_lock_waits
"""
METADATA = """
SELECT t.PROCESSLIST_ID AS pid, m.LOCK_TYPE AS mode, m.LOCK_STATUS AS status, m.OBJECT_TYPE AS kind,
 CONCAT_WS('.', m.OBJECT_SCHEMA, m.OBJECT_NAME) AS table_name
FROM performance_schema.metadata_locks m
JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
WHERE m.OBJECT_TYPE IN ('TABLE', 'GLOBAL', 'COMMIT', 'BACKUP', 'BACKUP LOCK') AND t.PROCESSLIST_ID IS NOT NULL
"""
EXCLUSIVE = ("EXCLUSIVE", "SHARED_NO_READ_WRITE", "SHARED_NO_WRITE", "SHARED_READ_ONLY")
"""Metadata locks that keep readers or writers out (sql/mdl.h)."""
OF_EVERYTHING = {
    "SHARED": "INTENTION_EXCLUSIVE",
    "MDL_BACKUP_FTWRL1": "MDL_BACKUP_",
    "MDL_BACKUP_FTWRL2": "MDL_BACKUP_",
    "BACKUP_FTWRL1": "BACKUP_",
    "BACKUP_FTWRL2": "BACKUP_",
}
"""Locks on the whole server (FLUSH TABLES WITH READ LOCK), and how the names of those begin that wait for them."""
USER_LOCK = lazy(r"(?i)\bget_lock\s*\(\s*(?:'([^'\\]{1,64})'|\"([^\"\\]{1,64})\")\s*,")
"""The name of the lock in a call of GET_LOCK, where it is written out."""
MOST_USER_LOCKS = 5
"""Names of user locks whose holders are asked for."""


def count(channel: Channel, report: Report, until: float) -> None:
    """Slots, states and waits as facts. Raises QueryError, OSError, ProtocolError and ValueError."""
    rows = ask(channel, LIMITS, until)
    if not rows or not rows[0].get("most"):
        raise ValueError("the server did not tell its limits")
    limits = rows[0]
    connected = ask(channel, CONNECTED, until)
    total = max(number(next(iter(list(connected[0].values())[1:]), None)) - 1, 0) if connected else 0
    shown = [row for row in ask(channel, SESSIONS, until) if row.get("own") != "1"]
    inside = _transactions(channel, until)
    sessions = [_session(row, frozenset(inside or ())) for row in shown]
    shares = _shares(limits, sessions, total, report)
    report.facts.update(holders.slots(shares))
    tightest = min(shares, key=lambda share: share.free)
    report.summary = f"{tightest.used} of {tightest.most} connections in use ({tightest.name} limit)"
    unseen = max(total - len(sessions), 0)
    report.facts.update(holders.states(sessions + [Session("")] * unseen, total))
    # When a session began is shown nowhere, so there is no rate to speak of.
    report.facts["capacity.forecast"] = "none"
    if unseen:
        report.trouble = (
            f"this account sees its own sessions only (no PROCESS privilege): {unseen} others are not shown"
        )
    elif inside is None:
        report.trouble = "waits for rows are not shown to this account (no PROCESS privilege)"
    report.facts.update(locks.report(_waits(channel, sessions, inside or {}, until), sessions))


def _shares(
    limits: dict[str, str | None], sessions: Sequence[Session], total: int, report: Report
) -> list[Share]:
    """Each limit that binds this account, and the facts about the server's slots."""
    most = number(limits["most"])
    role = (limits.get("role") or "").partition("@")[0]
    mine = sum(1 for one in sessions if one.role == role)
    shares = [Share("server", total, most, mine)]
    facts: dict[str, Value] = {
        "capacity.slots-max": most,
        "capacity.slots-used": total,
        "capacity.slots-reserved": 0,
        # One more than max_connections, for an administrator (SUPER, CONNECTION_ADMIN).
        "capacity.reserved-left": 1 if total < most else 0,
    }
    limit = number(limits.get("own_limit")) or number(limits.get("user_limit"))
    if limit > 0:
        shares.append(Share("role", mine, limit, mine))
        facts["capacity.role-limit"] = limit
    report.facts.update(facts)
    return shares


def _session(row: dict[str, str | None], inside: frozenset[str]) -> Session:
    pid, age = row.get("pid") or "", optional(row.get("age"))
    asleep = row.get("command") == "Sleep"
    state = (holders.INSIDE if pid in inside else holders.IDLE) if asleep else holders.ACTIVE
    return Session(
        pid,
        row.get("usename") or "",
        row.get("datname") or "",
        "",
        _host(row.get("client") or ""),
        state,
        age,
        None,
        row.get("query") or "",
        (row.get("state") or "").lower(),
    )


def _host(client: str) -> str:
    """The host of `10.0.0.5:41234`; a client of the socket has no port."""
    host, _, port = client.rpartition(":")
    return host if host and port.isdigit() else client


def _transactions(channel: Channel, until: float) -> dict[str, dict[str, str | None]] | None:
    """The open transactions by session; None where the PROCESS privilege is missing."""
    try:
        rows = ask(channel, TRANSACTIONS, until)
    except QueryError:
        return None
    return {row.get("pid") or "": row for row in rows}


def _waits_for_lock(session: Session) -> bool:
    """Whether the state of a session names a lock: a table's, its metadata's, or one of GET_LOCK."""
    state = session.wait
    return state == "user lock" or (state.startswith("waiting for") and state.endswith("lock"))


def _waits(
    channel: Channel, sessions: Sequence[Session], inside: dict[str, dict[str, str | None]], until: float
) -> list[Wait]:
    """Waits for rows, for tables (whose holders only the performance schema knows), and for locks of GET_LOCK."""
    waits = _row_waits(channel, until)
    named = {wait.pid for wait in waits}
    # That a transaction waits is told to more accounts than for whom.
    waits += [
        Wait(pid, (locks.UNSEEN,), optional(row["waits"]), row.get("query") or "", "a row")
        for pid, row in inside.items()
        if pid not in named and row.get("waits") is not None
    ]
    named = {wait.pid for wait in waits}
    queued = [one for one in sessions if _waits_for_lock(one) and one.pid not in named]
    if not queued:
        return waits
    known = {wait.pid: wait for wait in _metadata_waits(channel, queued, until)}
    known.update({wait.pid: wait for wait in _user_waits(channel, queued, until)})
    return waits + [
        known.get(one.pid) or Wait(one.pid, (locks.UNSEEN,), one.age, one.query) for one in queued
    ]


def _user_waits(channel: Channel, queued: Sequence[Session], until: float) -> list[Wait]:
    """Who holds the locks of GET_LOCK that these wait for, where the statement names the lock."""
    found = [
        (one, match[1] or match[2])
        for one in queued
        if one.wait == "user lock" and (match := USER_LOCK.search(one.query)) is not None
    ]
    holder = {name: "" for name in list(dict.fromkeys(name for _, name in found))[:MOST_USER_LOCKS]}
    for name in holder:
        # As hexadecimal digits, so that nothing of another session's statement is ever run in ours.
        rows = ask(
            channel, f"SELECT IS_USED_LOCK(CONVERT(0x{name.encode().hex()} USING utf8mb4)) AS pid", until
        )
        holder[name] = (rows[0].get("pid") if rows else "") or ""
    return [
        Wait(one.pid, (pid,), one.age, one.query, f"the user lock {name}", {pid: f"the user lock {name}"})
        for one, name in found
        if (pid := holder.get(name)) and pid != one.pid
    ]


def _row_waits(channel: Channel, until: float) -> list[Wait]:
    mariadb = channel.greeting is not None and channel.greeting.mariadb
    try:
        rows = ask(channel, MARIADB_WAITS if mariadb else MYSQL_WAITS, until)
    except QueryError:
        return []
    by_pid: defaultdict[str, Rows] = defaultdict(list)
    for row in rows:
        by_pid[row.get("pid") or ""].append(row)
    return [_row_wait(pid, all_of) for pid, all_of in by_pid.items()]


def _row_wait(pid: str, rows: Rows) -> Wait:
    table = (rows[0].get("table_name") or "").replace("`", "")
    target = f"a row of {table}" if table else "a row"
    held = {row["blocker"] or "": f"{row.get('mode') or 'the'} lock on {target}" for row in rows}
    return Wait(
        pid,
        tuple(dict.fromkeys(row["blocker"] or "" for row in rows)),
        optional(rows[0].get("age")),
        rows[0].get("query") or "",
        target,
        held,
    )


def _metadata_waits(channel: Channel, queued: Sequence[Session], until: float) -> list[Wait]:
    """Who holds, or wants before them, the metadata locks that these wait for; empty where it is not recorded."""
    try:
        rows = ask(channel, METADATA, until)
    except QueryError:
        return []
    waits = []
    for one in queued:
        wanted = next((row for row in rows if row.get("pid") == one.pid and row["status"] == "PENDING"), None)
        if wanted is None:
            continue
        table, kind = wanted.get("table_name") or "", wanted.get("kind")
        others = [
            row
            for row in rows
            if (row.get("kind"), row.get("table_name") or "") == (kind, table) and row.get("pid") != one.pid
        ]
        table = table or "the whole server"
        before = _in_the_way(wanted, others)
        if before:
            held = {row["pid"] or "": f"{row['mode']} metadata lock on {table}" for row in before}
            waits.append(Wait(one.pid, tuple(held), one.age, one.query, table, held))
    return waits


def _in_the_way(wanted: dict[str, str | None], others: Rows) -> Rows:
    """The locks of others that keep `wanted` waiting: what is granted, else who asked for more before."""
    granted = [row for row in others if row["status"] == "GRANTED"]
    if wanted.get("kind") != "TABLE":
        waits = wanted["mode"] or ""
        return [row for row in granted if waits.startswith(OF_EVERYTHING.get(row["mode"] or "", "\0"))]
    if wanted["mode"] in EXCLUSIVE:
        return granted
    strong = [row for row in granted if row["mode"] in EXCLUSIVE]
    return strong or [row for row in others if row["status"] == "PENDING" and row["mode"] in EXCLUSIVE]
