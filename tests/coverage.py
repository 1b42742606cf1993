"""Writes decision_trees/COVERAGE.md: for each cause what reaches and proves it, for each code its cause.

Run `python -m tests.coverage` to write the file anew. Live tests are only collected, never run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.support.proof import Proof
from wizard.content.load import Content, open_content, read_rules
from wizard.content.scenario import read
from wizard.core.tree import FINDING, Tree

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "decision_trees" / "COVERAGE.md"
HERE = ROOT / "tests" / "content"
COMMAND = "python -m tests.coverage"
SHOWN = 3
"""Names that a cell of the table holds before it only counts."""
FORMS = {
    "postgresql": "FATAL:  {said}",
    "server": "ERROR {code} (HY000): {said}",
    "client": "ERROR {code} (HY000): {said}",
}
TITLES = {
    "postgresql": "PostgreSQL: SQLSTATEs that a connection can meet",
    "server": "MySQL and MariaDB: errors of the server",
    "client": "MySQL and MariaDB: errors of the client, 2000 to 2061",
}


class Proven(NamedTuple):
    """Everything that leads to one cause."""

    cause: str
    nodes: tuple[str, ...]
    rules: int
    scenarios: tuple[str, ...]
    tests: tuple[str, ...]
    reason: str


@cache
def real_tests() -> dict[str, list[tuple[str, str]]]:
    """Cause -> (place, test) of the markers of the live tests, in the order of collection."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proofs.json"
        options = [
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            "tests.support.listing",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, "tests/live"],
            cwd=ROOT,
            env={**os.environ, "DBWIZARD_PROOFS": str(file)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the live tests cannot be collected:\n{done.stdout}\n{done.stderr}")
        rows = json.loads(file.read_text())
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for test, proofs in rows:
        for proof in map(Proof._make, proofs):
            found[proof.cause].append((proof.on, test.removeprefix("tests/live/")))
    return found


def causes(content: Content, tests: dict[str, list[tuple[str, str]]]) -> Iterator[Proven]:
    """The first table, in the order of the catalogue."""
    nodes = _nodes(content.tree)
    rules = Counter(rule.cause for rule in read_rules(content.files("messages")))
    scenarios: dict[str, list[str]] = defaultdict(list)
    for scenario in read(content):
        scenarios[scenario.cause].append(scenario.name)
    reasons = load("unreproduced.yaml")
    for cause in content.catalogue:
        yield Proven(
            cause,
            tuple(nodes[cause]),
            rules[cause],
            tuple(scenarios[cause]),
            tuple(_places(tests.get(cause, ()))),
            str(reasons.get(cause, "")),
        )


def load(name: str) -> dict[str, Any]:
    """A table beside the tests of the content; every value is text."""
    data = yaml.load((HERE / name).read_text(encoding="utf-8"), yaml.BaseLoader)
    return dict(data or {})


def _nodes(tree: Tree) -> dict[str, list[str]]:
    """Cause -> the nodes with a way to it, those that follow the message rules left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in tree.nodes.values():
        ways = [edge.go for edge in node.edges if not edge.follows]
        for target in dict.fromkeys([*ways, node.otherwise, node.unknown]):
            if target.startswith(FINDING):
                found[target[len(FINDING) :]].append(node.id)
    return found


def _places(tests: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One test for each place, with how many more there are."""
    by_place: dict[str, list[str]] = defaultdict(list)
    for place, test in tests:
        by_place[place].append(test)
    for place, names in by_place.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"{place}: `{names[0].replace('|', '/')}`{more}"


def codes(content: Content) -> Iterator[tuple[str, str, str, list[tuple[str, str]], str]]:
    """(kind, code, name, [(text, cause)], why none) of the second table; no cause is an empty text."""
    for kind, rows in load("codes.yaml").items():
        engine = "postgresql" if kind == "postgresql" else "mysql"
        for code, row in rows.items():
            read_as = []
            for said in row.get("said", ()):
                line = FORMS[kind].format(code=code, said=said)
                match = content.classifier.classify(line, code=code, engine=engine)
                read_as.append((said, match.cause if match else ""))
            yield kind, code, row["name"], read_as, row.get("none", "")


def page() -> str:
    """The whole file."""
    content = open_content()
    rows = list(causes(content, real_tests()))
    proven = sum(1 for row in rows if row.tests)
    lines = [
        "# What reaches each cause, and what proves it",
        "",
        f"Written by `{COMMAND}`; a test compares it with what is true.",
        "",
        f"{len(rows)} causes: {sum(1 for row in rows if row.scenarios)} are reached by a scenario, "
        f"{proven} are reproduced on the real thing.",
        "",
        "Nodes are those whose edges decide it by facts; message rules lead to it wherever a node follows",
        "what a server, a log or an application said.",
        "",
        "| cause | decided by | rules | scenarios | on the real thing |",
        "| --- | --- | --- | --- | --- |",
        *(_row(row) for row in rows),
        "",
        "# Codes",
        "",
        "Each with the text that comes with it, and the cause that the message rules make of both.",
    ]
    kind = ""
    for this, code, name, read_as, none in codes(content):
        if this != kind:
            kind = this
            lines += [
                "",
                f"## {TITLES[kind]}",
                "",
                "| code | name | said | cause |",
                "| --- | --- | --- | --- |",
            ]
        for said, cause in read_as:
            lines.append(f"| {code} | {name} | `{said}` | {cause or '**none**'} |")
        if none:
            lines.append(f"| {code} | {name} | — | — {none} |")
    return "\n".join(lines) + "\n"


def _row(row: Proven) -> str:
    real = "; ".join(row.tests) or f"— {row.reason or '**no reason given**'}"
    cells = (row.cause, _names(row.nodes), str(row.rules or "—"), _names(row.scenarios), real)
    return f"| {' | '.join(cells)} |"


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more or "—"


if __name__ == "__main__":
    TABLE.write_text(page(), encoding="utf-8")
    print(f"wrote {TABLE.relative_to(ROOT)}")
