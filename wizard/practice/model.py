"""What a scenario of the practice range is made of: plain data, as `decision_trees/practice` states it.

No socket, no protocol and no reading of files here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wizard.errors import WizardError

USER = "app"
PASSWORD = "open-sesame-1"  # made up, printed freely: it opens nothing but the range
DATABASE = "shop"
HOST = "127.0.0.1"
"""Where the range listens, and where its clients come from."""

ENGINES = ("postgresql", "mysql", "mariadb")
DIFFICULTIES = ("easy", "medium", "hard")
CERTIFICATES = (
    "good",
    "expired",
    "not-yet-valid",
    "wrong-name",
    "untrusted",
    "self-signed",
    "revoked",
)
"""What a server's certificate can be."""
HANDSHAKES = ("old-only", "new-only", "client-certificate", "alert", "breaks-off", "silent")
"""What besides its certificate can be odd about a server's TLS."""
AUTHENTICATIONS = (
    *("scram", "scram-plus", "scram-without-plus", "md5", "cleartext", "trust"),
    *("gss", "sspi", "oauth"),
)
"""How a PostgreSQL server asks who is there."""
CLIENT_CERTIFICATES = ("good", "untrusted", "expired", "mismatch")
MOMENTS = ("start", "login", "session")
"""When a server breaks off: in place of its first word, after the client's password, at the first statement."""
MANNERS = ("close", "reset", "silence")
THEN = ("close", "hold", "reset")
"""What a stranger does after its words."""
NO_ADDRESS = ("nxdomain", "no-address", "servfail", "refused", "silent", "truncated", "garbage")
"""What a nameserver can say in place of addresses."""

Value = str | int | float | bool | None
Settings = Mapping[str, Value]


class PracticeError(WizardError):
    """A scenario cannot be served: none has this name, or a port or a folder cannot be had."""


def filled(message: str, **known: str) -> str:
    """The words of an error with what it says of its client; other braces stay as they are."""
    for name, value in known.items():
        message = message.replace(f"{{{name}}}", value)
    return message


@dataclass(frozen=True)
class PostgresError:
    """An ErrorResponse; `{user}`, `{database}`, `{host}` and `{encryption}` in the message are filled in."""

    code: str
    message: str
    place: str = ""
    """`file line routine` of the server's source; a pooler sends none."""
    detail: str = ""
    hint: str = ""
    severity: str = "FATAL"
    """A FATAL one ends the session, and so does a WARNING, the last words of a server that crashes."""


@dataclass(frozen=True)
class MysqlError:
    """An ERR packet; `{user}`, `{database}` and `{host}` in the message are filled in."""

    number: int
    sqlstate: str
    message: str
    ends: bool = False
    """Whether the server hangs up after it."""


@dataclass(frozen=True)
class Answer:
    """Rows for the statements that `pattern` (a regular expression, any case, whole statement) describes.

    `rows` is data, or a function of the server's settings where the rows depend on the scenario.
    """

    pattern: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Value, ...], ...] | Callable[[Settings], tuple[tuple[Value, ...], ...]] = ()
    error: PostgresError | MysqlError | None = None
    """In place of rows."""


@dataclass(frozen=True)
class Ending:
    """A server that breaks off in the middle."""

    at: str
    by: str = "close"


@dataclass(frozen=True)
class PostgresServer:
    """How a PostgreSQL server or a pooler in front of it behaves."""

    certificate: str = ""
    """One of CERTIFICATES; "" offers no TLS."""
    tls: str = ""
    """One of HANDSHAKES; "" is what servers do today."""
    plain_error: PostgresError | None = None
    """Sent instead of a login when the connection is not encrypted."""
    start_error: PostgresError | None = None
    """Sent in place of the first authentication message."""
    start_delay: float = 0.0
    """Seconds of silence before `start_error` or `session_error`."""
    session_error: PostgresError | None = None
    """Sent after a login that succeeded."""
    statement_error: PostgresError | None = None
    """Sent for every statement."""
    ends: Ending | None = None
    databases: tuple[str, ...] = (DATABASE, "postgres")
    password: str = PASSWORD
    auth: str = "scram"
    """One of AUTHENTICATIONS."""
    settings: Settings = field(default_factory=dict)
    """What differs from a healthy server's settings."""
    answers: tuple[Answer, ...] = ()
    """Asked before the range's own."""


