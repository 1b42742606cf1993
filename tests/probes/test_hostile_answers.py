"""Whatever rows a server, a pooler or a table of migrations gives: the probes report facts, or say why not."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard import numerals
from wizard.probes import (
    accounts,
    app,
    capacity,
    holders,
    inside_mysql,
    inside_postgres,
    migrations,
    pooler_console,
)
from wizard.probes.asseen import Place
from wizard.probes.base import Report, _harmless
from wizard.probes.channel import Channel
from wizard.probes.database import Rows
from wizard.probes.inside import PROVIDES, SLOTS
from wizard.probes.outcome import QueryError
from wizard.runtime import Runtime
from wizard.target.model import HostPort
from wizard.target.parse import parse_target
from wizard.wire import ProtocolError, postgres_server
from wizard.wire.mysql import Greeting

pytestmark = pytest.mark.slow

TARGET = parse_target("postgresql://app@db.example/shop", environ={}, home=None)
COLUMNS = (
    *(
        "pid",
        "usename",
        "datname",
        "app",
        "state",
        "age",
        "own",
        "query",
        "client",
        "opened",
        "most",
        "reserved",
    ),
    *(
        "super_reserved",
        "role_limit",
        "super",
        "database_limit",
        "role",
        "database",
        "senders_most",
        "senders",
    ),
    *("slots_most", "slots", "locktype", "blockers", "blocker", "table_name", "key", "held", "gid", "owner"),
    *("user_limit", "own_limit", "command", "waits", "mode", "status", "statement_timeout", "lock_timeout"),
    *("idle_timeout", "keepalive", "uptime", "table_1", "table_4", "dirty", "tables", "max_packet", "detail"),
    *("busy", "certain", "version", "port", "login", "passed", "sessions", "kind", "name", "allows", "may"),
    *("rule", "file", "changed", "user", "host", "plugin", "locked", "expired", "tls", "password", "value"),
    *(
        "force_user",
        "pool_size",
        "paused",
        "disabled",
        "cl_waiting",
        "sv_active",
        "sv_idle",
        "maxwait",
        "items",
    ),
)
VALUES = st.one_of(
    st.none(),
    st.sampled_from(("", "0", "1", "2", "t", "f", "-1", "--1", "²", "٣", "9" * 30, "9" * 5000, "1e9", "inf")),
    st.sampled_from(
        ("active", "idle in transaction", "Sleep", "waiting for table metadata lock", "user lock")
    ),
    st.sampled_from(
        ("{1,2}", "{2,", "1:AccessShareLock 2", "GRANTED", "PENDING", "EXCLUSIVE", "app", "shop")
    ),
    st.sampled_from(
        ("[]", "{}", '{"database": 3, "user_name": {}, "netmask": "x"}', "[" * 3000, "{'", "%", "a/b")
    ),
    st.sampled_from(
        ("flyway_schema_history", "schema_migrations,schema_migrations,x", "DATABASECHANGELOGLOCK")
    ),
    st.text(max_size=20),
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(COLUMNS) | st.text(max_size=3), VALUES, max_size=25), max_size=5
)
ANSWERS = st.lists(st.none() | ROWS, min_size=1, max_size=4)
QUICK = settings(max_examples=150, deadline=None)
MARIADB = Greeting(
    "10.11.1-MariaDB", 1, 0, 45, 2, "mysql_native_password", b"x" * 20, True, "10.11.1-MariaDB"
)
ORACLE = MARIADB._replace(version="8.0.44", raw_version="8.0.44", mariadb=False)
GREETINGS = st.sampled_from((None, MARIADB, ORACLE))


class Hostile(Channel):
    """A session whose every question is answered with one of these, and refused where that is None."""

    def __init__(self, answers: list[Rows | None], greeting: Greeting | None = None) -> None:
        super().__init__(socket.socket(), HostPort("db.example", 5432), "192.0.2.1")
        self.logged_in = True
        self.greeting = greeting
        self.answers = answers
        self.asked = 0
        self.asks = self._next

    def _next(self, question: str) -> Rows:
        del question
        self.asked += 1
        rows = self.answers[self.asked % len(self.answers)]
        if rows is None:
            raise QueryError("ERROR:  \x1b[31mno", "42501")
        return [dict(row) for row in rows]


def until() -> float:
    return time.monotonic() + 5


def all_of(answers: list[Rows | None], count: int) -> list[Rows | None]:
    return [answers[number % len(answers)] for number in range(count)]


def expect_harmless(report: Report, provides: tuple[str, ...]) -> None:
    """Only declared facts, of kinds that a condition can test, bounded and without control characters."""
    assert set(report.facts) <= set(provides)
    found = _harmless(report)
    texts = [found.summary, found.trouble, *(one.text for one in found.evidence)]
    for value in found.facts.values():
        texts += value if isinstance(value, tuple) else [str(value)]
    assert all(len(text) <= 1000 for text in texts)
    assert not any(char in text for text in texts for char in "\x1b\0\x07\u202e")


@QUICK
@given(ANSWERS, GREETINGS)
def test_counting_never_fails(answers: list[Rows | None], greeting: Greeting | None) -> None:
    channel = Hostile(answers, greeting)
    report = capacity.counted(channel, until())
    channel.sock.close()
    assert report.facts["capacity.outcome"] in ("ok", "cancelled", "not-visible", "lost")
    expect_harmless(report, capacity.PROVIDES)


@QUICK
@given(ANSWERS, GREETINGS)
def test_time_outs_and_migrations_never_fail(answers: list[Rows | None], greeting: Greeting | None) -> None:
    runtime = Runtime(TARGET, environ={})
    runtime.channel = channel = Hostile(answers, greeting)
    report = app.inspect(TARGET, runtime)
    channel.sock.close()
    assert report.facts["app.migrations"] in (*migrations.RANKS, "unfinished")
    assert channel.asked <= 1 + 2 * len(migrations.TABLES)
    expect_harmless(report, app.inspect.__dict__["probe"].provides)


@QUICK
@given(ANSWERS, st.integers(0, 5433))
def test_a_look_inside_postgresql(answers: list[Rows | None], port: int) -> None:
    report = Report()
    place = Place("192.0.2.7", tls=False, same_host=None, port=port)
    with suppress(QueryError, ValueError):  # `auth.inside` tells of it
        inside_postgres.look(lambda questions: all_of(answers, len(questions)), TARGET, report, place)
    expect_harmless(report, (*PROVIDES, *SLOTS))


@QUICK
@given(ANSWERS, st.booleans())
def test_a_look_inside_mysql(answers: list[Rows | None], mariadb: bool) -> None:
    channel, report = Hostile(answers), Report()
    assert channel.asks is not None
    client = accounts.Client("app", "web.example", "192.0.2.7", mariadb)
    inside_mysql.look(channel.asks, TARGET, report, client)
    channel.sock.close()
    expect_harmless(report, PROVIDES)


class Console(Hostile):
    """The same as the messages of PostgreSQL's protocol, as a pooler's console speaks it."""

    def send(self, data: bytes, until: float) -> None:
        del data, until
        try:
            rows = self._next("")
        except QueryError:
            answer = postgres_server.error({"S": "ERROR", "C": "08P01", "M": "no"})
        else:
            names = list(dict.fromkeys(name.replace("\0", "") for row in rows for name in row))
            values = [[(row.get(name) or "").replace("\0", "") for name in names] for row in rows]
            answer = postgres_server.row_description(names) + b"".join(map(postgres_server.data_row, values))
        self.decoder.feed(answer + postgres_server.ready())
        self.waiting.extend(self.decoder)


@QUICK
@given(ANSWERS)
def test_a_poolers_console(answers: list[Rows | None]) -> None:
    console = Console(answers)
    report = Report()
    with suppress(QueryError, ProtocolError):  # `pooler.inspect` tells of it
        report.facts.update(pooler_console.facts(console, TARGET, until()))
    console.sock.close()
    expect_harmless(report, (*report.facts,))


@given(st.text(max_size=30) | st.from_regex(r"-{0,2}[0-9]{0,20}", fullmatch=True))
def test_numbers_are_read_or_they_are_none(text: str) -> None:
    for read in (numerals.whole, numerals.count, holders.number, app.milliseconds):
        found = read(text)
        assert found is None or abs(found) < 10**21


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("-1", -1), ("--1", None), ("", None), ("²", None), ("+1", None)]
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert numerals.whole(text) == number


def test_the_nearest_of_very_many_names_is_looked_for_among_the_first() -> None:
    names = [f"tenant_{number}" for number in range(200_000)]
    began = time.process_time()
    assert numerals.nearest("tennant_17", names) == "tenant_17"
    assert numerals.nearest("tenant_199999", names) == "none"
    assert time.process_time() - began < 5
