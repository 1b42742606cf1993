"""Every fault of a real PgBouncer: what its clients see of it, and what its console or its files add."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import pytest

from tests.live.conftest import Servers
from tests.support.certs import Authority
from tests.support.cli import NO_OVERRIDE, OWN_SERVERS_HIDDEN, WRONG_PASSWORD, Cli, Result, url
from tests.support.netlab import Lab
from tests.support.pgbouncer import ADMIN, PgBouncer
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import LabError, Service, new_folder, wait_until

PORT = 6432
CONSOLE = url(port=PORT, user=ADMIN, database="pgbouncer")
WAITS = {"query_wait_timeout": "1"}
SLEEPERS = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' AND state = 'active'"
Check = Callable[..., Result]


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    return servers.postgres(settings={"max_connections": "12", "superuser_reserved_connections": "3"})


@pytest.fixture(scope="module")
def pooler(servers: Servers, postgres: PostgresServer) -> PgBouncer:
    place, secret = f"host={postgres.sockets} port=5432", f"user=app password='{PASSWORD}'"
    databases = {
        "dead": f"host=127.0.0.1 port=5999 dbname={DATABASE} {secret}",
        "nameless": f"host=nowhere.lab.test port=5432 dbname={DATABASE} {secret}",
        "misfit": f"{place} dbname={DATABASE} user=app password=wrong",
        "alias": f"{place} dbname=gone {secret}",
        "gone": f"{place} {secret}",
        "retired": f"{place} dbname={DATABASE} {secret}",
    }
    return servers.pgbouncer(postgres, databases=databases, settings=WAITS)


@pytest.fixture
def nearby(remote: Cli, lab: Lab) -> Check:
    """The same run as `remote.check`, but on the pooler's own machine."""
    return lambda *arguments: remote.check(*arguments, namespace=lab.server, prefix=OWN_SERVERS_HIDDEN)


def holder(own: Servers, postgres: PostgresServer, port: int, count: int = 1) -> None:
    """Keep `count` server connections of a pooler at work until the test is over."""
    login = f"host=10.77.0.2 port={port} user=app dbname={DATABASE} password='{PASSWORD}'"
    for _ in range(count):
        argv = own.lab.server.command(["psql", login, "-c", "SELECT pg_sleep(120)"])
        session = Service(argv, new_folder("hold") / "log")
        own.stack.callback(session.stop)
    own.stack.callback(lambda: postgres.sql(f"SELECT pg_terminate_backend(pid) {SLEEPERS}"))
    wait_until(
        lambda: postgres.sql(f"SELECT count(*) {SLEEPERS}") == [(count,)], "the server connections are taken"
    )


def told(result: Result, key: str) -> object:
    """One fact of a report, which must be there."""
    facts = result.report["facts"]
    assert f"pooler.{key}" in facts, result.story()
    return facts[f"pooler.{key}"]


# What works


def test_direct_connection_has_no_pooler(remote: Cli, postgres: PostgresServer) -> None:
    result = remote.check(url()).expect_healthy()
    assert result.report["facts"]["pooler"] == "none", result.story()
    assert "pooler" not in result.outcomes(), result.story()


def test_pooler_is_recognised_without_rights(remote: Cli, pooler: PgBouncer) -> None:
    result = remote.check(url(port=PORT)).expect_healthy()
    assert result.report["facts"]["pooler"] == "other", result.story()
    assert told(result, "outcome") == "no-access"
    assert "not allowed" not in pooler.service.text()  # type: ignore[union-attr]
    assert "the pooler's console was not asked" in str(result.report["steps"]), result.story()


def test_pooler_tells_of_itself_on_its_console(remote: Cli, pooler: PgBouncer) -> None:
    result = remote.check(url(port=PORT), "--admin", CONSOLE).expect_healthy()
    assert result.report["facts"]["pooler"] == "pgbouncer", result.story()
    assert (told(result, "mode"), told(result, "paused"), told(result, "disabled")) == (
        "transaction",
        "not-told",
        "no",
    )
    assert str(told(result, "version")) in pooler.console("SHOW VERSION"), result.story()
    assert told(result, "max-clients") == 100, result.story()
    assert set(told(result, "databases")) >= {DATABASE, "dead"}, result.story()


