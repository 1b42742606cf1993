"""What a screen does with a text that somebody wants to take away: send it, show it alone, write it to a file.

The words are honest: what a terminal does with what is sent to it cannot be seen from here.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.front.tui import clipboard
from wizard.named import NamedTuple

if TYPE_CHECKING:
    from wizard.front.tui.app import WizardApp


class Given(NamedTuple):
    """A text to take away. `language` is that of a command, or empty for a message."""

    text: str
    language: str = ""
    blanks: tuple[str, ...] = ()
    """The placeholders in it that are still to be filled in."""


class Gives:
    """The keys of a screen from which a text can be taken. Mixed into a Screen."""

    app: WizardApp

    @abstractmethod
    def given(self) -> Given | None:
        """The text that is marked now; None where there is none."""

    def gave(self, given: Given, how: str) -> None:
        """Keep that it was `copied`, `shown` or `written to a file`, where that is kept."""

    @abstractmethod
    def notice(self, text: str) -> None:
        """Show a sentence until the next key."""

    def _wanted(self) -> Given | None:
        """The text, or None and a sentence that says what to do."""
        given = self.given()
        if given is None:
            self.notice(
                "No command is marked here. Move to one with the arrow keys, or open a fix with Enter."
            )
        return given

    def action_copy(self) -> None:
        """Send the text to the terminal's clipboard."""
        given = self._wanted()
        if given is None:
            return
        sequence = clipboard.to_send(given.text, self.app.environ)
        if sequence is not None:
            self.app.write_terminal(sequence)
            self.gave(given, "copied")
        told = clipboard.what_was_done(given.text, sequence is not None, self.app.environ)
        self.notice(told + _to_fill_in(given))

    def action_plain(self) -> None:
        """Show the text alone."""
        given = self._wanted()
        if given is not None:
            self.gave(given, "shown")
            self.app.show_plain(given.text)

    def action_file(self) -> None:
        """Write the text to a new file."""
        from wizard.front.tui.exporting import write_text

        given = self._wanted()
        if given is None:
            return
        try:
            folder: Path | None = Path.cwd()
        except OSError:
            folder = None
        told = write_text(given.text, given.language, folder)
        if told.startswith("Written"):
            self.gave(given, "written to a file")
        self.notice(told + _to_fill_in(given))


def _to_fill_in(given: Given) -> str:
    """What is still to be done to the text before it can be run."""
    return f" Fill in {', '.join(given.blanks)} before you run it." if given.blanks else ""
