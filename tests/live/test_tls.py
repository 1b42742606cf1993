"""Every way in which TLS between a client and a real server goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.certs import DAY, Authority, Pair, server_pairs
from tests.support.cli import Cli, Result, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import PostgresServer

SCRAM_TLS = ("hostssl all all 0.0.0.0/0 scram-sha-256",)
STATES = {
    "expired": "tls.expired",
    "not-yet-valid": "tls.not-yet-valid",
    "wrong-name": "tls.hostname-mismatch",
    "self-signed": "tls.untrusted",
}


@pytest.fixture(scope="module")
def pairs(authority: Authority) -> dict[str, Pair]:
    return server_pairs(authority, "db.lab.test", SERVER)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that neither side trusts."""
    return Authority(tmp_path_factory.mktemp("other-ca"), "Other CA")


@pytest.fixture(scope="module")
def postgres_with(
    lab: Lab, authority: Authority, pairs: dict[str, Pair]
) -> Iterator[Callable[[str], PostgresServer]]:
    """A PostgreSQL with TLS whose certificate is in the asked state; the last one is stopped for the next."""
    running: dict[str, PostgresServer] = {}

    def serve(state: str) -> PostgresServer:
        if state not in running:
            for name in list(running):
                running.pop(name).stop()
            pair = pairs[state]
            files = {"server.crt": pair.cert, "server.key": pair.key, "root.crt": authority.root}
            server = PostgresServer(
                namespace=lab.server,
                files=files,
                hba=SCRAM_TLS,
                settings={"ssl": "on", "ssl_ca_file": "root.crt"},
            )
            running[state] = server.start()
        return running[state]

    yield serve
    for server in running.values():
        server.stop()


def verified(authority: Authority, mode: str = "verify-full", **more: str) -> str:
    """A PostgreSQL URL that verifies the server against this authority."""
    return url(sslmode=mode, sslrootcert=str(authority.root), **more)


def proves(result: Result) -> None:
    """The report shows that the fault is TLS and nothing below it."""
    assert result.layer("network")["outcome"] == "ok", result.story()
    assert result.layer("dns")["outcome"] in ("ok", "skipped"), result.story()


class TestPostgresqlGoodCertificate:
    @pytest.fixture(autouse=True)
    def server(self, postgres_with: Callable[[str], PostgresServer]) -> PostgresServer:
        return postgres_with("good")

    def test_verified(self, remote: Cli, authority: Authority) -> None:
        remote.check(verified(authority)).expect_healthy()

    @pytest.mark.reproduces("tls.required", on="postgresql")
    def test_tls_is_required(self, remote: Cli) -> None:
        remote.check(url(sslmode="disable")).expect_fault("tls.required", code="28000")

    @pytest.mark.reproduces("tls.untrusted", on="postgresql")
    def test_authority_is_not_trusted(self, remote: Cli, stranger: Authority) -> None:
        proves(remote.check(verified(stranger)).expect_fault("tls.untrusted"))

    @pytest.mark.reproduces("tls.untrusted", on="postgresql")
    def test_authority_is_not_trusted_verify_ca(self, remote: Cli, stranger: Authority) -> None:
        remote.check(verified(stranger, "verify-ca")).expect_fault("tls.untrusted")

    @pytest.mark.reproduces("tls.untrusted", on="postgresql")
    def test_system_trust_store_does_not_know_it(self, remote: Cli) -> None:
        remote.check(url(sslmode="verify-full", sslrootcert="system")).expect_fault("tls.untrusted")

    @pytest.mark.reproduces("tls.root-missing", on="postgresql")
    def test_root_file_is_missing(self, remote: Cli) -> None:
        target = url(sslmode="verify-full", sslrootcert="/nowhere/root.crt")
        remote.check(target).expect_fault("tls.root-missing")

    @pytest.mark.reproduces("tls.root-missing", on="postgresql")
    def test_default_root_file_is_missing(self, remote: Cli) -> None:
        remote.check(url(sslmode="verify-full")).expect_fault("tls.root-missing")

    @pytest.mark.reproduces("tls.hostname-mismatch", on="postgresql")
    def test_name_differs_by_address(self, remote: Cli, authority: Authority, lab: Lab) -> None:
        lab.client.hosts({"db.lab.test": SERVER, "primary.lab.test": SERVER})
        target = url(host="primary.lab.test", sslmode="verify-full", sslrootcert=str(authority.root))
        remote.check(target).expect_fault("tls.hostname-mismatch")

    @pytest.mark.reproduces("tls.revoked", on="postgresql")
    def test_server_certificate_is_revoked(
        self, remote: Cli, authority: Authority, pairs: dict[str, Pair]
    ) -> None:
        crl = authority.revoke(pairs["good"])
        remote.check(verified(authority, sslcrl=str(crl))).expect_fault("tls.revoked")

    @pytest.mark.reproduces("tls.protocol-mismatch", on="postgresql")
    def test_versions_do_not_meet(self, remote: Cli, server: PostgresServer) -> None:
        server.sql("ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.3'", "SELECT pg_reload_conf()")
        server.wait_log('parameter "ssl_min_protocol_version" changed')
        try:
            target = url(sslmode="require", ssl_max_protocol_version="TLSv1.2")
            remote.check(target).expect_fault("tls.protocol-mismatch")
        finally:
            server.sql("ALTER SYSTEM RESET ssl_min_protocol_version", "SELECT pg_reload_conf()")
            server.wait_log('parameter "ssl_min_protocol_version" removed')


