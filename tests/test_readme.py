"""The README holds: its commands exist, the harmless ones run, its tables and pictures agree with the program."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wizard import cli
from wizard.content.load import open_content
from wizard.exits import Exit
from wizard.front import setup
from wizard.target.parse import parse_target

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = ("causes", "explain", "practice list", "tree list", "tree show", "tree graph", "tree lint")
"""Commands that need no database, no session and no log file: they are run for real."""


def blocks(language: str) -> list[str]:
    """The code blocks in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Every line of the shell blocks that starts dbwizard, without the program's name."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    found = [line.removeprefix("dbwizard").strip() for line in lines if re.match(r"dbwizard\b", line)]
    assert len(found) > 15
    return found


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "HOME": str(cwd)}
    command = [sys.executable, "-m", "wizard", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize("line", commands())
def test_command_and_options_exist(line: str, tmp_path: Path) -> None:
    """Parsed by the command's own parser: what comes after `--help` is not needed, what comes before must be known."""
    done = run(*shlex.split(line), "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert set(re.findall(r"--[a-z-]+", line)) <= known


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["--help", *(one for one in commands() if one.startswith(RUN) and "--follow" not in one)]
)
def test_harmless_commands_run(line: str, tmp_path: Path) -> None:
    if "--file" in line:
        now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        said = f"{now} FATAL:  sorry, too many clients already\n".encode()
        (tmp_path / "app.log").write_bytes(said)
        (tmp_path / "postgresql.log.gz").write_bytes(gzip.compress(said))
    done = run(*shlex.split(line), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr == ""


def test_every_command_is_told() -> None:
    told = {line.split()[0] for line in commands() if line}
    assert set(cli.COMMANDS) <= told


def test_output_of_explain_is_the_real_one(tmp_path: Path) -> None:
    (line,) = [one for one in commands() if one.startswith('explain "')]
    assert run(*shlex.split(line), cwd=tmp_path).stdout in blocks("text")


def test_exit_statuses_agree() -> None:
    table = README.partition("| exit status | meaning |")[2].partition("\n\n")[0]
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert told == {int(one) for one in Exit}


def test_answers_up_front_agree() -> None:
    table = README.partition("| question | answers |")[2].partition("\n\n")[0]
    rows = [re.findall(r"`([a-z_-]+)`", row) for row in table.splitlines()]
    questions = open_content().tree.questions
    told = {row[0]: row[1:] for row in rows if row}
    assert len(told) == 7
    for name, values in told.items():
        known = [option.value for option in questions[name].options if option.value != "unknown"]
        assert sorted(values) == sorted(known), name
    written = re.findall(r"--answer (\S+)", README)
    assert setup.answers_of(written, open_content().tree)


def test_json_example_is_json_of_the_contract() -> None:
    (block,) = blocks("json")
    report = json.loads(block)
    assert report["schema"] == "dbwizard.report/1"
    assert report["cause"] in open_content().catalogue


@pytest.mark.parametrize(
    "line", [one for block in blocks("text") for one in block.splitlines() if re.match(r"\S+.* {3,}\S", one)]
)
def test_forms_of_target_are_understood(line: str) -> None:
    form = re.split(r" {3,}", line)[0]
    words = form.split() if " --" in form or form.startswith("--") else [form]
    options = cli.parser("check", "").parse_args(words)
    overrides = {name: value for name in cli.TARGET_OPTIONS if (value := getattr(options, name)) is not None}
    target = parse_target(
        options.target or "", engine=options.engine, overrides=overrides, environ={}, home=None
    )
    assert target.engine in ("postgresql", "mysql")
    if "service" not in form:
        assert target.host == "db.internal"
        assert not target.problems


def test_pictures_and_links_exist() -> None:
    names = re.findall(r"\]\(([^)#]+)\)", README)
    assert len([name for name in names if name.endswith(".png")]) == 4
    for name in names:
        assert (ROOT / name).is_file(), name


def test_screenshots_fetch_nothing_and_show_no_password() -> None:
    pictures = sorted((ROOT / "screenshots").glob("*.svg"))
    assert len(pictures) == 9
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        assert "url(http" not in text, picture.name
        assert "not-shown" not in text, picture.name
