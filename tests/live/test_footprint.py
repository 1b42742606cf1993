"""What a walk does to PostgreSQL, PgBouncer and a nameserver: what it says of itself is what they counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import ge
from typing import Any

import pytest

from tests.live.conftest import Servers
from tests.live.test_capacity import fill
from tests.support.certs import Authority
from tests.support.cli import WRONG_PASSWORD, Cli, Result, url
from tests.support.counters import POSTGRES_SETTINGS, PostgresLog, Seen, flat, statistics, written
from tests.support.netlab import SERVER, Lab
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import wait_until
from tests.support.sockets import listening
from wizard.footprint import BOUNDS

SLOTS = 20
"""max_connections; three are reserved for superusers."""
HBA = (
    "local all app scram-sha-256",
    "hostssl all secure all scram-sha-256",
    "hostnossl all unsafe all scram-sha-256",
    "host all app,keeper,ghost all scram-sha-256",
)
ADMIN = url(user="keeper", database="postgres")
CONSOLE_PORT = 6432
DEAF = 5439
"""A port of the server machine on which nobody answers."""


@pytest.fixture(scope="module")
def postgres(servers: Servers, authority: Authority) -> PostgresServer:
    pair = authority.issue("footprint", "other.example", names=("other.example",))
    files = {"server.crt": pair.cert, "server.key": pair.key}
    settings = {
        **POSTGRES_SETTINGS,
        "ssl": "on",
        "max_connections": str(SLOTS),
        "superuser_reserved_connections": "3",
    }
    server = servers.postgres(hba=HBA, files=files, settings=settings)
    server.sql(
        f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{PASSWORD}'",
        *(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'" for name in ("secure", "unsafe")),
        "CHECKPOINT",
    )
    return server


def footprint(result: Result) -> dict[str, Any]:
    made = result.report["footprint"]
    assert isinstance(made, dict)
    return made


def ends(made: dict[str, Any], *words: str) -> int:
    return sum(one["ended"] in words for one in made["connections"])


def counted(log: PostgresLog, made: dict[str, Any]) -> Seen:
    """What the server saw, once it has written down the end of every session; held against the footprint."""
    totals, refused = made["totals"], ends(made, "refused")
    enough = (totals["connections"], refused, totals["logins"])

    def is_written() -> bool:
        seen = log.seen()
        return all(map(ge, (seen.connections, seen.refused, seen.ended), enough))

    wait_until(is_written, "the log tells of every connection")
    seen = log.seen()
    assert seen.connections == totals["connections"], (seen, made)
    assert seen.logins == totals["logins"], (seen, made)
    assert seen.refused == refused, (seen, made)
    assert seen.statements == tuple(one["text"] for one in made["statements"])
    bounds = BOUNDS["postgresql"]
    assert totals["connections"] <= bounds.connections
    assert totals["at_once"] <= bounds.at_once
    assert totals["incomplete_handshakes"] <= bounds.broken_off
    assert totals["failed_logins"] <= bounds.failed_logins
    return seen


FAULTS = {
    "healthy": ("healthy", (url(),), (1, 0, 0)),
    "healthy-encrypted": ("healthy", (url(user="secure", sslmode="require"),), (1, 0, 0)),
    "wrong-password": ("auth.password-wrong", (url(password="wrong"),), (1, 1, 0)),
    "two-readings-of-a-password": ("auth.password-wrong", (url(password=WRONG_PASSWORD),), (2, 2, 0)),
    "unknown-role": ("auth.password-wrong", (url(user="ghost", password="wrong"),), (1, 1, 0)),
    "unknown-database": ("database.does-not-exist", (url(database="nosuch"),), (1, 1, 0)),
    "no-password": ("auth.password-missing", (url(password=None),), (1, 0, 1)),
    "only-without-tls": ("healthy", (url(user="unsafe"),), (2, 1, 0)),
    "tls-is-required": ("tls.required", (url(user="secure", sslmode="disable"),), (2, 1, 0)),
    "certificate-not-trusted": (
        "tls.untrusted",
        (url(sslmode="verify-ca", sslrootcert="{other}"),),
        (1, 0, 1),
    ),
    "name-of-the-certificate": (
        "tls.hostname-mismatch",
        (url(sslmode="verify-full", sslrootcert="{root}"),),
        (1, 0, 1),
    ),
    "no-root-file": (
        "tls.root-missing",
        (url(sslmode="verify-full", sslrootcert="/nowhere/root.crt"),),
        (1, 0, 1),
    ),
}
"""Cause, arguments, and (connections, refused logins, broken handshakes)."""


@pytest.fixture(scope="module")
def roots(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    other = Authority(tmp_path_factory.mktemp("other"))
    return {"{other}": str(other.root), "{root}": str(authority.root)}


def with_roots(arguments: Sequence[str], roots: dict[str, str]) -> list[str]:
    from urllib.parse import quote

    filled = []
    for one in arguments:
        for name, path in roots.items():
            one = one.replace(quote(name, safe=""), path)
        filled.append(one)
    return filled


@pytest.mark.parametrize("name", FAULTS)
def test_the_server_saw_what_the_footprint_says(
    remote: Cli, postgres: PostgresServer, roots: dict[str, str], name: str
) -> None:
    cause, arguments, expected = FAULTS[name]
    log, before = PostgresLog(postgres), written(postgres)
    result = remote.check("--footprint", *with_roots(arguments, roots))
    made = footprint(result)
    assert result.cause == cause, result.story()
    seen = counted(log, made)
    totals = made["totals"]
    found = (totals["connections"], totals["failed_logins"], totals["incomplete_handshakes"])
    assert found == expected, result.story()
    assert not [one for one in seen.complaints if "incomplete startup" in one or "invalid" in one], seen
    assert totals["writes"] == 0
    assert {one["kind"] for one in made["statements"]} <= {"read"}
    assert written(postgres) == before, "something was written"


def test_the_statistics_of_the_server_agree(remote: Cli, postgres: PostgresServer) -> None:
    before = statistics(postgres)
    made = footprint(remote.check("--footprint", url()))
    wait_until(lambda: statistics(postgres)["sessions"] > before["sessions"], "the session is counted")
    after = statistics(postgres)
    assert after["sessions"] - before["sessions"] == made["totals"]["logins"] == 1
    assert {**after, "sessions": 0} == {**before, "sessions": 0}


def test_the_write_path_writes_and_takes_it_back(remote: Cli, postgres: PostgresServer) -> None:
    before, log = statistics(postgres), PostgresLog(postgres)
    made = footprint(remote.check("--footprint", "--write-path", url()))
    counted(log, made)
    assert [one["text"].split()[0] for one in made["statements"] if one["kind"] == "write"] == [
        "CREATE",
        "INSERT",
    ]
    wait_until(lambda: statistics(postgres)["sessions"] > before["sessions"], "the session is counted")
    assert statistics(postgres)["xact_rollback"] == before["xact_rollback"] + 1
    assert postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'dbwizard_check'") == [(0,)]


def test_a_look_inside_is_one_read_only_session_more(remote: Cli, postgres: PostgresServer) -> None:
    log, before = PostgresLog(postgres), written(postgres)
    made = footprint(remote.check("--footprint", "--admin", ADMIN, url(password="wrong")))
    counted(log, made)
    assert (made["totals"]["connections"], made["totals"]["failed_logins"], made["totals"]["at_once"]) == (
        2,
        1,
        1,
    )
    assert {one["login"] for one in made["connections"]} == {"app", "keeper"}
    assert {one["kind"] for one in made["statements"]} == {"read", "session"}
    assert written(postgres) == before


def test_a_log_that_is_read_is_nothing_to_the_server(remote: Cli, postgres: PostgresServer) -> None:
    (remote.cwd / "app.log").write_text("FATAL:  remaining connection slots are reserved for roles\n")
    log, before = PostgresLog(postgres), written(postgres)
    made = footprint(remote.check("--footprint", "--error", "app.log", url()))
    counted(log, made)
    assert made["totals"]["connections"] == 1
    assert written(postgres) == before


def test_one_free_slot_is_enough(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    fill(own, postgres, SLOTS - 4)
    log = PostgresLog(postgres)
    result = remote.check("--footprint", url())
    made = footprint(result)
    counted(log, made)
    assert result.report["facts"]["database.outcome"] == "ok", result.story()
    assert "53300" not in result.codes(), result.story()
    assert (made["totals"]["connections"], made["totals"]["at_once"]) == (1, 1)


def test_a_full_server_is_asked_once(remote: Cli, own: Servers, postgres: PostgresServer) -> None:
    fill(own, postgres, SLOTS - 3)
    log = PostgresLog(postgres)
    made = footprint(remote.check("--footprint", url(sslmode="disable")))
    counted(log, made)
    assert made["totals"]["connections"] == 1


def test_a_wrong_port_leaves_the_server_alone(remote: Cli, postgres: PostgresServer) -> None:
    log = PostgresLog(postgres)
    made = footprint(remote.check("--footprint", url(port=5999)).expect_fault("network.refused"))
    assert (made["totals"]["connections"], made["totals"]["not_opened"]) == (0, 1)
    assert log.seen().connections == 0


def test_a_silent_port_is_knocked_at_in_bounds(remote: Cli, lab: Lab) -> None:
    with listening(SERVER, DEAF, None, namespace=lab.server):
        made = footprint(remote.check("--footprint", "--connect-timeout", "0.5", url(port=DEAF)))
    assert 1 <= made["totals"]["connections"] <= BOUNDS["postgresql"].connections
    assert made["totals"]["at_once"] <= BOUNDS["postgresql"].at_once


def test_of_several_hosts_only_the_one_in_use_is_connected_to(remote: Cli, servers: Servers) -> None:
    """A connection that is opened and not used is a broken handshake: MySQL counts those."""
    server = servers.postgres(port=5441, settings=POSTGRES_SETTINGS)
    log = PostgresLog(server)
    made = footprint(
        remote.check("--footprint", url(host=f"{SERVER}:5441,db.lab.test:5441")).expect_healthy()
    )
    counted(log, made)
    assert made["totals"]["connections"] == 1


def test_pgbouncer_counts_the_same(remote: Cli, servers: Servers, own: Servers) -> None:
    backend = servers.postgres(port=5442)
    pooler = own.pgbouncer(backend, port=CONSOLE_PORT)
    columns = pooler.console("SHOW STATS_TOTALS").splitlines()
    made = footprint(remote.check("--footprint", url(port=CONSOLE_PORT)).expect_healthy())
    assert pooler.service is not None
    wait_until(lambda: "closing because" in pooler.service.text(), "the session is over")  # type: ignore[union-attr]
    after = pooler.console("SHOW STATS_TOTALS").splitlines()
    asked = sum_of_queries(after) - sum_of_queries(columns)
    attempts = re.findall(r"login attempt: db=(\S+) user=app", pooler.service.text())
    assert len(attempts) == made["totals"]["logins"] + made["totals"]["failed_logins"], pooler.service.text()
    assert asked == sum(one["by"] != "pooler.inspect" for one in made["statements"])


def sum_of_queries(rows: list[str]) -> int:
    """The queries of the application's database: the sixth number after its name varies by version, so by name."""
    row = next((one.split("|") for one in rows if one.startswith(f"{DATABASE}|")), None)
    return int(row[2]) if row else 0


