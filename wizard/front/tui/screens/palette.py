"""The actions of the moment as a list that typing narrows: for whoever does not know the key."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from wizard.front.tui import actions
from wizard.front.tui.look import BOLD
from wizard.front.tui.screens.narrowing import Narrowing
from wizard.front.tui.widgets.pane import Block


class Palette(Narrowing):
    """Closes with the name of the chosen action. `moment` is what the keys in the last line are shown for."""

    HEAD = "What can be done now?"
    HINT = "type to narrow the list, such as: note"
    NOTHING = "Nothing that can be done now has these words."

    def __init__(self, moment: str) -> None:
        super().__init__()
        named = {action.name: action for action in actions.at(moment) if action.keys or action.name == "more"}
        self._actions = [action for name, action in named.items() if name != "app.palette"]

    def rows(self, typed: Sequence[str]) -> list[Block]:
        """The actions that have the typed words, those that begin with them first."""
        fitting = [one for one in self._actions if all(word in _words(one) for word in typed)]
        fitting.sort(key=lambda one: not one.label.startswith(" ".join(typed)))
        return [_row(one) for one in fitting]


def _words(action: actions.Action) -> str:
    return f"{action.shown} {action.label} {action.help}".lower()


def _row(action: actions.Action) -> Block:
    """Key, label and sentence; the item is the action's own name."""
    text = Text.assemble((action.label, BOLD), ": ", action.help)
    return Block(text, "", f"{action.shown:<6} ", " " * 7, action.name)
