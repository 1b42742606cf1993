"""The command line: exit statuses, streams, the shape of the report, secrets, mistakes of the user."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.probes.peers import PASSWORD, after_startup, free_port
from tests.support.cli import CHILD, encodings
from tests.support.sockets import listening
from wizard import cli
from wizard.core.tree import LAYERS
from wizard.practice import get, serve
from wizard.practice.model import PASSWORD as RANGE_PASSWORD
from wizard.wire import postgres_server

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-m", "wizard"]


class Place:
    """A home and a working directory of its own, and the program in it."""

    def __init__(self, folder: Path) -> None:
        self.home, self.cwd = folder / "home", folder / "project"
        self.patience = 20.0
        self.home.mkdir()
        self.cwd.mkdir()
        self.env = {
            **CHILD,
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "PYTHONWARNINGS": "default",
        }

    def run(self, *arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """`dbwizard` with these arguments; an empty variable is taken out of the environment."""
        wanted = {key: value for key, value in {**self.env, **env}.items() if value}
        return subprocess.run(
            [*PROGRAM, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.cwd,
            env=wanted,
            timeout=self.patience,
            check=False,
        )

    def check(self, *arguments: str, **env: str) -> dict[str, Any]:
        """The report of `check --json`; its exit status must be that of its verdict."""
        done = self.run("check", "--json", "--connect-timeout", "0.5", *arguments, **env)
        report: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == {"healthy": 0, "fault": 1, "inconclusive": 3}[report["status"]], done.stderr
        assert "Traceback" not in done.stderr
        return report


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def closed_url() -> str:
    return f"postgresql://app:hunter2@127.0.0.1:{free_port()}/shop"


def assert_no_secret(done: subprocess.CompletedProcess[str], secret: str) -> None:
    for text in encodings(secret):
        assert text not in done.stdout, f"{text!r} is on standard output"
        assert text not in done.stderr, f"{text!r} is on standard error"


class Inside:
    """`wizard.cli.run` in this process, for the many small mistakes: what it writes and how it leaves."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same result as that of a child process; what is raised goes through."""
        status = cli.run(list(arguments))
        out, err = self.capsys.readouterr()
        return subprocess.CompletedProcess(list(arguments), status, out, err)