@dataclass(frozen=True)
class MysqlServer:
    """How a MySQL or MariaDB server behaves."""

    certificate: str = ""
    tls: str = ""
    version: str = "8.0.36"
    plugin: str = "caching_sha2_password"
    """The plugin of the greeting; an account with another one is switched to."""
    account_plugin: str = "caching_sha2_password"
    cached: bool = True
    """Whether caching_sha2_password has the account in its cache; if not, it wants the password itself."""
    greeting_error: MysqlError | None = None
    """Sent in place of the greeting, without its sqlstate, as servers do."""
    plain_error: MysqlError | None = None
    session_error: MysqlError | None = None
    """Sent after a password that was right."""
    statement_error: MysqlError | None = None
    ends: Ending | None = None
    databases: tuple[str, ...] = (DATABASE, "mysql")
    password: str = PASSWORD
    settings: Settings = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Stranger:
    """What is no database: `says` at once, `replies` to the first bytes, then closes, holds or resets."""

    says: bytes = b""
    replies: bytes = b""
    then: str = "close"


@dataclass(frozen=True)
class Refusing:
    """Nobody listens: the port is held without listening, so that no other program can take it meanwhile."""


@dataclass(frozen=True)
class BlackHole:
    """A listener whose queue is full: a connection to it is never made, and never refused."""


Behaviour = PostgresServer | MysqlServer | Stranger | Refusing | BlackHole


@dataclass(frozen=True)
class SandboxFile:
    """A file of the sandbox; `mode` as in chmod."""

    text: str
    mode: int = 0o600


@dataclass(frozen=True)
class Nameserver:
    """What one nameserver of the range knows."""

    records: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> addresses, `alias NAME`, or one of NO_ADDRESS."""
    otherwise: str = "nxdomain"
    """One of NO_ADDRESS, for every other name."""


@dataclass(frozen=True)
class Names:
    """How names are resolved: what resolv.conf, nsswitch.conf and the hosts file of the sandbox say."""

    servers: tuple[Nameserver, ...] = ()
    search: tuple[str, ...] = ()
    hosts: str = ""
    nsswitch: str = ""


@dataclass(frozen=True)
class Recording:
    """What a probe saw on the recorded host."""

    facts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    evidence: tuple[tuple[str, str, str], ...] = ()
    """(layer, text, code)"""
    summary: str = ""
    trouble: str = ""
    real: bool = False
    """Whether the probe runs for real as well, and these facts lie over what it sees."""


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate for the client, and the mode of its key's file."""

    kind: str = "good"
    mode: int = 0o600


@dataclass(frozen=True)
class Client:
    """The application's side; every text may hold the placeholders that `wizard.practice.sandbox` fills."""

    url: str | None = None
    """How the target is stated: None is the range's own URL, "" nothing at all."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The query of the range's own URL."""
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, SandboxFile] = field(default_factory=dict)
    certificate: ClientCertificate | None = None
    log: str = ""
    """The application's own log."""
    said: str = ""
    """The server's log, as somebody reads it on its host."""


@dataclass(frozen=True)
class Scenario:
    """One thing to practise."""

    name: str
    title: str
    engine: str
    """One of ENGINES: what the application believes it talks to."""
    layer: str
    difficulty: str
    """One of DIFFICULTIES."""
    symptom: str
    """What the application's log shows, in the words of its driver; it may have several lines."""
    cause: str
    """The expected cause id."""
    listens: tuple[Behaviour, ...]
    """What is on the target's port, and on further ones."""
    candidates: tuple[str, ...] = ()
    """Causes that must be named beside, most of all where the cause is `inconclusive`."""
    tells: str = ""
    """What in the evidence gives the cause away."""
    story: str = ""
    replies: Mapping[str, str] = field(default_factory=dict)
    """Question -> what a person would answer to it."""
    client: Client = field(default_factory=Client)
    names: Names | None = None
    """None leaves names to the real resolver: the range's own URL needs none."""
    recorded: Mapping[str, Recording] = field(default_factory=dict)

    @property
    def behaviour(self) -> Behaviour:
        """What is on the target's port."""
        return self.listens[0]
