"""The score: what the lines come to, and the file: private, appended, never in the way."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.practice.drill import Result
from wizard.practice.drillfile import NAME, ScoreFile
from wizard.practice.drillscore import (
    by_layer,
    from_data,
    least_solved,
    streak,
    tally,
    to_data,
    weakest,
)

GOOD = Result("wrong-password", "auth", "easy", True, True, 2, 0, 40.0)
BAD = Result("hba-no-entry", "auth", "medium", False, False, 4, 1, 80.0)
TLS = Result("certificate-expired", "tls", "easy", True, False, 0, 0, 20.0)


def test_a_result_comes_back_as_it_was_written() -> None:
    for one in (GOOD, BAD, TLS):
        assert from_data(json.loads(json.dumps(to_data(one, 1.5)))) == one


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@given(ANY, st.dictionaries(st.sampled_from(sorted(to_data(GOOD, 1.0))), ANY, max_size=3))
def test_what_is_no_result_is_passed_over(data: Any, changes: dict[str, Any]) -> None:
    from_data(data)
    changed = from_data({**to_data(GOOD, 1.0), **changes})
    assert changed is None or isinstance(changed.scenario, str)


def test_the_score_is_told_by_layer_in_the_order_of_the_layers() -> None:
    rows = by_layer([GOOD, TLS, BAD], ("tls", "auth", "dns"))
    assert [row.layer for row in rows] == ["tls", "auth"]
    auth = rows[1]
    assert (auth.tried, auth.solved, auth.mended, auth.looks, auth.seconds) == (2, 1, 1, 3.0, 60.0)
    assert tally([]).tried == 0


def test_a_streak_ends_with_a_mistake() -> None:
    assert streak([GOOD, TLS, BAD, GOOD]) == (1, 2)
    assert streak([]) == (0, 0)


def test_those_solved_least_come_first() -> None:
    names = ["wrong-password", "hba-no-entry", "certificate-expired"]
    assert least_solved(names, []) == names
    assert least_solved(names, [GOOD, BAD]) == ["hba-no-entry", "certificate-expired"]
    assert least_solved(names, [GOOD, TLS, BAD._replace(solved=True)]) == names


def test_what_to_practise_next_is_where_it_went_wrong_then_what_was_never_solved() -> None:
    layers = {"tls": ["certificate-expired"], "auth": ["wrong-password", "hba-no-entry"]}
    assert weakest(layers, []) in layers
    assert weakest(layers, [TLS, BAD]) == "auth"
    assert weakest(layers, [TLS, GOOD]) == "auth"
    assert weakest(layers, [TLS, GOOD, BAD._replace(solved=True)]) == ""


def test_the_file_is_private_and_grows_by_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "dbwizard" / "practice"
    score = ScoreFile(folder)
    assert score.results == []
    score.add(GOOD, 1.0)
    score.add(BAD, 2.0)
    assert score.trouble == ""
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert ScoreFile(folder).results == [GOOD, BAD]


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    ScoreFile(folder).add(GOOD, 1.0)
    with (folder / NAME).open("ab") as file:
        file.write(b'{"format": 1, "scen')
    again = ScoreFile(folder)
    assert again.results == [GOOD]
    again.add(TLS, 2.0)
    assert ScoreFile(folder).results == [GOOD, TLS]


def test_rubbish_in_the_file_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    ScoreFile(folder).add(GOOD, 1.0)
    with (folder / NAME).open("ab") as file:
        file.write(b"\xff\xfe\n[]\n" + b"[" * 5000 + b'\n{"format": 99}\n\n')
    assert ScoreFile(folder).results == [GOOD]


def test_a_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "practice"
    ScoreFile(folder).add(GOOD, 1.0)
    (folder / NAME).chmod(0o644)
    assert ScoreFile(folder).results == [GOOD]
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


def broken(kind: str, folder: Path) -> None:
    """Put something in the way of the file."""
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / NAME).write_text("")
    if kind == "the folder is a link":
        folder.symlink_to(elsewhere)
    elif kind == "the file is a link":
        folder.mkdir()
        (folder / NAME).symlink_to(elsewhere / NAME)
    elif kind == "a pipe":
        folder.mkdir()
        os.mkfifo(folder / NAME)
    elif kind == "a folder":
        (folder / NAME).mkdir(parents=True)
    else:
        folder.write_text("")


@pytest.mark.parametrize(
    "kind", ["the folder is a link", "the file is a link", "a pipe", "a folder", "the folder is a file"]
)
def test_what_is_in_the_way_is_told_and_stops_nothing(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "practice"
    broken(kind, folder)
    score = ScoreFile(folder)
    score.add(GOOD, 1.0)
    assert score.results == [GOOD]
    assert score.trouble.startswith("The score cannot be kept in ")
    assert score.trouble.endswith("It counts until you leave, and not longer.")
    assert (tmp_path / "elsewhere" / NAME).read_text() == ""


def test_without_a_home_the_score_lasts_as_long_as_the_program() -> None:
    score = ScoreFile(None)
    score.add(GOOD, 1.0)
    assert score.results == [GOOD]
    assert "no home directory" in score.trouble
