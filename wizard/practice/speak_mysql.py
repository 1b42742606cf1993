"""A MySQL server's side of a conversation, as a `MysqlServer` describes it. Bytes only through a Peer."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.practice import answers, sql
from wizard.practice.model import MysqlError, MysqlServer, Value
from wizard.practice.peer import Peer, Surroundings
from wizard.wire import mysql as my
from wizard.wire import mysql_passwords as passwords
from wizard.wire import mysql_results as results

_SALT = b"practice-salt-20-byt"
_KINDS = {bool: results.COLUMN_INTEGER, int: results.COLUMN_INTEGER}
_NO_DATABASE = MysqlError(1049, "42000", "Unknown database '{database}'")
_READ_ONLY = MysqlError(
    1290,
    "HY000",
    "The MySQL server is running with the --super-read-only option so it cannot execute this statement",
)
_UNKNOWN_COMMAND = MysqlError(1047, "08S01", "Unknown command")
_FULL_AUTHENTICATION, _FAST_SUCCESS = b"\x04", b"\x03"


class MysqlSession:
    """One connection, from the first byte to the last."""

    def __init__(self, server: MysqlServer, peer: Peer, around: Surroundings) -> None:
        self._server = server
        self._peer = peer
        self._around = around
        self._decoder = my.Decoder()
        self._sequence = 0
        self._user = self._database = ""
        self._settings: dict[str, Value] = {**answers.MYSQL_SETTINGS, **server.settings}

    def run(self) -> None:
        """Until client or scenario ends it. Raises OSError, EOFError or ProtocolError of the client."""
        if self._server.greeting_error is not None:
            self._send(self._error(self._server.greeting_error, sqlstate=False))
            return
        refusal = self._login()
        if refusal is not None:
            self._send(self._error(refusal))
            return
        self._send(my.ok())
        while self._command(self._packet().payload):
            pass

    def _packet(self) -> my.Packet:
        """The next packet and not a byte more: a client sends its TLS handshake right behind SSLRequest."""
        head = self._peer.receive_exactly(4)
        self._decoder.feed(head)
        found = list(self._decoder)  # raises for an impossible length before anything is read
        if not found:
            self._decoder.feed(self._peer.receive_exactly(int.from_bytes(head[:3], "little")))
            found = list(self._decoder)
        self._sequence = found[0].sequence + 1
        return found[0]

    def _send(self, *payloads: bytes) -> None:
        data = b"".join(my.packet(payload, self._sequence + i) for i, payload in enumerate(payloads))
        self._sequence += len(payloads)
        self._peer.send(data)

    def _login(self) -> MysqlError | None:
        """The whole handshake; what is wrong with it, or None."""
        tls = self._around.tls
        offered = my.SERVER_DEFAULT | (my.SSL if tls else 0)
        self._send(
            my.greeting(self._server.version, 8, _SALT, plugin=self._server.plugin, capabilities=offered)
        )
        response = my.parse_handshake_response(self._packet().payload)
        if response.is_ssl_request and tls is not None:
            self._peer.encrypt(tls.context)
            response = my.parse_handshake_response(self._packet().payload)
        self._user, self._database = response.user, response.database
        if self._server.plain_error is not None and not self._peer.encrypted:
            return self._server.plain_error
        auth = response.auth
        if response.plugin != self._server.account_plugin:
            self._send(my.auth_switch(self._server.account_plugin, _SALT))
            auth = self._packet().payload
        if not self._is_right(auth):
            used = "YES" if auth else "NO"
            return MysqlError(
                1045, "28000", f"Access denied for user '{{user}}'@'localhost' (using password: {used})"
            )
        if self._server.session_error is not None:
            return self._server.session_error
        unknown = self._database and self._database not in self._server.databases
        return _NO_DATABASE if unknown else None

    def _is_right(self, auth: bytes) -> bool:
        if self._server.account_plugin == "mysql_native_password":
            return auth == passwords.native_password(self._server.password, _SALT)
        if auth == passwords.caching_sha2(self._server.password, _SALT):
            self._send(my.auth_more(_FAST_SUCCESS))
            return True
        if auth and self._peer.encrypted:
            self._send(my.auth_more(_FULL_AUTHENTICATION))
            return self._packet().payload.removesuffix(b"\0") == self._server.password.encode()
        return False

    def _command(self, payload: bytes) -> bool:
        """Answer one command; False for the last one."""
        code, text = payload[0] if payload else 0, payload[1:].decode("utf-8", "replace")
        if code == my.COM_QUIT:
            return False
        if code == my.COM_QUERY:
            self._query(text)
        elif code == my.COM_INIT_DB and text not in self._server.databases:
            self._database = text
            self._send(self._error(_NO_DATABASE))
        elif code in (my.COM_PING, my.COM_INIT_DB):
            self._send(my.ok())
        else:
            self._send(self._error(_UNKNOWN_COMMAND))
        return True

    def _query(self, text: str) -> None:
        """The answer to the first statement: several in one query need a capability that is not offered."""
        statement = next(iter(sql.statements(text)), "")
        if sql.is_write(statement) and self._settings["super_read_only"]:
            self._send(self._error(_READ_ONLY))
            return
        rows = sql.answer(statement, answers.MYSQL, self._settings, self._around.answers)
        if rows is None:
            self._send(my.ok(affected=int(sql.is_write(statement))))
            return
        first: Sequence[Value] = rows.rows[0] if rows.rows else ()
        kinds = [_KINDS.get(type(value), results.COLUMN_STRING) for value in first]
        self._send(*results.resultset(rows.columns, [[_text(v) for v in row] for row in rows.rows], kinds))

    def _error(self, error: MysqlError, *, sqlstate: bool = True) -> bytes:
        text = error.message.format(user=self._user, database=self._database, host="127.0.0.1")
        return my.error(error.number, text, error.sqlstate if sqlstate else None)


def _text(value: Value) -> str | None:
    if isinstance(value, bool):
        return str(int(value))
    return None if value is None else str(value)
