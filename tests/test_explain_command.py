"""`dbwizard explain` as people and scripts use it: what it prints, what it refuses, what it never shows."""

from __future__ import annotations

import gzip
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zstandard

from wizard import cli
from wizard.content.load import Content, open_content
from wizard.front import explaincmd

ROOT = Path(__file__).resolve().parents[1]
FULL = "FATAL:  sorry, too many clients already"
REFUSED = 'connection to server at "10.0.0.5", port 5433 failed: Connection refused'
PRISMA = "Error: P1001: Can't reach database server at `db.internal`:`5432`"
APP = f"""\
2026-11-20 10:00:00,000 INFO started
2026-11-20 10:00:05,500 ERROR [db] {REFUSED}
2026-11-20 10:00:06,500 ERROR [db] QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00
"""
SERVER = """\
2026-11-20 10:00:01.000 UTC [1] PANIC:  could not write to file "pg_wal/xlogtemp.1": No space left on device
2026-11-20 10:00:09.000 UTC [2] FATAL:  the database system is starting up
"""


class Ran(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Explain:
    """Runs the command in this process, with the content read once."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Ran:
        status = cli.run(["explain", *arguments])
        out, err = self._capture.readouterr()
        return Ran(status, out, err)


@cache
def content() -> Content:
    return open_content()


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Explain:
    monkeypatch.setattr(explaincmd, "open_content", lambda extra: content())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    Path("app.log").write_text(APP, encoding="utf-8")
    Path("server.log").write_text(SERVER, encoding="utf-8")
    return Explain(capsys)


def test_a_pasted_error_is_told_with_its_page(explain: Explain) -> None:
    ran = explain(REFUSED)
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "✗ Connection to 10.0.0.5:5433 is refused  [network.refused]"
    assert f"> {REFUSED}" in ran.out
    assert "nc -vz -w 3 10.0.0.5 5433" in ran.out
    assert "The full page: dbwizard causes network.refused" in ran.out
    assert ran.out.endswith("dbwizard check --engine postgresql --host 10.0.0.5 --port 5433\n")
    assert ran.err == ""


def test_a_catch_all_gives_candidates_and_what_tells_them_apart(explain: Explain) -> None:
    ran = explain(PRISMA)
    assert ran.out.startswith("? ")
    assert "[inconclusive]" in ran.out
    listed = re.findall(r"^  (\d)\. ([a-z.-]+): ", ran.out, re.MULTILINE)
    assert len(listed) >= 3
    assert ran.out.count("     to tell, ") == len(listed)


def test_the_account_that_mysql_names_is_the_one_of_the_fix(explain: Explain) -> None:
    text = "ERROR 1044 (42000): Access denied for user 'app'@'10.0.3.%' to database 'shop'"
    assert "SHOW GRANTS FOR 'app'@'10.0.3.%';" in explain(text).out


def test_what_pgbouncer_refuses_is_told_with_its_own_file(explain: Explain) -> None:
    page = explain("FATAL:  login rejected").out
    assert "auth_hba_file" in page
    assert "pg_hba_file_rules" not in page


def test_what_an_error_names_cannot_become_a_command(explain: Explain) -> None:
    hostile = REFUSED.replace("10.0.0.5", "x;$(reboot)")
    typed = [
        line for line in explain(hostile).out.splitlines() if re.match(r" +(nc|dbwizard|psql) |To look", line)
    ]
    named = [line for line in typed if "reboot" in line]
    assert len(named) >= 2
    assert all("'x;$(reboot)'" in line for line in named)


def test_short_is_one_line(explain: Explain) -> None:
    assert explain(FULL, "--short").out == (
        "1: capacity.max-connections: every connection slot of the server is taken\n"
    )


def test_text_that_is_no_fault_yields_nothing(explain: Explain) -> None:
    ran = explain("all is well")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "dbwizard: nothing was recognised as a fault of a database connection\n"
    assert explain("all is well", "--json") == (1, "", "")


def test_a_log_is_listed_and_its_primary_cause_has_its_page(explain: Explain) -> None:
    ran = explain("--file", "app.log")
    lines = ran.out.splitlines()
    assert lines[0].startswith("2: network.refused: ")
    assert lines[1].endswith(REFUSED)
    assert lines[2].startswith("3: pool.exhausted: ")
    assert len([line for line in lines if line.startswith(("✗", "?"))]) == 1
    assert "What happened first (UTC):" in lines


def test_json_has_each_error_and_the_primary_again_at_the_end(explain: Explain) -> None:
    *each, last = explain("--file", "app.log", "--json").objects
    assert [one["line"] for one in each] == [2, 3]
    assert not any("primary" in one for one in each)
    assert last["primary"] is True
    assert {key: value for key, value in last.items() if key != "primary"} in each
    assert each[0]["file"] == "app.log"
    assert each[0]["time"] == "2026-11-20T10:00:05.500Z"
    assert each[0]["captures"] == {"host": "10.0.0.5", "port": "5433"}


def test_several_logs_are_side_by_side_on_one_time_line(explain: Explain) -> None:
    ran = explain("--file", "app.log", "--file", "server.log", "--short")
    places = [line.split("  ")[1].split(": ")[0] for line in ran.out.splitlines()]
    assert places == ["server.log:1", "app.log:2", "app.log:3", "server.log:2"]
    assert ran.err == ("dbwizard: app.log states no time zone: its times are taken as local time (UTC)\n")


def test_what_happened_first_names_file_and_gap(explain: Explain) -> None:
    out = explain("--file", "app.log", "--file", "server.log", "--summary").out
    told = out.partition("What happened first (UTC):\n")[2].splitlines()
    assert told[0].split()[:3] == ["2026-11-20", "10:00:01.000", "server.log:1:"]
    assert told[1].startswith("  2026-11-20 10:00:05.500        +4.5 s  app.log:2: network.refused")
    assert "What explains it best: " in out


def test_summary_counts_and_says_when(explain: Explain) -> None:
    Path("app.log").write_text(APP + APP, encoding="utf-8")
    out = explain("--file", "app.log", "--summary").out
    assert re.search(r"^     2  network\.refused: ", out, re.MULTILINE)
    assert "        lines 2 to 5\n" in out
    each = explain("--file", "app.log", "--summary", "--json").objects
    assert {one["cause"]: one["count"] for one in each} == {"network.refused": 2, "pool.exhausted": 2}
    assert [one.get("primary", False) for one in each] == [True, False]


def test_since_and_until(explain: Explain) -> None:
    def lines(*options: str) -> list[int]:
        return [one["line"] for one in explain("--file", "app.log", "--json", *options).objects[:-1]]

    assert lines("--since", "2026-11-20 10:00:06") == [3]
    assert lines("--until", "2026-11-20 10:00:06") == [2]
    assert lines("--since", "2026-11-20", "--until", "2026-11-21T00:00Z") == [2, 3]
    assert explain("--file", "app.log", "--since", "1s").status == 1


def test_context(explain: Explain) -> None:
    out = explain("--file", "app.log", "--context", "1").out
    assert "    | 2026-11-20 10:00:00,000 INFO started\n    > 2026-11-20 10:00:05,500 ERROR" in out
    first = explain("--file", "app.log", "--context", "1", "--json").objects[0]
    assert (len(first["before"]), len(first["after"])) == (1, 1)


@pytest.mark.parametrize("form", ["gzip", "zstd", "utf-16"])
def test_packed_files_are_read_as_they_are(explain: Explain, form: str) -> None:
    data = APP.encode()
    if form == "zstd":
        data = zstandard.compress(data)
    Path("packed").write_bytes({"gzip": gzip.compress(data), "utf-16": APP.encode("utf-16")}.get(form, data))
    assert explain("--file", "packed", "--short").out == explain("--file", "app.log", "--short").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--file", "missing.log"], "missing.log cannot be read: No such file or directory"),
        (["--file", "."], ". is a folder: name a file in it"),
        (["x", "--file", "app.log"], "explain takes a TEXT or --file, not both"),
        (["--file", "app.log", "--since", "soon"], "--since 'soon' is no time"),
        (["--file", "app.log", "--since", "1h", "--until", "2h"], "--since 1h is later than --until 2h"),
        (["--follow"], "--follow needs a --file"),
        (["--follow", "--file", "-"], "--follow needs a --file"),
        (["--follow", "--file", "packed.gz"], "packed.gz is packed: --follow is for a file that grows"),
        (["--file", "-", "--file", "-"], "there is only one standard input"),
        (["--context", "many", "--file", "app.log"], "'many' is no number of lines from 0 to 100"),
        (["--context", "3", "--summary", "--file", "app.log"], "--context does not go with it"),
    ],
)
def test_wrong_use_is_one_sentence(explain: Explain, arguments: list[str], sentence: str) -> None:
    Path("packed.gz").write_bytes(gzip.compress(b"x"))
    ran = explain(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert sentence in ran.err
    assert len(ran.err.splitlines()) == 1


def test_one_missing_file_of_several_stops_before_anything_is_printed(explain: Explain) -> None:
    ran = explain("--file", "app.log", "--file", "missing.log")
    assert (ran.status, ran.out) == (2, "")


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        (b"", 1, ["log is empty"]),
        (bytes(range(256)) * 500, 1, ["log has NUL bytes", "log is not UTF-8 throughout"]),
        (f"\0\xff {FULL}".encode("latin-1"), 0, ["log has NUL bytes", "log is not UTF-8 throughout"]),
        (gzip.compress(f"{FULL}\n".encode() * 1000)[:-20], 0, ["log was not read to its end"]),
    ],
    ids=["empty", "binary", "odd bytes", "cut short"],
)
def test_strange_files_are_told_and_read(explain: Explain, data: bytes, status: int, told: list[str]) -> None:
    Path("log").write_bytes(data)
    ran = explain("--file", "log", "--short")
    assert ran.status == status
    said = [line.removeprefix("dbwizard: ") for line in ran.err.splitlines()]
    assert all(line.startswith(begin) for line, begin in zip(said, told, strict=False)), said
    assert len(said) == len(told) + (status == 1)


@pytest.mark.parametrize(
    "options", [[], ["--json"], ["--summary"], ["--summary", "--json"], ["--context", "2"]]
)
def test_secrets_and_escapes_of_a_log_are_never_shown(explain: Explain, options: list[str]) -> None:
    log = (
        "connect postgresql://app:hunter22@10.0.0.5/shop\n"
        f"\x1b]0;owned\x07password=hunter22 \x9b31m {REFUSED} \u202e\n"
        "host=10.0.0.5 password='hunter22' user=app\n"
    )
    Path("bad.log").write_text(log, encoding="utf-8")
    ran = explain("--file", "bad.log", *options)
    assert ran.status == 0
    assert "hunter22" not in ran.out + ran.err
    assert all(line.isprintable() for line in ran.out.splitlines())


def test_standard_input_is_read(explain: Explain, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("app.log", "rb") as file, monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        saved = os.dup(0)
        try:
            os.dup2(file.fileno(), 0)
            ran = explain("--short", "--file", "-", "--file", "server.log")
        finally:
            os.dup2(saved, 0)
            os.close(saved)
    assert "(standard input):2: network.refused" in ran.out


def environ(tmp_path: Path) -> dict[str, str]:
    kept = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TZ": "UTC"}
    return {**kept, "XDG_CACHE_HOME": str(tmp_path / "cache")}


COMMAND = [sys.executable, "-m", "wizard", "explain"]


@pytest.mark.slow
def test_results_come_through_a_pipe_while_it_is_open(tmp_path: Path) -> None:
    child = subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ(tmp_path)
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{FULL}\n")
    child.stdin.flush()
    assert child.stdout.readline().startswith("1: capacity.max-connections")
    assert child.poll() is None
    child.stdin.close()
    assert "The full page" in child.stdout.read()
    child.stdout.close()
    assert child.wait(30) == 0


@pytest.mark.slow
def test_a_file_is_followed_until_it_is_interrupted(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(APP, encoding="utf-8")
    command = [*COMMAND, "--follow", "--json", "--file", str(log)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ(tmp_path))
    assert child.stdout is not None
    assert [json.loads(child.stdout.readline())["line"] for _ in range(2)] == [2, 3]
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{FULL}\n")
    assert json.loads(child.stdout.readline())["line"] == 4
    child.send_signal(signal.SIGINT)
    assert child.stdout.read() == ""
    child.stdout.close()
    assert child.wait(30) == 130


@pytest.mark.slow
def test_an_interrupt_gives_the_summary_so_far(tmp_path: Path) -> None:
    command = [*COMMAND, "--summary", "--short"]
    subprocess.run([*COMMAND, "x"], env=environ(tmp_path), check=False)  # the content is read and kept
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ(tmp_path)
    )
    assert child.stdin is not None
    child.stdin.write(f"{FULL}\n" * 3)
    child.stdin.flush()
    time.sleep(1.5)  # it is silent until it is asked
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == 130
    assert out.startswith("     3  capacity.max-connections")


@pytest.mark.slow
def test_a_terminal_gets_bars_and_a_pipe_does_not(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    minutes = (0, 1, 1, 1, 1, 5)
    log.write_text("".join(f"2026-11-20 10:{one:02d}:00 {FULL}\n\n" for one in minutes), encoding="utf-8")
    command = [*COMMAND, "--summary", "--file", str(log)]
    piped = subprocess.run(command, capture_output=True, text=True, env=environ(tmp_path), timeout=60)
    assert "█" not in piped.stdout
    assert "█" in shown_in_terminal(command, environ(tmp_path))
    ascii_only = {**environ(tmp_path), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    shown = shown_in_terminal(command, ascii_only)
    assert shown.isascii()
    assert re.search(r"^        [.]?.*@", shown, re.MULTILINE)


def shown_in_terminal(command: list[str], variables: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert child.wait(60) == 0
    return shown.decode()
