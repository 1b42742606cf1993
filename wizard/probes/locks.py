"""Who waits for whom: a forest whose roots are the sessions that hold a lock and do not wait themselves.

Works on what was read elsewhere; opens nothing and asks nothing. A wait that goes in circles is cut, never followed
for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wizard import numerals
from wizard.core.facts import Value
from wizard.named import NamedTuple
from wizard.probes.holders import Session
from wizard.redact import clean

WAITED = 2
"""Seconds after which a session counts as waiting for a lock."""
MOST_LINES = 24
"""Lines of a lock tree."""
DEEPEST = 8
UNSEEN = "unknown"
"""The holder of a lock that this account cannot see."""
PREPARED = "0"
"""What a server names as the holder where it is a prepared transaction, which is nobody's session."""
FACTS = (
    "capacity.waiting",
    "capacity.lock-kind",
    "capacity.lock-tree",
    "capacity.migration-pid",
    "capacity.blocker-pid",
    "capacity.blocker-query",
    "capacity.blocker-age",
    "capacity.blocker-state",
    "capacity.blocker-application",
    "capacity.blocker-host",
    "capacity.blocker-user",
    "capacity.other-blockers",
    "capacity.prepared",
    "capacity.prepared-in",
)
"""The facts about who waits for whom."""
MOST_OTHERS = 20
"""Further sessions at the head of a queue that are named."""
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


class Wait(NamedTuple):
    """One session that waits. `held` says for each blocker which lock it holds; `age` is in seconds."""

    pid: str
    blockers: tuple[str, ...]
    age: int | None = None
    query: str = ""
    target: str = ""
    """What is locked: `public.orders`, `row of public.orders`."""
    held: Mapping[str, str] = {}


class Prepared(NamedTuple):
    """A prepared transaction: it holds its locks until somebody ends it by its name. `age` is in seconds."""

    gid: str
    owner: str = ""
    database: str = ""
    age: int | None = None


def report(
    waits: Sequence[Wait], sessions: Iterable[Session], prepared: Prepared | None = None
) -> dict[str, Value]:
    """The facts about the longest queue, and the tree of all. `prepared` is what PREPARED stands for, where known."""
    long = [wait for wait in waits if wait.age is None or wait.age >= WAITED]
    blocked_by = {wait.pid: wait.blockers for wait in waits}
    # A waiter that queues behind another waiter waits for the same root.
    roots = Counter(_root_of(wait.pid, blocked_by) for wait in long)
    root, count = roots.most_common(1)[0] if roots else ("", 0)
    seen = {one.pid: one for one in sessions}
    facts: dict[str, Value] = {
        "capacity.waiting": count,
        "capacity.lock-tree": tuple(_tree(waits, seen, prepared))[:MOST_LINES] or ("none",),
        "capacity.prepared": "none",
    }
    if count:
        blocker = seen.get(root)
        queries = [(root, blocker.query if blocker else ""), *((wait.pid, wait.query) for wait in long)]
        migrations = [pid for pid, query in queries if _is_ddl(query)]
        facts["capacity.lock-kind"] = "ddl" if migrations else "rows"
        if migrations and (pid := numerals.count(migrations[0], 20)) is not None:
            facts["capacity.migration-pid"] = pid
        facts["capacity.other-blockers"] = _others(root, long, blocked_by)
        facts.update(_prepared(prepared) if root == PREPARED else _blocker(root, blocker))
    return facts


