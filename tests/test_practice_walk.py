"""Every scenario of the practice range, walked with real probes and trees: cause, secrets, time, imports."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.probes.peers import PASSWORD, Behaviour, after_startup, target_of
from tests.support.cli import CHILD, encodings
from tests.support.sockets import listening, say
from wizard.content.load import open_content
from wizard.core.facts import Value
from wizard.core.walk import Walk
from wizard.drive import OVERTIME, Prober, answer_from, drive
from wizard.explain import Summary, explain
from wizard.practice import Answer, Running, Scenario, get, list_scenarios, serve
from wizard.practice.model import PASSWORD as RANGE_PASSWORD
from wizard.practice.model import MysqlServer, PostgresServer
from wizard.probes import find
from wizard.redact import Redactor
from wizard.report import report, target_summary
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.target.parse import parse_target
from wizard.wire import postgres_server

CONTENT = open_content()
WAIT = 0.5
"""Seconds for a connection and a first word; longer than the slowest scenario takes."""
NO_ERROR = "no error"
"""The symptom of a scenario with nothing wrong."""
LIMIT = 3.0
"""Seconds for a scenario; on a machine with nothing else to do none takes half of it."""
HERE: dict[str, str] = {"runtime": "host"}
"""The tests may run in a container, where a refusal by localhost has another likeliest cause."""


def walk_to(target: Target) -> tuple[Walk, dict[str, object]]:
    """The finished walk to a target, from where the test runs, and its report."""
    runtime = Runtime(target, {}, connect_timeout=WAIT, ends=time.monotonic() + 15)
    return walked(runtime, HERE)


def walk_there(running: Running, target: Target | None = None) -> tuple[Walk, dict[str, object]]:
    """The finished walk of a scenario, with all that it has besides its server, and its report."""
    chosen = target or running.targets()[0]
    runtime = running.runtime(chosen, CONTENT.platforms, connect_timeout=WAIT, ends=time.monotonic() + 15)
    return walked(runtime, running.answers(CONTENT))


def walked(runtime: Runtime, answers: dict[str, str]) -> tuple[Walk, dict[str, object]]:
    target, known = runtime.target, dict[str, Value](answers)
    prober = Prober(runtime, CONTENT.tree)
    try:
        walk = drive(Walk.start(CONTENT.tree, known), prober.run, answer_from(answers))
    finally:
        prober.close()
    redactor = Redactor([target.password] if target.password else [])
    return walk, report(walk, CONTENT, target_summary(target), started=0.0, elapsed_ms=0.0, redactor=redactor)


def with_awkward_password(scenario: Scenario) -> Scenario:
    """The same servers, with a password that needs every kind of quoting."""
    servers = tuple(
        replace(one, password=PASSWORD)
        if isinstance(one, (PostgresServer, MysqlServer)) and one.password == RANGE_PASSWORD
        else one
        for one in scenario.listens
    )
    return replace(scenario, listens=servers)


def awkward(running: Running) -> Target:
    """The range's own URL with that password, in the surroundings of the scenario."""
    url = running.url.replace(f":{RANGE_PASSWORD}@", f":{quote(PASSWORD, safe='')}@", 1)
    return parse_target(url, environ=running.environment, home=running.files)


def story(made: dict[str, object]) -> str:
    shown = {key: made[key] for key in ("status", "cause", "layers", "steps", "facts", "evidence")}
    return json.dumps(shown, indent=1, ensure_ascii=False)


@pytest.mark.parametrize("scenario", list_scenarios(), ids=lambda scenario: scenario.name)
def test_the_walk_finds_the_scenarios_cause(scenario: Scenario) -> None:
    began = time.monotonic()
    with serve(scenario) as running:
        walk, made = walk_there(running)
        spent = time.monotonic() - began
    told = story(made)
    assert made["cause"] == scenario.cause, told
    assert made["status"] == {"healthy": "healthy", "inconclusive": "inconclusive"}.get(
        scenario.cause, "fault"
    ), told
    assert set(scenario.candidates) <= candidates_of(made), told
    assert spent < LIMIT, told
    for hop in walk.trail:
        if hop.kind == "probe":
            assert hop.ms <= (find(CONTENT.tree.node(hop.node).probe).deadline + OVERTIME) * 1000, hop


