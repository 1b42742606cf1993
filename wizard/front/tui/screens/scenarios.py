"""The scenarios of the practice range as a list that typing narrows: by layer, difficulty, engine, name or title."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from wizard.front.beginnings import scenarios
from wizard.front.practicelist import words_of
from wizard.front.tui.screens.narrowing import Narrowing
from wizard.front.tui.views import start as view
from wizard.front.tui.widgets.pane import Block, Pane

if TYPE_CHECKING:
    from wizard.front.beginnings import Offers
    from wizard.front.tui.app import WizardApp


class Scenarios(Narrowing):
    """Leaves the screen for the walk against the chosen scenario, or for the drill."""

    app: WizardApp
    WHERE = "scenarios"
    HEAD = "Practise what?"
    HINT = "type to narrow the list, such as: tls hard"
    NOTHING = "No scenario has these words."

    def __init__(self, offers: Offers) -> None:
        super().__init__()
        self._offers = offers
        self._found = scenarios(offers.content)

    def rows(self, typed: Sequence[str]) -> list[Block]:
        """The drill, as long as nothing is typed, and the scenarios that have the typed words."""
        fitting = [one for one in self._found if all(word in words_of(one) for word in typed)]
        return view.practice(fitting, drill=not typed)

    def action_take(self) -> None:
        """Begin with the marked one."""
        if marked := self.query_one(Pane).cursor:
            self.app.leave_for(partial(self._offers.practice, "" if marked == view.DRILL else marked))
