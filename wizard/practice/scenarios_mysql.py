"""The MySQL scenarios as a table. Numbers, states and texts are those of MySQL 8.0
(share/messages_to_clients.txt). No behaviour here.
"""

from __future__ import annotations

from wizard.practice.model import MysqlError, MysqlServer, Scenario

_VERIFY = {"ssl_ca": "{files}/root.crt", "ssl_verify_cert": "true", "ssl_verify_identity": "true"}
_TLS_ONLY = MysqlError(
    3159, "HY000", "Connections using insecure transport are prohibited while --require_secure_transport=ON."
)


def _case(
    name: str, title: str, where: str, symptom: str, cause: str, behaviour: MysqlServer, **options: str
) -> Scenario:
    """A row; `where` is `layer difficulty`."""
    layer, difficulty = where.split()
    engine = "postgresql" if name == "mysql-on-postgres-port" else "mysql"
    return Scenario(name, title, engine, layer, difficulty, symptom, cause, behaviour, options)


def _greets(number: int, sqlstate: str, message: str) -> MysqlServer:
    return MysqlServer(greeting_error=MysqlError(number, sqlstate, message))


MYSQL: tuple[Scenario, ...] = (
    _case(
        "healthy-mysql",
        "A MySQL server with nothing wrong",
        "capacity easy",
        "no error",
        "healthy",
        MysqlServer(certificate="good"),
    ),
    _case(
        "mysql-on-postgres-port",
        "A MySQL server answers where PostgreSQL is expected",
        "network medium",
        "received invalid response to SSL negotiation",
        "network.not-a-database",
        MysqlServer(),
    ),
    _case(
        "mysql-certificate-expired",
        "The MySQL server's certificate has expired",
        "tls medium",
        "certificate verify failed: certificate has expired",
        "tls.expired",
        MysqlServer(certificate="expired"),
        **_VERIFY,
    ),
    _case(
        "mysql-tls-required",
        "The MySQL server takes encrypted connections only",
        "tls easy",
        "Connections using insecure transport are prohibited while --require_secure_transport=ON.",
        "tls.required",
        MysqlServer(certificate="good", plain_error=_TLS_ONLY),
        ssl_disabled="true",
    ),
    _case(
        "mysql-host-not-allowed",
        "MySQL does not let this host in",
        "auth medium",
        "Host '127.0.0.1' is not allowed to connect to this MySQL server",
        "auth.host-not-allowed",
        _greets(1130, "HY000", "Host '{host}' is not allowed to connect to this MySQL server"),
    ),
    _case(
        "mysql-host-blocked",
        "MySQL blocked this host after too many connection errors",
        "auth medium",
        "Host '127.0.0.1' is blocked because of many connection errors; "
        "unblock with 'mysqladmin flush-hosts'",
        "auth.host-blocked",
        _greets(
            1129,
            "HY000",
            "Host '{host}' is blocked because of many connection errors; "
            "unblock with 'mysqladmin flush-hosts'",
        ),
    ),
    _case(
        "mysql-access-denied",
        "MySQL refuses user, host and password together",
        "auth easy",
        "Access denied for user 'app'@'localhost' (using password: YES)",
        "auth.access-denied",
        MysqlServer(password="changed-last-week", account_plugin="mysql_native_password"),
    ),
    _case(
        "mysql-account-locked",
        "The account is locked",
        "auth medium",
        "Access denied for user 'app'@'localhost'. Account is locked.",
        "auth.account-locked",
        MysqlServer(
            session_error=MysqlError(
                3118, "HY000", "Access denied for user '{user}'@'localhost'. Account is locked."
            )
        ),
    ),
    _case(
        "mysql-unknown-database",
        "The database does not exist",
        "database easy",
        "Unknown database 'shop'",
        "database.does-not-exist",
        MysqlServer(databases=("mysql",)),
    ),
    _case(
        "mysql-read-only",
        "The connection lands on a read-only replica",
        "database medium",
        "The MySQL server is running with the --super-read-only option so it cannot execute this statement",
        "database.read-only",
        MysqlServer(settings={"read_only": 1, "super_read_only": 1}),
    ),
    _case(
        "mysql-too-many-connections",
        "Every connection slot is taken",
        "capacity easy",
        "Too many connections",
        "capacity.max-connections",
        _greets(1040, "08004", "Too many connections"),
    ),
)
