"""What a walk does to MySQL and MariaDB: what it says of itself is what they counted, and it is not held against us."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.conftest import Servers
from tests.live.test_capacity import fill_mariadb
from tests.support.certs import Authority
from tests.support.cli import ROOT, WRONG_PASSWORD, Cli, Result, url
from tests.support.counters import MYSQL_OPTIONS, GeneralLog, HostCache, host_cache, status
from tests.support.mariadb import CLIENTS, MariadbServer
from tests.support.mysql import MysqlServer
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import PASSWORD
from tests.support.processes import run, wait_until
from wizard.footprint import BOUNDS

PLAIN_PORT = 3307
"""A server that offers no TLS."""
FEW = 10
"""max_connect_errors: how many broken handshakes shut a host out."""
SLOTS = 15
WALKS = 200
KINDS = {"mariadb": MariadbServer, "mysql": MysqlServer}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, servers: Servers, authority: Authority) -> Iterator[MariadbServer]:
    """A server with TLS."""
    pair = authority.issue(f"footprint-{request.param}", "other.example", names=("other.example",))
    files = {"server.crt": pair.cert, "server.key": pair.key}
    made: MariadbServer = KINDS[request.param](namespace=servers.lab.server, files=files)
    made.options += [f"--ssl-cert={made.folder}/server.crt", f"--ssl-key={made.folder}/server.key"]
    made.options += [*MYSQL_OPTIONS, f"--max-connect-errors={FEW}", f"--max-connections={SLOTS}"]
    made.start()
    made.account("secure", rest="REQUIRE SSL")
    made.account("keeper")
    made.sql(f"GRANT ALL ON *.* TO 'keeper'@'{CLIENTS}'")
    yield made
    made.stop()


@pytest.fixture(scope="module", params=KINDS)
def plain(request: pytest.FixtureRequest, servers: Servers) -> Iterator[MariadbServer]:
    """A server without TLS."""
    off = "--skip-ssl" if request.param == "mariadb" else "--tls-version="
    made: MariadbServer = KINDS[request.param](namespace=servers.lab.server, port=PLAIN_PORT)
    made.options += [*MYSQL_OPTIONS, f"--max-connect-errors={FEW}", off]
    made.start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def forgotten(request: pytest.FixtureRequest) -> None:
    """What a server holds against this host is forgotten before each test."""
    for name in ("server", "plain"):
        if name in request.fixturenames:
            request.getfixturevalue(name).sql("TRUNCATE TABLE performance_schema.host_cache")


def mysql_url(**options: str) -> str:
    return url("mysql", **options)  # type: ignore[arg-type]


def totals(result: Result) -> dict[str, int]:
    made = result.report["footprint"]["totals"]
    bounds = BOUNDS["mysql"]
    assert made["connections"] <= bounds.connections, result.story()
    assert made["at_once"] <= bounds.at_once, result.story()
    assert made["incomplete_handshakes"] <= bounds.broken_off, result.story()
    assert made["failed_logins"] <= bounds.failed_logins, result.story()
    assert made["statements"] <= bounds.statements, result.story()
    return dict(made)


class Counters:
    """The status of a server, from now on; what the harness asks itself is left out."""

    def __init__(self, server: MariadbServer) -> None:
        self.server = server
        self.before = status(server)

    def grown(self) -> dict[str, int]:
        """By how much each variable has grown."""
        return {name: value - self.before.get(name, 0) for name, value in status(self.server).items()}


FAULTS = {
    "healthy": ("healthy", mysql_url(), (1, 0, 0, 0)),
    "encrypted": ("healthy", mysql_url(user="secure", **{"ssl-mode": "REQUIRED"}), (1, 0, 0, 0)),
    "wrong-password": ("auth.access-denied", mysql_url(password="wrong"), (1, 1, 0, 0)),
    "two-readings-of-a-password": ("auth.access-denied", mysql_url(password=WRONG_PASSWORD), (2, 2, 0, 0)),
    "wrong-password-without-tls": (
        "auth.access-denied",
        mysql_url(password="wrong", **{"ssl-mode": "DISABLED"}),
        (2, 2, 0, 0),
    ),
    "unknown-database": ("database.privilege", mysql_url(database="nosuch"), (1, 1, 0, 0)),
    "tls-is-required": ("tls.required", mysql_url(user="secure", **{"ssl-mode": "DISABLED"}), (2, 1, 0, 0)),
    "certificate-not-trusted": (
        "tls.untrusted",
        mysql_url(**{"ssl-mode": "VERIFY_CA", "ssl-ca": "/etc/ssl/certs/ca-certificates.crt"}),
        (1, 0, 1, 0),
    ),
    "no-root-file": (
        "tls.root-missing",
        mysql_url(**{"ssl-mode": "VERIFY_CA", "ssl-ca": "/nowhere/ca.pem"}),
        (1, 0, 0, 1),
    ),
}
"""Cause, target, and (connections, refused logins, broken handshakes, handshakes ended in order)."""


@pytest.mark.parametrize("name", FAULTS)
def test_the_server_counted_what_the_footprint_says(remote: Cli, server: MariadbServer, name: str) -> None:
    cause, target, expected = FAULTS[name]
    counters, log = Counters(server), GeneralLog(server)
    result = remote.check("--footprint", target)
    made = totals(result)
    assert result.cause == cause, result.story()
    found = (
        made["connections"],
        made["failed_logins"],
        made["incomplete_handshakes"],
        made["declined_handshakes"],
    )
    assert found == expected, result.story()
    unsuccessful = made["connections"] - made["logins"]
    wait_until(lambda: counters.grown()["Aborted_connects"] >= unsuccessful, "every refusal is counted")
    assert counters.grown()["Aborted_connects"] == unsuccessful
    assert counters.grown()["Aborted_clients"] == 0, "a session was not ended in order"
    assert host_cache(server).errors == made["incomplete_handshakes"]
    assert log.statements() == tuple(one["text"] for one in result.report["footprint"]["statements"])
    assert {one["kind"] for one in result.report["footprint"]["statements"]} <= {"read"}


@pytest.mark.parametrize("kind", ["Com_insert", "Com_update", "Com_delete", "Com_create_table", "Com_commit"])
def test_nothing_that_writes_was_counted(remote: Cli, server: MariadbServer, kind: str) -> None:
    counters = Counters(server)
    remote.check("--footprint", mysql_url()).expect_healthy()
    assert counters.grown()[kind] == 0


def test_the_write_path_writes_and_takes_it_back(remote: Cli, server: MariadbServer) -> None:
    counters = Counters(server)
    made = totals(remote.check("--footprint", "--write-path", mysql_url()).expect_healthy())
    grown = counters.grown()
    tables = grown["Com_create_table"] + grown.get("Com_create_temporary_table", 0)
    assert (grown["Com_insert"], grown["Com_rollback"], tables) == (1, 1, 1)
    assert made["writes"] == 3
    assert server.sql(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_NAME = 'dbwizard_check'"
    ) == [(0,)]


def test_a_look_inside_is_one_read_only_session_more(remote: Cli, server: MariadbServer) -> None:
    admin = mysql_url(user="keeper", database="mysql")
    result = remote.check("--footprint", "--admin", admin, mysql_url(password="wrong"))
    made = totals(result)
    assert (made["connections"], made["at_once"], made["failed_logins"], made["writes"]) == (2, 1, 1, 0)


def test_one_free_slot_is_enough(remote: Cli, own: Servers, server: MariadbServer) -> None:
    fill_mariadb(own, server, SLOTS - 1)
    result = remote.check("--footprint", mysql_url())
    assert result.report["facts"]["database.outcome"] == "ok", result.story()
    assert (totals(result)["connections"], totals(result)["at_once"]) == (1, 1)


def test_a_full_server_is_asked_once(remote: Cli, own: Servers, server: MariadbServer) -> None:
    fill_mariadb(own, server, SLOTS)
    made = totals(remote.check("--footprint", mysql_url()))
    assert (made["connections"], made["incomplete_handshakes"]) == (1, 0)


def test_of_two_hosts_only_the_one_in_use_is_connected_to(remote: Cli, server: MariadbServer) -> None:
    """A connection that is opened and not used is a broken handshake."""
    made = totals(remote.check("--footprint", mysql_url(host=f"{SERVER},db.lab.test")))
    assert made["connections"] == 1
    assert host_cache(server) == HostCache(0, 0)


def walked(lab: Lab, number: int, target: str) -> dict[str, Any]:
    """The sums of many walks from the client's machine."""
    argv = lab.client.command(["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.support.walks"])
    made: dict[str, Any] = json.loads(run([*argv, str(number), target], timeout=300))
    return made


