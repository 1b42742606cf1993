"""`dbwizard tree list|show|lint|test|graph`: for authors of decision trees. Contacts nothing and runs no probe.

Each `run_*` takes `write`, which gets one line at a time without its end, and returns the exit status. A tree that
cannot be loaded raises ContentError; only the lint takes such a tree and says what is wrong with it.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.errors import UsageError
from wizard.exits import Exit

if TYPE_CHECKING:
    from wizard.content.load import Content
    from wizard.core.tree import Node, Tree

Write = Callable[[str], None]
KINDS = {"probe": "probe", "ask": "question", "decide": "decision", "finding": "finding"}


def run(options: Namespace, write: Write) -> int:
    """What the command line asks for: `action`, `node`, `mermaid` and `trees` (the extra folders)."""
    from wizard.content.load import folders_of, open_content

    if options.action == "lint":
        return run_lint(folders_of(options.trees), write)
    content = open_content(options.trees)
    if options.action == "show":
        if not options.node:
            raise UsageError("dbwizard tree show NODE: which node? dbwizard tree list names them all")
        return run_show(content, options.node, write)
    if options.action == "graph":
        return run_graph(content, write, mermaid=options.mermaid)
    return run_test(content, write) if options.action == "test" else run_list(content, write)


def run_list(content: Content, write: Write) -> int:
    """The nodes of each layer, with what they do."""
    tree = content.tree
    width = max(len(node_id) for node_id in tree.nodes)
    for layer in dict.fromkeys(node.layer for node in tree.nodes.values()):
        write(f"{layer}:")
        for node in tree.nodes.values():
            if node.layer == layer:
                write(f"  {node.id:<{width}}  {_does(node, tree)}".rstrip())
    return Exit.HEALTHY


def _does(node: Node, tree: Tree) -> str:
    if node.kind == "ask":
        return f"asks: {tree.questions[node.question].text}"
    if node.kind == "probe":
        return f"runs {node.probe}" + (f": {node.says}" if node.says else "")
    return f"finds {node.cause}" if node.kind == "finding" else "decides by what is known"


def run_show(content: Content, node_id: str, write: Write) -> int:
    """One node and its ways in words. Raises UsageError for an unknown id, which names the nearest."""
    from wizard.content.graph import ways
    from wizard.content.problems import nearest

    tree = content.tree
    if node_id not in tree.nodes:
        raise UsageError(f"there is no node '{node_id}'{nearest(node_id, tree.nodes)}")
    node = tree.nodes[node_id]
    write(f"{node.id}  ({KINDS[node.kind]} of the layer {node.layer}, in {node.place})")
    write(f"  {_does(node, tree)}")
    for engine, command in node.by_hand.items():
        write(f"  by hand{'' if engine == 'any' else f' ({engine})'}: {command}")
    if node.kind == "ask":
        _show_question(node, tree, write)
    for way in ways(node):
        also = f"   (also possible: {', '.join(way.also)})" if way.also else ""
        prefix = "" if way.number < 0 else "if "
        write(f"  {prefix}{way.words} -> {way.go}{also}")
    before = [other.id for other in tree.nodes.values() if node_id in other.targets()]
    write(f"  reached from: {', '.join(before) or 'nothing, it is the root'}")
    return Exit.HEALTHY


def _show_question(node: Node, tree: Tree, write: Write) -> None:
    question = tree.questions[node.question]
    write(f"  fills the fact {question.fact}; on the command line: --answer {question.fact}=VALUE")
    for option in question.options:
        default = " (the default of `check`)" if option.value == question.default else ""
        write(f"    {option.value}: {option.label}{default}")


def run_lint(folders: Iterable[Path], write: Write) -> int:
    """Every problem of the folders, one a line. Exit status 2 when there is one."""
    from wizard.content.check import check

    folders = list(folders)
    problems = check(folders)
    for problem in problems:
        write(str(problem))
    files = {problem.place.file for problem in problems}
    if problems:
        write(f"{_count(len(problems), 'problem')} in {_count(len(files), 'file')}.")
        return Exit.USAGE
    write(f"No problem found in {', '.join(str(folder) for folder in folders)}.")
    return Exit.HEALTHY


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def run_test(content: Content, write: Write, *, untaken: bool = True) -> int:
    """Play every scenario; then name the ways that none of them takes. Exit status 2 when a story ends elsewhere."""
    from wizard.content import scenario

    tree = content.tree
    results = [scenario.run(tree, one) for one in scenario.read(content)]
    failed = [result for result in results if result.problems]
    for result in failed:
        for problem in result.problems:
            write(f"{result.scenario.place}: {result.scenario.name}: {problem}")
    if untaken:
        left = list(scenario.untaken(tree, results))
        if left:
            write(f"{_count(len(left), 'way')} that no scenario takes:")
        for node, way in left:
            write(f"  {node.id}: {way.words} -> {way.go}")
    write(f"{_count(len(results), 'scenario')}, {len(failed)} of them with another end than written.")
    return Exit.USAGE if failed else Exit.HEALTHY


def run_graph(content: Content, write: Write, *, mermaid: bool = False) -> int:
    """The tree as Graphviz's DOT, or as a Mermaid flow chart."""
    from wizard.content import graph

    for line in graph.mermaid(content.tree) if mermaid else graph.dot(content.tree):
        write(line)
    return Exit.HEALTHY
