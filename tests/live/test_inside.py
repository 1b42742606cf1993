"""The look inside while the application is locked out: through --admin, and by rights on the server's own host."""

from __future__ import annotations

import operator
import os
import re
import signal
import time
from collections.abc import Callable

import pytest

from tests.live.conftest import Servers
from tests.support.certs import Authority
from tests.support.cli import WRONG_PASSWORD, Cli, Result, encodings, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import CLIENT, SERVER
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.processes import as_user, wait_until

ADMIN_PASSWORD = "k3y/of:the@house%"
ADMIN = url(user="keeper", password=ADMIN_PASSWORD, database="postgres")
MYSQL_ADMIN = url("mysql", user="keeper", password=ADMIN_PASSWORD, database="mysql")
HBA = (
    "host all keeper,weak all scram-sha-256",
    "host shop app,ghost,expired,unset,md5_user,blocked,barred,newcomer all scram-sha-256",
    "host shop rejected 0.0.0.0/0 reject",
    "hostssl all tls_user all scram-sha-256",
    "local shop app,ghost scram-sha-256",
)
Look = Callable[..., Result]


@pytest.fixture(scope="module")
def postgres(servers: Servers, authority: Authority) -> PostgresServer:
    pair = authority.issue("inside", "db.lab.test")
    server = servers.postgres(
        hba=HBA,
        settings={"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"},
        files={"server.crt": pair.cert, "server.key": pair.key},
    )
    plain = ("rejected", "tls_user", "stranger", "newcomer")
    server.sql(
        f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'",
        f"CREATE ROLE weak LOGIN PASSWORD '{ADMIN_PASSWORD}'",
        *(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in plain),
        f"CREATE ROLE blocked NOLOGIN PASSWORD '{PASSWORD}'",
        f"CREATE ROLE expired LOGIN PASSWORD '{PASSWORD}' VALID UNTIL '2020-01-01'",
        f"CREATE ROLE barred LOGIN CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'",
        "CREATE ROLE unset LOGIN",
    )
    return server


@pytest.fixture(params=["admin", "own"])
def look(request: pytest.FixtureRequest) -> Look:
    """A check with --admin from the client's machine, or without it as root on the server's."""

    cli: Cli = request.getfixturevalue("local" if request.param == "own" else "remote")

    def run(target: str, admin: str = ADMIN) -> Result:
        if request.param == "own":
            return cli.check(target)
        result = cli.check(target, "--admin", admin)
        for text in encodings(ADMIN_PASSWORD):
            assert text not in result.stdout + result.stderr
        return result

    return run


def why_here(result: Result) -> str:
    return str(result.report["findings"][0]["why_here"])


def step(result: Result, node: str) -> dict[str, object]:
    return next((one for one in result.report["steps"] if one["node"] == node), {})


@pytest.mark.reproduces("auth.password-wrong", on="postgresql")
def test_only_the_password_is_left(look: Look, postgres: PostgresServer) -> None:
    result = look(url(password=WRONG_PASSWORD, sslmode="disable"))
    result.expect_fault("auth.password-wrong", code="28P01")
    assert result.causes() == {"auth.password-wrong"}, result.story()
    assert "pg_hba.conf:4: host shop app" in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.role-unknown", on="postgresql")
def test_the_role_does_not_exist(look: Look, postgres: PostgresServer) -> None:
    result = look(url(user="ghost")).expect_fault("auth.role-unknown", code="28P01")
    assert result.causes() == {"auth.role-unknown"}


@pytest.mark.reproduces("auth.password-expired", on="postgresql")
def test_the_password_has_expired(look: Look, postgres: PostgresServer) -> None:
    look(url(user="expired")).expect_fault("auth.password-expired", code="28P01")


@pytest.mark.reproduces("auth.password-unset", on="postgresql")
def test_no_password_is_set(look: Look, postgres: PostgresServer) -> None:
    look(url(user="unset")).expect_fault("auth.password-unset", code="28P01")