@pytest.fixture
def inside(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inside:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return Inside(capsys)


def assert_usage_error(done: subprocess.CompletedProcess[str]) -> str:
    """Exit 2, nothing on standard output, one clear sentence on standard error: that sentence."""
    assert done.returncode == 2, f"{done.stdout}\n{done.stderr}"
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("dbwizard: ")
    assert len(lines[0]) > 25
    return lines[0]


# Exit statuses


def test_healthy_is_0(place: Place) -> None:
    with serve(get("healthy-postgresql")) as running:
        done = place.run("check", running.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "healthy" in done.stdout


def test_a_fault_is_1(place: Place) -> None:
    done = place.run("check", closed_url())
    assert (done.returncode, done.stderr) == (1, "")
    assert "network." in done.stdout


def test_no_settings_anywhere_is_a_fault_and_no_usage_error(place: Place) -> None:
    assert place.check()["cause"] == "config.missing"


def test_words_that_no_rule_knows_are_inconclusive_which_is_3(place: Place) -> None:
    said = postgres_server.error({"S": "FATAL", "C": "P0001", "M": "the flux capacitor is discharged"})
    with listening("127.0.0.1", 0, after_startup(said)) as port:
        report = place.check(f"postgresql://app:hunter2@127.0.0.1:{port}/shop?sslmode=disable")
    assert (report["status"], report["cause"]) == ("inconclusive", "inconclusive")
    assert any("flux capacitor" in one["text"] for one in report["evidence"])


def test_no_time_at_all_is_inconclusive(place: Place) -> None:
    report = place.check("--timeout", "0.001", closed_url())
    assert report["status"] == "inconclusive"
    assert report["candidates"]


@pytest.mark.parametrize("how", ["--json", "--no-files"])
def test_an_interrupt_is_130_at_once_and_without_a_traceback(place: Place, how: str) -> None:
    reached = threading.Event()

    def deaf(connection: socket.socket) -> None:
        reached.set()
        while connection.recv(4096):
            pass

    with listening("127.0.0.1", 0, deaf) as port:
        url = f"postgresql://app:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/shop"
        child = subprocess.Popen(
            [*PROGRAM, "check", how, "--connect-timeout", "15", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=place.cwd,
            env=place.env,
        )
        assert reached.wait(10)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=10)
    assert child.returncode == 130
    assert time.monotonic() - began < 2.0
    assert "Traceback" not in err
    assert out == ""
    assert_no_secret(subprocess.CompletedProcess([], 130, out, err), PASSWORD)


def test_the_timeout_bounds_the_whole_walk(place: Place) -> None:
    with listening("127.0.0.1", 0, None) as port:
        url = f"mysql://app:hunter2@127.0.0.1:{port}/shop"
        began = time.monotonic()
        done = place.run("check", "--timeout", "1", "--connect-timeout", "60", url)
    assert 0.9 < time.monotonic() - began < 2.5
    assert done.returncode in (1, 3)


# The report


def test_the_report_has_the_shape_of_the_contract(place: Place) -> None:
    with serve(get("wrong-password")) as running:
        report = place.check(running.url.replace(f":{RANGE_PASSWORD}@", ":not-this-one@"))
    assert report["schema"] == "dbwizard.report/1"
    assert report["version"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", report["started"])
    assert isinstance(report["elapsed_ms"], int)
    assert (report["status"], report["cause"]) == ("fault", "auth.password-wrong")
    assert len(report["title"]) <= 100
    assert all(set(one) >= {"cause", "why"} for one in report["candidates"])
    target = report["target"]
    assert {key: target[key] for key in ("engine", "host", "port", "user", "database", "password")} == {
        "engine": "postgresql",
        "host": "127.0.0.1",
        "port": running.port,
        "user": "app",
        "database": "shop",
        "password": "set",
    }
    assert isinstance(target["options"], dict)
    assert target["source"] == "command line"
    assert any(one["code"] == "28P01" and one["layer"] == "auth" for one in report["evidence"])


def test_a_password_that_is_not_there_is_told_as_missing(place: Place) -> None:
    report = place.check(closed_url().replace(":hunter2", ""))
    assert report["target"]["password"] == "missing"
    assert report["facts"]["auth.password-given"] is False


def test_a_password_that_is_a_word_of_the_report_leaves_its_keys_and_ids_alone(place: Place) -> None:
    report = place.check(closed_url().replace(":hunter2", ":network"))
    assert report["facts"]["network.outcome"] == "refused"
    assert report["cause"].startswith("network.")
    assert all("." in one["cause"] and "•" not in one["cause"] for one in report["candidates"])
    assert "•" not in "".join(report["findings"][0]["see_also"])


def test_layers_are_in_their_order_with_the_five_outcomes(place: Place) -> None:
    report = place.check(closed_url())
    assert tuple(row["layer"] for row in report["layers"])[: len(LAYERS)] == LAYERS
    for row in report["layers"]:
        assert row["outcome"] in ("ok", "fault", "warning", "skipped", "unknown")
        assert isinstance(row["ms"], (int, float))
        assert isinstance(row["summary"], str)
    faults = [row["layer"] for row in report["layers"] if row["outcome"] == "fault"]
    assert faults == ["network", "server"], "the service is down, and this is the server's own host"


def test_steps_tell_who_decided(place: Place) -> None:
    report = place.check("--answer", "runtime=host", closed_url())
    assert report["facts"]["runtime"] == "host"
    assert {row["by"] for row in report["steps"]} <= {"probe", "user", "flag", "default"}
    for row in report["steps"]:
        assert set(row) >= {"node", "kind", "outcome", "ms", "by"}


def test_a_finding_has_fixes_with_commands(place: Place) -> None:
    with serve(get("hba-no-entry")) as running:
        report = place.check(running.url)
    finding = report["findings"][0]
    assert finding["cause"] == report["cause"] == "auth.hba-no-entry"
    assert set(finding) >= {"title", "meaning", "why_here", "fixes", "avoid", "verify", "sources"}
    assert finding["fixes"]
    for fix in finding["fixes"]:
        assert set(fix) >= {"title", "when", "why", "risk", "commands"}
        assert fix["risk"] in ("safe", "reload", "restart", "destructive")
    commands = [one for fix in finding["fixes"] for one in fix["commands"]] + finding["verify"]
    assert commands
    for one in commands:
        assert one["language"] in ("sh", "sql", "conf", "yaml", "python")
        assert one["where"] in ("app-host", "db-host", "psql", "mysql", "console", "config")
        assert one["text"].strip()


def test_an_answer_of_unknown_does_not_hide_what_is_seen(place: Place) -> None:
    report = place.check("--answer", "managed=unknown", "--answer", "runtime=unknown", closed_url())
    assert report["facts"]["managed"] == "none"
    assert report["facts"]["runtime"] in ("host", "docker", "compose", "kubernetes")


def test_the_report_without_json_is_text_for_people(place: Place) -> None:
    done = place.run("check", closed_url())
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 400
    assert "[network." in done.stdout


def test_discovery_reads_the_environment_and_no_files_leaves_files_alone(place: Place) -> None:
    (place.cwd / ".env").write_text(f"DATABASE_URL={closed_url()}\n")
    assert place.check()["target"]["host"] == "127.0.0.1"
    assert place.check("--no-files")["cause"] == "config.missing"
    assert "DATABASE_URL" in place.check("--no-files", DATABASE_URL=closed_url())["target"]["source"]


# Mistakes on the command line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["check", "--bogus"], "--bogus"),
        (["check", "one", "two", "three"], "2 arguments too many"),
        (["check", "--json=yes"], "--json takes no value"),
        (["check", "--admin=x", "--oops=yes", "-v"], "--oops -v"),
        (["causes", "network.refusd"], "network.refused"),
        (["check", "--timeout", "soon"], "soon"),
        (["check", "--timeout", "-1"], "timeout"),
        (["check", "--timeout", "nan"], "nan"),
        (["check", "--connect-timeout", "0"], "connect-timeout"),
        (["check", "--timeout"], "--timeout"),
        (["check", "--engine", "oracle", "127.0.0.1"], "oracle"),
        (["check", "--answer", "runtme=host"], "runtime"),
        (["check", "--answer", "runtime=dokcer"], "docker"),
        (["check", "--answer", "runtime"], "QUESTION=VALUE"),
        (["check", "--answer", "=host"], "question"),
        (["check", "--trees", "/no/such/folder"], "/no/such/folder"),
        (["check", "--password-stdin", "postgresql://app@127.0.0.1/d"], "standard input"),
        (["tree", "dance"], "dance"),
        (["export", "--format", "docx"], "docx"),
        (["explain", "--bogus"], "--bogus"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_clear_sentence(inside: Inside, arguments: list[str], named: str) -> None:
    sentence = assert_usage_error(inside.run(*arguments))
    assert named in sentence


@pytest.mark.parametrize(
    "arguments",
    [
        ["--password", "hunter2-secret", "postgresql://app@127.0.0.1:1/d"],
        ["--password=hunter2-secret", "postgresql://app@127.0.0.1:1/d"],
        ["postgresql://app@127.0.0.1:1/d", "--password", "hunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "-p", "hunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "-phunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "-xhunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "--json=hunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "hunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "-hhunter2-secret"],
        ["postgresql://app@127.0.0.1:1/d", "postgresql://app:hunter2-secret@127.0.0.1:1/d"],
        ["postgresql://app@127.0.0.1:1/d", "host=h password=hunter2-secret"],
        ["--engine", "postgresql://app:hunter2-secret@127.0.0.1/d", "x"],
        ["--timeout", "postgresql://app:hunter2-secret@127.0.0.1/d"],
    ],
    ids=" ".join,
)
def test_a_password_in_the_wrong_place_is_not_repeated(inside: Inside, arguments: list[str]) -> None:
    done = inside.run("check", *arguments)
    assert_usage_error(done)
    assert_no_secret(done, "hunter2-secret")


def test_help_and_version_are_on_standard_output(place: Place) -> None:
    for arguments in (["--help"], ["check", "--help"], ["--version"]):
        done = place.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "dbwizard" in done.stdout


def tree(text: str) -> dict[str, str]:
    return {"trees/own.yaml": text}


NODE = "layer: network\nnodes:\n  own.node:\n    probe: network.connect\n    edges:\n"


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (tree("nodes: [unclosed\n"), "own.yaml"),
        (tree("nodes:\n\t- tab\n"), "own.yaml"),
        (tree("just words\n"), "own.yaml"),
        (tree("layer: network\nnodez: {}\n"), "nodez"),
        (tree("layer: networks\nnodes: {}\n"), "networks"),
        (tree("nodes: {own.node: [1, 2]}\n"), "own.node"),
        (
            tree(NODE + "      - {when: {network.outcome: refused}, goto: found.network.refused}\n"),
            "own.node",
        ),
        (
            tree(NODE + "      - {when: {network.outcome: refused}, go: found.network.refusd}\n"),
            "network.refusd",
        ),
        (tree(NODE + "      - {when: {network.outcome: refused}, go: no.such.node}\n"), "no.such.node"),
        (
            tree(NODE + "      - {when: {network.outcom: refused}, go: found.network.refused}\n"),
            "network.outcom",
        ),
        (tree(NODE + "      - {when: {network.outcome: refusd}, go: found.network.refused}\n"), "refusd"),
        (tree(NODE.replace("network.connect", "network.conect") + "      []\n"), "network.conect"),
        (tree(NODE.replace("probe:", "prob:") + "      []\n"), "prob"),
        (
            tree("nodes:\n  config.settings:\n    probe: no.such-probe\n    else: found.healthy\n"),
            "no.such-probe",
        ),
        (
            tree("nodes:\n  config.settings: {ask: no-such-question, else: found.healthy}\n"),
            "no-such-question",
        ),
        (
            {
                "messages/own.yaml": "origin: own\nrules:\n  - {id: x, cause: network.refused, pattern: '(['}\n"
            },
            "own.yaml",
        ),
        ({"questions.yaml": "questions: [a, b]\n"}, "questions.yaml"),
        ({"facts.yaml": "facts: words\n"}, "facts.yaml"),
    ],
    ids=lambda value: next(iter(value.values()))[:60] if isinstance(value, dict) else "",
)
def test_a_tree_that_is_wrong_is_a_sentence_with_its_file(
    inside: Inside, tmp_path: Path, files: dict[str, str], named: str
) -> None:
    for name, text in files.items():
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    said = postgres_server.error({"S": "FATAL", "C": "P0001", "M": "the flux capacitor is discharged"})
    with listening("127.0.0.1", 0, after_startup(said)) as port:
        url = f"postgresql://app:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/shop?sslmode=disable"
        done = inside.run("check", "--connect-timeout", "0.5", "--trees", "own", url)
    assert_no_secret(done, PASSWORD)
    assert_content_error(done, named)


def assert_content_error(done: subprocess.CompletedProcess[str], named: str) -> None:
    assert done.returncode == 2, done.stdout[:300] + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert named in done.stderr
    assert len(done.stderr) < 1500
    assert all(line.startswith("dbwizard: ") for line in done.stderr.splitlines())


def test_a_tree_that_goes_in_circles_is_refused_before_the_walk(place: Place) -> None:
    (place.cwd / "trees").mkdir()
    circle = (
        "nodes:\n  config.settings: {edges: [], else: loop}\n  loop: {edges: [], else: config.settings}\n"
    )
    (place.cwd / "trees" / "own.yaml").write_text(circle)
    place.patience = 6.0
    assert_content_error(place.run("check", "--trees", ".", closed_url()), "loop")


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_what_is_left_over_is_for_the_lint_and_not_for_a_run(inside: Inside, tmp_path: Path) -> None:
    """Replacing a node is what --trees is for; what only it led to is left over and does no harm."""
    own = "layer: config\nnodes:\n  config.settings: {edges: [], else: found.healthy}\n"
    write(tmp_path / "own", {"trees/own.yaml": own})
    done = inside.run("check", "--trees", "own", "postgresql://app@127.0.0.1:1/d")
    assert (done.returncode, done.stderr) == (0, "")
    later = "not-yet: {network.refused: x, network.refusd: y, network.own: needs a look}\n"
    causes = "causes: {network.own: words, network.lost: words}\n"
    write(tmp_path / "own", {"catalogue.yaml": causes + later})
    lint = inside.run("tree", "lint", "--trees", "own")
    assert (lint.returncode, lint.stderr) == (2, "")
    said = lint.stdout
    assert "cannot be reached" in said
    assert "not-yet.network.refused: 'network.refused' is named by now" in said
    assert "'network.refusd' is not in the catalogue; did you mean 'network.refused'?" in said
    assert "causes.network.lost: no node and no message rule names this cause" in said
    assert "causes.network.own: no node" not in said


def test_of_many_mistakes_the_first_are_told_and_the_rest_counted(inside: Inside, tmp_path: Path) -> None:
    write(tmp_path / "own", {"catalogue.yaml": "causes:\n" + "".join(f"  x.y{n}: z\n" for n in range(30))})
    done = inside.run("check", "--trees", "own", "postgresql://app@127.0.0.1:1/d")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith("dbwizard: own/catalogue.yaml:")
    assert "more" in lines[-1]
    assert len(lines) == 21


# Secrets


def stated(way: str, place: Place, port: int) -> tuple[list[str], dict[str, str], str]:
    """(arguments, environment, standard input) that state the password in one way."""
    plain = f"postgresql://app@127.0.0.1:{port}/shop"
    encoded = f"postgresql://app:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/shop"
    if way == "url":
        return [f"postgresql://app:{PASSWORD}@127.0.0.1:{port}/shop"], {}, ""
    if way == "percent-encoded":
        return [encoded], {}, ""
    if way == "every byte encoded":
        every = "".join(f"%{byte:02x}" for byte in PASSWORD.encode())
        return [f"postgresql://app:{every}@127.0.0.1:{port}/shop"], {}, ""
    if way == "dsn":
        return [f"host=127.0.0.1 port={port} user=app dbname=shop password='{PASSWORD}'"], {}, ""
    if way == "jdbc":
        return (
            [f"jdbc:postgresql://127.0.0.1:{port}/shop?user=app&password={quote(PASSWORD, safe='')}"],
            {},
            "",
        )
    if way == "PGPASSWORD":
        return [plain], {"PGPASSWORD": PASSWORD}, ""
    if way == "DATABASE_URL":
        return [], {"DATABASE_URL": encoded}, ""
    if way == "DB_*":
        names = {"DB_HOST": "127.0.0.1", "DB_PORT": str(port), "DB_USER": "app", "DB_NAME": "shop"}
        return [], {**names, "DB_ENGINE": "postgresql", "DB_PASSWORD": PASSWORD}, ""
    if way == ".env":
        (place.cwd / ".env").write_text(f"DATABASE_URL='{encoded}'\n")
        return [], {}, ""
    if way == "pgpass":
        path = place.home / ".pgpass"
        path.touch(0o600)
        path.write_text(f"127.0.0.1:{port}:shop:app:{PASSWORD}\n")
        return [plain], {}, ""
    return ["--password-stdin", plain], {}, PASSWORD + "\n"


@pytest.mark.parametrize(
    "way",
    [
        *(
            "url",
            "percent-encoded",
            "every byte encoded",
            "dsn",
            "jdbc",
            "PGPASSWORD",
            "DATABASE_URL",
            "DB_*",
        ),
        *(".env", "pgpass", "--password-stdin"),
    ],
)
def test_a_password_given_in_any_way_never_comes_out(place: Place, way: str) -> None:
    with serve(get("wrong-password")) as running:
        arguments, env, stdin = stated(way, place, running.port)
        flags = ["--json"] if len(way) % 2 else []
        done = place.run("check", *flags, "--connect-timeout", "1", *arguments, stdin=stdin, **env)
    assert_no_secret(done, PASSWORD)
    assert done.returncode == 1, done.stdout + done.stderr
    if way != "url":
        # Written as it is into a URL, this password breaks it; that is a fault of its own.
        assert "auth.password-wrong" in done.stdout


@pytest.mark.parametrize("way", ["url", "MYSQL_PWD", "my.cnf", "--password-stdin"])
def test_a_password_for_mysql_never_comes_out(place: Place, way: str) -> None:
    with serve(get("mysql-access-denied")) as running:
        url = f"mysql://app@127.0.0.1:{running.port}/shop"
        arguments, env, stdin = [url], {}, ""
        if way == "url":
            arguments = [url.replace("app@", f"app:{quote(PASSWORD, safe='')}@")]
        elif way == "MYSQL_PWD":
            env = {"MYSQL_PWD": PASSWORD}
        elif way == "my.cnf":
            (place.home / ".my.cnf").write_text(f'[client]\nuser=app\npassword="{PASSWORD}"\n')
        else:
            arguments, stdin = ["--password-stdin", url], PASSWORD + "\n"
        done = place.run("check", "--json", "--connect-timeout", "1", *arguments, stdin=stdin, **env)
    assert_no_secret(done, PASSWORD)
    report = json.loads(done.stdout)
    assert report["cause"] == "auth.access-denied"
    assert report["target"]["password"] == "set"


def test_a_server_that_repeats_the_password_is_not_repeated(place: Place) -> None:
    said = postgres_server.error(
        {"S": "FATAL", "C": "28P01", "M": f"bad password {PASSWORD}", "D": quote(PASSWORD, safe="")}
    )
    with listening("127.0.0.1", 0, after_startup(said)) as port:
        url = f"postgresql://app:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/shop?sslmode=disable"
        for flags in (["--json"], []):
            assert_no_secret(place.run("check", *flags, url), PASSWORD)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://app:hunter2#x/y?z@127.0.0.1:1/shop",
        "postgresql://app:hunter2#x/y?z@127.0.0.1:notaport/shop",
        "mysql://app:hunter2#x/y?z@",
        "host=127.0.0.1 port=1 user=app password='hunter2#x/y?z",
        "app:hunter2#x/y?z@tcp(127.0.0.1:1)/shop",
        "jdbc:mysql://127.0.0.1:1/shop?user=app&password=hunter2#x/y?z",
    ],
)
def test_a_connection_text_that_is_broken_gives_no_password_away(place: Place, text: str) -> None:
    for flags in (["--json"], []):
        done = place.run("check", "--connect-timeout", "0.5", *flags, text)
        assert done.returncode in (1, 2)
        assert "hunter2" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


