"""Rows: the most memory that each command holds, beside an empty Python."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

from tests.bench.logs import LINES, all_rules, write_log
from tests.bench.rows import Bench, Planned, Row, most_memory

GROUP = "memory at most (python -c pass)"
TARGET = "postgresql://app@127.0.0.1:1/shop"
SCENARIO = "wrong-password"


def _command(*arguments: str) -> Callable[[Bench, Planned], Row]:
    return lambda bench, plan: _row(bench, plan, arguments)


def _row(bench: Bench, plan: Planned, arguments: tuple[str, ...], told: str = "") -> Row:
    rounds = min(3, bench.rounds)
    bench.wizard(*arguments)  # the first run in a home reads YAML
    ours, plain = (
        statistics.median(most_memory(argv, bench.environment) for _ in range(rounds))
        for argv in ([*bench.program, *arguments], [sys.executable, "-c", "pass"])
    )
    return Row(plan.group, plan.name, rounds, ours, plain, "MB", told=told)


def _log(part: float) -> Callable[[Bench, Planned], Row]:
    def make(bench: Bench, plan: Planned) -> Row:
        log = bench.folder / f"memory-{part}.log"
        lines = write_log(log, bench.scaled(round(LINES * part)), all_rules())
        told = f"{lines} lines, {log.stat().st_size / 1e6:.0f} MB"
        return _row(bench, plan, ("explain", "--summary", "--file", str(log)), told)

    return make


def _of_session(command: str, *more: str) -> Callable[[Bench, Planned], Row]:
    """A command on a saved walk, which is made first."""

    def make(bench: Bench, plan: Planned) -> Row:
        bench.wizard("--plain", TARGET)
        return _row(bench, plan, (command, *more))

    return make


PLANS = (
    Planned(GROUP, "check", _command("check", TARGET)),
    Planned(GROUP, "explain TEXT", _command("explain", "FATAL:  sorry, too many clients already")),
    Planned(GROUP, "explain of a log, a tenth", _log(0.1)),
    Planned(GROUP, "explain of a log", _log(1.0)),
    Planned(GROUP, "causes", _command("causes")),
    Planned(GROUP, "tree lint", _command("tree", "lint")),
    Planned(GROUP, "practice, plain", _command("practice", SCENARIO, "--plain")),
    Planned(GROUP, "a walk, plain", _command("--plain", TARGET)),
    Planned(GROUP, "resume, plain", _of_session("resume", "--plain")),
    Planned(GROUP, "export", _of_session("export", "--format", "html")),
)
