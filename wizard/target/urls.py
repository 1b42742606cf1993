"""Database URLs: plain ones, SQLAlchemy's `dialect+driver://` and everything that looks like them.

Readers of URLs disagree about reserved characters: libpq splits at the first `@` (conninfo_uri_parse_options
in src/interfaces/libpq/fe-connect.c), SQLAlchemy's `_parse_url` takes everything but `@` as password
(lib/sqlalchemy/engine/url.py), most others follow RFC 3986.  Where a raw character makes them disagree this
module says so and keeps the reading that the writer most likely meant, so that no tail of a password is ever
taken for a host.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from wizard.core.lazyre import lazy
from wizard.target.draft import Draft, is_name
from wizard.target.spellings import (
    DIALECT_DRIVERS,
    LIBPQ_DRIVERS,
    LIBPQ_PARAMETERS,
    OTHER_DIALECT_DRIVERS,
    PARAMETER_DRIVERS,
    SCHEME_DRIVERS,
    SCHEMES,
)
from wizard.target.splitting import HOSTS, KEY, Pieces, split_url

_SCHEME = lazy(r"([A-Za-z][A-Za-z0-9.-]*(?::(?:postgresql|mysql|mariadb))?)(?:\+([\w-]+))?:(/*)")
_BAD_ESCAPE = lazy(r"%(?![0-9A-Fa-f]{2})|%00")
RENAMED: dict[str, str] = {"dbname": "database", "username": "user", "unix_socket": "socket"}


def is_url(text: str) -> bool:
    """Whether a text starts as a URL of some scheme, right or wrong."""
    match = _SCHEME.match(text)
    return match is not None and (len(match[3]) > 1 or (bool(match[3]) and match[1].lower() in SCHEMES))


def read_url(text: str, draft: Draft) -> None:
    """Read a URL into the draft; what is wrong with it becomes problems there."""
    match = _SCHEME.match(text)
    assert match is not None, "callers ask is_url first"
    draft.form = "url"
    scheme, dialect, slashes = match[1].lower(), (match[2] or "").lower(), match[3]
    _read_scheme(scheme, dialect, draft)
    rest = text[match.end() :]
    if len(slashes) == 1:
        draft.problem("malformed", "url", f"After {scheme}: there must be two slashes, not one.")
    elif len(slashes) > 3:
        draft.problem("malformed", "url", f"After {scheme}: there must be two slashes, not {len(slashes)}.")
    elif len(slashes) == 3:
        rest = "/" + rest
    pieces = _without_inner_scheme(split_url(rest), draft)
    if (
        pieces.password is not None
        and not HOSTS.match(pieces.hosts)
        and not re.search(r"\$|zqmark", pieces.hosts)
    ):
        # The text was split in the wrong place: what is behind may still be a part of the password.
        pieces = pieces._replace(path=None, query="")
    _report_reserved(pieces, draft)
    if pieces.user:
        draft.put("user", _decode(pieces.user, "user", draft))
    if pieces.password is not None:
        decoded = _decode(pieces.password, "password", draft)
        draft.put_password(decoded)
        draft.note_raw(decoded, pieces.password)
    read_hosts(pieces.hosts, draft)
    if re.match(r":\d", pieces.hosts):
        draft.problem("malformed", "host", "There is a port but no host before it: fill in the host.")
    if pieces.path:
        _read_path(pieces.path, draft)
    read_query(pieces.query, draft)


def _without_inner_scheme(pieces: Pieces, draft: Draft) -> Pieces:
    """Take off a scheme that was pasted with the host: `…@https://db.example.com/d`."""
    if not re.match(r"[a-z]+:\Z", pieces.hosts) or not (pieces.path or "").startswith("/"):
        return pieces
    detail = "The host must be the bare name or address, without a scheme of its own."
    draft.problem("malformed", "host", detail)
    hosts, slash, path = (pieces.path or "")[1:].partition("/")
    return pieces._replace(hosts=hosts, path=path if slash else None)


def _read_scheme(scheme: str, dialect: str, draft: Draft) -> None:
    known = SCHEMES.get(scheme)
    if known is None:
        import difflib

        near = difflib.get_close_matches(scheme, SCHEMES, 1, 0.75)
        hint = f" (did you mean {near[0]}://?)" if near else " (postgresql://, mysql:// or mariadb://)"
        shown = f"{scheme}://" if len(scheme) < 20 else "The scheme"
        draft.problem("malformed", "url", f"{shown} is no scheme of a database that is known here{hint}.")
        known = SCHEMES[near[0]] if near else ""
    draft.engine = draft.engine or known
    draft.driver = dialect or SCHEME_DRIVERS.get(scheme, draft.driver)
    if scheme == "postgres" and (dialect or "SQLALCHEMY" in draft.source):
        detail = "SQLAlchemy does not take the scheme postgres: write postgresql."
        draft.problem("driver-mismatch", "driver", detail)
    family = DIALECT_DRIVERS.get(dialect)
    if family and known and family != _family(known):
        detail = f"{scheme}+{dialect} names a {family} driver for a {known} server: correct what follows +."
        draft.problem("driver-mismatch", "driver", detail)
    elif dialect and family is None and known and dialect not in OTHER_DIALECT_DRIVERS:
        _report_dialect(scheme, dialect, known, draft)


def _family(engine: str) -> str:
    """The engine by which drivers are called that serve this one."""
    return "mysql" if engine == "mariadb" else engine


def _report_dialect(scheme: str, dialect: str, known: str, draft: Draft) -> None:
    """Say that no reader of URLs has such a driver, with the name that comes nearest."""
    import difflib

    names = [name for name, family in DIALECT_DRIVERS.items() if family == _family(known)]
    near = difflib.get_close_matches(dialect, names, 1)
    hint = f"did you mean {scheme}+{near[0]}?" if near else f"the usual one is {scheme}+{names[0]}."
    shown = f"{scheme}+{dialect}" if len(dialect) <= 30 else f"What follows {scheme}+"
    draft.problem("driver-mismatch", "driver", f"{shown} names no known driver: {hint}")


def _report_reserved(pieces: Pieces, draft: Draft) -> None:
    """Name unescaped reserved characters, except those that this very driver takes as they are."""
    wrong = pieces.raw_reserved
    if draft.driver in DIALECT_DRIVERS:
        wrong = "".join(char for char in wrong if char == "@" or char in pieces.user)
    if not wrong:
        return
    changes = ", ".join(f"{char} as %{ord(char):02X}" for char in wrong)
    detail = f"User or password holds reserved characters as they are: write {changes} in the URL."
    draft.problem("unescaped", "password" if pieces.password else "user", detail)


def _decode(raw: str, key: str, draft: Draft) -> str:
    """Undo percent-encoding; an escape that is none is a problem (libpq refuses the whole URL)."""
    if "%" in raw and _BAD_ESCAPE.search(raw) and draft.driver not in DIALECT_DRIVERS:
        what = "user or password" if key in ("user", "password") else key
        detail = f"A % in {what} is not followed by two hexadecimal digits: write it as %25."
        draft.problem("unescaped" if key in ("user", "password") else "malformed", key, detail)
    return unquote(raw)


def read_hosts(raw: str, draft: Draft) -> None:
    """Read `host1:port1,host2:port2` into the draft, as comma lists of equal length like libpq does."""
    hosts: list[str] = []
    ports: list[str] = []
    for part in raw.split(","):
        found = re.match(r"\[([^\]]*)\](?::(.*))?\Z", part, re.S)
        if found:
            host, port = found[1], found[2] or ""
        elif part.count(":") > 1 and re.match(r"[0-9A-Fa-f:.]+\Z", part):
            detail = "An IPv6 address stands in square brackets in a URL: [address]:port."
            draft.problem("malformed", "host", detail)
            host, port = part, ""
        else:
            host, _, port = part.partition(":")
        hosts.append(_decode(host, "host", draft))
        ports.append(port)
    if any(hosts):
        draft.put("host", ",".join(hosts))
    if any(ports):
        draft.put("port", ",".join(ports))


def _read_path(path: str, draft: Draft) -> None:
    name, mark, _ = path.partition("#")
    if mark:
        detail = "The # cuts the URL off: write it as %23 if it belongs to a name."
        draft.problem("malformed", "database", detail)
    if "&" in name and "=" in name:
        draft.problem("malformed", "database", "The first parameter must follow a ?, not a &.")
        name = name.partition("&")[0]
    decoded = _decode(name, "database", draft)
    if re.search(r"\?\w+=", decoded):
        detail = "The database name has swallowed the parameters: the ? before them must not be encoded."
        draft.problem("malformed", "database", detail)
        decoded = decoded.partition("?")[0]
    if decoded:
        draft.put("database", decoded)


def read_query(query: str, draft: Draft) -> None:
    """Read `key=value&…`; names of the connection parts move to where they belong."""
    if not query:
        return
    pairs = [pair.partition("=") for pair in query.split("&")]
    if not draft.driver and draft.engine == "postgresql":
        draft.driver = _driver_by_parameters(pairs)
    if draft.driver in DIALECT_DRIVERS:
        pairs = _join_hosts(pairs)
    previous = ""
    for raw_key, equals, raw_value in pairs:
        key = unquote(raw_key)
        if not equals:
            _report_lone(key, previous, draft)
            continue
        if not KEY.match(key):
            draft.problem(
                "malformed", "url", "A parameter after the ? has a name with characters that no name has."
            )
            continue
        known = draft.engine != "postgresql" or key in LIBPQ_PARAMETERS or key in PARAMETER_DRIVERS
        if previous == "password" and not (known and is_name(key)):
            draft.problem("unescaped", "password", "The password seems to hold a raw &: write it as %26.")
            continue
        previous = RENAMED.get(key, key)
        value = _query_value(raw_value, key, draft)
        _put_parameter(previous, value, draft)
        if previous == "password":
            draft.note_raw(value, raw_value)


def _driver_by_parameters(pairs: list[tuple[str, str, str]]) -> str:
    """Return the driver whose own words a plain URL uses; empty when all are libpq's."""
    if ("sslmode", "=", "no-verify") in pairs:
        return "node-postgres"
    named = (PARAMETER_DRIVERS[key] for key, _, _ in pairs if key in PARAMETER_DRIVERS and key != "ssl")
    return next(named, "")


