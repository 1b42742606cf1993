"""Working connections in every form: a diagnosis that cries wolf is worse than none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.certs import Authority
from tests.support.cli import Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import PASSWORD, PostgresServer


@pytest.fixture(scope="module")
def certificates(authority: Authority) -> dict[str, Path]:
    server = authority.issue("server", "db.lab.test", names=("db.lab.test", SERVER, "localhost"))
    client = authority.issue("client", "app")
    return {
        "server.crt": server.cert,
        "server.key": server.key,
        "root.crt": authority.root,
        "client.crt": client.cert,
        "client.key": client.key,
    }


@pytest.fixture(scope="module")
def postgres(servers: Servers, certificates: dict[str, Path]) -> PostgresServer:
    files = {name: certificates[name] for name in ("server.crt", "server.key", "root.crt")}
    hba = (
        "local all all scram-sha-256",
        "hostssl all all 0.0.0.0/0 scram-sha-256",
        "host all all all scram-sha-256",
    )
    settings = {"ssl": "on", "ssl_ca_file": "root.crt"}
    return servers.postgres(files=files, hba=hba, settings=settings)


@pytest.fixture(scope="module")
def mariadb(servers: Servers, certificates: dict[str, Path]) -> MariadbServer:
    server = MariadbServer(
        namespace=servers.lab.server,
        files={name: certificates[name] for name in ("server.crt", "server.key", "root.crt")},
    )
    server.options += [f"--ssl-cert={server.folder}/server.crt", f"--ssl-key={server.folder}/server.key"]
    server.options += [f"--ssl-ca={server.folder}/root.crt"]
    servers.stack.callback(server.stop)
    return server.start()


POSTGRES_FORMS = {
    "url": (url(),),
    "url-with-port-and-address": (url(host=SERVER, port=5432),),
    "no-tls": (url(sslmode="disable"),),
    "tls-required": (url(sslmode="require"),),
    "postgres-scheme": (url("postgres"),),
    "sqlalchemy": (url("postgresql+psycopg"),),
    "sqlalchemy-asyncpg": (url("postgresql+asyncpg", ssl="require"),),
    "two-hosts-second-answers": (url(host="10.77.0.2:5499,db.lab.test:5432"),),
    "read-write-session": (url(target_session_attrs="read-write"),),
}


@pytest.mark.reproduces("healthy", on="postgresql")
@pytest.mark.parametrize("target", POSTGRES_FORMS.values(), ids=POSTGRES_FORMS)
def test_postgresql_over_tcp(remote: Cli, postgres: PostgresServer, target: tuple[str, ...]) -> None:
    result = remote.check(*target).expect_healthy()
    assert result.report["target"]["engine"] == "postgresql"
    assert result.report["target"]["password"] == "set"


def test_postgresql_with_verified_certificate(
    remote: Cli, postgres: PostgresServer, certificates: dict[str, Path]
) -> None:
    options = {"sslmode": "verify-full", "sslrootcert": str(certificates["root.crt"])}
    assert remote.check(url(**options)).expect_healthy().layer("tls")["outcome"] == "ok"


def test_postgresql_with_client_certificate(
    remote: Cli, postgres: PostgresServer, certificates: dict[str, Path]
) -> None:
    options = {
        "sslmode": "verify-full",
        "sslrootcert": str(certificates["root.crt"]),
        "sslcert": str(certificates["client.crt"]),
        "sslkey": str(certificates["client.key"]),
    }
    remote.check(url(**options)).expect_healthy()


def test_postgresql_over_a_unix_socket(local: Cli, postgres: PostgresServer) -> None:
    dsn = f"host={postgres.sockets} port=5432 user=app dbname=shop"
    result = local.check(dsn, env={"PGPASSWORD": PASSWORD}).expect_healthy()
    assert result.report["facts"].get("dns.addresses") is None, result.story()


def test_postgresql_on_its_own_host(local: Cli, postgres: PostgresServer) -> None:
    local.check(url(host="localhost")).expect_healthy()


def test_password_from_the_password_file(remote: Cli, postgres: PostgresServer) -> None:
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    passfile = remote.home / ".pgpass"
    passfile.touch(0o600)
    passfile.write_text(f"# accounts\ndb.lab.test:5432:*:app:{escaped}\n")
    remote.check(url(password=None)).expect_healthy()


def test_password_from_standard_input(remote: Cli, postgres: PostgresServer) -> None:
    remote.check(url(password=None), "--password-stdin", stdin=f"{PASSWORD}\n").expect_healthy()


def test_settings_from_a_service(remote: Cli, postgres: PostgresServer) -> None:
    (remote.home / ".pg_service.conf").write_text("[prod]\nhost=db.lab.test\nuser=app\ndbname=shop\n")
    remote.check("service=prod", env={"PGPASSWORD": PASSWORD}).expect_healthy()


def test_settings_from_libpq_variables(remote: Cli, postgres: PostgresServer) -> None:
    env = {"PGHOST": "db.lab.test", "PGUSER": "app", "PGDATABASE": "shop", "PGPASSWORD": PASSWORD}
    remote.check(env=env).expect_healthy()


def test_settings_from_a_dotenv_file(remote: Cli, postgres: PostgresServer) -> None:
    (remote.cwd / ".env").write_text(f'# local\nDATABASE_URL="{url()}"\n')
    result = remote.check().expect_healthy()
    assert ".env" in result.report["target"]["source"]


def test_separate_options(remote: Cli, postgres: PostgresServer) -> None:
    words = [
        "--engine",
        "postgresql",
        "--host",
        "db.lab.test",
        "--port",
        "5432",
        "--user",
        "app",
        "--dbname",
        "shop",
    ]
    remote.check(*words, "--password-stdin", stdin=PASSWORD).expect_healthy()


def test_write_path(remote: Cli, postgres: PostgresServer) -> None:
    remote.check(url(), "--write-path").expect_healthy()


def test_sources_that_disagree_are_a_warning_while_the_connection_works(
    remote: Cli, postgres: PostgresServer
) -> None:
    (remote.cwd / ".env").write_text(f'DATABASE_URL="{url(port=5499)}"\n')
    result = remote.check(env={"DATABASE_URL": url()}).expect_healthy()
    assert result.layer("config")["outcome"] == "warning", result.story()


def test_one_dead_address_of_a_name_is_no_fault(remote: Cli, postgres: PostgresServer, lab: Lab) -> None:
    hosts = lab.client.etc / "hosts"
    before = hosts.read_text()
    hosts.write_text(f"127.0.0.1 localhost\n10.77.0.3 db.lab.test\n{SERVER} db.lab.test\n")
    try:
        remote.check(url()).expect_healthy()
    finally:
        hosts.write_text(before)


MARIADB_FORMS = {
    "url": (url("mysql"),),
    "mariadb-scheme": (url("mariadb"),),
    "no-tls": (url("mysql", ssl_disabled="true"),),
    "sqlalchemy": (url("mysql+pymysql", charset="utf8mb4"),),
    "jdbc": ("jdbc:mariadb://db.lab.test:3306/shop?user=app&password=" + url().split(":")[2].split("@")[0],),
    "go": (f"app:{PASSWORD}@tcp(db.lab.test:3306)/shop",),
}


@pytest.mark.reproduces("healthy", on="mariadb")
@pytest.mark.parametrize("target", MARIADB_FORMS.values(), ids=MARIADB_FORMS)
def test_mariadb_over_tcp(remote: Cli, mariadb: MariadbServer, target: tuple[str, ...]) -> None:
    result = remote.check(*target).expect_healthy()
    assert result.report["target"]["engine"] in ("mysql", "mariadb")


def test_mariadb_with_verified_certificate(
    remote: Cli, mariadb: MariadbServer, certificates: dict[str, Path]
) -> None:
    options = {"ssl-mode": "VERIFY_IDENTITY", "ssl-ca": str(certificates["root.crt"])}
    assert remote.check(url("mysql", **options)).expect_healthy().layer("tls")["outcome"] == "ok"


def test_mariadb_over_a_unix_socket(local: Cli, mariadb: MariadbServer) -> None:
    target = url("mysql", host="localhost", unix_socket=str(mariadb.socket))
    result = local.check(target).expect_healthy()
    assert result.report["facts"].get("dns.addresses") is None, result.story()


def test_mariadb_on_its_own_host(local: Cli, mariadb: MariadbServer) -> None:
    local.check(url("mysql", host="127.0.0.1", port=3306)).expect_healthy()


def test_mariadb_settings_from_an_option_file(remote: Cli, mariadb: MariadbServer) -> None:
    file = remote.home / ".my.cnf"
    file.touch(0o600)
    file.write_text(f'[client]\nhost=db.lab.test\nuser=app\npassword="{PASSWORD}"\n')
    remote.check(url("mysql", password=None)).expect_healthy()


def test_postgresql_through_pgbouncer(remote: Cli, postgres: PostgresServer, servers: Servers) -> None:
    servers.pgbouncer(postgres)
    remote.check(url(port=6432)).expect_healthy()
