"""The five steps of the README are followed to the letter, and its scenario is walked, in a folder of one's own."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.practice.test_mechanisms import lint
from tests.test_practice_walk import candidates_of, walk_there
from wizard.content import scenario
from wizard.content.check import check
from wizard.content.load import Content, builtin_folder
from wizard.front import causescmd
from wizard.practice import get, serve

pytestmark = pytest.mark.slow

README = builtin_folder() / "README.md"
NEW = "database.quota-exceeded"


def steps() -> list[str]:
    """The YAML blocks of the last chapter, in their order."""
    chapter = README.read_text(encoding="utf-8").partition("## Add a cause in five steps")[2]
    return [
        textwrap.dedent(block)
        for block in re.findall(r"( *)```yaml\n(.*?)```", chapter, re.DOTALL)
        for block in block[1:]
    ]


def page() -> str:
    """The page of the chapter on pages, under the new name."""
    chapter = README.read_text(encoding="utf-8").partition("## Cause pages")[2]
    (block,) = re.findall(r"```yaml\n(.*?)```", chapter.partition("## Message rules")[0], re.DOTALL)
    return str(block).replace("network.refused:", f"{NEW}:", 1)


def test_the_five_steps_make_a_cause(tmp_path: Path) -> None:
    catalogue, rule, story = steps()
    texts = {
        "catalogue.yaml": catalogue,
        "messages/acme-proxy.yaml": rule,
        "causes/database.yaml": page(),
        "scenarios/quota.yaml": story,
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    mine = [problem for problem in check([builtin_folder(), tmp_path]) if str(tmp_path) in problem.place.file]
    assert mine == []
    content = Content((builtin_folder(), tmp_path))
    (result,) = [scenario.run(content.tree, one) for one in scenario.read(content) if one.cause == NEW]
    assert result.problems == ()
    lines: list[str] = []
    assert causescmd.run_show(content, NEW, lines.append) == 0
    assert lines[:2] == [NEW, "Nothing listens on {host}:{port}"]


def test_the_practice_scenario_is_found_by_a_walk(tmp_path: Path) -> None:
    chapter = README.read_text(encoding="utf-8").partition("## Practice scenarios")[2]
    block = re.findall(r"```yaml\n(.*?)```", chapter, re.DOTALL)[0]
    (tmp_path / "practice").mkdir()
    (tmp_path / "practice" / "dns.yaml").write_text(block, encoding="utf-8")
    assert lint(tmp_path) == []
    with serve(get("moved-and-moved-again", Content((builtin_folder(), tmp_path)))) as running:
        _, made = walk_there(running)
    assert made["cause"] == running.scenario.cause
    assert set(running.scenario.candidates) <= candidates_of(made)
