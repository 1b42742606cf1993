"""Servers that are full, or soon will be, and what fills them."""

from __future__ import annotations

import signal
from typing import Any

import psycopg
import pymysql
import pytest

from tests.live.conftest import Servers
from tests.support.cli import Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import Service, wait_until

SLOTS = 20
"""max_connections of the servers here; three are reserved for superusers, 17 are the application's."""


def fill(
    own: Servers, server: PostgresServer, count: int, user: str = "app", **more: Any
) -> list[psycopg.Connection]:
    """Hold `count` sessions of `user` until the test is over."""
    return [own.keep(server.connect(user, password=PASSWORD, **more)) for _number in range(count)]


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(
        settings={"max_connections": str(SLOTS), "max_wal_senders": "0", "wal_level": "minimal"}
    )
    server.sql(
        f"CREATE ROLE narrow LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 1",
        "CREATE DATABASE small OWNER app CONNECTION LIMIT 1",
        "CREATE TABLE stock (id int PRIMARY KEY, n int)",
        "INSERT INTO stock VALUES (1, 1)",
        "ALTER TABLE stock OWNER TO app",
        f"CREATE ROLE copier LOGIN REPLICATION PASSWORD '{PASSWORD}'",
    )
    return server


@pytest.fixture
def empty(postgres: PostgresServer) -> PostgresServer:
    """The server once the sessions of the test before have left."""
    clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    others = f"{clients} AND pid <> pg_backend_pid()"
    postgres.sql(others.replace("count(*)", "pg_terminate_backend(pid)"))
    wait_until(lambda: postgres.sql(others) == [(0,)], "the sessions of the last test have left")
    return postgres


@pytest.mark.reproduces("capacity.reserved-slots", on="postgresql")
def test_only_reserved_slots_are_left(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, SLOTS - 3)
    remote.check(url()).expect_fault("capacity.reserved-slots", code="53300")


@pytest.mark.reproduces("capacity.max-connections", on="postgresql")
def test_every_slot_is_taken(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, SLOTS - 3)
    for _number in range(3):
        own.keep(empty.connect())
    result = remote.check(url())
    result.expect_fault("capacity.max-connections", code="53300")


@pytest.mark.reproduces("capacity.role-limit", on="postgresql")
def test_limit_of_the_role(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, 1, "narrow")
    remote.check(url(user="narrow")).expect_fault("capacity.role-limit", code="53300")


@pytest.mark.reproduces("capacity.database-limit", on="postgresql")
def test_limit_of_the_database(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, 1, database="small")
    remote.check(url(database="small")).expect_fault("capacity.database-limit", code="53300")


