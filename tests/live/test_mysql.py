"""Oracle's MySQL: its own authentication plugins, account rules and words, which MariaDB does not share."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pymysql
import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support.certs import Authority
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.mariadb import CLIENTS
from tests.support.mysql import MysqlServer
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import PASSWORD
from wizard.wire.mysql import parse_error

Reset = Callable[[Callable[[], object]], None]

OTHER_PORT = 3307


def mysql_url(**options: str) -> str:
    return url("mysql", **options)


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
def mysql(servers: Servers, certificates: dict[str, Path]) -> MysqlServer:
    files = {name: certificates[name] for name in ("server.crt", "server.key", "root.crt")}
    server = MysqlServer(namespace=servers.lab.server, files=files)
    server.options += [f"--ssl-cert={server.folder}/server.crt", f"--ssl-key={server.folder}/server.key"]
    server.options += [f"--ssl-ca={server.folder}/root.crt"]
    servers.stack.callback(server.stop)
    server.start()
    server.account("locked", rest="ACCOUNT LOCK")
    server.account("stale", rest="PASSWORD EXPIRE")
    server.account("secure", rest="REQUIRE SSL")
    server.account("certified", rest="REQUIRE X509")
    server.account("few", rest="WITH MAX_USER_CONNECTIONS 1")
    server.sql(
        "CREATE DATABASE private",
        f"CREATE USER digest@'{CLIENTS}' IDENTIFIED WITH sha256_password BY '{PASSWORD}'",
        f"GRANT ALL ON shop.* TO digest@'{CLIENTS}'",
        f"CREATE USER blocked@'{CLIENTS}' IDENTIFIED BY '{PASSWORD}' FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 2",
        "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'",
        f"CREATE USER os_user@'{CLIENTS}' IDENTIFIED WITH auth_socket",
        "INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so'",
        f"CREATE USER nobody_logs_in@'{CLIENTS}' IDENTIFIED WITH mysql_no_login",
        "CREATE USER elsewhere@'192.0.2.7' IDENTIFIED BY 'x'",
    )
    return server


def forget_passwords(server: MysqlServer) -> None:
    """Empty the server's cache of proofs: the next login has to send the password itself."""
    server.sql("FLUSH PRIVILEGES")


