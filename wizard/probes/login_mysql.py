"""MySQL's and MariaDB's login after the greeting, and simple queries after it."""

from __future__ import annotations

from wizard.probes.channel import Channel
from wizard.probes.outcome import LoginResult, QueryError
from wizard.target.model import Target
from wizard.wire import ProtocolError, mysql, mysql_passwords, mysql_results, raw

MOST_PACKETS = 20_000
MOST_COLUMNS = 100
"""No question of ours has as many."""
MOST_BYTES = 32 << 20
"""Of an answer: a server that never ends is not waited for, nor kept."""
MOST_TURNS = 20
"""Packets of a login: the longest way has six."""
_FULL = b"\x04"
"""caching_sha2_password: the server has no cached proof and wants the password itself, over a safe channel."""
_ASK_KEY, _ASK_OLD = b"\x02", b"\x01"
"""How caching_sha2_password and sha256_password ask for the server's key."""
CAUTIOUS = ("jdbc", "mysqlconnector")
"""Drivers that ask for the server's key only when told to; those that have either library are not among them."""
_ALLOW_KEY = ("allowpublickeyretrieval", "get-server-public-key")
_KEY_FILE = ("serverrsapublickeyfile", "server-public-key-path")


def login(channel: Channel, target: Target, until: float) -> LoginResult:
    """Answer the greeting and what follows it. Raises OSError and ProtocolError."""
    greeting = channel.greeting
    if greeting is None:
        raise ProtocolError("there was no greeting to answer")
    plugin = greeting.plugin or "mysql_native_password"
    secret = target.password.reveal() if target.password else ""
    proof = _proof(plugin, secret, greeting.salt, channel)
    if proof is None:
        plugin, proof = "mysql_native_password", mysql_passwords.native_password(secret, greeting.salt)
    flags = mysql.CLIENT_DEFAULT | (mysql.SSL if channel.tls else 0)
    response = mysql.handshake_response(
        target.user, proof, database=target.database, plugin=plugin, capabilities=flags
    )
    channel.record.naming(target.user)
    channel.send(mysql.packet(response, channel.sequence), until)
    salt = greeting.salt
    for _ in range(MOST_TURNS):
        packet = channel.packet(until)
        if packet is None:
            return LoginResult("closed", plugin, "the server closed the connection during the login")
        if packet.kind == "err":
            error = mysql.parse_error(packet.payload)
            channel.record.refused(str(error.number))
            return _refused(error, plugin)
        if packet.kind == "ok":
            channel.logged_in = True
            channel.record.accepted()
            flavour = "mariadb" if greeting.mariadb else "mysql"
            return LoginResult("ok", plugin, version=greeting.version, flavour=flavour)
        if packet.kind == "auth-switch":
            asked = mysql.parse_auth_switch(packet.payload)
            plugin, salt = asked.plugin, asked.salt
            answer = _proof(plugin, secret, salt, channel)
            if answer is None:
                return _unsupported(plugin, channel)
            if answer == _ASK_OLD and not _may_hand_over(channel, target):
                return _unsafe(plugin)
            channel.send(mysql.packet(answer, channel.sequence), until)
        elif packet.kind == "auth-more":
            more = mysql.parse_auth_more(packet.payload)
            if more == _FULL and not _may_hand_over(channel, target):
                return _unsafe(plugin)
            stop = _more(more, plugin, secret, salt, channel, until)
            if stop is not None:
                return stop
        else:
            raise ProtocolError("an unexpected packet during the login", seen="mysql")
    raise ProtocolError("a login without an end", seen="mysql")


def decline(channel: Channel, until: float) -> None:
    """End a handshake that is to be no login, as one of nobody that the server refuses. Raises as `login` does.

    MySQL and MariaDB count a handshake that is broken off against the host, and shut it out after max_connect_errors
    of them (error 1129); a refused login they do not count, and nobody's has no account to lock.
    """
    result = login(channel, Target("mysql"), until)
    if result.outcome in ("ok", "error"):
        channel.record.declined()


