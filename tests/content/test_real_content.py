"""The content that ships: no problem, every story ends as written, and what no story takes is known."""

from __future__ import annotations

import pytest

from wizard.content import scenario
from wizard.content.check import check
from wizard.content.graph import ELSE, UNKNOWN
from wizard.content.load import builtin_folder, open_content
from wizard.content.scenario import Scenario

CONTENT = open_content()
STORIES = scenario.read(CONTENT)
LAYERS = ("config", "dns", "network", "tls", "auth", "database", "capacity")


@pytest.mark.slow
def test_the_lint_finds_nothing() -> None:
    assert [str(problem) for problem in check([builtin_folder()])] == []


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_every_story_ends_as_written(story: Scenario) -> None:
    assert scenario.run(CONTENT.tree, story).problems == ()


@pytest.mark.slow
def test_every_written_edge_of_the_ladder_is_taken_by_some_story() -> None:
    results = [scenario.run(CONTENT.tree, story) for story in STORIES]
    left = [
        f"{node.id}: {way.words}"
        for node, way in scenario.untaken(CONTENT.tree, results)
        if way.number not in (ELSE, UNKNOWN) and node.layer in LAYERS
    ]
    assert left == NOT_TAKEN


NOT_TAKEN = [
    # Facts cannot lead here, only a person who states what the probe of the node would have found.
    "dns.ask-servers: dns.outcome is resolved or literal or socket",
]
