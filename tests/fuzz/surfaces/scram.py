"""SCRAM, both halves, and the older proofs of a password. The first byte says which; the rest is the peer's message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from tests.fuzz.surface import CANARY, Surface
from wizard.wire import ProtocolError, mysql_passwords
from wizard.wire.scram import ScramClient, ScramServer, md5_password, saslprep

NONCE = "fyko+d2lbbFgONRv9qkxdawL"
FIRST = f"r={NONCE}3rfcNHYJY1ZVvWVs7j,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=16".encode()
PASSWORDS = ("secret", "pässwörd", "\u00ad\u2168", "\u0627\u0031", "x" * 1000, "\udcff")


def _client(plus: bool = False) -> ScramClient:
    binding = b"h" * 32 if plus else None
    return ScramClient("", CANARY, "SCRAM-SHA-256-PLUS" if plus else "SCRAM-SHA-256", binding, nonce=NONCE)


def _server() -> ScramServer:
    return ScramServer(CANARY, iterations=16, nonce="3rfcNHYJY1ZVvWVs7j")


def seeds() -> list[bytes]:
    """The messages of a good login, those of a refused one, and passwords."""
    client, server = _client(), _server()
    first = client.first()
    final = client.final(server.first(first))
    done = server.final(final) or b""
    client.verify(done)
    challenges = [FIRST, b"e=other-error", FIRST + b",x=y", FIRST.replace(b"i=16", b"i=4096")]
    found = [bytes((reader,)) + one for reader in (0, 1) for one in (*challenges, done)]
    found += [b"\2" + one for one in (done, b"v=eA==", b"e=invalid-proof")]
    found += [b"\3" + first, b"\3p=tls-server-end-point,,n=,r=abc", b"\3y,,n=a=2Cb,r=abc", b"\4" + final]
    return found + [b"\5" + one.encode("utf-8", "surrogateescape") for one in PASSWORDS]


def run(data: bytes) -> Iterator[str]:
    """Hand the message to the half that the first byte says."""
    kind, said = (data[0] % 6 if data else 0), data[1:]
    try:
        _hand_over(kind, said)
    except ProtocolError as error:
        yield from (error.seen, error.text, error.description)


def _hand_over(kind: int, said: bytes) -> None:
    if kind < 2:
        client = _client(plus=kind == 1)
        client.first()
        client.final(said)
    elif kind == 2:
        client = _client()
        client.final(FIRST)
        client.verify(said)
    elif kind == 3:
        _server().first(said)
    elif kind == 4:
        server = _server()
        server.first(_client().first())
        with suppress(ProtocolError):
            server.final(said)
    else:
        text = said.decode("utf-8", "surrogateescape")
        assert isinstance(saslprep(text), bytes)
        md5_password(text, text, said[:4])
        mysql_passwords.native_password(text, said[:20])
        mysql_passwords.caching_sha2(text, said[:20])


SURFACE = Surface(
    "scram",
    seeds,
    run,
    (
        b"r=",
        b",s=",
        b",i=",
        b",p=",
        b"v=",
        b"e=",
        b"i=999999",
        b"i=1000000",
        b"i=2147483647",
        b"i=-1",
        b"m=x,",
        NONCE.encode(),
    ),
    seconds=5.0,
)
