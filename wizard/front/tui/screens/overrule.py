"""Overruling a check: choose the step, then the fact and what it is in truth."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from wizard.core.overruling import Passed
from wizard.core.walk import Walk
from wizard.front.tui import actions
from wizard.front.tui.screens.listing import Listing
from wizard.front.tui.views import overrule as view
from wizard.front.tui.views.overrule import MOST_AT_ONCE, overrulable
from wizard.front.tui.widgets.pane import Block, Pane

__all__ = ["Decided", "Steps", "overrulable"]


class Choosing(Listing):
    """A list of which Enter, a second click or a digit takes one line. It closes with the number in its item."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("list")
    ]

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""

    def on_key(self, event: events.Key) -> None:
        """A digit takes the line with that number; where there are more than nine, digits mark it for Enter."""
        if not event.character or event.character not in "0123456789":
            self._typed = ""
            return
        event.stop()
        pane = self.query_one(Pane)
        for typed in (self._typed + event.character, event.character):
            if 1 <= int(typed) <= len(pane.items):
                self._typed = typed
                pane.mark(pane.items[int(typed) - 1])
                if len(pane.items) <= MOST_AT_ONCE:
                    self.action_pick()
                return

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_pick()

    def action_pick(self) -> None:
        """Take the marked line."""
        self.dismiss(_number(self.query_one(Pane).cursor))


class Steps(Choosing):
    """Closes with how many steps back the chosen one is."""

    HEAD = "Overrule what was found at which step?"

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self.walk = walk

    def blocks(self) -> list[Block]:
        """The steps, the latest first."""
        return view.step_blocks(self.walk, overrulable(self.walk))


class Decided(Choosing):
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


def _number(item: str) -> int:
    return int(item.rpartition("-")[2] or 0)
