"""Variations that the catalogue implies and the other modules leave out: spellings, constellations, timing.

Each row is a situation that a person could meet, really produced, with the cause that the catalogue promises.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support import sockets
from tests.support.certs import Authority
from tests.support.cli import OTHER_HOST, OWN_SERVERS_HIDDEN, WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.processes import wait_until

ANY = "0.0.0.0/0"
ENCODED = quote(PASSWORD, safe="")
PASSFILE = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
TLS_PORT, OLD_TLS_PORT, ADDRESS_PORT, WILDCARD_PORT = 5441, 5442, 5443, 5444
RESOLVER = "10.77.0.53"
HBA = (
    "local all all scram-sha-256",
    f"host all rejected {ANY} reject",
    "host shop rejected_here 10.77.0.1/32 reject",
    f"hostssl all tls_only {ANY} scram-sha-256",
    f"hostnossl all plain_only {ANY} scram-sha-256",
    f"host samerole tenant {ANY} scram-sha-256",
    f"host all md5_line {ANY} md5",
    f"host all md5_hash {ANY} scram-sha-256",
    f"host all clear {ANY} password",
    f"host all mapped {ANY} ident map=nowhere",
    f"host all trusted {ANY} trust",
    f"host shop +readers {ANY} scram-sha-256",
    f"host shop app,no_slot,locale {ANY} scram-sha-256",
    f"host frozen,packed,Shop,invalid app {ANY} scram-sha-256",
)
ROLES = "rejected rejected_here tls_only plain_only tenant md5_line clear mapped trusted outsider locale"


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(hba=HBA)
    server.sql(
        *(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in ROLES.split()),
        f"CREATE ROLE no_slot LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0",
        "CREATE ROLE readers NOLOGIN",
        f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}' IN ROLE readers",
        "ALTER ROLE locale SET datestyle = 'German'",
        "ALTER ROLE locale SET client_encoding = 'SQL_ASCII'",
        "CREATE DATABASE tenant OWNER tenant",
        "CREATE DATABASE packed OWNER app CONNECTION LIMIT 0",
        "CREATE DATABASE frozen OWNER app",
        "ALTER DATABASE frozen SET default_transaction_read_only = on",
        "CREATE DATABASE invalid",
        "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'invalid'",
        "SET password_encryption = 'md5'",
        f"CREATE ROLE md5_hash LOGIN PASSWORD '{PASSWORD}'",
    )
    return server


LIBPQ = {"PGHOST": "db.lab.test", "PGUSER": "app", "PGDATABASE": "shop", "PGPASSWORD": PASSWORD}
GENERIC = {"DB_HOST": "db.lab.test", "DB_USER": "app", "DB_NAME": "shop", "DB_PASSWORD": PASSWORD}
SPRING = {
    "SPRING_DATASOURCE_URL": "jdbc:postgresql://db.lab.test/shop",
    "SPRING_DATASOURCE_USERNAME": "app",
    "SPRING_DATASOURCE_PASSWORD": PASSWORD,
}
QUOTED = f"host='db.lab.test' port = 5432 user='app' dbname='shop' password='{PASSWORD}'"
POSTGRES_SPELLINGS: dict[str, tuple[str, dict[str, str]]] = {
    "jdbc": (f"jdbc:postgresql://db.lab.test/shop?user=app&password={ENCODED}&sslmode=prefer", {}),
    "asyncpg-without-tls": (url("postgresql+asyncpg", ssl="disable"), {}),
    "pg8000": (url("postgresql+pg8000"), {}),
    "django-postgis": (url("postgis"), {}),
    "prisma-schema": (url(schema="public", connection_limit="5"), {}),
    "npgsql": (f"Host=db.lab.test;Port=5432;Username=app;Password={PASSWORD};Database=shop", {}),
    "quoted-dsn": (QUOTED, {}),
    "hostaddr-needs-no-name": (QUOTED.replace("db.lab", "nowhere") + f" hostaddr={SERVER}", {}),
    "host-in-the-query": (f"postgresql:///shop?host=db.lab.test&user=app&password={ENCODED}", {}),
    "encoded-host": (f"postgresql://app:{ENCODED}@db%2Elab%2Etest/shop", {}),
    "second-host-without-port": (f"postgresql://app:{ENCODED}@db.lab.test:5499,db.lab.test/shop", {}),
    "libpq-variables": ("", {**LIBPQ, "PGSSLMODE": "prefer", "PGCONNECT_TIMEOUT": "3"}),
    "libpq-address": ("", {**LIBPQ, "PGHOST": "nowhere.lab.test", "PGHOSTADDR": SERVER}),
    "generic-variables-with-port": ("", {**GENERIC, "DB_PORT": "5432"}),
    "laravel": ("", {**GENERIC, "DB_CONNECTION": "pgsql", "DB_DATABASE": "shop", "DB_USERNAME": "app"}),
    "spring": ("", SPRING),
    "flask": ("", {"SQLALCHEMY_DATABASE_URI": url("postgresql+psycopg2")}),
    "password-of-the-environment": (url(password=None), {"PGPASSWORD": PASSWORD}),
    "md5-line-scram-hash": (url(user="md5_line"), {}),
    "password-line": (url(user="clear"), {}),
    "only-without-tls": (url(user="plain_only"), {}),
    "own-database": (url(user="tenant", database="tenant"), {}),
    "member-of-the-group": (url(user="reader"), {}),
    "trusted-with-a-wrong-password": (url(user="trusted", password=WRONG_PASSWORD), {}),
    "odd-session-defaults": (url(user="locale"), {}),
}


@pytest.mark.parametrize(("target", "env"), POSTGRES_SPELLINGS.values(), ids=POSTGRES_SPELLINGS)
def test_postgresql_works(remote: Cli, postgres: PostgresServer, target: str, env: dict[str, str]) -> None:
    result = remote.check(*([target] if target else []), env=env).expect_healthy()
    assert result.report["target"]["engine"] == "postgresql"


@table(
    Fault("jdbc-ssl-true", "tls.unsupported", "jdbc:postgresql://db.lab.test/shop?user=app&ssl=true"),
    Fault("asyncpg-ssl-require", "tls.unsupported", url("postgresql+asyncpg", ssl="require")),
    Fault("environment-requires-tls", "tls.unsupported", "", env={**LIBPQ, "PGSSLMODE": "require"}),
    Fault("sslmode-of-the-environment", "config.invalid-option", "", env={**LIBPQ, "PGSSLMODE": "yes"}),
    Fault("port-of-the-environment", "config.malformed", "", env={**LIBPQ, "PGPORT": "abc"}),
    Fault("port-zero", "config.malformed", "postgresql://app@db.lab.test:0/shop"),
    Fault("service-of-the-environment", "config.service-undefined", "", env={"PGSERVICE": "nowhere"}),
    Fault("engine-not-said", "config.missing", "", env=GENERIC, accept=("config.malformed",)),
    Fault("empty-variable", "config.missing", "", env={"DATABASE_URL": ""}, accept=("config.malformed",)),
    Fault("unterminated-quote", "config.malformed", "host=db.lab.test dbname='shop"),
    Fault("dsn-word-without-value", "config.malformed", "host=db.lab.test user app"),
    Fault("dsn-key-unknown", "config.invalid-option", "host=db.lab.test pasword=x"),
    Fault("other-engine", "config.malformed", "mongodb://db.lab.test/x", accept=("config.driver-mismatch",)),
    Fault("connect-timeout-is-a-word", "config.invalid-option", url(connect_timeout="soon")),
    Fault("session-attribute-unknown", "config.invalid-option", url(target_session_attrs="master")),
    Fault("versions-crossed", "config.invalid-option", url(ssl_min_protocol_version="TLSv9")),
    Fault("reject-line-first", "auth.hba-rejected", url(user="rejected"), code="28000"),
    Fault("reject-line-by-address", "auth.hba-rejected", url(user="rejected_here"), code="28000"),
    Fault("tls-line-no-tls", "auth.hba-no-entry", url(user="tls_only"), accept=("tls.required",)),
    Fault("samerole", "auth.hba-no-entry", url(user="tenant", database="postgres"), code="28000"),
    Fault("not-in-the-group", "auth.hba-no-entry", url(user="outsider"), code="28000"),
    Fault("scram-line-md5-hash", "auth.password-wrong", url(user="md5_hash"), code="28P01"),
    Fault("password-line-wrong", "auth.password-wrong", url(user="clear", password=WRONG_PASSWORD)),
    Fault("password-line-none", "auth.password-missing", url(user="clear", password=None)),
    Fault("empty-password", "auth.password-missing", "postgresql://app:@db.lab.test/shop"),
    Fault("ident-map", "auth.peer-failed", url(user="mapped"), code="28000"),
    Fault("all-methods-but-scram", "auth.method-unsupported", url(require_auth="!scram-sha-256")),
    Fault("role-limit-zero", "capacity.role-limit", url(user="no_slot"), code="53300"),
    Fault("database-limit-zero", "capacity.database-limit", url(database="packed"), code="53300"),
    Fault("invalid-database", "database.not-accepting", url(database="invalid"), code="55000"),
    Fault("name-differs-by-case", "database.does-not-exist", url(database="Shop"), code="3D000"),
    Fault("read-only-database", "database.read-only", url(database="frozen")),
    on="postgresql",
)
def test_postgresql_fails(remote: Cli, postgres: PostgresServer, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        (".pgpass", f"*:*:*:*:{PASSFILE}\n", "healthy"),
        (".pgpass", f"db.lab.test:5432:shop:app:no\n*:*:*:*:{PASSFILE}\n", "auth.password-wrong"),
        (".pgpass", f"{SERVER}:*:*:app:{PASSFILE}\n", "config.passfile-ignored"),
        (".pg_service.conf", f"[a]\nhost=x\n[b]\nhost=db.lab.test\npassword={PASSWORD}\n", "healthy"),
    ],
    ids=["wildcards", "first-line-wins", "line-for-the-address", "second-service"],
)
@pytest.mark.reproduces(lambda row: row["cause"], on="postgresql")
def test_files_at_home(remote: Cli, postgres: PostgresServer, name: str, text: str, cause: str) -> None:
    file = remote.home / name
    file.touch(0o600)
    file.write_text(text)
    target = "service=b user=app dbname=shop" if "service" in name else url(password=None)
    assert (result := remote.check(target)).cause == cause, result.story()


PARTS = "DB_HOST=db.lab.test\nDB_USER=app\nDB_NAME=shop\n"
PROJECT_FILES = {
    "export-and-quotes": (".env", f"export DB_ENGINE='postgresql'\n{PARTS}DB_PASSWORD='{PASSWORD}' # main\n"),
    "interpolated": (".env", f"{PARTS}DATABASE_URL=postgresql://${{DB_USER}}:{ENCODED}@${{DB_HOST}}/shop\n"),
    "windows-editor": (".env", f"\ufeffDATABASE_URL={url()}\r\n"),
    "compose": ("compose.yaml", f"services:\n  web:\n    environment:\n      DATABASE_URL: {url()}\n"),
}


@pytest.mark.parametrize(("name", "text"), PROJECT_FILES.values(), ids=PROJECT_FILES)
def test_files_of_the_project(remote: Cli, postgres: PostgresServer, name: str, text: str) -> None:
    (remote.cwd / name).write_text(text)
    remote.check().expect_healthy()


def test_password_in_a_file_of_its_own(remote: Cli, postgres: PostgresServer, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(PASSWORD + "\n")
    env = {**GENERIC, "DB_PASSWORD": "", "DB_ENGINE": "postgresql", "DB_PASSWORD_FILE": str(file)}
    remote.check(env=env).expect_healthy()


@pytest.mark.reproduces("capacity.lock-contention", on="postgresql")
def test_sessions_wait_for_an_advisory_lock(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    sessions = [own.keep(postgres.connect("app", password=PASSWORD)) for _number in range(4)]
    sessions[0].execute("SELECT pg_advisory_lock(7)")
    for session in sessions[1:]:
        session.pgconn.send_query(b"SELECT pg_advisory_lock(7)")
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND now() - waitstart > interval '6 seconds'"
    wait_until(lambda: postgres.sql(waiting) == [(3,)], "three sessions wait for a lock")
    remote.check(url()).expect_fault("capacity.lock-contention")


@pytest.mark.reproduces("database.read-only", on="postgresql")
def test_promoted_standby_takes_writes(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    standby = own.postgres(source=postgres, port=5433, hba=HBA)
    standby.sql("SELECT pg_wal_replay_pause()")
    target = f"jdbc:postgresql://db.lab.test:5433/shop?user=app&password={ENCODED}&targetServerType=secondary"
    remote.check(target).expect_healthy()
    remote.check(url(port=5433, target_session_attrs="any")).expect_fault("database.read-only")
    standby.sql("SELECT pg_wal_replay_resume()", "SELECT pg_promote()")
    remote.check(url(port=5433)).expect_healthy()


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb(options=["--skip-name-resolve", "--max-password-errors=2"])
    server.account("stale", rest="PASSWORD EXPIRE")
    server.account("metered", rest="WITH MAX_QUERIES_PER_HOUR 1")
    server.account("guessed")
    server.sql(
        "CREATE USER open@'10.77.0.%'",
        "GRANT ALL ON shop.* TO open@'10.77.0.%'",
        f"CREATE USER two_ways@'10.77.0.%' IDENTIFIED VIA unix_socket OR mysql_native_password "
        f"USING PASSWORD('{PASSWORD}')",
        "GRANT ALL ON shop.* TO two_ways@'10.77.0.%'",
        f"CREATE USER shadow@'%' IDENTIFIED BY '{PASSWORD}'",
        "CREATE USER shadow@'10.77.0.1' IDENTIFIED BY 'another'",
        f"CREATE USER named@'client.lab.test' IDENTIFIED BY '{PASSWORD}'",
    )
    return server


MYSQL = {
    "MYSQL_HOST": "db.lab.test",
    "MYSQL_USER": "app",
    "MYSQL_DATABASE": "shop",
    "MYSQL_PASSWORD": PASSWORD,
}
JDBC_MYSQL = f"jdbc:mysql://db.lab.test/shop?user=app&password={ENCODED}"
GO = f"app:{PASSWORD}@tcp(db.lab.test:3306)/shop"
MARIADB_SPELLINGS: dict[str, tuple[str, dict[str, str]]] = {
    "variables": ("", MYSQL),
    "mariadb-variables": ("", {key.replace("MYSQL", "MARIADB"): value for key, value in MYSQL.items()}),
    "password-of-the-environment": (url("mysql", password=None), {"MYSQL_PWD": PASSWORD}),
    "go-tls-preferred": (f"{GO}?tls=preferred&parseTime=true&loc=UTC", {}),
    "jdbc-without-tls": (f"{JDBC_MYSQL}&useSSL=false&serverTimezone=UTC", {}),
    "rails": (url("mysql2"), {}),
    "account-without-password": (url("mysql", user="open", password=None), {}),
    "socket-or-password": (url("mysql", user="two_ways"), {}),
}


@pytest.mark.parametrize(("target", "env"), MARIADB_SPELLINGS.values(), ids=MARIADB_SPELLINGS)
def test_mariadb_works(remote: Cli, mariadb: MariadbServer, target: str, env: dict[str, str]) -> None:
    remote.check(*([target] if target else []), env=env).expect_healthy()


@table(
    Fault("go-tls-true", "tls.unsupported", f"{GO}?tls=true"),
    Fault("jdbc-required", "tls.unsupported", f"{JDBC_MYSQL}&sslMode=REQUIRED"),
    Fault("jdbc-require-ssl", "tls.unsupported", f"{JDBC_MYSQL}&useSSL=true&requireSSL=true"),
    Fault("go-parenthesis", "config.malformed", GO.replace(")", ""), ("--engine", "mysql")),
    Fault("port-variable", "network.refused", "", env={**MYSQL, "MYSQL_TCP_PORT": "3999"}),
    Fault("expired", "auth.password-expired", url("mysql", user="stale")),
    Fault("nearer-account-wins", "auth.access-denied", url("mysql", user="shadow"), code="1045"),
    Fault("account-by-name", "auth.access-denied", url("mysql", user="named"), code="1045"),
    on="mariadb",
)
def test_mariadb_fails(remote: Cli, mariadb: MariadbServer, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.reproduces("auth.account-locked", on="mariadb")
def test_mariadb_account_blocked_by_wrong_passwords(remote: Cli, mariadb: MariadbServer) -> None:
    for _attempt in range(3):
        remote.check(url("mysql", user="guessed", password=WRONG_PASSWORD))
    remote.check(url("mysql", user="guessed")).expect_fault("auth.account-locked", code="4150")


@pytest.mark.reproduces("capacity.role-limit", on="mariadb")
def test_mariadb_queries_an_hour(remote: Cli, mariadb: MariadbServer) -> None:
    remote.check(url("mysql", user="metered"))
    remote.check(url("mysql", user="metered")).expect_fault("capacity.role-limit", code="1226")


@pytest.mark.parametrize(
    ("change", "undo", "cause"),
    [
        ("init_connect = 'SET sql_mode = nonsense'", "init_connect = ''", "server.init-connect-failed"),
        ("init_connect = 'SET @a = 1'", "init_connect = ''", "healthy"),
        ("tx_read_only = ON", "tx_read_only = OFF", "database.read-only"),
        ("wait_timeout = 1", "wait_timeout = 28800", "healthy"),
    ],
)
@pytest.mark.reproduces(lambda row: row["cause"], on="mariadb")
def test_mariadb_setting(remote: Cli, mariadb: MariadbServer, change: str, undo: str, cause: str) -> None:
    mariadb.sql(f"SET GLOBAL {change}")
    try:
        assert (result := remote.check(url("mysql"))).cause == cause, result.story()
    finally:
        mariadb.sql(f"SET GLOBAL {undo}")


@pytest.fixture(scope="module")
def tls(servers: Servers, authority: Authority) -> dict[str, Path]:
    """Servers with TLS on their ports, each with another certificate or policy; files for clients."""
    host = "db.lab.test"
    made = {
        TLS_PORT: (authority.issue("m-good", host, names=(host, "localhost")), {}),
        OLD_TLS_PORT: (
            authority.issue("m-old", host, names=(host,)),
            {
                "ssl_min_protocol_version": "TLSv1",
                "ssl_max_protocol_version": "TLSv1.1",
                "ssl_ciphers": "ALL:@SECLEVEL=0",
            },
        ),
        ADDRESS_PORT: (authority.issue("m-address", "nothing", names=(SERVER,)), {}),
        WILDCARD_PORT: (authority.issue("m-wildcard", "nothing", names=("*.lab.test",)), {}),
    }
    hba = (
        f"hostssl all with_cert {ANY} scram-sha-256 clientcert=verify-full",
        f"hostnossl all plain_only {ANY} scram-sha-256",
        f"hostssl all app {ANY} scram-sha-256",
    )
    for port, (pair, more) in made.items():
        files = {"server.crt": pair.cert, "server.key": pair.key, "root.crt": authority.root}
        settings = {"ssl": "on", "ssl_ca_file": "root.crt", **more}
        server = servers.postgres(port=port, files=files, hba=hba, settings=settings)
        server.sql(
            *(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in ("with_cert", "plain_only"))
        )
    client = authority.issue("m-client", "with_cert")
    return {"root": authority.root, "cert": client.cert, "key": client.key}


def verified(files: dict[str, Path], port: int = TLS_PORT, mode: str = "verify-full", **more: str) -> str:
    """A URL that verifies the server on this port."""
    return url(port=port, sslmode=mode, sslrootcert=str(files["root"]), **more)


def test_tls_works(remote: Cli, tls: dict[str, Path]) -> None:
    pair = {"sslcert": str(tls["cert"]), "sslkey": str(tls["key"])}
    for target in (
        url(port=TLS_PORT, sslmode="allow"),
        url(port=TLS_PORT, sslmode="require", channel_binding="require", ssl_min_protocol_version="TLSv1.3"),
        url(port=TLS_PORT, user="plain_only"),
        verified(tls, TLS_PORT, "verify-full", user="with_cert", **pair),
        verified(tls, ADDRESS_PORT, host=SERVER),
        verified(tls, ADDRESS_PORT, "verify-ca"),
        verified(tls, WILDCARD_PORT),
    ):
        remote.check(target).expect_healthy()


def test_tls_root_at_home(remote: Cli, tls: dict[str, Path]) -> None:
    folder = remote.home / ".postgresql"
    folder.mkdir()
    (folder / "root.crt").write_bytes(tls["root"].read_bytes())
    remote.check(url(port=TLS_PORT, sslmode="verify-full")).expect_healthy()


@pytest.mark.reproduces(
    "tls.hostname-mismatch",
    "tls.protocol-mismatch",
    "tls.root-missing",
    "tls.client-certificate-required",
    "tls.client-key-unusable",
    "config.invalid-option",
    "auth.hba-no-entry",
    on="postgresql",
)
def test_tls_fails(remote: Cli, tls: dict[str, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty.crt"
    empty.touch()
    address = (
        f"host=db.lab.test hostaddr={SERVER} port={ADDRESS_PORT} user=app dbname=shop sslmode=verify-full"
    )
    for target, cause in (
        (verified(tls, ADDRESS_PORT), "tls.hostname-mismatch"),
        (f"{address} sslrootcert={tls['root']}", "tls.hostname-mismatch"),
        (verified(tls, WILDCARD_PORT, host=SERVER), "tls.hostname-mismatch"),
        (url(port=OLD_TLS_PORT, sslmode="require"), "tls.protocol-mismatch"),
        (verified(tls, OLD_TLS_PORT), "tls.protocol-mismatch"),
        (url(port=TLS_PORT, sslmode="verify-ca", sslrootcert=str(empty)), "tls.root-missing"),
        (url(port=TLS_PORT, sslmode="verify-ca", sslrootcert=str(tmp_path)), "tls.root-missing"),
        (url(port=TLS_PORT, sslmode="require", sslrootcert="system"), "config.invalid-option"),
        (verified(tls, user="with_cert"), "tls.client-certificate-required"),
        (verified(tls, user="with_cert", sslcert="/nowhere.crt"), "tls.client-key-unusable"),
        (url(port=TLS_PORT, user="plain_only", sslmode="require"), "auth.hba-no-entry"),
    ):
        remote.check(target).expect_fault(cause)


RECORDS = (
    f"host-record=real.lab.test,{SERVER}",
    f"host-record=dual.lab.test,{SERVER},2001:db8::2",
    "host-record=many.lab.test,10.77.0.55",
    f"host-record=many.lab.test,{SERVER}",
    "host-record=dead.lab.test,10.77.0.99",
    "mx-host=mail.lab.test,real.lab.test,10",
    "address=/#/",
)


@pytest.fixture(scope="module")
def resolver(lab: Lab) -> Iterator[Path]:
    """A nameserver for the client, whose resolv.conf a test may change; the file."""
    lab.server.address(f"{RESOLVER}/24")
    service = lab.dnsmasq(*RECORDS)
    yield lab.client.etc / "resolv.conf"
    service.stop()
    lab.client.resolver(None)


@pytest.mark.parametrize("host", ["dual.lab.test", "many.lab.test", "REAL.Lab.Test", "real.lab.test."])
def test_name_works(remote: Cli, postgres: PostgresServer, resolver: Path, host: str) -> None:
    remote.check(url(host=host)).expect_healthy()


@table(
    Fault("mail-only", "dns.no-address", url(host="mail.lab.test")),
    Fault("underscore", "dns.name-not-found", url(host="my_db.lab.test")),
    Fault("dead-host", "network.unreachable", url(host="dead.lab.test"), accept=("network.timeout",)),
    Fault("docker-host", "dns.service-name-outside-network", url(host="host.docker.internal")),
    on="resolver",
)
def test_name_fails(remote: Cli, resolver: Path, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (f"nameserver {SERVER}\nsearch nothing.test lab.test\n", "real"),
        (f"nameserver {RESOLVER}\nnameserver {SERVER}\n", "real.lab.test"),
        (f"nameserver 10.77.0.99\nnameserver {SERVER}\noptions timeout:1 attempts:1\n", "real.lab.test"),
    ],
    ids=["search-list", "first-one-refuses", "first-one-is-dead"],
)
def test_resolver_works(remote: Cli, postgres: PostgresServer, resolver: Path, text: str, host: str) -> None:
    before = resolver.read_text()
    resolver.write_text(text)
    try:
        remote.check(url(host=host)).expect_healthy()
    finally:
        resolver.write_text(before)


@pytest.mark.parametrize(
    ("rcode", "cause"),
    [
        (dns.rcode.NOERROR, "dns.no-address"),
        (dns.rcode.NXDOMAIN, "dns.name-not-found"),
        (dns.rcode.NOTIMP, "dns.resolver-failed"),
        (dns.rcode.FORMERR, "dns.resolver-failed"),
    ],
)
@pytest.mark.reproduces(lambda row: row["cause"], on="resolver")
def test_resolver_answers(remote: Cli, lab: Lab, resolver: Path, rcode: dns.rcode.Rcode, cause: str) -> None:
    before = resolver.read_text()
    resolver.write_text(f"nameserver {RESOLVER}\n")
    try:
        with sockets.nameserver(RESOLVER, rcode, namespace=lab.server):
            remote.check(url("mysql", host="real.lab.test")).expect_fault(cause)
    finally:
        resolver.write_text(before)


@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_resolver_dropped_by_the_own_firewall(remote: Cli, lab: Lab, resolver: Path) -> None:
    lab.client.firewall("udp dport 53 drop", hook="output")
    try:
        result = remote.check(url(host="real.lab.test")).expect_fault("dns.resolver-failed")
    finally:
        lab.client.firewall(hook="output")
    assert result.seconds < 5.5, result.story()


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_silent_nameserver_before_a_good_one_is_a_caution(
    remote: Cli, lab: Lab, postgres: PostgresServer, mariadb: MariadbServer, resolver: Path, scheme: str
) -> None:
    """The resolver waits five seconds for the first one, and then has the address: slow, and no fault."""
    before = resolver.read_text()
    resolver.write_text(f"nameserver {RESOLVER}\nnameserver {SERVER}\n")
    lab.server.firewall(f"ip daddr {RESOLVER} udp dport 53 drop")
    try:
        result = remote.check(url(scheme, host="real.lab.test")).expect_healthy()
    finally:
        lab.server.firewall()
        resolver.write_text(before)
    assert result.layer("dns")["outcome"] == "warning", result.story()
    assert result.report["facts"]["dns.addresses"] == [SERVER], result.story()
    assert RESOLVER in result.report["facts"]["dns.silent-servers"], result.story()


@pytest.mark.parametrize("host", ["db..lab.test", f"{'a' * 64}.lab.test"], ids=["two-dots", "long-label"])
@pytest.mark.reproduces("dns.name-not-found", on="resolver")
def test_a_name_that_cannot_exist(remote: Cli, resolver: Path, host: str) -> None:
    result = remote.check(url(host=host)).expect_fault("dns.name-not-found")
    assert "garbage" not in result.stdout, result.story()


def cut_off(server: socket.socket) -> None:
    """A nameserver whose answers do not fit a datagram: each says "ask again over TCP"."""
    with suppress(OSError):
        query, client = server.recvfrom(4096)
        while query:
            answer = dns.message.make_response(dns.message.from_wire(query))
            answer.flags |= dns.flags.TC
            server.sendto(answer.to_wire(), client)
            query, client = server.recvfrom(4096)


@pytest.mark.parametrize("rule", ["reject with tcp reset", "drop"])
@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_an_answer_is_cut_off_and_tcp_is_closed(remote: Cli, lab: Lab, resolver: Path, rule: str) -> None:
    before = resolver.read_text()
    resolver.write_text(f"nameserver {RESOLVER}\n")
    lab.server.firewall(f"ip daddr {RESOLVER} tcp dport 53 {rule}")
    with lab.server.socket(kind=socket.SOCK_DGRAM) as server:
        server.bind((RESOLVER, 53))
        threading.Thread(target=cut_off, args=(server,), daemon=True).start()
        try:
            result = remote.check(url(host="real.lab.test"))
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # ends the thread's wait, although it says "not connected"
            lab.server.firewall()
            resolver.write_text(before)
    result.expect_fault("dns.resolver-failed")
    assert "truncated" in str(result.report["facts"]["dns.servers-say"]), result.story()
    assert result.layer("dns")["ms"] <= 5500, result.story()


@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_the_system_does_not_ask_dns(remote: Cli, lab: Lab, resolver: Path) -> None:
    switch = lab.client.etc / "nsswitch.conf"
    before = switch.read_text()
    switch.write_text("hosts: files\n")
    try:
        result = remote.check(url(host="real.lab.test")).expect_fault("dns.resolver-failed")
    finally:
        switch.write_text(before)
    assert "nsswitch.conf" in str(result.report["evidence"]), result.story()


@pytest.mark.reproduces("dns.service-name-outside-network", "dns.name-not-found", on="resolver")
def test_a_service_of_the_compose_file_here(remote: Cli, resolver: Path) -> None:
    (remote.cwd / "compose.yaml").write_text("services:\n  orders:\n    image: postgres:16\n")
    remote.check(url(host="orders")).expect_fault("dns.service-name-outside-network")
    remote.check(url(host="orders"), "--no-files").expect_fault("dns.name-not-found")


def dead_backend(connection: socket.socket) -> None:
    """A proxy whose backend refuses: the client's connection ends before a word."""
    with socket.socket() as backend:
        backend.connect_ex(("127.0.0.1", 9))
    connection.close()


