"""The form of go-sql-driver/mysql: `user:password@tcp(host:3306)/db?tls=skip-verify`.

Source: ParseDSN in dsn.go of that driver.  The last `/` ends the address and the last `@` before it ends the
credentials, so nothing in user and password needs escaping, except that the user holds no colon.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

from wizard.core.lazyre import lazy
from wizard.target.draft import Draft

_SHAPE = lazy(r"(?:.*@)?(?:tcp6?|tcp4|unix|udp|cloudsql-mysql|[a-z][\w+-]*)\([^()]*\)/[^/]*\Z", re.S)
_NETLESS = lazy(r"[^\s@:/]+(?::.*)?@(?:tcp[46]?|unix)?/[^/]*\Z", re.S)
"""Without an address, which is then 127.0.0.1:3306 or, for `unix`, /tmp/mysql.sock (Config.normalize)."""


def looks_like_go(text: str) -> bool:
    """Whether a text has the shape of that driver's DSN."""
    return "://" not in text.split("(", 1)[0] and bool(_SHAPE.match(text) or _NETLESS.match(text))


def read_go(text: str, draft: Draft) -> None:
    """Read a go-sql-driver DSN into the draft."""
    draft.form, draft.driver, draft.engine = "go", "go", draft.engine or "mysql"
    left, _, right = text.rpartition("/")
    credentials, at, address = left.rpartition("@")
    if at:
        user, colon, password = credentials.partition(":")
        draft.put("user", user)
        if colon:
            draft.put_password(password)
    network, _, place = address.partition("(")
    place = place.removesuffix(")")
    if network == "unix":
        draft.put("socket", place or "/tmp/mysql.sock")
    elif place:
        _read_address(place, draft)
    else:
        draft.put("host", "127.0.0.1", "default")
    name, _, query = right.partition("?")
    if name:
        draft.put("database", unquote(name))
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        if equals:
            draft.put(key, unquote_plus(value))


def _read_address(place: str, draft: Draft) -> None:
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        port = rest.removeprefix(":")
    elif place.count(":") == 1:
        host, _, port = place.partition(":")
    else:
        host, port = place, ""
    draft.put("host", host)
    if port:
        draft.put("port", port)