def candidates_of(made: dict[str, object]) -> set[str]:
    candidates = made["candidates"]
    assert isinstance(candidates, list)
    return {one["cause"] for one in candidates}


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario",
    [one for one in list_scenarios() if one.client.url is None],
    ids=lambda scenario: scenario.name,
)
def test_an_awkward_password_leads_to_the_same_cause_and_is_told_nowhere(scenario: Scenario) -> None:
    with serve(with_awkward_password(scenario)) as running:
        walk, made = walk_there(running, awkward(running))
    assert made["cause"] == scenario.cause, story(made)
    whole = json.dumps(made, ensure_ascii=False) + repr(walk.events) + repr(walk.facts.as_dict())
    for text in encodings(PASSWORD):
        assert text not in whole, f"the password leaks as {text!r}"


@pytest.mark.parametrize("scenario", list_scenarios(), ids=lambda scenario: scenario.name)
def test_a_finding_says_what_to_do(scenario: Scenario) -> None:
    """The page of every scenario's cause has what a reader needs; nothing of it is left unfilled by mistake."""
    page = CONTENT.page(scenario.cause)
    assert scenario.cause in CONTENT.catalogue
    assert page.get("title")
    assert page.get("fixes") or scenario.cause == "healthy"


@pytest.mark.parametrize("scenario", list_scenarios(), ids=lambda scenario: scenario.name)
def test_the_symptom_is_explained_as_the_cause(scenario: Scenario) -> None:
    """What the log shows leads to the cause, to causes that hold it, or to a mere symptom of it (or it to one)."""
    found = primary(scenario.symptom)
    if scenario.symptom == NO_ERROR:
        assert found is None
        return
    assert found is not None, "nothing is recognised in the symptom"
    cause, candidates = found
    explains = CONTENT.classifier.explains
    assert (
        scenario.cause in (cause, *candidates)
        or explains.holds(scenario.cause, cause)
        or explains.holds(cause, scenario.cause)
        or {cause, *candidates} & set(scenario.candidates)
    ), f"explain finds {cause} ({', '.join(candidates)})"


