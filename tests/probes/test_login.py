"""The login against servers that refuse, stall, drip, break off, lie about their length, or ask for the impossible."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import pytest

from tests.probes.peers import (
    FIRST,
    PASSWORD,
    QUICK,
    Behaviour,
    after_startup,
    read_startup,
    run,
    runtime_for,
    slow_down,
)
from tests.support.sockets import listening
from wizard.probes.base import Report
from wizard.runtime import Runtime
from wizard.wire import mysql, postgres, postgres_server, scram

PLAIN = "postgresql://app:hunter2@127.0.0.1:{}/shop?sslmode=disable"
MYSQL = "mysql://app:hunter2@127.0.0.1:{}/shop"
REFUSAL = postgres_server.error(
    {
        "S": "FATAL",
        "V": "FATAL",
        "C": "28P01",
        "M": 'password authentication failed for user "app"',
        "H": "Try again.",
        "F": "auth.c",
        "L": "326",
        "R": "auth_failed",
    }
)
POOLERS_WORDS = postgres_server.error({"S": "FATAL", "C": "08P01", "M": "no such database: shop"})
PASSED_ON = postgres_server.error(
    {"S": "FATAL", "C": "08P01", "M": 'password authentication failed for user "app"'}
)
WELCOME = (
    postgres_server.auth_ok()
    + postgres_server.parameter_status("server_version", "15.7 (Debian)")
    + postgres_server.ready()
)
SALT = bytes(range(1, 21))
UP_TO_LOGIN = (*FIRST, "network.greet", "tls.handshake", "auth.login")


def login(
    url: str,
    behaviour: Behaviour,
    check: Callable[[Runtime], None] = lambda runtime: None,
    *,
    slow: bool = False,
) -> Report:
    """The report of auth.login; `check` sees the runtime before the connection is ended."""
    with listening("127.0.0.1", 0, behaviour) as port:
        runtime = runtime_for(url.format(port), within=3.0)
        try:
            run(runtime, *UP_TO_LOGIN[:-1])
            if slow:
                slow_down(runtime)
            report = run(runtime, UP_TO_LOGIN[-1])
            check(runtime)
            return report
        finally:
            runtime.close()


@pytest.mark.parametrize("slow", [False, True], ids=["whole", "byte-by-byte"])
def test_a_refusal_is_told_with_its_code(slow: bool) -> None:
    report = login(PLAIN, after_startup(REFUSAL), slow=slow)
    assert (report.facts["auth.outcome"], report.facts["error.code"]) == ("error", "28P01")
    assert report.facts["error.text"] == 'FATAL:  password authentication failed for user "app"'
    assert (report.facts["error.phase"], report.facts["error.hint"]) == ("login", "Try again.")
    assert report.evidence[-1].code == "28P01"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [(POOLERS_WORDS, "error-pooler"), (PASSED_ON, "error-behind")],
    ids=["own", "passed-on"],
)
def test_an_error_without_a_place_in_the_source_is_a_poolers(said: bytes, outcome: str) -> None:
    report = login(PLAIN, after_startup(said))
    assert (report.facts["auth.outcome"], report.facts["pooler"]) == (outcome, "pgbouncer")


@pytest.mark.parametrize(("number", "pooler"), [(4711, None), (0xDEADBEEF, "other")])
def test_a_session_number_that_no_process_has_is_a_poolers(number: int, pooler: str | None) -> None:
    key = postgres.message(b"K", number.to_bytes(4, "big") + b"\0\0\0\1")
    report = login(PLAIN, after_startup(postgres_server.auth_ok() + key + postgres_server.ready()))
    assert (report.facts["auth.outcome"], report.facts.get("pooler")) == ("ok", pooler)


@pytest.mark.parametrize("slow", [False, True], ids=["whole", "byte-by-byte"])
def test_a_login_that_is_let_in_is_ok_and_stays_open(slow: bool) -> None:
    def check(runtime: Runtime) -> None:
        assert runtime.channel is not None
        assert runtime.channel.logged_in

    report = login(PLAIN, after_startup(WELCOME), check, slow=slow)
    assert report.facts["auth.outcome"] == "ok"
    assert report.facts["server.version-major"] == "15"


def test_a_refused_connection_is_closed() -> None:
    def check(runtime: Runtime) -> None:
        assert runtime.channel is None

    login(PLAIN, after_startup(REFUSAL), check)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_port_that_hangs_up_on_the_login_and_answers_a_tls_handshake_wants_tls(reset: bool) -> None:
    def behave(connection: socket.socket) -> None:
        if connection.recv(4096)[:1] == b"\x16":
            connection.sendall(b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00")
        elif reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    report = login(PLAIN, behave)
    assert (report.facts["auth.outcome"], report.facts["network.answer"]) == ("garbage", "tls")
    assert "TLS from the first byte" in report.summary


def test_a_server_that_breaks_off_after_its_first_word_is_not_asked_for_tls() -> None:
    openings: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        openings.append(connection.recv(4096)[:1])
        connection.sendall(postgres_server.auth_sasl(["SCRAM-SHA-256"]))
        connection.close()

    report = login(PLAIN, behave)
    assert report.facts["auth.outcome"] in ("closed", "reset")
    assert b"\x16" not in openings
    assert "network.answer" not in report.facts


def test_a_server_that_closes_instead_of_an_answer_is_closed() -> None:
    report = login(PLAIN, after_startup())
    assert report.facts["auth.outcome"] == "closed"
    assert report.evidence


def test_a_server_that_resets_is_reset() -> None:
    report = login(PLAIN, after_startup(reset=True))
    assert report.facts["auth.outcome"] == "reset"


@pytest.mark.parametrize("cut", [3, 5, 20, -1])
def test_a_server_that_closes_in_the_middle_of_an_error_is_no_stranger(cut: int) -> None:
    """A crash while the error is written: PostgreSQL was there, and the connection broke."""
    report = login(PLAIN, after_startup(REFUSAL[:cut]))
    assert report.facts["auth.outcome"] in ("closed", "reset", "error")


def silent(connection: socket.socket) -> None:
    """Reads, and never answers."""
    while connection.recv(4096):
        pass


def test_silence_after_the_startup_is_bounded_by_the_first_word() -> None:
    began = time.monotonic()
    report = login(PLAIN, silent)
    assert report.facts["auth.outcome"] == "timeout"
    assert QUICK <= time.monotonic() - began < QUICK + 1.0


def test_an_endless_login_is_given_up() -> None:
    """Each message is legal and none of them is the last one."""

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(postgres_server.auth_ok())
        while True:
            connection.sendall(postgres_server.parameter_status("client_encoding", "x" * 1000) * 100)

    with listening("127.0.0.1", 0, behave) as port:
        runtime = runtime_for(PLAIN.format(port), within=0.8)
        began = time.monotonic()
        report = run(runtime, *UP_TO_LOGIN)
        runtime.close()
    assert report.facts["auth.outcome"] == "garbage"
    assert "a login without an end" in report.summary
    assert time.monotonic() - began < 1.8


def test_ten_megabytes_in_one_message_are_refused() -> None:
    huge = postgres_server.error({"S": "FATAL", "C": "XX000", "M": "x" * (10 << 20)})
    began = time.monotonic()
    report = login(PLAIN, after_startup(huge))
    assert report.facts["auth.outcome"] in ("garbage", "error")
    assert sum(len(one.text) for one in report.evidence) < 2000
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "noise",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0" * 64,
        b"R\x7f\xff\xff\xff" + b"x" * 64,
        b"R\0\0\0\3",
        postgres.message(b"R", b""),
        postgres.message(b"R", b"\0\0\0\x05"),
        postgres.message(b"R", b"\0\0\0\x0a"),
        postgres.message(b"S", b"no-end"),
        postgres_server.auth_sasl_continue(b"r=x,s=y,i=1"),
        postgres_server.auth_sasl_final(b"v=x"),
        postgres_server.auth_sasl(["SCRAM-SHA-256"]) + postgres_server.auth_sasl_continue(b"nonsense"),
        postgres_server.auth_sasl(["SCRAM-SHA-256"])
        + postgres_server.auth_sasl_continue(b"r=abc,s=!!,i=zero"),
        postgres_server.auth_sasl(["SCRAM-SHA-256"])
        + postgres_server.auth_sasl_continue(b"r=abc,s=QUJD,i=999999999"),
        postgres.message(b"E", b""),
        postgres.message(b"E", b"\xff\xfe\0"),
    ],
    ids=lambda noise: noise[:24].hex(),
)
def test_noise_at_the_login_is_told_and_never_raised(noise: bytes) -> None:
    began = time.monotonic()
    report = login(PLAIN, after_startup(noise))
    assert report.facts["auth.outcome"] not in ("ok", "timeout")
    assert time.monotonic() - began < 1.5


def test_escape_sequences_reach_neither_facts_nor_evidence() -> None:
    """Held by `run` for every report; here every field of the error carries them."""
    escape = "\x1b]0;owned\x07\x1b[31m\u202ered\x9b1m"
    fields = {
        "S": "FATAL" + escape,
        "C": "28000" + escape,
        "M": "no" + escape,
        "D": "d" + escape,
        "H": "h" + escape,
        "R": "r" + escape,
    }
    report = login(PLAIN, after_startup(postgres_server.error(fields)))
    assert report.facts["auth.outcome"] == "error"
    assert "no" in str(report.facts["error.text"])


def test_escape_sequences_in_the_version_reach_nothing() -> None:
    welcome = (
        postgres_server.auth_ok()
        + postgres_server.parameter_status("server_version", "15\x1b[31m\x07.7")
        + postgres_server.ready()
    )
    assert login(PLAIN, after_startup(welcome)).facts["auth.outcome"] == "ok"


def test_without_a_password_the_method_that_asks_for_it_is_told() -> None:
    report = login(PLAIN.replace(":hunter2", ""), after_startup(postgres_server.auth_sasl(["SCRAM-SHA-256"])))
    assert (report.facts["auth.outcome"], report.facts["auth.method"]) == (
        "password-missing",
        "scram-sha-256",
    )


@pytest.mark.parametrize(("code", "word"), [(7, "gss"), (9, "sspi"), (99, "unknown")])
def test_a_method_that_is_not_spoken_is_told(code: int, word: str) -> None:
    report = login(PLAIN, after_startup(postgres_server.auth_method(code)))
    assert report.facts["auth.outcome"] == "method-unsupported"
    assert word in str(report.facts["auth.method"])


def test_a_method_that_the_settings_exclude_is_not_answered() -> None:
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(postgres_server.auth_cleartext())
        connection.settimeout(2)
        heard.append(connection.recv(100))

    report = login(PLAIN + "&require_auth=scram-sha-256", behave)
    assert report.facts["auth.outcome"] == "method-unsupported"
    assert heard in ([], [b""]), "the password was handed over"


def test_the_password_is_in_no_fact_and_no_evidence_even_when_the_server_repeats_it() -> None:
    """The redactor is the last gate; before it, a server's own words are all that could carry the password."""
    report = login(PLAIN, after_startup(REFUSAL))
    assert "hunter2" not in repr(report)


