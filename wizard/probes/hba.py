"""pg_hba.conf: which line decides for one client, judged as the server does (src/backend/libpq/hba.c).

The lines come from the server (`pg_hba_file_rules`) or from the file (`hbafile.py`). What only the server can know,
such as the name behind an address, is left open: the answer is then "unsure", never a guess. Pure: reads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


REGEX_SINCE = 16
"""The major version from which a name that begins with `/` is a regular expression."""
KINDS = ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")
LONGEST_REGEX = 200
OPEN_OPTIONS = (
    *("clientcert", "clientname", "map", "pamservice", "include_realm", "krb_realm", "compat_realm"),
    *("ldapserver", "ldapport", "ldapscheme", "ldaptls", "radiusservers", "radiusports"),
)
"""Options whose values may be shown; others may hold a password (ldapbindpasswd, radiussecrets, ldapurl)."""


class Token(NamedTuple):
    """One word of a field; a quoted one has no special meaning."""

    text: str
    quoted: bool = False

    def is_word(self, word: str) -> bool:
        """Whether this is the key word `word`."""
        return not self.quoted and self.text == word


class Rule(NamedTuple):
    """One line. `address` is empty for `local`; `mask` is set where `address` is numeric; `error` for a bad line."""

    place: str
    kind: str = ""
    databases: tuple[Token, ...] = ()
    users: tuple[Token, ...] = ()
    address: str = ""
    mask: str = ""
    method: str = ""
    options: tuple[str, ...] = ()
    error: str = ""

    @property
    def text(self) -> str:
        """The line as a person writes it."""
        names = [",".join(_shown(token) for token in field) for field in (self.databases, self.users)]
        parts = (self.kind, *names, self._shown_address(), self.method, *map(_shown_option, self.options))
        return " ".join(part for part in parts if part)

    def _shown_address(self) -> str:
        bits = _bits(self.mask)
        ones = bits.rstrip("0")
        if not self.mask:
            return self.address
        return f"{self.address}/{len(ones)}" if "0" not in ones else f"{self.address} {self.mask}"


class Client(NamedTuple):
    """The login that is judged. Empty `address` is a Unix socket; None is what is not known."""

    user: str
    database: str
    address: str
    tls: bool
    groups: frozenset[str] | None
    """The roles that the role is a member of, itself included; empty where it does not exist."""
    same_host: bool | None = None
    """Whether the client's address is one of the server's own."""
    version: int = 0
    """The server's major version; 0 where it is not known."""
    replication: bool = False
    """Whether it asks for physical replication, which only the key word `replication` lets in."""


class Verdict(NamedTuple):
    """`outcome` is matched, no-match, unsure or file-error; `rule` the line that decides, or that stands in the way."""

    outcome: str
    rule: Rule | None = None


def judge(rules: Iterable[Rule], client: Client) -> Verdict:
    """The first line that fits this client; with an error anywhere the server keeps the lines that it had."""
    known = list(rules)
    broken = next((rule for rule in known if rule.error), None)
    if broken is not None:
        return Verdict("file-error", broken)
    for rule in known:
        fits = matches(rule, client)
        if fits is None:
            return Verdict("unsure", rule)
        if fits:
            return Verdict("matched", rule)
    return Verdict("no-match")


def matches(rule: Rule, client: Client) -> bool | None:
    """Whether the line fits; None where that cannot be told from here."""
    parts = (
        _kind_fits(rule.kind, client),
        _address_fits(rule, client),
        _any_of(_database_fits(token, client) for token in rule.databases),
        _any_of(_user_fits(token, client) for token in rule.users),
    )
    return False if False in parts else None if None in parts else True


def _any_of(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return True if True in found else None if None in found else False


def _kind_fits(kind: str, client: Client) -> bool:
    if kind == "local" or not client.address:
        return kind == "local" and not client.address
    # Encryption by GSSAPI is never used here.
    return {"hostssl": client.tls, "hostnossl": not client.tls, "hostgssenc": False}.get(kind, True)


def _address_fits(rule: Rule, client: Client) -> bool | None:
    if rule.kind == "local" or rule.address == "all":
        return True
    if rule.address in ("samehost", "samenet"):
        return True if client.same_host else None
    if not rule.mask:
        return None  # a host name: only the server can look the client up
    try:
        ours, theirs, mask = ip_address(client.address), ip_address(rule.address), ip_address(rule.mask)
    except ValueError:
        return None
    return ours.version == theirs.version and int(ours) & int(mask) == int(theirs) & int(mask)


def _database_fits(token: Token, client: Client) -> bool | None:
    if client.replication:
        return token.is_word("replication")
    if token.is_word("all"):
        return True
    if token.is_word("sameuser"):
        return client.database == client.user
    if token.is_word("samerole") or token.is_word("samegroup"):
        return _is_member(client, client.database)
    if token.is_word("replication"):
        return False
    return _name_fits(token, client.database, client.version)


def _user_fits(token: Token, client: Client) -> bool | None:
    if token.is_word("all"):
        return True
    if not token.quoted and token.text.startswith("+"):
        return _is_member(client, token.text[1:])
    return _name_fits(token, client.user, client.version)


def _is_member(client: Client, role: str) -> bool | None:
    return None if client.groups is None else role in client.groups


def _name_fits(token: Token, name: str, version: int) -> bool | None:
    if not token.text.startswith("/") or 0 < version < REGEX_SINCE:
        return token.text == name
    return None if not version else _pattern_fits(token.text[1:], name)


def _pattern_fits(pattern: str, name: str) -> bool | None:
    """PostgreSQL's regular expressions where Python's mean the same; None for the others, and for costly ones."""
    # No parentheses: what repeats inside of what repeats can take for ever.
    plain = re.fullmatch(r"[\w.$^|\-+*? ]*", pattern)
    if not plain or len(pattern) > LONGEST_REGEX or pattern.count("*") + pattern.count("+") > 2:
        return None
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return None


def _shown(token: Token) -> str:
    return f'"{token.text}"' if token.quoted or not token.text or " " in token.text else token.text


def _shown_option(option: str) -> str:
    name, sign, _ = option.partition("=")
    return option if name in OPEN_OPTIONS or not sign else f"{name}=…"


def _bits(mask: str) -> str:
    try:
        parsed = ip_address(mask)
    except ValueError:
        return ""
    return f"{int(parsed):0{parsed.max_prefixlen}b}"


def from_view(row: Mapping[str, Any], file: str) -> Rule:
    """A row of pg_hba_file_rules, of any version; `file` is the main file, for versions that do not tell."""
    place = f"{row.get('file_name') or file}:{row.get('line_number') or '?'}"
    if row.get("error"):
        return Rule(place, error=str(row["error"]))
    return Rule(
        place,
        str(row.get("type") or ""),
        tuple(Token(name) for name in _texts(row.get("database"))),
        tuple(Token(name) for name in _texts(row.get("user_name"))),
        str(row.get("address") or ""),
        str(row.get("netmask") or ""),
        str(row.get("auth_method") or ""),
        _texts(row.get("options")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
