"""A list that typing narrows, with one line to type in above it. It closes with the item of the chosen row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.front.tui import actions
from wizard.front.tui.look import BOLD, ascii_only
from wizard.front.tui.widgets.field import Field
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Block, Pane

if TYPE_CHECKING:
    from wizard.front.tui.screenapp import ScreenApp


class Narrowing(Screen[str]):
    """Shows the rows that have all the typed words; a subclass says which those are."""

    app: ScreenApp
    WHERE = "palette"
    HEAD = ""
    HINT = ""
    NOTHING = "Nothing has these words."
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(keys, name, label, show=False)
            for keys, name, label in actions.keys("palette", "scenarios")
        ),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._ascii = ascii_only(self.app.environ)

    @abstractmethod
    def rows(self, typed: Sequence[str]) -> list[Block]:
        """The blocks for these words, in small letters; the first row with an item is marked."""

    def compose(self) -> ComposeResult:
        """Heading, filter, list, keys."""
        plain = self._ascii
        yield Words(self.HEAD, style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Field(plain_ascii=plain, hint=self.HINT)
        yield Pane(plain_ascii=plain)
        yield Keys(self.WHERE, plain_ascii=plain)

    def on_mount(self) -> None:
        """Show all of them."""
        self.query_one(Field).focus()
        self.narrow()

    @on(Field.Changed)
    def narrow(self) -> None:
        """Show the rows that have the typed words."""
        made = self.rows(self.query_one(Field).value.lower().split())
        first = next((block.item for block in made if block.item), None)
        self.query_one(Pane).show(made or [Block(self.NOTHING, BOLD)], cursor=first, top=True)

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
        """Take the marked one."""
        if marked := self.query_one(Pane).cursor:
            self.dismiss(marked)

    def action_close(self) -> None:
        """Take none."""
        self.dismiss(None)
