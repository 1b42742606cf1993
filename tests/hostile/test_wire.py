"""`check` against peers that speak garbage, too much, too little, too slowly or for ever, on both wires."""

from __future__ import annotations

import itertools
import os
import struct
from pathlib import Path

import pytest

from tests.fuzz.engine import attempt
from tests.fuzz.surfaces import get
from tests.fuzz.surfaces import mysql as mysql_seeds
from tests.hostile.attempts import Case, expect_all_unharmed
from tests.hostile.peers import (
    SALT,
    after_greeting,
    after_login,
    after_mysql_login,
    after_question,
    after_startup,
    answer_each,
    drip,
    first,
    flood,
    say,
    say_and_close,
)
from wizard.wire import mysql, postgres, postgres_server

pytestmark = pytest.mark.slow

NOISE = bytes(range(256)) * 40
NO_DATABASE = ("network.not-a-database",)
SILENT = ("server.unresponsive", "network.accepted-silence", "network.not-a-database")


def _length(number: int) -> bytes:
    return b"R" + struct.pack("!I", number) + b"\0" * 64


def _fields(count: int, size: int) -> bytes:
    body = b"".join(b"M" + b"x" * size + b"\0" for _ in range(count))
    return postgres.message(b"E", b"SFATAL\0C28P01\0" + body + b"\0")


def _status(number: int) -> bytes:
    return postgres_server.parameter_status(f"name-{number}", "x" * 20)


ROWS = postgres_server.row_description(["one", "recovery"])
SASL = postgres_server.auth_sasl(["SCRAM-SHA-256"])


def _challenge(salt: str, count: str) -> bytes:
    return postgres_server.auth_sasl_continue(f"r=x,s={salt},i={count}".encode())


def _scram(salt: str, count: str) -> bytes:
    return SASL + _challenge(salt, count)


POSTGRES = [
    Case("garbage at once", "postgresql", first(say(NOISE))),
    Case("garbage for an answer", "postgresql", after_question(say(NOISE)), causes=NO_DATABASE),
    Case("garbage after the startup message", "postgresql", after_startup(say(NOISE)), causes=NO_DATABASE),
    Case("garbage for rows", "postgresql", after_login(say(NOISE))),
    *(
        Case(f"a length of {number}", "postgresql", after_startup(say(_length(number))))
        for number in (0, 3, 1 << 20, (1 << 20) + 1, (1 << 31) - 1, (1 << 32) - 1)
    ),
    Case("zeros for ever", "postgresql", after_startup(flood([b"\0" * 65536]))),
    Case("one letter for ever", "postgresql", after_startup(flood([b"E" * 65536]))),
    Case("an error text that never ends", "postgresql", after_question(flood([b"Ecould not fork " * 4096]))),
    Case("a byte now and then", "postgresql", first(drip(b"\0"))),
    Case("a login byte by byte", "postgresql", after_startup(drip(postgres_server.auth_ok() + _status(1)))),
    Case("rows byte by byte", "postgresql", after_login(drip(ROWS))),
    Case(
        "parameters for ever",
        "postgresql",
        after_startup(flood([postgres_server.auth_ok(), *map(_status, range(1999))])),
    ),
    Case(
        "great parameters for ever",
        "postgresql",
        after_startup(flood([postgres_server.parameter_status("x" * 500_000, "y" * 500_000)])),
    ),
    Case(
        "notices for ever",
        "postgresql",
        after_login(flood([postgres_server.notice({"S": "NOTICE", "M": "x"})] * 2000)),
    ),
    Case(
        "rows for ever",
        "postgresql",
        after_login(flood([ROWS, *[postgres_server.data_row(["1", "f"])] * 1999])),
    ),
    Case(
        "great rows for ever",
        "postgresql",
        after_login(flood([ROWS, *[postgres_server.data_row(["x" * 500_000, "f"])] * 20])),
    ),
    Case(
        "very wide rows",
        "postgresql",
        after_login(
            flood(
                [
                    postgres_server.row_description([f"c{n}" for n in range(40_000)]),
                    postgres_server.data_row([None] * 40_000),
                ]
            )
        ),
    ),
    Case("challenges for ever", "postgresql", after_startup(answer_each([_scram("c2FsdA==", "1000000")]))),
    Case("passwords for ever", "postgresql", after_startup(answer_each([postgres_server.auth_md5(b"salt")]))),
    Case("an iteration count of 2^31", "postgresql", after_startup(say(_scram("c2FsdA==", str(1 << 31))))),
    Case("a salt of half a megabyte", "postgresql", after_startup(say(_scram("AAAA" * 150_000, "4096")))),
    Case("an error of ten megabytes", "postgresql", after_startup(say(_fields(1, 10 << 20)))),
    Case("an error of a megabyte", "postgresql", after_startup(say_and_close(_fields(1, 1_000_000)))),
    Case("an error of thousands of fields", "postgresql", after_startup(say_and_close(_fields(9000, 90)))),
    Case(
        "mechanisms by the thousand",
        "postgresql",
        after_startup(say(postgres_server.auth_sasl([f"X-{n}" for n in range(50_000)]))),
    ),
    Case("closed at once", "postgresql", first(say_and_close(b""))),
    Case("nothing at all", "postgresql", first(say(b"")), causes=SILENT),
    Case("TLS and then nothing", "postgresql", after_question(say(b"S"))),
]


def _packets(*payloads: bytes, at: int = 2) -> bytes:
    return b"".join(mysql.packet(payload, at + number) for number, payload in enumerate(payloads))


def _header(size: int, sequence: int = 0) -> bytes:
    return size.to_bytes(3, "little") + bytes((sequence,))