FORMS = {
    "tls-by-default": mysql_url(),
    "tls-required": mysql_url(**{"ssl-mode": "REQUIRED"}),
    "sha256-password": mysql_url(user="digest"),
    "require-ssl": mysql_url(user="secure"),
    "plain-with-the-servers-key": mysql_url(**{"ssl-mode": "DISABLED"}),
    "plain-sha256-password": mysql_url(user="digest", **{"ssl-mode": "DISABLED"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_healthy(remote: Cli, mysql: MysqlServer, form: str) -> None:
    """Without a cached proof and with one: the password itself, and then only its proof."""
    forget_passwords(mysql)
    for _way in ("full", "fast"):
        result = remote.check(FORMS[form].replace("ssl_mode", "ssl-mode")).expect_healthy()
        assert result.layer("tls")["outcome"] in ("ok", "skipped", "warning"), result.story()


def test_healthy_with_a_verified_certificate(
    remote: Cli, mysql: MysqlServer, certificates: dict[str, Path]
) -> None:
    target = f"{mysql_url()}?ssl-mode=VERIFY_IDENTITY&ssl-ca={certificates['root.crt']}"
    assert remote.check(target).expect_healthy().layer("tls")["outcome"] == "ok"


def test_healthy_with_a_client_certificate(
    remote: Cli, mysql: MysqlServer, certificates: dict[str, Path]
) -> None:
    names = {"ssl-ca": "root.crt", "ssl-cert": "client.crt", "ssl-key": "client.key"}
    files = "&".join(f"{option}={certificates[name]}" for option, name in names.items())
    remote.check(f"{mysql_url(user='certified')}?{files}").expect_healthy()


def test_healthy_over_the_socket(local: Cli, mysql: MysqlServer) -> None:
    forget_passwords(mysql)
    for _way in ("full", "fast"):
        target = mysql_url(host="localhost", unix_socket=str(mysql.socket))
        local.check(target, "--write-path").expect_healthy()


@table(
    Fault("wrong-password", "auth.access-denied", mysql_url(password=WRONG_PASSWORD), code="1045"),
    Fault("unknown-user", "auth.access-denied", mysql_url(user="ghost"), code="1045"),
    Fault("user-of-another-host", "auth.access-denied", mysql_url(user="elsewhere"), code="1045"),
    Fault(
        "wrong-password-sha256", "auth.access-denied", mysql_url(user="digest", password="no"), code="1045"
    ),
    Fault("no-password", "auth.password-missing", mysql_url(password=None), code="1045"),
    Fault("locked", "auth.account-locked", mysql_url(user="locked"), code="3118"),
    Fault("expired", "auth.password-expired", mysql_url(user="stale"), code="1862"),
    Fault(
        "socket-account-over-tcp",
        "auth.peer-failed",
        mysql_url(user="os_user"),
        accept=("auth.access-denied",),
    ),
    Fault(
        "no-login", "auth.login-disabled", mysql_url(user="nobody_logs_in"), accept=("auth.access-denied",)
    ),
    Fault(
        "client-certificate",
        "tls.client-certificate-required",
        mysql_url(user="certified"),
        accept=("auth.access-denied",),
        among=("tls.client-certificate-required",),
    ),
    Fault(
        "account-requires-tls", "tls.required", mysql_url(user="secure") + "?ssl-mode=DISABLED", code="1045"
    ),
    Fault(
        "missing-database",
        "database.does-not-exist",
        mysql_url(database="shopp"),
        accept=("database.privilege",),
        among=("database.does-not-exist",),
    ),
    Fault("no-privilege", "database.privilege", mysql_url(database="private"), code="1044"),
    on="mysql",
)
def test_refused(remote: Cli, mysql: MysqlServer, fault: Fault) -> None:
    result = fault.check(remote)
    assert result.layer("network")["outcome"] == "ok", result.story()


@pytest.mark.reproduces("auth.secure-channel-required", on="mysql")
def test_driver_may_not_ask_for_the_key(remote: Cli, mysql: MysqlServer) -> None:
    """Connector/J does not fetch the key unless told to; where the proof is cached it does not have to."""
    forget_passwords(mysql)
    target = f"jdbc:mysql://db.lab.test:3306/shop?user=app&password={quote(PASSWORD, safe='')}&useSSL=false"
    remote.check(target).expect_fault("auth.secure-channel-required")
    remote.check(f"{target}&allowPublicKeyRetrieval=true").expect_healthy()
    remote.check(target).expect_healthy()


@pytest.mark.reproduces("auth.account-locked", on="mysql")
def test_blocked_after_failed_logins(remote: Cli, mysql: MysqlServer) -> None:
    remote.check(mysql_url(user="blocked", password=WRONG_PASSWORD))
    result = remote.check(mysql_url(user="blocked"))
    result.expect_fault("auth.account-locked", code="3955")


@pytest.mark.reproduces("auth.password-expired", on="mysql")
def test_expired_password_opens_a_sandbox(remote: Cli, own: Servers) -> None:
    server = own.mysql(port=OTHER_PORT, options=["--disconnect-on-expired-password=OFF"])
    server.account("stale", rest="PASSWORD EXPIRE")
    remote.check(mysql_url(user="stale", port=OTHER_PORT)).expect_fault("auth.password-expired", code="1820")


@pytest.mark.reproduces("auth.host-not-allowed", on="mysql")
def test_host_not_allowed(remote: Cli, mysql: MysqlServer, lab: Lab) -> None:
    _client, server = lab.cable()
    remote.check(mysql_url(host=server)).expect_fault("auth.host-not-allowed", code="1130")


@pytest.mark.reproduces("auth.host-blocked", on="mysql")
def test_host_blocked(remote: Cli, mysql: MysqlServer, lab: Lab) -> None:
    mysql.sql("SET GLOBAL max_connect_errors = 1", "TRUNCATE performance_schema.host_cache")
    for _attempt in range(3):
        lab.client.run(
            "bash",
            "-c",
            "exec 3<>/dev/tcp/db.lab.test/3306; printf '\\x01\\x00\\x00\\x01x' >&3; cat <&3 >/dev/null",
        )
    try:
        remote.check(mysql_url()).expect_fault("auth.host-blocked", code="1129")
    finally:
        mysql.sql("SET GLOBAL max_connect_errors = 1000", "TRUNCATE performance_schema.host_cache")


def login(
    server: MysqlServer, lab: Lab, user: str, sock: socket.socket | None = None
) -> pymysql.Connection[pymysql.cursors.Cursor]:
    """A session of this account from the client machine."""
    sock = sock or lab.client.socket()
    sock.connect((SERVER, server.port))
    session = pymysql.Connection(user=user, password=PASSWORD, defer_connect=True, ssl_disabled=True)
    session.connect(sock)
    return session


@pytest.mark.reproduces("capacity.role-limit", on="mysql")
def test_account_has_its_connections(remote: Cli, mysql: MysqlServer, own: Servers, lab: Lab) -> None:
    own.keep(login(mysql, lab, "few"))
    remote.check(mysql_url(user="few")).expect_fault("capacity.role-limit", code="1226")


@pytest.mark.reproduces("capacity.role-limit", on="mysql")
def test_every_account_has_its_connections(
    remote: Cli, mysql: MysqlServer, own: Servers, lab: Lab, reset
) -> None:
    reset(lambda: mysql.sql("SET GLOBAL max_user_connections = 0"))
    mysql.sql("SET GLOBAL max_user_connections = 1")
    own.keep(login(mysql, lab, "app"))
    remote.check(mysql_url()).expect_fault("capacity.role-limit", code="1203")


@pytest.mark.reproduces("capacity.max-connections", on="mysql")
def test_too_many_connections(remote: Cli, mysql: MysqlServer, own: Servers, lab: Lab, reset: Reset) -> None:
    reset(lambda: mysql.sql("SET GLOBAL max_connections = 151"))
    mysql.sql("SET GLOBAL max_connections = 1")
    own.keep(login(mysql, lab, "app"))
    remote.check(mysql_url()).expect_fault("capacity.max-connections", code="1040")


SWITCHES = {
    "insecure-transport": (
        "require_secure_transport",
        mysql_url() + "?ssl-mode=DISABLED",
        "tls.required",
        "3159",
    ),
    "offline": ("offline_mode", mysql_url(), "database.not-accepting", "3032"),
    "read-only": ("read_only", mysql_url(), "database.read-only", None),
    "super-read-only": ("super_read_only", mysql_url(), "database.read-only", None),
}


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.reproduces(lambda row: SWITCHES[row["name"]][2], on="mysql")
def test_server_switched_to(remote: Cli, mysql: MysqlServer, reset: Reset, name: str) -> None:
    variable, target, cause, code = SWITCHES[name]
    reset(lambda: mysql.sql(f"SET GLOBAL {variable} = OFF", "SET GLOBAL read_only = OFF"))
    mysql.sql(f"SET GLOBAL {variable} = ON")
    remote.check(target).expect_fault(cause, code=code)


def test_read_only_is_right_for_who_may_write_all_the_same(
    remote: Cli, mysql: MysqlServer, reset: Reset
) -> None:
    reset(
        lambda: mysql.sql(
            "SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF", "DROP USER boss@'%'"
        )
    )
    mysql.sql(
        f"CREATE USER boss@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT ALL ON *.* TO boss@'%'",
        "SET GLOBAL read_only = ON",
    )
    remote.check(mysql_url(user="boss")).expect_healthy()
    mysql.sql("SET GLOBAL super_read_only = ON")
    remote.check(mysql_url(user="boss")).expect_fault("database.read-only")


@pytest.mark.reproduces("server.init-connect-failed", on="mysql")
def test_init_connect_fails(remote: Cli, mysql: MysqlServer, reset: Reset) -> None:
    reset(lambda: mysql.sql("SET GLOBAL init_connect = ''"))
    mysql.sql("SET GLOBAL init_connect = 'SELECT nosuch FROM nowhere.nothing'")
    remote.check(mysql_url()).expect_fault("server.init-connect-failed", code="1184")


@pytest.mark.reproduces("tls.protocol-mismatch", on="mysql")
def test_tls_versions_have_nothing_in_common(remote: Cli, own: Servers) -> None:
    own.mysql(port=OTHER_PORT, options=["--tls-version=TLSv1.3"])
    target = mysql_url(port=OTHER_PORT) + "?ssl-mode=REQUIRED&tls-version=TLSv1.2"
    remote.check(target).expect_fault("tls.protocol-mismatch")
    remote.check(mysql_url(port=OTHER_PORT) + "?ssl-mode=REQUIRED").expect_healthy()


@pytest.mark.reproduces("network.not-a-database", on="mysql")
def test_port_of_the_x_protocol(remote: Cli, own: Servers) -> None:
    own.mysql(port=OTHER_PORT, options=["--mysqlx=ON", "--mysqlx-port=33060", "--mysqlx-socket=OFF"])
    result = remote.check(mysql_url(port=33060)).expect_fault("network.not-a-database")
    assert "network.wrong-port" in result.causes(), result.story()


def test_skip_networking(local: Cli, own: Servers) -> None:
    server = own.mysql(port=OTHER_PORT, options=["--skip-networking"])
    local.check(mysql_url(host="localhost", unix_socket=str(server.socket))).expect_healthy()
    result = local.check(mysql_url(host="127.0.0.1", port=OTHER_PORT))
    assert result.report["status"] == "fault", result.story()
    assert result.cause.startswith("network."), result.story()


@pytest.mark.reproduces("pool.stale-connection", on="mysql")
def test_session_that_idled_too_long(local: Cli, mysql: MysqlServer, own: Servers, lab: Lab) -> None:
    """MySQL says why it ended the session before it hangs up; who reads that has a number of its own."""
    sock = lab.client.socket()
    session = own.keep(login(mysql, lab, "app", sock))
    session.query("SET SESSION wait_timeout = 1")
    sock.settimeout(20)
    last = parse_error(sock.recv(4096)[4:])
    assert last.number == 4031
    local.run("explain", "--json", f"ERROR {last.number} ({last.sqlstate}): {last.message}")


@pytest.mark.reproduces("database.stopping", on="mysql")
def test_statement_of_a_server_that_stops(local: Cli, own: Servers, lab: Lab) -> None:
    server = own.mysql(port=OTHER_PORT)
    own.keep(login(server, lab, "app")).query("SELECT 1")
    server.send_signal(signal.SIGTERM)
    assert server.service is not None
    log = server.service.wait_end()
    local.run("explain", "--json", "\n".join(line for line in log.splitlines() if "hutdown" in line))
