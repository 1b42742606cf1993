"""The lint of content: every problem of every file at once, with file, line, key and the nearest known name.

It reads the YAML itself and never the index, it runs nothing of what it reads, and it raises for no mistake of
an author: a folder that cannot be loaded can still be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from wizard.content import (
    check_facts,
    check_messages,
    check_pages,
    check_scenarios,
    check_symptoms,
    check_tree,
    yamlfile,
)
from wizard.content.known import Known, gather, provided
from wizard.content.problems import Lint, Problem, Source, nearest
from wizard.content.yamlfile import INDEX, Place
from wizard.errors import ContentError

FOLDERS = ("trees", "causes", "messages", "scenarios", "practice")
WALKED = ("trees", "causes", "messages", "scenarios")
"""Those that are looked at before a folder is trusted with a walk; what there is to practise on is none of it."""
NEEDED = ("trees", "causes")
"""Those without which another folder cannot be understood."""
FILES = ("catalogue.yaml", "facts.yaml", "questions.yaml", "symptoms.yaml", "platforms.yaml")


def _practice(lint: Lint, source: Source, known: Known) -> None:
    from wizard.content.check_practice import practice

    practice(lint, source, known)


CHECKS: tuple[tuple[str, Callable[[Lint, Source, Known], None]], ...] = (
    ("catalogue.yaml", check_facts.catalogue),
    ("facts.yaml", check_facts.facts),
    ("questions.yaml", check_facts.questions),
    ("symptoms.yaml", check_symptoms.symptoms),
    ("platforms.yaml", check_facts.platforms),
    ("trees", check_tree.tree_file),
    ("causes", check_pages.pages),
    ("messages", check_messages.rules),
    ("scenarios", check_scenarios.scenarios),
    ("practice", _practice),
)
"""(kind of file, its check), in the order in which an author meets them."""


def check(
    folders: Iterable[Path],
    probes: Mapping[str, tuple[str, ...]] | None = None,
    *,
    leftovers: bool = True,
) -> list[Problem]:
    """Every problem of these folders, taken together as a run takes them, in the order of files and lines.

    `probes` is the name of each probe and the facts that it reports; by default those of this installation.
    Without `leftovers`, what nothing leads to is no problem: a folder that replaces a node may cut others off; nor
    is a page that could say more. That is what a run asks before it trusts a folder, in no time: the files of the
    first one, the installation's, are not looked at by themselves, and examples are for `dbwizard tree lint`.
    """
    lint = Lint()
    sources = [
        source
        for number, folder in enumerate(folders)
        for source in _sources(lint, folder, number, FOLDERS if leftovers else WALKED if number else NEEDED)
    ]
    known = gather(sources, dict(provided() if probes is None else probes))
    for kind, check_file in CHECKS:
        for source in sources:
            if source.kind == kind and (source.folder or leftovers):
                check_file(lint, source, known)
    check_facts.supply(lint, sources, known)
    check_tree.whole(lint, sources, known, leftovers=leftovers)
    check_pages.coverage(lint, sources, known)
    if leftovers:
        check_pages.complete(lint, sources)
        check_messages.whole(lint, sources)
    return sorted(set(lint.problems), key=lambda one: (one.place, one.key, one.message))


def _sources(lint: Lint, folder: Path, number: int, subfolders: tuple[str, ...]) -> list[Source]:
    """The files of a folder, in the order in which they are loaded."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in (".yaml", ".yml"):
            if path.name in FILES:
                found.append(_read(lint, path, path.name, number))
            else:
                lint.problems.append(_stray(path, FILES))
        elif path.is_dir() and path.name in subfolders:
            found += [_read(lint, one, path.name, number) for one in sorted(path.glob("*.y*ml"))]
        elif path.is_dir() and path.name not in (INDEX, *FOLDERS) and any(path.glob("*.y*ml")):
            lint.problems.append(_stray(path, FOLDERS))
    return found


def _stray(path: Path, expected: tuple[str, ...]) -> Problem:
    return Problem(Place(shown(path), 1), "", f"nothing reads '{path.name}'{nearest(path.name, expected)}")


def _read(lint: Lint, path: Path, kind: str, number: int) -> Source:
    name = shown(path)
    try:
        located = yamlfile.locate(path, name)
    except ContentError as error:
        lint.problems += [
            Problem(Place(name, 1), "", one.removeprefix(f"{path}: ")) for one in error.problems
        ]
        return Source(name, kind, path.stem, number, {}, {})
    lint.problems += [_problem(name, sentence) for sentence in located.problems]
    source = Source(name, kind, path.stem, number, {}, located.places)
    data = lint.mapping(source, (), located.data)
    return Source(name, kind, path.stem, number, data, located.places)


def _problem(name: str, sentence: str) -> Problem:
    """`file:line: message` of the reader, taken apart."""
    rest = sentence.removeprefix(name).lstrip(":")
    line, _, message = rest.partition(": ")
    if line.isdigit():
        return Problem(Place(name, int(line)), "", message)
    return Problem(Place(name, 1), "", rest.strip())


def shown(path: Path) -> str:
    """The path as a person would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
