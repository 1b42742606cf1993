"""Databases and servers that let nobody in, or in but not to write."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support.cli import Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.processes import wait_until

STANDBY, LATE_STANDBY = 5433, 5434


@pytest.fixture(scope="module")
def primary(servers: Servers) -> PostgresServer:
    server = servers.postgres(settings={"max_wal_senders": "4"})
    server.sql(
        "CREATE DATABASE frozen OWNER app",
        "UPDATE pg_database SET datallowconn = false WHERE datname = 'frozen'",
        "CREATE DATABASE private",
        "REVOKE CONNECT ON DATABASE private FROM PUBLIC",
        "CREATE DATABASE foreign_locale OWNER app",
        "UPDATE pg_database SET datcollate = 'xx_XX.UTF-8', datctype = 'xx_XX.UTF-8' "
        "WHERE datname = 'foreign_locale'",
        f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
        "ALTER ROLE reader SET default_transaction_read_only = on",
        f"CREATE ROLE copier LOGIN REPLICATION PASSWORD '{PASSWORD}'",
    )
    return server


@pytest.fixture(scope="module")
def standby(servers: Servers, primary: PostgresServer) -> PostgresServer:
    return servers.postgres(source=primary, port=STANDBY)


@pytest.fixture(scope="module")
def closed_standby(servers: Servers, primary: PostgresServer) -> PostgresServer:
    server = servers.postgres(source=primary, port=LATE_STANDBY, settings={"hot_standby": "off"}, wait=False)
    server.wait_log("started streaming|entering standby mode")
    return server


@table(
    Fault("missing", "database.does-not-exist", url(database="shopp"), code="3D000"),
    Fault("takes-no-connections", "database.not-accepting", url(database="frozen"), code="55000"),
    Fault("template", "database.not-accepting", url(database="template0"), code="55000"),
    Fault("without-privilege", "database.privilege", url(database="private"), code="42501"),
    Fault("locale", "database.locale-mismatch", url(database="foreign_locale")),
    Fault("read-only-role", "database.read-only", url(user="reader")),
    Fault("read-only-session", "database.read-only", url(options="-c default_transaction_read_only=on")),
    Fault("standby-wanted", "database.not-standby", url(target_session_attrs="standby")),
    Fault("read-only-wanted", "database.not-standby", url(target_session_attrs="read-only")),
    on="postgresql",
)
def test_postgresql(remote: Cli, primary: PostgresServer, fault: Fault) -> None:
    result = fault.check(remote)
    assert result.layer("network")["outcome"] == "ok", result.story()


def test_read_only_is_right_for_a_reader(remote: Cli, primary: PostgresServer) -> None:
    remote.check(url(user="reader"), "--answer", "writes=no").expect_healthy()


@table(
    Fault("standby", "database.read-only", url(port=STANDBY)),
    Fault("standby-read-write", "database.read-only", url(port=STANDBY, target_session_attrs="read-write")),
    Fault("standby-primary", "database.read-only", url(port=STANDBY, target_session_attrs="primary")),
    on="postgresql",
)
def test_standby(remote: Cli, standby: PostgresServer, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.parametrize("attribute", ["standby", "read-only", "prefer-standby"])
def test_standby_is_what_was_asked_for(remote: Cli, standby: PostgresServer, attribute: str) -> None:
    remote.check(url(port=STANDBY, target_session_attrs=attribute)).expect_healthy()


def test_second_host_is_the_primary(remote: Cli, standby: PostgresServer) -> None:
    hosts = f"db.lab.test:{STANDBY},db.lab.test:5432"
    remote.check(url(host=hosts, target_session_attrs="read-write")).expect_healthy()


@pytest.mark.reproduces("database.in-recovery", on="postgresql")
def test_standby_without_hot_standby(remote: Cli, closed_standby: PostgresServer) -> None:
    result = remote.check(url(port=LATE_STANDBY))
    result.expect_fault("database.in-recovery", accept=("database.starting",), code="57P03")


@pytest.fixture
def starting(own: Servers) -> PostgresServer:
    """A server that stays in its start-up: the archive from which it recovers does not answer."""
    server = PostgresServer(namespace=own.lab.server, port=5436)
    hold, waits = server.folder / "hold", server.folder / "waits"
    hold.touch()
    (server.data / "recovery.signal").touch()
    server.settings["restore_command"] = f"touch {waits}; while test -e {hold}; do sleep 0.1; done; false"
    own.stack.callback(server.stop)
    own.stack.callback(hold.unlink)
    server.start(wait=False)
    wait_until(waits.exists, "the server waits for its archive")
    return server


@pytest.mark.reproduces("database.starting", on="postgresql")
def test_starting(remote: Cli, starting: PostgresServer) -> None:
    remote.check(url(port=5436)).expect_fault("database.starting", code="57P03")


@pytest.mark.reproduces("database.stopping", on="postgresql")
def test_stopping(remote: Cli, own: Servers) -> None:
    server = own.postgres(port=5437)
    own.keep(server.connect())
    server.send_signal(signal.SIGTERM)
    server.wait_log("received smart shutdown request")
    remote.check(url(port=5437)).expect_fault("database.stopping", code="57P03")


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb()
    server.sql("CREATE DATABASE private")
    return server


@table(
    Fault(
        "missing", "database.does-not-exist", url("mysql", database="shopp"), accept=("database.privilege",)
    ),
    Fault("without-privilege", "database.privilege", url("mysql", database="private"), code="1044"),
    on="mariadb",
)
def test_mariadb(remote: Cli, mariadb: MariadbServer, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.reproduces("database.does-not-exist", on="mariadb")
def test_mariadb_missing_for_an_account_that_may_see(remote: Cli, mariadb: MariadbServer) -> None:
    mariadb.account("all_seeing")
    mariadb.sql("GRANT ALL ON *.* TO all_seeing@'10.77.0.%'")
    target = url("mysql", user="all_seeing", database="shopp")
    remote.check(target).expect_fault("database.does-not-exist", code="1049")


@pytest.fixture
def read_only(mariadb: MariadbServer) -> Iterator[None]:
    mariadb.sql("SET GLOBAL read_only = ON")
    yield
    mariadb.sql("SET GLOBAL read_only = OFF")


@pytest.mark.reproduces("database.read-only", on="mariadb")
def test_mariadb_read_only(remote: Cli, read_only: None) -> None:
    remote.check(url("mysql")).expect_fault("database.read-only")


def test_mariadb_read_only_for_a_reader(remote: Cli, read_only: None) -> None:
    remote.check(url("mysql"), "--answer", "writes=no").expect_healthy()


@pytest.mark.reproduces("server.init-connect-failed", on="mariadb")
def test_mariadb_init_connect_fails(remote: Cli, mariadb: MariadbServer) -> None:
    mariadb.sql("SET GLOBAL init_connect = 'SELECT 1 FROM nowhere.nothing'")
    try:
        remote.check(url("mysql")).expect_fault("server.init-connect-failed")
    finally:
        mariadb.sql("SET GLOBAL init_connect = ''")