@pytest.mark.parametrize("state", STATES)
@pytest.mark.reproduces(lambda row: STATES[row["state"]], on="postgresql")
def test_postgresql_certificate(
    remote: Cli, authority: Authority, postgres_with: Callable[[str], PostgresServer], state: str
) -> None:
    postgres_with(state)
    proves(remote.check(verified(authority)).expect_fault(STATES[state]))


def test_an_unverified_expired_certificate_is_no_fault(
    remote: Cli, postgres_with: Callable[[str], PostgresServer]
) -> None:
    postgres_with("expired")
    remote.check(url(sslmode="require")).expect_healthy()


@pytest.fixture(scope="module")
def revoked(authority: Authority) -> Pair:
    """A client certificate that the server's own list has struck out."""
    return authority.issue("revoked-client", "app")


@pytest.fixture(scope="module")
def postgres_for_certificates(
    servers: Servers, authority: Authority, pairs: dict[str, Pair], revoked: Pair
) -> PostgresServer:
    """A PostgreSQL that knows its clients by certificate only."""
    files = {
        "server.crt": pairs["good"].cert,
        "server.key": pairs["good"].key,
        "root.crt": authority.root,
        "clients.crl": authority.revoke(revoked),
    }
    settings = {"ssl": "on", "ssl_ca_file": "root.crt", "ssl_crl_file": "clients.crl"}
    hba = ("hostssl all all 0.0.0.0/0 cert",)
    return servers.postgres(port=5434, files=files, hba=hba, settings=settings)


