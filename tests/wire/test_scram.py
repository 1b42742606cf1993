"""Passwords of PostgreSQL: the published vectors, both halves against each other, and hostile servers."""

from __future__ import annotations

import hashlib

import pytest

from wizard.wire import ProtocolError
from wizard.wire.scram import ScramClient, ScramServer, md5_password, saslprep

# RFC 7677 section 3
NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def published() -> ScramClient:
    return ScramClient("user", "pencil", nonce=NONCE)


def test_the_vector_of_rfc_7677() -> None:
    client = published()
    assert client.first() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert client.final(SERVER_FIRST) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    client.verify(SERVER_FINAL)


def talk(client: ScramClient, server: ScramServer) -> bytes | None:
    return server.final(client.final(server.first(client.first())))


@pytest.mark.parametrize(
    ("mechanism", "binding"),
    [("SCRAM-SHA-256", None), ("SCRAM-SHA-256", b"hash"), ("SCRAM-SHA-256-PLUS", b"hash")],
)
def test_both_halves_agree(mechanism: str, binding: bytes | None) -> None:
    client = ScramClient("a=b,c", "pàss", mechanism, binding)
    final = talk(client, ScramServer("pàss", channel_binding_data=b"hash"))
    assert final is not None
    client.verify(final)


def test_a_wrong_password_and_a_wrong_binding_are_refused() -> None:
    assert talk(ScramClient("", "guess"), ScramServer("pencil")) is None
    relayed = ScramClient("", "pencil", "SCRAM-SHA-256-PLUS", b"certificate of somebody else")
    assert talk(relayed, ScramServer("pencil", channel_binding_data=b"hash")) is None


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"r=another,s=W22Z,i=4096", "nonce"),
        (b"r=" + NONCE.encode() + b",s=W22Z,i=4096", "nonce"),
        (SERVER_FIRST.replace(b"4096", b"1000001"), "iteration count"),
        (SERVER_FIRST.replace(b"4096", b"0"), "iteration count"),
        (SERVER_FIRST.replace(b"4096", b"-1"), "iteration count"),
        (SERVER_FIRST.replace(b"4096", b"9" * 5000), "iteration count"),
        (b"r=" + NONCE.encode() + b"x,s=,i=1", "salt"),
        (b"r=" + NONCE.encode() + b"x,s=!,i=1", "base64"),
        (b"junk", "malformed"),
        (b"", "malformed"),
    ],
)
def test_hostile_servers_are_refused(first: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        published().final(first)


@pytest.mark.parametrize(
    ("final", "words"), [(b"v=AAAA", "signature"), (b"e=other-error", "other-error"), (b"x", "malformed")]
)
def test_a_server_must_prove_itself(final: bytes, words: str) -> None:
    client = published()
    client.final(SERVER_FIRST)
    with pytest.raises(ProtocolError, match=words):
        client.verify(final)


def test_a_server_that_skips_its_turn_is_not_verified() -> None:
    with pytest.raises(ProtocolError, match="signature"):
        published().verify(b"v=")


def test_the_mechanism_must_be_possible() -> None:
    with pytest.raises(ProtocolError, match="TLS"):
        ScramClient("", "x", "SCRAM-SHA-256-PLUS")
    with pytest.raises(ProtocolError, match="unknown"):
        ScramClient("", "x", "SCRAM-SHA-1")


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("plain", b"plain"),
        ("I\u00adX", b"IX"),  # RFC 4013 section 3
        ("\u00aa", b"a"),
        ("\u2168", b"IX"),
        ("a\u00a0b", b"a b"),
        ("tab\té", "tab\té".encode()),  # forbidden: used as it is
        ("\u06271", "\u06271".encode()),  # fails the check of directions
        ("\u00ad", "\u00ad".encode()),  # nothing left
    ],
)
def test_saslprep(text: str, prepared: bytes) -> None:
    assert saslprep(text) == prepared


def test_md5() -> None:
    assert md5_password("user", "password", b"\x01\x02\x03\x04") == "md5" + (
        hashlib.md5(b"4d45974e13472b5a0be3533de4666414" + b"\x01\x02\x03\x04").hexdigest()
    )
