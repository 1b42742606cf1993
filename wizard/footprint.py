"""What a walk does to servers: every connection, login, statement and question, noted where the bytes go.

A ledger belongs to a walk. Whoever opens, sends or starts something asks `now()` for the page of the probe that is at
work, so that no probe has to count and none can forget to. Passwords never come near it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from wizard.core.events import Touched
from wizard.core.touched import (
    ACCEPTED,
    BROKEN_OFF,
    BY_PEER,
    DECLINED,
    KNOCKED,
    NOT_OPENED,
    OPEN,
    REFUSED,
    passed,
    told,
)
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from wizard.core.events import Event
    from wizard.core.touched import Row, Rows

READS = ("SELECT", "SHOW", "WITH")
SESSION = ("SET", "BEGIN", "START", "ROLLBACK")
"""First words of statements that change nothing but our own session."""


class Bounds(NamedTuple):
    """The most that one walk does to the server of one address, whatever is wrong there."""

    connections: int
    at_once: int
    broken_off: int
    failed_logins: int
    statements: int


BOUNDS = {
    "postgresql": Bounds(connections=4, at_once=2, broken_off=2, failed_logins=3, statements=12),
    "mysql": Bounds(connections=4, at_once=2, broken_off=3, failed_logins=3, statements=20),
}
"""Without `--admin`, `--write-path` and a pooler's console, which are asked for or add their own; by kind of engine."""


class Connection:
    """One attempt to open a connection, and what became of it. Sizes are in bytes, before encryption."""

    def __init__(self, ledger: Ledger, by: str, place: str) -> None:
        self.by = by
        self.place = place
        self.through = ""
        """The program or library that opened it in our stead: libpq, PyMySQL, psql."""
        self.user: str | None = None
        """As whom a login was begun; None where it was not."""
        self.ended = NOT_OPENED
        self.code = ""
        """The server's own code for why it refused."""
        self.sent = 0
        self.received = 0
        self.seconds = 0.0
        self._begun = time.monotonic()
        self._ledger = ledger

    def opened(self) -> Connection:
        """The connection stands; itself."""
        self.ended = OPEN
        self._ledger.count_open(1)
        return self

    def naming(self, user: str) -> None:
        """A login as `user` begins."""
        self.user = user

    def accepted(self) -> None:
        """The server let us in."""
        self.ended = ACCEPTED

    def refused(self, code: str) -> None:
        """The server said no, before or at the login."""
        if self.ended == OPEN:
            self.ended, self.code = REFUSED, code if code.isascii() and code.isalnum() else ""

    def declined(self) -> None:
        """We ended the handshake in the one way that a server does not hold against this host."""
        self.ended, self.user = DECLINED, None

    def left(self) -> None:
        """The peer was gone first."""
        if self.ended == OPEN:
            self.ended = BY_PEER

    def knocked(self) -> None:
        """It was opened to see whether somebody listens, and nothing was said."""
        if self.ended == OPEN:
            self.ended = KNOCKED

    def asked(self, statement: str) -> None:
        """A statement was sent."""
        now().asked(self.place, statement)

    def closed(self) -> None:
        """It is over; what the server had not decided by now was broken off by us. Heard once."""
        if self.seconds or self.ended == NOT_OPENED:
            return
        self.seconds = max(time.monotonic() - self._begun, 1e-6)
        if self.ended == OPEN:
            self.ended = BROKEN_OFF
        self._ledger.count_open(-1)

    def row(self) -> Row:
        """The connection as plain data."""
        return {
            "to": self.place,
            "by": self.by,
            "through": self.through,
            "ended": BROKEN_OFF if self.ended == OPEN else self.ended,
            "login": self.user,
            "code": self.code,
            "sent": self.sent,
            "received": self.received,
            "ms": round(self.seconds * 1000, 1),
        }


class Ledger:
    """All that one walk did. Probes of several threads write into it."""

    def __init__(self) -> None:
        self.began = time.time()
        """Seconds since the epoch."""
        self.connections: list[Connection] = []
        self.statements: list[Row] = []
        self.questions: list[Row] = []
        """Names that were asked for: of the system's resolver, or of a nameserver."""
        self.datagrams: list[Row] = []
        self.programs: list[Row] = []
        self.at_once = 0
        self._open = 0
        self._lock = Lock()

    def count_open(self, step: int) -> None:
        """One connection more or less stands open."""
        with self._lock:
            self._open += step
            self.at_once = max(self.at_once, self._open)

    @property
    def refused_logins(self) -> int:
        """How many logins were refused so far: a few more may lock the account."""
        return sum(one.ended == REFUSED and one.user is not None for one in list(self.connections))

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """Everything that this thread does meanwhile is noted here, as done by `name`."""
        token = _page.set(Page(self, name))
        try:
            yield
        finally:
            _page.reset(token)

    def rows(self, gate: Callable[[str], str] = str) -> Rows:
        """What was done until now.

        `gate` passes every text that is not our own word: places, accounts, statements and names come from settings.
        """
        did: Row = {
            "at_once": self.at_once,
            "connections": [one.row() for one in list(self.connections)],
            "statements": list(self.statements),
            "names": list(self.questions),
            "datagrams": list(self.datagrams),
            "programs": list(self.programs),
        }
        return passed(did, gate)

    def told(self) -> dict[str, Any]:
        """The same with its `totals`, as it stands in a report, every text as it is: nothing to be shown."""
        return told([self.rows()])

    def is_empty(self) -> bool:
        """Whether nothing has been done yet."""
        return not (self.connections or self.statements or self.questions or self.datagrams or self.programs)


def footprint_of(events: Iterable[Event], gate: Callable[[str], str] = str) -> dict[str, Any]:
    """What the walk of these events did to servers, in all its sittings, as it stands in a report."""
    latest = {event.began: event.did for event in events if isinstance(event, Touched)}
    return told(passed(did, gate) for did in latest.values())


class Page(NamedTuple):
    """The ledger, open at the probe that is at work."""

    ledger: Ledger
    name: str

    def opening(self, place: str) -> Connection:
        """A connection to `place` is tried now."""
        made = Connection(self.ledger, self.name, place)
        self.ledger.connections.append(made)
        return made

    def asked(self, place: str, statement: str) -> None:
        """A statement was sent to the server at `place`."""
        text = " ".join(statement.split())
        self.ledger.statements.append({"by": self.name, "to": place, "kind": kind(text), "text": text})

    def looked_up(self, name: str, server: str = "") -> None:
        """A name was asked for: of `server`, else of the system's resolver."""
        self.ledger.questions.append({"by": self.name, "to": server or "the system's resolver", "name": name})

    def datagram(self, place: str) -> None:
        """One empty datagram was sent."""
        self.ledger.datagrams.append({"by": self.name, "to": place})

    def ran(self, program: str) -> None:
        """A program of this host was started."""
        self.ledger.programs.append({"by": self.name, "program": program})


_page: ContextVar[Page] = ContextVar("page")


def now() -> Page:
    """The page of what is at work in this thread; outside any walk, one that nobody reads."""
    return _page.get(None) or Page(Ledger(), "")


def place_of(address: str, port: int) -> str:
    """address:port, with brackets around IPv6; the path of a Unix socket."""
    if address.startswith(("/", "@")):
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def kind(statement: str) -> str:
    """read, session (only our own session notices) or write, by the first word of a statement."""
    word = statement.partition(" ")[0].upper()
    return "read" if word in READS else "session" if word in SESSION else "write"
