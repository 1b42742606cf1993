"""A PostgreSQL server's side of a conversation, as a `PostgresServer` describes it."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.practice import answers, sql
from wizard.practice.model import PostgresError, PostgresServer, Value
from wizard.practice.peer import Peer, Surroundings
from wizard.wire import ProtocolError, scram
from wizard.wire import postgres as pg

_OIDS = {bool: 16, int: 20, float: 701}
_WRONG_PASSWORD = PostgresError(
    "28P01", 'password authentication failed for user "{user}"', "auth.c 334 auth_failed"
)
_NO_DATABASE = PostgresError("3D000", 'database "{database}" does not exist', "postinit.c 948 InitPostgres")
_ABORTED = PostgresError(
    "25P02",
    "current transaction is aborted, commands ignored until end of transaction block",
    "postgres.c 1088 exec_simple_query",
    severity="ERROR",
)


class _Refused(Exception):
    """The conversation ends with this error."""

    def __init__(self, error: PostgresError) -> None:
        super().__init__(error.message)
        self.error = error


class PostgresSession:
    """One connection, from the first byte to the last."""

    def __init__(self, server: PostgresServer, peer: Peer, around: Surroundings) -> None:
        self._server = server
        self._peer = peer
        self._around = around
        self._decoder = pg.Decoder(types=pg.FRONTEND_TYPES)
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
            self._login()
            self._refuse_late()
        except _Refused as refused:
            self._send_error(refused.error)
            return
        self._welcome()
        for message in self._messages():
            if message.type == b"X":
                return
            self._handle(message)

    def _read_start(self) -> bool:
        """Answer the requests for encryption; whether a startup message came."""
        while True:
            head = self._peer.receive_exactly(8)
            size = int.from_bytes(head[:4], "big")
            whole = head + self._peer.receive_exactly(size - 8) if 8 < size <= pg.MAX_STARTUP else head
            start = pg.parse_frontend_start(whole)
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
                self._peer.encrypt(self._around.tls.context)
            else:
                self._peer.send(b"N")

    def _refuse_early(self) -> None:
        if self._server.start_delay:
            self._around.stop.wait(self._server.start_delay)
        if self._server.start_error is not None:
            raise _Refused(self._server.start_error)
        if self._server.plain_error is not None and not self._peer.encrypted:
            raise _Refused(self._server.plain_error)

    def _login(self) -> None:
        if self._server.auth == "scram":
            right = self._scram()
        elif self._server.auth == "md5":
            salt = b"\x01\x02\x03\x04"
            self._peer.send(pg.auth_md5(salt))
            right = self._secret() == scram.md5_password(self._user, self._server.password, salt)
        else:
            self._peer.send(pg.auth_cleartext())
            right = self._secret() == self._server.password
        if not right:
            raise _Refused(_WRONG_PASSWORD)
        self._peer.send(pg.auth_ok())

    def _secret(self) -> str:
        return self._response().removesuffix(b"\0").decode("utf-8", "replace")

    def _response(self) -> bytes:
        """The payload of the next message, which must be the answer to an authentication request."""
        message = next(self._messages())
        if message.type != b"p":
            raise ProtocolError("expected a password response")
        return message.payload

    def _scram(self) -> bool:
        binding = self._around.tls.binding if self._around.tls and self._peer.encrypted else b""
        mechanisms = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"] if binding else ["SCRAM-SHA-256"]
        self._peer.send(pg.auth_sasl(mechanisms))
        _, _, rest = self._response().partition(b"\0")
        server = scram.ScramServer(self._server.password, channel_binding_data=binding)
        self._peer.send(pg.auth_sasl_continue(server.first(rest[4:])))
        final = server.final(self._response())
        if final is not None:
            self._peer.send(pg.auth_sasl_final(final))
        return final is not None

    def _refuse_late(self) -> None:
        if self._server.session_error is not None:
            raise _Refused(self._server.session_error)
        if self._database not in self._server.databases:
            raise _Refused(_NO_DATABASE)

    def _welcome(self) -> None:
        statuses = [
            pg.parameter_status(name, str(self._settings[name])) for name in answers.POSTGRES_REPORTED
        ]
        self._peer.send(b"".join(statuses) + pg.backend_key(4711, 1) + pg.ready())

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
            self._peer.send(pg.ready(self._status))
        elif not self._skipping:
            self._extended(message)

    def _simple(self, text: str) -> None:
        statements = sql.statements(text)
        reply = b"" if statements else pg.empty()
        try:
            for statement in statements:
                reply += self._execute(statement)
        except _Refused as refused:
            reply += self._error(refused.error)
        self._peer.send(reply + pg.ready(self._status))

    def _extended(self, message: pg.Message) -> None:
        """Parse, Bind, Describe, Execute and Close; values that are bound are ignored."""
        if message.type == b"P":
            name, text = message.payload.split(b"\0")[:2]
            self._prepared[name] = text.decode("utf-8", "replace")
            self._peer.send(pg.message(b"1"))
        elif message.type == b"B":
            self._portal = self._prepared.get(message.payload.split(b"\0")[1], "")
            self._peer.send(pg.message(b"2"))
        elif message.type == b"D":
            described = message.payload[:1] == b"S"
            statement = self._prepared.get(message.payload[1:-1], "") if described else self._portal
            rows = self._rows(statement)
            parameters = pg.message(b"t", b"\0\0") if described else b""
            self._peer.send(parameters + (_description(rows) if rows else pg.message(b"n")))
        elif message.type == b"E":
            try:
                self._peer.send(self._execute(self._portal, described=True))
            except _Refused as refused:
                self._skipping = True
                self._peer.send(self._error(refused.error))
        elif message.type == b"C":
            self._peer.send(pg.message(b"3"))

    def _rows(self, statement: str) -> sql.Rows | None:
        return sql.answer(statement, answers.POSTGRES, self._settings, self._around.answers)

    def _execute(self, statement: str, *, described: bool = False) -> bytes:
        word = sql.first_word(statement)
        if self._status == "E" and word not in ("ROLLBACK", "COMMIT", "END", "ABORT"):
            raise _Refused(_ABORTED)
        if sql.is_write(statement) and self._settings["transaction_read_only"] == "on":
            tag = _tag(statement).split(" 0")[0]
            text = f"cannot execute {tag} in a read-only transaction"
            raise _Refused(
                PostgresError("25006", text, "utility.c 411 PreventCommandIfReadOnly", severity="ERROR")
            )
        rows = self._rows(statement)
        if rows is not None:
            head = b"" if described else _description(rows)
            data = b"".join(pg.data_row([_text(value) for value in row]) for row in rows.rows)
            tag = word if word == "SHOW" else f"SELECT {len(rows.rows)}"
            return head + data + pg.command_complete(tag)
        if word in ("BEGIN", "START"):
            self._status = "T"
        elif word in ("COMMIT", "ROLLBACK", "END", "ABORT") and " TO " not in statement.upper():
            self._status = "I"
        return pg.command_complete(_tag(statement))

    def _error(self, error: PostgresError) -> bytes:
        encryption = "SSL encryption" if self._peer.encrypted else "no encryption"
        text = error.message.format(
            user=self._user, database=self._database, host="127.0.0.1", encryption=encryption
        )
        fields = {"S": error.severity, "V": error.severity, "C": error.code, "M": text}
        if error.detail:
            fields["D"] = error.detail
        if error.place:
            fields["F"], fields["L"], fields["R"] = error.place.split()
        else:
            del fields["V"]  # poolers send severity, code and message only
        if self._status == "T":
            self._status = "E"
        return pg.error(fields)

    def _send_error(self, error: PostgresError) -> None:
        self._peer.send(self._error(error))


def _description(rows: sql.Rows) -> bytes:
    first = rows.rows[0] if rows.rows else ()
    return pg.row_description(rows.columns, [_OIDS.get(type(value), 25) for value in first])


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
