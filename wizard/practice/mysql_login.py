"""How a client of the range's MySQL or MariaDB logs in: greeting, TLS, and the plugins that prove a password."""

from __future__ import annotations

from wizard.practice.model import DATABASE, MysqlError, MysqlServer
from wizard.practice.mysql_link import Link
from wizard.practice.peer import Surroundings
from wizard.wire import mysql as my
from wizard.wire import mysql_passwords as passwords
from wizard.wire.mysql_commands import MULTI_STATEMENTS, UTF8MB4_0900_AI_CI, parse_change_user

_SALT = b"practice-salt-20-byt"
_THREAD = 8
_PROOFS = {
    "mysql_native_password": passwords.native_password,
    "caching_sha2_password": passwords.caching_sha2,
}
_OPEN = ("mysql_clear_password", "dialog")
"""Plugins whose clients send the password as it is."""
_PROMPT = b"\4Password: "
"""What `dialog` asks: a question whose answer is not shown."""
_KEY_REQUESTS = {"sha256_password": b"\x01", "caching_sha2_password": b"\x02"}
"""How a client without TLS asks for the server's key."""
_FULL_AUTHENTICATION, _FAST_SUCCESS = b"\x04", b"\x03"


def is_mariadb(server: MysqlServer) -> bool:
    """Whether the server says that it is MariaDB."""
    return "mariadb" in server.version.lower()


class Login:
    """Who the client is; `user` and `database` are what it said last."""

    def __init__(self, server: MysqlServer, link: Link, around: Surroundings) -> None:
        self._server = server
        self._link = link
        self._around = around
        self.user = self.database = ""
        self.capabilities = 0

    def first(self) -> MysqlError | None:
        """The whole handshake; what is wrong with it, or None."""
        self._link.send(self._greeting())
        response = my.parse_handshake_response(self._link.receive())
        if response.is_ssl_request and self._around.tls is not None:
            self._link.peer.encrypt(self._around.tls, self._around)
            response = my.parse_handshake_response(self._link.receive())
        self.user, self.database, self.capabilities = response.user, response.database, response.capabilities
        self._link.peer.break_off(self._server.ends, "login", self._around)
        return self._prove(response.plugin, response.auth)

    def change(self, payload: bytes) -> MysqlError | None:
        """COM_CHANGE_USER: servers ask for a new proof, with the account's plugin; what is wrong with it, or None."""
        asked = parse_change_user(payload)
        self.user, self.database = asked.user, asked.database
        return self._prove("", b"")

    def missing(self, database: str) -> MysqlError | None:
        """Why this database cannot be used: the account has rights in its own only, so that others are denied to it."""
        if not database or database in self._server.databases:
            return None
        if database == DATABASE:
            return MysqlError(1049, "42000", f"Unknown database '{database}'")
        return MysqlError(
            1044, "42000", f"Access denied for user '{{user}}'@'localhost' to database '{database}'"
        )

    def _greeting(self) -> bytes:
        server = self._server
        offered = my.SERVER_DEFAULT | MULTI_STATEMENTS | (my.SSL if self._around.tls else 0)
        if is_mariadb(server):
            offered &= ~my.LONG_PASSWORD  # MariaDB says with it that it is none of Oracle's
        charset = my.UTF8MB4_GENERAL_CI if is_mariadb(server) else UTF8MB4_0900_AI_CI
        return my.greeting(
            server.version, _THREAD, _SALT, plugin=server.plugin, capabilities=offered, charset=charset
        )

    def _prove(self, plugin: str, auth: bytes) -> MysqlError | None:
        wanted = self._server.account_plugin
        if plugin != wanted:
            self._link.send(my.auth_switch(wanted, _PROMPT if wanted == "dialog" else _SALT))
            auth = self._link.receive()
        if not self._is_right(wanted, auth):
            used = "YES" if auth.strip(b"\0") else "NO"
            return MysqlError(
                1045, "28000", f"Access denied for user '{{user}}'@'localhost' (using password: {used})"
            )
        if self._server.plain_error is not None and not self._link.peer.encrypted:
            return self._server.plain_error  # servers look at the password first
        return self._server.session_error or self.missing(self.database)

    def _is_right(self, plugin: str, auth: bytes) -> bool:
        """Whether the client knows the password; a plugin that the range does not know believes nobody."""
        if plugin in _OPEN:
            return self._is_itself(auth)
        if plugin == "sha256_password":
            return self._under_key_or_tls(plugin, auth)
        right = plugin in _PROOFS and auth == _PROOFS[plugin](self._server.password, _SALT)
        if plugin != "caching_sha2_password" or not auth:
            return right
        if right and self._server.cached:
            self._link.send(my.auth_more(_FAST_SUCCESS))
            return True
        self._link.send(my.auth_more(_FULL_AUTHENTICATION))
        return self._under_key_or_tls(plugin, self._link.receive())

    def _is_itself(self, answer: bytes) -> bool:
        return answer.removesuffix(b"\0") == self._server.password.encode()

    def _under_key_or_tls(self, plugin: str, answer: bytes) -> bool:
        """Whether the client sends the right password itself: under TLS, or under the server's key."""
        if self._link.peer.encrypted:
            return self._is_itself(answer)
        if answer != _KEY_REQUESTS[plugin]:
            return False
        from wizard.practice.mysql_key import password_of, public_key

        self._link.send(my.auth_more(public_key()))
        return self._is_itself(password_of(self._link.receive(), _SALT))
