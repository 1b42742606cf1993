"""The names in a session that point at somebody: hosts, users, databases, services, sockets, and where they are told.

Some facts are names; in free text a name is known by what stands around it (`user "x"`, `host=x`, `scheme://x@y/z`).
What everybody has (localhost, postgres, /var/run/postgresql) points at nobody and is no name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from wizard.core.lazyre import lazy

if TYPE_CHECKING:
    from wizard.core.touched import Rows

HOST, USER, DATABASE, SERVICE, CONTAINER, SOCKET = (
    "host",
    "user",
    "database",
    "service",
    "container",
    "socket",
)
Found = tuple[str, str]
"""(one of the kinds, the name as it is written)"""

FACTS: Mapping[str, str] = {
    **dict.fromkeys(("target.host", "dns.name", "dns.canonical", "dns.search", "dns.namespace"), HOST),
    **dict.fromkeys(("tls.cert-names", "account.host", "account.other-hosts", "capacity.blocker-host"), HOST),
    "account.told-host": HOST,
    **dict.fromkeys(("pooler.backend-host", "network.failed-hosts"), HOST),
    **dict.fromkeys(("target.user", "capacity.top-role", "capacity.blocker-user", "account.role"), USER),
    **dict.fromkeys(("inside.nearest-role", "pooler.backend-user", "process.owner"), USER),
    **dict.fromkeys(("target.database", "database.nearest", "pooler.databases"), DATABASE),
    **dict.fromkeys(("pooler.nearest-database", "pooler.backend-database", "capacity.prepared-in"), DATABASE),
    **dict.fromkeys(("compose.service", "compose.services", "host.service", "server.unit"), SERVICE),
    **dict.fromkeys(("capacity.top-application", "capacity.blocker-application"), SERVICE),
    **dict.fromkeys(("target.socket", "network.socket", "host.sockets"), SOCKET),
    "process.container": CONTAINER,
}
"""Facts that are a name, or a list of names."""

EVERYBODYS = frozenset(
    {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "%", "*", "host.docker.internal"}
    | {
        "postgres",
        "root",
        "mysql",
        "mariadb",
        "mariadb.sys",
        "postgresql",
        "pgbouncer",
        "template0",
        "template1",
    }
    | {
        "information_schema",
        "performance_schema",
        "sys",
        "public",
        "all",
        "replication",
        "mysqld",
        "mysqladmin",
    }
    | {"none", "unknown", "not-told", "nothing", "not-visible", "db-host", "not visible", "[local]", "local"}
    | {"/tmp", "/run", "/var/run", "/run/postgresql", "/var/run/postgresql", "/tmp/mysql.sock"}
    | {"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock"}
)
"""Names that every installation has: they stay, for a reader needs them and they tell nothing."""
_OURS = lazy(
    r"(?:.*\.)?(?:postgresql\.org|mysql\.com|mariadb\.(?:org|com)|sqlalche\.me|sqlalchemy\.org|python\.org|oracle\.com"
    r"|docker\.com|prisma\.io|pris\.ly|github\.com|pgbouncer\.org|proxysql\.com|djangoproject\.com)",
)
"""The sites of the projects that error texts point to."""
_STANDARD_UNIT = lazy(r"(?:postgresql|mysql|mariadb|pgbouncer|proxysql|docker)[\w@.-]*")
_SOCKET_FILE = lazy(r"/\.s\.PGSQL\.\d+\Z")
_STANDARD_SOCKET = lazy(r"(?:/var)?/run/(?:postgresql|mysqld)(?:/mysqld\.sock)?")

_CLIENT = r"\b(?:psql|pg_\w+|pgcli|mysql\w*|mariadb[\w-]*)\b[^\n|;]*?\s"
_QUOTED = r"[\"'`“‘](?P<{0}>[^\"'`”’\n]{{1,128}})[\"'`”’]"
_HOST = r"\[?(?P<host>(?<=\[)[0-9A-Fa-f:.%\w]+(?=\])|[\w.%+*-]+(?<![.]))\]?"
_TOLD = (
    lazy(
        r"\b(?!https?:)[a-zA-Z][\w+.-]*://(?:(?P<user>[^\s:/?#@\"'<>]+)(?::[^\s@/]*)?@)?(?P<hosts>[^\s/?#\"'<>@]*)"
        r"(?:/(?P<database>[^\s?#\"'<>,;)]*))?"
    ),
    lazy(r"\b(?P<user>[\w.+-]+)(?::[^\s@]*)?@(?:tcp6?|unix)\((?P<hosts>[^)]*)\)/(?P<database>[\w.-]*)"),
    lazy(r"\b(?:host|hostaddr|server|hostname|addr)\s?=\s?[\"']?" + _HOST, 2),
    lazy(r"\b(?:user|username|role)\s?=\s?[\"']?(?P<user>[^\s\"'&;,)]+)", 2),
    lazy(r"\b(?:dbname|database|db|catalog)\s?=\s?[\"']?(?P<database>[^\s\"'&;,)]+)", 2),
    lazy(r"\b(?:PGHOST|MYSQL_HOST|DB_HOST)=[\"']?" + _HOST),
    lazy(r"\b(?:PGUSER|MYSQL_USER|DB_USER)=[\"']?(?P<user>[^\s\"'&;]+)"),
    lazy(r"\b(?:PGDATABASE|MYSQL_DATABASE|DB_NAME)=[\"']?(?P<database>[^\s\"'&;]+)"),
    lazy(r"\b(?:user|role|account|owner|username)\s+" + _QUOTED.format("user"), 2),
    lazy(r"\b(?:database|schema|db)\s+" + _QUOTED.format("database"), 2),
    lazy(r"\b(?:host|host name|hostname|server|server at|server on)\s+" + _QUOTED.format("host"), 2),
    lazy(r"(?P<q>['\"`])(?P<user>[^'\"`\n]{1,80})(?P=q)@(?P=q)(?P<host>[^'\"`\n]{1,255})(?P=q)"),
    lazy(_CLIENT + r"(?:-h\s?|--host[= ])" + _HOST),
    lazy(_CLIENT + r"(?:-U\s?|-u\s?|--user(?:name)?[= ])[\"']?(?P<user>[\w.@+-]+)"),
    lazy(_CLIENT + r"(?:-d\s?|--dbname[= ]|--database[= ])[\"']?(?P<database>[\w.-]+)"),
    lazy(r"\brole (?P<user>[^\s,;\"']+), "),
    lazy(r", application (?P<service>[^,\n\"']+)"),
    lazy(r", database (?P<database>[^,\n\"']+)"),
    lazy(r"(?:^|, )from (?P<host>[^\s,;:]+),"),
    lazy(r"(?:/home|/Users|/export/home|[A-Za-z]:\\Users)[/\\](?P<user>[^/\\\s:\"'<>|,;)]+)"),
    lazy(
        r"\b(?:docker|podman)\s+(?:exec|logs|inspect|restart|start|stop)\s+(?:-\w+\s+)*(?P<container>[\w.-]+)"
    ),
)
_DOTTED = lazy(r"(?<![\w./\\-])(?:[a-zA-Z0-9_](?:[\w-]*[\w])?\.)+([a-zA-Z]{2,24})\.?(?![\w-]|\.\w|\()")
_TOP_WORDS = (
    "com net org io dev app cloud info biz edu gov mil eu us uk de fr nl be ch at it es pt se no dk fi cz ie ca au nz"
    " jp cn in br mx ru tech online site zone internal intranet local localdomain lan corp home private example test"
    " invalid svc cluster"
)
_TOP = frozenset(_TOP_WORDS.split())
"""The last labels by which a dotted word counts as a host; a module or a file has others."""


def in_fact(key: str, value: Any) -> Iterator[Found]:
    """The names that a fact is."""
    kind = FACTS.get(key)
    if kind is None:
        return
    for one in value if isinstance(value, (tuple, list)) else (value,):
        yield from _named(kind, str(one))


def in_target(target: Mapping[str, Any]) -> Iterator[Found]:
    """The names in the summary of a target."""
    for one in (target, *(part for part in target.get("hosts", ()) if isinstance(part, Mapping))):
        yield from _named(HOST, str(one.get("host") or ""))
    yield from _named(USER, str(target.get("user") or ""))
    yield from _named(DATABASE, str(target.get("database") or ""))
    options = target.get("options", {})
    for key in ("application_name", "applicationName", "program_name"):
        yield from _named(SERVICE, str(options.get(key, "")))
    for key in ("unix_socket", "socket"):
        yield from _named(SOCKET, str(options.get(key, "")))


def in_footprint(did: Rows) -> Iterator[Found]:
    """The names in what was done to servers: accounts, sockets, and the names that were asked for."""
    for one in did["connections"]:
        yield from _named(USER, one["login"] or "")
        if one["to"].startswith(("/", "@")):
            yield from _named(SOCKET, one["to"])
    for one in did["names"]:
        # Behind a blank stands what was asked: the kind of record, the way.
        yield from _named(HOST, one["name"].partition(" ")[0])


def in_text(text: str) -> Iterator[Found]:
    """The names that a free text tells by what stands around them."""
    for pattern in _TOLD:
        for match in pattern.finditer(text):
            for kind, name in match.groupdict().items():
                if not name or kind == "q":
                    continue
                for one in name.split(",") if kind == "hosts" else (name,):
                    yield from _in_sentence(HOST if kind in ("host", "hosts") else kind, unquote(one))
    for match in _DOTTED.finditer(text):
        if match[1].lower() in _TOP:
            yield from _named(HOST, match[0].rstrip("."))


def _in_sentence(kind: str, name: str) -> Iterator[Found]:
    """A name as a text holds it: with a port or options behind it, or no name at all but words in quotes."""
    name = name.partition("?")[0].rstrip("`:.,;")
    if kind == HOST:
        name = _without_port(name)
    strange = ":" in name and kind in (HOST, DATABASE)
    if not strange and not any(sign.isspace() for sign in name) and name[:1] not in ("-", "@"):
        yield from _named(kind, name)


def _without_port(text: str) -> str:
    host, colon, port = text.rpartition(":")
    return (host if colon and port.isdigit() else text).strip("[]")


def _named(kind: str, name: str) -> Iterator[Found]:
    """The name, unless it is everybody's; a host that is a path is a socket, one behind a star is what follows it."""
    name = name.strip().removeprefix("*.").rstrip(",;").strip()
    if kind == HOST:
        name = name.rstrip(".")
        if name.startswith(("/", "@")):
            kind = SOCKET
    if kind == SOCKET:
        # PostgreSQL's socket is known by its folder; the file in it is called the same everywhere.
        name = _SOCKET_FILE.sub("", name)
    if kind == SERVICE and _STANDARD_UNIT.fullmatch(name):
        return
    if kind == SOCKET and _STANDARD_SOCKET.fullmatch(name):
        return
    if not name or name.casefold() in EVERYBODYS or any(sign in name for sign in "•{$<"):
        return
    if not any(sign.isalnum() for sign in name):
        return
    if kind == HOST and _OURS.fullmatch(name.lower()):
        return
    yield kind, name
