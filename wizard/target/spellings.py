"""Names that upstream defines: schemes, drivers, libpq's parameters and the values that they take.

Tables only.  libpq's keywords and environment variables are those of PQconninfoOptions in
src/interfaces/libpq/fe-connect.c (PostgreSQL 18); the accepted values are those that pqConnectOptions2
checks in the same file.
"""

from __future__ import annotations

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.target.model import TlsMode


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SCHEMES: dict[str, str] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "pgsql": "postgresql",
    "postgis": "postgresql",
    "psql": "postgresql",
    "postgresql-psycopg2": "postgresql",
    "pgx": "postgresql",
    "pgx5": "postgresql",
    "cockroachdb": "postgresql",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mysqlx": "mysql",
    "mysqlgis": "mysql",
    "trilogy": "mysql",
    "mariadb": "mariadb",
    "r2dbc:postgresql": "postgresql",
    "r2dbc:mysql": "mysql",
    "r2dbc:mariadb": "mariadb",
}
"""URL scheme -> engine, as the common readers of database URLs accept them."""

SCHEME_DRIVERS: dict[str, str] = {
    "postgis": "django",
    "mysqlgis": "django",
    "mysql2": "mysql2",
    "trilogy": "trilogy",
    "pgx": "pgx",
    "pgx5": "pgx",
    "r2dbc:postgresql": "r2dbc",
    "r2dbc:mysql": "r2dbc",
    "r2dbc:mariadb": "r2dbc",
}

ENGINE_NAMES: dict[str, str] = {
    **{name: engine for name, engine in SCHEMES.items() if ":" not in name},
    "pg": "postgresql",
    "pdo_pgsql": "postgresql",
    "pdo_mysql": "mysql",
    "mysqli": "mysql",
    "django.db.backends.postgresql": "postgresql",
    "django.db.backends.postgresql_psycopg2": "postgresql",
    "django.contrib.gis.db.backends.postgis": "postgresql",
    "django.db.backends.mysql": "mysql",
    "django.contrib.gis.db.backends.mysql": "mysql",
    "org.postgresql.driver": "postgresql",
    "com.mysql.cj.jdbc.driver": "mysql",
    "com.mysql.jdbc.driver": "mysql",
    "org.mariadb.jdbc.driver": "mariadb",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "asyncpg": "postgresql",
    "pymysql": "mysql",
}
"""What DB_CONNECTION, DB_ENGINE, DB_DIALECT and driver class names call the engines."""

DIALECT_DRIVERS: dict[str, str] = {
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2cffi": "postgresql",
    "psycopg_async": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "pygresql": "postgresql",
    "pymysql": "mysql",
    "mysqldb": "mysql",
    "mysqlclient": "mysql",
    "mysqlconnector": "mysql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mariadbconnector": "mysql",
    "cymysql": "mysql",
}
"""SQLAlchemy's `dialect+driver` names and the family that each speaks."""

OTHER_DIALECT_DRIVERS = _words(
    "auroradataapi gaerdbms oursql pyodbc pypostgresql ssh ssl srv tcp unix zxjdbc"
)
"""What else follows the + in URLs that work: rarer and retired dialects, and the transports of some tools."""

LIBPQ_DRIVERS = frozenset({"psycopg", "psycopg2", "psycopg2cffi", "psycopg_async", "pygresql", "libpq"})
"""Drivers whose parameters go to libpq as they are."""

NO_PG_ENVIRONMENT = frozenset({"jdbc", "r2dbc", "prisma", "pg8000"})
"""PostgreSQL drivers that do not read PGHOST and its kin."""

C_MYSQL_DRIVERS = frozenset({"mysqldb", "mysqlclient", "mariadbconnector", "mysql2", "pdo", "django"})
"""MySQL drivers for which the host `localhost` means the socket (libmysqlclient, Connector/C, mysqlnd)."""

LIBPQ_ENVIRONMENT: dict[str, str] = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "database": "PGDATABASE",
    "channel_binding": "PGCHANNELBINDING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "client_encoding": "PGCLIENTENCODING",
    "options": "PGOPTIONS",
    "application_name": "PGAPPNAME",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcertmode": "PGSSLCERTMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "requirepeer": "PGREQUIREPEER",
    "require_auth": "PGREQUIREAUTH",
    "min_protocol_version": "PGMINPROTOCOLVERSION",
    "max_protocol_version": "PGMAXPROTOCOLVERSION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
    "gssdelegation": "PGGSSDELEGATION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "load_balance_hosts": "PGLOADBALANCEHOSTS",
}
"""Setting -> the variable that libpq reads when the connection string does not give it."""

