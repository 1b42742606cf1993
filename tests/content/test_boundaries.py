"""The core can open no file, no socket and no clock: proved from its sources, and in a clean interpreter."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import wizard

PACKAGE = Path(wizard.__file__).parent
CORE = sorted((PACKAGE / "core").glob("*.py"))
FORBIDDEN = {
    "os",
    "socket",
    "asyncio",
    "time",
    "pathlib",
    "yaml",
    "textual",
    "subprocess",
    "threading",
    "ssl",
}
LOADED = {
    "socket",
    "asyncio",
    "yaml",
    "textual",
    "subprocess",
    "ssl",
    "networkx",
    "psycopg",
    "pymysql",
    "dns",
}
"""What a clean interpreter must not have loaded; os, time and pathlib it loads by itself."""


def imported(source: str) -> set[str]:
    """The top-level names of all modules that a source imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", CORE, ids=[path.name for path in CORE])
def test_the_core_imports_nothing_that_can_reach_the_world(path: Path) -> None:
    assert imported(path.read_text(encoding="utf-8")) & FORBIDDEN == set()


@pytest.mark.parametrize("path", CORE, ids=[path.name for path in CORE])
def test_the_core_imports_of_dbwizard_only_itself(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {module for module in modules if module.startswith("wizard")}
    assert {
        module for module in ours if not module.startswith(("wizard.core", "wizard.errors", "wizard.named"))
    } == set()


def test_the_core_opens_and_prints_nothing() -> None:
    called = {
        (path.name, node.func.id)
        for path in CORE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {
        one for one in called if one[1] in ("open", "print", "input", "eval", "exec", "__import__")
    } == set()


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
        cwd=PACKAGE.parent,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_a_clean_interpreter_with_the_core_has_loaded_nothing_else() -> None:
    modules = ", ".join(f"wizard.core.{path.stem}" for path in CORE if path.stem != "__init__")
    assert loaded_after(f"import {modules}") & LOADED == set()


def test_a_cause_page_needs_no_screen_no_driver_and_no_graph() -> None:
    statement = (
        "from wizard.content.load import open_content; from wizard.front import causescmd; "
        "causescmd.run_show(open_content(), 'network.refused', lambda line: None)"
    )
    assert loaded_after(statement) & (LOADED - {"yaml"}) == set()
