"""Who holds the connections: sessions grouped, counted and projected.

Works on what was read elsewhere. Opens nothing, asks nothing, and claims nothing of a session that is not shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from wizard.core.facts import Value
from wizard.named import NamedTuple
from wizard.numerals import whole
from wizard.redact import clean

MOST_HOLDERS = 8
"""Lines of the list of holders."""
MOST_PIDS = 20
"""Sessions that a command of a page ends at once."""
CLOSE = 0.25
"""Share of free slots under which it is worth saying when the last one is taken."""
MINUTES_AHEAD = 60.0
"""How far a forecast reaches."""
FEWEST_NEW = 3
"""New sessions that make a rate; fewer are chance."""
IDLE, INSIDE, ACTIVE = "idle", "idle in transaction", "active"
NOWHERE = ("none",)
FACTS = (
    "capacity.idle",
    "capacity.idle-in-transaction",
    "capacity.active",
    "capacity.oldest-idle-seconds",
    "capacity.idle-pids",
    "capacity.held-by",
    "capacity.holders",
    "capacity.top-application",
    "capacity.top-role",
)
"""The facts about who holds the connections."""


class Session(NamedTuple):
    """One session of the server. What the account may not see is empty or None; ages are in seconds."""

    pid: str
    role: str = ""
    database: str = ""
    application: str = ""
    host: str = ""
    state: str = ""
    """IDLE, INSIDE, ACTIVE, or empty where it is not shown."""
    age: int | None = None
    """How long it has been in its state."""
    opened: int | None = None
    """How long it has existed."""
    query: str = ""
    wait: str = ""
    """What the server itself says that it waits for (MySQL and MariaDB)."""


class Share(NamedTuple):
    """One limit: whose it is (server, role or database), how much of it is in use, and how much there is."""

    name: str
    used: int
    most: int
    own: int = 0
    """How many of the used ones are sessions of this account."""

    @property
    def free(self) -> float:
        """The free part, from 0 to 1."""
        return max(self.most - self.used, 0) / max(self.most, 1)


def number(text: str | None) -> int:
    """A whole number as a server writes it; 0 for what is none."""
    return whole(text) or 0


def optional(text: str | None) -> int | None:
    """A whole number, or None where the server shows none."""
    return number(text) if text is not None else None


def slots(shares: Sequence[Share]) -> dict[str, Value]:
    """The tightest limit decides; our own session is not counted as used."""
    tightest = min(shares, key=lambda share: share.free)
    return {
        "capacity.free-percent": round(tightest.free * 100, 1),
        "capacity.limited-by": tightest.name,
        "capacity.for-account": min(max(share.most - share.used + share.own, 0) for share in shares),
        "capacity.own-sessions": max(share.own for share in shares),
    }


def states(sessions: Sequence[Session], total: int) -> dict[str, Value]:
    """Sessions by state, and which kind holds the greater part of `total`, hidden ones included."""
    kinds = Counter(one.state for one in sessions if one.state)
    idle, inside = kinds[IDLE], kinds[INSIDE]
    hidden = total - sum(kinds.values())
    # A kind that makes up the greater part even if all hidden sessions were of another one decides.
    if inside * 2 > total:
        held = "idle-in-transaction"
    elif (idle + inside) * 2 > total:
        held = "idle"
    else:
        held = "hidden" if total and hidden * 2 >= total else "active"
    forgotten = idle_in_transaction(sessions)
    return {
        "capacity.idle": idle,
        "capacity.idle-in-transaction": inside,
        "capacity.active": kinds[ACTIVE],
        "capacity.oldest-idle-seconds": max((one.age or 0 for one in forgotten), default=0),
        "capacity.held-by": held,
        "capacity.top-application": _greatest(one.application or one.host for one in sessions),
        "capacity.top-role": _greatest(one.role for one in sessions),
        "capacity.idle-pids": tuple(one.pid for one in forgotten[:MOST_PIDS]) or NOWHERE,
        "capacity.holders": tuple(holders(sessions)) or NOWHERE,
        "pool.by-application": tuple(by_application(sessions)) or NOWHERE,
    }


def _greatest(names: Iterable[str]) -> str:
    top = Counter(clean(name, limit=64) for name in names if name).most_common(1)
    return top[0][0] if top else "none"


def idle_in_transaction(sessions: Iterable[Session]) -> list[Session]:
    """Those that are idle inside a transaction, the longest first."""
    found = [one for one in sessions if one.state == INSIDE and one.pid.isdigit()]
    return sorted(found, key=lambda one: -(one.age or 0))


def holders(sessions: Iterable[Session]) -> Iterator[str]:
    """A line for each role, application, host and state, the greatest first."""
    groups: defaultdict[tuple[str, str, str, str, str], list[Session]] = defaultdict(list)
    for one in sessions:
        groups[
            one.role, one.application, "" if one.application else one.database, one.host, one.state
        ].append(one)
    for key, members in sorted(groups.items(), key=lambda group: -len(group[1]))[:MOST_HOLDERS]:
        role, application, database, host, state = (clean(part, limit=64) for part in key)
        ages = [one.age for one in members if one.age is not None]
        said = [
            f"{len(members)} × {f'role {role}' if role else 'a role that is not shown'}",
            f"application {application}" if application else f"database {database}" if database else "",
            f"from {host}" if host else "",
            state or "state not shown",
            f"oldest {max(ages)} s" if ages else "",
        ]
        yield ", ".join(part for part in said if part)


def by_application(sessions: Iterable[Session]) -> Iterator[str]:
    """How many sessions each application has from each host, the greatest first."""
    counted = Counter(
        (one.application or one.role or "?", one.host or "a host not shown") for one in sessions
    )
    for (name, host), number in counted.most_common(MOST_HOLDERS):
        yield f"{clean(name, limit=64)} from {clean(host, limit=64)}: {number}"


def forecast(sessions: Iterable[Session], share: Share) -> str:
    """When the last slot is taken at the rate at which sessions came of late, or "none".

    Only said when it is close. A session that came and went is not counted, one that took the place of another is:
    so the sentence says on what it rests.
    """
    left = share.most - share.used
    ages = [one.opened for one in sessions if one.opened is not None]
    if share.free >= CLOSE or left <= 0:
        return "none"
    recent = ((60, "last minute"), (300, "last 5 minutes"))
    counted = [(sum(1 for age in ages if age <= seconds), seconds, words) for seconds, words in recent]
    new, seconds, words = max(counted, key=lambda one: one[0] / one[1])
    minutes = left * seconds / 60 / new if new else MINUTES_AHEAD + 1
    if new < FEWEST_NEW or minutes > MINUTES_AHEAD:
        return "none"
    about = (
        "less than a minute" if minutes < 1 else f"about {minutes:.0f} minute{'s' * (round(minutes) != 1)}"
    )
    return (
        f"at the rate of the {words} ({new} new sessions that stayed), the last slot is taken in {about},"
        " unless others end"
    )
