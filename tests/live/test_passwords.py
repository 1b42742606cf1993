"""Passwords that are right and arrive wrong, and tokens in a password's place, against real servers."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

import pytest

from tests.live.conftest import Servers
from tests.support.cli import WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.postgres import PASSWORD, PostgresServer

HOST = "db.lab.test"
SIGNATURE = "0123456789abcdef"
TOKEN = (
    "shop.abc.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=iam_user"
    f"&X-Amz-Date=20250102T030405Z&X-Amz-Expires=900&X-Amz-Signature={SIGNATURE}"
)
EXPIRED = "2025-01-02 03:19:05 UTC"
LITERAL = "50%25off"
"""A password that looks percent-encoded and is not."""


@pytest.fixture(scope="module", autouse=True)
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres()
    server.sql(
        f"CREATE ROLE literal LOGIN PASSWORD '{LITERAL}'",
        "CREATE ROLE iam_user LOGIN PASSWORD 'x'",
        f"CREATE ROLE careless LOGIN PASSWORD '{TOKEN}'",
    )
    return server


@pytest.fixture(scope="module", autouse=True)
def mariadb(servers: Servers) -> MariadbServer:
    return servers.mariadb()


def refusals(server: PostgresServer) -> int:
    """How many logins this server has refused so far, by its own log."""
    assert server.service is not None
    return server.service.text().count("password authentication failed")


def settings(password: str, scheme: str = "DB_", engine: str = "pgsql") -> dict[str, str]:
    """What a framework reads, with this password."""
    names = {"CONNECTION": engine, "HOST": HOST, "USER": "app", "PASSWORD": password, "DATABASE": "shop"}
    return {f"{scheme}{name}": value for name, value in names.items()}


@pytest.mark.parametrize("engine", ["pgsql", "mysql"])
@pytest.mark.parametrize(
    ("password", "cause", "form"),
    [
        pytest.param(
            quote(PASSWORD, safe=""),
            "config.unescaped",
            "decoded",
            marks=pytest.mark.reproduces("config.unescaped", on="postgresql"),
        ),
        pytest.param(
            f"{PASSWORD}\n",
            "config.malformed",
            "trimmed",
            marks=pytest.mark.reproduces("config.malformed", on="postgresql"),
        ),
        pytest.param(f" {PASSWORD}", "config.malformed", "trimmed"),
        pytest.param(f"'{PASSWORD}'", "config.malformed", "unquoted"),
        pytest.param(f'"{PASSWORD}"\r\n', "config.malformed", "unquoted"),
    ],
    ids=["encoded", "newline", "blank", "quoted", "quoted-line"],
)
def test_a_password_that_was_mangled_on_its_way(
    remote: Cli, engine: str, password: str, cause: str, form: str
) -> None:
    result = remote.check(env=settings(password, engine=engine)).expect_fault(cause, layer="auth")
    assert result.report["facts"]["variant.form"] == form, result.story()
    assert "DB_PASSWORD" in result.report["facts"]["variant.source"], result.story()
    assert "auth.password-wrong" in result.causes(), result.story()
    assert "DB_PASSWORD" in result.report["findings"][0]["why_here"], result.story()


def test_a_password_that_was_decoded_although_it_was_meant_literally(remote: Cli) -> None:
    result = remote.check(f"postgresql://literal:{LITERAL}@{HOST}/shop").expect_fault(
        "config.unescaped", layer="auth"
    )
    assert result.report["facts"]["variant.form"] == "encoded", result.story()


@pytest.mark.reproduces("config.conflict", on="postgresql")
def test_the_other_source_has_the_right_password(remote: Cli) -> None:
    (remote.cwd / ".env").write_text(
        f"DB_PASSWORD='{PASSWORD}'\nDB_HOST={HOST}\nDB_USER=app\nDB_CONNECTION=pgsql\n"
    )
    result = remote.check(env=settings(WRONG_PASSWORD)).expect_fault("config.conflict", layer="auth")
    assert result.report["facts"]["variant.form"] == "other-source", result.story()
    assert result.report["facts"]["variant.source"].startswith(".env:1"), result.story()
    assert ".env:1" in result.report["findings"][0]["why_here"], result.story()


def test_an_ordinary_wrong_password_is_tried_once(remote: Cli, postgres: PostgresServer) -> None:
    before = refusals(postgres)
    remote.check(url(password="quite-wrong")).expect_fault("auth.password-wrong")
    assert refusals(postgres) - before == 1


def test_at_most_two_readings_are_tried(remote: Cli, postgres: PostgresServer) -> None:
    before = refusals(postgres)
    remote.check(url(password=" 'wr%6Fng' ")).expect_fault("auth.password-wrong")
    assert refusals(postgres) - before == 3


@pytest.mark.reproduces("auth.external-failed", on="postgresql")
def test_a_token_of_rds_that_has_expired(remote: Cli) -> None:
    result = remote.check(url(user="iam_user", password=TOKEN)).expect_fault("auth.external-failed")
    assert result.report["facts"]["auth.token-expiry"].startswith(EXPIRED), result.story()
    assert EXPIRED in result.report["findings"][0]["why_here"], result.story()
    result.expect_no_secret((TOKEN, SIGNATURE))


def test_an_expired_token_that_nobody_checks_is_a_warning(remote: Cli) -> None:
    result = remote.check(url(user="careless", password=TOKEN)).expect_no_secret((TOKEN, SIGNATURE))
    said = [one["text"] for one in result.report["warnings"] if one["layer"] == "auth"]
    assert result.report["status"] == "healthy", result.story()
    assert [EXPIRED in text for text in said] == [True], result.story()


@pytest.mark.reproduces("auth.access-denied", on="mysql")
def test_an_account_of_mysql_is_not_locked_by_trying(
    remote: Cli, own: Servers, mariadb: MariadbServer
) -> None:
    server = own.mysql(port=3307)
    server.account("careful", rest="FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED")
    target = partial(url, "mysql", user="careful", port=3307)
    wrong = remote.check(target(password=" 'wr%6Fng' ")).expect_fault("auth.access-denied", code="1045")
    assert wrong.report["facts"]["variant.outcome"] == "refused", wrong.story()
    remote.check(target()).expect_healthy()
