"""The index of content: each YAML file once more as JSON, which a run reads ten times as fast.

An entry knows its file by a hash of the bytes, so an index that is old, foreign or damaged is never believed. It is
made when the wheel is built (see build_hook.py) and never in a checkout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from wizard.content.load import COMPILED, read_rules, rules_mark
from wizard.content.yamlfile import INDEX, digest, head, parse, read_bytes

FOLDER = "decision_trees"
INSIDE = "wizard/decision_trees"
"""Where the content is in a checkout, and where in the wheel."""


def files(folder: Path) -> Iterator[Path]:
    """The YAML files of a content folder and of the folders in it."""
    for path in sorted(folder.rglob("*.y*ml")):
        if path.suffix in (".yaml", ".yml") and INDEX not in path.parts:
            yield path


def place(path: Path) -> Path:
    """Where the index entry of a YAML file is looked for."""
    return path.parent / INDEX / (path.stem + ".json")


def entry(path: Path) -> str:
    """The entry of one file: its hash and what it says. Raises ContentError for a file that is no YAML."""
    raw = read_bytes(path)
    return json.dumps(
        {"hash": digest(raw), "data": parse(raw, path)}, ensure_ascii=False, separators=(",", ":")
    )


def write_index(folder: Path, into: Path | None = None) -> list[Path]:
    """Write the entry of each file below `folder` into the same place below `into` (by default the folder itself).

    Returns the files written. Raises ContentError for a file that is no YAML, OSError when nothing can be written.
    """
    written = []
    for path in files(folder):
        goal = (into or folder) / place(path).relative_to(folder)
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_text(entry(path), encoding="utf-8")
        written.append(goal)
    messages = [path for path in files(folder) if path.parent == folder / "messages"]
    if messages:
        written.append(_compile(messages, (into or folder) / "messages" / INDEX / COMPILED))
    return written


def _compile(messages: list[Path], goal: Path) -> Path:
    """The message rules of all files, made ready to match."""
    from wizard.core.classify import Classifier

    data = Classifier(read_rules(messages)).compiled()
    goal.write_bytes(head(rules_mark(messages), len(data)) + data)
    return goal


def for_wheel(root: Path, into: Path) -> dict[str, str]:
    """Make the index of the checkout at `root` below `into`: the path of each file, and its place in the wheel.

    The checkout itself is left as it is. Raises as `write_index` does.
    """
    written = write_index(root / FOLDER, into)
    return {str(path): f"{INSIDE}/{path.relative_to(into).as_posix()}" for path in written}
