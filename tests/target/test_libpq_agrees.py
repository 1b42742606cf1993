"""The real libpq is the judge: what it reads from a string, our parser reads too."""

import psycopg
import pytest
from psycopg import pq

from wizard.target.dsn import split_pairs
from wizard.target.parse import parse_target
from wizard.target.spellings import LIBPQ_ENVIRONMENT, LIBPQ_PARAMETERS

GOOD = [
    "postgresql://",
    "postgresql://localhost",
    "postgresql://localhost:5433",
    "postgresql://localhost/mydb",
    "postgresql://user@localhost",
    "postgresql://user:secret@localhost",
    "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
    "postgresql://host1:123,host2:456/somedb?target_session_attrs=any",
    "postgresql://user:a:b@h/d",
    "postgresql:///mydb?host=localhost&port=5433",
    "postgresql://[2001:db8::1234]/database",
    "postgresql://[::1]:5432,h2/database",
    "postgresql://%2Fvar%2Flib%2Fpostgresql/dbname",
    "postgresql://u%40x:p%2F%3A@h/d%20b",
    "postgresql://h/d?user=x&password=p%26q",
    "postgresql://u:p@h/d?user=later",
    "host=localhost port=5432 dbname=mydb connect_timeout=10",
    r"user=u password='it\'s' host = h",
    r"password=a\ b host=h",
    "host=a,b port=1,2",
]


def libpq(text: str) -> dict[str, str]:
    parsed = pq.Conninfo.parse(text.encode())
    return {each.keyword.decode(): each.val.decode() for each in parsed if each.val is not None}


@pytest.mark.parametrize("text", GOOD)
def test_same_reading_as_libpq(text):
    theirs = libpq(text)
    ours = parse_target(text, environ={}, home=None)
    assert ours.problems == ()
    if "host" in theirs:
        assert ",".join(each.host for each in ours.hosts) == theirs["host"]
    ports = [port or "5432" for port in theirs.get("port", "5432").split(",")]
    assert [str(each.port) for each in ours.hosts] == (ports * len(ours.hosts))[: len(ours.hosts)]
    for key, value in (("user", ours.user), ("dbname", ours.database)):
        assert value == theirs.get(key, value)
    assert (ours.password.reveal() if ours.password else None) == theirs.get("password")
    rest = {k: v for k, v in theirs.items() if k not in ("host", "port", "user", "dbname", "password")}
    assert dict(ours.options) == rest


BAD = [
    "postgresql://[::1/d",
    "postgresql://u:p%zz@h/d",
    "postgresql://h/d?nosuch=1",
    "postgresql://h/d?sslmode",
    "host",
    "host=h password='open",
    "host=h nosuchthing=1",
]


@pytest.mark.parametrize("text", BAD)
def test_what_libpq_refuses_is_a_problem(text):
    with pytest.raises(psycopg.OperationalError):
        libpq(text)
    assert parse_target(text, engine="postgresql" if "=" in text else None, environ={}, home=None).problems


def test_quoting_rules_are_libpqs():
    text = r"a='x y' b=p\'q c='' d=e\\f"
    assert split_pairs(text) == ([("a", "x y"), ("b", "p'q"), ("c", ""), ("d", "e\\f")], "")


def test_the_tables_are_those_of_libpq():
    defaults = pq.Conninfo.get_defaults()
    known = {each.keyword.decode() for each in defaults}
    assert known - LIBPQ_PARAMETERS == set()
    variables = {each.keyword.decode(): each.envvar.decode() for each in defaults if each.envvar}
    ours = {("dbname" if key == "database" else key): name for key, name in LIBPQ_ENVIRONMENT.items()}
    assert {k: v for k, v in ours.items() if k in variables} == {
        k: variables[k] for k in ours if k in variables
    }
