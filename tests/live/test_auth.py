"""Logins that real servers refuse, with the codes with which they refuse them."""

from __future__ import annotations

import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import Lab
from tests.support.postgres import PASSWORD, PostgresServer

ANY = "0.0.0.0/0"
HBA = (
    "local all peer_user peer",
    "local all all scram-sha-256",
    f"host all md5_user {ANY} md5",
    f"host all rejected {ANY} reject",
    f"host all gss_user {ANY} gss",
    f"host all ldap_user {ANY} ldap ldapserver=127.0.0.1 ldapport=3890 ldapprefix=cn=",
    f"host all pam_user {ANY} pam",
    f"host all ident_user {ANY} ident",
    f"host all ghost_trust {ANY} trust",
    f"host replication app {ANY} scram-sha-256",
    f"host shop app,ghost,blocked,expired,unset {ANY} scram-sha-256",
)


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(hba=HBA)
    plain = ("rejected", "gss_user", "ldap_user", "pam_user", "ident_user", "peer_user", "stranger")
    server.sql(
        *(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in plain),
        f"CREATE ROLE blocked NOLOGIN PASSWORD '{PASSWORD}'",
        f"CREATE ROLE expired LOGIN PASSWORD '{PASSWORD}' VALID UNTIL '2020-01-01'",
        "CREATE ROLE unset LOGIN",
        "SET password_encryption = 'md5'",
        f"CREATE ROLE md5_user LOGIN PASSWORD '{PASSWORD}'",
    )
    return server


@table(
    Fault("wrong-password-scram", "auth.password-wrong", url(password=WRONG_PASSWORD), code="28P01"),
    Fault("wrong-password-md5", "auth.password-wrong", url(user="md5_user", password="no"), code="28P01"),
    Fault(
        "unknown-role-under-scram",
        "auth.password-wrong",
        url(user="ghost"),
        code="28P01",
        among=("auth.role-unknown",),
        accept=("auth.role-unknown",),
    ),
    Fault("unknown-role", "auth.role-unknown", url(user="ghost_trust"), code="28000"),
    Fault("role-without-login", "auth.login-disabled", url(user="blocked"), code="28000"),
    Fault(
        "expired-password",
        "auth.password-wrong",
        url(user="expired"),
        code="28P01",
        among=("auth.password-expired",),
        accept=("auth.password-expired",),
    ),
    Fault(
        "role-without-password",
        "auth.password-wrong",
        url(user="unset"),
        code="28P01",
        among=("auth.password-unset",),
        accept=("auth.password-unset",),
    ),
    Fault("no-password-supplied", "auth.password-missing", url(password=None)),
    Fault("no-entry-for-the-role", "auth.hba-no-entry", url(user="stranger"), code="28000"),
    Fault("no-entry-for-the-database", "auth.hba-no-entry", url(database="postgres"), code="28000"),
    Fault("rejected-by-an-entry", "auth.hba-rejected", url(user="rejected"), code="28000"),
    Fault("ident-fails", "auth.peer-failed", url(user="ident_user"), code="28000"),
    Fault("ldap-fails", "auth.external-failed", url(user="ldap_user"), code="28000"),
    Fault("pam-fails", "auth.external-failed", url(user="pam_user"), code="28000"),
    Fault("gss", "auth.external-failed", url(user="gss_user"), accept=("auth.method-unsupported",)),
    Fault("method-not-allowed", "auth.method-unsupported", url(require_auth="md5")),
    Fault(
        "channel-binding-without-tls",
        "auth.channel-binding",
        url(channel_binding="require", sslmode="disable"),
    ),
    Fault(
        "replication-privilege",
        "auth.replication-privilege",
        url(replication="database"),
        accept=("auth.hba-no-entry",),
    ),
    on="postgresql",
)
def test_postgresql(remote: Cli, postgres: PostgresServer, fault: Fault) -> None:
    result = fault.check(remote)
    assert result.layer("network")["outcome"] == "ok", result.story()


