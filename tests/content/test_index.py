"""The index that the wheel carries: believed only for the very bytes that it was made of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.content import small
from wizard.content import yamlfile
from wizard.content.index import for_wheel, place, write_index
from wizard.content.load import COMPILED, Content

ROOT = Path(__file__).resolve().parents[2]


def test_an_index_stands_beside_each_file_and_says_the_same(tmp_path: Path) -> None:
    folder = small.write(tmp_path)
    written = write_index(folder)
    assert {path.relative_to(folder).as_posix() for path in written} >= {
        ".index/facts.json",
        "trees/.index/network.json",
        "messages/.index/server.json",
    }
    assert len(written) == len(small.FILES) + 1  # and the message rules made ready
    for name in small.FILES:
        path = folder / name
        assert yamlfile.load(path) == yamlfile.parse(path.read_bytes(), path)


def test_the_index_is_what_a_run_reads(tmp_path: Path) -> None:
    path = small.write(tmp_path) / "facts.yaml"
    write_index(tmp_path)
    entry = json.loads(place(path).read_text())
    place(path).write_text(json.dumps({**entry, "data": {"from": "the index"}}))
    assert yamlfile.load(path) == {"from": "the index"}


@pytest.mark.parametrize(
    "entry", ['{"hash": "0000", "data": {"old": "1"}}', "not json", "[]", "{}", '{"hash": null}', ""]
)
def test_an_index_that_is_old_or_damaged_is_ignored(tmp_path: Path, entry: str) -> None:
    path = small.write(tmp_path) / "catalogue.yaml"
    write_index(tmp_path)
    place(path).write_text(entry)
    assert "healthy" in yamlfile.load(path)["causes"]


def test_an_edited_file_is_read_itself(tmp_path: Path) -> None:
    path = small.write(tmp_path) / "catalogue.yaml"
    write_index(tmp_path)
    path.write_text(path.read_text() + "  network.new: something new\n")
    assert "network.new" in yamlfile.load(path)["causes"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1],
        lambda raw: b"",
        lambda raw: b"\n".join([b"0000 1", *raw.split(b"\n")[1:]]),
        lambda raw: raw.replace(b" ", b"", 1),
    ],
    ids=["cut", "empty", "old", "no mark"],
)
def test_message_rules_made_ready_that_are_old_or_damaged_are_made_anew(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    folder = small.write(tmp_path)
    write_index(folder)
    ready = folder / "messages" / yamlfile.INDEX / COMPILED
    known = Content((folder,)).classifier.patterns
    ready.write_bytes(damage(ready.read_bytes()))
    assert Content((folder,)).classifier.patterns == known != []


def test_the_wheel_gets_a_fresh_index_and_the_checkout_none(tmp_path: Path) -> None:
    root, into = tmp_path / "checkout", tmp_path / "made"
    leftover = small.write(root / "decision_trees") / "trees" / ".index" / "network.json"
    leftover.parent.mkdir()
    leftover.write_text('{"hash": "old", "data": {}}')
    before = sorted(root.rglob("*"))
    included = for_wheel(root, into)
    assert sorted(root.rglob("*")) == before
    assert len(included) == len(small.FILES) + 1
    for made, inside in included.items():
        assert inside.startswith("wizard/decision_trees/")
        written = (
            root / "decision_trees" / inside.removeprefix("wizard/decision_trees/").replace(".index/", "")
        )
        if written.stem == "compiled-rules":
            continue  # of all message files together, and no JSON
        entry = json.loads(Path(made).read_text())
        assert entry["hash"] == yamlfile.digest(written.with_suffix(".yaml").read_bytes())


def test_the_build_runs_the_hook() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (hook,) = re.findall(r'wheel\.hooks\.custom\]\npath = "([^"]+)"', text)
    assert "for_wheel" in (ROOT / hook).read_text(encoding="utf-8")
    assert "PyYAML" in text.partition("[project]")[0], "the hook reads YAML while it builds"
