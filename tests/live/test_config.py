"""Settings that are wrong before a packet is sent, and settings that only the server can refuse."""

from __future__ import annotations

import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER
from tests.support.postgres import PASSWORD, PostgresServer


@pytest.fixture(scope="module", autouse=True)
def postgres(servers: Servers) -> PostgresServer:
    return servers.postgres()


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    return servers.mariadb()


@table(
    Fault("scheme-without-slashes", "config.malformed", f"postgresql:app@{SERVER}/shop"),
    Fault("unknown-scheme", "config.malformed", url("postgressql"), accept=("config.driver-mismatch",)),
    Fault("port-is-a-word", "config.malformed", "postgresql://app@db.lab.test:postgres/shop"),
    Fault("port-too-large", "config.malformed", "postgresql://app@db.lab.test:54320000/shop"),
    Fault("quotes-in-the-value", "config.malformed", f'"{url()}"'),
    Fault("newline-at-the-end", "config.malformed", "", env={"DATABASE_URL": url(host="db.lab.test\n")}),
    Fault("slash-in-the-password", "config.unescaped", "postgresql://app:to/p@db.lab.test:5432/shop"),
    Fault("at-sign-in-the-password", "config.unescaped", "postgresql://app:p@ss@word@db.lab.test/shop"),
    Fault("hash-in-the-password", "config.unescaped", "postgresql://app:pa#ss@db.lab.test/shop"),
    Fault("shell-placeholder", "config.unexpanded", "postgresql://app:x@${DB_HOST}:5432/shop"),
    Fault("template-placeholder", "config.unexpanded", "postgresql://app:x@{{ db_host }}:5432/shop"),
    Fault("example-placeholder", "config.unexpanded", "postgresql://app:<password>@db.lab.test/shop"),
    Fault("sslmode-unknown", "config.invalid-option", url(sslmode="required-please")),
    Fault("parameter-unknown", "config.invalid-option", url(sslmod="require")),
    Fault("service-undefined", "config.service-undefined", "service=production"),
    Fault("nothing-anywhere", "config.missing", ""),
    on="host",
)
def test_seen_in_the_text(remote: Cli, fault: Fault) -> None:
    result = fault.check(remote)
    assert result.layer("network").get("outcome", "skipped") in ("skipped", "unknown"), result.story()


@table(
    Fault("unknown-server-setting", "config.invalid-option", url(options="-c nosuch=1"), code="42704"),
    Fault("bad-server-setting", "config.invalid-option", url(options="-c work_mem=lots"), code="22023"),
    Fault("bad-time-zone", "config.invalid-option", url(options="-c timezone=Mars/Base"), code="22023"),
    Fault("bad-encoding", "config.invalid-option", url(client_encoding="utf99"), code="22023"),
    on="postgresql",
)
def test_refused_by_the_server(remote: Cli, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.reproduces("network.not-a-database", on="host")
def test_mysql_url_for_a_postgresql_server(remote: Cli) -> None:
    result = remote.check(url("mysql", port=5432))
    result.expect_fault("config.driver-mismatch", accept=("network.not-a-database",))


@pytest.mark.reproduces("network.not-a-database", on="mariadb")
def test_postgresql_url_for_a_mariadb_server(remote: Cli, mariadb: MariadbServer) -> None:
    result = remote.check(url("postgresql", port=3306))
    result.expect_fault("config.driver-mismatch", accept=("network.not-a-database",))


@pytest.mark.reproduces("config.driver-mismatch", on="host")
def test_dialect_and_driver_of_different_engines(remote: Cli) -> None:
    remote.check(url("postgresql+pymysql")).expect_fault("config.driver-mismatch")


@pytest.mark.reproduces("config.invalid-option", on="mariadb")
def test_mariadb_refuses_an_unknown_character_set(remote: Cli, mariadb: MariadbServer) -> None:
    remote.check(url("mysql", charset="utf99")).expect_fault("config.invalid-option")


@pytest.mark.parametrize(
    ("mode", "line"),
    [(0o644, "db.lab.test:5432:shop:app:{}"), (0o600, "other.lab.test:5432:shop:app:{}")],
    ids=["readable-by-others", "no-matching-line"],
)
@pytest.mark.reproduces("config.passfile-ignored", on="host")
def test_password_file_that_is_ignored(remote: Cli, mode: int, line: str) -> None:
    passfile = remote.home / ".pgpass"
    passfile.write_text(line.format(WRONG_PASSWORD.replace(":", "\\:")) + "\n")
    passfile.chmod(mode)
    remote.check(url(password=None)).expect_fault("config.passfile-ignored")


@pytest.mark.reproduces("config.conflict", on="host")
def test_two_sources_disagree_and_the_one_in_use_fails(remote: Cli) -> None:
    (remote.cwd / ".env").write_text(f"DATABASE_URL={url()}\n")
    result = remote.check(env={"DATABASE_URL": url(port=5499)})
    result.expect_fault("config.conflict", accept=("network.wrong-port", "network.refused"))
    assert "config.conflict" in result.causes(), result.story()


@pytest.mark.reproduces("database.does-not-exist", on="postgresql")
def test_no_database_name(remote: Cli) -> None:
    result = remote.check(url(database=""))
    result.expect_fault("config.database-missing", accept=("database.does-not-exist",))


@pytest.mark.reproduces("config.missing", on="host")
def test_files_are_left_alone_on_demand(remote: Cli) -> None:
    (remote.cwd / ".env").write_text(f"DATABASE_URL={url()}\n")
    remote.check("--no-files").expect_fault("config.missing")


def test_unknown_option_is_a_usage_error(remote: Cli) -> None:
    result = remote.run("check", "--json", "--no-such-option", url())
    result.expect_no_secret()
    assert result.exit == 2
    assert result.stdout == ""


def test_the_password_of_an_unparsable_url_stays_secret(remote: Cli) -> None:
    for text in (f"postgresql://app:{PASSWORD}@db.lab.test/shop", f"app:{PASSWORD}@db.lab.test//shop?x=\n"):
        result = remote.check(text)
        assert PASSWORD.split(":")[0] + ":" not in result.stdout + result.stderr, result.story()
