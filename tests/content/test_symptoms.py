"""Symptoms: the lint of what an author writes, and what a choice changes in a walk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content import small
from wizard.content.check import check
from wizard.content.load import Content, open_content
from wizard.core.diagnosis import conclude, remaining
from wizard.core.tree import INCONCLUSIVE
from wizard.core.walk import Walk
from wizard.front.setup import answers_of

GOOD = """ask: What do you see?
symptoms:
  slow:
    words: It is slow
    gives: {managed: aws-rds}
    likely: [network.timeout]
"""
FACT = "  symptom: {values: [slow], meaning: What is seen., from: [symptom]}\nfills:"
TREE = open_content().tree


def problems(folder: Path, symptoms: str) -> list[str]:
    for name, text in {**small.FILES, "symptoms.yaml": symptoms}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("fills:", FACT) if name == "facts.yaml" else text, encoding="utf-8")
    return [str(one) for one in check([folder], small.PROBES) if "symptoms.yaml" in str(one)]


def test_a_good_file_has_no_problem_and_can_be_loaded(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []
    tree = Content((tmp_path,)).tree
    assert tree.symptoms["slow"].answers == {"managed": "aws-rds", "symptom": "slow"}
    assert [option.label for option in tree.questions["symptom"].options] == ["It is slow"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  slow:", "  slw:", "symptoms.slw: "),
        ("    words: It is slow\n", "", "3: symptoms.slow: the key 'words' is missing"),
        ("gives:", "give:", "the key 'give' is not known here; did you mean 'gives'?"),
        ("managed:", "manged:", "'manged' is not a question of questions.yaml; did you mean 'managed'?"),
        ("aws-rds}", "aws}", "symptoms.slow.gives.managed: 'aws' is no answer to 'managed'"),
        ("[network.timeout]", "[network.tmeout]", "did you mean 'network.timeout'?"),
        ("    gives: {managed: aws-rds}\n    likely: [network.timeout]\n", "", "needs 'gives' or 'likely'"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new))
    assert any(told in one for one in found), found


def test_a_symptom_up_front_answers_its_questions() -> None:
    answers = answers_of(["symptom=under-load"], TREE)
    assert answers == {"frequency": "under-load", "symptom": "under-load"}
    answers = answers_of(["symptom=under-load", "frequency=always"], TREE)
    assert answers["frequency"] == "always"


@pytest.mark.parametrize("key", TREE.symptoms)
def test_what_a_symptom_makes_likely_comes_first_and_nothing_is_lost(key: str) -> None:
    symptom = TREE.symptoms[key]
    with_it = remaining(Walk.start(TREE, {"symptom": key}))
    without = {one.cause for one in remaining(Walk.start(TREE))}
    assert {one.cause for one in with_it} == without
    likely = [one.cause in symptom.likely for one in with_it]
    assert likely[0]
    assert likely == sorted(likely, reverse=True)
    assert conclude(Walk.start(TREE, dict(symptom.answers))).cause == INCONCLUSIVE