def test_a_password_of_any_characters_is_proved_by_md5() -> None:
    salt = b"\x01\x02\x03\x04"
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(postgres_server.auth_md5(salt))
        heard.append(connection.recv(1000))
        connection.sendall(WELCOME)
        connection.recv(10)

    with listening("127.0.0.1", 0, behave) as port:
        text = f"host=127.0.0.1 port={port} user=app dbname=shop sslmode=disable"
        runtime = runtime_for(text, PGPASSWORD=PASSWORD)
        report = run(runtime, *UP_TO_LOGIN)
        runtime.close()
    assert report.facts["auth.outcome"] == "ok"
    assert heard == [postgres.password(scram.md5_password("app", PASSWORD, salt))]


def mysql_server(*packets: bytes) -> Behaviour:
    """Greets, reads the login, sends the packets, and closes."""

    def behave(connection: socket.socket) -> None:
        no_tls = mysql.SERVER_DEFAULT & ~mysql.SSL
        connection.sendall(mysql.packet(mysql.greeting("8.0.36", 7, SALT, capabilities=no_tls), 0))
        connection.recv(4096)
        connection.sendall(b"".join(mysql.packet(one, number + 2) for number, one in enumerate(packets)))
        connection.shutdown(socket.SHUT_WR)
        connection.recv(4096)

    return behave


