"""PostgreSQL's startup and authentication, up to ReadyForQuery, and simple queries after it."""

from __future__ import annotations

from wizard.named import TYPE_CHECKING
from wizard.probes.channel import Channel
from wizard.probes.outcome import LoginResult, QueryError
from wizard.target.model import Target
from wizard.wire import ProtocolError, postgres

if TYPE_CHECKING:
    from typing import Any


STARTUP_OPTIONS = ("options", "client_encoding", "replication", "search_path", "datestyle", "timezone")
"""Options of a connection that libpq sends to the server in the startup message."""
MOST_ROWS = 5000
MOST_COLUMNS = 100
"""No question of ours has as many."""
MOST_BYTES = 32 << 20
"""Of an answer, with HEAD bytes for each message: a server that never ends is not waited for, nor kept."""
HEAD = 32
MOST_TURNS = 1000
"""Messages of a login: a server sends some twenty, and what its hooks and poolers have to say."""
MOST_NAME, MOST_VALUE = 100, 1000
"""Characters of a parameter that are kept."""
MOST_PID = 1 << 22
"""No process of Linux has a greater number (include/linux/threads.h)."""
PROTOCOL_VIOLATION = "08P01"
"""PgBouncer's code for whatever it says (src/proto.c, send_pooler_error)."""
OPERATOR = "57P"
"""The class of codes for what an operator, or a crash, does to a session (errcodes.txt, class 57)."""
WRONG_PASSWORD = "28P01"
"""Said of a certificate, too, that does not name the role, although SCRAM's last word confirmed the password."""
_SCRAM, _PLUS = "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"
_METHOD_NAMES = {"ok": "", "cleartext": "password", "sasl": "scram-sha-256"}
_BY_REQUIRE_AUTH = {"cleartext": "password", "sasl": "scram-sha-256", "ok": "none"}


def login(channel: Channel, target: Target, until: float, first: float | None = None) -> LoginResult:
    """Send the startup message and answer what the server asks, its first word by the moment `first`.

    Raises OSError and ProtocolError.
    """
    channel.record.naming(target.user)
    channel.send(postgres.startup(startup_parameters(target)), until)
    scram: Any = None
    method = ""
    wait = min(until, first or until)
    for _ in range(MOST_TURNS):
        message = channel.message(wait)
        wait = until
        if message is None:
            return LoginResult("closed", method, "the server closed the connection during the login")
        if message.type == b"E":
            fields = postgres.parse_error(message.payload)
            channel.record.refused(fields.code)
            return _refused(fields, method, channel.proved)
        if message.type == b"K":
            channel.session_id = int.from_bytes(message.payload[:4], "big")
        elif message.type == b"S":
            name, value = postgres.parse_parameter_status(message.payload)
            channel.parameters[name[:MOST_NAME]] = value[:MOST_VALUE]
        elif message.type == b"Z":
            channel.logged_in = True
            channel.record.accepted()
            return _accepted(channel, method)
        elif message.type == b"R":
            auth = postgres.parse_auth(message.payload)
            if auth.method not in ("ok", "sasl-continue", "sasl-final"):
                if method:
                    raise ProtocolError("the server asked for the password twice", seen="postgresql")
                method = _METHOD_NAMES.get(auth.method, auth.method)
                stop = _cannot(auth, method, channel, target)
                if stop is not None:
                    return stop
            scram = _answer(channel, target, auth, scram, until)
    raise ProtocolError("a login without an end", seen="postgresql")


def startup_parameters(target: Target) -> dict[str, str]:
    """What libpq would send: user, database, the application's options, and who we are."""
    parameters = {
        "user": target.user,
        "database": target.database or target.user,
        "application_name": "dbwizard",
    }
    for name in STARTUP_OPTIONS:
        value = target.options.get(name)
        if value and not (name == "client_encoding" and value == "auto"):
            parameters[name] = value
    return parameters


def _refused(fields: postgres.ErrorFields, method: str, proved: bool) -> LoginResult:
    severity = fields.severity or fields.severity_code
    text = f"{severity}:  {fields.message}"
    outcome = _speaker(fields, method, proved)
    pooler = "" if outcome == "error" else "pgbouncer" if fields.code == PROTOCOL_VIOLATION else "other"
    if outcome == "error" and proved and fields.code == WRONG_PASSWORD:
        outcome = "error-proved"
    return LoginResult(outcome, method, text, fields.code, fields.detail, fields.hint, pooler=pooler)


def _speaker(fields: postgres.ErrorFields, method: str, proved: bool) -> str:
    """Whose words these are: error (the server's), error-pooler, or error-behind (passed on by a pooler).

    The server signs its errors with a place of its source; a pooler signs nothing, also not what it passes on. That
    alone proves little; a password that was confirmed before, or PgBouncer's one code, settles it. PgBouncer never
    names the user when it refuses a login itself, PostgreSQL always does.
    """
    if fields.file or fields.routine:
        return "error"
    if proved:
        return "error-behind"
    if fields.code != PROTOCOL_VIOLATION:
        return "error"
    names_user = 'for user "' in fields.message
    return "error-behind" if names_user and method != "scram-sha-256" else "error-pooler"


def _accepted(channel: Channel, method: str) -> LoginResult:
    version = channel.parameters.get("server_version", "")
    pooler = "other" if channel.session_id > MOST_PID else ""
    return LoginResult("ok", method, version=version, flavour="postgresql", pooler=pooler)


