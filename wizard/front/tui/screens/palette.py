"""The actions of the moment as a list that typing narrows: for whoever does not know the key."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.front.tui import actions
from wizard.front.tui.look import BOLD
from wizard.front.tui.widgets.field import Field
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Block, Pane


class Palette(Screen[str]):
    """Closes with the name of the chosen action. `moment` is what the keys in the last line are shown for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, name, label, show=False) for keys, name, label in actions.keys("palette")),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, moment: str, *, plain_ascii: bool = False) -> None:
        super().__init__()
        named = {action.name: action for action in actions.at(moment) if action.keys or action.name == "more"}
        self._actions = [action for name, action in named.items() if name != "app.palette"]
        self._ascii = plain_ascii

    def compose(self) -> ComposeResult:
        """Heading, filter, list, keys."""
        plain = self._ascii
        yield Words("What can be done now?", style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Field(plain_ascii=plain, hint="type to narrow the list, such as: note")
        yield Pane(plain_ascii=plain)
        yield Keys("palette", plain_ascii=plain)

    def on_mount(self) -> None:
        """Show all of them."""
        self.query_one(Field).focus()
        self.narrow()

    @on(Field.Changed)
    def narrow(self) -> None:
        """Show the actions that have the typed words, those that begin with them first."""
        typed = self.query_one(Field).value.lower().split()
        fitting = [one for one in self._actions if all(word in _words(one) for word in typed)]
        fitting.sort(key=lambda one: not one.label.startswith(" ".join(typed)))
        made = [_row(one) for one in fitting]
        nothing = Block("Nothing that can be done now has these words.", BOLD)
        self.query_one(Pane).show(made or [nothing], cursor=made[0].item if made else None, top=True)

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_take()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action(event.action)

    def action_move(self, by: int) -> None:
        """Mark the next or the previous one."""
        self.query_one(Pane).action_move(by)

    def action_page(self, by: int) -> None:
        """Move through a list that is longer than the screen."""
        pane = self.query_one(Pane)
        pane.action_page_down() if by > 0 else pane.action_page_up()

    def action_take(self) -> None:
        """Do the marked one."""
        if marked := self.query_one(Pane).cursor:
            self.dismiss(marked)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss(None)


def _words(action: actions.Action) -> str:
    return f"{action.shown} {action.label} {action.help}".lower()


def _row(action: actions.Action) -> Block:
    """Key, label and sentence; the item is the action's own name."""
    text = Text.assemble((action.label, BOLD), ": ", action.help)
    return Block(text, "", f"{action.shown:<6} ", " " * 7, action.name)
