"""The commands that scripts wait for load nothing that takes long: each of these modules is a twentieth of a run.

What only annotations need of `typing` is imported under `TYPE_CHECKING` of wizard/named.py.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = {"typing", "dataclasses", "inspect", "shutil", "locale", "encodings.idna", "subprocess", "asyncio"}
SLOW |= {"logging", "yaml", "textual", "networkx", "hyperscan", "cryptography", "psycopg", "pymysql", "dns"}
ROOT = Path(__file__).parents[1]
START = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from wizard.__main__ import main; sys.exit(main())"


def loaded(home: Path, *arguments: str) -> set[str]:
    """The modules that a run with these arguments loads."""
    argv = [sys.executable, "-I", "-X", "importtime", "-c", START, *arguments]
    done = subprocess.run(argv, env={"HOME": str(home)}, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["check", "--help"],
        ["explain", "FATAL:  sorry, too many clients already"],
        ["check", "--json", "postgresql://app:x@localhost:1/shop"],
    ],
    ids=" ".join,
)
def test_a_short_command_loads_nothing_that_takes_long(tmp_path: Path, arguments: list[str]) -> None:
    loaded(tmp_path, *arguments)  # the first run in a home reads YAML, and keeps what it read
    modules = loaded(tmp_path, *arguments)
    assert "wizard.cli" in modules
    assert not modules & SLOW


def test_no_module_of_a_walk_loads_typing_for_annotations() -> None:
    folders = (ROOT / "wizard" / name for name in ("core", "probes", "target", "wire"))
    for file in (file for folder in folders for file in folder.glob("*.py")):
        body = ast.parse(file.read_text("utf-8")).body
        loaded = {one.module for one in body if isinstance(one, ast.ImportFrom)}
        assert "typing" not in loaded, f"{file}: import it under TYPE_CHECKING of wizard.named"
