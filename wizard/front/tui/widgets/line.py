"""The small widgets of one or two lines: the heading, the notice, and the keys that can be pressed now."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from wizard.front.tui import actions
from wizard.front.tui.look import to_ascii


class Words(Widget):
    """A sentence or two, never read as markup. Empty, it takes no room where its style says `height: auto`."""

    def __init__(
        self,
        text: str = "",
        *,
        style: str = "",
        plain_ascii: bool = False,
        one_line: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.text = text
        self._style = style
        self._one_line = one_line
        self._ascii = plain_ascii
        self.display = bool(text)

    def say(self, text: str) -> None:
        """Show this instead."""
        if text != self.text:
            self.text = text
            self.display = bool(text)
            self.refresh(layout=True)

    def render(self) -> Text:
        """The text as it is; where one line is all there is, what does not fit ends with an ellipsis."""
        text = to_ascii(self.text) if self._ascii else self.text
        room = self.size.width
        if self._one_line and 0 < room < cell_len(text):
            mark = "..." if self._ascii else "…"
            text = set_cell_size(text, max(0, room - len(mark))) + mark
        return Text(text, style=self._style)


class Keys(Widget):
    """The last line: what can be pressed now. Each key can also be clicked."""

    class Clicked(Message):
        """The key of this action was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, where: str, *, plain_ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.where = where
        self._ascii = plain_ascii

    def show(self, where: str) -> None:
        """Show the keys of another moment."""
        if where != self.where:
            self.where = where
            self.refresh()

    def _shown(self) -> list[actions.Action]:
        return actions.footer(self.where, self.size.width, plain_ascii=self._ascii)

    def render_line(self, y: int) -> Strip:
        """The one line that there is."""
        segments: list[Segment] = []
        if y == 0:
            segments.append(Segment(" "))
            for action in self._shown():
                segments.append(Segment(f"{action.shown} ", Style(bold=True)))
                segments.append(Segment(f"{action.label}  "))
        return Strip(segments).adjust_cell_length(self.size.width)

    def on_click(self, event: events.Click) -> None:
        """Find the key under the mouse."""
        at = 0
        for action in self._shown():
            at += 2 + cell_len(f"{action.shown} {action.label}")
            if event.x < at:
                self.post_message(self.Clicked(action.name))
                return
