"""`dbwizard practice list` and wrong usage: what there is, narrowed by words, and what makes no sense."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.cli import Cli
from wizard.front import practicelist
from wizard.practice import get, list_scenarios

SCENARIOS = list_scenarios()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_the_list_has_every_scenario_once_by_layer_the_easy_ones_first(cli: Cli) -> None:
    done = cli.run("practice", "list")
    assert done.exit == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert sorted(row[0] for row in rows) == sorted(one.name for one in SCENARIOS)
    heads = re.findall(r"^(\w+) \(\d+\)$", done.stdout, re.MULTILINE)
    assert heads == [layer for layer in practicelist.ORDER if any(one.layer == layer for one in SCENARIOS)]
    order = [
        (practicelist.ORDER.index(get(row[0]).layer), practicelist.DIFFICULTIES.index(row[1])) for row in rows
    ]
    assert order == sorted(order)
    for command in ("practice NAME", "practice --drill", "practice --serve NAME"):
        assert f"dbwizard {command}" in done.stdout


@pytest.mark.parametrize("width", [80, 40, 25])
def test_the_list_fits_the_terminal(width: int) -> None:
    found = practicelist.in_order(SCENARIOS)
    longest = max(len(one.name) for one in found) + 2
    for line in practicelist.lines(found, width):
        assert len(line) <= max(width, longest), line


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        (["tls"], lambda one: one.layer == "tls"),
        (["medium"], lambda one: one.difficulty == "medium"),
        (["MySQL", "auth"], lambda one: one.engine == "mysql" and one.layer == "auth"),
        (
            ["--layer", "tls", "--difficulty", "easy"],
            lambda one: (one.layer, one.difficulty) == ("tls", "easy"),
        ),
    ],
)
def test_the_list_is_narrowed(cli: Cli, arguments: list[str], fits) -> None:
    done = cli.run("practice", "list", "--json", *arguments)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["name"] for row in rows} == {one.name for one in SCENARIOS if fits(one)}
    assert rows
    assert {"name", "title", "engine", "layer", "difficulty"} <= set(rows[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "tsl"], "did you mean 'tls'?"),
        (["list", "tls", "--layer", "dns"], "no scenario is both dns and tls: name one layer"),
        (["list", "--layer", "netwrk"], "did you mean 'network'?"),
        (["list", "--difficulty", "heard"], "did you mean 'hard'?"),
        (["--drill", "--difficulty", "eazy"], "did you mean 'easy'?"),
        (["--drill", "tls"], "--drill --layer tls"),
        (["--drill", "--serve", "wrong-password"], "do not go together"),
        (["--serve"], "needs the name of a scenario"),
        (["--serve", "wrong-pasword"], "did you mean 'wrong-password'?"),
        (["tls.expired"], "did you mean 'certificate-expired'?"),
        (["--serve", "wrong-password", "--port", "70000"], "from 1 to 65535"),
        (["wrong-password", "--port", "5432"], "--port belongs to --serve"),
        (["wrong-password", "hba-no-entry"], "only one scenario"),
        (["--score", "--seed", "1"], "--seed belongs to --drill"),
        (["--drill", "--seed", "one"], "no number"),
        (["wrong-pasword"], "did you mean 'wrong-password'?"),
        (["list", "--jsn"], "unrecognized arguments: --jsn"),
        (["list", "tls", "--password=x"], "no option for a password"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(cli: Cli, arguments: list[str], said: str) -> None:
    done = cli.run("practice", *arguments)
    assert done.exit == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
