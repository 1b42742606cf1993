"""The first screen: the connections that were found here, and a field for one that was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.errors import WizardError
from wizard.front.tui import actions
from wizard.front.tui.look import ascii_only
from wizard.front.tui.views import start as view
from wizard.front.tui.views.target import complete, safe, shortcomings
from wizard.front.tui.widgets.field import Field
from wizard.front.tui.widgets.line import Keys, Words
from wizard.front.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from wizard.front.tui.app import WizardApp
    from wizard.target.model import Target

HEAD = "dbwizard   why can the application not reach its database?"
HINT = "postgresql://…  mysql://…  jdbc:…  host=… dbname=…  user:pass@tcp(…)/db"
PRACTICE = (
    "No database at hand? Leave with q, then run: dbwizard practice. "
    "It starts a server on this machine that misbehaves on purpose."
)


class Start(Screen[None]):
    """Lists what was found; a number, Enter or a pasted connection starts the walk."""

    app: WizardApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, name, label, show=False) for keys, name, label in actions.keys("start", "field")
    ]

    def __init__(self, targets: tuple[Target, ...]) -> None:
        super().__init__()
        self.targets = targets
        self._doubted = ""
        """The text in the field whose problems are on the screen: Enter once more checks it all the same."""

    def compose(self) -> ComposeResult:
        """Heading, list, field, notice, keys."""
        plain = ascii_only(self.app.environ)
        yield Words(HEAD, style="bold", plain_ascii=plain, one_line=True, id="head")
        yield Pane(plain_ascii=plain)
        yield Words(
            "Another connection: paste it here, as the application writes it.",
            plain_ascii=plain,
        )
        yield Field(hidden=True, plain_ascii=plain, hint=HINT)
        yield Words(plain_ascii=plain, id="notice")
        yield Keys("start", plain_ascii=plain)

    def on_mount(self) -> None:
        """Show the list; without one, the field is where to begin."""
        self.query_one(Pane).show(view.blocks(self.targets))
        (self.query_one(Pane) if self.targets else self.query_one(Field)).focus()

    def on_descendant_focus(self) -> None:
        """The last line tells the keys of what has the focus."""
        self.query_one(Keys).show("field" if self._typing else "start")

    @property
    def _typing(self) -> bool:
        return isinstance(self.focused, Field)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the field belong to the field, the others to the list."""
        del parameters
        if action in ("submit", "leave"):
            return self._typing
        return not (
            self._typing and action in ("pick", "type", "running", "practice", "app.leave", "app.help")
        )

    def on_key(self, event: events.Key) -> None:
        """A digit on the list chooses."""
        if event.character and event.character in "123456789" and not self._typing:
            event.stop()
            self._choose(int(event.character))

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted anywhere goes into the field."""
        event.stop()
        event.prevent_default()
        field = self.query_one(Field)
        field.focus()
        field.put(event.text)

    def _choose(self, number: int) -> None:
        if 1 <= number <= len(self.targets):
            self.app.begin(self.targets[number - 1])

    @on(Pane.Pressed)
    def _pressed(self, event: Pane.Pressed) -> None:
        if event.again:
            self.action_pick()

    @on(Keys.Clicked)
    async def _key_clicked(self, event: Keys.Clicked) -> None:
        if event.action != "choose":
            await self.run_action(event.action)

    def action_choose(self) -> None:
        """Check the marked connection."""
        self.action_pick()

    def action_pick(self) -> None:
        """Check the marked connection."""
        cursor = self.query_one(Pane).cursor
        if cursor:
            self._choose(int(cursor.rpartition("-")[2]))

    def action_type(self) -> None:
        """Go to the field."""
        self.query_one(Field).focus()

    def action_running(self) -> None:
        """List the running applications; the program begins anew with the view of the chosen one."""
        from wizard.front.tui.screens.applications import Applications
        from wizard.target.applications import applications

        self.app.push_screen(Applications(applications()), self.app.take_view)

    def action_leave(self) -> None:
        """Go back to the list."""
        self.query_one(Pane).focus()

    def action_practice(self) -> None:
        """Tell how to practise."""
        self.query_one("#notice", Words).say(PRACTICE)

    def action_submit(self) -> None:
        """Check what was typed; when it has problems, say them first."""
        text = self.query_one(Field).value.strip()
        notice = self.query_one("#notice", Words)
        if not text:
            notice.say("The field is empty: paste a connection, or press Esc for the list.")
            return
        try:
            target = self.app.parse(text)
        except WizardError as error:
            notice.say(safe(str(error)))
            return
        if complete(target) or text == self._doubted:
            self.app.begin(target)
            return
        self._doubted = text
        told = " ".join(shortcomings(target)[:2]) or "No host is given."
        notice.say(f"{told} Correct it, or press Enter again to check it as it is.")
