"""PostgreSQL's limits, sessions and locks. Only reads, with one query each."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.core.facts import Value
from wizard.probes import holders, locks
from wizard.probes.base import Report
from wizard.probes.channel import Channel
from wizard.probes.database import Rows, ask
from wizard.probes.holders import Session, Share, number, optional
from wizard.probes.locks import Wait

# `datid` marks client sessions also where the role may not see `backend_type` of others.
SESSIONS = """
SELECT pid, usename, datname, application_name AS app, state, backend_type,
 extract(epoch FROM now() - state_change)::int AS age, pid = pg_backend_pid() AS own,
 left(query, 200) AS query,
 coalesce(host(client_addr), CASE WHEN state IS NOT NULL THEN 'the local socket' END) AS client,
 extract(epoch FROM now() - backend_start)::int AS opened
FROM pg_catalog.pg_stat_activity
WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
"""
LIMITS = """
SELECT current_setting('max_connections') AS most,
 current_setting('superuser_reserved_connections') AS super_reserved,
 coalesce(current_setting('reserved_connections', true), '0') AS reserved,
 (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = current_user) AS role_limit,
 (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS super,
 (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()) AS database_limit,
 current_user AS role, current_database() AS database,
 current_setting('max_wal_senders', true) AS senders_most,
 (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS senders,
 current_setting('max_replication_slots', true) AS slots_most,
 (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS slots
"""
# `waitstart` is PostgreSQL 14's. A session that waits for a row waits for the transaction that changed it; the row's
# table is told by the lock on the row that the first of them holds meanwhile.
WAITS = """
WITH locks AS (SELECT * FROM pg_catalog.pg_locks),
 waiting AS (
  SELECT l.*, pg_catalog.pg_blocking_pids(l.pid) AS blockers,
   coalesce(l.relation, (SELECT t.relation FROM locks t
     WHERE t.pid = l.pid AND t.locktype = 'tuple' AND t.granted LIMIT 1)) AS table_id,
   (to_jsonb(l) ->> 'waitstart')::timestamptz AS since
  FROM locks l WHERE NOT l.granted)
SELECT w.pid, w.locktype, w.blockers, left(a.query, 200) AS query,
 extract(epoch FROM now() - coalesce(w.since, a.state_change, a.query_start))::int AS age,
 CASE WHEN w.database IN (0, d.oid) OR w.relation IS NULL THEN (
   SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = w.table_id) END AS table_name,
 CASE w.objsubid WHEN 1 THEN ((w.classid::bigint << 32) | w.objid::bigint)::text
  ELSE w.classid::text || ',' || w.objid::text END AS key,
 (SELECT string_agg(h.pid || ':' || h.mode, ' ') FROM locks h
  WHERE h.granted AND h.pid = ANY (w.blockers) AND h.locktype = w.locktype
  AND (h.database, h.relation, h.page, h.tuple, h.virtualxid, h.transactionid::text, h.classid, h.objid, h.objsubid)
   IS NOT DISTINCT FROM
   (w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid::text, w.classid, w.objid, w.objsubid)
 ) AS held
FROM waiting w LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid
LEFT JOIN pg_catalog.pg_database d ON d.datname = current_database()
"""
# The prepared transactions that hold what somebody waits for, the oldest first: they are no session and have no pid.
# Their locks are found by the one that each holds on its own number.
PREPARED = """
SELECT x.gid, x.owner, x.database, extract(epoch FROM now() - x.prepared)::int AS age
FROM pg_catalog.pg_prepared_xacts x
WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_locks own
 JOIN pg_catalog.pg_locks h ON h.virtualtransaction = own.virtualtransaction AND h.pid IS NULL AND h.granted
 JOIN pg_catalog.pg_locks w ON NOT w.granted AND h.locktype = w.locktype
 AND (h.database, h.relation, h.page, h.tuple, h.virtualxid, h.transactionid::text, h.classid, h.objid, h.objsubid)
  IS NOT DISTINCT FROM
  (w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid::text, w.classid, w.objid, w.objsubid)
 WHERE own.locktype = 'transactionid' AND own.pid IS NULL AND own.transactionid = x.transaction)
ORDER BY x.prepared LIMIT 1
"""
OF_A_ROW = ("transactionid", "tuple")
HIDDEN_QUERY = "<insufficient privilege>"
"""What PostgreSQL shows in place of a statement that this account may not see."""


def count(channel: Channel, report: Report, until: float) -> None:
    """Slots, states and waits as facts. Raises QueryError, OSError, ProtocolError and ValueError."""
    rows = ask(channel, LIMITS, until)
    if not rows or not rows[0].get("most"):
        raise ValueError("the server did not tell its limits")
    limits = rows[0]
    sessions = _sessions(ask(channel, SESSIONS, until))
    shares = _shares(limits, sessions, report)
    report.facts.update(holders.slots(shares))
    report.facts.update(holders.states(sessions, len(sessions)))
    tightest = min(shares, key=lambda share: share.free)
    under = [one for one in sessions if _under(one, tightest.name, limits)]
    report.facts["capacity.forecast"] = holders.forecast(under, tightest)
    report.facts.update(_replication(limits))
    report.summary = f"{tightest.used} of {tightest.most} connections in use ({tightest.name} limit)"
    hidden = sum(1 for one in sessions if not one.state)
    if hidden:
        report.trouble = (
            f"what {hidden} of {len(sessions)} sessions do is not shown to this account (pg_read_all_stats)"
        )
    waits = _waits(ask(channel, WAITS, until))
    report.facts.update(locks.report(waits, sessions, _prepared(channel, waits, until)))


def _prepared(channel: Channel, waits: Sequence[Wait], until: float) -> locks.Prepared | None:
    """The prepared transaction that somebody waits for, the oldest of several; nothing is asked where there is none."""
    if not any(locks.PREPARED in wait.blockers for wait in waits):
        return None
    rows = ask(channel, PREPARED, until)
    if not rows:
        return None
    row = rows[0]
    return locks.Prepared(
        row.get("gid") or "", row.get("owner") or "", row.get("database") or "", optional(row.get("age"))
    )


def _query(text: str | None) -> str:
    return "" if text is None or text == HIDDEN_QUERY else text


def _sessions(rows: Rows) -> list[Session]:
    return [
        Session(
            row.get("pid") or "",
            row.get("usename") or "",
            row.get("datname") or "",
            row.get("app") or "",
            row.get("client") or "",
            _state(row.get("state")),
            optional(row.get("age")),
            optional(row.get("opened")),
            _query(row.get("query")),
        )
        for row in rows
        if row.get("own") != "t"
    ]


def _state(text: str | None) -> str:
    if text is None:
        return ""
    if text.startswith("idle in transaction"):
        return holders.INSIDE
    return holders.IDLE if text == "idle" else holders.ACTIVE


def _under(session: Session, name: str, limits: dict[str, str | None]) -> bool:
    """Whether the session counts against the limit of that name."""
    column = {"role": session.role, "database": session.database}.get(name)
    return column is None or column == limits.get(name)


def _shares(limits: dict[str, str | None], sessions: Sequence[Session], report: Report) -> list[Share]:
    """Each limit that binds this account, and the facts about the server's slots."""
    most, used = number(limits["most"]), len(sessions)
    reserve = number(limits.get("super_reserved")) + number(limits.get("reserved"))
    super_user = limits.get("super") == "t"
    held_back = 0 if super_user else reserve
    facts: dict[str, Value] = {
        "capacity.slots-max": most,
        "capacity.slots-used": used,
        "capacity.slots-reserved": held_back,
        # Our own session takes a slot too.
        "capacity.reserved-left": max(min(reserve, most - used - 1), 0),
    }
    mine = sum(1 for one in sessions if one.role == limits.get("role"))
    shares = [Share("server", used, most - held_back, mine)]
    for key, name in (("role_limit", "role"), ("database_limit", "database")):
        limit = number(limits.get(key))
        if limit > 0 and not super_user:
            under = [one for one in sessions if _under(one, name, limits)]
            own = sum(1 for one in under if one.role == limits.get("role"))
            shares.append(Share(name, len(under), limit, own))
            facts[f"capacity.{name}-limit"] = limit
    report.facts.update(facts)
    return shares


def _replication(limits: dict[str, str | None]) -> dict[str, Value]:
    """Senders and slots in use, of how many; nothing where replication is switched off or not told."""
    facts: dict[str, Value] = {}
    left = []
    for key, fact in (("senders", "capacity.replication-senders"), ("slots", "capacity.replication-slots")):
        most, used = number(limits.get(f"{key}_most")), number(limits.get(key))
        if most > 0:
            facts[fact] = f"{used} of {most}"
            left.append(max(most - used, 0))
    return {**facts, "capacity.replication-left": min(left)} if left else facts


def _waits(rows: Rows) -> list[Wait]:
    """One wait a session: a leader and its workers, or several rows of one session, are one."""
    waits: dict[str, Wait] = {}
    for row in rows:
        pid = row.get("pid") or ""
        blockers = tuple(one for one in (row.get("blockers") or "").strip("{}").split(",") if one)
        target = _target(row)
        waits.setdefault(
            pid,
            Wait(
                pid,
                blockers or (locks.UNSEEN,),
                optional(row.get("age")),
                _query(row.get("query")),
                target,
                _held(row, target),
            ),
        )
    return list(waits.values())


def _target(row: dict[str, str | None]) -> str:
    """What is locked, in words."""
    kind, table = row.get("locktype") or "", row.get("table_name") or ""
    if kind == "advisory":
        return f"advisory lock {row.get('key') or '?'}"
    if kind in OF_A_ROW:
        return f"a row of {table}" if table else "a row"
    return table or kind


def _held(row: dict[str, str | None], target: str) -> dict[str, str]:
    """Session to the lock that it holds. A transaction's lock on itself is what keeps its rows."""
    pairs = (one.partition(":") for one in (row.get("held") or "").split())
    if row.get("locktype") in OF_A_ROW:
        return {pid: f"the lock on {target}" for pid, _, _ in pairs}
    return {pid: f"{mode} on {target}" for pid, _, mode in pairs}