@pytest.mark.parametrize("slow", [False, True], ids=["whole", "byte-by-byte"])
def test_mysqls_refusal_is_told_with_its_number(slow: bool) -> None:
    said = mysql.error(1045, "Access denied for user 'app'@'localhost' (using password: YES)", "28000")
    report = login(MYSQL, mysql_server(said), slow=slow)
    assert (report.facts["auth.outcome"], report.facts["error.code"]) == ("error", "1045")
    assert "Access denied" in str(report.facts["error.text"])


def test_mysql_that_closes_during_the_login_is_closed() -> None:
    assert login(MYSQL, mysql_server()).facts["auth.outcome"] in ("closed", "reset")


def test_mysqls_words_lose_their_escape_sequences() -> None:
    report = login(MYSQL, mysql_server(mysql.error(1045, "\x1b]0;owned\x07no\x1b[31m", "28000")))
    assert report.facts["auth.outcome"] == "error"
    switched = login(MYSQL, mysql_server(mysql.auth_switch("dialog\x1b[31m\x07", SALT)))
    assert switched.facts["auth.outcome"] == "method-unsupported"


def test_a_plugin_that_wants_the_password_in_clear_gets_none_without_tls() -> None:
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        no_tls = mysql.SERVER_DEFAULT & ~mysql.SSL
        connection.sendall(mysql.packet(mysql.greeting("8.0.36", 7, SALT, capabilities=no_tls), 0))
        heard.append(connection.recv(4096))
        connection.sendall(mysql.packet(mysql.auth_switch("mysql_clear_password", b""), 2))
        connection.settimeout(2)
        heard.append(connection.recv(4096))

    report = login(MYSQL, behave)
    assert report.facts["auth.outcome"] == "insecure"
    assert b"hunter2" not in b"".join(heard)