# Surroundings


def test_without_home_it_works(place: Place) -> None:
    assert place.check(closed_url(), HOME="", XDG_STATE_HOME="")["status"] == "fault"
    assert place.check(closed_url(), HOME="/proc/no-home")["status"] == "fault"


ASCII = {
    "LANG": "C",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "ascii",
}


def test_in_an_ascii_terminal_the_text_is_ascii(place: Place) -> None:
    done = place.run("check", closed_url(), **ASCII)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.isascii()
    assert "[network." in done.stdout
    assert "?  [" not in done.stdout


def test_in_an_ascii_terminal_the_json_loses_nothing(place: Place) -> None:
    report = place.check(f"postgresql://j%C3%B6rg:hunter2@127.0.0.1:{free_port()}/gesch%C3%A4ft", **ASCII)
    assert (report["target"]["user"], report["target"]["database"]) == ("jörg", "geschäft")


def test_in_an_ascii_terminal_explain_loses_nothing(place: Place) -> None:
    said = 'FATAL: role "jörg" does not exist'
    done = place.run("explain", "--json", said, **{**ASCII, "PYTHONUTF8": "1"})
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stdout.isascii()
    assert {one["text"] for one in told} == {said}


def test_a_working_directory_that_is_gone_is_no_obstacle(place: Place) -> None:
    gone = place.cwd / "gone"
    gone.mkdir()
    script = 'rmdir ../gone; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *PROGRAM, "check", "--json", closed_url()],
        capture_output=True,
        text=True,
        cwd=gone,
        env=place.env,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["status"] == "fault"


