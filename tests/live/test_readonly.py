"""A diagnosis changes nothing: the server is the same after a walk as before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Servers
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.postgres import DATABASE, PostgresServer


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(settings={"log_statement": "all"})
    server.sql("CREATE TABLE orders (id int)", "INSERT INTO orders SELECT generate_series(1, 100)")
    return server


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb()
    server.sql(f"CREATE TABLE {DATABASE}.orders (id int)", f"INSERT INTO {DATABASE}.orders VALUES (1), (2)")
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
    ]


@pytest.mark.parametrize("arguments", [(), ("--write-path",)], ids=["reading", "write-path"])
def test_postgresql_is_left_as_it_was(
    remote: Cli, postgres: PostgresServer, arguments: tuple[str, ...]
) -> None:
    before = postgres_state(postgres)
    remote.check(url(), *arguments).expect_healthy()
    assert postgres_state(postgres) == before


def test_a_walk_writes_nothing_unless_told_to(remote: Cli, postgres: PostgresServer) -> None:
    seen = len(postgres.service.text()) if postgres.service else 0
    remote.check(url()).expect_healthy()
    log = postgres.service.text()[seen:].upper() if postgres.service else ""
    assert "STATEMENT" in log or "EXECUTE" in log or log
    for word in ("INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "DROP ", "TRUNCATE ", "TERMINATE"):
        assert f"STATEMENT: {word}" not in log.replace("  ", " "), log


@pytest.mark.parametrize("arguments", [(), ("--write-path",)], ids=["reading", "write-path"])
def test_mariadb_is_left_as_it_was(remote: Cli, mariadb: MariadbServer, arguments: tuple[str, ...]) -> None:
    before = mariadb_state(mariadb)
    remote.check(url("mysql"), *arguments).expect_healthy()
    assert mariadb_state(mariadb) == before


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
