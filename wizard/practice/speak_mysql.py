"""A MySQL or MariaDB server's side of a conversation, as a `MysqlServer` describes it. Bytes only through a Peer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wizard.practice import answers, sql
from wizard.practice.model import HOST, MysqlError, MysqlServer, Value, filled
from wizard.practice.mysql_link import Link
from wizard.practice.mysql_login import Login, is_mariadb
from wizard.practice.peer import Peer, Surroundings
from wizard.wire import mysql as my
from wizard.wire import mysql_commands as commands
from wizard.wire import mysql_results as results

_KINDS = {bool: results.COLUMN_INTEGER, int: results.COLUMN_INTEGER}
_READ_ONLY = MysqlError(
    1290,
    "HY000",
    "The {brand} server is running with the --read-only option so it cannot execute this statement",
)
_SYNTAX = MysqlError(
    1064,
    "42000",
    "You have an error in your SQL syntax; check the manual that corresponds to your {brand} server version "
    "for the right syntax to use near '{near}' at line 1",
)
_NO_DATABASE = MysqlError(1046, "3D000", "No database selected")
_EMPTY = MysqlError(1065, "42000", "Query was empty")
_NO_STATEMENT = MysqlError(1243, "HY000", "Unknown prepared statement handler ({number}) given to {command}")
_UNKNOWN_COMMAND = MysqlError(1047, "08S01", "Unknown command")
_NEAR = 80
"""How many characters of a statement a syntax error shows."""


class _Refused(Exception):
    """A statement ends with this error."""

    def __init__(self, error: MysqlError) -> None:
        super().__init__(error.message)
        self.error = error


class MysqlSession:
    """One connection, from the first byte to the last."""

    def __init__(self, server: MysqlServer, peer: Peer, around: Surroundings) -> None:
        self._server = server
        self._around = around
        self._link = Link(peer)
        self._login = Login(server, self._link, around)
        named = {"version": server.version.removeprefix("5.5.5-")}  # a prefix for old replicas of MariaDB
        self._settings: dict[str, Value] = {**answers.MYSQL_SETTINGS, **named, **server.settings}
        self._prepared: dict[int, str] = {}
        self._commands: dict[int, Callable[[bytes], None]] = {
            my.COM_QUERY: self._query,
            my.COM_INIT_DB: self._use,
            my.COM_PING: self._fine,
            commands.CHANGE_USER: self._change_user,
            commands.RESET_CONNECTION: self._fine,
            commands.SET_OPTION: self._ended,
            commands.FIELD_LIST: self._ended,
            commands.STATISTICS: self._statistics,
            commands.PREPARE: self._prepare,
            commands.EXECUTE: self._execute,
            commands.CLOSE_STATEMENT: self._forget,
            commands.RESET_STATEMENT: self._fine,
        }

    def run(self) -> None:
        """Until client or scenario ends it. Raises OSError, EOFError or ProtocolError of the client."""
        self._link.peer.break_off(self._server.ends, "start", self._around)
        if self._server.greeting_error is not None:
            self._link.send(self._error(self._server.greeting_error, sqlstate=False))
            return
        refusal = self._login.first()
        self._settings["database"] = self._login.database or None
        self._settings["user"] = f"{self._login.user}@localhost"
        self._link.send(self._error(refusal) if refusal else my.ok())
        while refusal is None:
            payload = self._link.receive()
            if payload[:1] == bytes((my.COM_QUIT,)):
                return
            refusal = self._command(payload)

    def _command(self, payload: bytes) -> MysqlError | None:
        """Answer one command; the error after which the server hangs up, or None."""
        self._link.peer.break_off(self._server.ends, "session", self._around)
        answer = self._commands.get(payload[0] if payload else 0)
        try:
            if self._server.statement_error is not None:
                raise _Refused(self._server.statement_error)
            if answer is None:
                raise _Refused(_UNKNOWN_COMMAND)
            answer(payload[1:])
        except _Refused as refused:
            self._link.send(self._error(refused.error))
            return refused.error if refused.error.ends else None
        return None

    def _fine(self, _rest: bytes) -> None:
        self._link.send(my.ok())

    def _ended(self, _rest: bytes) -> None:
        self._link.send(results.eof())

    def _statistics(self, _rest: bytes) -> None:
        self._link.send(b"Uptime: 86400  Threads: 4  Questions: 25  Slow queries: 0  Open tables: 104")

    def _use(self, rest: bytes) -> None:
        self._choose(rest.decode("utf-8", "replace"))
        self._link.send(my.ok())

    def _choose(self, database: str) -> None:
        missing = self._login.missing(database)
        if missing is not None:
            raise _Refused(missing)
        self._settings["database"] = self._login.database = database

    def _change_user(self, rest: bytes) -> None:
        refusal = self._login.change(rest)
        if refusal is not None:
            # MariaDB lets the client try again
            raise _Refused(replace(refusal, ends=not is_mariadb(self._server)))
        self._settings["database"] = self._login.database or None
        self._prepared.clear()
        self._link.send(my.ok())

    def _query(self, rest: bytes) -> None:
        """Several statements in one query, if the client said that it would send such."""
        text = rest.decode("utf-8", "replace")
        statements = sql.statements(text)
        if not statements:
            raise _Refused(_EMPTY)
        if len(statements) > 1 and not self._login.capabilities & commands.MULTI_STATEMENTS:
            self._misread(text[text.index(statements[1]) :])
        for number, statement in enumerate(statements, 1):
            more = commands.MORE_RESULTS if number < len(statements) else 0
            rows, status = self._rows(statement), my.STATUS_AUTOCOMMIT | more
            if rows is None:
                self._link.send(my.ok(affected=int(sql.is_write(statement)), status=status))
                continue
            data = [[_text(value) for value in row] for row in rows.rows]
            self._link.send(*results.resultset(rows.columns, data, _kinds(rows), status))

    def _rows(self, statement: str) -> sql.Rows | None:
        """What a statement returns; None for one without rows. Raises _Refused."""
        refused = sql.refusal(statement, self._around.answers)
        if isinstance(refused, MysqlError):
            raise _Refused(refused)
        if sql.first_word(statement) not in answers.MYSQL.words:
            self._misread(statement)
        if sql.is_write(statement) and (self._settings["read_only"] or self._settings["super_read_only"]):
            raise _Refused(_READ_ONLY)
        if sql.first_word(statement) == "USE":
            self._choose(statement[3:].strip(" `"))
        elif not self._login.database and sql.needs_database(statement):
            raise _Refused(_NO_DATABASE)
        return sql.answer(statement, answers.MYSQL, self._settings, self._around.answers)

    def _misread(self, near: str) -> None:
        raise _Refused(replace(_SYNTAX, message=filled(_SYNTAX.message, near=near[:_NEAR])))

    def _prepare(self, rest: bytes) -> None:
        statement = next(iter(sql.statements(rest.decode("utf-8", "replace"))), "")
        if not statement:
            raise _Refused(_EMPTY)
        rows = self._rows(statement)
        number = len(self._prepared) + 1
        self._prepared[number] = statement
        columns = rows.columns if rows else ()
        self._link.send(*commands.prepared(number, sql.placeholders(statement), columns))

    def _execute(self, rest: bytes) -> None:
        """The values that are bound are ignored."""
        number = int.from_bytes(rest[:4], "little")
        if number not in self._prepared:
            text = filled(_NO_STATEMENT.message, number=str(number), command="mysqld_stmt_execute")
            raise _Refused(replace(_NO_STATEMENT, message=text))
        rows = self._rows(self._prepared[number])
        if rows is None:
            self._link.send(my.ok(affected=int(sql.is_write(self._prepared[number]))))
            return
        data = [[int(v) if isinstance(v, bool) else v for v in row] for row in rows.rows]
        self._link.send(*commands.binary_resultset(rows.columns, data, _kinds(rows)))

    def _forget(self, rest: bytes) -> None:
        """COM_STMT_CLOSE, the one command that is not answered."""
        self._prepared.pop(int.from_bytes(rest[:4], "little"), None)

    def _error(self, error: MysqlError, *, sqlstate: bool = True) -> bytes:
        brand = "MariaDB" if is_mariadb(self._server) else "MySQL"
        who = {"user": self._login.user, "database": self._login.database, "host": HOST}
        text = filled(error.message, brand=brand, **who)
        return my.error(error.number, text, error.sqlstate if sqlstate else None)


def _kinds(rows: sql.Rows) -> list[int]:
    """The kind of each column, by its first value."""
    first = rows.rows[0] if rows.rows else ("",) * len(rows.columns)
    return [_KINDS.get(type(value), results.COLUMN_STRING) for value in first]


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return str(int(value))
    return None if value is None else str(value)
