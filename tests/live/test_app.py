"""Time-outs, start times and the tables of migration tools, as those tools make them."""

from __future__ import annotations

import subprocess
import time
from binascii import crc32
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Servers
from tests.support.cli import OWN_SERVERS_HIDDEN, Cli, Result, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import Lab
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import wait_until

FLYWAY = """CREATE TABLE "flyway_schema_history" ("installed_rank" INT NOT NULL, "version" VARCHAR(50),
 "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER,
 "installed_by" VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
 "execution_time" INTEGER NOT NULL, "success" BOOLEAN NOT NULL)"""
GOLANG_MIGRATE = (
    "CREATE TABLE schema_migrations (version bigint not null primary key, dirty boolean not null)"
)
RAILS = 'CREATE TABLE "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY)'
PRISMA = """CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL,
 finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
 started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)"""
LIQUIBASE = """CREATE TABLE databasechangeloglock (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL,
 LOCKGRANTED TIMESTAMP WITHOUT TIME ZONE,
 LOCKEDBY VARCHAR(255), CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (ID))"""
MY_FLYWAY = """CREATE TABLE `flyway_schema_history` (`installed_rank` INT NOT NULL, `version` VARCHAR(50),
 `description` VARCHAR(200) NOT NULL, `type` VARCHAR(20) NOT NULL, `script` VARCHAR(1000) NOT NULL, `checksum` INT,
 `installed_by` VARCHAR(100) NOT NULL, `installed_on` TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
 `execution_time` INT NOT NULL, `success` BOOL NOT NULL, PRIMARY KEY (`installed_rank`)) ENGINE=InnoDB"""
MY_PRISMA = """CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL,
 finished_at DATETIME(3), migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at DATETIME(3),
 started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
 applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0)"""
MY_LIQUIBASE = """CREATE TABLE DATABASECHANGELOGLOCK (ID INT NOT NULL, `LOCKED` TINYINT NOT NULL,
 LOCKGRANTED datetime NULL, LOCKEDBY VARCHAR(255) NULL, CONSTRAINT PK_DATABASECHANGELOGLOCK PRIMARY KEY (ID))"""

ROW = "INSERT INTO flyway_schema_history VALUES ({}, '{}', '{}', 'SQL', 'V.sql', 1, 'app', now(), 5, {})"
FLYWAY_OK, FLYWAY_BAD = ROW.format(1, 1, "init", "true"), ROW.format(2, 2, "add orders", "false")
BEGUN = (
    "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, logs) "
    "VALUES ('1', 'c', '2024_orders', {}, {})"
)
LOCK = "INSERT INTO {} VALUES (1, {}, {}, 'web-1 (10.0.0.5)')"
AN_HOUR_AGO, MY_HOUR_AGO = "now() - interval '1 hour'", "UTC_TIMESTAMP() - INTERVAL 1 HOUR"

BROKEN: dict[str, tuple[str, ...]] = {
    "flyway": (FLYWAY, FLYWAY_OK, FLYWAY_BAD),
    "golang-migrate": (GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, true)"),
    "prisma": (PRISMA, BEGUN.format("now()", "'ERROR: column does not exist'")),
    "prisma-killed": (PRISMA, BEGUN.format(AN_HOUR_AGO, "NULL")),
}
MY_BROKEN: dict[str, tuple[str, ...]] = {
    "flyway": (MY_FLYWAY, FLYWAY_OK, FLYWAY_BAD),
    "golang-migrate": (GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, true)"),
    "prisma": (MY_PRISMA, BEGUN.format("UTC_TIMESTAMP()", "'ERROR'")),
    "prisma-killed": (MY_PRISMA, BEGUN.format(MY_HOUR_AGO, "NULL")),
}
DONE = "UPDATE _prisma_migrations SET finished_at = started_at, logs = NULL"
CLEAN: dict[str, tuple[str, ...]] = {
    "flyway": (FLYWAY, FLYWAY_OK),
    "golang-migrate": (GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, false)"),
    "prisma": (PRISMA, BEGUN.format("now()", "NULL"), DONE),
    "liquibase": (LIQUIBASE, LOCK.format("databasechangeloglock", "false", "NULL")),
}
MY_CLEAN: dict[str, tuple[str, ...]] = {
    "flyway": (MY_FLYWAY, FLYWAY_OK),
    "golang-migrate": (GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, false)"),
    "prisma": (MY_PRISMA, BEGUN.format("UTC_TIMESTAMP()", "NULL"), DONE),
    "liquibase": (MY_LIQUIBASE, LOCK.format("DATABASECHANGELOGLOCK", "0", "NULL")),
}
TABLES = "flyway_schema_history, schema_migrations, _prisma_migrations"


