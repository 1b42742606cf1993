"""The footprint of a walk: complete by the interpreter's own account, within its bounds, and told in plain words."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from operator import le
from pathlib import Path
from typing import Any

import pytest

import wizard
from tests.probes.peers import free_port, runtime_for, target_of
from wizard import footprintwords
from wizard.content.load import open_content
from wizard.core.walk import Walk
from wizard.drive import Prober, answer_from, drive
from wizard.footprint import BOUNDS, Ledger, kind, now, place_of
from wizard.practice import get, serve
from wizard.practice.model import MysqlError, MysqlServer, PostgresError, PostgresServer
from wizard.probes import capacity_mysql, capacity_postgres, database, find, migrations

ROOT = Path(wizard.__file__).parents[1]
CONTENT = open_content()
OPENERS = {
    "socket.socket",
    "socket.create_connection",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "dns.query.udp",
    "dns.query.tcp",
    "psycopg.connect",
    "pymysql.connect",
    "subprocess.Popen",
    "subprocess.run",
    "subprocess.check_output",
    "Popen",
    "os.system",
    "os.popen",
    "os.posix_spawn",
}
"""Calls by which something leaves the program."""
PLACES = {
    "probes/channel.py": {"socket.socket"},
    "probes/race.py": {"socket.socket"},
    "probes/routes.py": {"socket.socket"},
    "probes/dns.py": {"socket.getaddrinfo", "socket.socket"},
    "probes/nameservers.py": {"socket.socket", "dns.query.udp", "dns.query.tcp"},
    "probes/drivers.py": {"psycopg.connect", "pymysql.connect"},
    "probes/child.py": {"subprocess.Popen"},
    "probes/psql.py": {"socket.socket"},
    "target/containers.py": {"subprocess.run"},
    "logs/unpack.py": {"Popen"},
}
"""Module -> the calls that it may make. All of them note what they do, but for `logs`, which are no part of a walk."""
NETWORKERS = {"asyncio", "http", "urllib.request", "smtplib", "ftplib", "telnetlib", "xmlrpc", "socketserver"}


def sources() -> list[Path]:
    found = sorted((ROOT / "wizard").rglob("*.py"))
    return [path for path in found if "practice" not in path.relative_to(ROOT).parts]


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.slow
def test_nothing_is_opened_but_where_it_is_counted() -> None:
    opened: dict[str, set[str]] = defaultdict(set)
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in OPENERS:
                opened[path.relative_to(ROOT / "wizard").as_posix()].add(name_of(node.func))
    assert dict(opened) == PLACES
    for place in PLACES:
        assert place.startswith("logs/") or "footprint" in (ROOT / "wizard" / place).read_text("utf-8")


@pytest.mark.slow
def test_nothing_else_that_reaches_the_network_is_imported() -> None:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {
                name for name in names if name.partition(".")[0] in NETWORKERS or name in NETWORKERS
            }, path


@pytest.fixture(scope="module")
def walks() -> list[dict[str, Any]]:
    """What the interpreter saw of each scenario's walk, beside its footprint."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.audited"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_the_footprint_of_every_scenario_is_complete(walks: list[dict[str, Any]]) -> None:
    assert len(walks) >= 40
    assert sum(walk["seen"].get("stream", 0) for walk in walks) > len(walks) // 2, "the hook hears nothing"
    for walk in walks:
        made, seen = walk["footprint"], walk["seen"]
        by_tcp = [one for one in made["names"] if one["name"].endswith(" by TCP")]
        by_system = [one for one in made["names"] if one["to"] == "the system's resolver"]
        # libpq and psql are no Python: the interpreter does not see what they open.
        ours = [one for one in made["connections"] if one["through"] not in ("libpq", "psql")]
        assert seen.get("stream", 0) == len(ours) + len(by_tcp), walk
        assert seen.get("getaddrinfo", 0) == len(by_system), walk
        assert seen.get("Popen", 0) == len(made["programs"]), walk
        asked = len(made["names"]) - len(by_system) - len(by_tcp)
        assert seen.get("sendto", 0) <= asked <= seen.get("sendto", 0) + seen.get("datagram", 0), walk


