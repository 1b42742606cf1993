"""What a scenario of the practice range is made of: plain data, so that a new one is a row in a table.

No socket and no protocol here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wizard.errors import WizardError

USER = "app"
PASSWORD = "open-sesame-1"  # made up, printed freely: it opens nothing but the range
DATABASE = "shop"

Value = str | int | float | bool | None
Settings = Mapping[str, Value]


class PracticeError(WizardError):
    """No scenario has this name; the message names the nearest."""


@dataclass(frozen=True)
class Answer:
    """Rows for the statements that `pattern` (a regular expression, any case, whole statement) describes.

    `rows` is data, or a function of the server's settings where the rows depend on the scenario.
    """

    pattern: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...] | Callable[[Settings], tuple[tuple[Value, ...], ...]] = ()


@dataclass(frozen=True)
class PostgresError:
    """An ErrorResponse; `{user}`, `{database}`, `{host}` and `{encryption}` in the message are filled in."""

    code: str
    message: str
    place: str = ""
    """`file line routine` of the server's source; a pooler sends none."""
    detail: str = ""
    severity: str = "FATAL"


@dataclass(frozen=True)
class PostgresServer:
    """How a PostgreSQL server or a pooler in front of it behaves."""

    certificate: str = ""
    """good, expired, wrong-name or untrusted; "" offers no TLS."""
    plain_error: PostgresError | None = None
    """Sent instead of a login when the connection is not encrypted."""
    start_error: PostgresError | None = None
    """Sent in place of the first authentication message."""
    start_delay: float = 0.0
    """Seconds of silence before `start_error`."""
    session_error: PostgresError | None = None
    """Sent after a login that succeeded."""
    databases: tuple[str, ...] = (DATABASE, "postgres")
    password: str = PASSWORD
    auth: str = "scram"
    """scram, md5 or cleartext."""
    settings: Settings = field(default_factory=dict)
    """What differs from a healthy server's settings."""


@dataclass(frozen=True)
class MysqlError:
    """An ERR packet; `{user}`, `{database}` and `{host}` in the message are filled in."""

    number: int
    sqlstate: str
    message: str


@dataclass(frozen=True)
class MysqlServer:
    """How a MySQL or MariaDB server behaves."""

    certificate: str = ""
    version: str = "8.0.36"
    plugin: str = "caching_sha2_password"
    """The plugin of the greeting; an account with another one is switched to."""
    account_plugin: str = "caching_sha2_password"
    greeting_error: MysqlError | None = None
    """Sent in place of the greeting, without its sqlstate, as servers do."""
    plain_error: MysqlError | None = None
    session_error: MysqlError | None = None
    """Sent after a password that was right."""
    databases: tuple[str, ...] = (DATABASE, "mysql")
    password: str = PASSWORD
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Stranger:
    """What is no database: `says` at once, `replies` to the first bytes, then closes, holds or resets."""

    says: bytes = b""
    replies: bytes = b""
    then: str = "close"


@dataclass(frozen=True)
class Refusing:
    """Nobody listens: the port is held without listening, so that no other program can take it meanwhile."""


Behaviour = PostgresServer | MysqlServer | Stranger | Refusing


@dataclass(frozen=True)
class Scenario:
    """One thing to practise."""

    name: str
    title: str
    engine: str
    """postgresql or mysql: what the application believes it talks to."""
    layer: str
    difficulty: str
    """easy, medium or hard."""
    symptom: str
    """What the application's log shows: the words of psycopg or PyMySQL, without host and port."""
    cause: str
    """The expected cause id."""
    behaviour: Behaviour
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the URL; `{files}` is the folder of the CA files `root.crt` and `other-root.crt`."""
