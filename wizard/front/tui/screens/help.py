"""The help page: made of the same table as the keys and the last line."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from wizard.front.tui import actions
from wizard.front.tui.look import BOLD, STATES
from wizard.front.tui.screens.listing import Listing
from wizard.front.tui.widgets.pane import Block

HEADS = {
    "start": "Choosing a connection",
    "running": "While a check runs",
    "question": "While a question is asked",
    "finding": "At the finding",
    "list": "In a list",
    "map": "On the map",
    "message": "At a message to hand over",
    "drill": "In a drill: the cause",
    "mending": "In a drill: the fix",
    "solved": "After a drill",
}


class Help(Listing):
    """Shows the keys of the moment first, then the others, then what the marks mean."""

    WHERE = "help"
    HEAD = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, name, label, show=False) for keys, name, label in actions.keys("help")),
        Binding("question_mark,enter", "close", show=False),
    ]

    def __init__(self, moment: str) -> None:
        super().__init__()
        self.moment = {"open": "question", "field": "start"}.get(moment, moment)

    def blocks(self) -> list[Block]:
        """Keys by moment, moves, marks, badges."""
        made = [
            Block(
                "dbwizard walks from the settings to the database, layer by layer, and stops at the first that fails."
            ),
            Block(
                "It only looks: no check changes anything on a server, and no command on the screen is run for you."
            ),
            Block(),
        ]
        for where in sorted(HEADS, key=lambda one: one != self.moment):
            made.append(Block(HEADS[where], BOLD))
            made.extend(_key(action.shown, action.help) for action in actions.at(where))
            made.append(Block())
        made.append(Block("Everywhere", BOLD))
        made.extend(_key(keys, told) for keys, told in actions.MOVES)
        return [*made, Block(), *_marks()]


def _key(keys: str, told: str) -> Block:
    """One key and its sentence; a long list of keys stands on a line of its own."""
    return Block(told, "", f"  {keys:<7} ", " " * 10)


def _marks() -> list[Block]:
    words = {
        "ok": "the layer answered as it should",
        "fault": "here it stops",
        "warning": "it works, but something is wrong or about to be",
        "unknown": "it could not be looked at, or nobody knew",
        "skipped": "the walk ended before it",
        "running": "at work now",
        "asking": "a question waits for you",
    }
    made = [Block("Marks", BOLD)]
    made += [
        Block(f"{STATES[one].word}: {told}", "", f"  {STATES[one].mark:<7} ", " " * 10)
        for one, told in words.items()
    ]
    from wizard.front.tui.views.finding import RISK_WORDS

    made += [Block(), Block("What a fix does to others", BOLD)]
    return [*made, *(Block(told, "", "  ", "  ") for told in RISK_WORDS.values())]
