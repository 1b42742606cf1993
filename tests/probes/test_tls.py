"""The handshake against certificates that are wrong in one way each, and files of our own that cannot be used."""

from __future__ import annotations

import os
import socket
import ssl
import time
from pathlib import Path

import pytest

from tests.probes.peers import FIRST, QUICK, Behaviour, read_startup, run, runtime_for, tls_server
from tests.support.certs import DAY, Authority, Pair
from tests.support.sockets import listening
from wizard.probes.base import Report

HANDSHAKE = (*FIRST, "network.greet", "tls.handshake")
NAMES = ("localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"), "Our CA")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other"), "Other CA")


def server(pair: Pair, *, client_ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def shake(
    behaviour: Behaviour,
    mode: str,
    *,
    root: Path | None = None,
    host: str = "127.0.0.1",
    home: Path | None = None,
    until: tuple[str, ...] = HANDSHAKE,
    within: float = 6.0,
    **options: object,
) -> Report:
    with listening("127.0.0.1", 0, behaviour) as port:
        text = f"host={host} port={port} user=app password=hunter2 dbname=shop sslmode={mode}"
        text += f" sslrootcert={root}" if root else ""
        text += "".join(f" {key}={value}" for key, value in options.items())
        runtime = runtime_for(text, home=home, within=within)
        try:
            report = run(runtime, *until)
            if until is HANDSHAKE and report.facts["tls.outcome"] not in ("ok", "plain"):
                assert runtime.channel is None, "a connection that failed stays open"
            return report
        finally:
            runtime.close()


def test_a_good_certificate_is_ok_and_told(ours: Authority) -> None:
    pair = ours.issue("good", "localhost", names=NAMES, end=90 * DAY)
    report = shake(tls_server(server(pair)), "verify-full", root=ours.root)
    assert report.facts["tls.outcome"] == "ok"
    assert report.facts["tls.verifies"] is True
    assert report.facts["tls.days-left"] in (89, 90)
    assert str(report.facts["tls.version"]).startswith("TLSv1.")


@pytest.mark.parametrize(
    ("stem", "start", "end", "outcome"),
    [("expired", -20 * DAY, -3 * DAY, "expired"), ("early", 10 * DAY, 20 * DAY, "not-yet-valid")],
)
def test_dates_are_told_with_the_days(
    ours: Authority, stem: str, start: object, end: object, outcome: str
) -> None:
    pair = ours.issue(stem, "localhost", names=NAMES, start=start, end=end)  # type: ignore[arg-type]
    report = shake(tls_server(server(pair)), "verify-full", root=ours.root)
    assert report.facts["tls.outcome"] == outcome
    assert report.facts["tls.cert-names"] == NAMES
    assert report.facts["tls.cert-issuer"] == "Our CA"
    assert report.facts.get("tls.days-expired") == (3 if outcome == "expired" else None)
    assert any("certificate for localhost" in one.text for one in report.evidence)


def test_a_certificate_for_another_name_matters_only_to_verify_full(ours: Authority) -> None:
    pair = ours.issue("wrong-name", "db.example", names=("db.example",))
    report = shake(tls_server(server(pair)), "verify-full", root=ours.root)
    assert report.facts["tls.outcome"] == "hostname-mismatch"
    assert report.facts["tls.cert-names"] == ("db.example",)
    assert shake(tls_server(server(pair)), "verify-ca", root=ours.root).facts["tls.outcome"] == "ok"


def test_a_certificate_of_an_authority_that_is_not_trusted(ours: Authority, other: Authority) -> None:
    pair = other.issue("foreign", "localhost", names=NAMES)
    assert shake(tls_server(server(pair)), "verify-ca", root=ours.root).facts["tls.outcome"] == "unknown-ca"
    own = ours.issue("alone", "localhost", names=NAMES, self_signed=True)
    assert shake(tls_server(server(own)), "verify-full", root=ours.root).facts["tls.outcome"] == "self-signed"


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_without_verification_any_certificate_will_do(ours: Authority, mode: str) -> None:
    pair = ours.issue("whatever", "db.example", start=-20 * DAY, end=-3 * DAY, self_signed=True)
    report = shake(tls_server(server(pair)), mode)
    assert report.facts["tls.outcome"] == "ok"
    assert report.facts["tls.verifies"] is False


def test_require_verifies_where_a_root_file_is_named_as_libpq_does(ours: Authority, other: Authority) -> None:
    pair = other.issue("foreign-2", "localhost", names=NAMES)
    assert shake(tls_server(server(pair)), "require", root=ours.root).facts["tls.outcome"] == "unknown-ca"


def test_a_root_file_that_is_missing_is_named(ours: Authority, tmp_path: Path) -> None:
    pair = ours.issue("good-2", "localhost", names=NAMES)
    report = shake(tls_server(server(pair)), "verify-full", root=tmp_path / "gone.crt")
    assert (report.facts["tls.outcome"], report.facts["tls.files"]) == ("files", "root-missing")
    assert report.facts["tls.file"] == str(tmp_path / "gone.crt")


def test_without_a_root_file_verify_full_looks_where_libpq_looks(ours: Authority, tmp_path: Path) -> None:
    pair = ours.issue("good-3", "localhost", names=NAMES)
    report = shake(tls_server(server(pair)), "verify-full", home=tmp_path)
    assert (report.facts["tls.files"], report.facts["tls.file"]) == (
        "root-missing",
        str(tmp_path / ".postgresql" / "root.crt"),
    )
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_bytes(ours.root.read_bytes())
    assert shake(tls_server(server(pair)), "verify-full", home=tmp_path).facts["tls.outcome"] == "ok"


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_root_file_that_holds_no_certificate_is_unreadable(
    ours: Authority, tmp_path: Path, content: bytes
) -> None:
    pair = ours.issue("good-4", "localhost", names=NAMES)
    (tmp_path / "root.crt").write_bytes(content)
    report = shake(tls_server(server(pair)), "verify-ca", root=tmp_path / "root.crt")
    assert (report.facts["tls.outcome"], report.facts["tls.files"]) == ("files", "root-unreadable")


def test_a_folder_in_the_place_of_a_root_file_is_unreadable(ours: Authority, tmp_path: Path) -> None:
    pair = ours.issue("good-5", "localhost", names=NAMES)
    assert shake(tls_server(server(pair)), "verify-ca", root=tmp_path).facts["tls.files"] == "root-unreadable"


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ("cert-gone", "cert-missing"),
        ("key-gone", "key-missing"),
        ("open", "key-permissions"),
        ("mismatch", "key-mismatch"),
        ("garbage", "key-unusable"),
        ("passphrase", "key-unusable"),
    ],
)
def test_each_trouble_with_the_clients_key_has_its_word(
    ours: Authority, other: Authority, tmp_path: Path, spoil: str, word: str
) -> None:
    pair = ours.issue("server", "localhost", names=NAMES)
    made = ours.issue("client", "app")
    cert, key = tmp_path / "client.crt", tmp_path / "client.key"
    cert.write_bytes(made.cert.read_bytes())
    key.write_bytes(made.key.read_bytes())
    key.chmod(0o644 if spoil == "open" else 0o600)
    if spoil == "cert-gone":
        cert.unlink()
    elif spoil == "key-gone":
        key.unlink()
    elif spoil == "mismatch":
        key.write_bytes(other.issue("stranger", "x").key.read_bytes())
    elif spoil == "garbage":
        key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    elif spoil == "passphrase":
        key.write_bytes(encrypted(made.key))
    began = time.monotonic()
    report = shake(tls_server(server(pair)), "require", sslcert=cert, sslkey=key)
    assert (report.facts["tls.outcome"], report.facts["tls.files"]) == ("files", word)
    assert report.facts["tls.file"] in (str(cert), str(key))
    assert report.evidence
    assert time.monotonic() - began < 2.0, "a passphrase must not be waited for"