def leaves_after_the_startup(connection: socket.socket) -> None:
    """Declines TLS, reads the startup message, hangs up."""
    connection.recv(8)
    connection.sendall(b"N")
    connection.recv(4096)
    connection.close()


def leaves_at_the_login(connection: socket.socket) -> None:
    """Asks for a password and hangs up on it."""
    connection.recv(8)
    connection.sendall(b"N")
    connection.recv(4096)
    connection.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
    connection.recv(4096)
    connection.close()


FORK = b"Ecould not fork new process for connection: Resource temporarily unavailable\n\x00"


def mysql_error(number: int, text: str) -> sockets.Behaviour:
    """An error packet in place of the greeting."""
    body = b"\xff" + number.to_bytes(2, "little") + text.encode()
    return sockets.say(len(body).to_bytes(3, "little") + b"\x00" + body)


LISTENERS: dict[str, tuple[str, sockets.Behaviour, str]] = {
    "proxy": ("postgresql", dead_backend, "network.dropped"),
    "proxy-mysql": ("mysql", dead_backend, "network.dropped"),
    "leaves-after-the-startup": ("postgresql", leaves_after_the_startup, "network.dropped"),
    "leaves-at-the-login": ("postgresql", leaves_at_the_login, "network.dropped"),
    "redis": ("postgresql", sockets.say(b"", b"-ERR unknown command\r\n"), "network.not-a-database"),
    "smtp": ("mysql", sockets.say(b"220 mx ESMTP\r\n"), "network.not-a-database"),
    "tls-alert": ("postgresql", sockets.say(b"", b"\x15\x03\x01\x00\x02\x02\x28"), "network.not-a-database"),
    "cannot-fork": ("postgresql", sockets.say(b"", FORK), "capacity.os-limits"),
    "1040": ("mysql", mysql_error(1040, "#08004Too many connections"), "capacity.max-connections"),
    "1042": ("mysql", mysql_error(1042, "Can't get hostname for your address"), "dns.reverse-lookup-failed"),
    "1053": ("mysql", mysql_error(1053, "Server shutdown in progress"), "database.stopping"),
}


