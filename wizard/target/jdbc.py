"""JDBC URLs of pgjdbc, MySQL Connector/J and MariaDB Connector/J.

Sources: Driver.parseURL of pgjdbc (org/postgresql/Driver.java), ConnectionUrlParser of Connector/J
(com/mysql/cj/conf/ConnectionUrlParser.java) and Configuration.parse of MariaDB's connector.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

from wizard.core.lazyre import lazy
from wizard.target.draft import Draft, is_name
from wizard.target.splitting import split_url
from wizard.target.urls import read_hosts

_SHAPE = lazy(
    r"(?:jdbc|r2dbc):(?:(?:aws-wrapper|p6spy|tc|otel|log4jdbc):)?(?P<sub>[A-Za-z0-9]+)"
    r"(?:\+srv)?(?::(?:replication|load-?balance(?:-read)?|sequential|failover|aurora))*:(?P<slashes>/*)",
    re.I,
)
_HOSTS = lazy(r"(?:[\w.-]*|\[[0-9A-Fa-f:.]+\])(?::\d+)?(?:,[\w.\[\]:-]+)*(?:/[^@?]*)?(?:\?|\Z)")
ENGINES: dict[str, str] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "pgsql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "redshift": "postgresql",
}
RENAMED: dict[str, str] = {
    "dbname": "database",
    "databasename": "database",
    "username": "user",
    "servername": "host",
    "portnumber": "port",
    "applicationname": "application_name",
    "connecttimeout": "connectTimeout",
    "targetservertype": "targetServerType",
    "localsocket": "socket",
}
"""pgjdbc and Connector/J names, in lower case, that mean a part of the address."""


def read_jdbc(text: str, draft: Draft) -> None:
    """Read a JDBC URL into the draft."""
    draft.form, draft.driver = "jdbc", "jdbc" if text[:5].lower() == "jdbc:" else "r2dbc"
    match = _SHAPE.match(text)
    engine = ENGINES.get(match["sub"].lower(), "") if match else ""
    if match is None or not engine:
        detail = "After jdbc: the name of the database must follow: postgresql:, mysql: or mariadb:."
        draft.problem("malformed", "url", detail)
        return
    if match["sub"].lower() in ("postgres", "pgsql"):
        draft.problem("driver-mismatch", "driver", "pgjdbc takes only jdbc:postgresql:, no shorter name.")
    draft.engine = draft.engine or engine
    rest = text[match.end() :]
    if len(match["slashes"]) >= 2:
        _read_authority("/" * (len(match["slashes"]) - 2) + rest, draft)
    elif engine == "postgresql":
        _read_name_only(rest, draft)
    else:
        draft.problem("malformed", "url", f"After jdbc:{engine}: there must be two slashes and a host.")
        _read_name_only(rest.rpartition("/")[2] if "@" not in rest else "", draft)


def _read_authority(rest: str, draft: Draft) -> None:
    if draft.engine == "postgresql" and _HOSTS.match(rest):
        before, _, query = rest.partition("?")
        hosts, _, path = before.partition("/")
    else:
        pieces = split_url(rest)
        hosts, path, query = pieces.hosts, pieces.path or "", pieces.query
        _read_credentials(pieces.user, pieces.password, pieces.raw_reserved, draft)
    read_hosts(_plain_hosts(hosts) if draft.engine != "postgresql" else hosts, draft)
    if path:
        draft.put("database", unquote(path))
    _read_query(query, draft)


def _plain_hosts(text: str) -> str:
    """Bring `[h1,h2]`, `(host=h1,port=1)` and `address=(host=h1)(port=1)` to `h1:1,h2`."""
    if text.startswith("[") and ("," in text or "(" in text):
        text = text[1:].removesuffix("]")
    if "(" not in text:
        return text
    plain = []
    for part in re.findall(r"(?:address=)?(?:\([^()]*\))+|[^,()]+", text):
        host, port = re.search(r"host=([^,()]+)", part), re.search(r"port=(\d+)", part)
        if not part.startswith(("(", "address=")):
            plain.append(part)
        elif host is not None:
            plain.append(host[1].strip() + (f":{port[1]}" if port else ""))
    return ",".join(plain)


def _read_credentials(user: str, password: str | None, reserved: str, draft: Draft) -> None:
    if user:
        draft.put("user", unquote(user))
    if password is not None:
        draft.put_password(unquote(password))
        draft.note_raw(unquote(password), password)
    if draft.driver == "jdbc" and draft.engine in ("postgresql", "mariadb") and (user or password):
        detail = "This JDBC driver reads no user:password@ before the host: give them as ?user=…&password=…."
        draft.problem("malformed", "url", detail)
    elif reserved:
        changes = ", ".join(f"{char} as %{ord(char):02X}" for char in reserved)
        draft.problem("unescaped", "password", f"Reserved characters stand as they are: write {changes}.")


def _read_name_only(rest: str, draft: Draft) -> None:
    """`jdbc:postgresql:db` and `jdbc:postgresql:/`: the server is localhost on the default port."""
    name, _, query = rest.partition("?")
    if name:
        draft.put("database", unquote(name))
    _read_query(query, draft)


def _read_query(query: str, draft: Draft) -> None:
    previous = ""
    for pair in filter(None, query.split("&")):
        key, equals, value = pair.partition("=")
        lone = not equals and draft.password is not None and key.lower() not in ("ssl", "usessl")
        if lone or (previous == "password" and not is_name(key)):
            draft.problem("unescaped", "password", "The password seems to hold a raw &: write it as %26.")
            continue
        previous = key.lower()
        decoded = unquote_plus(value) if draft.engine == "postgresql" else unquote(value)
        name = RENAMED.get(key.lower(), key)
        if name == "password" or key.lower() == "password":
            draft.put_password(decoded)
            draft.note_raw(decoded, value)
        elif re.match(r"[A-Za-z_][\w.-]*\Z", key):
            draft.put(name, decoded if equals else "true")
