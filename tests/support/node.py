"""Node.js for the live tests: its drivers `pg` and `mysql2` in a folder of the tests, and one process that asks.

The versions are pinned by `tests/live/node/package-lock.json`, and npm checks what it fetches against the
sums there. Run as `python -m tests.support.node`; a folder that is up to date is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.processes import LabError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-test" / "node"
SOURCE = ROOT / "tests" / "live" / "node"
FILES = ("package.json", "package-lock.json")
OPTIONS = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
PATIENCE = 60.0
"""Seconds that an answer may take before the process is ended."""


def _stamp() -> str:
    return hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()


def install() -> Path:
    """Install the drivers unless that was done; ends the program with one sentence when it cannot be done."""
    stamp = FOLDER / "stamp"
    if stamp.exists() and stamp.read_text() == _stamp():
        print(f"{FOLDER} is up to date")
        return FOLDER
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        sys.exit(
            f"Node.js drivers cannot be installed: {' and '.join(missing)} missing (packages nodejs, npm)"
        )
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(SOURCE / name, FOLDER / name)
    argv = ["npm", "ci", *OPTIONS, f"--cache={FOLDER / 'cache'}"]
    done = subprocess.run(argv, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        sys.exit(f"Node.js drivers cannot be installed: npm ci: exit {done.returncode}\n{said}")
    shutil.rmtree(FOLDER / "cache", ignore_errors=True)
    stamp.write_text(_stamp())
    print(f"Node.js drivers in {FOLDER} after {time.monotonic() - began:.0f} s")
    return FOLDER


class Node:
    """One process that asks servers through `pg` and `mysql2`; it starts with the first question."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            if not (FOLDER / "stamp").exists():
                raise LabError(
                    "Node.js drivers were not installed: run tests/run, or python -m tests.support.node"
                )
            environ = {**os.environ, "NODE_PATH": str(FOLDER / "node_modules")}
            self._process = subprocess.Popen(
                ["node", str(SOURCE / "ask.js")],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        return self._process

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What the driver says to one question (both as ask.js describes them)."""
        with self._lock:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            patience = threading.Timer(PATIENCE, process.kill)
            patience.start()
            try:
                process.stdin.write(json.dumps(question) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            finally:
                patience.cancel()
            if not line:
                raise LabError(f"Node.js ended: {process.stderr.read()}")
            return dict(json.loads(line))

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None


if __name__ == "__main__":
    install()
