"""What the pages tell readers to type or write, as far as a parser at hand can judge it without a server."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
from functools import cache

import pytest
import yaml

from tests.support.page_kinds import COMMENT, kind_of
from tests.support.pages import Snippet, snippets
from wizard.content.load import open_content
from wizard.core.facts import Fact, Facts
from wizard.core.page import Command, render

FACTS = {
    "target.host": "db.lab.test",
    "target.port": 5432,
    "target.user": "app",
    "target.database": "shop",
    "network.client-address": "10.77.0.1",
    "network.address": "10.77.0.2",
    "tls.root": "/etc/ssl/certs/root.crt",
    "tls.cert": "/etc/ssl/client.crt",
    "tls.key": "/etc/ssl/client.key",
}
SERVERS = (("postgresql", "15"), ("mysql", "9.7"), ("mariadb", "10.11"))


@cache
def every(*languages: str) -> list[Snippet]:
    """Each different text of the pages, for whichever server it is."""
    found = (one for engine, version in SERVERS for one in snippets(FACTS, engine, version, *languages))
    return list(dict.fromkeys(found))


def failures(found: list[Snippet], problem: object) -> list[str]:
    """The snippets in which `problem` finds something, each with what it found."""
    assert callable(problem)
    told = ((one, problem(one.text)) for one in found)
    return [f"{one.name}: {words}\n{one.text}" for one, words in told if words]


def shell_problem(text: str) -> str:
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return done.stderr


def python_problem(text: str) -> str:
    # The lines stand in some function of the reader's, which may be asynchronous.
    body = "async def page():\n" + "".join(f"    {line}\n" for line in text.splitlines()) + "    pass\n"
    try:
        ast.parse(body)
    except SyntaxError as error:
        return str(error)
    return ""


def yaml_problem(text: str) -> str:
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return str(error)
    return "" if isinstance(loaded, dict | list) else "no mapping or list"


def ini_problem(text: str) -> str:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return str(error)
    return "" if all(parser.items(section) for section in parser.sections()) else "an empty section"


def json_problem(text: str) -> str:
    try:
        json.loads("\n".join(line for line in text.splitlines() if not COMMENT.match(line)))
    except ValueError as error:
        return str(error)
    return ""


def environment_problem(text: str) -> str:
    lines = [line for line in text.splitlines() if not COMMENT.match(line)]
    wrong = [line for line in lines if not re.fullmatch(r"[A-Z][A-Z0-9_]*=\S+(?:\s+#.*)?", line)]
    return f"no setting: {wrong}" if wrong else ""


def pgpass_problem(text: str) -> str:
    lines = [line for line in text.splitlines() if not COMMENT.match(line)]
    wrong = [line for line in lines if len(re.split(r"(?<!\\):", line)) != 5]
    return f"not five fields: {wrong}" if wrong else ""


def test_shell_is_shell() -> None:
    found = every("sh")
    # All in one first: a process each would take seconds.
    if shell_problem("\n".join(f"page() {{\n{one.text}\n}}" for one in found)):
        assert failures(found, shell_problem) == []
        pytest.fail("a command of a page is not closed")


def test_python_is_python() -> None:
    assert failures(every("python"), python_problem) == []


def test_yaml_is_yaml() -> None:
    assert failures(every("yaml"), yaml_problem) == []


def test_each_configuration_is_of_a_known_kind() -> None:
    assert [one.name + "\n" + one.text for one in every("conf") if not kind_of(one.text, one.where)] == []


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("systemd", ini_problem),
        ("json", json_problem),
        ("environment", environment_problem),
        ("pgpass", pgpass_problem),
        ("openrc", shell_problem),
        ("python", python_problem),
    ],
)
def test_configuration_parses(kind: str, problem: object) -> None:
    found = [one for one in every("conf") if kind_of(one.text, one.where) == kind]
    assert found
    assert failures(found, problem) == []


OWN = {
    "mysql": re.compile(r"(?:sudo )?(?:mysql|mariadb)"),
    "postgresql": re.compile(r"(?:\w+=\S+ )*(?:sudo -u postgres )?(?:psql|pg_)"),
}
PLACES = {"mysql": "mysql", "postgresql": "psql"}


def typed_into(engine: str, found: list[Command]) -> list[str]:
    """The commands among these that are typed into a program of this engine."""
    return [one.text for one in found if one.where == PLACES[engine] or OWN[engine].match(one.text)]


def test_no_page_of_both_engines_shows_the_program_of_the_other() -> None:
    content = open_content()
    fills = content.tree.fills
    wrong = []
    for cause in content.catalogue:
        shown: dict[str, list[Command]] = {}
        for engine in OWN:
            facts = Facts().having([Fact("engine", engine, "probe"), Fact("server.flavour", engine, "probe")])
            finding = render(cause, content.page(cause), facts, fills)
            shown[engine] = [*(one for fix in finding.fixes for one in fix.commands), *finding.verify]
        if all(typed_into(engine, shown[engine]) for engine in OWN):
            wrong += [(cause, text) for text in typed_into("mysql", shown["postgresql"])]
            wrong += [(cause, text) for text in typed_into("postgresql", shown["mysql"])]
    assert wrong == []
