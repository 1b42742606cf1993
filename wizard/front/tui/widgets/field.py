"""A field for one line: a connection, or a note. What stands where a password stands is shown as dots.

The dots are for the screen only: `value` is what was typed. It must never be written to a file by its users.
"""

from __future__ import annotations

import re
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from wizard.front.tui.look import to_ascii

LONGEST = 20_000
"""Characters that a field takes."""
_URL = re.compile(
    r"(?<=://)(?P<user>[^:/?#\s]*):(?P<secret>.*)@|(?<=://)[^:/?#\s@]*:(?P<begun>(?!\d+(?:[/?,]|$))[^@]+)$"
)
_NAMED = re.compile(
    r"(?i)\b(?:password|passwd|pwd|pass|sslpassword)\s*=\s*(?P<secret>'(?:\\.|[^'\\])*'?|[^\s&;]+)"
)
_GO = re.compile(r"^[^:/\s]+:(?P<secret>[^\s]*)@(?:tcp6?|unix)?\(")
_BEGUN = re.compile(
    r"^(?!(?:jdbc|r2dbc|https?|[\w+-]*(?:sql|postgres|mariadb)[\w+-]*):)"
    r"[^:/\s@=]+:(?P<secret>(?!\d*(?:[,/]|$))[^\s()@]+)$"
)
"""`user:password` before anything tells what it is; `host:5432` is none."""


def masked(text: str, dot: str = "•") -> str:
    """The text with a dot for every character of a password; as long as the text itself."""
    for pattern, groups in (
        (_URL, ("secret", "begun")),
        (_NAMED, ("secret",)),
        (_GO, ("secret",)),
        (_BEGUN, ("secret",)),
    ):
        for match in pattern.finditer(text):
            for group in groups:
                start, end = match.span(group)
                if start >= 0:
                    text = text[:start] + dot * (end - start) + text[end:]
    return text


class Field(Widget, can_focus=True):
    """One line of text with a cursor. Enter and Escape belong to the screen around it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("home,ctrl+a", "move(-99999)", show=False),
        Binding("end,ctrl+e", "move(99999)", show=False),
        Binding("backspace", "rub(-1)", show=False),
        Binding("delete", "rub(1)", show=False),
        Binding("ctrl+u", "clear", show=False),
    ]

    class Changed(Message):
        """What is in the field changed. It does not carry the text, for that may be a secret."""

    def __init__(
        self, *, hidden: bool = False, plain_ascii: bool = False, hint: str = "", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.value = ""
        self.at = 0
        self._hidden = hidden
        self._hint = to_ascii(hint) if plain_ascii else hint
        self._ascii = plain_ascii

    def put(self, text: str) -> None:
        """Insert text where the cursor stands; line ends become blanks, control characters vanish."""
        new = "".join(one for one in re.sub(r"\s*[\r\n]+\s*", " ", text.strip("\r\n")) if one.isprintable())
        new = new[: max(0, LONGEST - len(self.value))]
        self.value = self.value[: self.at] + new + self.value[self.at :]
        self.at += len(new)
        self._changed()

    def on_key(self, event: events.Key) -> None:
        """Take every printable key: inside a field no letter is a command."""
        if event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self.put(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Take what was pasted."""
        event.stop()
        self.put(event.text)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text here and not a binding of the screen."""
        return character is not None and character.isprintable()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.at = max(0, min(len(self.value), self.at + by))
        self.refresh()

    def action_rub(self, by: int) -> None:
        """Delete the character before (-1) or under (1) the cursor."""
        start = self.at + min(by, 0)
        if 0 <= start < len(self.value):
            self.value = self.value[:start] + self.value[start + 1 :]
            self.at = start
            self._changed()

    def action_clear(self) -> None:
        """Delete everything."""
        self.value, self.at = "", 0
        self._changed()

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Changed())

    def render_line(self, y: int) -> Strip:
        """The part of the line around the cursor."""
        width = self.size.width
        if y:
            return Strip.blank(width)
        line = Style(underline=True)
        if not self.value:
            cursor = Segment(" ", Style(reverse=self.has_focus))
            hint = Segment(self._hint, Style(dim=True, underline=True))
            return Strip([cursor, hint]).adjust_cell_length(width, line)
        shown = self._shown() + " "
        begin = 0
        while cell_len(shown[begin : self.at + 1]) > width and begin < self.at:
            begin += 1
        parts = [
            Segment(shown[begin : self.at], line),
            Segment(shown[self.at], Style(reverse=self.has_focus)),
            Segment(shown[self.at + 1 :], line),
        ]
        return Strip(parts).adjust_cell_length(width, line)

    def _shown(self) -> str:
        """The value as it may be seen, a character for each of its own."""
        shown = masked(self.value, "*" if self._ascii else "•") if self._hidden else self.value
        return "".join(one if one.isascii() else "?" for one in shown) if self._ascii else shown

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()
