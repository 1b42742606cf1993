"""What the range's healthy servers know: settings, expressions and whole statements, as tables to extend.

An `Answer` matches a whole statement by a regular expression, in any case, without the final semicolon; the
first that matches wins. A setting that a scenario overrides shows everywhere: in SHOW, in `current_setting`,
in `@@name`, and in PostgreSQL's parameter statuses.
"""

from __future__ import annotations

import re

from wizard.practice.model import DATABASE, HOST, USER, Answer, Settings, Value
from wizard.practice.sql import Dialect

POSTGRES_SETTINGS: dict[str, Value] = {
    "server_version": "15.7",
    "server_version_num": "150007",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "application_name": "",
    "is_superuser": "off",
    "session_authorization": USER,
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "default_transaction_read_only": "off",
    "transaction_read_only": "off",
    "in_hot_standby": "off",
    "max_connections": "100",
    "superuser_reserved_connections": "3",
    "max_wal_senders": "10",
    "listen_addresses": "*",
    "port": "5432",
    "ssl": "on",
    "password_encryption": "scram-sha-256",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "search_path": '"$user", public',
    "data_directory": "/var/lib/postgresql/15/main",
    "config_file": "/etc/postgresql/15/main/postgresql.conf",
    "hba_file": "/etc/postgresql/15/main/pg_hba.conf",
    "current_database": DATABASE,
    "current_user": USER,
}

POSTGRES_REPORTED = (
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
)
"""The parameter statuses of PostgreSQL 15, in its order."""

MYSQL_SETTINGS: dict[str, Value] = {
    "version": "8.0.36",
    "version_comment": "MySQL Community Server - GPL",
    "hostname": "practice",
    "port": 3306,
    "server_id": 1,
    "autocommit": 1,
    "max_connections": 151,
    "max_user_connections": 0,
    "max_connect_errors": 100,
    "max_allowed_packet": 67108864,
    "read_only": 0,
    "super_read_only": 0,
    "innodb_read_only": 0,
    "transaction_read_only": 0,
    "offline_mode": 0,
    "require_secure_transport": 0,
    "have_ssl": "YES",
    "wait_timeout": 28800,
    "interactive_timeout": 28800,
    "connect_timeout": 10,
    "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES",
    "time_zone": "SYSTEM",
    "character_set_server": "utf8mb4",
    "datadir": "/var/lib/mysql/",
    "default_authentication_plugin": "caching_sha2_password",
    "database": DATABASE,
    "user": f"{USER}@localhost",
}

MYSQL_STATUS: dict[str, Value] = {
    "Threads_connected": 4,
    "Threads_running": 2,
    "Max_used_connections": 9,
    "Aborted_connects": 0,
    "Connection_errors_max_connections": 0,
    "Uptime": 86400,
    "Ssl_cipher": "",
}


def setting(settings: Settings, name: str) -> Value:
    """A setting by its name in any case; None for one that does not exist."""
    return next((value for key, value in settings.items() if key.lower() == name.lower()), None)


def _like(settings: Settings, pattern: str) -> tuple[tuple[Value, ...], ...]:
    """Name and value of what a LIKE pattern finds."""
    expression = re.escape(pattern).replace("%", ".*").replace("_", ".")
    found = [name for name in settings if re.fullmatch(expression, name, re.IGNORECASE)]
    return tuple((name, str(settings[name])) for name in sorted(found))


def _show_answers(word: str, values: dict[str, Value] | None = None) -> tuple[Answer, ...]:
    """SHOW VARIABLES or SHOW STATUS; without values of its own it shows the settings."""
    show = rf"SHOW\s+(?:(?:GLOBAL|SESSION)\s+)?{word}"
    columns = ("Variable_name", "Value")
    names = tuple({**MYSQL_SETTINGS, **(values or {})})
    exact = tuple(
        Answer(
            rf"{show}\s+(?:LIKE|WHERE\s+Variable_name\s*=)\s*'{name}'",
            columns,
            lambda settings, name=name: _like(values or settings, name),  # type: ignore[misc]
        )
        for name in names
    )
    return (*exact, Answer(rf"{show}.*", columns, lambda settings: _like(values or settings, "%")))


SESSION_COLUMNS = ("pid", "usename", "datname", "app", "state", "backend_type", "age", "own", "query")
SESSIONS = tuple(
    (str(4700 + number), USER, DATABASE, "shop-web", state, "client backend", "5", own, "SELECT 1")
    for number, (state, own) in enumerate((("idle", "f"), ("idle", "f"), ("active", "f"), ("active", "t")))
)
"""What a server with little to do shows in pg_stat_activity."""

APP_COLUMNS = (
    "statement_timeout",
    "lock_timeout",
    "idle_timeout",
    "idle_transaction_timeout",
    "keepalive",
    "uptime",
)
"""Of the question for time-outs; after them come the tables of migration tools, of which there are none."""
MYSQL_APP = (
    "table_lock_timeout",
    "row_lock_timeout",
    "idle_timeout",
    "max_packet",
    "statement_timeout",
    "uptime",
)


def _app_postgres(settings: Settings) -> tuple[tuple[Value, ...], ...]:
    limits = (settings["statement_timeout"], "0", "0", settings["idle_in_transaction_session_timeout"])
    return ((*limits, "7200", "86400", None, None, None, None),)


