"""One drill as a value: an event goes in, a new drill comes out, and its `stage` says what it waits for.

It opens nothing, draws nothing and knows no clock: events carry their time. An event that does not fit the stage
changes nothing, so any sequence of events is a drill.
"""

from __future__ import annotations

from enum import Enum

from wizard.named import NamedTuple


class Stage(Enum):
    """What a drill waits for."""

    CAUSE = "cause"
    """The person looks around, and names the cause."""
    FIX = "fix"
    """The cause is named; now what is done about it."""
    OVER = "over"
    """Both are said, or given up: there is a result."""
    LEFT = "left"
    """The person has gone; nothing counts."""


class Option(NamedTuple):
    """Something to choose: a cause by its id, or a fix by a key of its own."""

    key: str
    words: str


class Task(NamedTuple):
    """What is asked, and what is right: everything about a drill that does not change."""

    scenario: str
    layer: str
    difficulty: str
    cause: str
    """The cause that is right."""
    causes: tuple[Option, ...]
    fixes: tuple[Option, ...]
    mends: frozenset[str]
    """The keys of the fixes that are right."""
    near: frozenset[str] = frozenset()
    """Causes that this evidence does not tell from the right one: whoever names one of them has not erred."""
    known: frozenset[str] = frozenset()
    """Every cause that may be named, offered or not."""
    looks: tuple[str, ...] = ()
    """What can be looked at."""
    hints: tuple[str, ...] = ()


class Looked(NamedTuple):
    """A probe was run, and its words were shown."""

    what: str
    at: float


class Hinted(NamedTuple):
    """The next hint was asked for."""

    at: float


class Chose(NamedTuple):
    """A cause was named, or a fix chosen."""

    key: str
    at: float


class Reconsidered(NamedTuple):
    """The cause that was named is taken back, before a fix is chosen."""

    at: float


class GaveUp(NamedTuple):
    """The person wants to see the solution."""

    at: float


class Left(NamedTuple):
    """The person has gone: quit, interrupted, or the input ended."""

    at: float


Event = Looked | Hinted | Chose | Reconsidered | GaveUp | Left
"""Times are in seconds on any clock, the same for all events of a drill."""


class Result(NamedTuple):
    """What came of a drill that is over."""

    scenario: str
    layer: str
    difficulty: str
    solved: bool
    """The cause was right, or one that looks the same from here."""
    mended: bool
    looks: int
    hints: int
    seconds: float


class Drill(NamedTuple):
    """A drill as it stands."""

    task: Task
    began: float
    stage: Stage = Stage.CAUSE
    looked: tuple[str, ...] = ()
    """What was looked at, in order, repeats included."""
    hinted: int = 0
    """How many of the hints were shown."""
    cause: str = ""
    """The cause that was named, empty before that."""
    fix: str = ""
    ended: float = 0.0

    def feed(self, event: Event) -> Drill:
        """The drill after the event; this very drill where the event does not fit."""
        if self.stage in (Stage.OVER, Stage.LEFT):
            return self
        if isinstance(event, Left):
            return self._replace(stage=Stage.LEFT, ended=event.at)
        if isinstance(event, GaveUp):
            return self._replace(stage=Stage.OVER, ended=event.at)
        return self._naming(event) if self.stage is Stage.CAUSE else self._mending(event)

    def _naming(self, event: Event) -> Drill:
        task = self.task
        if isinstance(event, Looked) and event.what in task.looks:
            return self._replace(looked=(*self.looked, event.what))
        if isinstance(event, Hinted) and self.hinted < len(task.hints):
            return self._replace(hinted=self.hinted + 1)
        if isinstance(event, Chose) and (event.key in task.known or event.key in _keys(task.causes)):
            return self._replace(stage=Stage.FIX, cause=event.key)
        return self

    def _mending(self, event: Event) -> Drill:
        if isinstance(event, Reconsidered):
            return self._replace(stage=Stage.CAUSE, cause="")
        if isinstance(event, Chose) and event.key in _keys(self.task.fixes):
            return self._replace(stage=Stage.OVER, fix=event.key, ended=event.at)
        return self

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints that were shown so far."""
        return self.task.hints[: self.hinted]

    @property
    def solved(self) -> bool:
        """Whether the named cause is right, as far as the evidence goes."""
        return self.cause == self.task.cause or self.cause in self.task.near

    @property
    def mended(self) -> bool:
        """Whether the chosen fix is right."""
        return self.fix in self.task.mends

    @property
    def result(self) -> Result | None:
        """What counts, once the drill is over."""
        if self.stage is not Stage.OVER:
            return None
        task = self.task
        return Result(
            task.scenario,
            task.layer,
            task.difficulty,
            self.solved,
            self.mended,
            len(self.looked),
            self.hinted,
            # A clock that was set back makes no negative time.
            max(0.0, self.ended - self.began),
        )


def _keys(options: tuple[Option, ...]) -> set[str]:
    return {option.key for option in options}
