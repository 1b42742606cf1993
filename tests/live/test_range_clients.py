"""Real clients hear from the practice range what they hear from the real server, fault by fault.

Six clients, three a protocol, meet the same fault twice: in the range, and where the lines of `real_faults.REAL`
make it. Code, severity, text, detail, hint and place in the source must be equal; what must differ (port, names, the
line in the source of another minor version) is put aside by `clients.normal`. A relay compares the messages and
their order, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.conftest import Servers
from tests.live.real_faults import ASKED, REAL, SILENT, UNTRACED, WRONG, on
from tests.live.real_world import LOCAL, World
from tests.support.clients import (
    PATIENCE,
    Heard,
    Place,
    ask_mariadb,
    ask_node,
    ask_psql,
    ask_psycopg,
    ask_pymysql,
    normal,
    trace_mysql,
    trace_postgres,
)
from tests.support.node import Node
from wizard.practice import Scenario, get, list_scenarios, serve
from wizard.practice.model import DATABASE, Behaviour, MysqlServer, PostgresServer
from wizard.practice.model import PASSWORD as PRACTICE_PASSWORD

Clients = Mapping[str, Callable[[Place, Sequence[Any]], Heard]]

UNREPRODUCED: dict[str, str] = yaml.safe_load(
    (Path(__file__).parent / "unreproduced_scenarios.yaml").read_text()
)
SCENARIOS = list_scenarios()
NATIVE = "mysql_native_password"
MARIADB = MysqlServer(version="5.5.5-10.11.6-MariaDB", plugin=NATIVE, account_plugin=NATIVE)


@pytest.fixture(scope="module")
def world(servers: Servers) -> Iterator[World]:
    """The real servers; the range and the clients are on their machine, which all of them call localhost."""
    with servers.lab.server.entered():
        yield World(servers)


@pytest.fixture(scope="module")
def clients(world: World) -> Iterator[dict[str, Clients]]:
    """Protocol -> name -> client."""
    node = Node()
    yield {
        "postgresql": {"psql": ask_psql, "psycopg": ask_psycopg, "pg": ask_node(node, "pg")},
        "mysql": {"mariadb": ask_mariadb, "PyMySQL": ask_pymysql, "mysql2": ask_node(node, "mysql2")},
    }
    node.close()


def hear(clients: Clients, place: Place, statements: Sequence[Any]) -> dict[str, Heard]:
    """What each client hears at one place, all of them at once."""
    with ThreadPoolExecutor(len(clients)) as pool:
        heard = {name: pool.submit(ask, place, statements) for name, ask in clients.items()}
        return {name: normal(future.result(), place) for name, future in heard.items()}


def listen(scenario: Scenario, place: Place) -> Heard:
    """The server's messages up to the end of a login, but for those of MySQL that a cache of passwords decides."""
    if protocol(scenario) == "postgresql":
        return trace_postgres(place)
    heard = trace_mysql(place)
    words = [word.partition(" ")[2] for word in heard["messages"]]
    return {**heard, "messages": [word for word in words if not word.startswith("auth-more")]}


def protocol(scenario: Scenario) -> str:
    return "postgresql" if scenario.engine == "postgresql" else "mysql"


def on_the_wire(scenario: Scenario) -> tuple[Behaviour, Mapping[str, str]] | None:
    """All that decides what a client hears; None for a scenario whose servers are well and whose fault is elsewhere."""
    behaviour = scenario.behaviour
    if isinstance(behaviour, PostgresServer | MysqlServer):
        certificate = "" if behaviour.certificate == "good" else behaviour.certificate
        answers = tuple(one for one in behaviour.answers if one.error is not None)
        read_only = {key: value for key, value in behaviour.settings.items() if "read_only" in key}
        behaviour = replace(behaviour, certificate=certificate, answers=answers, settings=read_only)
    if isinstance(behaviour, MysqlServer):
        behaviour = replace(behaviour, version="", plugin="", cached=True)
        well = (MysqlServer(version="", plugin=""), replace(MARIADB, version="", plugin=""))
        return None if behaviour in well else (behaviour, scenario.client.options)
    return None if behaviour == PostgresServer() else (behaviour, scenario.client.options)