def _app_mysql(settings: Settings) -> tuple[tuple[Value, ...], ...]:
    limits = ("31536000", "50", settings["wait_timeout"], settings["max_allowed_packet"], "0")
    return ((*limits, MYSQL_STATUS["Uptime"], None, None),)


POSTGRES_WORDS = """
    ABORT ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD
    DO DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH
    REINDEX RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM
    VALUES WITH
"""
"""What a statement can begin with: stmt of src/backend/parser/gram.y."""
MYSQL_WORDS = """
    ALTER ANALYZE BEGIN BINLOG CACHE CALL CHANGE CHECK CHECKSUM CLONE COMMIT CREATE DEALLOCATE DELETE DESC DESCRIBE DO
    DROP EXECUTE EXPLAIN FLUSH GET GRANT HANDLER HELP IMPORT INSERT INSTALL KILL LOAD LOCK OPTIMIZE PREPARE PURGE
    RELEASE RENAME REPAIR REPLACE RESET RESIGNAL RESTART REVOKE ROLLBACK SAVEPOINT SELECT SET SHOW SHUTDOWN SIGNAL START
    STOP TABLE TRUNCATE UNINSTALL UNLOCK UPDATE USE VALUES WITH XA
"""
"""The same of simple_statement in sql/sql_yacc.yy."""

POSTGRES = Dialect(
    answers=(
        *(
            Answer(rf"SHOW\s+{name}", (name,), lambda settings, name=name: ((settings[name],),))  # type: ignore[misc]
            for name in POSTGRES_SETTINGS
        ),
        Answer(
            r"SELECT\s+current_setting\('max_connections'\)\s+AS\s+most.*",
            (
                "most",
                "super_reserved",
                "reserved",
                "role_limit",
                "super",
                "database_limit",
                "role",
                "database",
            ),
            (("100", "3", "0", "-1", "f", "-1", USER, DATABASE),),
        ),
        Answer(
            r"SELECT\s+current_setting\('statement_timeout'\)\s+AS\s+statement_timeout,.*to_regclass.*",
            (*APP_COLUMNS, "table_1", "table_2", "table_3", "table_4"),
            _app_postgres,
        ),
        Answer(r"SELECT\s+pid,\s+usename.*FROM\s+pg_catalog\.pg_stat_activity.*", SESSION_COLUMNS, SESSIONS),
        Answer(
            r"SELECT\s+l\.pid.*FROM\s+pg_catalog\.pg_locks.*", ("pid", "mode", "blockers", "age", "query"), ()
        ),
        Answer(r"SELECT\s+count\(\*\)\s+FROM\s+pg_stat_activity.*", ("count",), ((6,),)),
        Answer(r"SELECT\s+datname\s+FROM\s+pg_database.*", ("datname",), (("postgres",), (DATABASE,))),
    ),
    expressions=(
        (r"(?:pg_catalog\.)?current_setting\(\s*'([\w.]+)'.*\)", lambda m, s: setting(s, m[1])),
        (r"(?:pg_catalog\.)?pg_is_in_recovery\(\)", lambda m, s: s["in_hot_standby"] == "on"),
        (r"(?:pg_catalog\.)?version\(\)", lambda m, s: f"PostgreSQL {s['server_version']} on practice"),
        (r"current_user|session_user|user", lambda m, s: s["current_user"]),
        (r"(?:pg_catalog\.)?current_database\(\)|current_catalog", lambda m, s: s["current_database"]),
        (r"current_schema(?:\(\))?", lambda m, s: "public"),
        (r"(?:pg_catalog\.)?pg_backend_pid\(\)", lambda m, s: 4711),
        (r"inet_(?:server|client)_addr\(\)", lambda m, s: HOST),
        (r"inet_server_port\(\)", lambda m, s: int(str(s["port"]))),
    ),
    column_name=lambda item: (
        found[1].lower() if (found := re.match(r"(?:\w+\.)?([a-z_]\w*)", item, re.IGNORECASE)) else "?column?"
    ),
    words=frozenset(POSTGRES_WORDS.split()),
)

MYSQL = Dialect(
    answers=(
        Answer(
            r"SELECT\s+@@session\.lock_wait_timeout\s+AS\s+table_lock_timeout,.*",
            (*MYSQL_APP, "tables", "dirty"),
            _app_mysql,
        ),
        *_show_answers("VARIABLES"),
        *_show_answers("STATUS", MYSQL_STATUS),
        Answer(r"SHOW\s+(?:WARNINGS|ERRORS).*", ("Level", "Code", "Message"), ()),
        Answer(r"SHOW\s+DATABASES", ("Database",), (("information_schema",), (DATABASE,))),
        Answer(
            r"SHOW\s+GRANTS.*", ("Grants",), ((f"GRANT ALL PRIVILEGES ON `{DATABASE}`.* TO `{USER}`@`%`",),)
        ),
    ),
    expressions=(
        (r"@@(?:(?:global|session)\.)?(\w+)", lambda m, s: setting(s, m[1])),
        (r"version\(\)", lambda m, s: s["version"]),
        (r"(?:current_|session_)?user(?:\(\))?", lambda m, s: s["user"]),
        (r"(?:database|schema)\(\)", lambda m, s: s["database"]),
        (r"connection_id\(\)", lambda m, s: 8),
    ),
    column_name=lambda item: item,
    words=frozenset(MYSQL_WORDS.split()),
)
