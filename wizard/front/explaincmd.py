"""`dbwizard explain`: where the text comes from and where the answer goes; the reading itself is in `explain.py`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator

from wizard.content.load import Content, open_content
from wizard.errors import UsageError
from wizard.explain import Summary
from wizard.explain import explain as recognised
from wizard.explain import run as explain
from wizard.front.output import write, write_json


def run(options: Namespace) -> int:
    """Explain the text, the file or standard input; the exit status is as with grep."""
    if options.text is not None and options.file is not None:
        raise UsageError("explain takes a TEXT or --file, not both")
    content = open_content(options.trees)
    return explain(
        _lines(options),
        json=options.json,
        summary=options.summary,
        short=options.short,
        write=write_json if options.json else write,
        classifier=content.classifier,
        titles=content.catalogue.get,
    )


def primary_of(name: str, content: Content) -> str:
    """The words in a file (`-` is standard input) that explain it best, or "" where nothing is recognised.

    Raises UsageError when it cannot be read.
    """
    counted = Summary()
    for result in recognised(_decoded(sys.stdin.buffer) if name == "-" else _file(name), content.classifier):
        counted.add(result)
    return counted.primary.example.match.text if counted.primary else ""


def _lines(options: Namespace) -> str | Iterable[str]:
    if options.text is not None:
        return str(options.text)
    if options.file is not None:
        return _file(options.file)
    if sys.stdin.isatty():
        raise UsageError("explain needs a TEXT, a --file, or an error on standard input")
    return _decoded(sys.stdin.buffer)


def _file(name: str) -> Iterator[str]:
    try:
        with open(name, "rb") as file:
            yield from _decoded(file)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error


def _decoded(raw: Iterable[bytes]) -> Iterator[str]:
    return (line.decode("utf-8", "replace") for line in raw)
