"""A diagnosis changes nothing: the server is the same after a walk as before it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Servers
from tests.live.test_app import FLYWAY, FLYWAY_OK, LIQUIBASE, LOCK, MY_LIQUIBASE
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import wait_until

WALKS: dict[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "reading": ({}, ()),
    "write-path": ({}, ("--write-path",)),
    "pool": ({}, ("--answer", "app.text=pool", "--answer", "pool.processes=9", "--answer", "pool.size=9")),
    "dropped": ({}, ("--answer", "app.text=dropped")),
    "wrong-password": ({"password": WRONG_PASSWORD}, ()),
    "wrong-database": ({"database": "shopp"}, ()),
}
"""Ways through the tree, with what is different in the target, and further arguments."""


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(settings={"log_statement": "all"})
    server.sql("CREATE TABLE orders (id int)", "INSERT INTO orders SELECT generate_series(1, 100)")
    server.sql(FLYWAY, FLYWAY_OK, LIQUIBASE, LOCK.format("databasechangeloglock", "false", "NULL"))
    server.sql("GRANT SELECT ON flyway_schema_history, databasechangeloglock TO app")
    return server


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb()
    server.sql(f"CREATE TABLE {DATABASE}.orders (id int)", f"INSERT INTO {DATABASE}.orders VALUES (1), (2)")
    server.sql(f"USE {DATABASE}", MY_LIQUIBASE, LOCK.format("DATABASECHANGELOGLOCK", "0", "NULL"))
    return server


def postgres_state(server: PostgresServer) -> list[Any]:
    """Settings, objects, roles and rows, as the superuser sees them."""
    return [
        server.sql("SELECT name, setting, pending_restart FROM pg_settings ORDER BY name"),
        server.sql("SELECT oid, relname, relfilenode FROM pg_class ORDER BY oid"),
        server.sql("SELECT rolname, rolcanlogin, rolconnlimit, rolpassword FROM pg_authid ORDER BY oid"),
        server.sql("SELECT datname, datconnlimit, datallowconn FROM pg_database ORDER BY oid"),
        server.sql("SELECT count(*), sum(id), max(xmin::text::bigint) FROM orders"),
        server.sql("SELECT locktype, mode FROM pg_locks WHERE pid <> pg_backend_pid()"),
        server.sql("SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting ORDER BY 1, 2"),
        server.sql("SELECT installed_rank, success FROM flyway_schema_history ORDER BY 1"),
        server.sql("SELECT id, locked, lockgranted, lockedby FROM databasechangeloglock"),
    ]


def mariadb_state(server: MariadbServer) -> list[Any]:
    """Settings, tables and accounts, as root sees them."""
    moving = "('TIMESTAMP', 'GTID_BINLOG_STATE', 'RAND_SEED1', 'RAND_SEED2', 'LAST_INSERT_ID')"
    return [
        server.sql(
            "SELECT variable_name, variable_value FROM information_schema.global_variables "
            f"WHERE variable_name NOT IN {moving} ORDER BY 1"
        ),
        server.sql(
            "SELECT table_schema, table_name, create_time FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' ORDER BY 1, 2"
        ),
        server.sql("SELECT host, user, priv FROM mysql.global_priv ORDER BY 1, 2"),
        server.sql(f"SELECT COUNT(*), SUM(id) FROM {DATABASE}.orders"),
        server.sql(f"SELECT ID, LOCKED, LOCKGRANTED, LOCKEDBY FROM {DATABASE}.DATABASECHANGELOGLOCK"),
    ]


def postgres_sessions(server: PostgresServer) -> list[Any]:
    """Who is there since when, and in which state: theirs and ours."""
    return server.sql(
        "SELECT pid, usename, backend_start, state, xact_start, query FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"
    )


def mariadb_sessions(server: MariadbServer) -> list[Any]:
    """Who is there, and doing what: theirs and ours."""
    return server.sql(
        "SELECT id, user, db, command FROM information_schema.processlist "
        "WHERE id <> CONNECTION_ID() AND user <> 'system user' ORDER BY id"
    )


@pytest.mark.parametrize("walk", WALKS)
def test_postgresql_is_left_as_it_was(remote: Cli, own: Servers, postgres: PostgresServer, walk: str) -> None:
    wait_until(lambda: postgres_sessions(postgres) == [], "the sessions of the last test have left")
    forgotten = own.keep(postgres.connect("app", password=PASSWORD, autocommit=False))
    forgotten.execute("SELECT count(*) FROM flyway_schema_history")
    different, arguments = WALKS[walk]
    before = postgres_state(postgres)
    wait_until(lambda: len(postgres_sessions(postgres)) == 1, "only the forgotten session is there")
    there = postgres_sessions(postgres)
    assert remote.check(url(**different), *arguments).cause
    wait_until(lambda: postgres_sessions(postgres) == there, "the same sessions are there, in the same state")
    assert postgres_state(postgres) == before


def test_a_walk_writes_nothing_unless_told_to(remote: Cli, postgres: PostgresServer) -> None:
    seen = len(postgres.service.text()) if postgres.service else 0
    remote.check(url()).expect_healthy()
    log = postgres.service.text()[seen:].upper() if postgres.service else ""
    assert "STATEMENT" in log or "EXECUTE" in log or log
    for word in ("INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "DROP ", "TRUNCATE ", "TERMINATE"):
        assert f"STATEMENT: {word}" not in log.replace("  ", " "), log


@pytest.mark.parametrize("walk", WALKS)
def test_mariadb_is_left_as_it_was(remote: Cli, own: Servers, mariadb: MariadbServer, walk: str) -> None:
    wait_until(lambda: mariadb_sessions(mariadb) == [], "the sessions of the last test have left")
    forgotten = own.keep(mariadb.connect("app", PASSWORD, DATABASE))
    forgotten.autocommit(False)
    forgotten.cursor().execute("SELECT COUNT(*) FROM orders")
    different, arguments = WALKS[walk]
    before = mariadb_state(mariadb)
    # A client has its answer a moment before the server shows its session as asleep.
    wait_until(
        lambda: [row[3] for row in mariadb_sessions(mariadb)] == ["Sleep"],
        "only the forgotten session is there",
    )
    there = mariadb_sessions(mariadb)
    assert remote.check(url("mysql", **different), *arguments).cause
    wait_until(lambda: mariadb_sessions(mariadb) == there, "the same sessions are there, in the same state")
    assert mariadb_state(mariadb) == before


def test_a_queue_is_looked_at_and_left_alone(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    wait_until(lambda: postgres_sessions(postgres) == [], "the sessions of the last test have left")
    holder = own.keep(postgres.connect("app", password=PASSWORD, autocommit=False))
    holder.execute("SELECT count(*) FROM flyway_schema_history")
    for _number in range(3):
        waiter = own.keep(postgres.connect(database=DATABASE))
        waiter.pgconn.send_query(b"TRUNCATE flyway_schema_history")
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > '3 s'"
    )
    wait_until(lambda: postgres.sql(waiting) == [(3,)], "all of them have waited for some seconds")
    there = postgres_sessions(postgres)
    assert remote.check(url()).report["facts"]["capacity.waiting"] == 3
    wait_until(lambda: postgres_sessions(postgres) == there, "the same sessions are there, in the same state")


def _aborted(server: MariadbServer) -> int:
    return int(server.sql("SHOW GLOBAL STATUS LIKE 'Aborted_connects'")[0][1])


@pytest.mark.parametrize(
    "target", [url("mysql"), url("mysql", password=WRONG_PASSWORD)], ids=["healthy", "wrong-password"]
)
def test_a_walk_is_no_reason_to_block_the_host(remote: Cli, mariadb: MariadbServer, target: str) -> None:
    before = _aborted(mariadb)
    remote.check(target)
    assert _aborted(mariadb) - before <= 2


def test_no_session_is_left_behind(remote: Cli, postgres: PostgresServer, mariadb: MariadbServer) -> None:
    remote.check(url())
    remote.check(url("mysql"))
    assert postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'") == [(0,)]
    assert mariadb.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'") == [(0,)]


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_working_directory_stays_clean(remote: Cli, postgres: PostgresServer) -> None:
    remote.check(url()).expect_healthy()
    assert _files(remote.cwd) == set()