def _cannot(auth: postgres.Auth, method: str, channel: Channel, target: Target) -> LoginResult | None:
    """Why this login cannot go on, if so: a method not spoken or refused, no password, no channel binding."""
    required = target.options.get("require_auth", "")
    if required and not _allowed(_BY_REQUIRE_AUTH.get(auth.method, auth.method), required):
        return LoginResult(
            "method-unsupported", method, f"require_auth={required}, and the server asks for {method}"
        )
    binding = target.options.get("channel_binding", "prefer")
    if binding == "require" and not (channel.tls and _PLUS in auth.mechanisms):
        why = f"the server does not offer {_PLUS}" if channel.tls else "the connection has no TLS"
        return LoginResult("channel-binding", method, f"channel_binding=require, and {why}")
    spoken = {_SCRAM, _PLUS} if channel.tls else {_SCRAM}
    if auth.method == "sasl" and not spoken & set(auth.mechanisms):
        offered = ", ".join(auth.mechanisms)
        return LoginResult("method-unsupported", method, f"the server asks for {offered}", detail="sasl")
    if auth.method not in ("cleartext", "md5", "sasl"):
        return LoginResult("method-unsupported", method, f"the server asks for {method}", detail=auth.method)
    if not target.password:
        return LoginResult(
            "password-missing", method, f"the server asks for a password ({method}), and none was given"
        )
    return None


def _allowed(method: str, required: str) -> bool:
    words = [word.strip() for word in required.split(",")]
    if all(word.startswith("!") for word in words):
        return f"!{method}" not in words
    return method in words


def _answer(channel: Channel, target: Target, auth: postgres.Auth, scram: Any, until: float) -> Any:
    """Send what `auth` asks for; the SCRAM exchange so far is handed back."""
    password = target.password.reveal() if target.password else ""
    if auth.method == "cleartext":
        channel.send(postgres.password(password), until)
    elif auth.method == "md5":
        from wizard.wire import scram as proofs

        channel.send(postgres.password(proofs.md5_password(target.user, password, auth.salt)), until)
    elif auth.method == "sasl":
        # Binding needs the certificate parsed, which costs as much as the whole walk: only where it is demanded.
        demanded = target.options.get("channel_binding") == "require" or _SCRAM not in auth.mechanisms
        binding = _binding(channel) if demanded and _PLUS in auth.mechanisms else None
        mechanism = _SCRAM if binding is None else _PLUS
        if mechanism not in auth.mechanisms:
            raise ProtocolError(f"the server does not offer {mechanism}", seen="postgresql")
        from wizard.wire.scram import ScramClient

        scram = ScramClient("", password, mechanism, binding)
        channel.send(postgres.sasl_initial(mechanism, scram.first()), until)
    elif auth.method in ("sasl-continue", "sasl-final") and scram is None:
        raise ProtocolError("the server continued a SASL exchange that it had not begun", seen="postgresql")
    elif auth.method == "sasl-continue":
        channel.send(postgres.sasl_response(scram.final(auth.data)), until)
    elif auth.method == "sasl-final":
        scram.verify(auth.data)
        channel.proved = True
    return scram


def _binding(channel: Channel) -> bytes | None:
    """The hash that binds the login to this TLS connection, or None without TLS or an unusual certificate."""
    if not channel.tls:
        return None
    from wizard.wire.tls import endpoint_binding

    der = channel.sock.getpeercert(True)
    try:
        return endpoint_binding(der) if der else None
    except ProtocolError:
        return None


def query(channel: Channel, sql: str, until: float) -> list[dict[str, str | None]]:
    """Rows of one simple query. Raises QueryError, OSError and ProtocolError."""
    channel.record.asked(sql)
    channel.send(postgres.query(sql), until)
    names: tuple[str, ...] = ()
    rows: list[dict[str, str | None]] = []
    refusal: postgres.ErrorFields | None = None
    last_words: postgres.ErrorFields | None = None
    size = 0
    while size < MOST_BYTES:
        message = channel.message(until)
        if message is None:
            said = refusal or last_words
            if said is not None:
                raise _query_error(said)
            raise ConnectionResetError("the server closed the connection during a query")
        if message.type == b"T":
            names = postgres.parse_row_description(message.payload)[:MOST_COLUMNS]
        elif message.type == b"D" and len(rows) < MOST_ROWS:
            rows.append(dict(zip(names, postgres.parse_data_row(message.payload), strict=False)))
        elif message.type == b"E" or (message.type == b"N" and _is_last_word(message.payload)):
            refusal = postgres.parse_error(message.payload)
        elif message.type == b"N":
            notice = postgres.parse_error(message.payload)
            # A session that is ended in a hurry says so in a notice (quickdie in postgres.c), and no error follows.
            last_words = notice if notice.code.startswith(OPERATOR) else last_words
        elif message.type == b"Z":
            if refusal is not None:
                raise _query_error(refusal)
            return rows
        size += len(message.payload) + HEAD
    raise ProtocolError("a result without an end", seen="postgresql")


def _is_last_word(notice: bytes) -> bool:
    """Whether the server ends the session with this warning: it has no time for an error when it crashes (57P02)."""
    return postgres.parse_error(notice).code == "57P02"


def _query_error(fields: postgres.ErrorFields) -> QueryError:
    return QueryError(
        f"{fields.severity or fields.severity_code}:  {fields.message}", fields.code, fields.detail
    )
