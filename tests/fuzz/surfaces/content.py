"""Folders of YAML: the lint tells what is wrong with any, and what it has no word against can be loaded.

An input is several files that replace those of a small folder with one of everything, or one big file of the
installation's own, whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.content import small
from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.files import laid, packed, parts, scratch
from wizard.content.check import check
from wizard.content.load import Content, builtin_folder
from wizard.content.yamlfile import locate, parse
from wizard.core.tree import Tree
from wizard.core.walk import Walk
from wizard.errors import ContentError
from wizard.redact import harmless

LAUGHS = "causes:\n  a0: &a0 lol\n" + "".join(
    f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
STRANGE = (
    LAUGHS,
    *(
        "a: &a [*a, *a]\n",
        "causes: &a {x: *a, y: *a}\n",
        "? [a, b]\n: c\n",
        "!!python/object/apply:os.system [x]\n",
    ),
    *(
        "causes:\n  x: !!binary aGk=\n  x: again\n",
        "[" * 3000,
        "{a: " * 2000,
        "- " * 5000,
        "a: |\n" + " x\n" * 2000,
    ),
    *(
        "%YAML 9.9\n---\na: b\n",
        "a: b\n---\nc: d\n",
        '"\\ud800\\x1b[31m"',
        "a: 'x\n",
        "<<: {a: b}\n",
        "\ta: b\n",
        "? " * 500,
    ),
)


@cache
def _own() -> dict[str, str]:
    """Files of the installation's content that are no larger than a mutation can be."""
    folder = builtin_folder()
    paths = [
        folder / "symptoms.yaml",
        *sorted(folder.glob("trees/*.yaml"))[:4],
        *sorted(folder.glob("causes/*.yaml"))[:2],
    ]
    return {
        f"{path.parent.name}/{path.name}" if path.parent != folder else path.name: path.read_text()
        for path in paths
    }


def seeds() -> list[bytes]:
    """The small folder, each of its files, strange YAML in the place of each kind, and real files."""
    found = [packed(small.FILES), *(packed({name: text}) for name, text in small.FILES.items())]
    names = list(small.FILES)
    found += [packed({names[number % len(names)]: text}) for number, text in enumerate(STRANGE)]
    return found + [packed({"whole": text[:60_000]}) for text in _own().values()]


def run(data: bytes) -> Iterator[str]:
    """Lint the folder; load what the lint has nothing against; read each file by itself too."""
    files = parts(data)
    with (
        scratch() as name,
        patch.dict(os.environ, XDG_CACHE_HOME=name),
    ):  # the cache of a person is left alone
        folder = Path(name, "trees")
        for file, text in {**{key: one.encode() for key, one in small.FILES.items()}, **files}.items():
            laid(folder, file, text)
        for file, text in files.items():
            yield from _read_alone(folder / file, text)
        problems = [str(problem) for problem in check([folder], small.PROBES)]
        yield from (harmless(problem, 0) for problem in problems)
        if not problems:  # else a run refuses the folder
            _load(Content((folder,)))


def _read_alone(path: Path, text: bytes) -> Iterator[str]:
    try:
        parse(text, path)
    except ContentError as error:
        yield from (harmless(one, 0) for one in error.problems)
    if path.is_file():
        yield from (harmless(one, 0) for one in locate(path, path.name).problems)


def _load(content: Content) -> None:
    """Everything of the content, as a walk and the commands read it."""
    tree: Tree = content.tree
    for kept in (tree.nodes, tree.specs, tree.questions, tree.symptoms):
        assert all(one is not None for one in kept.values())
    content.read_message("connection refused", "08001", "postgresql")
    for cause in content.catalogue:
        content.page(cause)
    assert content.platforms is not None
    assert Walk.start(tree, {}).step is not None


SURFACE = Surface(
    "yaml",
    seeds,
    run,
    (
        *(
            b": ",
            b"- ",
            b"\n",
            b"  ",
            b"&a ",
            b"*a",
            b"{",
            b"}",
            b"[",
            b"]",
            b"|\n",
            b">-\n",
            b"!!str ",
            b"!!map ",
            b"? ",
            b"<<: ",
            b"---\n",
            b"#",
        ),
        *(
            b"when: ",
            b"go: ",
            b"edges:\n",
            b"probe: ",
            b"ask: ",
            b"else: ",
            b"unknown: ",
            b"root: ",
            b"follow: ",
            b"{x}",
            b">=3",
            b"not ",
            b"(a+)+$",
            b"(?P<a>",
        ),
        *(
            b"\n--- trees/network.yaml\n",
            b"\n--- facts.yaml\n",
            b"\n--- causes/network.yaml\n",
            b"true",
            b"null",
            b"~",
            b"''",
            b"9" * 5000,
        ),
    ),
    seconds=3.0,
    leaks=False,
)
