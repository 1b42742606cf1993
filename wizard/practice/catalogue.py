"""All scenarios and how to find one by name. No behaviour here."""

from __future__ import annotations

import difflib
from functools import cache
from typing import TYPE_CHECKING

from wizard.practice.model import PracticeError, Scenario

if TYPE_CHECKING:
    from wizard.content.load import Content


def list_scenarios(content: Content | None = None) -> tuple[Scenario, ...]:
    """Every scenario of the content, or of the installation's, in the order of files. Raises ContentError."""
    if content is None:
        return _builtin()
    from wizard.practice.load import read

    return read(content)


@cache
def _builtin() -> tuple[Scenario, ...]:
    from wizard.content.load import open_content
    from wizard.practice.load import read

    return read(open_content())


def get(name: str, content: Content | None = None) -> Scenario:
    """The scenario of this name; PracticeError names the nearest one."""
    scenarios = list_scenarios(content)
    found = next((scenario for scenario in scenarios if scenario.name == name), None)
    if found is not None:
        return found
    # Who has seen a cause may ask for it: the first scenario that shows it is meant.
    known = {one.cause.replace(".", "-"): one.name for one in reversed(scenarios)}
    known.update({one.name: one.name for one in scenarios})
    near = difflib.get_close_matches(name.replace(".", "-"), known, n=1, cutoff=0.4)
    hint = f"did you mean {known[near[0]]!r}?" if near else "list them with `dbwizard practice list`."
    raise PracticeError(f"no practice scenario is called {name!r}; {hint}")
