"""A PostgreSQL server's side of a conversation, as a `PostgresServer` describes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wizard.practice import answers, sql
from wizard.practice.model import HOST, PostgresError, PostgresServer, Value, filled
from wizard.practice.peer import Peer, Surroundings
from wizard.practice.postgres_login import Login, Refused
from wizard.wire import postgres as pg
from wizard.wire import postgres_server

_INTEGER, _BIGINT, _TEXT = 23, 20, 25
_OIDS = {bool: 16, int: _INTEGER, float: 701}
_LARGEST = (1 << 31) - 1
_NO_DATABASE = PostgresError("3D000", 'database "{database}" does not exist', "postinit.c 948 InitPostgres")
_SYNTAX = PostgresError(
    "42601", 'syntax error at or near "{word}"', "scan.l 1192 scanner_yyerror", severity="ERROR"
)
_ABORTED = PostgresError(
    "25P02",
    "current transaction is aborted, commands ignored until end of transaction block",
    "postgres.c 1088 exec_simple_query",
    severity="ERROR",
)
_NO_TRANSACTION = PostgresError("25P01", "there is no transaction in progress", severity="WARNING")
_OUTSIDE = {
    "COMMIT": "xact.c 3915 EndTransactionBlock",
    "ROLLBACK": "xact.c 4027 UserAbortTransactionBlock",
}
"""Where the server warns of the end of a transaction that was never begun."""
_LASTS = ("ROLLBACK", "COMMIT", "END", "ABORT")
"""What ends a transaction; all that a failed one still takes."""


class PostgresSession:
    """One connection, from the first byte to the last."""

    def __init__(self, server: PostgresServer, peer: Peer, around: Surroundings) -> None:
        self._server = server
        self._peer = peer
        self._around = around
        self._decoder = pg.Decoder(types=postgres_server.FRONTEND_TYPES)
        self._user = self._database = ""
        self._settings: dict[str, Value] = {**answers.POSTGRES_SETTINGS, **server.settings}
        self._status = "I"
        self._prepared: dict[bytes, str] = {}
        self._portal = ""
        self._skipping = False

    def run(self) -> None:
        """Until client or scenario ends it. Raises OSError, EOFError or ProtocolError of the client."""
        if not self._read_start():
            return
        try:
            self._refuse_early()
            Login(self._server, self._peer, self._around, self._messages()).prove(self._user)
            self._refuse_late()
        except Refused as refused:
            self._peer.send(self._error(refused))
            return
        self._welcome()
        for message in self._messages():
            if message.type == b"X":
                return
            self._peer.break_off(self._server.ends, "session", self._around)
            self._handle(message)

    def _read_start(self) -> bool:
        """Answer the requests for encryption; whether a startup message came."""
        while True:
            head = self._peer.receive_exactly(8)
            size = int.from_bytes(head[:4], "big")
            whole = (
                head + self._peer.receive_exactly(size - 8)
                if 8 < size <= postgres_server.MAX_STARTUP
                else head
            )
            start = postgres_server.parse_frontend_start(whole)
            if start is None or start.kind in ("cancel", "tls"):
                return False
            if start.kind == "startup":
                self._user = start.params.get("user", "")
                self._database = start.params.get("database", self._user)
                self._settings.update(current_user=self._user, current_database=self._database)
                self._settings["application_name"] = start.params.get("application_name", "")
                return True
            if start.kind == "ssl" and self._around.tls is not None and not self._peer.encrypted:
                self._peer.send(b"S")
                self._peer.encrypt(self._around.tls, self._around)
            else:
                self._peer.send(b"N")

    def _refuse_early(self) -> None:
        self._peer.break_off(self._server.ends, "start", self._around)
        if self._server.start_error is not None:
            self._around.stop.wait(self._server.start_delay)
            raise Refused(self._server.start_error)
        if self._server.plain_error is not None and not self._peer.encrypted:
            raise Refused(self._server.plain_error)

    def _refuse_late(self) -> None:
        """What comes after the right password; a pooler says that it was right only when it has a server."""
        late = self._server.session_error
        if late is not None:
            self._around.stop.wait(self._server.start_delay)
        if late is not None and (not late.place or late.place.endswith(" auth_failed")):
            raise Refused(late)
        self._peer.send(postgres_server.auth_ok())
        if late is not None:
            raise Refused(late)
        if self._database not in self._server.databases:
            raise Refused(_NO_DATABASE)

    def _welcome(self) -> None:
        statuses = [
            postgres_server.parameter_status(name, str(self._settings[name]))
            for name in answers.POSTGRES_REPORTED
        ]
        self._peer.send(b"".join(statuses) + postgres_server.backend_key(4711, 1) + postgres_server.ready())

    def _messages(self) -> Iterator[pg.Message]:
        while True:
            yield from self._decoder
            self._decoder.feed(self._peer.receive())

    def _handle(self, message: pg.Message) -> None:
        """One message of a session: the simple protocol, or the extended one of drivers that bind."""
        if message.type == b"Q":
            text = message.payload.removesuffix(b"\0").decode("utf-8", "replace")
            self._simple(text)
        elif message.type == b"S":
            self._skipping = False
            self._peer.send(postgres_server.ready(self._status))
        elif not self._skipping:
            self._extended(message)

    def _simple(self, text: str) -> None:
        statements = sql.statements(text)
        reply = b"" if statements else postgres_server.empty()
        try:
            self._read(text, statements)
            for statement in statements:
                reply += self._execute(statement)
        except Refused as refused:
            self._peer.send(reply)
            self._refuse(refused)
            reply = b""
        self._peer.send(reply + postgres_server.ready(self._status))

    def _read(self, text: str, statements: list[str]) -> None:
        """What the parser does before anything runs. Raises Refused at the first word that begins no statement."""
        for statement in statements:
            if sql.first_word(statement) not in answers.POSTGRES.words:
                word = sql.first_token(statement)
                error = replace(_SYNTAX, message=filled(_SYNTAX.message, word=word))
                raise Refused(error, position=text.index(word) + 1)

    def _extended(self, message: pg.Message) -> None:
        try:
            self._peer.send(self._step(message))
        except Refused as refused:
            self._skipping = True
            self._refuse(refused)

    def _step(self, message: pg.Message) -> bytes:
        """The answer to Parse, Bind, Describe, Execute or Close; values that are bound are ignored."""
        if message.type == b"P":
            name, query = message.payload.split(b"\0")[:2]
            text = query.decode("utf-8", "replace")
            self._read(text, sql.statements(text))
            self._go_on(text, "postgres.c 1497 exec_parse_message")
            self._prepared[name] = text
            return pg.message(b"1")
        if message.type == b"B":
            self._portal = self._prepared.get(message.payload.split(b"\0")[1], "")
            return pg.message(b"2")
        if message.type == b"D":
            described = message.payload[:1] == b"S"
            rows = self._rows(self._prepared.get(message.payload[1:-1], "") if described else self._portal)
            parameters = pg.message(b"t", b"\0\0") if described else b""
            return parameters + (_description(rows) if rows else pg.message(b"n"))
        if message.type == b"E":
            return self._execute(self._portal, described=True)
        return pg.message(b"3") if message.type == b"C" else b""

    def _rows(self, statement: str) -> sql.Rows | None:
        return sql.answer(statement, answers.POSTGRES, self._settings, self._around.answers)

    def _execute(self, statement: str, *, described: bool = False) -> bytes:
        word = sql.first_word(statement)
        refused = self._server.statement_error or sql.refusal(statement, self._around.answers)
        if isinstance(refused, PostgresError):
            raise Refused(refused)
        self._go_on(statement, _ABORTED.place)
        if sql.is_write(statement) and self._settings["transaction_read_only"] == "on":
            tag = _tag(statement).split(" 0")[0]
            text = f"cannot execute {tag} in a read-only transaction"
            raise Refused(
                PostgresError("25006", text, "utility.c 411 PreventCommandIfReadOnly", severity="ERROR")
            )
        rows = self._rows(statement)
        if rows is not None:
            head = b"" if described else _description(rows)
            data = b"".join(postgres_server.data_row([_text(value) for value in row]) for row in rows.rows)
            tag = word if word == "SHOW" else f"SELECT {len(rows.rows)}"
            return head + data + postgres_server.command_complete(tag)
        failed = self._status == "E"  # a COMMIT rolls back what has failed, and says so
        return self._transact(statement, word) + postgres_server.command_complete(
            "ROLLBACK" if failed else _tag(statement)
        )

    def _go_on(self, statement: str, place: str) -> None:
        """Raises Refused in a transaction that has failed."""
        if self._status == "E" and sql.first_word(statement) not in _LASTS:
            raise Refused(replace(_ABORTED, place=place))

    def _transact(self, statement: str, word: str) -> bytes:
        """Begin or end a transaction where the statement does so; the warning for one that was never begun."""
        before = self._status
        if word in ("BEGIN", "START"):
            self._status = "T"
        elif word in _LASTS and " TO " not in statement.upper():
            self._status = "I"
        if before == self._status == "I" and word in _OUTSIDE:
            return postgres_server.notice(self._fields(replace(_NO_TRANSACTION, place=_OUTSIDE[word])))
        return b""

    def _error(self, refused: Refused) -> bytes:
        if self._status == "T":
            self._status = "E"
        return postgres_server.error(self._fields(refused.error, refused.position))

    def _fields(self, error: PostgresError, position: int = 0) -> dict[str, str]:
        """The fields of an error or a notice; `position` is where in the query, counted from 1."""
        client = {
            "user": self._user,
            "database": self._database,
            "host": HOST,
            "encryption": "SSL encryption" if self._peer.encrypted else "no encryption",
        }
        fields = {"S": error.severity, "V": error.severity, "C": error.code}
        for key, text in (("M", error.message), ("D", error.detail), ("H", error.hint)):
            if text:
                fields[key] = filled(text, **client)
        if position:
            fields["P"] = str(position)
        if error.place:
            fields["F"], fields["L"], fields["R"] = error.place.split()
        else:
            del fields["V"]  # poolers send severity, code and message only
        return fields

    def _refuse(self, refused: Refused) -> None:
        """Say why; EOFError where the session ends with it."""
        if refused.error.severity == "WARNING":  # how the last words of a server in a hurry are marked
            self._peer.send(postgres_server.notice(self._fields(refused.error)))
            raise EOFError from refused
        self._peer.send(self._error(refused))
        if refused.error.severity == "FATAL":
            raise EOFError from refused


def _description(rows: sql.Rows) -> bytes:
    first = rows.rows[0] if rows.rows else ()
    return postgres_server.row_description(rows.columns, [_oid(value) for value in first])


def _oid(value: Value) -> int:
    """The type of a column with this value in its first row."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return _BIGINT
    return _OIDS.get(type(value), _TEXT)


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return "t" if value else "f"
    return None if value is None else str(value)


def _tag(statement: str) -> str:
    """The command tag of a statement without rows."""
    words = [word for word in statement.upper().split() if word not in ("TEMP", "TEMPORARY", "UNLOGGED")]
    if words[0] == "INSERT":
        return "INSERT 0 1"
    if words[0] in ("UPDATE", "DELETE"):
        return f"{words[0]} 0"
    return " ".join(words[:2]) if words[0] in ("CREATE", "ALTER", "DROP") else words[0]