def shell(place: Place, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which `"$@"` is the program with its arguments."""
    bash = shutil.which("bash") or "sh"
    return subprocess.run(
        [bash, "-c", script, "sh", *PROGRAM, *arguments],
        capture_output=True,
        text=True,
        cwd=place.cwd,
        env=place.env,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("flag", ["--json", "--no-files"])
def test_a_reader_that_leaves_early_is_no_error(place: Place, flag: str) -> None:
    done = shell(place, '"$@" | head -1', "check", flag, closed_url())
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_a_reader_that_is_gone_does_not_make_a_fault_healthy(place: Place) -> None:
    """`| true` with pipefail: whoever looks at the status must not be told 0."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [*PROGRAM, "check", "--json", closed_url()],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            cwd=place.cwd,
            env=place.env,
            timeout=20,
            check=False,
        )
    assert (done.stderr, done.returncode) == ("", 1)


def test_without_a_standard_output_the_status_still_tells(place: Place) -> None:
    done = shell(place, '"$@" >&-', "check", closed_url())
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "dbwizard: standard output is closed: what there is to say is not shown, only the exit status"
    ]


@pytest.mark.parametrize("arguments", [["check"], ["causes"], ["check", "--help"]], ids=" ".join)
def test_a_full_disk_behind_standard_output_is_told_in_a_sentence(place: Place, arguments: list[str]) -> None:
    url = [closed_url()] if arguments == ["check"] else []
    assert_usage_error(shell(place, '"$@" >/dev/full', *arguments, *url))


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_streams_that_are_closed_change_no_verdict(place: Place, closed: str) -> None:
    done = shell(place, f'"$@" {closed}', "check", closed_url())
    assert (done.returncode, done.stderr) == (1, "")
    assert ("[network." in done.stdout) is (">&-" not in closed.replace("2>&-", ""))


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_a_mistake_that_cannot_be_told_is_still_2(place: Place, closed: str) -> None:
    assert shell(place, f'"$@" {closed}', "check", "--bogus").returncode == 2


