"""Regular expressions that are compiled when they are first used: a run pays for those that it needs."""

from __future__ import annotations

import re

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class _Lazy:
    """Stands in for a compiled pattern until somebody asks it for something."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if self._compiled is None:
            self._compiled = re.compile(self._source, self._flags)
        asked = getattr(self._compiled, name)
        setattr(self, name, asked)  # an attribute like any other from now on: no way through here costs less
        return asked


def lazy(source: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern as `re.compile` gives it, compiled on first use."""
    stand_in: Any = _Lazy(source, flags)
    pattern: re.Pattern[str] = stand_in
    return pattern