@pytest.mark.reproduces("capacity.idle-in-transaction", on="postgresql")
def test_mostly_idle_in_transaction(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    for session in fill(own, empty, SLOTS - 4, autocommit=False):
        session.execute("SELECT 1")
    remote.check(url()).expect_fault("capacity.idle-in-transaction")


@pytest.mark.reproduces("capacity.idle-connections", on="postgresql")
def test_mostly_idle(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, SLOTS - 4)
    remote.check(url()).expect_fault("capacity.idle-connections")


@pytest.mark.reproduces("capacity.near-limit", on="postgresql")
def test_mostly_at_work(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    for session in fill(own, empty, SLOTS - 4):
        session.pgconn.send_query(b"SELECT pg_sleep(300)")
    remote.check(url()).expect_fault("capacity.near-limit")


def test_half_full_is_healthy(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, 8)
    remote.check(url()).expect_healthy()


def blocked(own: Servers, server: PostgresServer, first: str, others: str) -> None:
    """One open transaction does `first`; three sessions wait behind it with `others`, for some seconds."""
    holder = fill(own, server, 1, autocommit=False)[0]
    holder.execute(first.encode())
    for session in fill(own, server, 3):
        session.pgconn.send_query(others.encode())
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND now() - query_start > interval '6 seconds'"
    )
    wait_until(lambda: server.sql(waiting) == [(3,)], "three sessions wait for a lock")


@pytest.mark.reproduces("capacity.lock-contention", on="postgresql")
def test_sessions_pile_up_behind_a_lock(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    update = "UPDATE stock SET n = n + 1 WHERE id = 1"
    blocked(own, empty, update, update)
    remote.check(url()).expect_fault("capacity.lock-contention")


@pytest.mark.reproduces("app.migration-blocked", on="postgresql")
def test_a_migration_holds_the_lock(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    blocked(own, empty, "ALTER TABLE stock ADD COLUMN note text", "SELECT * FROM stock")
    result = remote.check(url())
    result.expect_fault("app.migration-blocked", accept=("capacity.lock-contention",))


@pytest.mark.reproduces("capacity.replication-slots", on="postgresql")
def test_no_replication_slot_is_left(remote: Cli, empty: PostgresServer) -> None:
    empty.write_hba(("host all all all scram-sha-256", "host replication all all scram-sha-256"))
    empty.sql("SELECT pg_reload_conf()")
    target = url(user="copier", replication="true")
    remote.check(target).expect_fault("capacity.replication-slots")


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb(options=[f"--max-connections={SLOTS}", "--max-user-connections=1000"])
    server.account("narrow", host="localhost", rest="WITH MAX_USER_CONNECTIONS 1")
    server.account("narrow", rest="WITH MAX_USER_CONNECTIONS 1")
    server.account("hourly", rest="WITH MAX_CONNECTIONS_PER_HOUR 1")
    server.account("watcher")
    server.sql(
        "GRANT PROCESS ON *.* TO watcher@'10.77.0.%'",
        f"CREATE TABLE {DATABASE}.stock (id int PRIMARY KEY, n int)",
        f"INSERT INTO {DATABASE}.stock VALUES (1, 1)",
    )
    return server


def fill_mariadb(own: Servers, server: MariadbServer, count: int, user: str = "app") -> list[Any]:
    """Hold `count` sessions of `user` until the test is over."""
    return [own.keep(server.connect(user, PASSWORD, DATABASE)) for _number in range(count)]


@pytest.fixture
def empty_mariadb(mariadb: MariadbServer) -> MariadbServer:
    """The server once the sessions of the test before have left."""

    others = "FROM information_schema.processlist WHERE user <> 'system user' AND id <> CONNECTION_ID()"

    def alone() -> bool:
        try:
            return mariadb.sql(f"SELECT id {others}") == []
        except pymysql.err.OperationalError:  # no slot is free yet
            return False

    wait_until(alone, "the sessions of the last test have left")
    return mariadb


@pytest.mark.reproduces("capacity.max-connections", on="mariadb")
def test_mariadb_is_full(remote: Cli, own: Servers, empty_mariadb: MariadbServer) -> None:
    fill_mariadb(own, empty_mariadb, SLOTS)
    remote.check(url("mysql")).expect_fault("capacity.max-connections", code="1040")


def test_mariadb_one_session_is_enough_for_a_walk(remote: Cli, empty_mariadb: MariadbServer) -> None:
    empty_mariadb.sql("SET GLOBAL max_user_connections = 1")
    try:
        remote.check(url("mysql")).expect_healthy()
    finally:
        empty_mariadb.sql("SET GLOBAL max_user_connections = 1000")


@pytest.mark.reproduces("capacity.role-limit", on="mariadb")
def test_mariadb_limit_of_the_account(local: Cli, own: Servers, empty_mariadb: MariadbServer) -> None:
    fill_mariadb(own, empty_mariadb, 1, "narrow")
    target = url("mysql", user="narrow", host="localhost", unix_socket=str(empty_mariadb.socket))
    local.check(target).expect_fault("capacity.role-limit")


@pytest.mark.reproduces("capacity.role-limit", on="mariadb")
def test_mariadb_connections_an_hour(remote: Cli, empty_mariadb: MariadbServer) -> None:
    remote.check(url("mysql", user="hourly"))
    remote.check(url("mysql", user="hourly")).expect_fault("capacity.role-limit", code="1226")


@pytest.mark.reproduces("capacity.idle-connections", on="mariadb")
def test_mariadb_mostly_idle(remote: Cli, own: Servers, empty_mariadb: MariadbServer) -> None:
    fill_mariadb(own, empty_mariadb, SLOTS - 1)
    remote.check(url("mysql", user="watcher")).expect_fault("capacity.idle-connections")


@pytest.mark.reproduces("capacity.near-limit", on="mariadb")
def test_mariadb_full_of_sessions_that_cannot_be_seen(
    remote: Cli, own: Servers, empty_mariadb: MariadbServer
) -> None:
    fill_mariadb(own, empty_mariadb, SLOTS - 1)
    remote.check(url("mysql")).expect_fault("capacity.near-limit", accept=("capacity.idle-connections",))


def blocked_mariadb(own: Servers, server: MariadbServer, first: str, others: str) -> None:
    """One session holds a lock with `first`; three wait behind it with `others`, for some seconds.

    Those that wait come over the network: an account sees the sessions of its own name and host only.
    """
    holder = own.keep(server.connect("app", PASSWORD, DATABASE))
    holder.autocommit(False)
    for statement in first.split(";"):
        holder.cursor().execute(statement)
    login = server.folder / "client.cnf"
    login.write_text(f'[client]\nuser=app\npassword="{PASSWORD}"\nhost={SERVER}\n')
    words = own.lab.client.command(["mariadb", f"--defaults-extra-file={login}", DATABASE, "-e"])
    for number in range(3):
        waiter = Service([*words, others], server.folder / f"waiter{number}")
        own.stack.callback(waiter.stop, signal.SIGKILL)
    waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE info = '{}' AND time_ms > 6000"
    wait_until(lambda: server.sql(waiting.format(others)) == [(3,)], "three sessions wait for a lock")


@pytest.mark.reproduces("capacity.lock-contention", on="mariadb")
def test_mariadb_sessions_wait_for_a_row(remote: Cli, own: Servers, empty_mariadb: MariadbServer) -> None:
    update = "UPDATE stock SET n = n + 1 WHERE id = 1"
    blocked_mariadb(own, empty_mariadb, update, update)
    remote.check(url("mysql", user="watcher")).expect_fault("capacity.lock-contention")


@pytest.mark.reproduces("capacity.lock-contention", on="mariadb")
def test_mariadb_sessions_wait_for_a_table(remote: Cli, own: Servers, empty_mariadb: MariadbServer) -> None:
    blocked_mariadb(own, empty_mariadb, "LOCK TABLES stock WRITE", "SELECT * FROM stock")
    remote.check(url("mysql")).expect_fault("capacity.lock-contention", accept=("app.migration-blocked",))


def test_mariadb_half_full_is_healthy(remote: Cli, own: Servers, empty_mariadb: MariadbServer) -> None:
    fill_mariadb(own, empty_mariadb, SLOTS // 2)
    remote.check(url("mysql")).expect_healthy()
