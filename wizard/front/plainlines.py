"""The two ends of a conversation in plain lines: what is written holds no secret and no control character."""

from __future__ import annotations

from collections.abc import Callable

from wizard.front.words import to_ascii
from wizard.redact import Redactor, clean

Read = Callable[[str], str]
Write = Callable[[str], None]


class Lines:
    """Says and asks. `width` is in columns; `ascii_only` where the terminal shows nothing else."""

    def __init__(self, read: Read, write: Write, redactor: Redactor, ascii_only: bool, width: int) -> None:
        self._read = read
        self._write = write
        self.redactor = redactor
        self.ascii = ascii_only
        self.width = width
        self.nobody = False
        """Whether the input has ended: from then on nothing is asked."""

    def say(self, text: str, end: str = "\n") -> None:
        """Write one text that nobody has looked at yet."""
        self.show(self.redactor.text(text) + end)

    def show(self, text: str) -> None:
        """Write a text whose secrets are gone, as those of a report are."""
        shown = clean(text, limit=0)
        self._write(to_ascii(shown) if self.ascii else shown)

    def alone(self, text: str) -> None:
        """Write a text between two empty lines, each of its lines whole and from the first column: to be copied."""
        # What is copied is typed again: a character must not become another one.
        self._write(f"\n{clean(text, limit=0)}\n\n")

    def ask(self, prompt: str) -> str | None:
        """One line of the person, without blanks around it, or None when nobody is there."""
        if self.nobody:
            return None
        try:
            return self._read(to_ascii(prompt) if self.ascii else prompt).strip()
        except EOFError:
            self.nobody = True
            self.say("")
            return None