def test_pooler_tells_of_itself_by_its_files(local: Cli, pooler: PgBouncer) -> None:
    result = local.check(url(port=PORT)).expect_healthy()
    assert (told(result, "told-by"), told(result, "mode")) == ("config", "transaction")
    assert told(result, "backend-answers") == "yes", result.story()
    assert told(result, "user-known") == "yes", result.story()


def test_files_that_may_not_be_read_are_told(remote: Cli, lab: Lab, pooler: PgBouncer) -> None:
    result = remote.check(url(port=PORT), namespace=lab.server, prefix=NO_OVERRIDE).expect_healthy()
    assert told(result, "outcome") == "no-access", result.story()
    assert "configuration cannot be read" in str(result.report["steps"]), result.story()


def test_application_that_may_look_needs_no_admin(
    remote: Cli, nearby: Check, own: Servers, postgres: PostgresServer
) -> None:
    pooler = own.pgbouncer(postgres, port=6440, settings={"stats_users": "app", "pool_mode": "session"})
    result = nearby(url(port=6440)).expect_healthy()
    assert (told(result, "told-by"), told(result, "mode")) == ("console", "session")
    pooler.console("PAUSE")  # now something is wrong, and from elsewhere it is tried as well
    assert told(remote.check(url(port=6440)), "told-by") == "console"


def test_included_files_are_read(
    local: Cli, own: Servers, postgres: PostgresServer, tmp_path: object
) -> None:
    extra = new_folder("extra") / "more.ini"
    extra.write_text("max_client_conn = 77\nignore_startup_parameters = options, jit\n")
    own.pgbouncer(
        postgres,
        port=6441,
        settings={"max_db_connections": "0\n%include {folder}/more.ini"},
        files={"more.ini": extra},
    )
    result = local.check(url(port=6441)).expect_healthy()
    assert (told(result, "told-by"), told(result, "max-clients")) == ("config", 77), result.story()
    assert told(result, "ignore-startup-parameters") == ["options", "jit"], result.story()


def test_driver_that_prepares_is_warned_of_transaction_mode(remote: Cli, pooler: PgBouncer) -> None:
    target = url("postgresql+asyncpg", port=PORT)
    result = remote.check(target, "--admin", CONSOLE).expect_healthy()
    assert result.layer("pooler")["outcome"] == "warning", result.story()
    off = remote.check(target + "?statement_cache_size=0", "--admin", CONSOLE).expect_healthy()
    assert off.layer("pooler")["outcome"] == "ok", off.story()


# The account


@pytest.mark.reproduces(
    lambda parameters: "pooler.user-unknown" if parameters["kind"] != "hba" else "", on="pgbouncer"
)
@pytest.mark.parametrize("kind", ["scram-sha-256", "md5", "plain", "trust", "hba"])
def test_user_that_the_pooler_does_not_know(
    remote: Cli, nearby: Check, own: Servers, postgres: PostgresServer, kind: str
) -> None:
    hba = new_folder("hba") / "hba.conf"
    hba.write_text("host all all 0.0.0.0/0 md5\n")
    settings = {"auth_type": kind, **({"auth_hba_file": "{folder}/hba.conf"} if kind == "hba" else {})}
    own.pgbouncer(postgres, port=6442, settings=settings, files={"hba.conf": hba})
    ghost = url(port=6442, user="ghost")
    alone = remote.check(ghost)
    assert "pooler.user-unknown" in alone.causes(), alone.story()
    if kind == "hba":  # an hba file may ask others than the list
        return
    with_console = remote.check(ghost, "--admin", url(port=6442, user=ADMIN, database="pgbouncer"))
    with_console.expect_fault("pooler.user-unknown")
    nearby(ghost).expect_fault("pooler.user-unknown")


