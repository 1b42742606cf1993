"""How a client of the range's PostgreSQL proves who it is: the authentication requests that follow its first packet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from wizard.practice.model import PostgresError, PostgresServer, filled
from wizard.practice.peer import Peer, Surroundings
from wizard.wire import ProtocolError, postgres_server, scram
from wizard.wire import postgres as pg

_WRONG_PASSWORD = PostgresError(
    "28P01", 'password authentication failed for user "{user}"', "auth.c 334 auth_failed"
)
_NO_TICKET = PostgresError(
    "28000", '{method} authentication failed for user "{user}"', "auth.c 334 auth_failed"
)
_PLUS, _SCRAM = "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"
_MECHANISMS = {
    "scram": (_PLUS, _SCRAM),
    "scram-plus": (_PLUS,),
    "scram-without-plus": (_SCRAM,),
    "oauth": ("OAUTHBEARER",),
}
"""The SASL mechanisms that are offered for each kind of authentication; PLUS beside another under TLS alone."""
_TICKETS = {"gss": (7, "GSSAPI"), "sspi": (9, "SSPI")}
_SALT = b"\x01\x02\x03\x04"


class Refused(Exception):
    """A login or a statement ends with this error; `position` is where in the query, counted from 1."""

    def __init__(self, error: PostgresError, position: int = 0) -> None:
        super().__init__(error.message)
        self.error = error
        self.position = position


class Login:
    """The proof that one client gives."""

    def __init__(
        self, server: PostgresServer, peer: Peer, around: Surroundings, messages: Iterator[pg.Message]
    ) -> None:
        self._server = server
        self._peer = peer
        self._around = around
        self._messages = messages

    def prove(self, user: str) -> None:
        """Ask for the proof. Raises Refused where it is not right."""
        if self._server.auth in _MECHANISMS:
            right = self._scram(_MECHANISMS[self._server.auth])
        elif self._server.auth in _TICKETS:
            right = self._ticket(*_TICKETS[self._server.auth])
        elif self._server.auth == "trust":
            right = True
        elif self._server.auth == "md5":
            self._peer.send(postgres_server.auth_md5(_SALT))
            right = self._secret() == scram.md5_password(user, self._server.password, _SALT)
        else:
            self._peer.send(postgres_server.auth_cleartext())
            right = self._secret() == self._server.password
        if not right:
            raise Refused(_WRONG_PASSWORD)

    def _secret(self) -> str:
        return self._response().removesuffix(b"\0").decode("utf-8", "replace")

    def _response(self) -> bytes:
        """The payload of the next message, which must be the answer to an authentication request."""
        message = next(self._messages)
        if message.type != b"p":
            raise ProtocolError("expected a password response")
        self._peer.break_off(self._server.ends, "login", self._around)
        return message.payload

    def _ticket(self, code: int, method: str) -> bool:
        """Ask for a ticket of Kerberos, which nobody has here."""
        self._peer.send(postgres_server.auth_method(code))
        with contextlib.suppress(EOFError):  # a client without a ticket has nothing to say
            self._response()
        raise Refused(replace(_NO_TICKET, message=filled(_NO_TICKET.message, method=method)))

    def _scram(self, offered: tuple[str, ...]) -> bool:
        binding = self._around.tls.binding if self._around.tls and self._peer.encrypted else b""
        mechanisms = [one for one in offered if binding or one != _PLUS or offered == (_PLUS,)]
        if _PLUS not in mechanisms:
            binding = b""
        self._peer.send(postgres_server.auth_sasl(mechanisms))
        _, _, rest = self._response().partition(b"\0")
        server = scram.ScramServer(self._server.password, channel_binding_data=binding)
        self._peer.send(postgres_server.auth_sasl_continue(server.first(rest[4:])))
        final = server.final(self._response())
        if final is not None:
            self._peer.send(postgres_server.auth_sasl_final(final))
        return final is not None