SWITCH = _packets(mysql.auth_switch("mysql_native_password", SALT))
ERROR = mysql.error(1045, "x", "28000")
MYSQL = [
    Case("garbage at once", "mysql", first(say(NOISE))),
    Case("garbage after the greeting", "mysql", after_greeting(say(NOISE))),
    Case("garbage for rows", "mysql", after_mysql_login(say(NOISE))),
    *(
        Case(f"a packet of {size} bytes", "mysql", first(say(_header(size) + b"\x0a" + b"8" * 64)))
        for size in (0, 1, 1 << 20, (1 << 20) + 1, 0xFFFFFE, 0xFFFFFF)
    ),
    Case(
        "sixteen megabytes for a login",
        "mysql",
        after_greeting(flood([_header(0xFFFFFF, 2) + b"\x01" * 0xFFFFFF])),
    ),
    Case("a greeting that never ends", "mysql", first(flood([_header(0xFFFFF) + b"\x0a8." + b"x" * 60_000]))),
    Case("zeros for ever", "mysql", first(flood([b"\0" * 65536]))),
    Case("a greeting byte by byte", "mysql", first(drip(mysql.packet(mysql.greeting("8.0.36", 7, SALT), 0)))),
    Case("a login byte by byte", "mysql", after_greeting(drip(_packets(mysql.auth_more(b"\x03"))))),
    Case("switches for ever", "mysql", after_greeting(answer_each([SWITCH]))),
    Case(
        "more for ever",
        "mysql",
        after_greeting(
            flood(
                [
                    _packets(mysql.auth_switch("caching_sha2_password", SALT)),
                    *[_packets(mysql.auth_more(b"\x03"))] * 1999,
                ]
            )
        ),
    ),
    Case(
        "keys for ever",
        "mysql",
        after_greeting(
            answer_each(
                [
                    _packets(mysql.auth_switch("caching_sha2_password", SALT)),
                    *[_packets(mysql.auth_more(b"\x04"), mysql.auth_more(mysql_seeds.KEYS[0]))] * 50,
                ]
            )
        ),
    ),
    Case(
        "a key that is too small",
        "mysql",
        after_greeting(
            say(
                _packets(
                    mysql.auth_switch("caching_sha2_password", SALT), mysql.auth_more(mysql_seeds.KEYS[1])
                )
            )
        ),
    ),
    Case(
        "a salt of one byte",
        "mysql",
        after_greeting(
            say(_packets(mysql.auth_switch("sha256_password", b"x"), mysql.auth_more(mysql_seeds.KEYS[0])))
        ),
    ),
    Case(
        "a salt of a megabyte",
        "mysql",
        after_greeting(say(_packets(mysql.auth_switch("mysql_native_password", b"x" * 1_000_000)))),
    ),
    Case(
        "a plugin of a megabyte",
        "mysql",
        after_greeting(say(_packets(mysql.auth_switch("x" * 1_000_000, SALT)))),
    ),
    Case("an error of ten megabytes", "mysql", after_greeting(say(_packets(ERROR + b"x" * (10 << 20))))),
    Case(
        "an error of a megabyte", "mysql", after_greeting(say_and_close(_packets(ERROR + b"x" * 1_000_000)))
    ),
    Case(
        "a version of half a megabyte",
        "mysql",
        first(say(mysql.packet(mysql.greeting("8" * 500_000, 7, SALT), 0))),
    ),
    Case("columns without number", "mysql", after_mysql_login(say(_packets(b"\xfe" + b"\xff" * 8, at=1)))),
    Case(
        "columns for ever",
        "mysql",
        after_mysql_login(flood([_packets(b"\x02", at=1), *[_packets(b"\x03def" + b"\0" * 20)] * 1999])),
    ),
    Case(
        "great rows for ever",
        "mysql",
        after_mysql_login(
            flood([_packets(b"\x01", at=1), *[_packets(b"\xfd\x20\xa1\x07" + b"x" * 500_000)] * 20])
        ),
    ),
    Case(
        "the file of a client is asked for",
        "mysql",
        after_mysql_login(say(_packets(b"\xfb/etc/passwd", at=1))),
    ),
    Case("closed at once", "mysql", first(say_and_close(b""))),
    Case("nothing at all", "mysql", first(say(b"")), causes=SILENT),
]


@pytest.mark.parametrize("part", range(3))
def test_no_peer_of_postgresql_harms(tmp_path: Path, part: int) -> None:
    expect_all_unharmed(tmp_path, POSTGRES[part::3])


@pytest.mark.parametrize("part", range(3))
def test_no_peer_of_mysql_harms(tmp_path: Path, part: int) -> None:
    expect_all_unharmed(tmp_path, MYSQL[part::3])


def test_random_bytes_at_every_place_harm_nothing(tmp_path: Path) -> None:
    places = [
        ("postgresql", after_startup),
        ("postgresql", after_login),
        ("mysql", after_greeting),
        ("mysql", after_mysql_login),
    ]
    cases = [
        Case(f"{engine} {place.__name__} {size}", engine, place(say_and_close(os.urandom(size))))
        for (engine, place), size in itertools.product(places, (5, 300))
    ]
    expect_all_unharmed(tmp_path, cases)


@pytest.mark.parametrize("name", ["wire-postgres", "wire-mysql"])
def test_a_conversation_may_end_at_any_byte(name: str) -> None:
    """Greeting, login and query of each good conversation, cut off at each byte, however few bytes a read finds."""
    surface = get(name)
    for seed in [seed for seed in surface.seeds() if len(seed) < 700][::2]:
        for end in range(2, len(seed)):
            failure, _ = attempt(surface, seed[:end])
            assert failure is None, f"{failure}"
