"""Every command of every cause page, filled with a full set of facts, for the tests that run them.

The filling is the program's own. Every command is taken but those that its conditions say are for another engine or
version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wizard.content.load import open_content
from wizard.core import conditions
from wizard.core.facts import Fact, Facts, Value
from wizard.core.page import Filler

ENGINES = ("postgresql", "mysql", "mariadb")
NO_PROCESS = 4_000_000
"""Below what a signal may name, above what the tests' machines give out."""


READS = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:SELECT|SHOW)\b|\s*(?:--[^\n]*)?$")


class Snippet(NamedTuple):
    """One command of a page."""

    cause: str
    place: str
    """Where on the page: the number of the fix and of the command, `tell` or `verify`."""
    language: str
    where: str
    text: str

    @property
    def name(self) -> str:
        """The name of the test that runs it."""
        return f"{self.cause}-{self.place}"

    @property
    def reads(self) -> bool:
        """Whether it is SQL that only looks: it needs no state of its own, and leaves none."""
        return all(READS.match(statement) for statement in self.text.split(";\n"))


def _written(page: Mapping[str, Any], server: Facts) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The commands of a page that are not surely for another server than this one."""
    for number, fix in enumerate(page.get("fixes", ()), 1):
        for place, command in enumerate(fix.get("commands", ()), 1):
            if not (_excluded(fix, server) or _excluded(command, server)):
                yield f"{number}.{place}", command
    for part in ("tell", "verify"):
        for place, command in enumerate(page.get(part, ()), 1):
            if not _excluded(command, server):
                yield f"{part}.{place}", command


def _excluded(part: Mapping[str, Any], server: Facts) -> bool:
    return "when" in part and conditions.parse(part["when"]).holds(server) is False


def _engines(command: Mapping[str, Any]) -> tuple[str, ...]:
    """The engines that a command is for: those it names, else those of the program that it is typed into."""
    named = command.get("engine")
    if named:
        return (named,) if isinstance(named, str) else tuple(named)
    return {"psql": ("postgresql",), "mysql": ("mysql", "mariadb")}.get(str(command.get("where")), ENGINES)


def _samples(fills: Mapping[str, tuple[str, ...]]) -> dict[str, Value]:
    """Something for each placeholder: the number of no process, or a word."""
    return {
        key: NO_PROCESS if name.endswith(("pid", "pids")) else "sample"
        for name, keys in fills.items()
        for key in keys
    }


def _known(values: Mapping[str, Value]) -> Facts:
    return Facts().having(Fact(key, value, "probe") for key, value in values.items())


def snippets(facts: Mapping[str, Value], engine: str, version: str, *languages: str) -> list[Snippet]:
    """The commands for a server in these languages, with the facts in their places."""
    content = open_content()
    fills = {key: tuple(value) for key, value in content.single("facts.yaml")["fills"].items()}
    server = {"engine": engine, "server.flavour": engine, "server.version-major": version}
    filler = Filler(_known({**_samples(fills), **server, **facts}), fills)
    found = []
    for cause in content.catalogue:
        for place, command in _written(content.page(cause), _known(server)):
            language, where = str(command.get("language", "sh")), str(command.get("where", ""))
            if language in languages and engine in _engines(command):
                text = filler.command(str(command["text"]), language, where)
                found.append(Snippet(cause, place, language, where, text))
    return found