def as_versioned(scenario: Scenario, world: World) -> Scenario:
    """The scenario; where PostgreSQL's clients meet MySQL, in the real one's version, whose length they are told."""
    behaviour = scenario.behaviour
    if protocol(scenario) == "mysql" or not isinstance(behaviour, MysqlServer):
        return scenario
    version = str(world.mysql.sql("SELECT VERSION()")[0][0])
    return replace(scenario, listens=(replace(behaviour, version=version),))


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.name in REAL], ids=lambda one: one.name)
def test_same_as_the_real_server(world: World, clients: dict[str, Clients], scenario: Scenario) -> None:
    asked = ASKED.get(scenario.name, ("SELECT 1",))
    patience = 2 if scenario.name in SILENT else PATIENCE
    mine = clients[protocol(scenario)]
    with (
        serve(as_versioned(scenario, world)) as running,
        REAL[scenario.name](world, running) as place,
    ):
        own = Place.of(running, patience)
        assert hear(mine, own, asked) == hear(mine, replace(place, patience=patience), asked)
        if scenario.name not in UNTRACED:
            assert listen(scenario, own) == listen(scenario, place)


def test_every_scenario_is_compared_or_says_why_not() -> None:
    known = [None, *(on_the_wire(get(name)) for name in (*REAL, *UNREPRODUCED))]
    open_ones = [one.name for one in SCENARIOS if on_the_wire(one) not in known]
    assert not open_ones, (
        f"compare {', '.join(open_ones)} with the real server: add a line to REAL of tests/live/real_faults.py that "
        "makes the fault, or, where that cannot be done, one to tests/live/unreproduced_scenarios.yaml that says why"
    )


def test_the_tables_name_scenarios_that_exist() -> None:
    names = {one.name for one in SCENARIOS}
    assert {*REAL, *UNREPRODUCED, *ASKED, *UNTRACED} <= names
    assert not set(REAL) & set(UNREPRODUCED)


POSTGRES_SESSION = (
    "SELECT 1",
    "SELECT 1; SELECT 2",
    "SELEC 1",
    "SELECT 1; FOO BAR",
    "  ",
    "ROLLBACK",
    "BEGIN",
    "  WRONG",
    "SELECT 1",
    "ROLLBACK",
    "SET application_name = 'x'",
    "SHOW server_encoding",
    "SELECT current_user, current_database()",
    "SELECT 1 AS one WHERE true",
    "CREATE TEMP TABLE fresh (n int)",
    "INSERT INTO fresh VALUES (1)",
)
MYSQL_SESSION = (
    "SELECT 1",
    "SELECT 1 LIMIT 1",
    "SHOW WARNINGS",
    f"USE {DATABASE}",
    "USE nowhere",
    "SELEC 1",
    "SELECT DATABASE(), CURRENT_USER()",
    "CREATE TEMPORARY TABLE fresh (n int)",
    "INSERT INTO fresh VALUES (1)",
)
PG_PREPARED = (
    {"text": "SELECT 1 AS one", "values": []},
    {"text": "SELECT 1 WHERE 1 = $1", "values": [1]},
    {"text": "SELEC $1", "values": [1]},
    "BEGIN",
    {"text": "WRONG", "values": [1]},
    {"text": "SELECT 1", "values": [1]},
    "ROLLBACK",
    "SELECT 1",
)
MYSQL2_PREPARED = (
    "SELECT 1; SELECT 2",
    {"text": "SELECT 1 AS one", "values": []},
    {"text": "SELECT 'a', NULL, 5", "values": []},
    {"text": "SELECT 1 WHERE 1 = ?", "values": [1]},
    {"text": "SELEC ?", "values": [1]},
    "CHANGE USER {user} {password}",
    "SELECT 1",
    "CHANGE USER {user} wrong",
    "SELECT 1",
)