@pytest.fixture(scope="module")
def shared_postgres(servers: Servers) -> PostgresServer:
    return servers.postgres()


@pytest.fixture
def postgres(shared_postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server whose database has no table of a migration tool, before and after."""
    yield shared_postgres
    shared_postgres.sql(f"DROP TABLE IF EXISTS {TABLES}, databasechangeloglock")


@pytest.fixture(scope="module")
def shared_mariadb(servers: Servers) -> MariadbServer:
    return servers.mariadb()


@pytest.fixture
def mariadb(shared_mariadb: MariadbServer) -> Iterator[MariadbServer]:
    """A server whose database has no table of a migration tool, before and after."""
    yield shared_mariadb
    shared_mariadb.sql(f"USE {DATABASE}", f"DROP TABLE IF EXISTS {TABLES}, DATABASECHANGELOGLOCK")


@pytest.fixture
def machine(tmp_path: Path) -> Cli:
    """The program on the machine itself, which has no way into the lab's networks."""
    return Cli(tmp_path, prefix=OWN_SERVERS_HIDDEN)


def by_app(server: PostgresServer, statements: tuple[str, ...]) -> None:
    """Run these as the application's own account, as its migrations do."""
    with server.connect("app", password=PASSWORD) as session:
        for statement in statements:
            session.execute(statement.encode())


def told(result: Result) -> tuple[Any, Any]:
    facts = result.report["facts"]
    return facts["app.migrations"], facts["app.migration-tool"]


@pytest.mark.reproduces("app.migration-failed", on="postgresql")
@pytest.mark.parametrize("tool", BROKEN)
def test_a_failed_migration(remote: Cli, postgres: PostgresServer, tool: str) -> None:
    by_app(postgres, BROKEN[tool])
    result = remote.check(url()).expect_fault("app.migration-failed")
    assert told(result) == ("failed", tool.removesuffix("-killed"))
    assert any(row["layer"] == "app" and "failed" in row["text"] for row in result.report["evidence"])


@pytest.mark.reproduces("app.migration-failed", on="mariadb")
@pytest.mark.parametrize("tool", MY_BROKEN)
def test_mariadb_a_failed_migration(remote: Cli, mariadb: MariadbServer, tool: str) -> None:
    mariadb.sql(f"USE {DATABASE}", *MY_BROKEN[tool])
    result = remote.check(url("mysql")).expect_fault("app.migration-failed")
    assert told(result) == ("failed", tool.removesuffix("-killed"))


@pytest.mark.parametrize("tool", CLEAN)
def test_migrations_in_order(remote: Cli, postgres: PostgresServer, tool: str) -> None:
    by_app(postgres, CLEAN[tool])
    assert told(remote.check(url()).expect_healthy()) == ("clean", tool)


@pytest.mark.parametrize("tool", MY_CLEAN)
def test_mariadb_migrations_in_order(remote: Cli, mariadb: MariadbServer, tool: str) -> None:
    mariadb.sql(f"USE {DATABASE}", *MY_CLEAN[tool])
    assert told(remote.check(url("mysql")).expect_healthy()) == ("clean", tool)


def test_the_table_of_rails_has_no_state(remote: Cli, postgres: PostgresServer) -> None:
    by_app(postgres, (RAILS,))
    assert told(remote.check(url()).expect_healthy()) == ("none", "none")


@pytest.mark.reproduces("app.migration-blocked", on="postgresql")
def test_a_lock_of_liquibase_that_was_left_behind(remote: Cli, postgres: PostgresServer) -> None:
    by_app(postgres, (LIQUIBASE, LOCK.format("databasechangeloglock", "true", AN_HOUR_AGO)))
    result = remote.check(url()).expect_fault("app.migration-blocked")
    detail = result.report["facts"]["app.migration-detail"]
    assert detail.startswith("locked by web-1 (10.0.0.5) at ")
    assert detail.endswith(", by its own clock; no other session is in this database")
    assert "app.migration-age" not in result.report["facts"]  # the clock may be that of another time zone
    release = next(
        fix
        for fix in result.report["findings"][0]["fixes"]
        if fix["title"] == "Release the lock of Liquibase"
    )
    postgres.sql(next(one["text"] for one in release["commands"] if one["language"] == "sql"))
    assert told(remote.check(url()).expect_healthy()) == ("clean", "liquibase")


@pytest.mark.reproduces("app.migration-blocked", on="mariadb")
def test_mariadb_a_lock_of_liquibase_that_was_left_behind(remote: Cli, mariadb: MariadbServer) -> None:
    row = LOCK.format("DATABASECHANGELOGLOCK", "1", "now() - INTERVAL 1 HOUR")
    mariadb.sql(f"USE {DATABASE}", MY_LIQUIBASE, row)
    result = remote.check(url("mysql")).expect_fault("app.migration-blocked")
    release = next(
        fix
        for fix in result.report["findings"][0]["fixes"]
        if fix["title"] == "Release the lock of Liquibase"
    )
    mariadb.sql(
        f"USE {DATABASE}", next(one["text"] for one in release["commands"] if one["language"] == "sql")
    )
    assert told(remote.check(url("mysql")).expect_healthy()) == ("clean", "liquibase")


@pytest.mark.parametrize(
    "since", ["now()", "now() - interval '14 hours'", "now() + interval '11 hours'", "NULL"]
)
def test_a_lock_that_somebody_may_hold_is_a_warning(
    remote: Cli, own: Servers, postgres: PostgresServer, since: str
) -> None:
    own.keep(postgres.connect("app", password=PASSWORD))
    by_app(postgres, (LIQUIBASE, LOCK.format("databasechangeloglock", "true", since)))
    result = remote.check(url()).expect_healthy()
    assert told(result) == ("running", "liquibase")
    assert result.layer("app")["outcome"] == "warning"


@pytest.mark.reproduces("app.migration-blocked", on="postgresql")
def test_a_lock_that_is_old_in_every_time_zone(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.keep(postgres.connect("app", password=PASSWORD))
    by_app(postgres, (LIQUIBASE, LOCK.format("databasechangeloglock", "true", "now() - interval '27 hours'")))
    assert told(remote.check(url()).expect_fault("app.migration-blocked")) == ("locked", "liquibase")


def test_mariadb_a_lock_that_somebody_may_hold_is_a_warning(
    remote: Cli, own: Servers, mariadb: MariadbServer
) -> None:
    own.keep(mariadb.connect("app", PASSWORD, DATABASE))
    row = LOCK.format("DATABASECHANGELOGLOCK", "1", "now() - INTERVAL 1 HOUR")
    mariadb.sql(f"USE {DATABASE}", MY_LIQUIBASE, row)
    assert told(remote.check(url("mysql")).expect_healthy()) == ("running", "liquibase")


def lock_of_golang_migrate(*names: str) -> int:
    """The number as database.GenerateAdvisoryLockId of golang-migrate makes it."""
    return crc32("\0".join(names).encode()) * 1486364155 % 2**32


@pytest.mark.reproduces("app.migration-failed", on="postgresql")
def test_a_lock_of_something_else_is_no_migration_at_work(
    remote: Cli, own: Servers, postgres: PostgresServer
) -> None:
    by_app(postgres, (GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, true)"))
    own.keep(postgres.connect("app", password=PASSWORD)).execute("SELECT pg_advisory_lock(42)")
    assert told(remote.check(url()).expect_fault("app.migration-failed")) == ("failed", "golang-migrate")


@pytest.mark.parametrize(
    "names", [("public", "schema_migrations", DATABASE), ("public", DATABASE), (DATABASE,)]
)
def test_a_migration_at_work_is_a_warning(
    remote: Cli, own: Servers, postgres: PostgresServer, names: tuple[str, ...]
) -> None:
    by_app(postgres, (GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, true)"))
    at_work = own.keep(postgres.connect("app", password=PASSWORD))
    at_work.execute("SELECT pg_advisory_lock(%s::bigint)", (lock_of_golang_migrate(*names),))
    result = remote.check(url()).expect_healthy()
    assert told(result) == ("running", "golang-migrate")
    assert result.layer("app")["outcome"] == "warning"


def test_mariadb_a_migration_at_work_is_a_warning(remote: Cli, own: Servers, mariadb: MariadbServer) -> None:
    mariadb.sql(f"USE {DATABASE}", MY_PRISMA, BEGUN.format(MY_HOUR_AGO, "NULL"))
    at_work = own.keep(mariadb.connect("app", PASSWORD, DATABASE))
    at_work.cursor().execute("SELECT GET_LOCK('prisma_migrate', 1)")
    assert told(remote.check(url("mysql")).expect_healthy()) == ("running", "prisma")


def test_mariadb_golang_migrate_at_work_is_a_warning(
    remote: Cli, own: Servers, mariadb: MariadbServer
) -> None:
    mariadb.sql(f"USE {DATABASE}", GOLANG_MIGRATE, "INSERT INTO schema_migrations VALUES (7, true)")
    at_work = own.keep(mariadb.connect("app", PASSWORD, DATABASE))
    number = lock_of_golang_migrate(f"{DATABASE}:schema_migrations")
    at_work.cursor().execute("SELECT GET_LOCK(%s, 1)", (str(number),))
    assert told(remote.check(url("mysql")).expect_healthy()) == ("running", "golang-migrate")


def test_a_table_that_may_not_be_read(remote: Cli, postgres: PostgresServer) -> None:
    postgres.sql(FLYWAY.replace("CREATE TABLE ", "CREATE TABLE public."))
    result = remote.check(url()).expect_healthy()
    assert told(result) == ("not-visible", "flyway")
    assert "this account may not read flyway_schema_history" in str(result.report)


def test_mariadb_a_table_that_may_not_be_read(remote: Cli, mariadb: MariadbServer) -> None:
    mariadb.sql(
        f"USE {DATABASE}",
        MY_FLYWAY,
        f"CREATE USER adder@'10.77.0.%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT INSERT ON flyway_schema_history TO adder@'10.77.0.%'",
    )
    result = remote.check(url("mysql", user="adder")).expect_healthy()
    assert told(result) == ("not-visible", "flyway")
    assert "this account may not read flyway_schema_history" in str(result.report)


def test_a_table_of_that_name_which_is_somebody_elses(remote: Cli, postgres: PostgresServer) -> None:
    by_app(postgres, ("CREATE TABLE flyway_schema_history (note text)",))
    result = remote.check(url()).expect_healthy()
    assert told(result) == ("none", "none")


def test_an_application_that_was_there_before_its_server(
    own: Servers, lab: Lab, tmp_path: Path, machine: Cli
) -> None:
    environ = {"DATABASE_URL": url(port=5440), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    app = subprocess.Popen(lab.client.command(["/bin/sleep", "300"]), env=environ, cwd=tmp_path)
    own.stack.callback(app.wait)
    own.stack.callback(app.kill)
    comm = Path(f"/proc/{app.pid}/comm")
    wait_until(lambda: comm.read_text() == "sleep\n", "the application runs")
    # The kernel counts in hundredths of a second, the server tells whole ones.
    wait_until(lambda: time.time() - comm.stat().st_ctime > 2.0, "it has run for two seconds")
    own.postgres(port=5440)
    result = machine.check("--pid", str(app.pid)).expect_healthy()
    assert result.report["facts"]["app.started"] == "before-server"
    assert 1 <= result.report["facts"]["app.started-before"] < 60
    assert result.layer("app")["outcome"] == "warning"


def test_the_time_outs_of_this_account(remote: Cli, postgres: PostgresServer) -> None:
    postgres.sql(
        "ALTER ROLE app SET statement_timeout = '30s'",
        "ALTER ROLE app SET lock_timeout = '250ms'",
        "ALTER ROLE app SET idle_session_timeout = '10min'",
        "ALTER ROLE app SET idle_in_transaction_session_timeout = '1h'",
    )
    facts = remote.check(url()).expect_healthy().report["facts"]
    postgres.sql("ALTER ROLE app RESET ALL")
    assert facts["server.statement-timeout"] == 30_000
    assert facts["server.lock-timeout"] == 250
    assert facts["server.idle-timeout"] == 600
    assert facts["server.idle-transaction-timeout"] == 3600
    assert facts["server.keepalive-idle"] > 0
    assert facts["server.started"].endswith("Z")
    assert facts["app.started"] == "none"


def test_mariadb_the_time_outs_of_this_account(remote: Cli, mariadb: MariadbServer) -> None:
    mariadb.sql("SET GLOBAL max_statement_time = 1.5", "SET GLOBAL wait_timeout = 120")
    facts = remote.check(url("mysql")).expect_healthy().report["facts"]
    mariadb.sql("SET GLOBAL max_statement_time = 0", "SET GLOBAL wait_timeout = 28800")
    assert facts["server.statement-timeout"] == 1500
    assert facts["server.idle-timeout"] == 120
    assert facts["server.lock-timeout"] == 50_000
    assert facts["server.max-packet"] == 16 * 1024 * 1024


def test_mysql_the_time_outs_and_migrations(remote: Cli, own: Servers) -> None:
    server = own.mysql(port=3308)
    server.sql("SET GLOBAL max_execution_time = 1500", f"USE {DATABASE}", *MY_CLEAN["flyway"])
    result = remote.check(url("mysql", port=3308)).expect_healthy()
    facts = result.report["facts"]
    assert told(result) == ("clean", "flyway")
    assert facts["server.statement-timeout"] == 1500
    assert facts["server.idle-timeout"] == 28_800
    assert facts["server.max-packet"] == 64 * 1024 * 1024
    assert facts["server.started"].endswith("Z")
    server.sql(f"USE {DATABASE}", FLYWAY_BAD)
    remote.check(url("mysql", port=3308)).expect_fault("app.migration-failed")


def test_a_healthy_walk_asks_few_questions(remote: Cli, own: Servers) -> None:
    server = own.postgres(port=5441, settings={"log_statement": "all"})
    remote.check(url(port=5441)).expect_healthy()
    assert server.service is not None
    asked = server.service.text().count("LOG:  statement:")
    assert asked == 5, server.service.text()
