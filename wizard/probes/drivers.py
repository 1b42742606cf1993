"""The login through a real driver, where the server asks for a method that our own handshake does not speak.

Kerberos and SSPI are libpq's business, PAM's dialog and ed25519 PyMySQL's. This costs a second connection and the
import of a driver, so it is only done when the first login ended for this reason. The first one is closed before: a
server that is short of slots may have no second one, and MySQL forgives a broken handshake when a login follows it.
"""

from __future__ import annotations

from importlib import import_module

from wizard import footprint
from wizard.named import TYPE_CHECKING
from wizard.probes.channel import Channel
from wizard.probes.outcome import LoginResult, QueryError
from wizard.probes.tlsfiles import FileTrouble, make_context
from wizard.probes.tlshandshake import server_name
from wizard.runtime import Runtime
from wizard.target.model import Target

if TYPE_CHECKING:
    from typing import Any


_LIBPQ = (
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcrl",
    "gssencmode",
    "krbsrvname",
    "channel_binding",
    "options",
)
_PERMANENT = 1045
_ED25519 = "client_ed25519"
_BY_PYMYSQL = (_ED25519, "dialog", "mysql_old_password")
"""The plugins that PyMySQL speaks and our own handshake does not."""


def login(channel: Channel, target: Target, runtime: Runtime, asked: LoginResult) -> LoginResult:
    """The same login by psycopg or PyMySQL; on success `channel.driver` is its connection. Never raises."""
    try:
        if target.family == "mysql":
            return _by_pymysql(channel, target, runtime, asked)
        return _by_psycopg(channel, target, runtime, asked)
    except ImportError as error:
        return asked._replace(text=f"{asked.text}; the driver that speaks it is not installed ({error.name})")
    except (FileTrouble, OSError) as error:
        return asked._replace(text=f"{asked.text}; {error}")


def _by_psycopg(channel: Channel, target: Target, runtime: Runtime, asked: LoginResult) -> LoginResult:
    import psycopg

    settings: dict[str, Any] = {key: target.options[key] for key in _LIBPQ if target.options.get(key)}
    settings |= {"host": channel.peer.host, "port": channel.peer.port, "user": target.user}
    settings |= {"dbname": target.database, "sslmode": target.tls.mode, "application_name": "dbwizard"}
    if target.password:
        settings["password"] = target.password.reveal()
    record = _begun(channel, target, "libpq")
    try:
        # libpq counts whole seconds, and takes 1 for 2.
        made = psycopg.connect(
            **settings, connect_timeout=max(int(runtime.connect_timeout), 2), autocommit=True
        )
    except psycopg.Error as error:
        words = str(error).strip()
        if error.sqlstate is not None:
            record.refused(error.sqlstate)
        record.closed()
        if error.sqlstate is None:  # libpq's own words: the server was not even asked
            return asked._replace(text=f"{asked.text}; libpq: {words}")
        return LoginResult("error", asked.method, words, error.sqlstate)
    record.accepted()
    channel.driver = made
    return LoginResult("ok", asked.method, version=made.info.parameter_status("server_version") or "")


def _by_pymysql(channel: Channel, target: Target, runtime: Runtime, asked: LoginResult) -> LoginResult:
    import pymysql

    if asked.method not in _BY_PYMYSQL:
        return asked
    if asked.method == _ED25519:
        import_module("nacl.bindings")  # PyMySQL needs it: learnt before a handshake is begun in vain

    place: dict[str, Any] = {"unix_socket": channel.peer.host} if channel.peer.is_socket else {}
    if not place:
        place = {"host": server_name(target, channel), "port": channel.peer.port}
    wants_tls = (
        target.tls.mode not in ("disable", "allow") and channel.greeting is not None and channel.greeting.tls
    )
    context = make_context(target, runtime) if wants_tls else None
    record = _begun(channel, target, "PyMySQL")
    try:
        made = pymysql.connect(
            **place,
            user=target.user,
            password=target.password.reveal() if target.password else "",
            database=target.database or None,
            connect_timeout=max(int(runtime.connect_timeout), 1),
            read_timeout=8,
            ssl=context,
            autocommit=True,
        )
    except pymysql.Error as error:
        number, *words = error.args if error.args else (0,)
        text = f"ERROR {number}: {words[0] if words else error}"
        if number == _PERMANENT:
            record.refused(str(number))
        record.closed()
        # Without a number of the server's it is the driver that cannot do it.
        return LoginResult("error", asked.method, text, str(number)) if number == _PERMANENT else asked
    # A plugin whose library is missing, or an answer that PyMySQL stumbles over (PAM's empty one: IndexError).
    except (RuntimeError, LookupError, ValueError, AssertionError) as error:
        record.closed()
        return asked._replace(text=f"{asked.text}; PyMySQL: {error}")
    record.accepted()
    record.asked("SET NAMES utf8mb4")  # by PyMySQL itself, at each login
    channel.driver = made
    return LoginResult(
        "ok",
        asked.method,
        version=channel.greeting.version if channel.greeting else "",
        flavour=asked.flavour,
    )


def _begun(channel: Channel, target: Target, driver: str) -> footprint.Connection:
    """The driver's connection takes the place of the channel's own, which is closed."""
    channel.drop()
    channel.record = footprint.now().opening(footprint.place_of(channel.address, channel.peer.port)).opened()
    channel.record.naming(target.user)
    channel.record.through = driver
    return channel.record


def query(driver: Any, sql: str) -> list[dict[str, str | None]]:
    """Rows of one query on a driver's connection, every value as text. Raises QueryError."""
    try:
        with driver.cursor() as cursor:
            cursor.execute(sql)
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, map(_text, row), strict=True)) for row in cursor.fetchmany(5000)]
    except Exception as error:  # each driver has a family of its own; all of them end here
        code = getattr(error, "sqlstate", None) or (error.args[0] if error.args else "")
        raise QueryError(str(error), str(code)) from error


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(map(str, value)) + "}"
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
