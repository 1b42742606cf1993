"""`python -m tests.bench`: medians of whole processes, interleaved in one run, as a table of ratios.

Needs what the live tests need: root on Linux, PostgreSQL and MariaDB. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.bench import onscreen
from tests.bench.firstpaint import HELLO, WIZARD, first_paint
from tests.bench.situations import Situation, by_hand, prepared
from tests.support.cli import Cli
from tests.support.netlab import Lab

ROW = "{:<28} {:>4} {:>10} {:>10} {:>7}   {}"


def alternate(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each measure, in seconds, over `rounds` rounds in which they take turns."""
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for times, measure in zip(taken, measures, strict=True):
            times.append(measure())
    return [statistics.median(times) for times in taken]


def compare(situation: Situation, lab: Lab, folder: Path, rounds: int) -> str:
    """One line of the table: the program against the commands by hand, in one situation."""
    cli = Cli(folder / situation.name.replace(" ", "-"), situation.namespace(lab), situation.prefix)
    asked = [*situation.options, *filter(None, [situation.target])]
    causes: set[str] = set()

    def check() -> float:
        result = cli.check(*asked)
        causes.add(result.cause or f"exit {result.exit}")
        return result.seconds

    with situation.trouble(lab):
        ours, theirs = alternate(rounds, check, lambda: by_hand(situation, lab))
    numbers = (f"{ours * 1000:.0f} ms", f"{theirs * 1000:.0f} ms", f"{ours / theirs:.2f}")
    return ROW.format(situation.name, rounds, *numbers, ", ".join(sorted(causes)))


def full_screen(rounds: int) -> None:
    """Print what the full screen costs, beside a Textual hello-world and beside what it may cost."""
    ours, hello = alternate(rounds, lambda: first_paint(WIZARD), lambda: first_paint(HELLO))
    numbers = (f"{ours * 1000:.0f} ms", f"{hello * 1000:.0f} ms", f"{ours / hello:.2f}")
    print(ROW.format("first paint (by hand: hello)", rounds, *numbers, "at most 1.3"), flush=True)
    with tempfile.TemporaryDirectory() as home:
        held, plain, at_first = onscreen.memory(3, home)
        answers = onscreen.answers_while_a_check_runs(max(8, rounds), home)
        costs = onscreen.highlight_bytes(home)
    numbers = (f"{held:.1f} MB", f"{plain:.1f} MB", f"{held / plain:.2f}")
    told = f"at most 1.5; {at_first / plain:.2f} in the first run, which reads the YAML"
    print(ROW.format("memory at a finding (hello)", 3, *numbers, told))
    median = f"{statistics.median(answers):.0f} ms"
    told = f"at most 50 ms; the slowest {max(answers):.0f} ms"
    print(ROW.format("key answered, check running", len(answers), median, "", "", told))
    most, median = f"{max(costs)} B", f"{statistics.median(costs):.0f} B"
    print(
        ROW.format("key that moves a highlight", len(costs), most, "", "", f"at most 4000 B; median {median}")
    )


def main() -> int:
    """Print the tables; the exit status says only whether the measurement itself worked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each situation (default 10)")
    parser.add_argument("--slow-rounds", type=int, default=3, help="rounds where time-outs rule (default 3)")
    parser.add_argument(
        "--only", default="", help="only situations whose name holds this text; `tui` for that"
    )
    options = parser.parse_args()
    print(ROW.format("situation", "n", "dbwizard", "by hand", "ratio", "cause"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if options.only != "tui":
            lab = stack.enter_context(Lab())
            for situation in prepared(lab, folder, stack):
                if options.only in situation.name:
                    rounds = options.slow_rounds if situation.slow else options.rounds
                    print(compare(situation, lab, folder, rounds), flush=True)
        if options.only in ("", "tui"):
            full_screen(options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
