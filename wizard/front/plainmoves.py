"""Back to an earlier step in plain lines: the list of the steps so far, and how far back a number of it lies."""

from __future__ import annotations

from wizard.core.overruling import passed
from wizard.core.steps import Ask
from wizard.core.walk import Walk
from wizard.front.plainlines import Lines
from wizard.front.travelwords import came_short, heading
from wizard.numerals import count


def steps_back(lines: Lines, walk: Walk, which: str) -> int:
    """How many steps to go back for `b` or `b NUMBER`; 0 where that cannot be, and then it is said why."""
    steps = passed(walk)
    if which:
        if 1 <= (number := count(which) or 0) <= len(steps):
            return number
        lines.say(f"There is no step {which} to go back to: l lists them with their numbers.")
        return 0
    asked = next((step.back for step in steps if isinstance(step.before.step, Ask)), 0)
    if not asked:
        more = " l lists the checks, and b with a number goes back to one." if steps else ""
        lines.say(f"There is no earlier question.{more}")
    return asked


def list_steps(lines: Lines, walk: Walk) -> None:
    """The steps so far, the latest first, with the numbers that `b` takes."""
    steps = passed(walk)
    lines.say("The steps so far, the latest first:" if steps else "No step is made yet.")
    for step in steps:
        lines.say(f"  {step.back} {heading(step)}: {came_short(step.hops[0])}")
    if steps:
        lines.say("b 1 goes back to step 1, b 2 to step 2. What came after is done again from there.")
