"""`check`: the walk without a person. Standard output is the report and nothing else."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import suppress

from wizard.content.load import open_content
from wizard.core.diagnosis import conclude
from wizard.core.walk import Walk
from wizard.drive import Prober, answer_from, drive
from wizard.exits import BY_STATUS
from wizard.footprint import Ledger, footprint_of
from wizard.front import application, output, setup
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def run(options: Namespace) -> int:
    """Walk, print the report, and leave with the verdict's exit status."""
    begun = time.monotonic()
    started = time.time()
    content = open_content(options.trees)
    answers = setup.known_before(options, content)
    home, cwd = setup.home_folder(), setup.working_folder()
    ledger = Ledger()
    with ledger.during("settings"):
        application.look(options)
        target = setup.find_target(options, content, home, cwd)
    runtime = setup.make_runtime(target, content, options, home, cwd, begun + options.timeout)
    runtime.footprint = ledger
    prober = Prober(runtime, content.tree)
    try:
        walk = drive(Walk.start(content.tree, dict(answers)), prober.run, answer_from(answers))
    finally:
        prober.close()
    from wizard import report

    made = report.report(
        walk,
        content,
        report.target_summary(target),
        started=started,
        elapsed_ms=(time.monotonic() - begun) * 1000,
        redactor=runtime.gate,
    )
    if options.footprint:
        touched = runtime.touched()
        made["footprint"] = footprint_of([touched] if touched else [])
    # A reader that is gone does not change the verdict.
    with suppress(BrokenPipeError):
        _print(made, json=options.json)
    return int(BY_STATUS[conclude(walk).status])


def _print(made: dict[str, Any], *, json: bool) -> None:
    if json:
        from json import dumps

        output.write_json(dumps(made, ensure_ascii=False, indent=2) + "\n")
    else:
        from wizard import printed

        output.write(printed.text(made, output.colour(), output.ascii_only(), output.width()))
