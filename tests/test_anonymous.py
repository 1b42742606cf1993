"""An anonymous transcript: no name survives in any form, each name has one replacement, and the verdict stays."""

from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.footprints import done
from tests.support.small_content import small_content
from wizard.anonymous import Replacer
from wizard.content.load import Content
from wizard.core.events import Answered, Event, Evidence, Noted, ProbeFinished, Showed, Skipped, Touched
from wizard.footprint import place_of
from wizard.names import in_text
from wizard.session import Session
from wizard.transcript import FORMATS, document, written

pytestmark = pytest.mark.slow

LABEL = st.from_regex(r"[a-z][a-z0-9]{3,9}(-[a-z0-9]{1,5})?", fullmatch=True)
HOST = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
NAME = st.from_regex(r"[a-z][a-z0-9]{4,10}([_.-][a-z0-9]{2,6}|@[a-z]{4,6}|'[a-z]{2})?", fullmatch=True)
ADDRESS = st.one_of(
    st.ip_addresses(v=4).filter(lambda one: not one.is_loopback and 0 < one.packed[0] < 240),
    st.ip_addresses(v=6).filter(
        lambda one: not one.is_loopback and not one.is_unspecified and not one.ipv4_mapped
    ),
).map(str)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return small_content(tmp_path_factory.mktemp("content"))


def told(host: str, user: str, database: str, address: str) -> str:
    """Every way in which servers, resolvers, drivers and people write these names."""
    literal = f"[{address}]" if ":" in address else address
    return (
        f'FATAL:  no pg_hba.conf entry for host "{address}", user "{user}", database "{database}", no encryption\n'
        f"postgresql://{quote(user, safe='')}:x@{literal}:5432/{quote(database, safe='')}?sslmode=require\n"
        f'could not translate host name "{host.upper()}" to address; connection to server at "{host}" ({address})\n'
        f"Access denied for user '{user}'@'{host}' (using password: YES)\n"
        f"{json.dumps({'host': host, 'db': database})} host={host} user={user} dbname={database}\n"
        f"/home/{user}/.pgpass %2Fhome%2F{quote(user, safe='')}%2F {user}@{host}"
    )


def session_of(host: str, user: str, database: str, address: str) -> Session:
    """A refused login whose every part names somebody."""
    words = told(host, user, database, address)
    target = {"engine": "postgresql", "host": host, "port": 5432, "user": user, "database": database}
    target |= {"hosts": [{"host": host, "port": 5432}], "source": f"/home/{user}/.env:3", "password": "set"}
    session = Session.create(None, {"target": target})
    session.header["environment"] = {**session.header["environment"], "host": host.partition(".")[0]}
    known = {"config.outcome": "ok", "engine": "postgresql", "target.host": host, "target.port": 5432}
    known |= {"target.user": user, "target.database": database}
    refused = {"auth.outcome": "refused", "error.text": words, "error.code": "28000"}
    resolved = {"dns.outcome": "ok", "dns.addresses": (address,)}
    quoted = (Evidence("auth", words, "28000"),)
    events: list[Event] = [
        ProbeFinished("config.settings", "config.settings", known, (), f"settings of {user}", "", 1.0, 100.0),
        Answered("ask.runtime", "docker", "user", 101.0),
        Skipped("ask.others", f"nobody at {host}", 102.0),
        ProbeFinished("dns.resolve", "dns.resolve", resolved, (), f"{host} is {address}", "", 1.0, 102.5),
        ProbeFinished("auth.login", "auth.login", refused, quoted, f"{user} is refused", "", 2.0, 103.0),
        Noted(f"{user} says that {host} ({address}) has {database}", 104.0),
        Showed(f"psql -h {host} -U {user} -d {database}", "copied", 105.0),
        Touched(
            100.0, done(place_of(address, 5432), user, f"{host} AAAA", f"SELECT 1 FROM {database}"), 106.0
        ),
    ]
    for event in events:
        session.add(event)
    return session


