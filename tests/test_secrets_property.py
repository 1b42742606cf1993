"""No password comes out: any password, given in any way, whatever the other side does.

A password that stands in no report by itself must be nowhere. One that is a word of the report (`postgres`, `5432`)
must change nothing: what is shown is the same as with any other password, so that nobody can tell which it is.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable
from difflib import unified_diff
from functools import cache
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.leaks import COMMON, PASSWORDS, bounded
from tests.support.secretways import (
    OTHER,
    WAYS,
    WAYS_OF_MYSQL,
    carried,
    cut,
    echo,
    escaped,
    gone,
    mysql_echo,
    no_such_database,
    refuse,
)
from tests.support.sockets import Behaviour
from tests.support.watched import Ran, assert_nowhere, check
from wizard.runtime import Runtime
from wizard.target.draft import Draft
from wizard.target.envfile import read_env
from wizard.target.parse import parse_target
from wizard.target.process import Process
from wizard.target.readings import readings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", WAYS)
@bounded(6)
@given(
    password=PASSWORDS,
    server=st.sampled_from([echo, cut, refuse, gone]),
    form=st.sampled_from(["--json", "--no-files"]),
)
@example(password="Zx9unheard", server=echo, form="--json")
def test_no_way_of_giving_a_password_lets_it_out(way: str, password: str, server: Any, form: str) -> None:
    assume(carried(way, password))
    if way in ("error", "answer"):
        server = refuse  # a password that only a text holds is known to nobody
    if way in WAYS_OF_MYSQL and server is not gone:
        server = (
            mysql_echo  # the others wait for a client of PostgreSQL: no client of MySQL hears a word of them
        )
    if form == "--no-files" and (way.startswith(".env") or way in ("compose", "two sources")):
        form = "--json"
    ran, _ = check(way, password, server, form)
    assert ran.status in (1, 3)
    assert_nowhere(password, ran)
    if way == "two sources":
        assert_nowhere(f"{password}-newer", ran)


def plain_report(ran: Ran, port: int) -> str:
    """The report without what differs from run to run."""
    text = re.sub(rf"\b{port}\b", "54321", ran.out)
    text = re.sub(r"\b[\d.]+ (m?s)\b", r"0 \1", text)
    text = re.sub(r'"([\w.]*[_.-])?ms": [\d.]+', '"ms": 0', text)
    return re.sub(r'"started": "[^"]+"', '"started": ""', text)


@cache
def usual(way: str, server: Callable[[str], Behaviour]) -> str:
    """The report with a password like no other."""
    return plain_report(*check(way, OTHER, server, "--json"))


def words_of(report: str) -> set[str]:
    """What the report says, word by word."""
    return {*re.findall(r"[a-zA-Z0-9_]+", json.dumps(json.loads(report), ensure_ascii=False))}


WAYS_OF_WORDS = ("url", "PGPASSWORD", ".env", "compose", "stdin")


@bounded(60)
@given(
    data=st.data(),
    way=st.sampled_from(WAYS_OF_WORDS),
    server=st.sampled_from([refuse, no_such_database, gone]),
)
def test_a_word_of_the_report_changes_nothing_when_it_is_the_password(
    data: Any, way: str, server: Any
) -> None:
    told = usual(way, server)
    # The name of the machine's first program is not ours to say: as the password it is masked, and rightly.
    init = json.loads(told)["facts"].get("host.init", "")
    words = sorted(words_of(told) - words_of(json.dumps(init)) - {"54321"})
    # One with a blank or an accent has another reading, which the walk tries: its report is longer, and rightly so.
    everyday = [one for one in COMMON if one.isascii() and " " not in one]
    password = data.draw(st.one_of(st.sampled_from(everyday), st.sampled_from(words)))
    found = plain_report(*check(way, password, server, "--json"))
    assert not list(unified_diff(told.splitlines(), found.splitlines(), lineterm="", n=0))


FORMS = {
    "url": "postgresql://app:{}@db.example.com:5432/shop?sslmode=disable",
    "sqlalchemy": "mysql+pymysql://app:{}@db.example.com/shop?charset=utf8mb4",
    "dsn": "host=db.example.com user=app password={} dbname=shop",
    "jdbc": "jdbc:postgresql://db.example.com:5432/shop?user=app&password={}",
    "jdbc of mysql": "jdbc:mysql://db.example.com:3306/shop?user=app&password={}&useSSL=false",
    "go": "app:{}@tcp(db.example.com:3306)/shop?tls=false",
    "ado.net": "Host=db.example.com;Username=app;Password={};Database=shop",
    "pdo": "mysql:host=db.example.com;dbname=shop;password={}",
    "query": "postgresql://db.example.com/shop?user=app&password={}",
    "no user": "postgresql://:{}@db.example.com/shop",
    "azure": "postgresql://app@srv:{}@srv.example.com:5432/shop",
    "quotes around": "'postgresql://app:{}@db.example.com/shop'",
    "assignment": "DATABASE_URL=postgresql://app:{}@db.example.com/shop",
    "unknown scheme": "postgresq://app:{}@db.example.com/shop",
    "one slash": "postgresql:/app:{}@db.example.com/shop",
    "backslashes": "postgresql:\\\\app:{}@db.example.com/shop",
    "no slashes": "postgresql:app:{}@db.example.com/shop",
    "no scheme": "app:{}@db.example.com:5432/shop",
    "no host": "postgresql://app:{}@/shop",
    "scheme within": "postgresql://app:{}@https://db.example.com/shop",
}
"""Connections with a place for a password that nobody has escaped."""
PIECES = st.lists(
    st.text("kqxzvwj795", min_size=5, max_size=7).map(lambda text: f"{text}7"), min_size=1, max_size=4
)
"""With a digit each: a raw `&word=` in a password is an option to every reader, and to this one."""
BETWEEN = st.text("@/:#?&=%+$ '\"\\,()[]{}<>|!*~^`-_.\t\n", min_size=1, max_size=2)


@bounded(400)
@given(form=st.sampled_from(sorted(FORMS)), pieces=PIECES, marks=st.lists(BETWEEN, min_size=4, max_size=4))
def test_no_piece_of_an_unescaped_password_is_looked_up_or_shown(
    form: str, pieces: list[str], marks: list[str]
) -> None:
    password = pieces[0] + "".join(mark + piece for mark, piece in zip(marks, pieces[1:], strict=False))
    target = parse_target(FORMS[form].format(password), environ={}, home=None)
    gate = Runtime(target, {}).gate
    shown = [target.user, target.database, repr(target), str(target.problems), str(target.settings)]
    for piece in pieces:
        assert not [one.host for one in target.hosts if piece in one.host]
        for text in (*shown, *map(str, target.options), *map(str, target.options.values())):
            assert piece not in gate.text(text)


@bounded(150)
@given(password=PASSWORDS, way=st.sampled_from(["url", "dsn", "jdbc", "mysql", "ado.net"]))
def test_nothing_that_holds_a_password_shows_it_when_it_is_printed(
    password: str, way: str, tmp_path: Path
) -> None:
    (text,) = WAYS[way](password, 5999, tmp_path).argv
    target = parse_target(text, environ={}, home=None)
    assert target.password is not None
    assert target.password.reveal() == password
    runtime = Runtime(target, {"PGPASSWORD": password}, admin=target)
    draft = Draft("here")
    draft.put_password(password)
    told = [
        target,
        target.password,
        runtime,
        runtime.gate,
        draft,
        [*runtime.secrets],
        readings(target),
        vars(runtime.gate).keys(),
    ]
    told += [read_env(f"A={escaped(password)}", {})["A"], Process(1, "x", environ={"PGPASSWORD": password})]
    for one in told:
        assert_nowhere(password, Ran(0, repr(one), str(one), f"{one}", ""))
    for spoil in (pickle.dumps, json.dumps, str.encode):
        with pytest.raises(TypeError) as error:
            spoil(target.password)
        assert_nowhere(password, Ran(0, repr(error.value), "".join(format_exception(error.value)), "", ""))