def _others(root: str, long: Sequence[Wait], blocked_by: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Who else is in front of the queue of `root`: it moves only when they have ended, too."""
    queue = (wait for wait in long if _root_of(wait.pid, blocked_by) == root)
    heads = {pid for wait in queue for pid in wait.blockers if pid.isdigit() and pid not in blocked_by}
    return tuple(sorted(heads - {root, PREPARED}, key=int)[:MOST_OTHERS]) or ("none",)


def _prepared(prepared: Prepared | None) -> dict[str, Value]:
    """What is known of a prepared transaction at the head of the queue."""
    facts: dict[str, Value] = {
        "capacity.blocker-state": "prepared",
        "capacity.blocker-query": "none, it is a prepared transaction",
        "capacity.prepared": "not-told",
    }
    if prepared is not None:
        facts["capacity.prepared"] = clean(prepared.gid, limit=200)
        facts["capacity.blocker-user"] = clean(prepared.owner, limit=64)
        facts["capacity.prepared-in"] = clean(prepared.database, limit=64)
        if prepared.age is not None:
            facts["capacity.blocker-age"] = prepared.age
    return facts


def _blocker(root: str, session: Session | None) -> dict[str, Value]:
    """What is known of the head of the queue; what is not shown is left out."""
    facts: dict[str, Value] = {"capacity.blocker-query": "not shown to this account"}
    if (pid := numerals.count(root, 20)) is not None:
        facts["capacity.blocker-pid"] = pid
    if session is None:
        return {**facts, "capacity.blocker-state": "none"} if root == UNSEEN else facts
    if session.state:
        facts["capacity.blocker-query"] = "none at the moment"
    told: dict[str, Value] = {
        "capacity.blocker-query": _flat(session.query, 160),
        "capacity.blocker-state": session.state,
        "capacity.blocker-application": clean(session.application, limit=64),
        "capacity.blocker-host": clean(session.host, limit=64),
        "capacity.blocker-user": clean(session.role, limit=64),
    }
    facts.update({key: value for key, value in told.items() if value})
    if session.age is not None:
        facts["capacity.blocker-age"] = session.age
    return facts


def _root_of(pid: str, blocked_by: Mapping[str, Sequence[str]]) -> str:
    """The session at the head of the queue that `pid` stands in."""
    seen: set[str] = set()
    while blocked_by.get(pid) and pid not in seen:
        seen.add(pid)
        # Somebody who does not wait himself is the head; else go on with the first.
        pid = next((one for one in blocked_by[pid] if one not in blocked_by), blocked_by[pid][0])
    return pid


def _tree(waits: Sequence[Wait], seen: Mapping[str, Session], prepared: Prepared | None) -> Iterator[str]:
    """The lines of the tree, each root before those that wait for it. A session stands below its first blocker."""
    waiting = {wait.pid: wait for wait in waits}
    below: dict[str, list[Wait]] = {}
    for wait in waits:
        below.setdefault(_parent(wait, waiting), []).append(wait)
    roots = [pid for pid in below if pid not in waiting]
    for root in sorted(roots, key=lambda pid: -len(below[pid])):
        yield _root_line(root, seen.get(root), below[root], prepared)
        yield from _branches(root, below, 1, {root})
    for pid in () if roots else list(below)[:1]:  # they wait for one another: the server will end one of them
        yield f"{pid} waits in a circle with others"
        yield from _branches(pid, below, 1, {pid})


def _parent(wait: Wait, waiting: Mapping[str, Wait]) -> str:
    """Under whom it stands: a session that does not wait itself, else the waiting one that it queues behind."""
    before = [pid for pid in wait.blockers if pid in waiting]
    heads = [pid for pid in wait.blockers if pid not in waiting]
    return (heads or before or [UNSEEN])[0]


def _branches(pid: str, below: Mapping[str, list[Wait]], depth: int, passed: set[str]) -> Iterator[str]:
    for wait in below.get(pid, []):
        if wait.pid in passed or depth > DEEPEST:
            continue
        age = "" if wait.age is None else f" {wait.age} s"
        target = f" for {clean(wait.target, limit=80)}" if wait.target else ""
        query = f": {_flat(wait.query, 100)}" if wait.query else ""
        yield f"{'   ' * (depth - 1)} `- {wait.pid} waits{age}{target}{query}"
        yield from _branches(wait.pid, below, depth + 1, passed | {wait.pid})


def _root_line(pid: str, session: Session | None, waiters: Sequence[Wait], prepared: Prepared | None) -> str:
    held = next((wait.held[pid] for wait in waiters if wait.held.get(pid)), "")
    target = next((wait.target for wait in waiters if wait.target), "")
    lock = held or (f"a lock on {target}" if target else "")
    holds = f", holds {clean(lock, limit=120)}" if lock else ""
    if pid == PREPARED:
        if prepared is None:
            return f"a prepared transaction{holds}"
        since = "" if prepared.age is None else f", prepared {prepared.age} s ago"
        gid, owner = clean(prepared.gid, limit=200), clean(prepared.owner, limit=64)
        return f"the prepared transaction {gid} of {owner}{since}{holds}"
    if session is None:
        return f"{pid if pid != UNSEEN else 'a holder'} that is not shown to this account{holds}"
    who = "/".join(clean(part, limit=64) for part in (session.role, session.application) if part)
    state = session.state or "state not shown"
    age = "" if session.age is None else f" for {session.age} s"
    return f"{pid} {who or '?'}, {state}{age}{holds}"


def _flat(query: str, limit: int) -> str:
    return clean(" ".join(query.split()), limit=limit)


def _is_ddl(query: str) -> bool:
    return query.lstrip().lower().startswith(DDL)
