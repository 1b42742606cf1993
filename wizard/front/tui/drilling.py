"""Where the drills of one sitting stand, for the full screen: the scenario that is served, and the drill as a value.

What blocks (`begin`, `look`, `solve`, `end`) runs in a worker; only handlers on the UI thread feed the drill.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any

from wizard.practice.drill import Drill, Event, Stage

if TYPE_CHECKING:
    from wizard.front.practicedrill import Drills
    from wizard.front.practiceground import Ground, Seen

BY_STAGE = {Stage.CAUSE: "drill", Stage.FIX: "mending", Stage.OVER: "solved", Stage.LEFT: "solved"}
"""The stage of a drill to the moment whose keys are shown."""


class Drilling:
    """One sitting. `ground` and `drill` are None until the first scenario is served."""

    def __init__(self, drills: Drills, clock: Callable[[], float] = time.monotonic) -> None:
        self.drills = drills
        self.clock = clock
        self.ground: Ground | None = None
        self.drill: Drill | None = None
        self.began = 0.0
        """When the drill began, in seconds since the epoch: the time in its log."""
        self.seen: list[tuple[str, list[Seen]]] = []
        """What was looked at, and what was seen."""
        self._stack = ExitStack()
        self._serving = Lock()
        """Held while what is served changes: a person may leave while the next scenario is made ready."""
        self._over = False

    @property
    def moment(self) -> str:
        """The moment whose keys can be pressed."""
        return BY_STAGE[self.drill.stage] if self.drill is not None else "drill"

    @property
    def report(self) -> dict[str, Any] | None:
        """What the whole walk found, once it was made: after the drill."""
        return self.ground.report if self.ground is not None else None

    def begin(self) -> Ground | None:
        """Serve the next scenario in place of the one before; None where the sitting has ended.

        Raises WizardError where it cannot be served.
        """
        from wizard.front.practiceground import ground

        with self._serving:
            self._stack.close()
            if self._over:
                return None
            drills = self.drills
            return self._stack.enter_context(ground(drills.next(), drills.content, drills.random))

    def start(self, served: Ground) -> None:
        """The scenario is served: its drill begins."""
        self.ground, self.seen = served, []
        self.drill = Drill(served.task, self.clock())
        self.began = time.time()

    def feed(self, event: Event) -> bool:
        """Give the drill an event; whether that changed anything. What is over is counted."""
        if self.drill is None:
            return False
        before, self.drill = self.drill, self.drill.feed(event)
        if before.result is None and (result := self.drill.result) is not None:
            self.drills.count(result)
        return self.drill is not before

    def end(self) -> None:
        """Stop serving, for good: nothing that was served is left behind."""
        with self._serving:
            self._over = True
            self._stack.close()
