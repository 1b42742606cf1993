"""How an untrusted value becomes one word, one identifier or one string, and where that cannot be done."""

from __future__ import annotations

import unicodedata

MYSQL_FAMILY = ("mysql", "mariadb")
MASK = "•••"
"""What stands where a secret stood; no command can use it."""


class ShellReader:
    """Follows quotes, comments and here-documents through a shell text: inside them, quoting is no help."""

    def __init__(self) -> None:
        self._quote = ""
        self._comment = False
        self._here = False
        self._escaped = False
        self._before = " "

    @property
    def exposed(self) -> bool:
        """Whether a word put here would be read as a word."""
        return not (self._quote or self._comment or self._here or self._escaped)

    def read(self, text: str) -> None:
        """Take note of the next piece of the command."""
        self._escaped = False
        for char in text:
            if self._escaped:
                self._escaped = False
            elif self._comment:
                self._comment = char != "\n"
            elif char == "\\" and self._quote != "'":
                self._escaped = True
            elif self._quote:
                self._quote = "" if char == self._quote else self._quote
            elif char in "'\"`":
                self._quote = char
            elif char == "#" and self._before in " \t\n;&|(":
                self._comment = True
            elif char == "<" and self._before == "<":
                self._here = True
            self._before = char


def sql_identifier(value: str, dialect: str) -> str:
    """The value as a quoted identifier of postgresql or mysql."""
    mark = "`" if dialect in MYSQL_FAMILY else '"'
    return mark + value.replace(mark, mark * 2) + mark


def sql_literal(value: str, dialect: str) -> str:
    """The value as a quoted string, as PostgreSQL and MySQL read it with their default settings."""
    if dialect in MYSQL_FAMILY:
        value = value.replace("\\", "\\\\")
    return "'" + value.replace("'", "''") + "'"


def unseen_removed(text: str) -> str:
    """The text without control, format, surrogate and line-separating characters."""
    return "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def flat(text: str) -> str:
    """Untrusted text as one line that is fit for a sentence."""
    return unseen_removed(" ".join(text.split()))