@pytest.mark.usefixtures("postgres_for_certificates")
class TestPostgresqlClientCertificate:
    @staticmethod
    def target(authority: Authority, pair: Pair | None, key: Path | None = None) -> str:
        options = {"sslmode": "verify-full", "sslrootcert": str(authority.root)}
        if pair is not None:
            options |= {"sslcert": str(pair.cert), "sslkey": str(key or pair.key)}
        return url(port=5434, password=None, **options)

    def test_right_certificate(self, remote: Cli, authority: Authority) -> None:
        remote.check(self.target(authority, authority.issue("app-client", "app"))).expect_healthy()

    @pytest.mark.reproduces("tls.client-certificate-required", on="postgresql")
    def test_no_certificate(self, remote: Cli, authority: Authority) -> None:
        remote.check(self.target(authority, None)).expect_fault("tls.client-certificate-required")

    @pytest.mark.reproduces("tls.client-certificate-rejected", on="postgresql")
    def test_certificate_of_another_authority(
        self, remote: Cli, authority: Authority, stranger: Authority
    ) -> None:
        target = self.target(authority, stranger.issue("foreign", "app"))
        remote.check(target).expect_fault("tls.client-certificate-rejected")

    @pytest.mark.reproduces("tls.client-certificate-rejected", on="postgresql")
    def test_certificate_of_another_account(self, remote: Cli, authority: Authority) -> None:
        target = self.target(authority, authority.issue("other-client", "reporting"))
        remote.check(target).expect_fault("tls.client-certificate-rejected")

    @pytest.mark.reproduces("tls.client-certificate-rejected", on="postgresql")
    def test_expired_certificate(self, remote: Cli, authority: Authority) -> None:
        target = self.target(authority, authority.issue("old-client", "app", start=-9 * DAY, end=-2 * DAY))
        remote.check(target).expect_fault("tls.client-certificate-rejected")

    @pytest.mark.reproduces("tls.client-certificate-rejected", on="postgresql")
    def test_revoked_certificate(self, remote: Cli, authority: Authority, revoked: Pair) -> None:
        remote.check(self.target(authority, revoked)).expect_fault("tls.client-certificate-rejected")

    @pytest.mark.reproduces("tls.client-key-unusable", on="postgresql")
    def test_key_is_open_to_others(self, remote: Cli, authority: Authority) -> None:
        pair = authority.issue("open-client", "app")
        pair.key.chmod(0o644)
        remote.check(self.target(authority, pair)).expect_fault("tls.client-key-unusable")

    @pytest.mark.reproduces("tls.client-key-unusable", on="postgresql")
    def test_key_does_not_match(self, remote: Cli, authority: Authority) -> None:
        pair, other = authority.issue("one-client", "app"), authority.issue("two-client", "app")
        remote.check(self.target(authority, pair, other.key)).expect_fault("tls.client-key-unusable")

    @pytest.mark.reproduces("tls.client-key-unusable", on="postgresql")
    def test_key_is_missing(self, remote: Cli, authority: Authority) -> None:
        pair = authority.issue("keyless-client", "app")
        target = self.target(authority, pair, Path("/nowhere/client.key"))
        remote.check(target).expect_fault("tls.client-key-unusable")


@pytest.mark.reproduces("tls.unsupported", on="postgresql")
def test_postgresql_without_tls(remote: Cli, own: Servers) -> None:
    own.postgres(port=5435)
    remote.check(url(port=5435, sslmode="require")).expect_fault("tls.unsupported")


def test_postgresql_without_tls_and_preferred_is_no_fault(remote: Cli, own: Servers) -> None:
    own.postgres(port=5435)
    remote.check(url(port=5435, sslmode="prefer")).expect_healthy()


@pytest.fixture(scope="module")
def mariadb_with(
    lab: Lab, authority: Authority, pairs: dict[str, Pair]
) -> Iterator[Callable[[str], MariadbServer]]:
    """A MariaDB whose certificate is in the asked state: the files are swapped and read again."""
    with ExitStack() as stack:
        server = MariadbServer(namespace=lab.server, files={"root.crt": authority.root})
        for name in ("server.crt", "server.key"):
            shutil.copyfile(
                pairs["good"].cert if name.endswith("crt") else pairs["good"].key, server.folder / name
            )
            (server.folder / name).chmod(0o644)
        server.options += [f"--ssl-cert={server.folder}/server.crt", f"--ssl-key={server.folder}/server.key"]
        server.options += [f"--ssl-ca={server.folder}/root.crt"]
        stack.callback(server.stop)
        server.start()
        server.account("tls_only", rest="REQUIRE SSL")
        server.account("with_cert", rest="REQUIRE X509")

        def serve(state: str) -> MariadbServer:
            shutil.copyfile(pairs[state].cert, server.folder / "server.crt")
            shutil.copyfile(pairs[state].key, server.folder / "server.key")
            server.sql("FLUSH SSL")
            return server

        yield serve


def identity(authority: Authority, mode: str = "VERIFY_IDENTITY", **more: str) -> str:
    """A MySQL URL that verifies the server against this authority."""
    return url("mysql", **{"ssl-mode": mode, "ssl-ca": str(authority.root), **more})


@pytest.mark.parametrize("state", STATES)
@pytest.mark.reproduces(lambda row: STATES[row["state"]], on="mariadb")
def test_mariadb_certificate(
    remote: Cli, authority: Authority, mariadb_with: Callable[[str], MariadbServer], state: str
) -> None:
    mariadb_with(state)
    proves(remote.check(identity(authority)).expect_fault(STATES[state]))


