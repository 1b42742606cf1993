"""libpq's password file, `~/.pgpass`.

Source: passwordFromFile in src/interfaces/libpq/fe-connect.c: `host:port:database:user:password`, `*` as a
whole field matches anything, `\\:` and `\\\\` are escapes, `#` starts a comment line, a socket in the default
directory is looked up as `localhost`, and a file that group or others may read is ignored.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from wizard.named import NamedTuple
from wizard.target.files import read_text, there
from wizard.target.model import Secret


class PassLine(NamedTuple):
    """One entry of the file; `line` counts from 1."""

    line: int
    host: str
    port: str
    database: str
    user: str
    password: Secret

    @property
    def is_concrete(self) -> bool:
        """Whether host, database and user are named, so that the entry alone says where to connect."""
        return "*" not in (self.host, self.database, self.user) and bool(self.host)


def is_exposed(path: Path) -> bool:
    """Whether group or others have any right on the file, for which libpq ignores it."""
    try:
        return bool(there(path).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def read_passfile(path: Path) -> Iterator[PassLine]:
    """Yield the entries of a password file; lines that are none are passed over, as libpq does."""
    for number, raw in enumerate(read_text(path).splitlines(), start=1):
        if raw.startswith("#"):
            continue
        fields = _fields(raw)
        if len(fields) == 5:
            host, port, database, user, password = fields
            yield PassLine(number, host, port, database, user, Secret(password))


def _fields(raw: str) -> list[str]:
    """Split at the first four unescaped colons and undo the escapes."""
    fields = [""]
    at = 0
    while at < len(raw):
        char = raw[at]
        if char == "\\" and at + 1 < len(raw):
            at += 1
            fields[-1] += raw[at]
        elif char == ":" and len(fields) < 5:
            fields.append("")
        else:
            fields[-1] += char
        at += 1
    return fields


def find_password(
    entries: Iterator[PassLine], host: str, port: int, database: str, user: str
) -> PassLine | None:
    """Return the first entry that matches, or None; a socket host is looked up as `localhost`."""
    wanted = ("localhost" if host.startswith(("/", "@")) or not host else host, str(port), database, user)
    for entry in entries:
        fields = (entry.host, entry.port, entry.database, entry.user)
        alike = (f in ("*", w) for f, w in zip(fields, wanted, strict=True))
        if all(alike) or (
            entry.host == host and all(f in ("*", w) for f, w in zip(fields[1:], wanted[1:], strict=True))
        ):
            return entry
    return None