def test_a_user_name_that_is_no_text_is_sent_as_it_is(place: Place) -> None:
    """libpq passes bytes on; what the server says to them is the verdict."""
    said = postgres_server.error(
        {"S": "FATAL", "C": "28P01", "M": 'password authentication failed for user "?"'}
    )
    with listening("127.0.0.1", 0, after_startup(said)) as port:
        done = subprocess.run(
            [
                *PROGRAM,
                "check",
                "--json",
                b"postgresql://\xff\xfe:p@127.0.0.1:%d/\x1b[31m?sslmode=disable" % port,
            ],
            capture_output=True,
            text=True,
            cwd=place.cwd,
            env=place.env,
            timeout=20,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    assert json.loads(done.stdout)["cause"].startswith(("auth.", "config."))


def test_escape_sequences_of_a_server_never_reach_the_terminal(place: Place) -> None:
    escape = "\x1b]0;owned\x07\x1b[31m\u202e\x9b1m"
    fields = {"S": "FATAL", "C": "28P01", "M": f"no{escape}", "D": f"detail{escape}", "H": f"hint{escape}"}
    with listening("127.0.0.1", 0, after_startup(postgres_server.error(fields))) as port:
        url = f"postgresql://app:hunter2@127.0.0.1:{port}/shop?sslmode=disable"
        for flags in (["--json"], []):
            done = place.run("check", *flags, url)
            shown = json.dumps(json.loads(done.stdout), ensure_ascii=False) if flags else done.stdout
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|\\u001b|\\u0007", shown)