LIBPQ_PARAMETERS = _words(
    """
    service servicefile user password passfile channel_binding connect_timeout dbname host hostaddr
    port client_encoding options application_name fallback_application_name keepalives
    keepalives_idle keepalives_interval keepalives_count tcp_user_timeout sslmode sslnegotiation
    sslcompression sslcert sslkey sslcertmode sslpassword sslrootcert sslcrl sslcrldir sslsni
    requirepeer require_auth min_protocol_version max_protocol_version ssl_min_protocol_version
    ssl_max_protocol_version gssencmode krbsrvname gsslib gssdelegation replication
    target_session_attrs load_balance_hosts scram_client_key scram_server_key oauth_issuer
    oauth_client_id oauth_client_secret oauth_scope sslkeylogfile requiressl
    """
)

SSL_MODES: tuple[TlsMode, ...] = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

LIBPQ_VALUES: dict[str, tuple[str, ...]] = {
    "sslmode": SSL_MODES,
    "sslnegotiation": ("postgres", "direct"),
    "sslcertmode": ("disable", "allow", "require"),
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "load_balance_hosts": ("disable", "random"),
    "ssl_min_protocol_version": TLS_VERSIONS,
    "ssl_max_protocol_version": TLS_VERSIONS,
}
"""Parameter -> every value that libpq takes; anything else is refused before connecting."""

CASELESS = frozenset({"ssl_min_protocol_version", "ssl_max_protocol_version"})
"""Parameters that libpq compares without regard to case (pg_strcasecmp)."""

REQUIRE_AUTH = ("password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none")

LIBPQ_NUMBERS = _words(
    """
    connect_timeout keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout
    """
)

ASYNCPG_KEYWORDS = _words(
    """
    host port user password passfile service servicefile database timeout statement_cache_size
    max_cached_statement_lifetime max_cacheable_statement_size command_timeout ssl direct_tls
    server_settings target_session_attrs krbsrvname gsslib prepared_statement_cache_size
    prepared_statement_name_func async_fallback async_creator_fn
    """
)
"""Arguments of asyncpg.connect() and of SQLAlchemy's dialect for it: libpq names outside are refused."""

PSYCOPG_KEYWORDS = _words(
    """
    autocommit prepare_threshold context row_factory cursor_factory async_
    """
)

PARAMETER_DRIVERS: dict[str, str] = {
    **dict.fromkeys(
        _words(
            """
    schema connection_limit pool_timeout sslaccept sslidentity pgbouncer socket_timeout
    statement_cache_size max_idle_connection_lifetime single_use_connections
    """
        ),
        "prisma",
    ),
    **dict.fromkeys(
        _words(
            """
    uselibpqcompat statement_timeout query_timeout idle_in_transaction_session_timeout ssl
    lock_timeout keepAlive connectionTimeoutMillis max
    """
        ),
        "node-postgres",
    ),
    **dict.fromkeys(
        _words(
            """
    pool_max_conns pool_min_conns pool_max_conn_lifetime pool_max_conn_idle_time search_path
    pool_health_check_period pool_max_conn_lifetime_jitter default_query_exec_mode
    pool_min_idle_conns statement_cache_capacity description_cache_capacity timezone TimeZone
    """
        ),
        "pgx",
    ),
    **dict.fromkeys(
        _words(
            """
    binary_parameters disable_prepared_binary_result
    """
        ),
        "lib/pq",
    ),
    **dict.fromkeys(
        _words(
            """
    pool prepared_statements encoding schema_search_path reaping_frequency variables adapter
    checkout_timeout idle_timeout min_messages advisory_locks statement_limit max_connections
    min_connections
    """
        ),
        "rails",
    ),
    **dict.fromkeys(
        _words(
            """
    conn_max_age conn_health_checks ssl_require disable_server_side_cursors
    """
        ),
        "django",
    ),
    **dict.fromkeys(
        _words(
            """
    pool_size timeout socket_options ssl_verify
    """
        ),
        "ecto",
    ),
    **dict.fromkeys(
        _words(
            """
    serverVersion charset
    """
        ),
        "doctrine",
    ),
    **dict.fromkeys(
        _words(
            """
    sql_mode supa workaround
    """
        ),
        "hosted",
    ),
    **dict.fromkeys(
        _words(
            """
    x-migrations-table x-multi-statement x-statement-timeout
    """
        ),
        "golang-migrate",
    ),
}
"""URL parameters that only one reader of plain `postgresql://` URLs has: they tell which driver it is for."""

MYSQL_SSL_MODES: dict[str, str] = {
    "disabled": "disable",
    "preferred": "prefer",
    "required": "require",
    "verify_ca": "verify-ca",
    "verify_identity": "verify-full",
}
"""`--ssl-mode` of MySQL's clients and `sslMode` of Connector/J -> libpq's word."""

MARIADB_SSL_MODES: dict[str, str] = {
    "disable": "disable",
    "trust": "require",
    "verify-ca": "verify-ca",
    "verify-full": "verify-full",
}
"""`sslMode` of MariaDB's Connector/J -> libpq's word."""
