"""PostgreSQL's messages: whole, byte by byte, with junk behind, too long, and from somebody else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.wire import ProtocolError, mysql, postgres_server
from wizard.wire import postgres as pg

ERROR = {
    "S": "FATALE",
    "V": "FATAL",
    "C": "28P01",
    "M": "é",
    "D": "d",
    "F": "auth.c",
    "L": "334",
    "R": "auth_failed",
}
CONVERSATION = [
    postgres_server.auth_sasl(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]),
    postgres_server.auth_ok(),
    postgres_server.parameter_status("server_version", "15.7"),
    postgres_server.backend_key(1, 2),
    postgres_server.notice({"S": "NOTICE", "M": "hello"}),
    postgres_server.ready(),
    postgres_server.row_description(["a", "b"], [23]),
    postgres_server.data_row(["1", None]),
    postgres_server.command_complete("SELECT 1"),
    postgres_server.empty(),
    postgres_server.error(ERROR),
]


def decode(*pieces: bytes) -> list[pg.Message]:
    decoder, found = pg.Decoder(), list[pg.Message]()
    for piece in pieces:
        decoder.feed(piece)
        found += decoder
    decoder.finish()
    return found


def test_whole_and_byte_by_byte_are_the_same() -> None:
    stream = b"".join(CONVERSATION)
    whole = decode(stream)
    assert [message.type for message in whole] == [message[:1] for message in CONVERSATION]
    assert decode(*(bytes((byte,)) for byte in stream)) == whole


def test_a_part_waits_and_the_end_inside_a_message_is_an_error() -> None:
    decoder = pg.Decoder()
    decoder.feed(postgres_server.auth_ok() + postgres_server.auth_ok()[:-1])
    assert len(list(decoder)) == 1
    assert decoder.pending == postgres_server.auth_ok()[:-1]
    with pytest.raises(ProtocolError, match="closed inside a message"):
        decoder.finish()


@pytest.mark.parametrize(
    ("data", "seen", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http", "an HTTP answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "ssh", "an SSH banner"),
        (mysql.packet(mysql.greeting("8.0.36", 8, b"s" * 20), 0), "mysql", "a MySQL greeting"),
        (b"Z\0\0\0\x0a8.0.36\0", "mysql", "a MySQL greeting"),
        (b"E\0\0\0\xff\x6a\x04Host 'x' is not allowed", "mysql", "a MySQL greeting"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "tls", "a TLS alert"),
        (b"\xfe\xfe\xfe\xfe\xfe", "unknown", "message type 0xfe"),
        (b"R\0\0\0\x03", "unknown", "length 3"),
        (b"R\x7f\0\0\0", "unknown", "length"),
    ],
)
def test_strangers_are_named(data: bytes, seen: str, words: str) -> None:
    decoder = pg.Decoder()
    decoder.feed(data)
    for _ in range(2):  # the second time as well: the stream is lost
        with pytest.raises(ProtocolError, match=words) as caught:
            list(decoder)
        assert caught.value.seen == seen


def test_trailing_junk_comes_after_the_good_messages() -> None:
    decoder = pg.Decoder()
    decoder.feed(postgres_server.auth_ok() + b"\xff\xff")
    messages = iter(decoder)
    assert next(messages).type == b"R"
    with pytest.raises(ProtocolError):
        next(messages)


def test_the_limit_is_the_callers() -> None:
    decoder = pg.Decoder(limit=20)
    decoder.feed(pg.message(b"D", b"x" * 17)[:5])
    with pytest.raises(ProtocolError, match="length 21"):
        list(decoder)


@pytest.mark.parametrize("end", [b"\0", b""])
def test_an_error_without_a_length_is_read_to_its_end(end: bytes) -> None:
    text = b"Ecould not fork new process for connection: Resource temporarily unavailable\n"
    with pytest.raises(ProtocolError, match="could not fork new process") as caught:
        decode(*(bytes((byte,)) for byte in text + end))
    assert caught.value.seen == "postgresql-old"
    assert caught.value.text.startswith("could not fork new process for connection: Resource")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_stream_gives_messages_or_a_protocol_error(pieces: list[bytes]) -> None:
    try:
        for message in decode(*pieces):
            for parse in (
                pg.parse_auth,
                pg.parse_parameter_status,
                pg.parse_row_description,
                pg.parse_data_row,
            ):
                try:
                    parse(message.payload)
                except ProtocolError:
                    continue
            pg.parse_error(message.payload)
    except ProtocolError:
        return


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_payload_gives_fields_or_a_protocol_error(payload: bytes) -> None:
    pg.parse_error(payload)
    parsers = (
        pg.parse_auth,
        pg.parse_ready,
        pg.parse_row_description,
        pg.parse_data_row,
        postgres_server.parse_frontend_start,
    )
    for parse in parsers:
        try:
            parse(payload)
        except ProtocolError:
            continue


def test_error_fields() -> None:
    (message,) = decode(postgres_server.error(ERROR))
    found = pg.parse_error(message.payload)
    assert (found.severity, found.severity_code, found.code, found.message) == (
        "FATALE",
        "FATAL",
        "28P01",
        "é",
    )
    assert (found.file, found.line, found.routine, found.hint) == ("auth.c", "334", "auth_failed", "")
    assert pg.parse_error(b"Mcaf\xe9\0X?\0").message == "caf\ufffd"


@pytest.mark.parametrize(
    ("data", "method"),
    [
        (postgres_server.auth_ok(), "ok"),
        (postgres_server.auth_cleartext(), "cleartext"),
        (postgres_server.auth_md5(b"abcd"), "md5"),
        (postgres_server.auth_sasl_continue(b"r=1"), "sasl-continue"),
        (postgres_server.auth_sasl_final(b"v=1"), "sasl-final"),
        (postgres_server.auth_method(2), "kerberos"),
        (postgres_server.auth_method(4), "crypt"),
        (postgres_server.auth_method(6), "scm"),
        (postgres_server.auth_method(7), "gss"),
        (postgres_server.auth_method(9), "sspi"),
        (postgres_server.auth_method(99), "unknown"),
    ],
)
def test_authentication_requests(data: bytes, method: str) -> None:
    (message,) = decode(data)
    assert pg.parse_auth(message.payload).method == method


def test_authentication_details() -> None:
    assert pg.parse_auth(postgres_server.auth_md5(b"abcd")[5:]).salt == b"abcd"
    assert pg.parse_auth(postgres_server.auth_sasl(["A", "B"])[5:]).mechanisms == ("A", "B")
    with pytest.raises(ProtocolError, match="salt"):
        pg.parse_auth(b"\0\0\0\x05ab")


def test_rows_and_statuses() -> None:
    assert pg.parse_parameter_status(postgres_server.parameter_status("TimeZone", "UTC")[5:]) == (
        "TimeZone",
        "UTC",
    )
    assert pg.parse_row_description(postgres_server.row_description(["a", "ü"])[5:]) == ("a", "ü")
    assert pg.parse_data_row(postgres_server.data_row(["1", None, ""])[5:]) == ("1", None, "")
    assert pg.parse_ready(postgres_server.ready("T")[5:]) == "T"


def test_a_clients_first_packet() -> None:
    assert (ssl := postgres_server.parse_frontend_start(pg.ssl_request())) is not None
    assert (gss := postgres_server.parse_frontend_start(pg.gss_request())) is not None
    assert (ssl.kind, gss.kind, ssl.size) == ("ssl", "gss", 8)
    packet = pg.startup({"user": "app", "database": "shop", "application_name": ""})
    start = postgres_server.parse_frontend_start(packet + b"junk")
    assert start is not None
    assert start.params == {"user": "app", "database": "shop", "application_name": ""}
    assert start.size == len(packet)
    assert postgres_server.parse_frontend_start(packet[:-1]) is None
    for wrong in (b"GET / HTTP/1.1\r\n", b"\0\0\0\x08\0\x02\0\0"):
        with pytest.raises(ProtocolError):
            postgres_server.parse_frontend_start(wrong)


def test_client_messages() -> None:
    assert pg.query("SELECT 1") == b"Q\0\0\0\x0dSELECT 1\0"
    assert pg.terminate() == b"X\0\0\0\x04"
    assert pg.password("x") == b"p\0\0\0\x06x\0"
    assert pg.sasl_initial("M", b"d") == b"p\0\0\0\x0bM\0\0\0\0\x01d"
