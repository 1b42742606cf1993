"""One line to type: a remark that is kept in the session, or the answer to a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.front.tui import actions
from wizard.front.tui.look import ascii_only
from wizard.front.tui.widgets.field import Field
from wizard.front.tui.widgets.line import Keys, Words

if TYPE_CHECKING:
    from wizard.front.tui.screenapp import ScreenApp


class Note(Screen[str]):
    """Closes with what was typed, or with an empty text. `place` says which keys: note, typed or naming."""

    app: ScreenApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False)
        for keys, name, label in actions.keys("note", "typed", "naming")
    ]

    def __init__(
        self,
        place: str = "note",
        head: str = "A note for the transcript",
        says: str = "What you did, saw or agreed on. No passwords: it is saved and exported.",
        begun: str = "",
    ) -> None:
        super().__init__()
        self._place = place
        self._head = head
        self._says = says
        self._begun = begun

    def compose(self) -> ComposeResult:
        """Heading, field, keys."""
        plain = ascii_only(self.app.environ)
        yield Words(self._head, style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Words(self._says, plain_ascii=plain)
        yield Field(plain_ascii=plain)
        yield Keys(self._place, plain_ascii=plain)

    def on_mount(self) -> None:
        """Type at once."""
        field = self.query_one(Field)
        field.put(self._begun)
        field.focus()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action(event.action)

    def action_keep(self) -> None:
        """Close with what was typed."""
        self.dismiss(self.query_one(Field).value.strip())

    def action_leave(self) -> None:
        """Close without it."""
        self.dismiss("")