@pytest.mark.parametrize("name", LISTENERS)
@pytest.mark.reproduces(
    lambda row: LISTENERS[row["name"]][2] if "network." in LISTENERS[row["name"]][2] else "", on="host"
)
def test_listener(remote: Cli, lab: Lab, name: str) -> None:
    scheme, behave, cause = LISTENERS[name]
    with sockets.listening(SERVER, 7000, behave, namespace=lab.server):
        result = remote.check(url(scheme, port=7000))
    assert result.cause == cause, result.story()
    assert result.exit == 1, result.story()
    assert result.seconds < 5, result.story()


@pytest.mark.parametrize(
    ("rule", "causes"),
    [
        ("drop", ("network.timeout",)),
        ("reject with icmpx admin-prohibited", ("network.firewall-rejected", "network.unreachable")),
        ("reject with icmpx no-route", ("network.firewall-rejected", "network.unreachable")),
        ("reject with tcp reset", ("network.refused", "network.firewall-rejected")),
        ("reject with icmp type prot-unreachable", ("network.firewall-rejected",)),
    ],
)
@pytest.mark.reproduces(lambda row: row["causes"][0] if len(row["causes"]) == 1 else "", on="host")
def test_own_firewall(remote: Cli, lab: Lab, rule: str, causes: tuple[str, ...]) -> None:
    lab.client.firewall(f"tcp dport 5432 {rule}", hook="output")
    try:
        result = remote.check(url(), "--connect-timeout", "1")
    finally:
        lab.client.firewall(hook="output")
    result.expect_fault(causes[0], accept=causes[1:])
    assert result.layer("network")["ms"] <= 1500, result.story()