def test_hundreds_of_walks_do_not_shut_this_host_out(remote: Cli, plain: MariadbServer, lab: Lab) -> None:
    """TLS is wanted and not offered: the handshake cannot go on, and is ended so that it does not count."""
    target = mysql_url(port=str(PLAIN_PORT), **{"ssl-mode": "REQUIRED"})
    sums = walked(lab, WALKS, target)
    assert sums["connections"] == sums["declined_handshakes"] == WALKS
    assert host_cache(plain).errors == 0
    remote.check(mysql_url(port=str(PLAIN_PORT))).expect_healthy()


@pytest.mark.parametrize("password", ["wrong", PASSWORD], ids=["refused", "accepted"])
def test_hundreds_of_logins_do_not_either(
    remote: Cli, server: MariadbServer, lab: Lab, password: str
) -> None:
    sums = walked(lab, WALKS // 4, mysql_url(password=password))
    assert sums["incomplete_handshakes"] == 0
    assert host_cache(server).errors == 0
    remote.check(mysql_url()).expect_healthy()


def test_a_certificate_that_is_not_trusted_costs_one_handshake_a_walk(
    remote: Cli, server: MariadbServer, lab: Lab
) -> None:
    """TLS is over then, and nothing can be said any more: the application's own attempt counts the same."""
    target = mysql_url(**{"ssl-mode": "VERIFY_CA", "ssl-ca": "/etc/ssl/certs/ca-certificates.crt"})
    sums = walked(lab, FEW - 2, target)
    assert sums["connections"] == sums["incomplete_handshakes"] == FEW - 2
    wait_until(lambda: host_cache(server).errors == FEW - 2, "every handshake is counted")
    remote.check(mysql_url()).expect_healthy()
    assert host_cache(server).errors == 0, "a login is forgiveness"


def test_an_account_that_locks_after_three_refusals_is_not_locked(remote: Cli, servers: Servers) -> None:
    made = servers.mysql(port=3308)
    made.account("guarded", rest="FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1")
    for options in ({}, {"ssl-mode": "DISABLED"}):
        wrong = mysql_url(port="3308", user="guarded", password=WRONG_PASSWORD, **options)
        result = remote.check("--footprint", wrong)
        assert totals(result)["failed_logins"] == 2, result.story()
        remote.check(mysql_url(port="3308", user="guarded")).expect_healthy()
