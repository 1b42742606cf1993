"""Option files of MySQL's and MariaDB's clients, `~/.my.cnf`.

Source: my_search_option_file in mysys/my_default.cc and "Using Option Files" in both manuals: groups, `key`
or `key=value`, `-` and `_` alike, quotes, backslash escapes (b t n r s), `!include` and `!includedir`; of
two values the later wins.  A `#` outside quotes ends the value, also in the middle of a word: `ab#cd` is `ab`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from wizard.named import NamedTuple
from wizard.target.files import expand, read_text, shown, there

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "\\": "\\", "s": " ", '"': '"', "'": "'"}
_FILES = 100
"""Files that are read in all; one that includes itself ten times would be read ten to the power of ten times."""
_DEPTH = 10
"""How deep `!include` is followed, as in my_default.cc."""
CLIENT_GROUPS = ("client", "client-mariadb", "client-server", "mysql", "mariadb-client")


class OptionLine(NamedTuple):
    """One setting of an option file."""

    group: str
    key: str
    """With `-` between words."""
    value: str
    source: str

    def __repr__(self) -> str:
        """The line without its value, which may be a password."""
        return f"OptionLine({self.source} {self.key})"


def option_files(environ: Mapping[str, str], home: Path | None) -> tuple[Path, ...]:
    """Return the files that the clients read, in their order, whether they exist or not."""
    base = environ.get("MYSQL_HOME") or environ.get("MARIADB_HOME")
    named = [Path("/etc/my.cnf"), Path("/etc/mysql/my.cnf")]
    if base:
        named.append(expand(base, home) / "my.cnf")
    if home is not None:
        named.append(home / ".my.cnf")
    return tuple(named)


def read_options(path: Path, home: Path | None) -> Iterator[OptionLine]:
    """Yield every setting of a file and of those that it includes; an unreadable file yields nothing."""
    return _settings(path, home, 0, [])


def _settings(path: Path, home: Path | None, depth: int, seen: list[Path]) -> Iterator[OptionLine]:
    """The settings of one file; `seen` is what was read, for files that include one another many times."""
    if len(seen) >= _FILES:
        return
    seen.append(path)
    where = shown(path, home)
    group = ""
    for raw in read_text(path).splitlines():
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("!"):
            yield from _included(line, path, home, depth, seen)
        elif line.startswith("[") and "]" in line:
            group = line[1 : line.index("]")].strip()
        elif group:
            key, _, value = _without_comment(line).partition("=")
            name = key.strip().replace("_", "-")
            yield OptionLine(group, name, _value(value), f"{where} [{group}]")


def _included(line: str, path: Path, home: Path | None, depth: int, seen: list[Path]) -> Iterator[OptionLine]:
    word, _, place = line.partition(" ")
    if depth >= _DEPTH or not place.strip():
        return
    folder = path.parent / expand(place.strip(), home)
    if word == "!includedir":
        try:
            files = sorted(
                folder / each.name for each in there(folder).iterdir() if each.suffix in (".cnf", ".ini")
            )
        except (OSError, ValueError):
            return
    else:
        files = [folder] if word == "!include" else []
    for each in files:
        yield from _settings(each, home, depth + 1, seen)


def _without_comment(line: str) -> str:
    """Cut a line at the first `#` outside quotes, whatever stands before it (remove_end_comment)."""
    quote, escaped = "", False
    for at, char in enumerate(line):
        if char in "'\"" and not escaped:
            quote = char if not quote else "" if char == quote else quote
        elif char == "#" and not quote:
            return line[:at]
        escaped = bool(quote) and char == "\\" and not escaped
    return line


def _value(raw: str) -> str:
    """Take off the quotes around a whole value and undo its escapes."""
    text = raw.strip()
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        text = text[1:-1]
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), text)


def client_settings(
    files: tuple[Path, ...], home: Path | None, groups: tuple[str, ...] = CLIENT_GROUPS
) -> dict[str, OptionLine]:
    """Return the settings of the clients' groups over all files; the last one of a key wins."""
    return {line.key: line for path in files for line in read_options(path, home) if line.group in groups}
