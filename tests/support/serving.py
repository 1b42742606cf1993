"""`dbwizard practice --serve` as a child process: what it printed, what it tells of each client, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tests.support.cli import Cli

PATIENCE = 30
"""Seconds for anything that a child does."""


class Served:
    """`practice --serve` as a child, up to the line after which it serves."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child
        self.narration: list[str] = []
        self.wait_for("Serving.")
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        self.output = child.stdout.read() or ""

    def wait_for(self, text: str) -> str:
        """The line on standard error that has this text."""
        stream: IO[str] | None = self.child.stderr
        assert stream is not None
        for line in stream:
            self.narration.append(line)
            if text in line:
                return line
        raise AssertionError(f"{text!r} never came: {self.narration}")

    def exported(self) -> dict[str, str]:
        """The `export` lines as a shell understands them."""
        script = "".join(
            line.strip() + "\n" for line in self.output.splitlines() if line.startswith("  export ")
        )
        done = subprocess.run(
            ["sh", "-c", f"{script} env -0"],
            capture_output=True,
            check=True,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )
        return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if "=" in pair)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.child.send_signal(number)
        return self.child.wait(PATIENCE)


@contextmanager
def serving(cli: Cli, *arguments: str) -> Iterator[Served]:
    child = subprocess.Popen(
        [sys.executable, "-m", "wizard", "practice", "--serve", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cli.cwd,
        env=cli.environment({}),
    )
    with child:
        try:
            yield Served(child)
        finally:
            if child.poll() is None:
                child.kill()