@pytest.mark.parametrize(
    ("kind", "causes"),
    [
        ("blackhole", ("network.unreachable",)),
        ("unreachable", ("network.unreachable",)),
        ("prohibit", ("network.firewall-rejected", "network.unreachable")),
        ("throw", ("network.unreachable",)),
    ],
)
@pytest.mark.reproduces(lambda row: row["causes"][0], on="host")
def test_own_route(remote: Cli, lab: Lab, kind: str, causes: tuple[str, ...]) -> None:
    lab.client.route(kind, "10.96.0.0/24")
    try:
        result = remote.check(url(host="10.96.0.1"))
    finally:
        lab.client.run("ip", "route", "delete", kind, "10.96.0.0/24")
    result.expect_fault(causes[0], accept=causes[1:])


@pytest.mark.reproduces("network.timeout", on="postgresql")
def test_the_own_timeout_of_the_target(remote: Cli, lab: Lab) -> None:
    lab.server.firewall("tcp dport 5432 drop")
    try:
        result = remote.check(url(connect_timeout="1")).expect_fault("network.timeout")
    finally:
        lab.server.firewall()
    assert result.layer("network")["ms"] <= 1500, result.story()
    assert "server.unresponsive" in result.causes(), result.story()


@pytest.mark.parametrize("host", [SERVER, "127.0.0.1"])
@pytest.mark.reproduces("server.unresponsive", on="postgresql")
def test_a_server_of_this_host_that_takes_no_connection(
    local: Cli, lab: Lab, own: Servers, host: str
) -> None:
    """Its queue is full: the kernel drops what else comes, as a firewall would."""
    lab.server.sysctl("net.core.somaxconn", "1")
    try:
        server = own.postgres(port=5460)
    finally:
        lab.server.sysctl("net.core.somaxconn", "4096")
    server.send_signal(signal.SIGSTOP)
    for _ in range(4):
        connection = own.keep(lab.server.socket())
        connection.setblocking(False)
        connection.connect_ex((host, 5460))
    result = local.check(url(host=host, port=5460), "--connect-timeout", "1")
    result.expect_fault("server.unresponsive", layer="network")
    assert "network.firewall-rejected" in result.causes(), result.story()