def test_a_nameserver_is_asked_what_the_footprint_says(remote: Cli, lab: Lab) -> None:
    service = lab.dnsmasq(f"host-record=real.lab.test,{SERVER}", "address=/#/", log=True)
    try:
        for name in ("typo.lab.test", "real.lab.test"):
            made = footprint(remote.check("--footprint", url(host=name, port=5999)))
            by_system = [one for one in made["names"] if one["to"] == "the system's resolver"]
            directly = [one for one in made["names"] if one["to"] == SERVER]
            assert {flat(one["name"]).split()[0] for one in made["names"]} == {name}
            asked = re.findall(rf"query\[A+\] {name} from", service.text())
            # The C library asks for both families.
            assert len(asked) == 2 * len(by_system) + len(directly), (made["names"], service.text())
    finally:
        service.stop()


def test_the_section_is_part_of_the_report(remote: Cli, postgres: PostgresServer) -> None:
    shown = remote.run("check", "--footprint", url()).expect_no_secret()
    assert "What this check did to the server" in shown.stdout
    assert "This walk opened 1 connection and sent 5 statements that only read." in shown.stdout
    assert shown.stderr == ""
    plain = remote.run("check", url())
    assert "What this check did" not in plain.stdout
    assert "footprint" not in remote.check(url()).report