def encrypted(path: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(path.read_bytes(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"opensesame"),
    )


def test_a_key_of_root_may_be_read_by_its_group_as_libpq_allows(ours: Authority) -> None:
    pair = ours.issue("server-2", "localhost", names=NAMES)
    client = ours.issue("client-2", "app")
    client.key.chmod(0o640)
    report = shake(tls_server(server(pair)), "require", sslcert=client.cert, sslkey=client.key)
    allowed = os.stat(client.key).st_uid == 0
    assert report.facts["tls.files"] == ("ok" if allowed else "key-permissions")


def test_a_server_that_demands_a_certificate_says_so(ours: Authority) -> None:
    pair = ours.issue("demanding", "localhost", names=NAMES)
    context = server(pair, client_ca=ours.root)
    report = shake(tls_server(context), "require", until=(*HANDSHAKE, "auth.login"))
    said = {report.facts.get("tls.alert"), report.facts.get("tls.outcome")}
    assert said & {"alert-certificate-required", "alert-handshake-failure"}


def test_versions_that_do_not_meet_are_told(ours: Authority) -> None:
    context = server(ours.issue("modern", "localhost", names=NAMES))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    report = shake(tls_server(context), "require", ssl_max_protocol_version="TLSv1.2")
    assert report.facts["tls.outcome"] == "protocol-version"


def says_s_then(rest: bytes | None) -> Behaviour:
    """Agrees to TLS, then sends what is no handshake; None says nothing more."""

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(b"S")
        connection.recv(4096)
        if rest is None:
            connection.recv(4096)
        elif rest:
            connection.sendall(rest)
        connection.close()

    return behave


@pytest.mark.parametrize(
    ("rest", "outcomes"),
    [
        (b"", {"eof", "reset"}),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", {"not-tls"}),
        (b"\x15\x03\x03\0\2\2\x70", {"alert-unrecognized-name"}),
    ],
    ids=["closes", "http", "unrecognized-name"],
)
def test_a_handshake_that_breaks_off_is_told(rest: bytes, outcomes: set[str]) -> None:
    report = shake(says_s_then(rest), "require")
    assert report.facts["tls.outcome"] in outcomes
    assert report.evidence


def test_a_handshake_that_is_never_answered_is_bounded() -> None:
    began = time.monotonic()
    report = shake(says_s_then(None), "require", within=1.0)
    assert report.facts["tls.outcome"] == "timeout"
    assert time.monotonic() - began < 1.0 + 2 * QUICK


def no_tls(connection: socket.socket) -> None:
    read_startup(connection)
    connection.sendall(b"N")
    connection.recv(1)


@pytest.mark.parametrize(
    ("mode", "outcome"), [("prefer", "plain"), ("require", "not-offered"), ("verify-ca", "not-offered")]
)
def test_a_server_without_tls_matters_to_those_who_insist(ours: Authority, mode: str, outcome: str) -> None:
    assert shake(no_tls, mode, root=ours.root).facts["tls.outcome"] == outcome


def test_escape_sequences_in_a_certificate_reach_nothing(ours: Authority) -> None:
    pair = ours.issue("evil", "db\x1b]0;owned\x07\u202e.example")
    report = shake(tls_server(server(pair)), "verify-full", root=ours.root)
    assert report.facts["tls.outcome"] == "hostname-mismatch"
    assert report.facts["tls.cert-names"]
