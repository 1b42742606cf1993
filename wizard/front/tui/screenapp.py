"""What every full screen of this program is: its keys, its terminal, help, and an end with an exit status.

What is on the screen belongs to the subclasses: a walk (`app`), or a drill (`drillapp`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import App, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.driver import Driver

from wizard import endings
from wizard.exits import Exit
from wizard.front.tui.thrift import Thrift, thrifty


class ScreenApp(App[int]):
    """An application that ends with `status`, or with what was given to `exit`.

    `write_terminal` takes control sequences in the place of the terminal's driver.
    """

    CSS_PATH = "wizard.tcss"
    TITLE = "dbwizard"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        write_terminal: Callable[[str], object] | None = None,
    ) -> None:
        self._thrift = Thrift()
        super().__init__(ansi_color=True)
        self.environ = os.environ if environ is None else environ
        self.status = int(Exit.INTERRUPTED)
        self.broken = False
        """Whether the program itself has failed."""
        self.write_terminal = write_terminal or self._write_to_driver
        self.animation_level = "none"
        self._bare = False
        """Whether the screen is left for the bare terminal."""

    def show(self) -> int:
        """Run until the person leaves or a signal comes; the exit status. It is 2 when the program itself fails."""
        with endings.told(self.leave_soon):
            status = self.run()
        if status is None:
            return self.status if self.broken else int(Exit.INTERRUPTED)
        return status

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, made to write less."""
        return thrifty(super().get_driver_class(), self._thrift)

    def on_resize(self) -> None:
        """A terminal of another size has kept nothing that can be relied on, nor has one that was it for an instant.

        All is drawn anew even so: to Textual a size that was there and gone within its patience is no other size.
        """
        self._thrift.forget()
        if self.screen_stack:
            self.screen.refresh(layout=True)

    @on(Driver.SignalResume)
    def action_redraw(self) -> None:
        """Draw all of the screen anew, for another program may have written on it."""
        self._thrift.forget()
        self.screen.refresh(layout=True)

    def _write_to_driver(self, sequence: str) -> None:
        """Write a control sequence to the terminal, in order with everything else that is drawn."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def show_plain(self, command: str) -> None:
        """Show a command alone: on the bare terminal, or on an empty screen where that cannot be."""
        from wizard.front.tui.screens.plain import PlainScreen, show_alone

        self._bare = True
        try:
            with self.suspend():
                show_alone(command, sys.__stderr__ or sys.stderr, sys.__stdin__ or sys.stdin)
        except SuspendNotSupported:
            self.push_screen(PlainScreen(command))
        finally:
            self._bare = False

    def _fatal_error(self) -> None:
        """Report a mistake of this program without the values of variables: one of them may be a password."""
        from rich.text import Text

        from wizard.front.tui.crash import failure

        self.status = int(Exit.USAGE)
        self.broken = True
        self.panic(Text(failure(sys.exc_info()[1])))

    def _moment(self) -> str:
        """The moment for which the last line of the screen shows the keys."""
        from wizard.front.tui.widgets.line import Keys

        return self.screen.query_one(Keys).where

    def action_help(self) -> None:
        """Show the help page."""
        from wizard.front.tui.screens.help import Help

        self.push_screen(Help(self._moment()))

    def action_palette(self) -> None:
        """List what can be done now; what is chosen is done on the screen that was left for the list."""
        from wizard.front.tui.screens.palette import Palette

        screen = self.screen

        async def do(name: str | None) -> None:
            if name:
                await screen.run_action(name)

        self.push_screen(Palette(self._moment()), do)

    def action_leave(self) -> None:
        """End with the status as it stands."""
        self.exit(self.status)

    def action_interrupt(self) -> None:
        """Ctrl+C: the same, from everywhere."""
        self.action_leave()

    def leave_soon(self, number: int) -> None:
        """A signal wants the program to end: the same, as soon as the screen's own work can be interrupted."""
        wants_back = self._bare and number == signal.SIGINT
        if self._loop is not None and not wants_back:
            self._loop.call_soon_threadsafe(self._end_with, 128 + number)
        if self._loop is None or self._bare:
            # Nobody draws: the main thread waits for the person, or for something before the first screen.
            raise KeyboardInterrupt

    def _end_with(self, status: int) -> None:
        self.status = status
        self.action_leave()
