"""`dbwizard tree …` and `dbwizard causes …` as an author and a reader see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content import small
from wizard.content.load import Content, open_content
from wizard.errors import ContentError, UsageError
from wizard.front import causescmd, treecmd


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return Content((small.write(tmp_path),))


def test_list_names_each_node_with_what_it_does(content: Content) -> None:
    lines: list[str] = []
    assert treecmd.run_list(content, lines.append) == 0
    assert lines == [
        "network:",
        "  net.start  runs net.look: Looking at {host}",
        "  net.said   decides by what is known",
        "  net.ask    asks: Is it managed?",
    ]


def test_show_says_the_ways_in_words(content: Content) -> None:
    lines: list[str] = []
    assert treecmd.run_show(content, "net.start", lines.append) == 0
    assert "  if net.outcome is fine and net.days >= 3 -> net.ask   (also possible: network.timeout)" in lines
    assert "  else -> net.said" in lines
    assert "  unknown -> found.inconclusive" in lines
    assert "  by hand: nc {host}" in lines
    assert "  reached from: nothing, it is the root" in lines


def test_show_of_a_question_names_the_answers(content: Content) -> None:
    lines: list[str] = []
    assert treecmd.run_show(content, "net.ask", lines.append) == 0
    assert "  fills the fact managed; on the command line: --answer managed=VALUE" in lines
    assert "    none: No (the default of `check`)" in lines


def test_show_of_a_followed_fact(content: Content) -> None:
    lines: list[str] = []
    assert treecmd.run_show(content, "net.said", lines.append) == 0
    assert "  if error.cause names a cause -> found.<that cause>" in lines


def test_show_of_an_unknown_node_names_the_nearest(content: Content) -> None:
    lines: list[str] = []
    with pytest.raises(UsageError, match=r"there is no node 'net\.strt'; did you mean 'net\.start'\?"):
        treecmd.run_show(content, "net.strt", lines.append)
    assert lines == []


def test_lint_tells_every_problem_and_the_number(tmp_path: Path) -> None:
    lines: list[str] = []
    folder = small.write(tmp_path, small.edited("trees/network.yaml", "go: net.ask", "go: net.aks"))
    assert treecmd.run_lint([folder], lines.append) == 2
    assert any(
        "trees/network.yaml:9: nodes.net.start.edges.0.go: 'net.aks' is not a node" in line for line in lines
    )
    assert lines[-1].startswith(f"{len(lines) - 1} problems in ")


def test_test_plays_the_stories_and_names_what_none_takes(content: Content) -> None:
    lines: list[str] = []
    assert treecmd.run_test(content, lines.append) == 0
    assert "  net.start: else -> net.said" in lines
    assert "  net.start: net.outcome is refused -> found.network.refused" not in lines
    assert lines[-1] == "2 scenarios, 0 of them with another end than written."


def test_test_of_a_story_with_another_end(tmp_path: Path) -> None:
    changed = small.edited("scenarios/all.yaml", "cause: network.refused", "cause: network.timeout")
    lines: list[str] = []
    assert treecmd.run_test(Content((small.write(tmp_path, changed),)), lines.append) == 2
    assert lines[0].endswith(
        "refused: ends at 'network.refused', not at 'network.timeout' (net.start -> found.network.refused)"
    )


@pytest.mark.parametrize("scenario", ["[1]", "[{name: x}]", "[{name: x, cause: healthy, extends: nobody}]"])
def test_test_of_a_scenario_that_cannot_be_read(tmp_path: Path, scenario: str) -> None:
    folder = small.write(tmp_path, {"scenarios/all.yaml": f"scenarios: {scenario}"})
    with pytest.raises(ContentError, match=r"all\.yaml: "):
        treecmd.run_test(Content((folder,)), lambda line: None)


def test_graph_draws_every_way_once(content: Content) -> None:
    dot: list[str] = []
    mermaid: list[str] = []
    assert treecmd.run_graph(content, dot.append) == 0
    assert treecmd.run_graph(content, mermaid.append, mermaid=True) == 0
    assert dot[0] == "digraph dbwizard {"
    assert dot[-1] == "}"
    assert '  "net.start" -> "net.said" [label="else"];' in dot
    assert mermaid[0] == "flowchart LR"
    arrows = [line for line in mermaid if "-->" in line or "-.->" in line]
    assert len(arrows) == len([line for line in dot if " -> " in line]) == 9


def test_causes_lists_the_whole_catalogue_by_layer() -> None:
    content = open_content()
    lines: list[str] = []
    assert causescmd.run_list(content, lines.append) == 0
    shown = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert sorted(shown) == sorted(content.catalogue)
    assert "auth:" in lines
    assert max(len(line) for line in lines) <= causescmd.WIDTH


def test_every_cause_has_a_page_that_can_be_shown() -> None:
    content = open_content()
    for cause in content.catalogue:
        lines: list[str] = []
        assert causescmd.run_show(content, cause, lines.append) == 0
        assert lines[0] == cause
        for part in ("Why it happens", "What not to do", "How to verify", "Sources"):
            assert part in lines, f"{cause} shows no '{part}'"
        assert any(line.startswith("Fix 1: ") for line in lines), cause


def test_an_unknown_cause_names_the_nearest() -> None:
    lines: list[str] = []
    with pytest.raises(UsageError, match=r"'auth\.pasword-wrong'; did you mean 'auth\.password-wrong'\?"):
        causescmd.run_show(open_content(), "auth.pasword-wrong", lines.append)
    assert lines == []


def test_a_page_can_be_read_while_the_tree_is_broken(tmp_path: Path) -> None:
    folder = small.write(tmp_path, {"trees/network.yaml": "root: nowhere"})
    lines: list[str] = []
    assert causescmd.run_show(Content((folder,)), "network.refused", lines.append) == 0
    assert "Nothing listens on {host}" in lines
