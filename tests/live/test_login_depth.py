"""Refused logins whose reason is not the first that comes to mind, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.certs import Authority, Pair
from tests.support.cli import WRONG_PASSWORD, Cli, Result, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.processes import as_user

ADMIN_PASSWORD = "k3y/of:the@house%"
ADMIN = url(user="keeper", password=ADMIN_PASSWORD, database="postgres")
BIND_SECRET = "b1nd-secret"
HBA = (
    "host all keeper all scram-sha-256",
    "hostssl shop app all scram-sha-256 clientcert=verify-full",
    "hostssl shop guarded all scram-sha-256 clientcert=verify-ca",
    "host shop old_hash,APP,app@shop all scram-sha-256",
    "host shop named web.lab.test scram-sha-256",
    "host shop named .web.test scram-sha-256",
    f"host shop directory all ldap ldapserver=127.0.0.1 ldapport=1 ldapbasedn=dc=x ldapbindpasswd={BIND_SECRET}",
    "host shop plain all scram-sha-256",
)


@pytest.fixture(scope="module")
def clients(authority: Authority) -> dict[str, Pair]:
    return {name: authority.issue(f"client-{name}", name) for name in ("app", "other")}


@pytest.fixture(scope="module", autouse=True)
def postgres(servers: Servers, authority: Authority) -> PostgresServer:
    pair = authority.issue("depth", "db.lab.test")
    ssl = {
        "ssl": "on",
        "ssl_cert_file": "server.crt",
        "ssl_key_file": "server.key",
        "ssl_ca_file": "root.crt",
    }
    files = {"server.crt": pair.cert, "server.key": pair.key, "root.crt": authority.root}
    server = servers.postgres(hba=HBA, settings=ssl, files=files)
    server.sql(
        f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'",
        *(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in ("guarded", "named", "plain")),
        "SET password_encryption = 'md5'",
    )
    server.sql("SET password_encryption = 'md5'", f"CREATE ROLE old_hash LOGIN PASSWORD '{PASSWORD}'")
    return server


def why_here(result: Result) -> str:
    return str(result.report["findings"][0]["why_here"])


def certified(clients: dict[str, Pair], name: str, **more: str) -> str:
    pair = clients[name]
    return url(sslmode="require", sslcert=str(pair.cert), sslkey=str(pair.key), **more)


@pytest.mark.reproduces("tls.client-certificate-rejected", on="postgresql")
def test_a_password_that_was_confirmed_is_not_the_wrong_one(remote: Cli, clients: dict[str, Pair]) -> None:
    result = remote.check(certified(clients, "other"))
    result.expect_fault("tls.client-certificate-rejected", code="28P01")
    assert "had confirmed the password" in why_here(result), why_here(result)
    remote.check(certified(clients, "app")).expect_healthy()


@pytest.mark.reproduces("auth.password-wrong", on="postgresql")
def test_the_options_of_the_line_are_told(remote: Cli, clients: dict[str, Pair]) -> None:
    result = remote.check(certified(clients, "app", password=WRONG_PASSWORD), "--admin", ADMIN)
    result.expect_fault("auth.password-wrong", code="28P01")
    assert "hostssl shop app all scram-sha-256 clientcert=verify-full" in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.external-failed", on="postgresql")
def test_the_line_of_a_directory_keeps_its_password(remote: Cli) -> None:
    result = remote.check(url(user="directory"), "--admin", ADMIN).expect_fault("auth.external-failed")
    assert "ldapserver=127.0.0.1" in why_here(result), why_here(result)
    result.expect_no_secret((BIND_SECRET,))


@pytest.mark.reproduces("tls.required", on="postgresql")
def test_with_tls_a_certificate_is_asked_for(remote: Cli) -> None:
    result = remote.check(url(user="guarded", sslmode="disable")).expect_fault("tls.required")
    assert "tls.client-certificate-required" in result.causes(), result.story()


@pytest.mark.reproduces("auth.hba-no-entry", on="postgresql")
def test_a_mistyped_database_is_among_the_candidates(remote: Cli) -> None:
    result = remote.check(url(user="plain", database="shpo", sslmode="require"))
    result.expect_fault("auth.hba-no-entry", code="28000")
    assert "database.does-not-exist" in result.causes(), result.story()
    assert "tls.required" not in result.causes(), result.story()
    assert "without TLS" not in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.hba-no-entry", on="postgresql")
def test_a_line_by_host_name_that_the_server_does_not_find(remote: Cli) -> None:
    result = remote.check(url(user="named"), "--admin", ADMIN).expect_fault("auth.hba-no-entry", code="28000")
    assert "web.lab.test" in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.password-wrong", on="postgresql")
def test_a_hash_of_the_old_kind_fits_no_password(remote: Cli) -> None:
    result = remote.check(url(user="old_hash"), "--admin", ADMIN).expect_fault("auth.password-wrong")
    assert "no password can be right" in why_here(result), why_here(result)
    assert "not that password" not in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.role-unknown", on="postgresql")
@pytest.mark.parametrize("user", ["APP", "app@shop"])
def test_the_role_that_was_meant_is_named(remote: Cli, postgres: PostgresServer, user: str) -> None:
    assert postgres.service is not None
    before = postgres.service.text().count("password authentication failed")
    result = remote.check(url(user=user), "--admin", ADMIN).expect_fault("auth.role-unknown", code="28P01")
    assert "the nearest name is app" in why_here(result), why_here(result)
    assert postgres.service.text().count("password authentication failed") - before == 1


@pytest.mark.reproduces("auth.external-failed", on="postgresql")
def test_encryption_by_kerberos_that_is_insisted_on(remote: Cli) -> None:
    remote.check(url(user="plain", gssencmode="prefer")).expect_healthy()
    result = remote.check(url(user="plain", gssencmode="require")).expect_fault("auth.external-failed")
    assert "gssencmode=require" in why_here(result), why_here(result)


@pytest.fixture
def closed_home(local: Cli) -> dict[str, str]:
    """The home of another user, as `sudo` and `runuser` leave it."""
    folder: Path = local.home / "closed"
    (folder / ".postgresql").mkdir(parents=True)
    folder.chmod(0o700)
    return {"HOME": str(folder)}


@pytest.mark.reproduces(lambda row: row["cause"], on="postgresql")
@pytest.mark.parametrize(
    ("mode", "cause"), [("require", "tls.client-key-unusable"), ("verify-full", "tls.root-missing")]
)
def test_a_home_that_we_may_not_enter(local: Cli, closed_home: dict[str, str], mode: str, cause: str) -> None:
    prefix = (*local.prefix, *as_user("nobody"))
    result = local.check(url(user="plain", sslmode=mode), prefix=prefix, env=closed_home)
    result.expect_fault(cause)
    assert "Permission denied" in why_here(result), why_here(result)


def test_prefer_goes_without_tls_past_a_home_that_we_may_not_enter(
    local: Cli, closed_home: dict[str, str]
) -> None:
    prefix = (*local.prefix, *as_user("nobody"))
    result = local.check(url(user="plain"), prefix=prefix, env=closed_home)
    assert result.report["status"] == "healthy", result.story()
    assert result.report["facts"]["tls.outcome"] == "plain", result.story()
    said = [one["text"] for one in result.report["warnings"] if one["layer"] == "tls"]
    assert any("goes on without TLS" in text for text in said), result.story()


@pytest.fixture(scope="module", autouse=True)
def mariadb(servers: Servers, authority: Authority) -> MariadbServer:
    pair = authority.issue("maria-depth", "db.lab.test")
    server = MariadbServer(
        namespace=servers.lab.server,
        files={"server.crt": pair.cert, "server.key": pair.key, "ca.crt": authority.root},
    )
    for option, name in (("cert", "server.crt"), ("key", "server.key"), ("ca", "ca.crt")):
        server.options.append(f"--ssl-{option}={server.folder}/{name}")
    servers.stack.callback(server.stop)
    server.start()
    prepare(server)
    server.sql(
        f"CREATE USER certified@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE X509",
        f"CREATE USER subject@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SUBJECT '/CN=app'",
        "CREATE USER mysql@localhost IDENTIFIED VIA unix_socket",
        "GRANT ALL ON *.* TO mysql@localhost",
    )
    return server


@pytest.fixture(scope="module")
def mysql(servers: Servers) -> MariadbServer:
    server = servers.mysql(port=3307)
    prepare(server)
    return server


def prepare(server: MariadbServer) -> None:
    server.sql(
        f"CREATE USER keeper@'%' IDENTIFIED BY '{ADMIN_PASSWORD}'",
        "GRANT ALL ON *.* TO keeper@'%'",
        "CREATE ROLE inner_role",
        "CREATE ROLE outer_role",
        "GRANT ALL ON shop.* TO inner_role",
        "GRANT inner_role TO outer_role",
        f"CREATE USER member@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT outer_role TO member@'%'",
        f"CREATE USER watcher@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT PROCESS ON *.* TO watcher@'%'",
        f"CREATE USER encrypted@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL",
    )


@pytest.fixture(params=["mariadb", "mysql"])
def port(request: pytest.FixtureRequest) -> int:
    server: MariadbServer = request.getfixturevalue(request.param)
    return server.port


def keeper(port: int) -> str:
    return url("mysql", user="keeper", password=ADMIN_PASSWORD, database="mysql", port=port)


@pytest.mark.reproduces("database.privilege", on="mariadb")
@pytest.mark.parametrize(
    ("user", "words"),
    [("member", "only through the role inner_role"), ("watcher", "nothing on shop was granted")],
)
def test_what_roles_and_server_wide_rights_give(remote: Cli, port: int, user: str, words: str) -> None:
    result = remote.check(url("mysql", user=user, port=port), "--admin", keeper(port))
    result.expect_fault("database.privilege", code="1044")
    assert words in why_here(result), why_here(result)


@pytest.mark.reproduces("tls.required", on="mariadb")
def test_with_tls_another_word_is_said(remote: Cli, port: int) -> None:
    options = {"ssl-mode": "DISABLED"}
    remote.check(url("mysql", user="encrypted", port=port, **options)).expect_fault("tls.required")


@pytest.mark.reproduces("auth.access-denied", on="mysql")
def test_a_walk_costs_mysql_two_refused_logins_at_most(remote: Cli, mysql: MariadbServer) -> None:
    mysql.account("counted", rest="FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED")
    options = {"ssl-mode": "DISABLED"}
    wrong = url("mysql", user="counted", password=" 'wr%6Fng' ", port=3307, **options)
    result = remote.check(wrong).expect_fault("auth.access-denied", code="1045")
    assert result.report["facts"]["variant.outcome"] == "not-tried", result.story()
    remote.check(url("mysql", user="counted", port=3307)).expect_healthy()


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_the_certificate_that_an_account_demands_may_be_the_reason(
    remote: Cli, clients: dict[str, Pair]
) -> None:
    pair = clients["other"]
    options = {"ssl-mode": "REQUIRED", "ssl_cert": str(pair.cert), "ssl_key": str(pair.key)}
    result = remote.check(url("mysql", user="subject", **options)).expect_fault("auth.access-denied")
    assert "tls.client-certificate-rejected" in result.causes(), result.story()
    assert not {"tls.required", "tls.client-certificate-required"} & result.causes(), result.story()
    wrong = url("mysql", user="certified", password=WRONG_PASSWORD, **options)
    result = remote.check(wrong, "--admin", keeper(3306)).expect_fault("auth.access-denied")
    assert "so the password is not" in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_the_server_own_user_is_let_in_as_itself(local: Cli, mariadb: MariadbServer) -> None:
    prefix = (*local.prefix, *as_user("mysql"))
    result = local.check(url("mysql", user="ghost", host=SERVER), prefix=prefix, env={"HOME": "/"})
    result.expect_fault("auth.access-denied", code="1045")
    assert "no account ghost at all" in why_here(result), why_here(result)
