"""`python -m tests.bench`: medians of whole processes, each interleaved with what it is compared with, as one table.

Needs what the live tests need (root on Linux, PostgreSQL, MariaDB) and ripgrep. Run it on a quiet machine; the ratios
hold on a busy one too, for both sides share the trouble. Judge a change by the processor time.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from tests.bench import content, logs, manual, memory, startup
from tests.bench.rows import COLUMNS, MARKDOWN, Bench, Planned, Row, write_json
from tests.support.cli import SOURCES

PLANS: tuple[Planned, ...] = (
    *startup.PLANS,
    *manual.PLANS,
    *logs.PLANS,
    *content.PLANS,
    *memory.PLANS,
)
"""Every row, in the order of the table."""


def chosen(words: Sequence[str]) -> list[Planned]:
    """The rows whose group or name holds one of the words; all where there is no word."""
    return [
        plan for plan in PLANS if not words or any(word in f"{plan.group}: {plan.name}" for word in words)
    ]


def measured(bench: Bench, plans: Sequence[Planned]) -> Iterator[Row]:
    """Make and print the rows, each as soon as it is there."""
    print(COLUMNS.format("", "n", "dbwizard", "compared", "ratio", "cpu", ""))
    for group, some in groupby(plans, key=lambda plan: plan.group):
        print(f"{group}:", flush=True)
        for plan in some:
            row = plan.make(bench, plan)
            print(COLUMNS.format(f"  {row.cells()[0]}", *row.cells()[1:]).rstrip(), flush=True)
            yield row


def markdown(rows: Sequence[Row]) -> str:
    """The rows as the README quotes them, with the day and the machine."""
    day = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    head = f"Measured on {day} with Python {platform.python_version()} on {platform.system()} {platform.machine()}."
    parts = [head]
    for group, some in groupby(rows, key=lambda row: row.group):
        name, _, compared = group.partition(" (")
        lines = [MARKDOWN.format(name, "dbwizard", compared.rstrip(")"), "ratio", "")]
        lines.append("| --- | ---: | ---: | ---: | --- |")
        parts.append("\n".join([*lines, *(row.markdown() for row in some)]))
    return "\n\n".join(parts) + "\n"


def options_of(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each row (default 10)")
    parser.add_argument("--slow-rounds", type=int, default=3, help="rounds where time-outs rule (default 3)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="rows whose group or name holds this text"
    )
    parser.add_argument("--list", action="store_true", help="only name the rows")
    parser.add_argument(
        "--program", metavar="PATH", help="an installed dbwizard, instead of the one of the checkout"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="below 1: smaller inputs, to see that all rows run"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the rows for the README too")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; the exit status says only whether the measurement itself worked."""
    options = options_of(argv)
    plans = chosen(options.only)
    if options.list:
        print(*(f"{plan.group}: {plan.name}" for plan in plans), sep="\n")
        return 0
    program = [str(Path(options.program).absolute())] if options.program else SOURCES
    with ExitStack() as stack:
        bench = Bench(stack, options.rounds, options.slow_rounds, options.scale, program)
        rows = list(measured(bench, plans))
    if options.json:
        write_json(rows, options.json)
    if options.markdown:
        options.markdown.write_text(markdown(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
