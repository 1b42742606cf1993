"""Rows: how long the shortest commands take beside an empty Python, and the full screen beside a hello-world."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from tests.bench import onscreen
from tests.bench.firstpaint import HELLO, first_paint, walk_of
from tests.bench.rows import Bench, Planned, Row, Taken, alternate, compared

SCREEN = "full screen (hello-world)"
START = "start (python -c pass)"


def _started(*arguments: str) -> Callable[[Bench, Planned], Row]:
    def make(bench: Bench, plan: Planned) -> Row:
        rounds = bench.rounds * 2
        bench.wizard(*arguments)  # the first run keeps in the cache what it read
        taken = alternate(rounds, lambda: bench.wizard(*arguments), bench.nothing)
        return compared(plan, rounds, *taken)

    return make


def _first_paint(bench: Bench, plan: Planned) -> Row:
    def shown(program: tuple[list[str], str]) -> Callable[[], Taken]:
        return lambda: Taken(first_paint(program, bench.environment["HOME"]), 0.0)

    ours, hello = alternate(bench.rounds, shown(walk_of(bench.program)), shown(HELLO))
    times = ours.seconds * 1000, hello.seconds * 1000
    return Row(plan.group, plan.name, bench.rounds, *times, told="at most 1.3")


def _memory(bench: Bench, plan: Planned) -> Row:
    rounds = min(3, bench.rounds)
    held, plain, at_first = onscreen.memory(bench.program, rounds, bench.environment["HOME"])
    told = f"at most 1.5; {at_first / plain:.2f} in the first run, which reads the YAML"
    return Row(plan.group, plan.name, rounds, held, plain, "MB", told=told)


def _answers(bench: Bench, plan: Planned) -> Row:
    taken = onscreen.answers_while_a_check_runs(bench.program, bench.rounds, bench.environment["HOME"])
    told = f"at most 50 ms; the slowest {max(taken):.0f} ms"
    return Row(plan.group, plan.name, len(taken), statistics.median(taken), told=told)


def _highlight(bench: Bench, plan: Planned) -> Row:
    costs = onscreen.highlight_bytes(bench.program, bench.environment["HOME"])
    told = f"at most 4000 B; median {statistics.median(costs):.0f} B"
    return Row(plan.group, plan.name, len(costs), max(costs), unit="B", told=told)


PLANS = (
    Planned(START, "--version", _started("--version")),
    Planned(START, "check --help", _started("check", "--help")),
    Planned(START, "explain TEXT", _started("explain", "FATAL:  sorry, too many clients already")),
    Planned(SCREEN, "first paint", _first_paint),
    Planned(SCREEN, "memory at a finding", _memory),
    Planned(SCREEN, "key answered, check running", _answers),
    Planned(SCREEN, "bytes of a key, at most", _highlight),
)