def _join_hosts(pairs: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """SQLAlchemy lets `host=` be repeated: bring the values into one list."""
    hosts = [value for key, _, value in pairs if key == "host"]
    if len(hosts) < 2:
        return pairs
    return [("host", "=", ",".join(hosts)), *(pair for pair in pairs if pair[0] != "host")]


def _query_value(raw: str, key: str, draft: Draft) -> str:
    value, mark, _ = raw.partition("?")
    if mark and "=" in raw and key != "options":
        draft.problem("malformed", "url", "There is a second ? in the URL: parameters are joined by &.")
        raw = value
    return _decode(raw, "password" if key == "password" else "url", draft)


def _put_parameter(key: str, value: str, draft: Draft) -> None:
    """Note one parameter; in a URL's query libpq lets the later value win over the authority's."""
    if key == "password":
        draft.password = draft.password_raw = None
    elif key in ("host", "port", "user", "database") and (value or draft.driver in LIBPQ_DRIVERS):
        draft.values.pop(key, None)
    if key == "host" and draft.driver in DIALECT_DRIVERS and re.search(r":\d+(,|\Z)", value):
        # SQLAlchemy's psycopg dialects take host=name:port, repeated or in one list.
        read_hosts(value, draft)
        return
    draft.put(key, value)


def _report_lone(key: str, previous: str, draft: Draft) -> None:
    if previous == "password":
        draft.problem("unescaped", "password", "The password seems to hold a raw &: write it as %26.")
    elif key:
        draft.problem("malformed", "url", "A parameter after the ? has no = and no value.")
