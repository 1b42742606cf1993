"""Error texts that people really reported, read as `dbwizard explain` reads them; see corpus/README.md."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from wizard.content.load import builtin_folder, open_content, read_rules
from wizard.explain import Summary, explain

CORPUS = Path(__file__).parent / "corpus"
LEAST_RIGHT = 0.97


class Report(NamedTuple):
    """One text and what it means. `cause` is None where nothing may be named; `held` texts tune no rule."""

    id: str
    text: str
    cause: str | None
    accept: tuple[str, ...]
    source: str
    held: bool

    @property
    def meanings(self) -> frozenset[str]:
        return frozenset((self.cause, *self.accept)) if self.cause else frozenset()


class Answer(NamedTuple):
    report: Report
    cause: str | None
    rule: str | None

    @property
    def right(self) -> bool:
        return self.cause in self.report.meanings if self.report.cause else self.cause is None

    def __str__(self) -> str:
        wanted = self.report.cause or "nothing"
        return f"{self.report.id}: {self.cause or 'nothing'} by {self.rule}, it is {wanted}"


@cache
def reports() -> tuple[Report, ...]:
    return tuple(
        Report(
            one["id"],
            one["text"],
            one["cause"],
            tuple(one.get("accept", ())),
            one["source"],
            one.get("held", False),
        )
        for path in sorted(CORPUS.glob("*.yaml"))
        for one in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    )


@cache
def answers() -> tuple[Answer, ...]:
    classifier = open_content().classifier
    given = []
    for report in reports():
        counted = Summary(classifier.explains)
        for result in explain(report.text, classifier):
            counted.add(result)
        match = counted.primary.example.match if counted.primary else None
        given.append(Answer(report, match and match.cause, match and match.rule_id))
    return tuple(given)


@pytest.mark.parametrize("held", [False, True], ids=["tuned", "held"])
def test_what_people_reported_is_explained_right(held: bool) -> None:
    asked = [one for one in answers() if one.report.cause and one.report.held == held]
    misses = [one for one in asked if not one.right]
    share = 1 - len(misses) / len(asked)
    print(f"{share:.1%} of {len(asked)} right", *misses, sep="\n")
    assert share >= LEAST_RIGHT, "\n".join(map(str, misses))


def test_what_is_no_connection_fault_is_not_named() -> None:
    named = [one for one in answers() if one.report.cause is None and not one.right]
    assert named == [], "\n".join(map(str, named))


def test_the_corpus_is_large_enough_and_says_where_each_text_is_from() -> None:
    faults = [one for one in reports() if one.cause]
    assert len(faults) >= 300
    assert len(reports()) - len(faults) >= 150
    assert all(one.source.startswith(("https://", "written after: ")) for one in reports())
    assert len({one.id for one in reports()}) == len(reports()) == len({one.text for one in reports()})


def test_every_meaning_is_in_the_catalogue() -> None:
    known = open_content().catalogue
    assert {cause for one in reports() for cause in one.meanings} <= set(known)


def test_no_text_is_an_example_of_a_rule() -> None:
    rules = read_rules(sorted((builtin_folder() / "messages").glob("*.yaml")))
    examples = {example.strip() for rule in rules for example in rule.examples}
    assert [one.id for one in reports() if one.text.strip() in examples] == []
