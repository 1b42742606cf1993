"""`dbwizard practice --drill` in plain lines, its score, and the walk, as child processes."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from random import Random

import pytest

from tests.front.test_tui_terminal import Terminal
from tests.support.cli import Cli
from wizard.content.load import open_content
from wizard.front import practicelist
from wizard.front.practicedrill import Drills
from wizard.front.practiceground import ground
from wizard.front.practiceserve import as_data, lines
from wizard.front.practicetold import intro
from wizard.practice import Scenario, list_scenarios, serve
from wizard.practice.drillfile import ScoreFile
from wizard.practice.drilltask import answers_of

CONTENT = open_content()
SCENARIOS = list_scenarios()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_every_scenario_can_be_served_and_shown(scenario: Scenario) -> None:
    """In this process: what `--serve` and the drill say of it, without its name and cause in the drill."""
    with serve(scenario) as running:
        assert "\n".join(lines(running, tell=False))
        json.dumps(as_data(running, tell=True))
    if not answers_of(scenario):
        return
    with ground(scenario, CONTENT, Random(7)) as here:
        shown = "\n".join(
            "\n".join((part.head, *part.paragraphs, *part.lines)) for part in intro(here, 1_700_000_000.0)
        )
        assert scenario.title not in shown
        assert here.task.cause not in shown
        keys = [one.key for one in here.task.causes]
        assert 6 <= len(keys) <= 8, keys
        assert len(set(keys)) == len(keys)
        assert here.task.cause in keys
        assert {one.key for one in here.task.fixes} >= here.task.mends
        assert 3 <= len(here.task.fixes) <= 5, here.task.fixes


def typed(cli: Cli, *lines: str, seed: str = "5", more: tuple[str, ...] = ()) -> tuple[int, str, str]:
    done = cli.run(
        "practice", "--drill", "--plain", "--seed", seed, *more, stdin="".join(f"{one}\n" for one in lines)
    )
    return done.exit, done.stdout, done.stderr


def picked(seed: int, **wish: str) -> Scenario:
    """The scenario that the drill picks with this seed."""
    return Drills(CONTENT, practicelist.Wanted(**wish), seed, ScoreFile(None)).next()


def score_of(cli: Cli) -> dict:
    return json.loads(cli.run("practice", "--score", "--json").stdout)


@pytest.mark.slow
def test_a_drill_that_is_solved_explains_and_counts(cli: Cli) -> None:
    scenario = picked(5, layer="auth", difficulty="easy")
    status, said, _ = typed(
        cli, "look auth", "hint", scenario.cause, "1", "q", more=("--layer", "auth", "--difficulty", "easy")
    )
    assert status == 0
    before, _, after = said.partition("What do you do first?")
    assert scenario.title not in before
    assert f"Right: it is {scenario.cause}" in after
    assert scenario.title in after
    assert "What the wizard's walk found:" in after
    assert f"dbwizard causes {scenario.cause}" in after
    assert "1 of 1 solved, 1 in a row now (best 1); 1.0 looks" in after
    score = score_of(cli)
    assert score["all"] | {"seconds": 0} == {
        "tried": 1,
        "solved": 1,
        "mended": score["all"]["mended"],
        "looks": 1.0,
        "seconds": 0,
    }
    assert score["layers"][0]["layer"] == "auth"
    table = cli.run("practice", "--score").stdout
    assert re.search(r"^auth +1/1 ", table, re.MULTILINE)
    assert max(map(len, table.splitlines())) <= 80


def test_a_wrong_answer_is_explained(cli: Cli) -> None:
    scenario = picked(5, layer="auth")
    wrong = "dns.name-not-found"
    _, said, _ = typed(cli, wrong, "1", more=("--layer", "auth"))
    assert f"Wrong: it is not {wrong}. It is {scenario.cause}" in " ".join(said.split())
    assert f"Why not {wrong}:" in said
    assert score_of(cli)["all"]["solved"] == 0


@pytest.mark.slow
def test_the_same_seed_is_the_same_drill(cli: Cli) -> None:
    questions = []
    for _ in range(2):
        _, said, _ = typed(cli, "g", "q", seed="11")
        questions.append(said.partition("What is the cause?")[2].partition("\n\n")[0])
    assert questions[0] == questions[1]
    assert "  1 " in questions[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("q",),
        ("look tls",),
        ("hint",),
        ("dns.name-not-found", "q"),
        ("dns.name-not-found",),
        ("?", "", "x"),
    ],
    ids=lambda lines: " ".join(lines) or "nothing",
)
def test_the_end_of_the_input_and_q_leave_at_every_point_without_counting(
    cli: Cli, lines: tuple[str, ...]
) -> None:
    status, said, narration = typed(cli, *lines)
    assert status == 0
    assert "this drill does not count" in said
    assert narration == ""
    assert score_of(cli)["all"]["tried"] == 0


@pytest.mark.slow
def test_what_was_finished_counts_when_the_next_drill_is_left(cli: Cli) -> None:
    status, said, _ = typed(cli, "g", "", "look tls", "q")
    assert status == 0
    assert said.count("An application fails.") == 2
    assert score_of(cli)["all"]["tried"] == 1


def test_wrong_input_is_answered_with_what_can_be_typed(cli: Cli) -> None:
    _, said, _ = typed(cli, "look moon", "look netwrok", "99", "dns.name-not-fond", "xyz", "?", "q")
    said = " ".join(said.split())
    for sentence in (
        "There is no check 'moon'",
        "did you mean 'network'?",
        "There is no number 99: type 1 to ",
        "There is no cause 'dns.name-not-fond'; did you mean 'dns.name-not-found'?",
        "'xyz' means nothing here; ? shows all keys.",
        "look WORD run one check and see what it saw",
    ):
        assert sentence in said


def test_nonsense_without_end_ends(cli: Cli) -> None:
    status, said, _ = typed(cli, *["what?"] * 3000)
    assert status == 0
    assert said.count("means nothing here") <= 25


def test_without_a_place_for_the_score_the_drill_goes_on_and_says_so(cli: Cli) -> None:
    state = cli.home / "state"
    state.write_text("")
    status, said, _ = typed(cli, "g", "q")
    assert status == 0
    assert "0 of 1 solved" in said
    assert "The score cannot be kept in " in said


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--plain"], []], ids=["plain", "full screen"])
def test_ctrl_c_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    terminal = Terminal(["practice", "--drill", "--layer", "auth", *arguments], tmp_path)
    terminal.wait_for("What is the cause?")
    if arguments:
        # This terminal controls no process, so it makes no signal of the key; the full screen reads the key itself.
        terminal.process.send_signal(signal.SIGINT)
    else:
        terminal.press("\x03")
    assert terminal.end() == 130


@pytest.mark.slow
def test_q_leaves_the_full_screen_and_the_score_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    terminal = Terminal(["practice", "--drill", "--layer", "auth"], tmp_path)
    terminal.wait_for("What is the cause?")
    terminal.press("g")
    terminal.wait_for("Given up.")
    terminal.press("q")
    terminal.wait_for("0 of 1 solved")
    assert terminal.end() == 0


def test_a_walk_ends_with_how_to_drill(cli: Cli) -> None:
    done = cli.run("practice", "wrong-password", "--plain", stdin="q\n")
    assert done.exit == 1
    assert done.stdout.rstrip().endswith("To find a cause yourself: dbwizard practice --drill")


@pytest.mark.slow
def test_a_walk_whose_target_was_found_in_the_sandbox_is_not_offered_to_go_on_with(cli: Cli) -> None:
    """Its server is gone with the walk, so the start must know it by its source."""
    walked = cli.run("practice", "two-files-two-ports", "--plain")
    (session,) = json.loads(cli.run("sessions", "--json").stdout)["sessions"]
    assert session["target"]["source"] == "practice range, DATABASE_URL"
    assert "To practise it again: dbwizard practice two-files-two-ports" in walked.stdout
    assert "resume" not in walked.stdout
    for named in ((), (session["id"],)):
        refused = cli.run("resume", "--plain", *named)
        assert (refused.exit, refused.stdout) == (2, "")
        assert "to practise it again: dbwizard practice two-files-two-ports" in refused.stderr
        assert f"dbwizard export {session['id']}" in refused.stderr
    assert cli.run("export", session["id"]).exit == 0