@pytest.mark.parametrize(
    "noise", [b"\xff", b"\xfe", b"\x01", b"\x05what", b"\xfe" + b"x" * 300], ids=bytes.hex
)
def test_noise_at_mysqls_login_is_told_and_never_raised(noise: bytes) -> None:
    assert login(MYSQL, mysql_server(noise)).facts["auth.outcome"] not in ("ok", "timeout")


def test_without_a_connection_it_says_so() -> None:
    report = run(runtime_for("postgresql://u@127.0.0.1:1/d"), "auth.login")
    assert report.facts == {}
    assert "no open connection" in report.trouble


@pytest.mark.parametrize("name", ["database.inspect", "capacity.inspect"])
def test_without_a_session_nothing_is_claimed_of_the_database(name: str) -> None:
    report = run(runtime_for("postgresql://u@127.0.0.1:1/d"), name)
    assert report.facts == {}
    assert "no session" in report.trouble


def test_a_write_is_only_tried_when_asked_for() -> None:
    assert run(runtime_for("postgresql://u@127.0.0.1:1/d"), "database.write-path").facts == {
        "database.write": "not-asked"
    }


def session(*answers: bytes) -> Behaviour:
    """A PostgreSQL server that lets everybody in and answers the first queries so, then closes."""

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(WELCOME)
        for answer in answers:
            connection.recv(65536)
            connection.sendall(answer)
        if not answers or answers[-1].endswith(postgres_server.ready()):
            connection.recv(65536)
        connection.close()

    return behave


NO_ROWS = (
    postgres_server.row_description(["one"])
    + postgres_server.command_complete("SELECT 0")
    + postgres_server.ready()
)


def inspect(*answers: bytes, probe: str = "database.inspect") -> Report:
    with listening("127.0.0.1", 0, session(*answers)) as port:
        runtime = runtime_for(PLAIN.format(port), within=2.0)
        try:
            return run(runtime, *UP_TO_LOGIN, probe)
        finally:
            runtime.close()


def test_a_server_that_tells_nothing_is_not_said_to_take_writes() -> None:
    """Not having been told is unknown, and unknown is not false."""
    report = inspect(NO_ROWS)
    assert report.facts.get("database.outcome") != "ok"
    assert "database.read-only" not in report.facts
    assert "database.in-recovery" not in report.facts


@pytest.mark.parametrize("probe", ["database.inspect", "capacity.inspect"])
def test_a_session_that_is_lost_at_a_query_is_lost(probe: str) -> None:
    report = inspect(probe=probe)
    assert report.facts[f"{probe.split('.')[0]}.outcome"] == "lost"


def test_a_query_that_is_refused_is_an_error_with_its_code() -> None:
    said = postgres_server.error(
        {"S": "ERROR", "C": "57P01", "M": "terminating\x1b[31m connection", "D": "d\x07"}
    )
    report = inspect(said)
    assert (report.facts["database.outcome"], report.facts["error.code"]) == ("error", "57P01")
    assert report.facts["error.phase"] == "query"


def test_escape_sequences_in_rows_reach_nothing() -> None:
    names = [
        "one",
        "recovery",
        "readonly",
        "default_readonly",
        "version",
        "statement_timeout",
        "database",
        "account",
    ]
    row = ["1", "f", "off", "off", "15", "0", "shop\x1b]0;owned\x07", "app\u202e\x1b[31m"]
    answer = (
        postgres_server.row_description(names)
        + postgres_server.data_row(row)
        + postgres_server.command_complete("SELECT 1")
    )
    report = inspect(answer + postgres_server.ready())
    assert report.facts["database.read-only"] is False
