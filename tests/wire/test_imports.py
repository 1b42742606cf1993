"""The wire does no I/O: proved in a clean interpreter and from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import wizard.wire

FORBIDDEN = {"socket", "ssl", "asyncio", "select", "threading", "pathlib", "logging", "time", "subprocess"}
HEAVY = {"cryptography", "psycopg", "pymysql", "hashlib", "hmac", "stringprep", "base64"}


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; before = set(sys.modules); import wizard.wire.postgres, wizard.wire.mysql;"
        "print(*(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {name.split(".")[0] for name in loaded.split()} & (FORBIDDEN | HEAVY)


def test_no_module_of_it_can_do_io() -> None:
    for file in Path(wizard.wire.__path__[0]).glob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        assert not {name.split(".")[0] for name in names} & FORBIDDEN, file.name
        called = {
            node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"open", "print", "input"}, file.name
