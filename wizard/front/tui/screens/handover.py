"""The message for the team whose turn it is: shown whole, and taken away with one key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from wizard.front.tui import actions
from wizard.front.tui.giving import Given, Gives
from wizard.front.tui.look import BOLD
from wizard.front.tui.screens.listing import Listing
from wizard.front.tui.views.finding import SOMEBODY
from wizard.front.tui.views.target import safe
from wizard.front.tui.widgets.line import Words
from wizard.front.tui.widgets.pane import Block

if TYPE_CHECKING:
    from wizard.front.tui.app import WizardApp


class HandOver(Gives, Listing):
    """Shows a message: whom it is for, since when it is theirs, and the text as it will be pasted."""

    app: WizardApp
    WHERE = "message"
    HEAD = "A message, ready to paste"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, name, label, show=False) for keys, name, label in actions.keys("message")),
        Binding("h", "close", show=False),
    ]

    def __init__(self, message: str, to: str, when: str) -> None:
        super().__init__()
        self._message = message
        self._to = to
        self._when = when

    def compose(self) -> ComposeResult:
        """Heading, page, notice, keys."""
        *above, keys = super().compose()
        yield from above
        yield Words(plain_ascii=self._ascii, id="notice")
        yield keys

    def blocks(self) -> list[Block]:
        """Whom it is for and when, then the message between bars that are not part of it."""
        return [*self._address(), Block(), *self._paragraphs()]

    def _address(self) -> Iterator[Block]:
        yield Block(safe(self._to) or SOMEBODY, BOLD, "For:  ", "      ")
        if self._when:
            yield Block(f"Send it when {safe(self._when)}.")
        yield Block("Read it first: it names hosts and users. There is no password in it.")

    def _paragraphs(self) -> Iterator[Block]:
        for line in self._message.split("\n"):
            deep = " " * (len(line) - len(line.lstrip()))
            yield Block(line.strip(), "", f"│ {deep}", f"│ {deep}")

    def given(self) -> Given:
        """The whole message."""
        return Given(self._message)

    def notice(self, text: str) -> None:
        """Show a sentence above the keys, until the next key."""
        self.query_one("#notice", Words).say(text)

    def on_key(self, event: events.Key) -> None:
        """Any key takes the notice away."""
        del event
        self.notice("")
