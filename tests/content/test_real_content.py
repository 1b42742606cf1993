"""The content that ships: no problem, every story ends as written, and what no story takes is known."""

from __future__ import annotations

import pytest

from wizard.content import scenario
from wizard.content.check import check
from wizard.content.graph import ELSE, UNKNOWN
from wizard.content.load import builtin_folder, open_content
from wizard.content.scenario import Scenario
from wizard.core.facts import Fact, Facts

CONTENT = open_content()
STORIES = scenario.read(CONTENT)
LAYERS = ("config", "dns", "network", "tls", "auth", "database", "capacity")


@pytest.mark.slow
def test_the_lint_finds_nothing() -> None:
    assert [str(problem) for problem in check([builtin_folder()])] == []


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_every_story_ends_as_written(story: Scenario) -> None:
    assert scenario.run(CONTENT.tree, story).problems == ()


@pytest.mark.parametrize(
    ("fact", "fair", "slow", "layer"),
    [("network.connect-ms", 300, 301, "network"), ("database.query-ms", 2000, 2001, "database")],
)
def test_slowness_is_a_warning_where_the_connection_works(
    fact: str, fair: int, slow: int, layer: str
) -> None:
    def warned(value: int, outcome: str) -> list[str]:
        known = {fact: value, "database.outcome": outcome}
        facts = Facts({key: Fact(key, each, "probe") for key, each in known.items()})
        return [caution.layer for caution in CONTENT.tree.warnings(facts) if f"{{{fact}}}" in caution.text]

    assert (warned(fair, "ok"), warned(slow, "ok"), warned(slow, "error")) == ([], [layer], [])


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