def at(place: str, made: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """(connections, broken handshakes, refused logins, statements) of one address."""
    ends = [one for one in made["connections"] if one["to"] == place and one["ended"] != "not-opened"]
    return (
        len(ends),
        sum(one["ended"] == "broken-off" for one in ends),
        sum(one["ended"] == "refused" and one["login"] is not None for one in ends),
        sum(one["to"] == place for one in made["statements"]),
    )


@pytest.mark.slow
def test_every_scenario_stays_within_the_bounds(walks: list[dict[str, Any]]) -> None:
    for walk in walks:
        made = walk["footprint"]
        bounds = BOUNDS["mysql" if walk["family"] == "mysql" else "postgresql"]
        most = (bounds.connections, bounds.broken_off, bounds.failed_logins, bounds.statements)
        for place in {one["to"] for one in made["connections"]}:
            found = at(place, made)
            assert all(map(le, found, most)), (walk["name"], place, found, bounds)
        assert made["totals"]["at_once"] <= bounds.at_once, walk["name"]
        assert made["totals"]["writes"] == 0, walk["name"]


READINGS = "%2520a%2520%22"
"""A password that is escaped, blank at its ends and quoted in half: there are more readings of it than are tried."""
REFUSALS = {
    "28P01": PostgresError("28P01", 'password authentication failed for user "app"'),
    "28000": PostgresError("28000", 'password authentication failed for user "app"'),
    "no-entry": PostgresError(
        "28000", 'no pg_hba.conf entry for host "192.0.2.1", user "app", database "shop"'
    ),
    "pooler": PostgresError("08P01", "password authentication failed"),
}


def footprint_of(
    server: PostgresServer | MysqlServer, options: str, variables: Mapping[str, str]
) -> dict[str, int]:
    """The totals of a walk to a server that behaves so, with other passwords in the environment."""
    healthy = get("healthy-postgresql" if isinstance(server, PostgresServer) else "healthy-mysql")
    with serve(replace(healthy, listens=(server,))) as running:
        place = f"{running.host}:{running.ports[0]}"
        target = target_of(f"{healthy.engine}://app:{READINGS}@{place}/shop?{options}", **variables)
        runtime = running.runtime(target, {}, connect_timeout=0.8, ends=time.monotonic() + 15)
        prober = Prober(runtime, CONTENT.tree)
        try:
            drive(Walk.start(CONTENT.tree, {}), prober.run, answer_from({}))
        finally:
            prober.close()
    return dict(runtime.footprint.told()["totals"])


@pytest.mark.slow
@pytest.mark.parametrize("certificate", ["", "good"])
@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_postgresql_that_refuses_everything_is_asked_three_times(
    name: str, mode: str, certificate: str
) -> None:
    server = PostgresServer(certificate=certificate, start_error=REFUSALS[name])
    made = footprint_of(server, f"sslmode={mode}", {"PGPASSWORD": "one", "POSTGRES_PASSWORD": "two"})
    bounds = BOUNDS["postgresql"]
    assert made["failed_logins"] <= bounds.failed_logins == 3
    assert (made["connections"] <= bounds.connections, made["at_once"]) == (True, 1)
    assert made["incomplete_handshakes"] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("certificate", ["", "good"])
@pytest.mark.parametrize("mode", ["DISABLED", "PREFERRED", "REQUIRED"])
@pytest.mark.parametrize(("version", "most"), [("8.0.36", 2), ("10.11.6-MariaDB", 3)])
def test_a_mysql_that_refuses_everything_is_not_driven_to_lock_the_account(
    version: str, most: int, mode: str, certificate: str
) -> None:
    refusal = MysqlError(1045, "28000", "Access denied for user 'app'@'192.0.2.1' (using password: YES)")
    server = MysqlServer(certificate=certificate, version=version, session_error=refusal, password="another")
    made = footprint_of(server, f"ssl-mode={mode}", {"MYSQL_PASSWORD": "one", "MYSQL_PWD": "two"})
    assert made["failed_logins"] <= most <= BOUNDS["mysql"].failed_logins
    assert (made["connections"] <= BOUNDS["mysql"].connections, made["at_once"]) == (True, 1)
    assert made["incomplete_handshakes"] == 0


def test_the_first_word_of_a_statement_says_whether_it_writes() -> None:
    reads = [
        database.POSTGRES,
        database.MYSQL,
        database.GRANTS,
        capacity_postgres.WAITS,
        capacity_mysql.CONNECTED,
    ]
    reads += [*migrations.POSTGRES.values(), *migrations.MYSQL.values()]
    assert {kind(" ".join(one.split())) for one in reads} == {"read"}
    written = [kind(one) for one in (*database.WRITE_POSTGRES, *database.WRITE_MYSQL)]
    assert written == [
        "session",
        "write",
        "write",
        "session",
        "session",
        "write",
        "write",
        "session",
        "write",
    ]


def test_a_probe_writes_on_its_own_page() -> None:
    runtime = runtime_for(f"postgresql://u@127.0.0.1:{free_port()}/d")
    for name in ("dns.resolve", "network.connect"):
        find(name).function(runtime.target, runtime)
    (attempt,) = runtime.footprint.told()["connections"]
    assert (attempt["by"], attempt["ended"], attempt["login"]) == ("network.connect", "not-opened", None)


def test_threads_of_two_walks_do_not_mix() -> None:
    ledgers = [Ledger(), Ledger()]
    ready = threading.Barrier(2)

    def work(number: int) -> None:
        with ledgers[number].during(f"probe-{number}"):
            ready.wait()
            for _ in range(50):
                now().opening("192.0.2.1:5432").opened().closed()

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, ledger in enumerate(ledgers):
        assert {one.by for one in ledger.connections} == {f"probe-{number}"}
        assert (len(ledger.connections), ledger.at_once) == (50, 1)


def test_outside_a_walk_nothing_is_kept() -> None:
    now().asked("192.0.2.1:5432", "SELECT 1")
    assert now().ledger is not now().ledger


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1:5432"),
        ("2001:db8::1", "[2001:db8::1]:5432"),
        ("/run/pg/.s.PGSQL.5432", "/run/pg/.s.PGSQL.5432"),
    ],
)
def test_a_place_is_written_as_people_write_it(address: str, place: str) -> None:
    assert place_of(address, 5432) == place


