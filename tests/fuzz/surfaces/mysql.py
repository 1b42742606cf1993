"""MySQL's wire: packets, greeting, handshake, results, and the greeting, login and query that are made of them.

The first byte says who reads, the second how many bytes a read finds and whether there is TLS; the rest is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.script import SIZES, opened, shown, target_of, until
from wizard.probes import database, login, login_mysql
from wizard.probes.base import Report
from wizard.probes.greet import greet_on
from wizard.probes.outcome import QueryError
from wizard.wire import ProtocolError, mysql, mysql_results

TARGETS = tuple(
    target_of(f"{scheme}://app:PASSWORD@db.example/shop{options}")
    for scheme, options in (
        ("mysql", ""),
        ("mysql+pymysql", "?charset=utf8mb4"),
        ("mariadb", ""),
        ("mysql", "?ssl-mode=DISABLED"),
    )
)
PARSERS: tuple[Callable[[bytes], object], ...] = (
    mysql.parse_greeting,
    mysql.parse_error,
    mysql.parse_ok,
    mysql.parse_auth_switch,
    mysql.parse_auth_more,
    mysql.parse_handshake_response,
)
SALT = b"0123456789abcdefghij"
KEYS = tuple(
    key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for key in (
        rsa.RSAPublicNumbers(65537, (1 << 2047) + 3 * (1 << 1000) + 1).public_key(),
        rsa.RSAPublicNumbers(3, (1 << 1023) + 7).public_key(),
        ec.generate_private_key(ec.SECP256R1()).public_key(),
    )
)
"""Public keys that a server may send: of a usual size, too small, and of another kind."""


def _packets(payloads: Sequence[bytes], first: int = 0) -> bytes:
    return b"".join(mysql.packet(payload, first + number) for number, payload in enumerate(payloads))


GREETINGS = (
    mysql.greeting(
        "8.0.36", 7, SALT, plugin="caching_sha2_password", capabilities=mysql.SERVER_DEFAULT | mysql.SSL
    ),
    mysql.greeting("5.5.5-10.11.6-MariaDB", 8, SALT),
    mysql.greeting("5.1.0", 9, SALT, capabilities=mysql.PROTOCOL_41),
    mysql.error(1040, "Too many connections"),
    mysql.error(1129, "Host '192.0.2.7' is blocked because of many connection errors"),
)
OK, MORE = mysql.ok(), mysql.auth_more(b"\x03")
ANSWERS = (
    (OK,),
    (MORE, OK),
    (mysql.auth_more(b"\x04"), *(mysql.auth_more(key) for key in KEYS), OK),
    (mysql.auth_more(b"\x04"), mysql.auth_more(KEYS[1]), OK),
    (mysql.auth_switch("mysql_native_password", SALT), OK),
    (mysql.auth_switch("sha256_password", SALT), mysql.auth_more(KEYS[0]), OK),
    (mysql.auth_switch("mysql_clear_password", b""), OK),
    (mysql.auth_switch("client_ed25519", SALT),),
    (mysql.error(1045, "Access denied for user 'app'@'192.0.2.7' (using password: YES)", "28000"),),
    (b"\xfe",),
)
NAMES = ("one", "readonly", "frozen", "session_readonly", "version", "db", "account", "session", "comment")
ROWS = _packets(
    mysql_results.resultset(NAMES, [("1", "0", "0", "0", "8.0.36", "shop", "app@%", None, "MySQL")]), 1
)
RESPONSE = mysql.handshake_response("app", b"x" * 20, database="shop", attributes={"_os": "Linux"})


def seeds() -> list[bytes]:
    """Good conversations, each for the one who reads it."""
    first = [mysql.packet(one, 0) for one in GREETINGS]
    logins = [first[number % 3] + _packets(one, 2) for number, one in enumerate(ANSWERS)]
    said = [*first, *logins, logins[0] + ROWS, b"SSH-2.0-x\r\n", b"HTTP/1.1 400 Bad\r\n", b""]
    found = [bytes((reader, 5 + reader % 2 * 0x80)) + one for reader in (2, 4, 5, 6, 7) for one in said]
    found += [
        b"\0\5" + one
        for one in (*said, ROWS, mysql.packet(RESPONSE, 1), mysql.packet(mysql.ssl_request(), 1))
    ]
    return [
        *found,
        b"\3\5" + ROWS,
        b"\3\1" + ROWS,
        b"\3\5" + mysql.packet(mysql.error(1193, "Unknown"), 1) + ROWS,
    ]


def run(data: bytes) -> Iterator[str]:
    """Read `data` as the first two bytes say."""
    reader, choice, said = data[:1], data[1:2] or b"\0", data[2:]
    kind = reader[0] % 8 if reader else 0
    if kind < 2:
        yield from _decode(said, choice[0])
        return
    target = TARGETS[kind % len(TARGETS)]
    channel, runtime = opened(target, said, choice[0])
    report = Report()
    if kind == 3:
        database._guarded(report, lambda: database._mysql(channel, target, report, until()))
    else:
        with suppress(ProtocolError, OSError):
            greet_on(channel, target, report, until())
    if kind > 3:
        login._tell(login.attempt(channel, target, runtime), report)
        with suppress(QueryError, ProtocolError, OSError):
            login_mysql.query(channel, "SELECT 1", until())
    yield from shown(report)


def _decode(said: bytes, choice: int) -> Iterator[str]:
    """Packets that are what was said, however it was cut; and what is in them."""
    size = SIZES[choice % len(SIZES)]
    decoder = mysql.Decoder()
    taken, payloads = b"", []
    try:
        for at in range(0, len(said), size):
            decoder.feed(said[at : at + size])
            for packet in decoder:
                taken += mysql.packet(packet.payload, packet.sequence)
                payloads.append(packet.payload)
        assert taken + decoder.pending == said
        decoder.finish()
    except ProtocolError as error:
        yield from (error.seen, error.text, error.description)
    parses: list[Callable[[], object]] = [lambda: mysql_results.parse_resultset(payloads)]
    parses += [lambda parse=parse, one=one: parse(one) for one in payloads[:50] for parse in PARSERS]  # type: ignore[misc]
    for parse in parses:
        with suppress(ProtocolError):
            parse()


SURFACE = Surface(
    "wire-mysql",
    seeds,
    run,
    (
        *(
            mysql.packet(one, 2)
            for one in (*GREETINGS, *(payload for answer in ANSWERS for payload in answer))
        ),
        *(
            ROWS,
            b"\xfb",
            b"\xfc\xff\xff",
            b"\xfd\xff\xff\xff",
            b"\xfe" + b"\xff" * 8,
            b"\xff\xff\xff\0",
            b"5.5.5-",
        ),
    ),
)
