"""The PostgreSQL scenarios as a table. Codes, texts and places in the source are those of PostgreSQL 15 and
PgBouncer 1.18, read from running servers. No behaviour here.
"""

from __future__ import annotations

from wizard.practice.model import PostgresError, PostgresServer, Refusing, Scenario, Stranger

_VERIFY = {"sslmode": "verify-full", "sslrootcert": "{files}/root.crt"}
_HBA = 'no pg_hba.conf entry for host "{host}", user "{user}", database "{database}", {encryption}'
_HBA_ENTRY = PostgresError("28000", _HBA, "auth.c 544 ClientAuthentication")
_CLOSED = "server closed the connection unexpectedly"


def _case(
    name: str,
    title: str,
    where: str,
    symptom: str,
    cause: str,
    behaviour: PostgresServer | Stranger | Refusing,
    **options: str,
) -> Scenario:
    """A row; `where` is `layer difficulty`."""
    layer, difficulty = where.split()
    return Scenario(name, title, "postgresql", layer, difficulty, symptom, cause, behaviour, options)


def _refuses(code: str, message: str, place: str = "") -> PostgresServer:
    return PostgresServer(start_error=PostgresError(code, message, place))


def _ends(code: str, message: str, place: str) -> PostgresServer:
    return PostgresServer(session_error=PostgresError(code, message, place))