def forms(name: str) -> set[str]:
    return {name, quote(name, safe=""), html.escape(name), json.dumps(name)[1:-1], name.upper()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(host=HOST, user=NAME, database=NAME, address=ADDRESS)
def test_no_name_survives_in_any_form(
    content: Content, host: str, user: str, database: str, address: str
) -> None:
    assume(len({host.lower(), user, database}) == 3)
    plain = document(session_of(host, user, database, address), content)
    data = document(session_of(host, user, database, address), content, anonymous=True)
    for form in FORMATS:
        made = written(data, form)
        unescaped = html.unescape(made).replace("\\", "")
        for name in (host, user, database, address):
            for one in forms(name):
                assert one not in made
                assert one not in unescaped
    assert data["cause"] == plain["cause"] == "auth.password-wrong"
    assert [one["outcome"] for one in data["walks"][0]["report"]["layers"]] == [
        one["outcome"] for one in plain["walks"][0]["report"]["layers"]
    ]


def test_one_name_has_one_replacement_everywhere(content: Content) -> None:
    session = session_of("db-1.orders.example.com", "reader", "orders", "10.1.2.3")
    made = written(document(session, content, anonymous=True), "text")
    new = "postgresql://user-1:•••@192.0.2.1:5432/database-1?sslmode=require"
    for part in (
        'no pg_hba.conf entry for host "192.0.2.1", user "user-1", database "database-1"',
        new,
        'host name "host-1" to address; connection to server at "host-1" (192.0.2.1)',
        "'user-1'@'host-1'",
        "user-1 says that host-1 (192.0.2.1) has database-1",
        "psql -h host-1 -U user-1 -d database-1",
        "/home/user-1/.env:3",
        "PostgreSQL at host-1:5432 (user user-1, database database-1)",
    ):
        assert part in made, part


def test_what_everybody_has_and_the_words_of_the_pages_stay() -> None:
    text = (
        'FATAL: role "postgres" on localhost (127.0.0.1, ::1) in /var/run/postgresql/.s.PGSQL.5432, 0.0.0.0/0, '
        "see https://www.postgresql.org/docs/ and sqlalche.me/e/20/e3q8; PostgreSQL 15.4 at 12:30:05, pg_hba.conf"
    )
    names = list(in_text(text))
    assert Replacer(names, [text]).text(text) == text


def test_nothing_else_changes(content: Content) -> None:
    """With names that are words of nothing else, putting them back gives the original document."""
    names = ("zqhost.zqcorp.example", "zquser", "zqbase", "10.77.66.55")
    plain = document(session_of(*names), content)
    data = document(session_of(*names), content, anonymous=True)
    for one in (plain, data):
        for key in ("session", "started", "started_local", "began", "timeline", "notes"):
            one.pop(key, None)

    def restored(value: Any) -> Any:
        text = json.dumps(value)
        for new, old in (
            ("192.0.2.1", names[3]),
            ("host-1", names[0]),
            ("user-1", names[1]),
            ("database-1", names[2]),
        ):
            text = text.replace(new, old)
        return json.loads(text)

    plain["environment"]["host"] = data["environment"]["host"] = ""
    plain["summary"] = data["summary"] = []
    for one in (plain, data):
        one["walks"][0]["report"].pop("session")
        for moment in ("began",):
            one["walks"][0].pop(moment)
        one["walks"][0]["report"].pop("started")
    text = json.dumps(plain).replace(names[0].upper(), names[0])
    assert restored(data) == json.loads(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.lists(ADDRESS, max_size=4))
def test_any_text_can_be_searched_and_addresses_keep_their_number(text: str, addresses: list[str]) -> None:
    said = " ".join([text.translate({ord(sign): " " for sign in ".:0123456789abcdefABCDEF"}), *addresses])
    replacer = Replacer(in_text(said), [said])
    made = replacer.text(said)
    assert replacer.text(said) == made
    assert not any(one in made.split() for one in addresses)
    assert len(set(made.split()[-len(addresses) :] if addresses else [])) == len(set(addresses))


def test_a_replacement_is_never_a_name_that_somebody_has() -> None:
    said = 'user "user-1" user "alice" on 192.0.2.1 and 10.0.0.1'
    made = Replacer(in_text(said), [said]).text(said)
    for original in ("user-1", "alice", "192.0.2.1", "10.0.0.1"):
        assert original not in made.replace("user-12", "")
