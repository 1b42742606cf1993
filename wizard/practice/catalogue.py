"""All scenarios and how to find one by name. No behaviour here."""

from __future__ import annotations

import difflib

from wizard.practice.model import PracticeError, Scenario
from wizard.practice.scenarios_mysql import MYSQL
from wizard.practice.scenarios_postgres import POSTGRESQL

_SCENARIOS: tuple[Scenario, ...] = (*POSTGRESQL, *MYSQL)


def list_scenarios() -> tuple[Scenario, ...]:
    """Every scenario, PostgreSQL first, in the order of the layers."""
    return _SCENARIOS


def get(name: str) -> Scenario:
    """The scenario of this name; PracticeError names the nearest one."""
    found = next((scenario for scenario in _SCENARIOS if scenario.name == name), None)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, [scenario.name for scenario in _SCENARIOS], n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else "list them with `dbwizard practice`."
    raise PracticeError(f"no practice scenario is called {name!r}; {hint}")
