"""pg_hba.conf as a file: its lines as the server reads them, where the server itself does not show them.

Follows hba.c: quotes, comments, continuation lines, lists, `@file`, and from version 16 on the include directives.
Reads a bounded amount and never raises for what a file holds: a bad line becomes a rule with an error.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

from wizard.probes.hba import KINDS, REGEX_SINCE, Rule, Token
from wizard.probes.regular import head

LARGEST = 1 << 20
"""Bytes that are read in all."""
MOST_RULES = 5000
MOST_FILES = 200
"""Files that are read in all, those of `@file` among them."""
DEEPEST = 10
"""Files that include one another (CONF_FILE_MAX_DEPTH)."""
METHODS = (
    *("trust", "reject", "scram-sha-256", "md5", "password", "gss", "sspi", "ident", "peer", "ldap"),
    *("radius", "cert", "pam", "bsd", "oauth"),
)
Fields = list[list[Token]]


class _Files:
    """The files that are read for one pg_hba.conf, bounded in number and size, and never a wait for a pipe."""

    def __init__(self) -> None:
        self._left = MOST_FILES
        self._bytes = LARGEST

    def text(self, path: Path) -> str:
        """Raises OSError for what cannot be read, is no regular file, or is one too many."""
        if self._left <= 0 or self._bytes <= 0:
            raise OSError(errno.EMFILE, "more files, or larger ones, than are followed")
        text = head(path, self._bytes)
        self._left -= 1
        self._bytes -= len(text)
        return text


def read_rules(path: Path, version: int) -> list[Rule]:
    """The rules of the file and of what it includes. Raises OSError where the file itself cannot be read."""
    rules: list[Rule] = []
    _read(path, version, rules, 0, _Files())
    return rules


def _read(path: Path, version: int, rules: list[Rule], depth: int, files: _Files) -> None:
    for number, line in _lines(files.text(path)):
        if len(rules) >= MOST_RULES:
            return
        place = f"{path}:{number}"
        fields = _fields(line, path.parent, files)
        if not fields:
            continue
        word = fields[0][0]
        if version >= REGEX_SINCE and not word.quoted and word.text.startswith("include"):
            _include(fields, path, version, rules, depth, place, files)
        else:
            rules.append(_rule(fields, place))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, text) of each logical line; a backslash at the end continues it."""
    held: list[str] = []
    begun = 1
    for number, line in enumerate(text.split("\n"), 1):
        begun = begun if held else number
        bare = line.rstrip("\r")
        held.append(bare.removesuffix("\\"))
        if not bare.endswith("\\"):
            yield begun, "".join(held)
            held = []
    if held:
        yield begun, "".join(held)


def _include(
    fields: Fields, path: Path, version: int, rules: list[Rule], depth: int, place: str, files: _Files
) -> None:
    word, name = fields[0][0].text, fields[1][0].text if len(fields) > 1 else ""
    wanted = path.parent / name
    if not name or depth >= DEEPEST or word not in ("include", "include_if_exists", "include_dir"):
        rules.append(Rule(place, error=f"cannot follow: {word} {name}"))
        return
    try:
        if word == "include_dir":
            inside = sorted(wanted.iterdir())
            found = [one for one in inside if one.suffix == ".conf" and not one.name.startswith(".")]
        else:
            found = [wanted]
        for file in found:
            _read(file, version, rules, depth + 1, files)
    except OSError as error:
        if not (word == "include_if_exists" and isinstance(error, FileNotFoundError)):
            rules.append(Rule(place, error=f'could not open file "{wanted}": {error.strerror}'))


def _fields(line: str, folder: Path, files: _Files) -> Fields:
    """The fields of a line, each a list of words; `@file` is replaced by the words of that file."""
    fields: Fields = []
    more = False
    for token, comma in _tokens(line):
        words = _expanded(token, folder, files)
        if more:
            fields[-1].extend(words)
        elif words:
            fields.append(words)
        more = comma and bool(fields)
    return fields


def _tokens(line: str) -> Iterator[tuple[Token, bool]]:
    """Each word of a line, and whether a comma follows it (next_token of hba.c)."""
    word, started, quoted, inside, before = "", False, False, False, ""
    for char in line:
        if inside or char == '"':
            if char == '"':
                if not started:
                    quoted = True
                elif not inside and before == '"':
                    word += '"'
                inside = not inside
            else:
                word += char
            started = True
        elif char in " \t\r,#":
            if started:
                yield Token(word, quoted), char == ","
            word, started, quoted = "", False, False
            if char == "#":
                return
        else:
            word += char
            started = True
        before = char
    if started:
        yield Token(word, quoted), False


def _expanded(token: Token, folder: Path, files: _Files) -> list[Token]:
    if token.quoted or not token.text.startswith("@") or len(token.text) == 1:
        return [token]
    try:
        text = files.text(folder / token.text[1:])
    except OSError:
        return []
    return [word for line in text.splitlines() for word, _ in _tokens(line)][:MOST_RULES]


def _rule(fields: Fields, place: str) -> Rule:
    """One rule of the fields of a line (parse_hba_line of hba.c)."""
    kind = fields[0][0].text
    if kind not in KINDS or len(fields[0]) > 1:
        return Rule(place, error=f'invalid connection type "{kind}"')
    needed = 4 if kind == "local" else 5
    if len(fields) < needed:
        return Rule(place, error="end-of-line before the authentication method")
    rest = fields[3:]
    address = mask = ""
    if kind != "local":
        address, mask, taken, error = _address(rest)
        if error:
            return Rule(place, error=error)
        rest = rest[taken:]
    method = rest[0][0].text if rest else ""
    if method not in METHODS:
        return Rule(place, error=f'invalid authentication method "{method}"')
    options = tuple(token.text for field in rest[1:] for token in field)
    return Rule(place, kind, tuple(fields[1]), tuple(fields[2]), address, mask, method, options)


def _address(rest: Fields) -> tuple[str, str, int, str]:
    """(address, mask, fields that it took, error): a network, a key word, or a host name without mask."""
    token = rest[0][0]
    if len(rest[0]) > 1:
        return "", "", 0, "multiple values specified for host address"
    if not token.quoted and token.text in ("all", "samehost", "samenet"):
        return token.text, "", 1, ""
    host, slash, _ = token.text.partition("/")
    try:
        ip_address(host)
    except ValueError:
        wrong = f'specifying both host name and CIDR mask is invalid: "{token.text}"'
        return token.text, "", 1, wrong if slash else ""
    try:
        if slash:
            return host, str(ip_network(token.text, strict=False).netmask), 1, ""
        mask = rest[1][0].text if len(rest) > 1 else ""
        return host, str(ip_address(mask)), 2, ""
    except ValueError:
        return "", "", 0, f'invalid mask for the address "{token.text}"'