def test_user_that_auth_query_does_not_find(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    settings = {"auth_user": "app", "auth_query": "SELECT usename, passwd FROM pg_user WHERE usename = $1"}
    own.pgbouncer(postgres, port=6443, settings=settings)
    result = remote.check(url(port=6443, user="ghost"))
    assert result.report["status"] == "fault", result.story()
    assert {"pooler.user-unknown", "auth.password-wrong"} <= result.causes(), result.story()


@pytest.mark.reproduces("pooler.backend-down", on="pgbouncer")
@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM public.no_such_function($1)",
        "SELECT usename, passwd FROM pg_shadow WHERE usename = $1",
        "SELECT usename FROM pg_user WHERE usename = $1",
    ],
)
def test_auth_query_that_fails(remote: Cli, own: Servers, postgres: PostgresServer, question: str) -> None:
    own.pgbouncer(postgres, port=6458, settings={"auth_user": "app", "auth_query": question})
    result = remote.check(url(port=6458, user="newcomer")).expect_fault("pooler.backend-down")
    assert "pooler.user-unknown" in result.causes(), result.story()
    titles = [fix["title"] for fix in result.report["findings"][0]["fixes"]]
    assert "Ask auth_query by hand" in titles


@pytest.mark.reproduces("auth.password-wrong", on="pgbouncer")
@pytest.mark.parametrize("kind", ["scram-sha-256", "md5", "plain"])
def test_wrong_password_at_the_pooler(remote: Cli, own: Servers, postgres: PostgresServer, kind: str) -> None:
    own.pgbouncer(postgres, port=6444, settings={"auth_type": kind})
    admin = url(port=6444, user=ADMIN, database="pgbouncer")
    target = url(port=6444, password=WRONG_PASSWORD)
    result = remote.check(target, "--admin", admin).expect_fault("auth.password-wrong")
    assert told(result, "user-known") == "yes", result.story()
    assert "pooler.user-unknown" in remote.check(target).expect_fault("auth.password-wrong").causes()


# The database


@pytest.mark.reproduces("pooler.database-unknown", on="pgbouncer")
def test_database_that_the_pooler_does_not_serve(remote: Cli, nearby: Check, pooler: PgBouncer) -> None:
    target = url(port=PORT, database="shopp")
    remote.check(target).expect_fault("pooler.database-unknown")
    for result in (remote.check(target, "--admin", CONSOLE), nearby(target)):
        result.expect_fault("pooler.database-unknown")
        assert told(result, "nearest-database") == DATABASE, result.story()


# Limits


@pytest.mark.reproduces("pooler.client-limit", on="pgbouncer")
def test_client_limit(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6445, settings={"max_client_conn": "1"})
    holder(own, postgres, 6445)
    remote.check(url(port=6445)).expect_fault("pooler.client-limit")
    admin = url(port=6445, user=ADMIN, database="pgbouncer")
    result = remote.check(url(port=6445), "--admin", admin).expect_fault("pooler.client-limit")
    assert told(result, "max-clients") == 1, result.story()


@pytest.mark.reproduces("pooler.wait-timeout", on="pgbouncer")
@pytest.mark.parametrize("limit", ["default_pool_size", "max_db_connections", "max_user_connections"])
def test_full_pool(remote: Cli, own: Servers, postgres: PostgresServer, limit: str) -> None:
    own.pgbouncer(postgres, port=6446, settings={**WAITS, limit: "1", "pool_mode": "session"})
    holder(own, postgres, 6446)
    remote.check(url(port=6446)).expect_fault("pooler.wait-timeout")
    admin = url(port=6446, user=ADMIN, database="pgbouncer")
    result = remote.check(url(port=6446), "--admin", admin).expect_fault("pooler.wait-timeout")
    assert (told(result, "pool"), told(result, "servers-active")) == ("full", 1), result.story()