@pytest.mark.reproduces("network.service-down", "config.localhost-in-container", on="postgresql")
def test_localhost_where_a_person_says_that_the_application_runs_in_a_container(local: Cli) -> None:
    prefix = (*OTHER_HOST, *OWN_SERVERS_HIDDEN)
    target = url(host="localhost", port=5461)
    for runtime in ("docker", "compose", "kubernetes"):
        result = local.check(target, "--answer", f"runtime={runtime}", prefix=prefix)
        result.expect_fault("config.localhost-in-container", accept=(), layer="network")
    result = local.check(target, "--answer", "runtime=host", prefix=prefix)
    result.expect_fault("network.service-down")
    assert "config.localhost-in-container" in result.causes(), result.story()


@pytest.mark.reproduces("server.unresponsive", on="postgresql")
def test_connection_opens_and_what_follows_vanishes(remote: Cli, lab: Lab, postgres: PostgresServer) -> None:
    lab.server.firewall("tcp dport 5432 tcp flags & (psh|ack) == (psh|ack) drop")
    try:
        result = remote.check(url(), "--connect-timeout", "1")
    finally:
        lab.server.firewall()
    result.expect_fault("server.unresponsive", accept=("network.timeout", "network.dropped"))


def test_second_host_answers_while_the_first_is_silent(remote: Cli, lab: Lab, tls: dict[str, Path]) -> None:
    lab.server.firewall("tcp dport 5432 drop")
    try:
        result = remote.check(url(host=f"{SERVER}:5432,{SERVER}:{TLS_PORT}")).expect_healthy()
    finally:
        lab.server.firewall()
    assert result.layer("network")["outcome"] == "warning", result.story()


