"""Rows: content that grows. Loading today's content 1, 10 and 100 times over, and the lint of a large graph."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.bench.rows import Bench, Planned, Row, Taken, alternate, most_memory, process
from tests.support.cli import ROOT
from wizard.content.index import files
from wizard.content.load import Content, builtin_folder

TIMES = (1, 10, 100)
NODES = 20_000
NODES_A_FILE = 2_000
MARK = "COPY-NUMBER"
"""Stands for the number of a copy while the copies are made of one text."""
KEYED = {"nodes", "facts", "causes", "questions", "symptoms"}
"""Keys of content files below which each key is a name that must be another one in each copy."""


def copies(times: int, folder: Path) -> list[Path]:
    """Today's content and as many copies of it as are missing, each with names of its own, in folders."""
    own = builtin_folder()
    texts = {path.relative_to(own): _renamed(path) for path in files(own) if _is_loaded(path, own)}
    made = [own]
    for number in range(1, times):
        made.append(folder / str(number))
        for name, text in texts.items():
            path = made[-1] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(MARK, str(number)), encoding="utf-8")
    return made


def _is_loaded(path: Path, own: Path) -> bool:
    """Whether it is content of the walk; scenarios are for the tests and the range."""
    return path.parent == own or path.parent.name in ("trees", "causes", "messages")


def _renamed(path: Path) -> str:
    data: dict[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.CBaseLoader)
    for key in KEYED & data.keys():
        data[key] = {f"{name}-{MARK}": one for name, one in data[key].items()}
    for rule in data.get("rules", ()):
        rule["id"] += f"-{MARK}"
    if path.parent.name == "causes":
        data = {f"{cause}-{MARK}": page for cause, page in data.items()}
    data.pop("root", None)
    return str(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1000))


def _loaded(times: int, warm: bool) -> Callable[[Bench, Planned], Row]:
    def make(bench: Bench, plan: Planned) -> Row:
        number = bench.scaled(times)
        folder = bench.folder / f"content-{number}"
        names = [str(one) for one in copies(number, folder)]
        cache = bench.folder / f"cache-{number}"

        environment = {**bench.environment, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
        argv = [sys.executable, "-m", "tests.bench.loading", *names]

        def run() -> Taken:
            if not warm:
                shutil.rmtree(cache, ignore_errors=True)
            return process(argv, environment)

        if warm:
            run()
        rounds = min(bench.rounds, 1 if times == max(TIMES) else 3)
        (taken,) = alternate(rounds, run)
        if not warm:
            shutil.rmtree(cache)
        told = f"{most_memory(argv, environment):.0f} MB, {len(content_files(names))} files"
        return Row(plan.group, plan.name, rounds, taken.seconds * 1000, None, "ms", taken.cpu * 1000, told)

    return make


def content_files(folders: list[str]) -> list[Path]:
    """The files of these folders that a run loads."""
    return [path for folder in folders for path in files(Path(folder)) if _is_loaded(path, Path(folder))]


def write_graph(nodes: int, folder: Path) -> Path:
    """A tree of so many nodes, each with two ways on, that all end in the first node of today's tree."""
    root = Content((builtin_folder(),)).tree.root
    (folder / "trees").mkdir(parents=True)
    for first in range(0, nodes, NODES_A_FILE):
        head = ["layer: network", *(["root: big.0"] if first == 0 else []), "nodes:"]
        body = [
            line for at in range(first, min(nodes, first + NODES_A_FILE)) for line in _node(at, nodes, root)
        ]
        (folder / "trees" / f"big-{first:06}.yaml").write_text("\n".join([*head, *body]) + "\n")
    return folder


def _node(at: int, nodes: int, root: str) -> Iterator[str]:
    left, right = (f"big.{goal}" if goal < nodes else root for goal in (2 * at + 1, 2 * at + 2))
    yield f"  big.{at}:"
    yield f"    edges: [{{when: {{dns.outcome: not-found}}, go: {left}}}]"
    yield f"    else: {right}"
    yield "    unknown: found.inconclusive"


def _linted(bench: Bench, plan: Planned) -> Row:
    half, whole = (
        write_graph(bench.scaled(nodes, 10), bench.folder / f"graph-{nodes}") for nodes in (NODES // 2, NODES)
    )
    rounds = min(3, bench.rounds)
    nothing, less, all_of_it = alternate(
        rounds,
        lambda: bench.wizard("tree", "lint"),
        lambda: bench.wizard("tree", "lint", "--trees", str(half)),
        lambda: bench.wizard("tree", "lint", "--trees", str(whole)),
    )
    growth = (all_of_it.cpu - nothing.cpu) / max(less.cpu - nothing.cpu, 0.001)
    held = most_memory([*bench.program, "tree", "lint", "--trees", str(whole)], bench.environment)
    told = f"{held:.0f} MB; {growth:.1f} times the work of half the nodes"
    times = all_of_it.seconds * 1000, nothing.seconds * 1000
    return Row(plan.group, plan.name, rounds, *times, "ms", all_of_it.cpu * 1000, told)


GROUP = "content loaded"
PLANS = (
    *(
        Planned(GROUP, f"{times} x, {'from the index' if warm else 'from YAML'}", _loaded(times, warm))
        for times in TIMES
        for warm in (False, True)
    ),
    Planned("tree lint (today's tree)", f"{NODES} nodes", _linted),
)