@pytest.mark.reproduces("auth.login-disabled", on="postgresql")
def test_the_role_may_not_log_in(look: Look, postgres: PostgresServer) -> None:
    result = look(url(user="blocked")).expect_fault("auth.login-disabled", code="28000")
    assert "NOLOGIN" in why_here(result)


@pytest.mark.reproduces("auth.hba-rejected", on="postgresql")
def test_the_line_that_rejects_is_named(look: Look, postgres: PostgresServer) -> None:
    result = look(url(user="rejected", sslmode="disable")).expect_fault("auth.hba-rejected", code="28000")
    assert "pg_hba.conf:5: host shop rejected 0.0.0.0/0 reject" in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.hba-no-entry", on="postgresql")
def test_no_line_fits(look: Look, postgres: PostgresServer) -> None:
    result = look(url(user="stranger")).expect_fault("auth.hba-no-entry", code="28000")
    assert result.causes() == {"auth.hba-no-entry"}


@pytest.mark.reproduces("tls.required", on="postgresql")
def test_a_line_for_tls_fits(look: Look, postgres: PostgresServer) -> None:
    result = look(url(user="tls_user", sslmode="disable")).expect_fault("tls.required")
    assert not step(result, "auth.retry-tls"), "a second login is not needed to know it"


@pytest.mark.reproduces("database.does-not-exist", on="postgresql")
def test_the_nearest_database_is_named(own: Servers, look: Look) -> None:
    server = own.postgres(port=5440, hba=("host all all all scram-sha-256",))
    server.sql(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'")
    admin = url(user="keeper", password=ADMIN_PASSWORD, database="postgres", port=5440)
    result = look(url(database="Shop", port=5440), admin).expect_fault("database.does-not-exist")
    assert "the nearest name is shop" in why_here(result)


@pytest.mark.reproduces("auth.hba-no-entry", on="postgresql")
def test_the_line_is_there_but_not_loaded(own: Servers, look: Look) -> None:
    server = own.postgres(port=5441, hba=("host all keeper all scram-sha-256",))
    server.sql(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'")
    server.write_hba(("host all all all scram-sha-256",))
    later = time.time() + 5
    os.utime(server.data / "pg_hba.conf", (later, later))
    admin = url(user="keeper", password=ADMIN_PASSWORD, database="postgres", port=5441)
    result = look(url(port=5441), admin).expect_fault("auth.hba-no-entry", code="28000")
    assert "has not loaded it" in why_here(result), why_here(result)
    assert result.report["facts"]["hba.reloaded"] == "no"
    assert "pg_reload_conf" in result.report["findings"][0]["fixes"][0]["commands"][0]["text"]


@pytest.mark.reproduces("auth.hba-no-entry", on="postgresql")
def test_a_line_with_an_error_keeps_the_file_out(own: Servers, look: Look) -> None:
    server = own.postgres(port=5442, hba=("host all keeper all scram-sha-256",))
    server.sql(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'")
    server.write_hba(("host all all all scram-sha-265",))
    admin = url(user="keeper", password=ADMIN_PASSWORD, database="postgres", port=5442)
    result = look(url(port=5442), admin).expect_fault("auth.hba-no-entry", code="28000")
    assert "pg_hba.conf:3: invalid authentication method" in why_here(result), why_here(result)
    assert "server.config-invalid" in result.causes()


@pytest.mark.reproduces("capacity.reserved-slots", on="postgresql")
def test_a_full_server_shows_who_holds_it(own: Servers, look: Look) -> None:
    few = {"max_connections": "6", "superuser_reserved_connections": "2", "max_wal_senders": "0"}
    server = own.postgres(port=5443, hba=("host all all all scram-sha-256",), settings=few)
    server.sql(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'")
    for _ in range(4):
        own.keep(server.connect(user="postgres", application_name="leaky"))
    admin = url(user="keeper", password=ADMIN_PASSWORD, database="postgres", port=5443)
    result = look(url(port=5443), admin).expect_fault("capacity.reserved-slots", code="53300")
    assert result.report["facts"]["capacity.top-application"] == "leaky"
    assert any("leaky" in one["text"] for one in result.report["evidence"]), result.story()


@pytest.mark.reproduces("capacity.role-limit", on="postgresql")
def test_the_limit_of_the_role_is_told(look: Look, postgres: PostgresServer) -> None:
    result = look(url(user="barred")).expect_fault("capacity.role-limit", code="53300")
    assert result.report["facts"]["inside.role-limit"] == 0


def test_an_admin_without_privileges_says_so(remote: Cli, postgres: PostgresServer) -> None:
    weak = url(user="weak", password=ADMIN_PASSWORD, database="postgres")
    result = remote.check(url(password=WRONG_PASSWORD), "--admin", weak)
    result.expect_fault("auth.password-wrong")
    said = str(step(result, "auth.inside")["trouble"])
    assert "no superuser's" in said
    assert "pg_hba.conf" in said
    assert result.causes() >= {"auth.password-unset"}
    ghost = remote.check(url(user="ghost"), "--admin", weak)
    ghost.expect_fault("auth.role-unknown")


@pytest.mark.parametrize(
    ("admin", "words"),
    [
        (url(user="keeper", password="an0ther/Wrong:one"), "password authentication failed"),
        (url(user="keeper", password=ADMIN_PASSWORD, host="127.0.0.1", port=1), "Connection refused"),
        (url("mysql", user="root", password="an0ther/Wrong:one"), "it is for mysql"),
    ],
    ids=["refused", "nobody-there", "other-engine"],
)
def test_an_admin_that_does_not_work(remote: Cli, postgres: PostgresServer, admin: str, words: str) -> None:
    result = remote.check(url(password=WRONG_PASSWORD), "--admin", admin)
    result.expect_fault("auth.password-wrong", code="28P01")
    assert words in str(step(result, "auth.inside")["trouble"]), result.story()
    assert {"auth.role-unknown", "auth.password-unset"} <= result.causes()
    for text in (*encodings("an0ther/Wrong:one"), *encodings(ADMIN_PASSWORD)):
        assert text not in result.stdout + result.stderr


@pytest.mark.parametrize("admin", ["postgresql://keeper:an0ther/Wrong@:x", "://"])
def test_an_admin_that_is_no_connection_is_wrong_usage(remote: Cli, admin: str) -> None:
    result = remote.run("check", url(), "--admin", admin)
    assert result.exit == 2
    assert "an0ther" not in result.stdout + result.stderr


def test_without_rights_the_walk_is_as_before(remote: Cli, postgres: PostgresServer) -> None:
    result = remote.check(url(password=WRONG_PASSWORD)).expect_fault("auth.password-wrong")
    assert step(result, "auth.inside")["outcome"] == "no-access"
    assert {"auth.role-unknown", "auth.password-expired", "auth.password-unset"} <= result.causes()


def test_the_server_own_user_is_let_in_as_itself(local: Cli, postgres: PostgresServer) -> None:
    prefix = (*local.prefix, *as_user("postgres"))
    result = local.check(url(user="ghost", host="127.0.0.1"), prefix=prefix, env={"HOME": "/"})
    result.expect_fault("auth.role-unknown", code="28P01")


def test_another_user_of_the_host_has_no_way_in(local: Cli, postgres: PostgresServer) -> None:
    prefix = (*local.prefix, *as_user("nobody"))
    result = local.check(url(user="ghost", host="127.0.0.1"), prefix=prefix, env={"HOME": "/"})
    result.expect_fault("auth.password-wrong", code="28P01")
    assert "auth.role-unknown" in result.causes()


def test_nothing_is_left_behind(look: Look, postgres: PostgresServer) -> None:
    backends = "SELECT numbackends FROM pg_stat_database ORDER BY datid"
    before = postgres.sql(backends)
    look(url(user="ghost"))
    question = "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('dbwizard', 'psql')"
    wait_until(lambda: postgres.sql(question) == [(0,)], "every session of the walk has ended")
    # The server's own vacuum counts as well, and comes and goes.
    wait_until(lambda: all(map(operator.le, postgres.sql(backends), before)), "no more backends than before")


@pytest.mark.reproduces("auth.hba-rejected", on="postgresql")
def test_the_file_tells_where_nobody_gets_in(local: Cli, own: Servers) -> None:
    server = own.postgres(port=5444)
    (server.data / "pg_hba.conf").write_text("local all all reject\nhost all all all reject\n")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloading configuration files")
    result = local.check(url(port=5444)).expect_fault("auth.hba-rejected", code="28000")
    assert step(result, "auth.inside")["outcome"] == "no-access"
    assert "rejects connection" in str(step(result, "auth.inside")["trouble"])
    assert "pg_hba.conf:2: host all all all reject" in why_here(result), why_here(result)


def test_only_questions_are_asked(own: Servers, look: Look) -> None:
    hba = ("host all all all scram-sha-256",)
    server = own.postgres(port=5445, hba=hba, settings={"log_statement": "all", "max_connections": "20"})
    server.sql(f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{ADMIN_PASSWORD}'")
    assert server.service is not None
    before = len(server.service.text())
    admin = url(user="keeper", password=ADMIN_PASSWORD, database="postgres", port=5445)
    look(url(user="ghost", port=5445), admin).expect_fault("auth.role-unknown")
    asked = re.findall(r"statement:\s+(\w+)", server.service.text()[before:])
    assert len(asked) > 5
    assert set(asked) <= {"SELECT", "WITH", "SET"}


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb(options=["--max-connections=10"])
    server.account("guarded", rest="REQUIRE SSL")
    server.account("shut", rest="ACCOUNT LOCK")
    server.sql(
        f"CREATE USER keeper@'10.77.0.1' IDENTIFIED BY '{ADMIN_PASSWORD}'",
        "GRANT ALL ON *.* TO keeper@'10.77.0.1'",
        "CREATE USER shadowed@'10.77.%' IDENTIFIED BY 'x'",
        "CREATE USER elsewhere@'192.0.2.7' IDENTIFIED BY 'x'",
        "CREATE USER os_user@'10.77.0.%' IDENTIFIED VIA unix_socket",
        f"CREATE USER poor@'10.77.0.%' IDENTIFIED BY '{PASSWORD}'",
    )
    return server


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_the_account_is_named(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", password=WRONG_PASSWORD), MYSQL_ADMIN)
    result.expect_fault("auth.access-denied", code="1045")
    assert result.causes() == {"auth.access-denied"}
    assert "'app'@'10.77.0.%' decides" in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_the_account_is_for_another_host(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", user="elsewhere"), MYSQL_ADMIN).expect_fault("auth.access-denied", code="1045")
    assert "192.0.2.7" in why_here(result)


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_there_is_no_such_account(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", user="ghost"), MYSQL_ADMIN).expect_fault("auth.access-denied", code="1045")
    assert "no account ghost at all" in why_here(result)


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_the_anonymous_account_shadows(
    look: Look, mariadb: MariadbServer, reset: Callable[[Callable[[], object]], None]
) -> None:
    mariadb.sql("CREATE USER ''@'10.77.0._'")
    reset(lambda: mariadb.sql("DROP USER ''@'10.77.0._'"))
    result = look(url("mysql", user="shadowed", password="x"), MYSQL_ADMIN).expect_fault("auth.access-denied")
    assert "the anonymous account ''@'10.77.0._' comes first" in why_here(result), why_here(result)


@pytest.mark.reproduces("tls.required", on="mariadb")
def test_the_account_demands_tls(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", user="guarded"), MYSQL_ADMIN).expect_fault("tls.required", code="1045")
    assert "REQUIRE" in why_here(result)


@pytest.mark.reproduces("auth.peer-failed", on="mariadb")
def test_the_account_is_the_operating_systems(look: Look, mariadb: MariadbServer) -> None:
    look(url("mysql", user="os_user"), MYSQL_ADMIN).expect_fault("auth.peer-failed")


@pytest.mark.reproduces("auth.account-locked", on="mariadb")
def test_the_locked_account_is_named(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", user="shut"), MYSQL_ADMIN).expect_fault("auth.account-locked", code="4151")
    assert "'shut'@'10.77.0.%'" in why_here(result)


@pytest.mark.reproduces("database.does-not-exist", on="mariadb")
def test_a_missing_database_looks_like_a_missing_right(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", user="poor", database="shopp"), MYSQL_ADMIN)
    result.expect_fault("database.does-not-exist", code="1044")
    assert "the nearest name is shop" in why_here(result)


@pytest.mark.reproduces("database.privilege", on="mariadb")
def test_a_missing_right_is_one(look: Look, mariadb: MariadbServer) -> None:
    result = look(url("mysql", user="poor"), MYSQL_ADMIN).expect_fault("database.privilege", code="1044")
    assert result.causes() == {"database.privilege"}
    assert "'poor'@'10.77.0.%'" in why_here(result)


@pytest.mark.reproduces("capacity.max-connections", on="mariadb")
def test_a_full_mariadb_shows_who_holds_it(look: Look, own: Servers, mariadb: MariadbServer) -> None:
    wait_until(lambda: len(mariadb.sql("SHOW PROCESSLIST")) == 1, "earlier sessions have ended")
    for _ in range(10):
        own.keep(mariadb.connect())
    result = look(url("mysql"), MYSQL_ADMIN).expect_fault("capacity.max-connections", code="1040")
    assert result.report["facts"]["capacity.slots-used"] == 10
    assert result.report["facts"]["capacity.top-role"] == "root"


@pytest.fixture(scope="module")
def mysql(servers: Servers) -> MariadbServer:
    server = servers.mysql(port=3307)
    server.sql(
        f"CREATE USER keeper@'10.77.0.0/24' IDENTIFIED BY '{ADMIN_PASSWORD}'",
        "GRANT ALL ON *.* TO keeper@'10.77.0.0/24'",
        f"CREATE USER shut@'%' IDENTIFIED BY '{PASSWORD}' ACCOUNT LOCK",
        f"CREATE USER certified@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE X509",
    )
    return server


def at_mysql(user: str = "app", password: str = PASSWORD, **more: str) -> str:
    return url("mysql", user=user, password=password, port=3307, **more)


@pytest.mark.reproduces(lambda row: row["cause"], on="mysql")
@pytest.mark.parametrize(
    ("target", "cause", "words"),
    [
        (at_mysql(password=WRONG_PASSWORD), "auth.access-denied", "'app'@'10.77.0.%' decides"),
        (at_mysql(user="ghost"), "auth.access-denied", "no account ghost at all"),
        (at_mysql(user="shut"), "auth.account-locked", "'shut'@'%'"),
        (at_mysql(user="certified"), "tls.client-certificate-required", ""),
    ],
    ids=["password", "unknown", "locked", "certificate"],
)
def test_mysql(remote: Cli, mysql: MariadbServer, target: str, cause: str, words: str) -> None:
    admin = at_mysql("keeper", ADMIN_PASSWORD)
    result = remote.check(target, "--admin", admin).expect_fault(cause)
    assert words in why_here(result), why_here(result)


@pytest.mark.reproduces("auth.access-denied", on="mariadb")
def test_the_log_tells_where_nobody_gets_in(
    local: Cli, own: Servers, reset: Callable[[Callable[[], object]], None]
) -> None:
    server = own.mariadb(port=3320, options=["--log-warnings=2"])
    server.sql(
        "CREATE USER named@'db.lab.test' IDENTIFIED BY 'x'",
        "ALTER USER root@localhost IDENTIFIED BY 'hidden'",
    )
    machine = own.lab.server
    machine.hosts({})
    reset(lambda: machine.hosts({"client.lab.test": CLIENT, "db.lab.test": SERVER}))
    result = local.check(url("mysql", user="named", password="x", host=SERVER, port=3320))
    result.expect_fault("auth.access-denied", code="1045")
    assert step(result, "auth.inside")["outcome"] == "no-access"
    assert "dns.reverse-lookup-failed" in result.causes(), result.story()
