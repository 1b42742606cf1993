"""Numbered lists to choose from: steps, values, forms, symptoms, saved sessions, scenarios to practise on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from wizard.front.tui import actions
from wizard.front.tui.screens.listing import Listing
from wizard.front.tui.widgets.pane import Block, Pane

ROW = "row-"
"""What the item of a row begins with; its number follows."""


class Numbered(Listing):
    """A list of which Enter, a second click or a number takes a line. It closes with the number that ends its item."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("list")
    ]

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""

    def on_key(self, event: events.Key) -> None:
        """A digit takes the line with that number, or marks it where more may follow: then Enter takes it."""
        if event.character is None or event.character not in "0123456789":
            self._typed = ""
            return
        event.stop()
        for typed in (self._typed + event.character, event.character):
            if item := self._item(typed):
                self._typed = typed
                self.query_one(Pane).mark(item)
                if self.is_whole(typed):
                    self.action_pick()
                return
        self._typed = ""

    def is_whole(self, typed: str) -> bool:
        """Whether a number is taken without Enter: here, when no longer one begins with it."""
        return not any(self._item(f"{typed}{digit}") for digit in range(10))

    def _item(self, typed: str) -> str:
        """The item with that number, empty where there is none."""
        found = (one for one in self.query_one(Pane).items if one.rpartition("-")[2] == typed)
        return next(found, "")

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_pick()

    def action_pick(self) -> None:
        """Take the marked line."""
        marked = self.query_one(Pane).cursor
        if marked:
            self.dismiss(self.outcome(int(marked.rpartition("-")[2])))

    def outcome(self, number: int) -> int:
        """What the list closes with when the line with this number is taken."""
        return number


class Choosing(Numbered):
    """Closes with the number of the chosen row."""

    def __init__(self, head: str, blocks: Sequence[Block]) -> None:
        super().__init__()
        self.HEAD = f"{head}  A number, or the arrows and Enter."
        self._blocks = blocks

    def blocks(self) -> list[Block]:
        """The rows as they were given."""
        return list(self._blocks)
