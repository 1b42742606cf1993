"""Connection strings made of `key=value` pairs: libpq's, and the semicolon forms of .NET and PDO.

Source of the quoting rules: conninfo_parse in src/interfaces/libpq/fe-connect.c.  Nothing that could be a
piece of a password is ever quoted back.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy
from wizard.target.draft import Draft, is_name
from wizard.target.spellings import LIBPQ_PARAMETERS, PSYCOPG_KEYWORDS

_PAIR_START = lazy(r"\s*[A-Za-z_]\w*\s*=")
_SEMICOLONS = lazy(r"""(?:pgsql|mysql):\w+=|[A-Za-z][\w -]*=(?:"[^"]*"|'[^']*'|[^;\s"']*)\s*;""")
_SPACE = " \t\n\r\f\v"

ADO_KEYS: dict[str, str] = {
    **dict.fromkeys(("host", "server", "datasource", "address", "addr", "networkaddress"), "host"),
    "port": "port",
    **dict.fromkeys(("username", "user", "userid", "uid", "userName"), "user"),
    **dict.fromkeys(("password", "pwd"), "password"),
    **dict.fromkeys(("database", "db", "dbname", "initialcatalog"), "database"),
    "unix_socket": "socket",
    "sslmode": "sslmode",
    "rootcertificate": "sslrootcert",
    "sslcertificate": "sslcert",
    "sslkey": "sslkey",
    "sslca": "sslrootcert",
    "sslcert": "sslcert",
    "timeout": "connect_timeout",
    "connectiontimeout": "connect_timeout",
    "applicationname": "application_name",
    "targetsessionattributes": "target_session_attrs",
    "trustservercertificate": "trustservercertificate",
}
"""Keys of Npgsql, MySqlConnector and PDO in lower case without spaces -> ours."""


def looks_like_pairs(text: str) -> bool:
    """Whether a text starts as `key=`."""
    return _PAIR_START.match(text) is not None


def looks_like_semicolons(text: str) -> bool:
    """Whether the first pair of a text ends at a semicolon, as in `Host=db;…`, or it is a PDO string."""
    return _SEMICOLONS.match(text) is not None


def split_pairs(text: str) -> tuple[list[tuple[str, str]], str]:
    """Split a libpq string into pairs; the second value says what is wrong, empty when nothing is."""
    pairs: list[tuple[str, str]] = []
    at = 0
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at == len(text):
            return pairs, ""
        start = at
        while at < len(text) and text[at] not in _SPACE and text[at] != "=":
            at += 1
        key = text[start:at]
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at == len(text) or text[at] != "=":
            after = f" after {pairs[-1][0]}" if pairs else ""
            return pairs, f"a word{after} has no = (quote values that contain white space)"
        at += 1
        while at < len(text) and text[at] in _SPACE:
            at += 1
        value, at, closed = _value(text, at)
        pairs.append((key, value))
        if not closed:
            return pairs, f"the quoted value of {key} has no closing quote"


def _value(text: str, at: int) -> tuple[str, int, bool]:
    """Read one value at a position: the value, the position after it, whether its quote was closed."""
    quoted = at < len(text) and text[at] == "'"
    at += quoted
    out: list[str] = []
    while at < len(text):
        char = text[at]
        if char == "\\":
            out.append(text[at + 1 : at + 2])
            at = min(at + 2, len(text))
        elif quoted and char == "'":
            return "".join(out), at + 1, True
        elif not quoted and char in _SPACE:
            break
        else:
            out.append(char)
            at += 1
    return "".join(out), at, not quoted


def read_dsn(text: str, draft: Draft) -> None:
    """Read a libpq string (`host=… dbname=…`) into the draft."""
    draft.form, draft.engine = "dsn", draft.engine or "postgresql"
    pairs, wrong = split_pairs(text)
    if any(key == "service" for key, _ in pairs) and len(pairs) == 1:
        draft.form = "service"
    previous = ""
    for key, value in pairs:
        if previous == "password" and key not in LIBPQ_PARAMETERS | PSYCOPG_KEYWORDS | {"database"}:
            detail = "The password seems to hold a blank: put it in single quotes."
            draft.problem("unescaped", "password", detail)
            continue
        previous = key
        # Later pairs win in libpq; a draft keeps the first, so an earlier one is dropped.
        if key != "password":
            draft.values.pop("database" if key == "dbname" else key, None)
        else:
            draft.password = None
        draft.put("database" if key in ("dbname", "database") else key, value)
        if key == "database":
            draft.problem("invalid-option", "database", "In a libpq string the database is given as dbname=.")
    if wrong:
        draft.problem("malformed", "url", f"The connection string cannot be split: {wrong}.")


def read_semicolons(text: str, draft: Draft) -> None:
    """Read `Host=…;Username=…` (ADO.NET) or `pgsql:host=…;dbname=…` (PDO) into the draft."""
    draft.form = "dsn"
    head, colon, rest = text.partition(":")
    if colon and head.lower() in ("pgsql", "mysql") and "=" not in head:
        draft.driver, text = "pdo", rest
        draft.engine = "postgresql" if head.lower() == "pgsql" else "mysql"
    else:
        draft.driver = "ado.net"
    for number, pair in enumerate(_semicolon_pairs(text), start=1):
        key, equals, value = pair.partition("=")
        if not equals or not is_name(key.strip()):
            what = "no name before the =" if equals else "no ="
            draft.problem("malformed", "url", f"Part {number} between the semicolons has {what}.")
            continue
        name = re.sub(r"[\s_]", "", key).lower() if key.strip() != "unix_socket" else "unix_socket"
        draft.put(ADO_KEYS.get(name, key.strip()), _unquote(value.strip()))
    if not draft.engine:
        draft.engine = "mysql" if "uid" in text.lower() or draft.get("port") == "3306" else "postgresql"
    if draft.driver == "pdo" and (address := draft.get("host")) and ":" in address and "[" not in address:
        host, _, port = address.rpartition(":")
        draft.replace("host", host, draft.source)
        draft.put("port", port)


def _semicolon_pairs(text: str) -> list[str]:
    """Split at semicolons outside quotes."""
    parts = re.findall(r"""(?:[^;"']|(?<==)\s*"(?:[^"]|"")*"|(?<==)\s*'(?:[^']|'')*'|["'])+""", text)
    return [part for part in parts if part.strip()]


def _unquote(value: str) -> str:
    for quote in ('"', "'"):
        if len(value) > 1 and value[0] == value[-1] == quote:
            return value[1:-1].replace(quote * 2, quote)
    return value
