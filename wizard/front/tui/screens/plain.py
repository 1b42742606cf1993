"""A command alone, for the terminal's own selection.

The full screen is left for it: on a screen that a program draws, a long line would be selected with line breaks in
it, and the mouse belongs to the program. Where the screen cannot be left, the command is shown on an empty one.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import ClassVar, TextIO

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.front.tui import actions
from wizard.front.tui.widgets.line import Keys, Words

ENTER = "\x1b[?1049h\x1b[2J\x1b[H\x1b[?25h\x1b[?7h"
"""The alternate screen, cleared, with a cursor and with the terminal's own line wrap."""
LEAVE = "\x1b[?1049l"
LOOK = 0.5
"""Seconds after which a signal is heard at the latest."""


def show_alone(command: str, write: TextIO, read: TextIO) -> None:
    """Write the command on an empty screen and wait for Enter (or the end of the input, or Ctrl+C)."""
    try:
        write.write(f"{ENTER}{command}\n\n(select it with the mouse; Enter goes back)\n")
        write.flush()
        _await(read)
        read.readline()
    except KeyboardInterrupt:
        pass  # the person wants back, which is where this goes
    finally:
        write.write(LEAVE)
        write.flush()


def _await(read: TextIO) -> None:
    """Until there is something to read: a signal that came just before a blocking read would be heard after it only."""
    with suppress(OSError, ValueError):  # no file that can be waited for
        while not select.select([read], [], [], LOOK)[0]:
            pass


class PlainScreen(Screen[None]):
    """The command on an otherwise empty screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(keys, name, label, show=False) for keys, name, label in actions.keys("plain")),
        Binding("enter,p", "close", show=False),
    ]

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command

    def compose(self) -> ComposeResult:
        """The command and the way back."""
        yield Words(self.command, id="command")
        yield Keys("plain")

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