class TestMariadbGoodCertificate:
    @pytest.fixture(autouse=True)
    def server(self, mariadb_with: Callable[[str], MariadbServer]) -> MariadbServer:
        return mariadb_with("good")

    def test_verified(self, remote: Cli, authority: Authority) -> None:
        remote.check(identity(authority)).expect_healthy()

    @pytest.mark.reproduces("tls.untrusted", on="mariadb")
    def test_authority_is_not_trusted(self, remote: Cli, stranger: Authority) -> None:
        proves(remote.check(identity(stranger, "VERIFY_CA")).expect_fault("tls.untrusted"))

    @pytest.mark.reproduces("tls.root-missing", on="mariadb")
    def test_root_file_is_missing(self, remote: Cli) -> None:
        target = url("mysql", **{"ssl-mode": "VERIFY_CA", "ssl-ca": "/nowhere/ca.pem"})
        remote.check(target).expect_fault("tls.root-missing")

    @pytest.mark.reproduces("tls.required", on="mariadb")
    def test_tls_is_required_by_the_server(self, remote: Cli, server: MariadbServer) -> None:
        server.sql("SET GLOBAL require_secure_transport = ON")
        try:
            remote.check(url("mysql", **{"ssl-mode": "DISABLED"})).expect_fault("tls.required")
        finally:
            server.sql("SET GLOBAL require_secure_transport = OFF")

    @pytest.mark.reproduces("tls.required", on="mariadb")
    def test_tls_is_required_by_the_account(self, remote: Cli) -> None:
        target = url("mysql", user="tls_only", **{"ssl-mode": "DISABLED"})
        remote.check(target).expect_fault("tls.required", code="1045")

    @pytest.mark.reproduces("auth.access-denied", on="mariadb")
    def test_client_certificate_is_required(self, remote: Cli) -> None:
        target = url("mysql", user="with_cert", **{"ssl-mode": "REQUIRED"})
        result = remote.check(target)
        result.expect_fault("tls.client-certificate-required", accept=("auth.access-denied",), code="1045")

    @pytest.mark.reproduces("tls.client-certificate-rejected", on="mariadb")
    def test_client_certificate_of_another_authority(
        self, remote: Cli, authority: Authority, stranger: Authority
    ) -> None:
        pair = stranger.issue("foreign-mysql", "app")
        more = {"ssl-cert": str(pair.cert), "ssl-key": str(pair.key)}
        result = remote.check(identity(authority, **more))
        result.expect_fault("tls.client-certificate-rejected", accept=("tls.handshake-failed",))

    @pytest.mark.reproduces("tls.client-key-unusable", on="mariadb")
    def test_client_key_does_not_match(self, remote: Cli, authority: Authority) -> None:
        one, two = authority.issue("one-mysql", "app"), authority.issue("two-mysql", "app")
        more = {"ssl-cert": str(one.cert), "ssl-key": str(two.key)}
        remote.check(identity(authority, **more)).expect_fault("tls.client-key-unusable")


@pytest.mark.reproduces("tls.unsupported", on="mariadb")
def test_mariadb_without_tls(remote: Cli, own: Servers) -> None:
    own.mariadb(port=3308, options=["--skip-ssl"])
    target = url("mysql", port=3308, **{"ssl-mode": "REQUIRED"})
    remote.check(target).expect_fault("tls.unsupported")


@pytest.mark.reproduces("tls.protocol-mismatch", on="mariadb")
def test_mariadb_versions_do_not_meet(remote: Cli, own: Servers, pairs: dict[str, Pair]) -> None:
    server = MariadbServer(
        namespace=own.lab.server,
        port=3309,
        files={"server.crt": pairs["good"].cert, "server.key": pairs["good"].key},
    )
    server.options += [f"--ssl-cert={server.folder}/server.crt", f"--ssl-key={server.folder}/server.key"]
    server.options += ["--tls-version=TLSv1.1"]
    own.stack.callback(server.stop)
    server.start()
    target = url("mysql", port=3309, **{"ssl-mode": "REQUIRED"})
    remote.check(target).expect_fault("tls.protocol-mismatch")