POOLERS: dict[str, tuple[dict[str, str], str, str]] = {
    "parameter-is-ignored": (
        {"ignore_startup_parameters": "options"},
        url(port=6451, options="-c a=b"),
        "healthy",
    ),
    "md5": ({"auth_type": "md5"}, url(port=6451), "healthy"),
    "md5-wrong": ({"auth_type": "md5"}, url(port=6451, password=WRONG_PASSWORD), "auth.password-wrong"),
    "no-password": ({}, url(port=6451, password=None), "auth.password-missing"),
    "no-tls": ({}, url(port=6451, sslmode="require"), "tls.unsupported"),
    "statement-pooling": ({"pool_mode": "statement"}, url(port=6451), "healthy"),
    "lines-of-its-own": (
        {"auth_type": "hba", "auth_hba_file": "/dev/null"},
        url(port=6451),
        "auth.hba-rejected",
    ),
}


@pytest.mark.parametrize("name", POOLERS)
@pytest.mark.reproduces(lambda row: POOLERS[row["name"]][2], on="pgbouncer")
def test_pooler(remote: Cli, own: Servers, postgres: PostgresServer, name: str) -> None:
    settings, target, cause = POOLERS[name]
    own.pgbouncer(postgres, port=6451, settings=settings)
    assert (result := remote.check(target)).cause == cause, result.story()


def test_pooler_in_front_of_a_missing_database(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    entry = f"host={postgres.sockets} port=5432 dbname=nowhere user=app password='{PASSWORD}'"
    own.pgbouncer(postgres, port=6452, databases={"gone": entry}, settings={"query_wait_timeout": "1"})
    result = remote.check(url(port=6452, database="gone"))
    result.expect_fault("database.does-not-exist", accept=("pooler.backend-down", "pooler.wait-timeout"))
