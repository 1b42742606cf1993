"""The values that describe one database connection, shared by every layer.

A `Target` says where an application connects, as whom, how it is protected and where each of those
settings was read.  Everything here is a frozen value: nothing opens a file, a socket or a clock.  The
only type that can hold a password is `Secret`, and no other field of any class may ever hold one.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal, NoReturn

    Engine = Literal["postgresql", "mysql", "mariadb", "unknown"]
    Form = Literal["url", "dsn", "jdbc", "go", "service", "options", "bare"]
    TlsMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
    ProblemKind = Literal[
        "malformed",
        "unescaped",
        "unexpanded",
        "invalid-option",
        "service-undefined",
        "passfile-ignored",
        "driver-mismatch",
        "missing",
        "database-missing",
        "driver-missing",
    ]
else:
    Engine = Form = TlsMode = ProblemKind = str

MASK = "•••"
"""What stands wherever a password would have stood."""

DEFAULT_PORTS: dict[str, int] = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
"""The port that each engine's clients use when none is given."""

PRACTICE = "practice range"
"""How the source of a target begins that is served for practice: its server is gone when the walk is over."""


class Secret:
    """A password that cannot be printed, formatted, pickled or turned into JSON by accident.

    `str`, `repr` and `format` give the mask; only `reveal` gives the text, for the one call that needs it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the password itself; to be passed straight to a driver and kept nowhere."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


class Setting(NamedTuple):
    """One setting as it is in force, and where it was read."""

    key: str
    """Name as libpq spells it where it has one: host, port, user, database, sslmode …"""
    value: str
    """Never a secret; a password shows as the mask."""
    source: str
    """For people: `DATABASE_URL`, `.env:3 DB_HOST`, `~/.my.cnf [client]`, `--host`, `default`."""


class Problem(NamedTuple):
    """Something wrong with the settings themselves, seen before anything was contacted."""

    kind: ProblemKind
    key: str
    """The setting it is about, or `url` for the whole text."""
    detail: str
    """One plain sentence that says what to change; never contains a secret."""
    source: str


class Conflict(NamedTuple):
    """Two or more sources that an application may read, with different values for the same setting."""

    key: str
    sources: tuple[Setting, ...]


class HostPort(NamedTuple):
    """One place to connect to.

    A host that starts with `/` or `@` is a Unix socket: for PostgreSQL the directory (`@` = abstract),
    for MySQL and MariaDB the socket file.
    """

    host: str
    port: int
    hostaddr: str | None = None
    """The address to use without looking the name up (libpq's `hostaddr`)."""

    @property
    def is_socket(self) -> bool:
        """Whether this is a Unix socket of this machine."""
        return self.hostaddr is None and self.host.startswith(("/", "@"))


class Tls(NamedTuple):
    """How the connection is to be protected, in libpq's vocabulary, whatever spelling was used."""

    mode: TlsMode = "prefer"
    root: str | None = None
    """Path of the file with trusted authorities, `system`, or None for the driver's default."""
    cert: str | None = None
    key: str | None = None
    crl: str | None = None
    min_version: str | None = None
    max_version: str | None = None
    server_name: bool = True
    """Whether the server's name is sent (SNI; libpq's `sslsni`)."""
    negotiation: Literal["postgres", "direct"] = "postgres"
    explicit: bool = False
    """Whether anything of this was written by someone, as opposed to a driver's default."""


class Target(NamedTuple):
    """One connection as an application states it, resolved with the defaults that its driver applies."""

    engine: Engine = "unknown"
    hosts: tuple[HostPort, ...] = ()
    user: str = ""
    database: str = ""
    password: Secret | None = None
    password_source: str = ""
    password_raw: Secret | None = None
    """The password's text before percent-decoding, where that changed it."""
    alternatives: tuple[tuple[str, Secret], ...] = ()
    """(source, password) of the other sources that state another password for the same user."""
    others: tuple[Secret, ...] = ()
    """The passwords of other connections that were read on the way: they are tried nowhere, and shown nowhere."""
    options: Mapping[str, str] = {}
    """Further options as written (sslmode, target_session_attrs, options …), secrets removed."""
    settings: tuple[Setting, ...] = ()
    source: str = ""
    driver: str = ""
    """psycopg, pymysql, jdbc, go, prisma …, or empty where the form does not say."""
    form: Form = "options"
    problems: tuple[Problem, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    tls: Tls = Tls()

    @property
    def host(self) -> str:
        """The first host, or an empty text when there is none."""
        return self.hosts[0].host if self.hosts else ""

    @property
    def port(self) -> int:
        """The port of the first host; the engine's default, or 0, when there is no host."""
        return self.hosts[0].port if self.hosts else DEFAULT_PORTS.get(self.engine, 0)

    @property
    def is_socket(self) -> bool:
        """Whether the first host is a Unix socket."""
        return bool(self.hosts) and self.hosts[0].is_socket

    @property
    def family(self) -> str:
        """The wire protocol: `postgresql`, `mysql` (which MariaDB shares), or `unknown`."""
        return "mysql" if self.engine in ("mysql", "mariadb") else self.engine

    def setting(self, key: str) -> Setting | None:
        """Return the setting of that name with its source, or None."""
        return next((each for each in self.settings if each.key == key), None)
