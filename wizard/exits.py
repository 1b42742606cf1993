"""The exit statuses: a public contract."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process tells the shell."""

    HEALTHY = 0
    """Every layer answered."""
    FAULT = 1
    """A fault was found and named."""
    USAGE = 2
    """The command line or a tree is wrong."""
    INCONCLUSIVE = 3
    """The evidence does not single out one cause."""
    INTERRUPTED = 130
    """Stopped by the person (SIGINT)."""


BY_STATUS = {"healthy": Exit.HEALTHY, "fault": Exit.FAULT, "inconclusive": Exit.INCONCLUSIVE}
