"""Rows: `check` in a situation beside the commands with which a person looks into it by hand."""

from __future__ import annotations

from tests.bench.rows import Bench, Planned, Row, alternate, compared, with_children
from tests.bench.situations import NAMES, SLOW, by_hand
from tests.support.cli import Cli

GROUP = "check (by hand)"


def _compared(bench: Bench, plan: Planned) -> Row:
    situation = bench.situations.named(plan.name)
    lab = bench.situations.lab
    rounds = bench.slow_rounds if plan.name in SLOW else bench.rounds
    folder = bench.folder / plan.name.replace(" ", "-")
    cli = Cli(folder, situation.namespace(lab), situation.prefix, bench.program)
    asked = [*situation.options, *filter(None, [situation.target])]
    causes: set[str] = set()

    def check() -> float:
        # What the tests ask for besides: Python's own warnings cost a little at every start.
        result = cli.check(*asked, env={"PYTHONWARNINGS": ""})
        causes.add(result.cause or f"exit {result.exit}")
        return result.seconds

    with situation.trouble(lab):
        check()  # what the first run keeps in the cache, the others need not read again
        taken = alternate(
            rounds, lambda: with_children(check), lambda: with_children(lambda: by_hand(situation, lab))
        )
    return compared(plan, rounds, *taken, told=", ".join(sorted(causes)))


PLANS = tuple(Planned(GROUP, name, _compared) for name in NAMES)
