"""What the screens with a page and a line of keys have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen

from wizard.front.tui.look import ascii_only
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Block, Pane

if TYPE_CHECKING:
    from wizard.front.tui.screenapp import ScreenApp


class Listing(Screen[int]):
    """A heading, a page and the keys. It closes with a number, or with None."""

    app: ScreenApp
    WHERE = "list"
    HEAD = ""

    def __init__(self) -> None:
        super().__init__()
        self._ascii = ascii_only(self.app.environ)

    def blocks(self) -> list[Block]:
        """What is on the page."""
        return []

    def compose(self) -> ComposeResult:
        """Heading, page, keys."""
        yield Words(self.HEAD, style="bold", plain_ascii=self._ascii, one_line=True, id="head")
        yield Pane(plain_ascii=self._ascii)
        yield Keys(self.WHERE, plain_ascii=self._ascii)

    def on_mount(self) -> None:
        """Fill the page."""
        pane = self.query_one(Pane)
        pane.show(self.blocks(), top=True)
        pane.focus()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action(event.action)

    def action_more(self) -> None:
        """Go on reading."""
        self.query_one(Pane).action_page_down()

    def action_close(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
