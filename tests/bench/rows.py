"""What is measured, as values: a row of the table, the plan of a row, and what all rows share while they are made."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.support.cli import ROOT, SOURCES

if TYPE_CHECKING:
    from tests.bench.situations import Situations

COLUMNS = "{:<34} {:>3} {:>10} {:>10} {:>6} {:>9}   {}"
MARKDOWN = "| {} | {} | {} | {} | {} |"


@dataclass(frozen=True)
class Row:
    """One line of the table: the medians of both sides in `unit`, and the processor time of ours.

    `theirs` is what ours is compared with: the commands by hand, an empty program, another measure. `told` says what
    a number alone does not.
    """

    group: str
    name: str
    rounds: int
    ours: float
    theirs: float | None = None
    unit: str = "ms"
    cpu: float | None = None
    told: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours beside theirs: below 1 is better than what it is compared with."""
        return self.ours / self.theirs if self.theirs else None

    def cells(self) -> tuple[str, ...]:
        """The cells of a table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        cpu = "" if self.cpu is None else f"{self.cpu:.0f} ms"
        return (
            self.name,
            str(self.rounds),
            self._said(self.ours),
            self._said(self.theirs),
            ratio,
            cpu,
            self.told,
        )

    def _said(self, number: float | None) -> str:
        return "" if number is None else f"{number:.{0 if self.unit == 'ms' else 1}f} {self.unit}"

    def markdown(self) -> str:
        """The row as the README quotes it."""
        name, _, ours, theirs, ratio, _, told = self.cells()
        return MARKDOWN.format(name, ours, theirs, ratio, told)

    def as_data(self) -> dict[str, object]:
        """The row for a program that reads it."""
        return {**asdict(self), "ratio": self.ratio}


@dataclass(frozen=True)
class Taken:
    """What one run of a process took: seconds on the clock, and seconds of processor."""

    seconds: float
    cpu: float


@dataclass(frozen=True)
class Planned:
    """A row that can be made; its name is known before anything is prepared for it."""

    group: str
    name: str
    make: Callable[[Bench, Planned], Row]


@dataclass
class Bench:
    """How much is measured, with which program, and what is prepared once for many rows."""

    stack: ExitStack
    rounds: int = 10
    slow_rounds: int = 3
    scale: float = 1.0
    """Below 1 the large inputs (logs, content, graphs) are that much smaller: to see that everything runs."""
    program: Sequence[str] = SOURCES
    prepared: dict[str, Path] = field(default_factory=dict)

    @cached_property
    def folder(self) -> Path:
        """A folder for this run."""
        return Path(self.stack.enter_context(TemporaryDirectory(prefix="dbwizard-bench-")))

    @cached_property
    def environment(self) -> dict[str, str]:
        """The whole environment of the program, its home and cache in the folder of this run."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **self.sources}

    @cached_property
    def sources(self) -> dict[str, str]:
        """What lets Python find the sources, where it is not an installed program that is measured."""
        return {"PYTHONPATH": str(ROOT)} if tuple(self.program) == SOURCES else {}

    @cached_property
    def situations(self) -> Situations:
        """The lab with its servers; the first row that asks for it pays."""
        from tests.bench.situations import Situations

        return Situations(self.folder, self.stack)

    def scaled(self, number: int, least: int = 1) -> int:
        """A size, smaller where all sizes are."""
        return max(least, round(number * self.scale))

    def wizard(self, *arguments: str) -> Taken:
        """One run of the program."""
        return process([*self.program, *arguments], self.environment)

    def nothing(self) -> Taken:
        """One run of an empty program."""
        return process([sys.executable, "-c", "pass"], self.environment)


def process(argv: Sequence[str], environment: Mapping[str, str], allowed: Sequence[int] = (0, 1)) -> Taken:
    """One run of a process; raises SystemExit with what it said where it ends otherwise than it may."""
    with TemporaryDirectory() as cwd, open(f"{cwd}/said", "w+b") as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            argv, env=dict(environment), cwd=cwd, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if child.returncode not in allowed:
            raise SystemExit(
                f"{' '.join(argv)} ended with {child.returncode}: {said.read()[-2000:].decode()}"
            )
    return Taken(seconds, used.ru_utime + used.ru_stime)


def most_memory(argv: Sequence[str], environment: Mapping[str, str]) -> float:
    """The most megabytes that a run of a process held at once."""
    # Its parent is a small process: what a parent held at the start would count as the child's.
    code = "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]).returncode; "
    code += "sys.stderr.write(f'\\n{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}'); sys.exit(done)"
    with TemporaryDirectory() as cwd:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code, *argv],
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr}")
    return int(done.stderr.rpartition("\n")[2]) * (1024 if sys.platform == "linux" else 1) / 1e6


def with_children(run: Callable[[], float]) -> Taken:
    """What `run`, which gives its seconds, took together with the processes that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def alternate(rounds: int, *measures: Callable[[], Taken]) -> list[Taken]:
    """The medians of each measure over `rounds` rounds in which they take turns."""
    taken: list[list[Taken]] = [[] for _ in measures]
    for _ in range(rounds):
        for times, measure in zip(taken, measures, strict=True):
            times.append(measure())
    return [
        Taken(
            statistics.median(one.seconds for one in times),
            statistics.median(one.cpu for one in times),
        )
        for times in taken
    ]


def compared(plan: Planned, rounds: int, ours: Taken, theirs: Taken, told: str = "") -> Row:
    """The row of two measures of time."""
    times = ours.seconds * 1000, theirs.seconds * 1000
    return Row(plan.group, plan.name, rounds, *times, "ms", ours.cpu * 1000, told)


def write_json(rows: Sequence[Row], file: Path) -> None:
    """The rows for a program that reads them."""
    file.write_text(json.dumps([row.as_data() for row in rows], indent=2) + "\n", encoding="utf-8")
