"""The sum of the pools against a real server: read from settings, told by a person, and left alone where unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.conftest import Servers
from tests.live.test_capacity import fill, fill_mariadb
from tests.support.cli import Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.postgres import PASSWORD, PostgresServer

SLOTS = 40
"""max_connections of the servers here; three of PostgreSQL's are kept for superusers."""


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(settings={"max_connections": str(SLOTS)})
    server.sql(
        f"CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'",
        f"CREATE ROLE narrow LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 10",
    )
    return server


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    return servers.mariadb(options=[f"--max-connections={SLOTS}"])


def test_nothing_is_claimed_where_nothing_is_written(remote: Cli, postgres: PostgresServer) -> None:
    facts = remote.check(url()).expect_healthy().report["facts"]
    assert facts["pool.outcome"] == "not-known"
    assert "pool.size" not in facts
    assert "pool.demand" not in facts


@pytest.mark.reproduces("pool.oversized", on="postgresql")
def test_the_pools_of_prisma_ask_for_too_much(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    fill(own, postgres, 28, "other")
    fill(own, postgres, 2)
    result = remote.check(url(connection_limit="20"), env={"WEB_CONCURRENCY": "2"}).expect_fault(
        "pool.oversized"
    )
    facts = result.report["facts"]
    assert (facts["pool.processes"], facts["pool.size"], facts["pool.overflow"]) == (2, 20, 0)
    assert facts["pool.demand"] == 40
    assert facts["pool.available"] == SLOTS - 3 - 28
    assert facts["pool.suggested-size"] == 4
    assert facts["pool.read-from"] == ["WEB_CONCURRENCY", "connection_limit"]
    finding = result.report["findings"][0]
    assert "2 processes x (20 + 0) = 40 connections" in finding["why_here"]
    assert "pool_size = 4" in str(finding["fixes"])


def test_pools_that_could_ask_a_quiet_server_for_too_much_are_a_warning(
    remote: Cli, postgres: PostgresServer
) -> None:
    result = remote.check(url(connection_limit="20"), env={"WEB_CONCURRENCY": "2"}).expect_healthy()
    assert result.layer("pool")["outcome"] == "warning"


def test_pools_that_fit(remote: Cli, postgres: PostgresServer) -> None:
    environment = {"DB_POOL": "5", "GUNICORN_CMD_ARGS": "--bind 0.0.0.0 --workers=4"}
    result = remote.check(url(), env=environment).expect_healthy()
    facts = result.report["facts"]
    assert (facts["pool.outcome"], facts["pool.demand"]) == ("fits", 20)
    assert result.layer("pool")["outcome"] == "ok"


def test_a_default_that_nobody_wrote_is_no_proof(remote: Cli, postgres: PostgresServer) -> None:
    environment = {"SQLALCHEMY_POOL_SIZE": "5", "WEB_CONCURRENCY": "4"}
    result = remote.check(url(), env=environment).expect_healthy()
    assert result.report["facts"]["pool.demand"] == 60
    assert result.layer("pool")["outcome"] == "warning"


@pytest.mark.reproduces("pool.oversized", on="postgresql")
def test_the_limit_of_the_account_counts(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    fill(own, postgres, 8, "narrow")
    environment = {"DB_POOL": "6", "WEB_CONCURRENCY": "2"}
    result = remote.check(url(user="narrow"), env=environment).expect_fault("pool.oversized")
    assert result.report["facts"]["pool.available"] == 10


@pytest.mark.reproduces("pool.oversized", on="postgresql")
@pytest.mark.reproduces("pool.exhausted", on="postgresql")
def test_the_sum_with_what_a_person_knows(remote: Cli, postgres: PostgresServer) -> None:
    def told(processes: int) -> list[str]:
        numbers = {"app.text": "pool", "pool.processes": processes, "pool.size": 5, "pool.overflow": 5}
        return [word for key, value in numbers.items() for word in ("--answer", f"{key}={value}")]

    result = remote.check(url(), *told(8)).expect_fault("pool.oversized")
    assert result.report["facts"]["pool.demand"] == 80
    result = remote.check(url(), *told(2)).expect_fault("pool.exhausted")
    assert (
        "The sum fits: 2 processes x (5 + 5) are 20 connections" in result.report["findings"][0]["why_here"]
    )


@pytest.mark.reproduces("pool.oversized", on="mariadb")
def test_mariadb_pools_that_ask_for_too_much(remote: Cli, own: Servers, mariadb: MariadbServer) -> None:
    fill_mariadb(own, mariadb, 31)
    environment = {"DB_POOL": "50", "WEB_CONCURRENCY": "1"}
    result = remote.check(url("mysql"), env=environment).expect_fault("pool.oversized")
    assert result.report["facts"]["pool.available"] == SLOTS - 31  # app@localhost is another account


@pytest.mark.reproduces("pool.stale-connection", on="mariadb")
def test_mariadb_ends_idle_sessions_before_the_pool_does(remote: Cli, mariadb: MariadbServer) -> None:
    mariadb.sql("SET GLOBAL wait_timeout = 60")
    late = remote.check(url("mysql"), env={"SQLALCHEMY_POOL_RECYCLE": "3600"}).expect_healthy()
    early = remote.check(url("mysql"), env={"SPRING_DATASOURCE_HIKARI_MAXLIFETIME": "50000"}).expect_healthy()
    asked = remote.check(url("mysql"), "--answer", "app.text=dropped", "--answer", "pool.recycle=300")
    mariadb.sql("SET GLOBAL wait_timeout = 28800")
    assert late.report["facts"]["pool.recycle-fits"] == "no"
    assert late.layer("pool")["outcome"] == "warning"
    assert early.report["facts"]["pool.recycle-fits"] == "yes"
    asked.expect_fault("pool.stale-connection")
    assert "keeps a connection for 300 s, and the server ends one that is idle for 60 s" in str(asked.report)


@pytest.mark.parametrize(
    ("lifetime", "seconds"), [("30m", 1800), ("1h30m", 5400), ("45s", 45), ("for ever", None), ("-1", None)]
)
def test_how_long_a_pool_keeps_a_connection(
    remote: Cli, postgres: PostgresServer, lifetime: str, seconds: Any
) -> None:
    facts = remote.check(url(pool_max_conn_lifetime=lifetime)).report["facts"]
    assert facts.get("pool.recycle") == seconds


@pytest.mark.reproduces("pool.stale-connection", on="postgresql")
def test_a_server_that_ends_nothing_is_not_blamed(remote: Cli, postgres: PostgresServer) -> None:
    result = remote.check(url(), "--answer", "app.text=dropped").expect_fault("pool.stale-connection")
    assert "The server itself ends no idle session" in result.report["findings"][0]["why_here"]
