"""Questions of the content that ships: few, answerable, and never in place of a probe that has just looked."""

from __future__ import annotations

import pytest

from wizard.content import scenario
from wizard.content.load import open_content
from wizard.content.scenario import Scenario
from wizard.core.steps import Ask, Finished
from wizard.core.walk import Walk

CONTENT = open_content()
STORIES = scenario.read(CONTENT)


THERE = {"host.inspect", "server.why-down"}
"""Probes of the database's own host: from elsewhere, only a person there can tell what they would."""


def asked(story: Scenario) -> tuple[list[str], list[str]]:
    """The facts that a person is asked for, and those of them that a probe not tried in this walk could have told."""
    walk = Walk.start(CONTENT.tree, story.answers)
    found, untried = [], []
    while not isinstance(step := walk.step, Finished):
        if isinstance(step, Ask):
            found.append(step.fact)
            probes = set(CONTENT.tree.specs[step.fact].sources) - set(CONTENT.tree.questions)
            if walk.facts.text("target.is-local") == "false":
                probes -= THERE
            if probes and not probes & {walk.tree.node(hop.node).probe for hop in walk.trail}:
                untried.append(step.fact)
        walk = walk.feed(scenario.event_for(story, step))
    return found, untried


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_at_most_one_question_is_one_that_a_probe_could_have_answered(story: Scenario) -> None:
    questions, untried = asked(story)
    assert len(untried) <= 1
    assert len(questions) == len(set(questions))


@pytest.mark.parametrize("fact", CONTENT.tree.questions)
def test_every_question_says_why_it_is_asked_and_how_to_find_out(fact: str) -> None:
    question = CONTENT.tree.questions[fact]
    assert question.text.endswith("?")
    assert len(question.why) > 20
    assert len(question.how) > 20
    assert question.refusal("unknown") == ""
    assert not question.default or question.refusal(question.default) == ""


def test_the_names_that_other_tools_answer_are_still_there() -> None:
    public = {
        "runtime": {"host", "docker", "compose", "kubernetes"},
        "managed": {
            *("none", "aws-rds", "gcp-cloudsql", "azure", "neon", "supabase"),
            *("heroku", "digitalocean", "render", "planetscale", "aiven", "other"),
        },
        "server_access": {"yes", "no"},
        "worked_before": {"never", "yes"},
        "frequency": {"always", "intermittent", "under-load"},
        "others_connect": {"yes", "no"},
        "writes": {"yes", "no"},
    }
    for fact, values in public.items():
        offered = {option.value for option in CONTENT.tree.questions[fact].options}
        assert values <= offered, fact