@pytest.mark.reproduces("pooler.wait-timeout", on="pgbouncer")
def test_full_pool_that_lets_its_clients_wait(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6447, settings={"default_pool_size": "1", "pool_mode": "session"})
    holder(own, postgres, 6447)
    admin = url(port=6447, user=ADMIN, database="pgbouncer")
    remote.check(url(port=6447), "--admin", admin).expect_fault("pooler.wait-timeout")
    alone = remote.check(url(port=6447))
    assert (alone.cause, alone.report["candidates"][0]["cause"]) == ("inconclusive", "pooler.wait-timeout")
    assert "SHOW POOLS" in str(alone.report["findings"][0]["fixes"][0]), alone.story()


@pytest.mark.reproduces("capacity.max-connections", on="pgbouncer")
def test_full_server_is_passed_on(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6448)
    taken = postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0][0]
    for _ in range(12 - taken + 1):
        own.keep(postgres.connect())
    remote.check(url(port=6448)).expect_fault("capacity.max-connections")


@pytest.mark.reproduces("capacity.role-limit", on="pgbouncer")
def test_limit_of_the_role_of_the_pooler(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    postgres.sql(f"CREATE ROLE narrow LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 1")
    place = f"host={postgres.sockets} port=5432 dbname={DATABASE} user=narrow password='{PASSWORD}'"
    own.pgbouncer(postgres, port=6459, databases={"narrow": place})
    own.keep(postgres.connect("narrow", password=PASSWORD))
    admin = url(port=6459, user=ADMIN, database="pgbouncer")
    result = remote.check(url(port=6459, database="narrow"), "--admin", admin)
    result.expect_fault("capacity.role-limit")
    why = result.report["findings"][0]["why_here"]
    assert "the server behind it refused the pooler's" in why, result.story()
    assert "does not work" not in str(result.report["evidence"]), result.story()


# The server behind


@pytest.mark.reproduces("pooler.backend-down", on="pgbouncer")
@pytest.mark.parametrize("database", ["dead", "nameless"])
def test_server_that_is_not_there(remote: Cli, nearby: Check, pooler: PgBouncer, database: str) -> None:
    target = url(port=PORT, database=database)
    alone = remote.check(target)
    assert "pooler.backend-down" in alone.causes(), alone.story()
    result = remote.check(target, "--admin", CONSOLE).expect_fault("pooler.backend-down")
    assert told(result, "backend") in ("127.0.0.1:5999", "nowhere.lab.test:5432"), result.story()
    near = nearby(target).expect_fault("pooler.backend-down")
    assert told(near, "backend-answers") == "no", near.story()


@pytest.mark.reproduces("pooler.backend-down", on="pgbouncer")
@pytest.mark.parametrize("kind", ["scram-sha-256", "md5", "plain", "trust"])
def test_password_of_the_pooler_is_wrong(
    remote: Cli, own: Servers, postgres: PostgresServer, kind: str
) -> None:
    misfit = f"host={postgres.sockets} port=5432 dbname={DATABASE} user=app password=wrong"
    own.pgbouncer(postgres, port=6449, databases={"misfit": misfit}, settings={"auth_type": kind})
    result = remote.check(url(port=6449, database="misfit")).expect_fault("pooler.backend-down")
    assert any("password authentication failed" in item["text"] for item in result.report["evidence"])


@pytest.mark.reproduces("pooler.backend-down", on="pgbouncer")
def test_database_of_the_pooler_is_missing(remote: Cli, pooler: PgBouncer) -> None:
    remote.check(url(port=PORT, database="alias")).expect_fault("pooler.backend-down")
    result = remote.check(url(port=PORT, database="alias"), "--admin", CONSOLE)
    assert (told(result, "backend-database"), told(result, "backend-user")) == ("gone", "app")
    assert "--user app --dbname gone" in str(result.report["findings"][0]["fixes"]), result.story()


@pytest.mark.reproduces("database.does-not-exist", on="pgbouncer")
def test_database_is_missing_behind_the_pooler(remote: Cli, pooler: PgBouncer) -> None:
    result = remote.check(url(port=PORT, database="gone")).expect_fault("database.does-not-exist")
    assert "pooler.backend-down" in result.causes(), result.story()


@pytest.mark.reproduces("pooler.backend-down", on="pgbouncer")
def test_server_that_stopped(remote: Cli, own: Servers) -> None:
    server = own.postgres(port=5433)
    pooler = own.pgbouncer(server, port=6450, settings=WAITS)
    admin = url(port=6450, user=ADMIN, database="pgbouncer")
    remote.check(url(port=6450)).expect_healthy()
    server.stop()
    assert "pooler.backend-down" in remote.check(url(port=6450)).causes()
    result = remote.check(url(port=6450), "--admin", admin).expect_fault("pooler.backend-down")
    assert pooler.console("SHOW VERSION").startswith("PgBouncer"), result.story()


# What a mode does not carry

PREPARE_TWICE = """
import psycopg, sys
for _ in range(2):
    with psycopg.connect(sys.argv[1], prepare_threshold=0, autocommit=True) as one:
        one.execute("SELECT 1").fetchall()
"""


@pytest.mark.reproduces("pooler.prepared-statements", on="pgbouncer")
def test_statements_prepared_by_a_real_driver(remote: Cli, pooler: PgBouncer) -> None:
    login = f"host=10.77.0.2 port={PORT} user=app dbname={DATABASE} password='{PASSWORD}'"
    with pytest.raises(LabError) as error:
        pooler.namespace.run(sys.executable, "-c", PREPARE_TWICE, login)  # type: ignore[union-attr]
    words = str(error.value).rpartition("\n")[2] or str(error.value)
    result = remote.run("explain", "--json", stdin=words)
    assert '"cause": "pooler.prepared-statements"' in result.stdout, result.story()


@pytest.mark.reproduces("pooler.pool-mode", on="pgbouncer")
def test_transaction_in_statement_mode(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6451, settings={"pool_mode": "statement"})
    remote.check(url(port=6451), "--write-path").expect_fault("pooler.pool-mode")
    admin = url(port=6451, user=ADMIN, database="pgbouncer")
    result = remote.check(url(port=6451), "--admin", admin).expect_healthy()
    assert result.layer("pooler")["outcome"] == "warning", result.story()


@pytest.mark.reproduces("pooler.startup-parameter", on="pgbouncer")
@pytest.mark.parametrize("options", ["-c search_path=a", "-c statement_timeout=5s"])
def test_startup_parameter(remote: Cli, pooler: PgBouncer, options: str) -> None:
    target = url(port=PORT, options=options)
    remote.check(target).expect_fault("pooler.startup-parameter")
    result = remote.check(target, "--admin", CONSOLE).expect_fault("pooler.startup-parameter")
    assert told(result, "ignore-startup-parameters") == ["none"], result.story()


def test_startup_parameter_that_is_ignored(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    own.pgbouncer(postgres, port=6452, settings={"ignore_startup_parameters": "options"})
    remote.check(url(port=6452, options="-c search_path=a")).expect_healthy()


# Maintenance


@pytest.mark.reproduces("pooler.paused", on="pgbouncer")
@pytest.mark.parametrize(
    ("command", "waits"),
    # That it outlasts the program's patience is told alike whatever the command was, and costs that patience.
    [(f"PAUSE {DATABASE}", "1"), ("PAUSE", "1"), (f"DISABLE {DATABASE}", "1"), (f"PAUSE {DATABASE}", "60")],
)
def test_paused(
    remote: Cli, nearby: Check, own: Servers, postgres: PostgresServer, command: str, waits: str
) -> None:
    pooler = own.pgbouncer(postgres, port=6453, settings={"query_wait_timeout": waits})
    pooler.console(command)
    target = url(port=6453)
    result = nearby(target, "--admin", url(port=6453, user=ADMIN, database="pgbouncer"))
    result.expect_fault("pooler.paused")
    alone = remote.check(target)
    assert "pooler.paused" in alone.causes(), alone.story()


def test_suspended(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    pooler = own.pgbouncer(postgres, port=6456)
    login = f"host=10.77.0.2 port=6456 user={ADMIN} dbname=pgbouncer password='{PASSWORD}'"
    # It is over when the session that asked for it ends.
    argv = own.lab.server.command(["psql", login, "-c", "SUSPEND", "-c", r"\! exec sleep 60"])
    session = Service(argv, new_folder("suspend") / "log")
    own.stack.callback(session.stop)
    wait_until(lambda: "SUSPEND" in session.text(), "the pooler is suspended")
    result = remote.check(url(port=6456))
    assert "pooler.paused" in result.causes(), result.story()
    assert pooler.service is not None


def test_shutting_down(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    pooler = own.pgbouncer(postgres, port=6454)
    holder(own, postgres, 6454)
    pooler.send_signal(signal.SIGINT)
    wait_until(lambda: "SIGINT" in pooler.service.text(), "the pooler shuts down")  # type: ignore[union-attr]
    alone = remote.check(url(port=6454))
    assert "pooler.paused" in alone.causes(), alone.story()
    admin = url(port=6454, user=ADMIN, database="pgbouncer")
    result = remote.check(url(port=6454), "--admin", admin)
    assert told(result, "pool") == "held", result.story()
    assert "pooler.paused" in result.causes(), result.story()


# The way in


def test_tls_to_the_pooler(remote: Cli, own: Servers, postgres: PostgresServer, authority: Authority) -> None:
    pair = authority.issue("pooler", "db.lab.test", names=("db.lab.test",))
    settings = {
        "client_tls_sslmode": "require",
        "client_tls_key_file": "{folder}/key",
        "client_tls_cert_file": "{folder}/cert",
    }
    own.pgbouncer(postgres, port=6455, settings=settings, files={"key": pair.key, "cert": pair.cert})
    result = remote.check(url(port=6455, sslmode="require")).expect_healthy()
    assert result.report["facts"]["pooler"] == "other", result.story()
    remote.check(url(port=6455, sslmode="disable")).expect_fault("tls.required")


@pytest.mark.reproduces("tls.client-certificate-required", on="pgbouncer")
def test_pooler_that_wants_a_certificate(
    remote: Cli, own: Servers, postgres: PostgresServer, authority: Authority
) -> None:
    pair = authority.issue("bouncer", "db.lab.test", names=("db.lab.test",))
    files = {"key": pair.key, "cert": pair.cert, "ca": authority.root}
    settings = {f"client_tls_{key}_file": f"{{folder}}/{key}" for key in ("ca", "key", "cert")}
    settings |= {"client_tls_sslmode": "verify-full", "auth_type": "cert"}
    own.pgbouncer(postgres, port=6457, settings=settings, files=files)
    client = authority.issue("app", "app")
    given = {"sslmode": "require", "sslcert": str(client.cert), "sslkey": str(client.key)}
    remote.check(url(port=6457, **given)).expect_healthy()
    remote.check(url(port=6457, sslmode="require")).expect_fault("tls.client-certificate-required")
    other = remote.check(url(port=6457, user=ADMIN, database="shop", **given))
    assert "tls.client-certificate-rejected" in other.causes(), other.story()


@pytest.mark.parametrize(
    "admin",
    [
        url(port=PORT, user=ADMIN, password=WRONG_PASSWORD, database="pgbouncer"),
        url(port=PORT, user="app", database="pgbouncer"),
        url(port=5999, user=ADMIN, database="pgbouncer"),
    ],
)
def test_console_that_refuses(remote: Cli, pooler: PgBouncer, admin: str) -> None:
    result = remote.check(url(port=PORT, database="dead"), "--admin", admin)
    assert {"pooler.backend-down", "pooler.paused", "pooler.wait-timeout"} <= result.causes(), result.story()
    trouble = " ".join(step.get("trouble", "") for step in result.report["steps"])
    assert "console" in trouble, result.story()
