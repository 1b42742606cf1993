"""Whatever stands in the files and processes of a host: it is read in bounded time, and no error escapes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.processes import wait_until
from wizard.probes import child, clusters, hba, hbafile, host, lastwords, pooler_config, psql
from wizard.probes.compose import inspect as inspect_compose
from wizard.runtime import Runtime
from wizard.target.applications import applications
from wizard.target.optionfile import read_options
from wizard.target.parse import parse_target
from wizard.target.readings import readings
from wizard.target.tokens import read_token
from wizard.target.variables import targets_in

pytestmark = pytest.mark.slow

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SLOW = 12.0
"""Seconds of work that no file of the greatest size may cost; what grows with its square costs minutes."""
TARGET = parse_target("postgresql://app:p@localhost:6432/shop", environ={}, home=None)
PIECES = st.sampled_from(
    (
        *(
            "local",
            "host",
            "all",
            "all",
            "127.0.0.1/32",
            "::1/129",
            "scram-sha-256",
            "@file",
            "include",
            "include_dir",
        ),
        *(
            " ",
            "\n",
            "\t",
            ",",
            '"',
            "'",
            "''",
            "\\\n",
            "\\",
            "=",
            "#",
            "[databases]\n",
            "[pgbouncer]\n",
            "[mysqld]\n",
        ),
        *(
            "*",
            "shop",
            "app",
            "port",
            "5432",
            "99999",
            "%include file\n",
            "!includedir /",
            "data_directory",
            "\0",
            "\r",
        ),
        *(
            "services:\n",
            "  db:\n",
            "    image: postgres\n",
            "    environment: {",
            "${",
            "}",
            "&a ",
            "*a",
            "- ",
            ": ",
        ),
    )
)
CONTENTS = st.lists(PIECES | st.binary(max_size=6), max_size=40).map(
    lambda parts: b"".join(part.encode() if isinstance(part, str) else part for part in parts)
)
NAMES = st.sampled_from(
    (
        "DATABASE_URL",
        "PGHOST",
        "PGPORT",
        "DB_HOST",
        "DB_PORT",
        "MYSQL_HOST",
        "DB_PASSWORD_FILE",
        "PGSERVICE",
        "JDBC_URL",
    )
)
WORDS = st.sampled_from(
    (
        "postgresql://",
        "mysql://",
        "[::1",
        "]",
        "@",
        ":",
        "/",
        "?",
        "%",
        "%zz",
        "99999999",
        "jdbc:postgresql:",
        "\udcff",
    )
)
VALUES = st.lists(WORDS | st.text(max_size=4), max_size=12).map("".join)


@QUICK
@given(CONTENTS, st.sampled_from((0, 15, 16)))
def test_pg_hba(tmp_path: Path, content: bytes, version: int) -> None:
    path = tmp_path / "pg_hba.conf"
    path.write_bytes(content)
    (tmp_path / "file").write_bytes(content)
    rules = hbafile.read_rules(path, version)
    client = hba.Client("app", "shop", "192.0.2.1", False, None, None, version)
    assert hba.judge(rules, client).outcome in ("matched", "no-match", "unsure", "file-error")
    assert all(isinstance(rule.text, str) for rule in rules)


@QUICK
@given(CONTENTS)
def test_settings_of_servers(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "postgresql.conf"
    path.write_bytes(content)
    for value in dict(clusters._settings(path)).values():
        assert "\0" not in value
    assert all(isinstance(one.value, str) for one in read_options(path, None))


@QUICK
@given(CONTENTS)
def test_compose_files(tmp_path: Path, content: bytes) -> None:
    for name in ("compose.yaml", ".env"):
        (tmp_path / name).write_bytes(content)
    report = inspect_compose(TARGET, Runtime(TARGET, environ={}, cwd=tmp_path))
    assert report.facts["compose.outcome"] in ("none", "read", "unreadable")


@QUICK
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_the_environment_of_a_process(environ: dict[str, str]) -> None:
    for target in targets_in(environ, lambda name: name, environ, None):
        assert isinstance(readings(target), tuple)


@QUICK
@given(
    st.text(max_size=60),
    st.sampled_from(("eyJ", "ya29.", "eyJhIjox.", "h:1/?Action=connect&X-Amz-Date=20260101T000000Z&")),
)
def test_tokens(text: str, start: str) -> None:
    token = read_token(start + text)
    assert token is None or token.expires >= 0


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("quotes", '"'),
        ("blanks", "a" + " " * 1000),
        ("one blank line", " " * (1 << 20)),
        ("a word", "w" * (1 << 20)),
        ("continued", "a\\\n"),
        ("include", "include pg_hba.conf\n"),
        ("an option file", "!include pg_hba.conf\n"),
        ("at", "@pg_hba.conf "),
        ("tabs", "\tPANIC:  x\n"),
        ("fatal", "FATAL:  configuration file x\n"),
        ("pids", "[1] " * 30),
    ],
)
def test_no_file_costs_more_than_its_length(tmp_path: Path, name: str, line: str) -> None:
    text = (line * ((1 << 20) // len(line)))[: 1 << 20]
    path = tmp_path / "pg_hba.conf"
    path.write_text(text)
    began = time.process_time()
    hbafile.read_rules(path, 16)
    dict(clusters._settings(path))
    list(read_options(path, None))
    for family in ("postgresql", "mysql"):
        lastwords.last_attempt(text[: 1 << 18], family)
    pooler_config._parts(text)
    assert time.process_time() - began < SLOW, name


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pg_hba.conf").write_text("include pipe\nlocal @pipe all trust\n")
    rules = hbafile.read_rules(tmp_path / "pg_hba.conf", 16)
    assert "could not open file" in rules[0].error
    assert dict(clusters._settings(tmp_path / "pipe")) == {}


def test_a_name_of_any_bytes_hides_no_other_process() -> None:
    name = "import ctypes; ctypes.CDLL(None).prctl(15, b'\\xff\\x1b[31m', 0, 0, 0)"
    code = f"{name}; import time; print(flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={"DATABASE_URL": "postgresql://a@b/c"}
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert host.program_of(process.pid).startswith("\ufffd")
        assert process.pid not in host.processes("postgresql")
        found = next(one for one in applications(30).found if one.pid == process.pid)
        assert "\x1b" not in found.name
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("text", ["", "a,b\n1\n", 'a\n"', "a\n\0\n", "a\n1,2,3\n", "\r\r\n"])
def test_any_words_of_psql(text: str) -> None:
    try:
        rows = psql._rows(text)
    except psql.QueryError:
        return
    assert rows is None or all(isinstance(row, dict) for row in rows)


def test_a_program_is_ended_with_what_it_started_and_its_words_are_bounded(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        child.run(["sh", "-c", f"sleep 60 & echo $! > {mark}; wait"], 0.5, 100)
    assert 0.4 < time.monotonic() - began < 5
    state = Path(f"/proc/{mark.read_text().strip()}/stat")
    wait_until(lambda: not state.exists() or ") Z " in state.read_text(), "what it had started is ended")
    done = child.run(["sh", "-c", "seq 1 200000; echo oops >&2; exit 3"], 20, 1000)
    assert (done.status, len(done.out), done.err) == (3, 1000, b"oops\n")
    assert done.out.endswith(b"\n200000\n")


def test_a_program_gets_no_setting_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    out = child.run(["env"], 5, 10_000, {"PGAPPNAME": "dbwizard"}).out.decode()
    assert "s3cret" not in out
    assert {line.partition("=")[0] for line in out.splitlines()} <= {
        "PATH",
        "LC_ALL",
        "PGAPPNAME",
        "PWD",
        "_",
        "SHLVL",
    }


def test_a_program_that_others_could_have_put_there_does_not_run_as_the_servers_user(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    program = tmp_path / "psql"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert child.is_trusted(str(program), 65534)
    os.chown(program, 65533, 65533)
    assert not child.is_trusted(str(program), 65534)
    os.chown(program, 65534, 65534)
    assert child.is_trusted(str(program), 65534)
    tmp_path.chmod(0o777)
    assert not child.is_trusted(str(program), 65534)
    tmp_path.chmod(0o1777)
    assert child.is_trusted(str(program), 65534)
    (tmp_path / "link").symlink_to(program)
    os.chown(program, 65533, 65533)
    assert not child.is_trusted(str(tmp_path / "link"), 65534)
    assert not child.is_trusted(str(tmp_path / "missing"), 65534)
