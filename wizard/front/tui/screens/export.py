"""The forms in which the transcript can be written: one key each, with the names of things or without."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from wizard.front.tui.exporting import SUFFIXES
from wizard.front.tui.screens.choosing import Numbered
from wizard.front.tui.widgets.pane import Block

CHOICES: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("Markdown, for a ticket or a postmortem", ("md",), False),
    ("A web page in one file", ("html",), False),
    ("Plain text", ("text",), False),
    ("JSON, for programs", ("json",), False),
    ("All four", tuple(SUFFIXES), False),
    ("All four, with the names of hosts, users and databases replaced", tuple(SUFFIXES), True),
)
"""What stands on the line, the forms, and whether names are replaced."""


class Export(Numbered):
    """Closes with the number of a choice, from 1."""

    HEAD = "Write the transcript here as"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "pick", show=False)]

    def blocks(self) -> list[Block]:
        """One line a choice."""
        made = [
            Block(told, "", f"{number}  ", "   ", f"form-{number}")
            for number, (told, _, _) in enumerate(CHOICES, 1)
        ]
        return [
            *made,
            Block(),
            Block("New files in the working directory; only you can read them. No passwords."),
        ]
