"""Scenarios against the real driver: what an application would see is what the scenario says it sees."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pymysql
import pytest

from wizard.practice import PracticeError, Running, Scenario, get, list_scenarios, serve
from wizard.practice.model import PASSWORD, filled

pytestmark = pytest.mark.slow

SILENT = "accepts-never-answers"

POSTGRES_FAULTS = (
    *("refused", "accepts-then-closes", "accepts-then-resets", "mysql-on-postgres-port"),
    *("not-a-database-http", "not-a-database-ssh", "tls-required", "tls-unsupported", "tls-versions-apart"),
    *("certificate-expired", "certificate-wrong-name", "certificate-untrusted", "certificate-not-yet-valid"),
    *(
        "certificate-revoked",
        "client-certificate-required",
        "wrong-password",
        "hba-no-entry",
        "login-disabled",
    ),
    *("unknown-database", "starting-up", "shutting-down", "slots-exhausted", "reserved-slots", "role-limit"),
    *("pgbouncer-no-such-user", "pgbouncer-no-such-database", "pgbouncer-wait-timeout"),
)
"""Whose symptom is in the words of psycopg."""
MYSQL_FAULTS = (
    *("mysql-certificate-expired", "mysql-tls-required", "mysql-host-not-allowed", "mysql-host-blocked"),
    *("mysql-access-denied", "mysql-account-locked", "mysql-unknown-database", "mysql-too-many-connections"),
)
"""Whose symptom is in the words of PyMySQL."""


def named(scenario: Scenario) -> str:
    return scenario.name


@contextmanager
def postgres(running: Running) -> Iterator[psycopg.Connection]:
    with psycopg.connect(running.url, connect_timeout=10, autocommit=True) as connection:
        yield connection


def connect_mysql(running: Running) -> pymysql.Connection:
    """What an application does with the URL: PyMySQL has no URLs of its own."""
    parts = urlsplit(running.url)
    options = dict(parse_qsl(parts.query))
    flags = {key: value == "true" for key, value in options.items() if value in ("true", "false")}
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 0,
        user=parts.username,
        password=parts.password or "",
        database=parts.path[1:],
        connect_timeout=10,
        ssl_ca=options.get("ssl_ca"),
        **flags,
    )


@pytest.mark.parametrize("name", POSTGRES_FAULTS)
def test_psycopg_sees_the_symptom(name: str) -> None:
    scenario = get(name)
    with serve(scenario) as running, pytest.raises(psycopg.OperationalError) as caught, postgres(running):
        pass
    assert scenario.symptom in str(caught.value)


@pytest.mark.parametrize("name", MYSQL_FAULTS)
def test_pymysql_sees_the_symptom(name: str) -> None:
    scenario = get(name)
    with serve(scenario) as running, pytest.raises(pymysql.err.OperationalError) as caught:
        connect_mysql(running)
    assert scenario.symptom in str(caught.value)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("mysql-access-denied", 1045),
        ("mysql-too-many-connections", 1040),
        ("mysql-host-blocked", 1129),
        ("mysql-host-not-allowed", 1130),
        ("mysql-unknown-database", 1049),
        ("mysql-account-locked", 3118),
        ("mysql-tls-required", 3159),
    ],
)
def test_pymysql_sees_the_number(name: str, number: int) -> None:
    with serve(get(name)) as running, pytest.raises(pymysql.err.OperationalError) as caught:
        connect_mysql(running)
    assert caught.value.args[0] == number


def test_healthy_postgresql_serves_a_driver_over_tls() -> None:
    with serve(get("healthy-postgresql")) as running, postgres(running) as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.info.server_version == 150007
        assert connection.info.parameter_status("in_hot_standby") == "off"
        row = connection.execute(
            "SELECT current_setting('max_connections')::int AS slots, pg_is_in_recovery(), current_user, 1"
        ).fetchone()
        assert row == (100, False, "app", 1)
        unknown = connection.execute("SELECT a, b AS c FROM nowhere WHERE x = (SELECT 1)")
        assert [column.name for column in unknown.description or ()] == ["a", "c"]
        assert unknown.fetchall() == []


def test_healthy_postgresql_takes_transactions_and_parameters() -> None:
    with serve(get("healthy-postgresql")) as running, postgres(running) as connection:
        with connection.transaction(force_rollback=True):
            connection.execute("CREATE TEMP TABLE t (a int)")
            assert connection.execute("INSERT INTO t VALUES (%s)", (1,)).rowcount == 1
        assert connection.execute("SELECT version() WHERE %s::int = 1", (1,)).description
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_healthy_postgresql_verifies_with_its_ca() -> None:
    with serve(get("healthy-postgresql")) as running:
        url = (
            f"{running.url}?sslmode=verify-full&sslrootcert={running.files}/root.crt&channel_binding=require"
        )
        with psycopg.connect(url, connect_timeout=10) as connection:
            assert connection.pgconn.ssl_in_use


def test_standby_reads_and_refuses_to_write() -> None:
    scenario = get("read-only-standby")
    with serve(scenario) as running, postgres(running) as connection:
        assert connection.info.parameter_status("in_hot_standby") == "on"
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as caught:
            connection.execute("CREATE TEMP TABLE t (a int)")
        assert scenario.symptom in str(caught.value)


def test_standby_fails_a_client_that_wants_a_primary() -> None:
    with (
        serve(get("read-only-standby")) as running,
        pytest.raises(psycopg.OperationalError, match="session is read-only"),
    ):
        psycopg.connect(running.url + "?target_session_attrs=read-write", connect_timeout=10)


def test_tls_required_lets_an_encrypted_client_in() -> None:
    with serve(get("tls-required")) as running:
        url = running.url.replace("sslmode=disable", "sslmode=require")
        with psycopg.connect(url, connect_timeout=10) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_hba_no_entry_names_the_encryption() -> None:
    with (
        serve(get("hba-no-entry")) as running,
        pytest.raises(psycopg.OperationalError, match="no encryption"),
    ):
        psycopg.connect(running.url, connect_timeout=10)


def test_healthy_mysql_serves_a_driver() -> None:
    with serve(get("healthy-mysql")) as running, connect_mysql(running) as connection:
        connection.autocommit(True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@version, @@global.read_only AS ro, CURRENT_USER(), 1, NULL")
            assert cursor.fetchone() == ("8.0.36", 0, "app@localhost", 1, None)
            cursor.execute("SHOW GLOBAL VARIABLES LIKE 'max_connections'")
            assert cursor.fetchone() == ("max_connections", "151")
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
            assert cursor.fetchone() == ("Threads_connected", "4")
            cursor.execute("SELECT a FROM nowhere")
            assert cursor.fetchall() == ()
        connection.ping(reconnect=False)


def test_healthy_mysql_verifies_with_its_ca() -> None:
    with serve(get("healthy-mysql")) as running:
        context = ssl.create_default_context(cafile=str(running.files / "root.crt"))
        with pymysql.connect(
            host="127.0.0.1", port=running.port, user="app", password=PASSWORD, database="shop", ssl=context
        ) as connection:
            assert connection.open


def test_mysql_tls_required_lets_an_encrypted_client_in() -> None:
    with serve(get("mysql-tls-required")) as running:
        context = ssl.create_default_context(cafile=str(running.files / "root.crt"))
        with pymysql.connect(
            host="127.0.0.1", port=running.port, user="app", password=PASSWORD, ssl=context
        ) as connection:
            assert connection.open


def test_mysql_replica_reads_and_refuses_to_write() -> None:
    scenario = get("mysql-read-only")
    with serve(scenario) as running, connect_mysql(running) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@super_read_only")
        assert cursor.fetchone() == (1,)
        with pytest.raises(pymysql.err.OperationalError) as caught:
            cursor.execute("INSERT INTO t VALUES (1)")
    assert str(caught.value) == scenario.symptom


@pytest.mark.parametrize("scenario", list_scenarios(), ids=named)
def test_what_the_server_says_is_in_the_symptom(scenario: Scenario) -> None:
    """Whatever driver's words the symptom is in: it carries those of the server that the scenario serves."""
    client = {"user": "app", "database": "shop", "host": "127.0.0.1", "encryption": "no encryption"}
    shown = " ".join(scenario.symptom.split())
    for server in scenario.listens:
        for moment in ("start", "plain", "greeting", "session", "statement"):
            error = getattr(server, f"{moment}_error", None)
            if error is not None:
                assert filled(error.message, **client) in shown


def test_names_are_unique_and_an_unknown_one_gets_the_nearest() -> None:
    names = [scenario.name for scenario in list_scenarios()]
    assert len(names) == len(set(names))
    with pytest.raises(PracticeError, match="'wrong-password'"):
        get("wrong-pasword")


def test_silence_ends_at_the_clients_bound_and_leaves_at_once() -> None:
    started = time.monotonic()
    with serve(get(SILENT)) as running:
        with pytest.raises(psycopg.errors.ConnectionTimeout, match=running.scenario.symptom):
            psycopg.connect(running.url, connect_timeout=2)
        waited = time.monotonic()
    assert 1.9 < waited - started < 3.5
    assert time.monotonic() - waited < 1.0