def compare(clients: Clients, own: Place, place: Place, statements: Sequence[Any]) -> None:
    """The same session with both, statement by statement."""

    def said_to(there: Place) -> list[Any]:
        known = {"user": there.user, "password": there.password}
        return [one.format(**known) if isinstance(one, str) else one for one in statements]

    at_server = hear(clients, place, said_to(place))
    for name, mine in hear(clients, own, said_to(own)).items():
        real = at_server[name]
        assert mine["connect"] == real["connect"] is None, name
        for statement, ours, theirs in zip(statements, mine["results"], real["results"], strict=True):
            assert ours == theirs, f"{name}: {statement}"


def test_a_session_of_postgresql(world: World, clients: dict[str, Clients]) -> None:
    mine = dict(clients["postgresql"])
    psql = {"psql": mine.pop("psql")}
    scenario = get("healthy-postgresql")
    with serve(scenario) as running, on("secure")(world, running) as place:
        own = Place.of(running)
        compare(mine, own, place, POSTGRES_SESSION)
        compare({"pg": mine["pg"]}, own, place, PG_PREPARED)
        for statements in (POSTGRES_SESSION[:-1], ("BEGIN", "SELEC", "SELECT 1", "COMMIT"), (r"\conninfo",)):
            assert hear(psql, own, statements) == hear(psql, place, statements)
        assert hear(psql, own, (r"\l",))["psql"]["exit"] == 0
        assert listen(scenario, own) == listen(scenario, place)


@pytest.mark.parametrize("brand", ["mysql", "mariadb"])
def test_a_session_of_mysql_and_mariadb(world: World, clients: dict[str, Clients], brand: str) -> None:
    mine = dict(clients["mysql"])
    program = {"mariadb": mine.pop("mariadb")}
    scenario = get("healthy-mysql") if brand == "mysql" else replace(get("healthy-mysql"), listens=(MARIADB,))
    with serve(scenario) as running, on(brand, user=LOCAL)(world, running) as place:
        own = Place.of(running)
        compare(mine, own, place, MYSQL_SESSION)
        compare({"mysql2": mine["mysql2"]}, own, place, MYSQL2_PREPARED)
        for statement in MYSQL_SESSION[:-1]:
            assert hear(program, own, [statement]) == hear(program, place, [statement])
        assert listen(scenario, own) == listen(scenario, place)


@pytest.mark.parametrize("password", ["right", "wrong"])
@pytest.mark.parametrize(
    ("brand", "plugin", "user"),
    [
        ("mysql", "caching_sha2_password", LOCAL),
        ("mysql", "sha256_password", "digest_app"),
        ("mariadb", NATIVE, LOCAL),
    ],
)
def test_a_proof_of_the_password(
    world: World, clients: dict[str, Clients], brand: str, plugin: str, user: str, password: str
) -> None:
    """Without TLS, and without a cached proof: packet by packet as the real server asks for it."""
    told = "changed" if password == "wrong" else PRACTICE_PASSWORD
    server = MARIADB if brand == "mariadb" else MysqlServer(account_plugin=plugin, cached=False)
    scenario = replace(get("healthy-mysql"), listens=(replace(server, password=told),))
    plain = {"ssl_disabled": "true"}
    with serve(scenario) as running, on(brand, user=user)(world, running) as real:
        own = replace(Place.of(running), options=plain)
        place = replace(real, options=plain, password=WRONG if password == "wrong" else real.password)
        if brand == "mysql":
            world.mysql.sql("FLUSH PRIVILEGES")  # which empties the cache
        assert trace_mysql(own) == trace_mysql(place)
        mine = clients["mysql"]
        assert hear(mine, own, ("SELECT 1",)) == hear(mine, place, ("SELECT 1",))
