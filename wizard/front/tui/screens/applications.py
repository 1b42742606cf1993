"""The running applications that state a database: choose the one whose view to take."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from wizard.front.tui import actions
from wizard.front.tui.look import BOLD
from wizard.front.tui.screens.listing import Listing
from wizard.front.tui.views import target as words
from wizard.front.tui.widgets.pane import Block, Pane

if TYPE_CHECKING:
    from wizard.target.applications import Listing as Seen


class Applications(Listing):
    """Closes with the number of the chosen process."""

    HEAD = "Whose view? Running applications with database settings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("list")
    ]

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen

    def blocks(self) -> list[Block]:
        """The processes, the eldest first, and what was not seen."""
        made: list[Block] = []
        if self.seen.found:
            made += [Block("Its settings are used, and its network where that may be entered."), Block()]
        else:
            made += [
                Block("No running process with database settings in its environment was seen.", BOLD),
                Block(),
            ]
        for number, one in enumerate(self.seen.found, 1):
            item = f"process-{one.pid}"
            made.append(Block(f"{one.name}, process {one.pid}", BOLD, f"{number:>2}  ", "    ", item))
            made.append(Block(words.in_one_line(one.target), "", "    ", "    ", item))
        if self.seen.hidden and os.geteuid() != 0:
            made += [
                Block(),
                Block("Processes of other users may not be looked into: root may (sudo dbwizard)."),
            ]
        if not self.seen.is_whole:
            made += [Block(), Block("There are more: dbwizard --pid PID takes any.")]
        return made

    def on_key(self, event: events.Key) -> None:
        """A digit chooses at once."""
        if event.character and event.character in "123456789":
            number = int(event.character)
            if number <= len(self.seen.found):
                event.stop()
                self.dismiss(self.seen.found[number - 1].pid)

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_pick()

    def action_pick(self) -> None:
        """Take the view of the marked process."""
        marked = self.query_one(Pane).cursor.rpartition("-")[2]
        if marked:
            self.dismiss(int(marked))
