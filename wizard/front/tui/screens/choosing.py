"""A numbered list to choose from: symptoms, saved sessions, scenarios to practise on."""

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


class Choosing(Listing):
    """Closes with the number of the chosen row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("list")
    ]

    def __init__(self, head: str, blocks: Sequence[Block]) -> None:
        super().__init__()
        self.HEAD = f"{head}  A number, or the arrows and Enter."
        self._blocks = blocks
        self._typed = ""

    def blocks(self) -> list[Block]:
        """The rows as they were given."""
        return list(self._blocks)

    def on_key(self, event: events.Key) -> None:
        """A digit chooses at once, or marks where a second one can follow: then Enter takes the marked row."""
        if event.character is None or event.character not in "0123456789":
            self._typed = ""
            return
        event.stop()
        self._typed += event.character
        if not self._row(self._typed):
            self._typed = event.character
        if not self._row(self._typed):
            self._typed = ""
            return
        self.query_one(Pane).mark(self._row(self._typed))
        if not any(self._row(f"{self._typed}{digit}") for digit in range(10)):
            self.action_pick()

    def _row(self, typed: str) -> str:
        """The item of the row with that number, empty where there is none."""
        item = f"{ROW}{typed}"
        return item if item in self.query_one(Pane).items else ""

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_pick()

    def action_pick(self) -> None:
        """Take the marked row."""
        marked = self.query_one(Pane).cursor.removeprefix(ROW)
        if marked:
            self.dismiss(int(marked))