def told(*ends: str, statements: tuple[str, ...] = ()) -> dict[str, Any]:
    """The footprint of connections that ended so, after these statements."""
    ledger = Ledger()
    with ledger.during("auth.login"):
        for end in ends:
            connection = now().opening("192.0.2.1:5432")
            if end != "not-opened":
                connection.opened()
            if end == "logged-in":
                connection.naming("app")
                connection.accepted()
            if end == "refused":
                connection.naming("app")
                connection.refused("28P01")
            connection.closed()
        for statement in statements:
            now().asked("192.0.2.1:5432", statement)
    return ledger.told()


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (told("not-opened"), "This walk reached no server."),
        (
            told("logged-in", statements=("SELECT 1", "SHOW x")),
            "This walk opened 1 connection and sent 2 statements that only read.",
        ),
        (
            told("refused", "refused", "broken"),
            "This walk opened 3 connections and sent no statements; 2 logins were refused; 1 handshake was broken off.",
        ),
        (
            told("logged-in", statements=("BEGIN", "INSERT INTO t VALUES (1)", "ROLLBACK")),
            "This walk opened 1 connection and sent 3 statements, 1 of them wrote (--write-path) and were rolled back.",
        ),
    ],
)
def test_one_sentence_says_what_a_walk_did(made: dict[str, Any], sentence: str) -> None:
    assert footprintwords.sentence(made) == sentence


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`dbwizard check` against a port on which nobody listens."""
    place = f"postgresql://app:hunter2@127.0.0.1:{free_port()}/shop"
    return subprocess.run(
        [sys.executable, "-m", "wizard", "check", *arguments, place],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
        check=False,
    )


def test_check_tells_it_as_part_of_the_report_and_nowhere_else() -> None:
    done = check("--json", "--footprint")
    made = json.loads(done.stdout)["footprint"]
    assert (done.returncode, done.stderr) == (1, "")
    assert made["totals"]["not_opened"] == len(made["connections"]) == 1
    assert {"totals", "connections", "statements", "names", "datagrams", "programs"} == set(made)


def test_a_walk_without_settings_asks_nobody(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "wizard", "check", "--json", "--footprint", "--no-files"],
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=ROOT,
        timeout=30,
        check=False,
    )
    totals = json.loads(made.stdout)["footprint"]["totals"]
    assert (totals["names_asked"], totals["connections"], totals["not_opened"]) == (0, 0, 0)


def test_check_tells_it_in_words() -> None:
    shown = check("--footprint").stdout.partition("What this check did to the server\n")[2]
    assert "This walk reached no server." in shown
    assert "1 further attempt to connect got nowhere." in shown
    assert "not opened" in shown


def test_check_does_not_tell_it_unasked() -> None:
    assert "footprint" not in json.loads(check("--json").stdout)