POSTGRESQL: tuple[Scenario, ...] = (
    _case(
        "healthy-postgresql",
        "A PostgreSQL server with nothing wrong",
        "capacity easy",
        "no error",
        "healthy",
        PostgresServer(certificate="good"),
    ),
    _case(
        "refused",
        "Nothing listens on the port",
        "network easy",
        "Connection refused",
        "network.service-down",
        Refusing(),
    ),
    _case(
        "accepts-never-answers",
        "The port accepts and stays silent",
        "network medium",
        "connection timeout expired",
        "server.unresponsive",
        Stranger(then="hold"),
    ),
    _case(
        "accepts-then-closes",
        "The connection is closed before the server speaks",
        "network medium",
        _CLOSED,
        "network.dropped",
        Stranger(then="close"),
        sslmode="disable",
    ),
    _case(
        "accepts-then-resets",
        "The connection is reset before the server speaks",
        "network medium",
        _CLOSED,
        "network.dropped",
        Stranger(then="reset"),
        sslmode="disable",
    ),
    _case(
        "not-a-database-http",
        "A web server answers on the port",
        "network easy",
        "received invalid response to SSL negotiation: H",
        "network.not-a-database",
        Stranger(
            replies=b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\n"
            b"Content-Length: 15\r\nConnection: close\r\n\r\n400 Bad Request"
        ),
    ),
    _case(
        "not-a-database-ssh",
        "An SSH server answers on the port",
        "network medium",
        "expected authentication request from server, but received S",
        "network.not-a-database",
        Stranger(says=b"SSH-2.0-OpenSSH_9.6\r\n"),
    ),
    _case(
        "certificate-expired",
        "The server's certificate has expired",
        "tls easy",
        "SSL error: certificate verify failed",
        "tls.expired",
        PostgresServer(certificate="expired"),
        **_VERIFY,
    ),
    _case(
        "certificate-wrong-name",
        "The certificate is for another name",
        "tls easy",
        'does not match host name "127.0.0.1"',
        "tls.hostname-mismatch",
        PostgresServer(certificate="wrong-name"),
        **_VERIFY,
    ),
    _case(
        "certificate-untrusted",
        "The certificate comes from a CA that is not trusted here",
        "tls medium",
        "SSL error: certificate verify failed",
        "tls.untrusted",
        PostgresServer(certificate="untrusted"),
        **_VERIFY,
    ),
    _case(
        "tls-required",
        "The server takes encrypted connections only",
        "tls medium",
        'no pg_hba.conf entry for host "127.0.0.1", user "app", database "shop", no encryption',
        "tls.required",
        PostgresServer(certificate="good", plain_error=_HBA_ENTRY),
        sslmode="disable",
    ),
    _case(
        "tls-unsupported",
        "The client insists on TLS and the server has none",
        "tls easy",
        "server does not support SSL, but SSL was required",
        "tls.unsupported",
        PostgresServer(),
        sslmode="require",
    ),
    _case(
        "wrong-password",
        "The password is wrong",
        "auth easy",
        'FATAL:  password authentication failed for user "app"',
        "auth.password-wrong",
        PostgresServer(password="changed-last-week"),
    ),
    _case(
        "hba-no-entry",
        "No line of pg_hba.conf lets this client in",
        "auth medium",
        'FATAL:  no pg_hba.conf entry for host "127.0.0.1", user "app", database "shop", no encryption',
        "auth.hba-no-entry",
        PostgresServer(start_error=_HBA_ENTRY),
    ),
    _case(
        "login-disabled",
        "The role may not log in",
        "auth easy",
        'FATAL:  role "app" is not permitted to log in',
        "auth.login-disabled",
        _ends("28000", 'role "{user}" is not permitted to log in', "miscinit.c 821 InitializeSessionUserId"),
    ),
    _case(
        "unknown-database",
        "The database does not exist",
        "database easy",
        'FATAL:  database "shop" does not exist',
        "database.does-not-exist",
        PostgresServer(databases=("postgres",)),
    ),
    _case(
        "starting-up",
        "The server is still starting",
        "database easy",
        "FATAL:  the database system is starting up",
        "database.starting",
        _refuses("57P03", "the database system is starting up", "postmaster.c 2402 ProcessStartupPacket"),
    ),
    _case(
        "shutting-down",
        "The server is shutting down",
        "database easy",
        "FATAL:  the database system is shutting down",
        "database.stopping",
        _refuses("57P03", "the database system is shutting down", "postmaster.c 2432 ProcessStartupPacket"),
    ),
    _case(
        "read-only-standby",
        "The connection lands on a standby",
        "database medium",
        "cannot execute CREATE TABLE in a read-only transaction",
        "database.read-only",
        PostgresServer(settings={"in_hot_standby": "on", "transaction_read_only": "on"}),
    ),
    _case(
        "slots-exhausted",
        "Every connection slot is taken",
        "capacity easy",
        "FATAL:  sorry, too many clients already",
        "capacity.max-connections",
        _refuses("53300", "sorry, too many clients already", "proc.c 357 InitProcess"),
    ),
    _case(
        "reserved-slots",
        "Only the superusers' slots are left",
        "capacity medium",
        "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
        "capacity.reserved-slots",
        _ends(
            "53300",
            "remaining connection slots are reserved for non-replication superuser connections",
            "postinit.c 886 InitPostgres",
        ),
    ),
    _case(
        "role-limit",
        "The role has used up its own connection limit",
        "capacity medium",
        'FATAL:  too many connections for role "app"',
        "capacity.role-limit",
        _ends("53300", 'too many connections for role "{user}"', "miscinit.c 842 InitializeSessionUserId"),
    ),
    _case(
        "pgbouncer-no-such-user",
        "PgBouncer does not know the user",
        "pooler medium",
        "FATAL:  no such user: app",
        "pooler.user-unknown",
        _refuses("08P01", "no such user: {user}"),
    ),
    _case(
        "pgbouncer-no-such-database",
        "PgBouncer does not know the database",
        "pooler medium",
        "FATAL:  no such database: shop",
        "pooler.database-unknown",
        _refuses("08P01", "no such database: {database}"),
    ),
    _case(
        "pgbouncer-wait-timeout",
        "PgBouncer has no server connection in time",
        "pooler hard",
        "FATAL:  query_wait_timeout",
        "pooler.wait-timeout",
        PostgresServer(start_error=PostgresError("08P01", "query_wait_timeout"), start_delay=0.5),
    ),
)