def primary(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The cause of the error that explains a text best, and its candidates."""
    summary = Summary(CONTENT.classifier.explains)
    for result in explain(text, CONTENT.classifier, CONTENT.catalogue.get):
        summary.add(result)
    if summary.primary is None:
        return None
    match = summary.primary.example.match
    return match.cause, tuple(match.candidates)


@pytest.mark.parametrize(
    "scenario",
    [one for one in list_scenarios() if "{files}" in "".join(one.client.options.values())],
    ids=lambda scenario: scenario.name,
)
def test_a_password_that_is_part_of_a_path_leaves_the_path_alone(scenario: Scenario) -> None:
    """The folder is called dbwizard-practice-…: a path with a mask in it would name a file that is not there."""
    with serve(scenario) as running:
        target = target_of(running.url.replace(f":{RANGE_PASSWORD}@", ":practice@", 1))
        _, made = walk_there(running, target)
        if target.tls.root:
            assert target.tls.root == running.options.get("sslrootcert", running.options.get("ssl_ca"))
    assert made["cause"] == scenario.cause, story(made)


def test_a_password_that_is_an_everyday_word_leaves_the_report_readable() -> None:
    """postgres/postgres is the commonest of all logins in development: the contract's own words must survive it."""
    scenario = get("wrong-password")
    with serve(scenario) as running:
        url = running.url.replace(f":{RANGE_PASSWORD}@", ":postgres@").replace("/shop", "/postgres")
        _, made = walk_to(target_of(url))
    target = made["target"]
    assert isinstance(target, dict)
    assert target["engine"] == "postgresql"
    assert target["database"] == "postgres"
    assert made["cause"] == "auth.password-wrong"
    facts = made["facts"]
    assert isinstance(facts, dict)
    assert (facts["engine"], facts["network.answer"]) == ("postgresql", "postgresql")


ERROR = postgres_server.error({"S": "FATAL", "C": "53300", "M": "sorry, too many clients already"})


@pytest.mark.parametrize(
    ("behaviour", "mode"),
    [(after_startup(ERROR[:-3]), "disable"), (say(b"", ERROR[:-3]), "prefer"), (after_startup(), "disable")],
    ids=["at-the-login", "at-the-greeting", "before-a-word"],
)
def test_a_server_that_breaks_off_is_a_dropped_connection(behaviour: Behaviour, mode: str) -> None:
    with listening("127.0.0.1", 0, behaviour) as port:
        _, made = walk_to(target_of(f"postgresql://app:hunter2@127.0.0.1:{port}/shop?sslmode={mode}"))
    assert made["cause"] == "network.dropped", story(made)


def test_noise_without_end_is_no_database() -> None:
    def noise(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"\0" * 65536)

    for engine in ("postgresql", "mysql"):
        with listening("127.0.0.1", 0, noise) as port:
            _, made = walk_to(target_of(f"{engine}://app:hunter2@127.0.0.1:{port}/shop"))
        assert made["cause"] == "network.not-a-database", story(made)


COLUMNS = (
    *("one", "recovery", "readonly", "default_readonly"),
    *("version", "statement_timeout", "database", "account"),
)


def inspected(*, standby: bool) -> Answer:
    """What the range answers to the first read of the walk."""
    word = "on" if standby else "off"
    return Answer(r"\s*SELECT 1 AS one.*", COLUMNS, ((1, standby, word, "off", "15.7", "0", "shop", "app"),))


def test_hosts_are_tried_until_one_is_of_the_kind_that_is_asked_for() -> None:
    """libpq goes on to the next host when target_session_attrs does not fit (libpq-connect, 34.1.1.3)."""
    with (
        serve(get("read-only-standby"), answers=(inspected(standby=True),)) as standby,
        serve(get("healthy-postgresql"), answers=(inspected(standby=False),)) as primary,
    ):
        hosts = f"127.0.0.1:{standby.port},127.0.0.1:{primary.port}"
        url = f"postgresql://app:{RANGE_PASSWORD}@{hosts}/shop?target_session_attrs=read-write"
        _, made = walk_to(target_of(url))
    assert made["cause"] == "healthy", story(made)


def test_a_host_of_the_list_that_is_down_is_a_warning() -> None:
    with serve(get("refused")) as down, serve(get("healthy-postgresql")) as up:
        url = f"postgresql://app:{RANGE_PASSWORD}@127.0.0.1:{down.port},127.0.0.1:{up.port}/shop"
        _, made = walk_to(target_of(url))
    assert made["status"] == "healthy", story(made)
    layers = made["layers"]
    assert isinstance(layers, list)
    assert {row["layer"]: row["outcome"] for row in layers}["network"] == "warning"


DRIVERS = {"psycopg", "psycopg_binary", "pymysql"}
HEAVY = DRIVERS | {"dns", "textual", "asyncio", "networkx", "cryptography", "rich", "wizard.practice"}
IMPORTS = """
import sys
from wizard.cli import run
status = run(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
if "wizard.practice" in sys.modules:
    print("wizard.practice", file=sys.stderr)
sys.exit(status)
"""


def modules_of(running: Running, tmp_path: Path) -> set[str]:
    """The packages that a check of this scenario imports."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            IMPORTS,
            "check",
            "--json",
            "--no-files",
            "--connect-timeout",
            "0.3",
            running.url,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**CHILD, "HOME": str(tmp_path)},
    )
    expected = 0 if running.scenario.cause == "healthy" else 1
    assert done.returncode == expected, done.stdout + done.stderr
    return set(done.stderr.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["refused", "not-a-database-http", "accepts-then-closes", "tls-unsupported", "mysql-host-blocked"]
)
def test_a_fault_before_the_login_costs_no_driver(name: str, tmp_path: Path) -> None:
    with serve(get(name)) as running:
        assert not modules_of(running, tmp_path) & HEAVY


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "healthy-postgresql",
        "healthy-mysql",
        "wrong-password",
        "mysql-access-denied",
        "unknown-database",
        "hba-no-entry",
    ],
)
def test_a_login_needs_no_driver_either(name: str, tmp_path: Path) -> None:
    with serve(get(name)) as running:
        assert not modules_of(running, tmp_path) & (DRIVERS | {"dns", "textual", "asyncio", "networkx"})
