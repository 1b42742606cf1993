"""How close the server is to its limits, who holds the connections, and who waits for whom. Only reads.

The counting works on any channel that is logged in, so that it can also be done through an administrator's session.
"""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.probes import holders, locks
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.greet import note_error
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError

BOUND = 5.0
CANCELLED = ("57014", "1969", "3024")
"""A statement that was cancelled by a timeout: PostgreSQL's SQLSTATE, MariaDB's and MySQL's numbers."""
FEW = 10.0
"""Percent of free slots under which the holders are quoted as evidence."""
MANY_WAIT = 3
COUNTS = (
    "capacity.slots-max",
    "capacity.slots-used",
    "capacity.slots-reserved",
    "capacity.reserved-left",
    "capacity.free-percent",
    "capacity.limited-by",
    "capacity.role-limit",
    "capacity.database-limit",
    "capacity.for-account",
    "capacity.own-sessions",
    *holders.FACTS,
    "capacity.forecast",
    "capacity.replication-senders",
    "capacity.replication-slots",
    "capacity.replication-left",
    *locks.FACTS,
    "pool.by-application",
)
"""The facts that `count` reports."""
SHOWN_TO_ADMIN = (
    *locks.FACTS,
    "capacity.idle-in-transaction",
    "capacity.oldest-idle-seconds",
    "capacity.idle-pids",
)
"""What a privileged session replaces: who waits for whom. The limits stay those of the application's account."""
PROVIDES = ("capacity.outcome", *COUNTS, "error.text", "error.code", "error.detail", "error.phase")


@probe("capacity.inspect", provides=PROVIDES, deadline=2 * BOUND + 6.0)
def inspect(target: Target, runtime: Runtime) -> Report:
    """Slots by kind, sessions by state, waits by root blocker."""
    channel = runtime.channel
    if channel is None or not channel.logged_in:
        return Report(trouble="there is no session to ask in")
    report = counted(channel, runtime.until(BOUND))
    if runtime.admin is not None and report.trouble and report.facts["capacity.outcome"] == "ok":
        _ask_admin(runtime.admin, target, runtime, report)
    return report


def _ask_admin(admin: Target, target: Target, runtime: Runtime, report: Report) -> None:
    """Through --admin, what the application's account is not shown."""
    from wizard.probes.inside import is_console, open_admin

    if is_console(admin) or admin.family != target.family:
        return
    try:
        channel = open_admin(admin, runtime)
    except (QueryError, OSError, ProtocolError, ValueError) as error:
        said = clean(str(error), limit=200)
        report.trouble = f"{report.trouble}; the privileged connection (--admin) does not work: {said}"
        return
    try:
        seen = counted(channel, runtime.until(BOUND))
    finally:
        channel.close()
    if seen.facts["capacity.outcome"] != "ok":
        return
    told = {key: value for key, value in seen.facts.items() if key in SHOWN_TO_ADMIN}
    kept = {key: value for key, value in report.facts.items() if key not in SHOWN_TO_ADMIN}
    report.facts = {**kept, **told}
    report.trouble = seen.trouble
    if seen.facts.get("capacity.waiting"):
        report.summary = seen.summary
        report.evidence = seen.evidence


def counted(channel: Channel, until: float) -> Report:
    """The counts through a channel that is logged in, until that moment; `capacity.outcome` says how it went.

    Never raises: what the server refuses, and a session that is lost, become facts and `trouble`.
    """
    report = Report()
    try:
        count(channel, report, until)
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
    except (OSError, ProtocolError, ValueError, LookupError) as error:
        report.facts["capacity.outcome"] = "lost"
        report.trouble = f"the session was lost while sessions were counted: {clean(str(error), limit=200)}"
    return report


def count(channel: Channel, report: Report, until: float) -> None:
    """Put the facts of `COUNTS` into the report, and quote what matters.

    Raises QueryError, OSError, ProtocolError and ValueError.
    """
    if channel.greeting is None:
        from wizard.probes import capacity_postgres as server
    else:
        from wizard.probes import capacity_mysql as server  # type: ignore[no-redef]
    server.count(channel, report, until)
    _quote(report)


def _quote(report: Report) -> None:
    """The holders where few slots are free, and the queue where many wait, as evidence."""
    facts = report.facts
    waiting, free = facts.get("capacity.waiting", 0), facts.get("capacity.free-percent", 100.0)
    if isinstance(waiting, int) and waiting:
        number = f"{waiting} sessions wait" if waiting > 1 else "1 session waits"
        report.summary = f"{number} for a lock {_behind(facts)}"
        report.quote("capacity", report.summary)
        if waiting >= MANY_WAIT:
            report.quote("capacity", "\n".join(_lines(facts.get("capacity.lock-tree"))))
    if isinstance(free, float) and free < FEW:
        report.quote("capacity", "\n".join(_lines(facts.get("capacity.holders"))))
        if facts.get("capacity.forecast") != "none":
            report.quote("capacity", str(facts["capacity.forecast"]))


def _behind(facts: dict[str, Value]) -> str:
    pid = facts.get("capacity.blocker-pid")
    if pid is not None:
        return f"behind session {pid}"
    if facts.get("capacity.prepared") != "none":
        return "behind a prepared transaction"
    return "(who holds it is not shown to this account)"


def _lines(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
