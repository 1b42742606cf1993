"""`dbwizard practice`: serve a fault on loopback, and walk against it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from wizard.errors import UsageError
from wizard.front.beginnings import PRACTICE

FIRST = "wrong-password"
"""The scenario of somebody who names none."""


def run(options: Namespace, write: Callable[[str], None]) -> int:
    """List the range, or serve one scenario for the time of a walk; the exit status of its verdict."""
    from wizard.practice import PracticeError, get, list_scenarios, serve

    if options.scenario == "list":
        for one in list_scenarios():
            write(f"{one.name:<28} {one.layer:<9} {one.difficulty:<7} {one.title}\n")
        return 0
    try:
        scenario = get(options.scenario or FIRST)
    except PracticeError as error:
        raise UsageError(f"{error} ('dbwizard practice list' shows them all)") from error
    from wizard.cli import parser
    from wizard.content.load import open_content
    from wizard.front import interactive

    with serve(scenario) as running:
        arguments = parser("practice", "")
        arguments.add_argument("--plain", action="store_true")
        walk = arguments.parse_args([running.url, *(["--plain"] if options.plain else [])])
        target = interactive.parser_of(walk)(running.url)._replace(source=PRACTICE)
        walk.greeting = f"Practice: {scenario.title}. The application's log says: {scenario.symptom}"
        if options.plain or not interactive.full_screen():
            write(f"Practice: {scenario.title}\nThe application's log says: {scenario.symptom}\n\n")
        return interactive.start(open_content(options.trees), walk, target, ())
