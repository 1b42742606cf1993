"""One line for a remark, kept in the session."""

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
    from wizard.front.tui.app import WizardApp


class Note(Screen[str]):
    """Closes with the remark, or with an empty text."""

    app: WizardApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("note")
    ]

    def compose(self) -> ComposeResult:
        """Heading, field, keys."""
        plain = ascii_only(self.app.environ)
        yield Words("A note for the transcript", style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Words(
            "What you did, saw or agreed on. No passwords: it is saved and exported.", plain_ascii=plain
        )
        yield Field(plain_ascii=plain)
        yield Keys("note", plain_ascii=plain)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Field).focus()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        await self.run_action(event.action)

    def action_keep(self) -> None:
        """Close with the remark."""
        self.dismiss(self.query_one(Field).value.strip())

    def action_leave(self) -> None:
        """Close without one."""
        self.dismiss("")
