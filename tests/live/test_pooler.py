"""What PgBouncer says in place of the server behind it."""

from __future__ import annotations

import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import LabError, Service, new_folder, wait_until

PORT = 6432


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    return servers.postgres()


@pytest.fixture(scope="module", autouse=True)
def pooler(servers: Servers, postgres: PostgresServer) -> PgBouncer:
    dead = f"host=127.0.0.1 port=5999 dbname={DATABASE} user=app password='{PASSWORD}'"
    misfit = f"host={postgres.sockets} port=5432 dbname={DATABASE} user=app password=wrong"
    settings = {"server_login_retry": "60", "query_wait_timeout": "1"}
    started = servers.pgbouncer(postgres, databases={"dead": dead, "misfit": misfit}, settings=settings)
    # The first client waits until the pooler gives up; those after it are told why.
    first = f"host=10.77.0.2 port={PORT} user=app dbname=dead password='{PASSWORD}'"
    with pytest.raises(LabError, match="query_wait_timeout"):
        servers.lab.client.run("psql", first, "-c", "SELECT 1")
    return started


@table(
    Fault("wrong-password", "auth.password-wrong", url(port=PORT, password=WRONG_PASSWORD)),
    Fault(
        "unknown-user",
        "pooler.user-unknown",
        url(port=PORT, user="ghost"),
        accept=("auth.password-wrong",),
    ),
    Fault("unknown-database", "pooler.database-unknown", url(port=PORT, database="nosuch")),
    Fault(
        "backend-is-down",
        "pooler.backend-down",
        url(port=PORT, database="dead"),
        accept=("pooler.wait-timeout",),
        among=("pooler.backend-down",),
    ),
    Fault(
        "backend-refuses-the-pooler",
        "pooler.backend-down",
        url(port=PORT, database="misfit"),
    ),
    Fault("startup-parameter", "pooler.startup-parameter", url(port=PORT, options="-c search_path=a")),
    on="pgbouncer",
)
def test_refusal(remote: Cli, fault: Fault) -> None:
    result = remote.check(fault.target)
    assert result.cause in (fault.cause, *fault.accept), result.story()
    assert set(fault.among) <= result.causes(), result.story()
    assert result.exit == 1, result.story()


@pytest.mark.reproduces("pooler.client-limit", on="pgbouncer")
def test_client_limit(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6433, settings={"max_client_conn": "0"})
    result = remote.check(url(port=6433))
    assert result.cause == "pooler.client-limit", result.story()


@pytest.mark.reproduces("pooler.paused", on="pgbouncer")
def test_disabled_database(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6434)
    own.lab.server.run(
        "psql",
        f"host=10.77.0.2 port=6434 user=bouncer_admin dbname=pgbouncer password='{PASSWORD}'",
        "-c",
        f"DISABLE {DATABASE}",
    )
    result = remote.check(url(port=6434))
    assert result.cause == "pooler.paused", result.story()


@pytest.mark.reproduces("pooler.wait-timeout", on="pgbouncer")
def test_no_server_connection_in_time(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(
        postgres,
        port=6435,
        settings={"default_pool_size": "1", "query_wait_timeout": "1", "pool_mode": "session"},
    )
    holder = f"host=10.77.0.2 port=6435 user=app dbname={DATABASE} password='{PASSWORD}'"
    session = Service(
        own.lab.server.command(["psql", holder, "-c", "SELECT pg_sleep(120)"]), new_folder("hold") / "log"
    )
    own.stack.callback(session.stop)
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' AND state = 'active'"
    wait_until(lambda: postgres.sql(sleeping) == [(1,)], "the only server connection is taken")
    result = remote.check(url(port=6435))
    assert result.cause == "pooler.wait-timeout", result.story()
