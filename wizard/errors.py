"""The few exceptions of dbwizard. A database that fails is a fact; these say that somebody made a mistake."""

from __future__ import annotations


class WizardError(Exception):
    """Base: `str()` is one clear sentence for a person, without secrets, that says what to do."""


class UsageError(WizardError):
    """The command line is wrong."""


class ContentError(WizardError):
    """A file below a decision-tree folder is wrong. `problems` are sentences that start with file and line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class WalkError(WizardError):
    """An event was fed to a walk that does not wait for it. The walk is unchanged."""


class SessionError(WizardError):
    """A saved session cannot be found, read or written."""
