"""One row of a table of faults, and the one way to check a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.support.cli import Cli, Result


@dataclass(frozen=True)
class Fault:
    """What is asked of the program, and what it must find."""

    name: str
    cause: str
    target: str
    arguments: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    """Other causes that are as right, where the contract leaves it open."""
    code: str | None = None
    """A code that must be among the evidence (SQLSTATE or MySQL's number)."""
    among: tuple[str, ...] = ()
    """Causes that must be the verdict or among its candidates."""
    layer: str | None = None
    """The layer at fault when it is not the first word of the cause."""
    env: Mapping[str, str] = field(default_factory=dict)

    def check(self, cli: Cli) -> Result:
        """Run the program and compare."""
        arguments = (self.target, *self.arguments) if self.target else self.arguments
        result = cli.check(*arguments, env=self.env)
        result.expect_fault(self.cause, accept=self.accept, code=self.code, layer=self.layer)
        missing = set(self.among) - result.causes()
        assert not missing, f"not among the candidates: {missing}\n{result.story()}"
        return result


def table(*rows: Fault, on: str) -> pytest.MarkDecorator:
    """Run the test once a row, under the row's name; a row that leaves no choice reproduces its cause `on` that."""
    return pytest.mark.parametrize(
        "fault", [pytest.param(row, id=row.name, marks=_proof(row, on)) for row in rows]
    )


def _proof(row: Fault, on: str) -> list[pytest.MarkDecorator]:
    return [] if row.accept else [pytest.mark.reproduces(row.cause, on=on)]
