"""Overruling a check: choose the step, then the fact and what it is in truth."""

from __future__ import annotations

from wizard.core.overruling import Passed, overrulable
from wizard.core.walk import Walk
from wizard.front.tui.screens.choosing import Numbered
from wizard.front.tui.views import overrule as view
from wizard.front.tui.views.overrule import MOST_AT_ONCE
from wizard.front.tui.widgets.pane import Block


class Steps(Numbered):
    """Closes with how many steps back the chosen one is."""

    HEAD = "Overrule what was found at which step?"

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self.walk = walk
        self.steps = overrulable(walk)

    def blocks(self) -> list[Block]:
        """The steps, the latest first."""
        return view.step_blocks(self.walk, self.steps)

    def outcome(self, number: int) -> int:
        """How many steps back."""
        return self.steps[number - 1].back


class Decided(Numbered):
    """Closes with the number of one of its `sayings`."""

    HEAD = "What is it in truth?"

    def __init__(self, walk: Walk, step: Passed) -> None:
        super().__init__()
        self.walk = walk
        self.step = step
        self.sayings = view.sayings(walk, step)

    def blocks(self) -> list[Block]:
        """The facts that decided, and their other values."""
        return view.ground_blocks(self.walk, self.step)

    def is_whole(self, typed: str) -> bool:
        """As the page says: where there are more values than digits, the number waits for Enter."""
        return len(self.sayings) <= MOST_AT_ONCE