@pytest.mark.reproduces("auth.peer-failed", on="postgresql")
def test_peer(local: Cli, postgres: PostgresServer) -> None:
    result = local.check(f"host={postgres.sockets} user=peer_user dbname=shop")
    result.expect_fault("auth.peer-failed", code="28000")


def test_password_for_the_wrong_account_is_not_sent_elsewhere(remote: Cli, postgres: PostgresServer) -> None:
    """One login a walk: a lockout policy must not be set off by the diagnosis."""
    before = postgres.service.text().count("password authentication failed") if postgres.service else 0
    remote.check(url(password=WRONG_PASSWORD))
    after = postgres.service.text().count("password authentication failed") if postgres.service else 0
    assert 1 <= after - before <= 2


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb(options=["--disconnect-on-expired-password=ON"])
    server.account("locked", rest="ACCOUNT LOCK")
    server.account("stale", rest="PASSWORD EXPIRE")
    server.sql(
        "INSTALL SONAME 'auth_ed25519'",
        f"CREATE USER modern@'10.77.0.%' IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}')",
        "CREATE USER os_user@'10.77.0.%' IDENTIFIED VIA unix_socket",
        "CREATE USER lost@'10.77.0.%' IDENTIFIED BY 'x'",
        "UPDATE mysql.global_priv SET priv = JSON_SET(priv, '$.plugin', 'nosuch_plugin') WHERE user = 'lost'",
        "FLUSH PRIVILEGES",
        "CREATE USER elsewhere@'192.0.2.7' IDENTIFIED BY 'x'",
        "CREATE USER empty@'10.77.0.%' IDENTIFIED BY 'x'",
    )
    return server


@table(
    Fault("wrong-password", "auth.access-denied", url("mysql", password=WRONG_PASSWORD), code="1045"),
    Fault("unknown-user", "auth.access-denied", url("mysql", user="ghost"), code="1045"),
    Fault("user-of-another-host", "auth.access-denied", url("mysql", user="elsewhere"), code="1045"),
    Fault(
        "no-password-supplied",
        "auth.password-missing",
        url("mysql", password=None),
        accept=("auth.access-denied",),
        code="1045",
    ),
    Fault("locked", "auth.account-locked", url("mysql", user="locked"), code="4151"),
    Fault("expired", "auth.password-expired", url("mysql", user="stale")),
    Fault("plugin-without-client", "auth.method-unsupported", url("mysql", user="modern")),
    Fault("plugin-not-loaded", "auth.method-unsupported", url("mysql", user="lost"), code="1524"),
    Fault(
        "socket-account-over-tcp",
        "auth.access-denied",
        url("mysql", user="os_user"),
        accept=("auth.peer-failed",),
    ),
    on="mariadb",
)
def test_mariadb(remote: Cli, mariadb: MariadbServer, fault: Fault) -> None:
    result = fault.check(remote)
    assert result.layer("network")["outcome"] == "ok", result.story()


@pytest.fixture
def second_way(lab: Lab) -> str:
    """The server's address on a cable from which no account may come."""
    _client, server = lab.cable()
    return server


@pytest.mark.reproduces("auth.host-not-allowed", on="mariadb")
def test_mariadb_host_not_allowed(remote: Cli, mariadb: MariadbServer, second_way: str) -> None:
    remote.check(url("mysql", host=second_way)).expect_fault("auth.host-not-allowed", code="1130")


@pytest.mark.reproduces("auth.host-blocked", on="mariadb")
def test_mariadb_host_blocked(remote: Cli, mariadb: MariadbServer, lab: Lab) -> None:
    mariadb.sql("SET GLOBAL max_connect_errors = 1", "FLUSH HOSTS")
    for _attempt in range(3):
        lab.client.run("bash", "-c", "exec 3<>/dev/tcp/db.lab.test/3306; printf '\\x01\\x00\\x00\\x01x' >&3")
    try:
        remote.check(url("mysql")).expect_fault("auth.host-blocked", code="1129")
    finally:
        mariadb.sql("SET GLOBAL max_connect_errors = 1000", "FLUSH HOSTS")
