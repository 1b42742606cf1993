"""Real clients that ask a server the same: psql, psycopg and pg; mariadb, PyMySQL and mysql2.

What one heard is data: `connect` (None, or an error) and `results` (rows or an error for each statement), with
all that a client tells of an error: code, severity, text, detail, hint, place in the source.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import psycopg.conninfo
import pymysql

from tests.support.node import Node
from tests.support.relay import copying, mysql_words, postgres_words
from wizard.practice import Running
from wizard.practice.model import DATABASE, PASSWORD, USER

Heard = dict[str, Any]
Statements = Sequence[str]

PATIENCE = 10
"""Seconds that a client waits for a server, unless the place says otherwise."""
DIAGNOSIS = (
    "severity",
    "message_detail",
    "message_hint",
    "statement_position",
    "source_file",
    "source_function",
)


@dataclass(frozen=True)
class Place:
    """Where a client is sent, and as whom; `options` are those of libpq or of PyMySQL."""

    port: int
    user: str
    password: str
    database: str
    host: str = "127.0.0.1"
    options: Mapping[str, str] = field(default_factory=dict)
    patience: int = PATIENCE
    """Seconds that a client waits for it."""

    @classmethod
    def of(cls, running: Running, patience: int = PATIENCE) -> Place:
        """Where and as whom a scenario that is being served is met."""
        return cls(
            port=running.port,
            user=USER,
            password=PASSWORD,
            database=urlsplit(running.url).path[1:] if "://" in running.url else DATABASE,
            host=running.host,
            options=running.options,
            patience=patience,
        )

    @property
    def conninfo(self) -> str:
        """For libpq."""
        settings = {"connect_timeout": str(self.patience), **self.options}
        return psycopg.conninfo.make_conninfo(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.database,
            **settings,
        )


def _program(argv: Sequence[str], **environ: str) -> Heard:
    """What a program that talks to a server says: all of it, as one result."""
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/proc/no-home", **environ}
    done = subprocess.run(argv, env=clean, capture_output=True, text=True, check=False, timeout=60)
    return {"exit": done.returncode, "out": done.stdout, "err": done.stderr}


def ask_psql(place: Place, statements: Statements) -> Heard:
    """psql, one -c for each statement, everything that it knows of an error."""
    commands = [word for statement in statements for word in ("-c", statement)]
    return _program(["psql", place.conninfo, "-XAt", "-v", "VERBOSITY=verbose", *commands])


def ask_psycopg(place: Place, statements: Statements) -> Heard:
    """psycopg 3 in autocommit."""
    try:
        connection = psycopg.connect(place.conninfo, autocommit=True)
    except psycopg.Error as error:
        return {"connect": {"type": type(error).__name__, "text": str(error)}, "results": []}
    results: list[Any] = []
    with connection:
        for statement in statements:
            try:
                cursor = connection.execute(statement.encode())
                results.append(cursor.fetchall() if cursor.description else [])
            except psycopg.Error as error:
                told = {name: getattr(error.diag, name) for name in DIAGNOSIS}
                results.append({"code": error.sqlstate, "text": str(error), **told})
    return {"connect": None, "results": results}


def _pymysql_tls(options: Mapping[str, str]) -> dict[str, Any]:
    flags = {key: value == "true" for key, value in options.items() if value in ("true", "false")}
    return {key: flags.get(key, value) for key, value in options.items() if key.startswith("ssl_")}


def ask_pymysql(place: Place, statements: Statements) -> Heard:
    """PyMySQL in autocommit."""
    try:
        connection = pymysql.connect(
            host=place.host,
            port=place.port,
            user=place.user,
            password=place.password,
            database=place.database,
            connect_timeout=place.patience,
            autocommit=True,
            **_pymysql_tls(place.options),
        )
    except pymysql.Error as error:
        return {"connect": {"type": type(error).__name__, "text": error.args}, "results": []}
    results: list[Any] = []
    with connection, connection.cursor() as cursor:
        for statement in statements:
            try:
                cursor.execute(statement)
                results.append(cursor.fetchall())
            except pymysql.Error as error:
                results.append({"type": type(error).__name__, "text": error.args})
    return {"connect": None, "results": results}


def ask_mariadb(place: Place, statements: Statements) -> Heard:
    """The `mariadb` program, which goes on after an error."""
    options, where = place.options, [f"--host={place.host}", f"--port={place.port}", "--protocol=tcp"]
    names = {"ssl_ca": "--ssl-ca", "ssl_cert": "--ssl-cert", "ssl_key": "--ssl-key"}
    tls = [f"{names[key]}={value}" for key, value in options.items() if key in names]
    tls += ["--ssl-verify-server-cert"] * (options.get("ssl_verify_identity") == "true")
    tls += ["--skip-ssl"] * (options.get("ssl_disabled") == "true")
    argv = ["mariadb", "--no-defaults", *where, f"--user={place.user}", f"--database={place.database}", *tls]
    argv += [
        f"--connect-timeout={place.patience}",
        "--batch",
        "--force",
        f"--execute={'; '.join(statements)}",
    ]
    return _program(argv, MYSQL_PWD=place.password)


def _node_tls(options: Mapping[str, str]) -> dict[str, str] | None:
    """The TLS that the options of libpq or PyMySQL ask for, in the words of ask.js; None for none."""
    kinds = {"require": "none", "verify-ca": "chain", "verify-full": "full"}
    verify = kinds.get(options.get("sslmode", ""))
    if options.get("ssl_verify_cert") == "true":
        verify = "full" if options.get("ssl_verify_identity") == "true" else "chain"
    if verify is None:
        return None
    names = {"sslrootcert": "ca", "sslcert": "cert", "sslkey": "key"}
    names |= {"ssl_ca": "ca", "ssl_cert": "cert", "ssl_key": "key"}
    return {"verify": verify} | {names[key]: value for key, value in options.items() if key in names}


def ask_node(node: Node, driver: str) -> Callable[[Place, Sequence[Any]], Heard]:
    """A client of Node.js; a statement may also be `{"text": …, "values": […]}`, a prepared one."""

    def ask(place: Place, statements: Sequence[Any]) -> Heard:
        return node.ask(
            {
                "driver": driver,
                "host": place.host,
                "port": place.port,
                "user": place.user,
                "password": place.password,
                "database": place.database,
                "tls": _node_tls(place.options),
                "timeout": place.patience * 1000,
                "statements": list(statements),
                **{key: place.options[key] for key in ("options", "replication") if key in place.options},
            }
        )

    return ask


def normal(heard: Any, place: Place) -> Any:
    """What a client heard, without what must differ: address, names, numbers of connections, lines of the source."""
    if isinstance(heard, Mapping):
        return {key: normal(value, place) for key, value in heard.items()}
    if isinstance(heard, (list, tuple)):
        return [normal(value, place) for value in heard]
    if not isinstance(heard, str):
        return heard
    names = {place.host: "HOST", place.user: "USER", place.database: "DATABASE", str(place.port): "PORT"}
    for value, name in names.items():
        heard = re.sub(rf"(?<![\w.-]){re.escape(value)}(?![\w-])", f"<{name}>", heard)
    heard = re.sub(r"(Aborted connection) \d+", r"\1 <ID>", heard)
    return re.sub(r"(LOCATION: .*):\d+$", r"\1:<LINE>", heard, flags=re.MULTILINE)


def trace_postgres(place: Place) -> Heard:
    """The messages that a PostgreSQL server sends to psycopg during a login without TLS, and how it ends."""
    with copying(place.host, place.port) as copy:
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        ask_psycopg(replace(place, host="127.0.0.1", port=copy.port, options={**place.options, **plain}), ())
        copy.done.wait(10)
    return {"messages": postgres_words(bytes(copy.data)), "end": copy.end}


def trace_mysql(place: Place) -> Heard:
    """The packets that a MySQL server sends to PyMySQL during a login without TLS, and how it ends."""
    with copying(place.host, place.port) as copy:
        ask_pymysql(replace(place, host="127.0.0.1", port=copy.port, options={"ssl_disabled": "true"}), ())
        copy.done.wait(10)
    return {"messages": mysql_words(bytes(copy.data)), "end": copy.end}
