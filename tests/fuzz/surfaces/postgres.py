"""PostgreSQL's wire: both decoders, every message, and the greeting, login and query that are made of them.

The first byte says who reads, the second how many bytes a read finds and whether there is TLS; the rest is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.script import SIZES, opened, shown, target_of, until
from wizard.probes import database, login, login_postgres
from wizard.probes.base import Report
from wizard.probes.greet import greet_on
from wizard.probes.outcome import QueryError
from wizard.wire import ProtocolError, postgres, postgres_server, printable, sniff

TARGETS = tuple(
    target_of(f"postgresql://app:PASSWORD@db.example/shop{options}")
    for options in ("", "?channel_binding=require", "?require_auth=scram-sha-256", "?sslmode=disable")
)
PARSERS: tuple[Callable[[bytes], object], ...] = (
    postgres.parse_error,
    postgres.parse_auth,
    postgres.parse_parameter_status,
    postgres.parse_ready,
    postgres.parse_row_description,
    postgres.parse_data_row,
)
LOGIN = (
    postgres_server.auth_ok()
    + postgres_server.parameter_status("server_version", "16.4 (Debian)")
    + postgres_server.parameter_status("client_encoding", "UTF8")
    + postgres_server.backend_key(4711, 1234567)
    + postgres_server.ready()
)
NAMES = ("one", "recovery", "readonly", "default_readonly", "version", "database", "account", "session")
ROWS = (
    postgres_server.row_description(NAMES)
    + postgres_server.data_row(("1", "f", "off", "off", "16.4", "shop", "app", None))
    + postgres_server.command_complete("SELECT 1")
    + postgres_server.ready()
)
REFUSED = postgres_server.error(
    {
        "S": "FATAL",
        "V": "FATAL",
        "C": "28P01",
        "M": 'password authentication failed for user "app"',
        "R": "auth_failed",
    }
)
SASL = postgres_server.auth_sasl(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"])
CHALLENGE = postgres_server.auth_sasl_continue(b"r=abc,s=c2FsdA==,i=4096")
START = postgres.startup({"user": "app", "database": "shop"})


def seeds() -> list[bytes]:
    """Good conversations, each for the one who reads it."""
    said = [LOGIN, LOGIN + ROWS, ROWS, REFUSED, SASL + CHALLENGE + postgres_server.auth_sasl_final(b"v=eA==")]
    said += [
        postgres_server.auth_cleartext() + LOGIN,
        postgres_server.auth_md5(b"salt") + LOGIN,
        postgres_server.auth_method(7),
    ]
    said += [
        postgres_server.notice({"S": "NOTICE", "M": "x"}) + LOGIN,
        b"S",
        b"N",
        b"Ecould not fork new process\n\0",
        b"",
    ]
    said += [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-x\r\n",
        postgres_server.data_row([None, "x" * 3000]),
    ]
    ours = [START, postgres.ssl_request(), postgres.gss_request(), START + postgres.query("SELECT 1")]
    ours += [
        postgres.password("x") + postgres.sasl_initial("SCRAM-SHA-256", b"n,,n=,r=x") + postgres.terminate()
    ]
    found = [bytes((reader, 5 + reader % 2 * 0x80)) + one for reader in (0, 2, 3, 4, 5, 6, 7) for one in said]
    return found + [b"\1\5" + one for one in ours]


def run(data: bytes) -> Iterator[str]:
    """Read `data` as the first two bytes say."""
    reader, choice, said = data[:1], data[1:2] or b"\0", data[2:]
    kind = reader[0] % 8 if reader else 0
    if kind < 2:
        yield from _decode(
            said, choice[0], postgres.BACKEND_TYPES if kind == 0 else postgres_server.FRONTEND_TYPES
        )
        return
    target = TARGETS[kind % len(TARGETS)]
    channel, runtime = opened(target, said, choice[0])
    report = Report()
    if kind == 2:
        with suppress(ProtocolError, OSError):
            greet_on(channel, TARGETS[0], report, until())
    elif kind == 3:
        database._guarded(report, lambda: database._postgres(channel, report, until()))
    else:
        login._tell(login.attempt(channel, target, runtime), report)
        with suppress(QueryError, ProtocolError, OSError):
            login_postgres.query(channel, "SELECT 1", until())
    yield from shown(report)


def _decode(said: bytes, choice: int, types: frozenset[int]) -> Iterator[str]:
    """Messages that are what was said, however it was cut; and what is in them."""
    size = SIZES[choice % len(SIZES)]
    decoder = postgres.Decoder(types=types)
    taken = b""
    try:
        for at in range(0, len(said), size):
            decoder.feed(said[at : at + size])
            for message in decoder:
                taken += postgres.message(message.type, message.payload)
                yield from _parse(message.payload)
        assert taken + decoder.pending == said
        decoder.finish()
    except ProtocolError as error:
        yield from (error.seen, error.text, error.description)
    with suppress(ProtocolError):
        postgres_server.parse_frontend_start(said)
    yield from (sniff(said), printable(said))


def _parse(payload: bytes) -> Iterator[str]:
    for parse in PARSERS:
        try:
            parse(payload)
        except ProtocolError as error:
            yield from (error.seen, error.text, error.description)


SURFACE = Surface(
    "wire-postgres",
    seeds,
    run,
    (
        LOGIN,
        ROWS,
        REFUSED,
        SASL,
        CHALLENGE,
        postgres_server.ready(),
        b"R\0\0\0\x08\0\0\0",
        b"D\0\0",
        b"E\0",
        b"\x7f\xff\xff\xff",
    ),
)
