"""MySQL's packets: whole, byte by byte, with junk behind, too long, and from somebody else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.wire import ProtocolError
from wizard.wire import mysql as my
from wizard.wire import mysql_passwords as passwords
from wizard.wire import mysql_results as results

SALT = b"abcdefghijklmnopqrst"
MARIADB = (
    b"d\0\0\0\n5.5.5-10.11.19-MariaDB-0+deb12u1\0\x04\0\0\0dI!f`/h?\0\xfe\xf7\x08\x02\0\xff\x81\x15"
    b"\0\0\0\0\0\0\x1d\0\0\0Co)xG8$GxJGe\0mysql_native_password\0"
)
"""The greeting of MariaDB 10.11 as read from a server."""


def decode(*pieces: bytes) -> list[my.Packet]:
    decoder, found = my.Decoder(), list[my.Packet]()
    for piece in pieces:
        decoder.feed(piece)
        found += decoder
    decoder.finish()
    return found


def test_whole_and_byte_by_byte_are_the_same() -> None:
    stream = MARIADB + my.packet(my.ok(), 2) + my.packet(b"", 3) + my.packet(my.error(1045, "no", "28000"), 4)
    whole = decode(stream)
    assert [(packet.sequence, packet.kind) for packet in whole] == [
        (0, "greeting"),
        (2, "ok"),
        (3, "other"),
        (4, "err"),
    ]
    assert decode(*(bytes((byte,)) for byte in stream)) == whole


def test_the_end_inside_a_packet_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="closed inside a packet"):
        decode(MARIADB[:-1])


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "ssh"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http"),
        (b"220 mail ESMTP\r\n", "smtp"),
        (b"E\0\0\0\x30SFATAL\0", "postgresql"),
        (b"\xff\xff\xff\0", "unknown"),
    ],
)
def test_strangers_are_named(data: bytes, seen: str) -> None:
    decoder = my.Decoder()
    decoder.feed(data)
    with pytest.raises(ProtocolError, match="not MySQL's protocol") as caught:
        list(decoder)
    assert caught.value.seen == seen


def test_the_limit_is_the_callers() -> None:
    decoder = my.Decoder(limit=10)
    decoder.feed(my.packet(b"x" * 11, 0)[:4])
    with pytest.raises(ProtocolError, match="length 11"):
        list(decoder)


def test_the_greeting_of_a_real_mariadb() -> None:
    (packet,) = decode(MARIADB)
    greeting = my.parse_greeting(packet.payload)
    assert greeting.version == "10.11.19-MariaDB-0+deb12u1"
    assert greeting.raw_version.startswith("5.5.5-")
    assert greeting.mariadb
    assert not greeting.tls
    assert greeting.salt == b"dI!f`/h?Co)xG8$GxJGe"
    assert (greeting.plugin, greeting.thread_id) == ("mysql_native_password", 4)


def test_greetings_come_back_as_built() -> None:
    built = my.greeting(
        "8.0.36", 7, SALT, plugin="caching_sha2_password", capabilities=my.SERVER_DEFAULT | my.SSL
    )
    greeting = my.parse_greeting(built)
    assert (greeting.version, greeting.thread_id, greeting.salt) == ("8.0.36", 7, SALT)
    assert greeting.tls
    assert not greeting.mariadb
    assert not my.parse_greeting(my.greeting("5.5.5-m3", 7, SALT)).mariadb
    assert my.parse_greeting(my.greeting("5.5.5-m3", 7, SALT)).version == "5.5.5-m3"


def test_a_mariadb_without_its_name_shows_by_its_capabilities() -> None:
    plain = my.greeting("11.4.2-custom", 7, SALT, capabilities=my.SERVER_DEFAULT & ~my.LONG_PASSWORD)
    place = plain.index(b"\0" * 10)
    assert my.parse_greeting(plain[: place + 6] + b"\x1d\0\0\0" + plain[place + 10 :]).mariadb


def test_errors_with_and_without_a_state() -> None:
    early = my.parse_error(my.error(1040, "Too many connections"))
    assert early == my.ServerError(1040, "Too many connections", None)
    late = my.parse_error(my.error(1045, "Access denied", "28000"))
    assert late == my.ServerError(1045, "Access denied", "28000")


def test_answers_of_a_login() -> None:
    assert my.parse_ok(my.ok(affected=3, info="x")).affected_rows == 3
    assert my.parse_auth_switch(my.auth_switch("p", SALT)) == my.AuthSwitch("p", SALT)
    assert my.parse_auth_switch(b"\xfe").plugin == "mysql_old_password"
    assert my.parse_auth_more(my.auth_more(b"\x04")) == b"\x04"


def test_client_packets() -> None:
    request = my.parse_handshake_response(my.ssl_request())
    assert request.is_ssl_request
    assert not request.capabilities & my.CONNECT_WITH_DB
    named = my.parse_handshake_response(my.ssl_request(database="shop"))
    assert named.is_ssl_request
    assert named.capabilities & my.CONNECT_WITH_DB
    assert request.user == ""
    built = my.handshake_response(
        "app", b"x" * 32, database="shop", plugin="p", attributes={"_client_name": "y"}
    )
    response = my.parse_handshake_response(built)
    assert (response.user, response.auth, response.database) == ("app", b"x" * 32, "shop")
    assert (response.plugin, response.attributes) == ("p", {"_client_name": "y"})
    assert not response.is_ssl_request
    assert (my.query("SELECT 1"), my.quit_command()) == (b"\x03SELECT 1", b"\x01")


def test_result_sets() -> None:
    rows = (("1", None), ("x" * 300, "y" * 70_000))
    payloads = results.resultset(("a", "b"), rows)
    assert results.parse_resultset(payloads) == (("a", "b"), rows)
    without_eof = [payload for payload in payloads[:-1] if not payload.startswith(b"\xfe")]
    assert results.parse_resultset(without_eof) == (("a", "b"), rows)
    with pytest.raises(ProtocolError, match="ends in an error") as caught:
        results.parse_resultset((*payloads[:4], my.error(3024, "too slow", "HY000")))
    assert caught.value.text == "too slow"


def test_scrambles_prove_the_password() -> None:
    """As the servers check them: xor with the hash of the salt gives back what they can compare."""
    stored = hashlib.sha1(hashlib.sha1(b"secret").digest()).digest()
    mask = hashlib.sha1(SALT + stored).digest()
    once = bytes(a ^ b for a, b in zip(passwords.native_password("secret", SALT), mask, strict=True))
    assert hashlib.sha1(once).digest() == stored
    stored = hashlib.sha256(hashlib.sha256(b"secret").digest()).digest()
    mask = hashlib.sha256(stored + SALT).digest()
    once = bytes(a ^ b for a, b in zip(passwords.caching_sha2("secret", SALT), mask, strict=True))
    assert hashlib.sha256(once).digest() == stored
    assert passwords.native_password("", SALT) == passwords.caching_sha2("", SALT) == b""


PARSERS = (
    my.parse_greeting,
    my.parse_error,
    my.parse_ok,
    my.parse_auth_switch,
    my.parse_auth_more,
    my.parse_handshake_response,
    lambda payload: results.parse_resultset([payload]),
)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_payload_gives_a_value_or_a_protocol_error(payload: bytes) -> None:
    for parse in PARSERS:
        try:
            parse(payload)
        except ProtocolError:
            continue


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_stream_gives_packets_or_a_protocol_error(pieces: list[bytes]) -> None:
    try:
        for packet in decode(*pieces):
            assert packet.kind
    except ProtocolError:
        return


@pytest.mark.parametrize("size", range(len(MARIADB) - 4))
def test_a_greeting_cut_anywhere_is_no_crash(size: int) -> None:
    try:
        my.parse_greeting(MARIADB[4 : 4 + size])
    except ProtocolError:
        return
