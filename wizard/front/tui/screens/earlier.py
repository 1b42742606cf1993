"""The steps that were made: choose the one to go back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from wizard.front.tui.look import BOLD
from wizard.front.tui.screens.choosing import Numbered
from wizard.front.tui.widgets.pane import Block, Pane


class Earlier(Numbered):
    """Closes with how many steps to go back."""

    HEAD = "Back to which step?"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("b", "pick", show=False)]

    def __init__(self, steps: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.steps = steps

    def blocks(self) -> list[Block]:
        """The steps, the latest first. A question can be answered anew, a check runs anew."""
        made = [Block("The latest first. What came after the step is done again from there."), Block()]
        for number, (what, came) in enumerate(self.steps, 1):
            item = f"step-{number}"
            made.append(Block(what, BOLD, f"{number:>2}  ", "    ", item))
            if came:
                made.append(Block(came, "", "    → ", "      ", item))
        return made

    def on_mount(self) -> None:
        """Mark the latest question, for another answer is what one comes for."""
        super().on_mount()
        for number, (what, _) in enumerate(self.steps, 1):
            if what.startswith("question"):
                self.query_one(Pane).mark(f"step-{number}")
                return
