"""The range itself: what it leaves behind, how it is extended, what it does with clients that are none."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import psycopg
import pytest

from wizard.practice import Answer, get, list_scenarios, serve
from wizard.practice import answers as tables
from wizard.practice.model import PASSWORD, PostgresServer
from wizard.practice.sql import answer, statements
from wizard.wire import postgres


def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    with serve(get("healthy-postgresql")) as running:
        idle = socket.create_connection((running.host, running.port))
        idle.sendall(postgres.ssl_request())
        assert idle.recv(1) == b"S"
        assert (running.files / "server.key").stat().st_mode & 0o077 == 0
    with idle:
        assert idle.recv(1) == b""
    assert not running.files.exists()
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((running.host, running.port))


@pytest.mark.parametrize("name", ["name-not-found", "black-hole", "wrong-port", "certificate-revoked"])
def test_neither_is_anything_of_the_surroundings(name: str) -> None:
    before = set(threading.enumerate())
    with serve(get(name)) as running:
        assert any(running.files.iterdir()) == (
            running.scenario.names is not None or name == "certificate-revoked"
        )
    assert not running.files.exists()
    assert set(threading.enumerate()) == before


def test_answers_given_to_serve_come_first() -> None:
    own = Answer(r"SELECT state, count\(\*\) FROM pg_stat_activity.*", ("state", "count"), (("idle", 97),))
    with (
        serve(get("healthy-postgresql"), answers=(own,)) as running,
        psycopg.connect(running.url, connect_timeout=10) as connection,
    ):
        rows = connection.execute("SELECT state, count(*) FROM pg_stat_activity GROUP BY state").fetchall()
    assert rows == [("idle", 97)]


def test_several_clients_at_once() -> None:
    with serve(get("healthy-postgresql")) as running:
        connections = [psycopg.connect(running.url, connect_timeout=10) for _ in range(3)]
        assert [c.execute("SELECT 1").fetchone() for c in connections] == [(1,)] * 3
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("name", ["healthy-postgresql", "healthy-mysql"])
@pytest.mark.parametrize(
    "junk", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\0" * 9, b"\xff" * 64, b"\0"]
)
def test_junk_ends_its_own_connection_only(name: str, junk: bytes) -> None:
    with serve(get(name)) as running:
        for _ in range(2):
            with socket.create_connection((running.host, running.port), 3) as client:
                client.sendall(junk)
                client.shutdown(socket.SHUT_WR)
                while client.recv(4096):
                    pass


def test_a_reset_is_a_reset() -> None:
    with (
        serve(get("accepts-then-resets")) as running,
        socket.create_connection((running.host, running.port), 3) as client,
    ):
        client.sendall(b"hello")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("auth", ["md5", "cleartext"])
def test_other_authentication_methods(auth: str) -> None:
    scenario = replace(get("healthy-postgresql"), listens=(PostgresServer(auth=auth),))
    with serve(scenario) as running:
        psycopg.connect(running.url, connect_timeout=10).close()
        wrong = running.url.replace(f":{PASSWORD}@", ":guess@")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong, connect_timeout=10)


def test_a_failed_transaction_stays_failed_until_rollback() -> None:
    with (
        serve(get("read-only-standby")) as running,
        psycopg.connect(running.url, connect_timeout=10) as connection,
    ):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE t (a int)")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_statements_are_split_outside_quotes_and_comments() -> None:
    assert statements("SELECT ';' -- a; b\n; /* ; */ SELECT 2;") == ["SELECT ';'", "SELECT 2"]


def test_unknown_expressions_give_an_empty_result_with_names() -> None:
    rows = answer("SELECT f(1, 2), g AS h", tables.POSTGRES, tables.POSTGRES_SETTINGS)
    assert rows is not None
    assert (rows.columns, rows.rows) == (("f", "h"), ())


def test_statements_without_rows_have_no_answer() -> None:
    assert answer("SET TIME ZONE 'UTC'", tables.POSTGRES, tables.POSTGRES_SETTINGS) is None


def test_urls_hold_no_secret_but_the_made_up_one() -> None:
    for scenario in list_scenarios():
        if scenario.layer == "auth":
            with serve(scenario) as running:
                assert "changed-last-week" not in running.url
