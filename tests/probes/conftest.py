"""Shorter waits for the probes' own bounds: the tests assert that a bound is kept, whatever its length."""

from __future__ import annotations

import pytest

from wizard.probes import greet


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greet, "FIRST_WORD", 0.3)
    monkeypatch.setattr(greet, "SECOND_WORD", 0.3)