def _may_hand_over(channel: Channel, target: Target) -> bool:
    """Whether the driver sends the password itself: over a safe channel, else under the server's key."""
    if channel.tls or channel.peer.is_socket or target.driver not in CAUTIOUS:
        return True
    options = {key.lower().replace("_", "-"): value.lower() for key, value in target.options.items()}
    allowed = any(options.get(name) in ("true", "1", "on", "yes", "") for name in _ALLOW_KEY)
    return allowed or any(options.get(name) for name in _KEY_FILE)


def _refused(error: mysql.ServerError, plugin: str) -> LoginResult:
    state = f" ({error.sqlstate})" if error.sqlstate else ""
    return LoginResult("error", plugin, f"ERROR {error.number}{state}: {error.message}", str(error.number))


def _unsafe(plugin: str) -> LoginResult:
    return LoginResult("insecure", plugin, f"{plugin} wants TLS or the server's public key")


def _unsupported(plugin: str, channel: Channel) -> LoginResult:
    if plugin == "mysql_clear_password" and not channel.tls:
        return LoginResult(
            "insecure", plugin, "the server wants the password in clear text, and there is no TLS"
        )
    return LoginResult(
        "method-unsupported", plugin, f"the server asks for the plugin {plugin}", detail=plugin
    )


def _proof(plugin: str, secret: str, salt: bytes, channel: Channel) -> bytes | None:
    """The first answer for a plugin; None where it is not spoken here."""
    if plugin == "mysql_native_password":
        return mysql_passwords.native_password(secret, salt[:20])
    if plugin == "caching_sha2_password":
        return mysql_passwords.caching_sha2(secret, salt[:20])
    safe = channel.tls or channel.peer.is_socket
    if plugin == "sha256_password" and not channel.only_proof:
        return raw(secret) + b"\0" if safe or not secret else _ASK_OLD
    if plugin == "mysql_clear_password" and channel.tls and not channel.only_proof:
        return raw(secret) + b"\0"
    if plugin in ("auth_socket", "unix_socket"):
        return b""
    return None


def _more(
    data: bytes, plugin: str, secret: str, salt: bytes, channel: Channel, until: float
) -> LoginResult | None:
    """caching_sha2_password and sha256_password go on: the password itself, by TLS or under the server's key."""
    if plugin == "caching_sha2_password" and data == b"\x03":
        return None
    if plugin not in ("caching_sha2_password", "sha256_password"):
        return LoginResult("method-unsupported", plugin, f"the plugin {plugin} asks for more", detail=plugin)
    if channel.only_proof:
        return LoginResult(
            "method-unsupported", plugin, "the server wants the password itself", detail=plugin
        )
    if data == _FULL and (channel.tls or channel.peer.is_socket):
        channel.send(mysql.packet(raw(secret) + b"\0", channel.sequence), until)
    elif data == _FULL:
        channel.send(mysql.packet(_ASK_KEY, channel.sequence), until)
    elif data.startswith(b"-----BEGIN"):
        channel.send(mysql.packet(mysql_passwords.under_key(secret, salt, data), channel.sequence), until)
    else:
        return _unsafe(plugin)
    return None


def query(channel: Channel, sql: str, until: float) -> list[dict[str, str | None]]:
    """Rows of one query. Raises QueryError, OSError and ProtocolError."""
    channel.packets.restart()
    channel.record.asked(sql)
    channel.send(mysql.packet(mysql.query(sql), 0), until)
    payloads: list[bytes] = []
    ends = size = 0
    while len(payloads) < MOST_PACKETS and size < MOST_BYTES:
        packet = channel.packet(until)
        if packet is None:
            raise ConnectionResetError("the server closed the connection during a query")
        if packet.payload[:1] == b"\xff":
            error = mysql.parse_error(packet.payload)
            raise QueryError(f"ERROR {error.number}: {error.message}", str(error.number))
        if not payloads and packet.payload[:1] == b"\0":
            return []
        if not payloads and packet.payload[:1] > bytes((MOST_COLUMNS,)):
            raise ProtocolError("a result of another question", seen="mysql")
        payloads.append(packet.payload)
        size += len(packet.payload)
        if packet.payload[:1] == b"\xfe" and len(packet.payload) < 9:
            ends += 1
            if ends == 2:
                names, rows = mysql_results.parse_resultset(payloads)
                return [dict(zip(names, row, strict=True)) for row in rows]
    raise ProtocolError("a result without an end", seen="mysql")
