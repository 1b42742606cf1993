"""The classifier of error texts against the rules that ship, and against texts that mean it ill."""

from __future__ import annotations

import ast
import re
import time
from functools import cache
from pathlib import Path

import pytest
import yaml

from wizard.core import classify
from wizard.core.classify import Classifier
from wizard.core.envelopes import LINE_LIMIT
from wizard.core.records import records
from wizard.core.rules import Rule

MESSAGES = Path(__file__).parents[2] / "decision_trees" / "messages"


@cache
def shipped() -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for path in sorted(MESSAGES.glob("*.yaml")):
        content = yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        )
        rules += [Rule.from_mapping(entry, content["origin"]) for entry in content["rules"]]
    return tuple(rules)


@cache
def classifier() -> Classifier:
    return Classifier(shipped())


def cause_of(text: str, **known: str) -> str | None:
    found = classifier().classify(text, **known)
    return found.cause if found else None


def rule(**given: object) -> Rule:
    return Rule.from_mapping(
        {"id": "t.rule", "cause": "network.refused", "pattern": "no way", **given}, "test"
    )


# The rules that ship


@pytest.mark.slow
def test_each_example_gives_the_cause_of_its_own_rule() -> None:
    wrong = []
    for one in shipped():
        for example in one.examples:
            found = classifier().classify(example, code=None if one.pattern else one.code)
            if found is None or found.cause != one.cause:
                wrong.append((one.id, one.cause, found and (found.rule_id, found.cause), example))
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "cause"),
    [("28000", "auth.role-unknown"), ("22023", "config.invalid-option"), (None, "auth.role-unknown")],
)
def test_the_code_tells_a_role_that_logs_in_from_one_in_an_option(code: str | None, cause: str) -> None:
    found = classifier().classify('FATAL:  role "nosuch" does not exist', code=code, engine="postgresql")
    assert found is not None
    assert found.cause == cause


@pytest.mark.parametrize(
    ("given", "likely", "excluded"),
    [
        ("YES", "auth.password-wrong", "auth.password-missing"),
        ("NO", "auth.password-missing", "auth.password-wrong"),
    ],
)
def test_candidates_of_1045_fit_what_it_says_of_the_password(given: str, likely: str, excluded: str) -> None:
    text = f"Access denied for user 'app'@'10.0.3.4' (using password: {given})"
    found = classifier().classify(text, code="1045", engine="mariadb")
    assert found is not None
    assert found.candidates[0] == likely
    assert excluded not in found.candidates
    assert {"tls.required", "tls.client-certificate-required"} <= set(found.candidates)


def test_the_reason_in_the_log_outweighs_the_refusal_beside_it() -> None:
    text = (
        'LOG:  certificate validation (clientcert=verify-full) failed for user "app": CN mismatch\n'
        'FATAL:  password authentication failed for user "app"'
    )
    assert cause_of(text) == "tls.client-certificate-rejected"


def test_no_rule_wins_its_look_alikes() -> None:
    lookalikes = [(one.id, text) for one in shipped() for text in one.lookalikes]
    assert lookalikes
    for rule_id, text in lookalikes:
        found = classifier().classify(text)
        assert found is None or found.rule_id != rule_id, text


def test_each_rule_says_where_its_words_come_from_and_shows_one() -> None:
    assert [one.id for one in shipped() if not one.source or not one.examples] == []


def test_ids_of_rules_are_unique() -> None:
    ids = [one.id for one in shipped()]
    assert len(set(ids)) == len(ids)


def test_patterns_are_of_the_kind_that_never_backtracks_for_long() -> None:
    beyond_re2 = re.compile(r"\(\?[=!<](?!\w+>)|\\[1-9]|\(\?\(|\(\?>|[*+?}]\+")
    assert [one.id for one in shipped() if beyond_re2.search(one.pattern)] == []
    unbounded = re.compile(r"(?<!\\)\.[*+]|\[\^[^\]]{1,4}\][*+]")
    assert [one.id for one in shipped() if unbounded.search(one.pattern)] == []


# Which of several is the decisive one


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            'FATAL:  password authentication failed for user "old"\n'
            'DETAIL:  User "old" has an expired password.\n\tConnection matched pg_hba.conf line 4',
            "auth.password-expired",
        ),
        (
            "FATAL:  query_wait_timeout\nserver closed the connection unexpectedly\n"
            "\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.",
            "pooler.wait-timeout",
        ),
        (
            'FATAL:  password authentication failed for user "u"\n'
            'FATAL:  no pg_hba.conf entry for host "203.0.113.58", user "u", database "d", no encryption',
            "auth.password-wrong",
        ),
        (
            "org.springframework.jdbc.CannotGetJdbcConnectionException: Failed to obtain JDBC Connection\n"
            "\tat a.B.c(B.java:1)\nCaused by: com.mysql.cj.jdbc.exceptions.CommunicationsException: "
            "Communications link failure\n\tat a.B.c(B.java:2)\nCaused by: java.net.UnknownHostException: "
            "db.example.com",
            "dns.name-not-found",
        ),
        (
            "LOG:  server process (PID 31) was terminated by signal 9: Killed\n"
            "FATAL:  the database system is in recovery mode\n"
            * 1
            + "FATAL:  the database system is in recovery mode\n" * 20,
            "server.oom-killed",
        ),
        (
            'could not connect to server: Connection refused\n\tIs the server running on host "192.168.1.20" and '
            "accepting\n\tTCP/IP connections on port 5432?",
            "network.refused",
        ),
        (
            'could not connect to server: Connection refused\n\tIs the server running on host "localhost" (::1) and '
            "accepting\n\tTCP/IP connections on port 5432?",
            "network.service-down",
        ),
    ],
)
def test_the_decisive_line_wins_and_not_the_first(text: str, cause: str) -> None:
    assert cause_of(text) == cause


def test_the_same_words_mean_another_cause_for_this_machine() -> None:
    assert cause_of("Error: connect ECONNREFUSED 127.0.0.1:5432") == "network.service-down"
    assert cause_of("Error: connect ECONNREFUSED 10.0.3.7:5432") == "network.refused"
    assert (
        cause_of("dial tcp: lookup db on 127.0.0.11:53: no such host") == "dns.service-name-outside-network"
    )
    assert cause_of("dial tcp: lookup db.example.com on 10.0.0.2:53: no such host") == "dns.name-not-found"


def test_a_server_that_speaks_another_language_is_known_by_its_code() -> None:
    greek = "ΚΡΙΣΙΜΟ:  η πιστοποίηση του χρήστη «app» απέτυχε"
    assert cause_of(greek) is None
    assert cause_of(greek, code="28P01", engine="postgresql") == "auth.password-wrong"
    assert cause_of("accès refusé", code="1045", engine="mariadb") == "auth.access-denied"
    assert cause_of("accès refusé", code="1045", engine="postgresql") is None


def test_a_match_carries_what_the_text_names() -> None:
    text = (
        'psycopg.OperationalError: connection failed: connection to server at "db.internal" (10.0.3.7), port 5433 '
        'failed: FATAL:  password authentication failed for user "app"'
    )
    found = classifier().classify(text)
    assert found is not None
    assert (found.engine, found.code, found.driver) == ("postgresql", "28P01", "psycopg")
    expected = {"user": "app", "host": "db.internal", "address": "10.0.3.7", "port": "5433"}
    assert found.captures == expected
    assert found.candidates


# What is no connection fault


NEGATIVES = [
    'ERROR:  duplicate key value violates unique constraint "u"\nDETAIL:  Key (email)=(a@b) already exists.',
    'ERROR:  relation "orders" does not exist at character 15',
    'ERROR:  column "total" does not exist',
    'ERROR:  syntax error at or near "FROM" at character 8',
    'ERROR:  null value in column "id" of relation "t" violates not-null constraint',
    'ERROR:  role "reporting" does not exist',
    "ERROR:  deadlock detected\nDETAIL:  Process 12 waits for ShareLock on transaction 99; blocked by process 13.",
    "ERROR:  division by zero",
    "ERROR:  current transaction is aborted, commands ignored until end of transaction block",
    "LOG:  checkpoint complete: wrote 18 buffers (0.1%); 0 WAL file(s) added, 0 removed, 0 recycled",
    "LOG:  checkpoint starting: time",
    "LOG:  connection received: host=10.121.14.113 port=5179",
    "LOG:  connection authorized: user=webapp database=webapp SSL enabled (protocol=TLSv1.2, bits=256)",
    "LOG:  disconnection: session time: 0:00:00.012 user=app database=shop host=10.0.0.1 port=40122",
    "LOG:  duration: 1203.112 ms  statement: SELECT * FROM orders",
    'LOG:  automatic vacuum of table "shop.public.orders": index scans: 1',
    'LOG:  listening on IPv4 address "127.0.0.1", port 5432',
    "LOG:  starting PostgreSQL 16.3 (Debian 16.3-1.pgdg120+1) on x86_64-pc-linux-gnu",
    "ERROR 1062 (23000): Duplicate entry '1' for key 'PRIMARY'",
    "ERROR 1064 (42000): You have an error in your SQL syntax; check the manual",
    "ERROR 1146 (42S02): Table 'shop.orders' doesn't exist",
    "ERROR 1213 (40001): Deadlock found when trying to get lock; try restarting transaction",
    "ERROR 1452 (23000): Cannot add or update a child row: a foreign key constraint fails",
    "ERROR 1054 (42S22): Unknown column 'total' in 'field list'",
    "2026-03-02 10:15:27 0 [Note] InnoDB: Buffer pool(s) load completed at 260302 10:15:27",
    "2026-03-02T10:15:27.1Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections.",
    "2026-03-02 19:14:38.741 UTC [3183] LOG C-0x1: shop/app@10.0.3.9:4011 login attempt: db=shop user=app tls=no",
    "2026-03-02 19:14:38.741 UTC [3183] LOG stats: 12 xacts/s, 30 queries/s, in 12 B/s, out 40 B/s, wait 0 us",
    "Error: connect ECONNREFUSED 127.0.0.1:6379",
    "dial tcp 10.0.0.9:9092: connect: connection refused",
    "curl: (7) Failed to connect to http://127.0.0.1:8080: Connection refused",
    "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded",
    "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
    "pymongo.errors.ServerSelectionTimeoutError: localhost:27017: [Errno 111] Connection refused",
    'Get "https://registry.example.com/v2/": x509: certificate signed by unknown authority',
    "smtplib.SMTPServerDisconnected: Connection unexpectedly closed: smtp.example.com:587 timed out",
    "nginx: [error] connect() failed (111: Connection refused) while connecting to upstream",
    'GET /login HTTP/1.1" 401 Unauthorized: wrong password for user app',
    "The password must have at least twelve characters.",
    "TypeError: Cannot read properties of undefined (reading 'rows')",
    "KeyError: 'user'",
    "Compiling 12 files... done. 0 errors, 3 warnings.",
    "No space is left for another comment in this review, please be short.",
    "Please restart the database server tonight; the connection pool dashboard looks good.",
    "kernel: eth0: link is up, 1000 Mbps full duplex",
    "",
    "   \n\t\n",
]


@pytest.mark.parametrize("text", NEGATIVES)
def test_what_is_no_connection_fault_yields_nothing(text: str) -> None:
    found = classifier().classify(text)
    assert found is None, found
    assert list(classifier().classify_all(text)) == []


# Lines and records


def test_one_error_of_several_lines_is_one_match_at_its_first_line() -> None:
    log = (
        "2026-05-13 18:18:51 UTC [1] LOG:  checkpoint starting: time\n"
        '2026-05-13 18:18:52 UTC [2] FATAL:  password authentication failed for user "c"\n'
        '2026-05-13 18:18:52 UTC [2] DETAIL:  Role "c" does not exist.\n'
        "\tConnection matched pg_hba.conf line 4\n"
        "2026-05-13 18:18:53 UTC [3] FATAL:  sorry, too many clients already\n"
    )
    found = [(match.line, match.cause) for match in classifier().classify_all(log)]
    assert found == [(2, "auth.role-unknown"), (5, "capacity.max-connections")]


def test_the_reason_after_the_empty_line_of_connector_j_belongs_to_its_error() -> None:
    """Its message has an empty line in it, so the chain goes on after one."""
    text = (
        "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure\n\n"
        "The last packet sent successfully to the server was 0 milliseconds ago.\n"
        "\tat com.mysql.cj.jdbc.ConnectionImpl.createNewIO(ConnectionImpl.java:836)\n"
        "Caused by: java.net.UnknownHostException: db.internal"
    )
    matches = list(classifier().classify_all(text))
    assert [match.cause for match in matches] == ["dns.name-not-found"]


def test_a_full_width_line_is_not_joined_to_a_line_that_goes_on_by_itself() -> None:
    error = 'psql: error: connection to server at "%s" (10.0.3.7), port 5432 failed: Connection refused'
    error %= "d" * (120 - len(error) + 2)
    assert len(error) == 120
    (match,) = classifier().classify_all(
        f"{error}\nIs the server running on that host and accepting TCP/IP connections?"
    )
    assert match.text == error


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-03-02 10:15:27 UTC [25006] FATAL:  could not connect to server: Connection refused", None),
        ("could not connect to server: Connection refused [08001]", "08001"),
    ],
)
def test_the_number_of_a_process_is_no_code(text: str, code: str | None) -> None:
    match = classifier().classify(text)
    assert match is not None
    assert match.code == code


def test_a_chain_of_python_tracebacks_is_one_error() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "app.py", line 1, in <module>\n'
        'psycopg2.OperationalError: connection to server at "10.0.3.7", port 5432 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?\n"
        "\nThe above exception was the direct cause of the following exception:\n\n"
        "Traceback (most recent call last):\n"
        '  File "app.py", line 2, in <module>\n'
        'sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server at "10.0.3.7", port 5432 '
        "failed: Connection refused\n"
        "INFO done\n"
    )
    assert [match.cause for match in classifier().classify_all(text)] == ["network.refused"]


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"error","msg":"FATAL: password authentication failed for user \\"app\\" (SQLSTATE 28P01)"}',
        'db-1  | 2026-01-01 00:00:00 UTC [9] FATAL:  password authentication failed for user "app"',
        '\x1b[31mFATAL:  password   authentication failed for user "app"\x1b[0m',
        'fatal: PASSWORD authentication failed for user "app"',
    ],
)
def test_wrapping_of_a_line_does_not_hide_it(line: str) -> None:
    found = classifier().classify(line)
    assert found is not None
    assert found.cause == "auth.password-wrong"
    assert found.captures["user"] == "app"


# Rules


def test_a_rule_needs_a_pattern_or_a_code() -> None:
    with pytest.raises(KeyError):
        Rule.from_mapping({"id": "x", "cause": "network.refused"}, "test")
    assert Rule.from_mapping({"id": "x", "cause": "network.refused", "code": "08001"}, "test").pattern == ""


def test_weight_and_lists_are_read_from_text() -> None:
    read = rule(weight="70", candidates=["network.timeout"], examples=["no way"], **{"not": ["some way"]})
    assert (read.weight, read.candidates, read.examples, read.lookalikes) == (
        70,
        ("network.timeout",),
        ("no way",),
        ("some way",),
    )
    with pytest.raises(ValueError, match="high"):
        rule(weight="high")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("no way", "There is NO way out"),
        ("(?:red|green) light", "a green light"),
        ("colou?r of (?P<thing>\\w+) is", "the color of grass is"),
        ("[Tt]imed out after \\d+ ms", "Timed out after 30 ms"),
        ("a{2}b|c+d", "ccd"),
        ("\\bwidget\\b", "the widget!"),
        ("^start|end$", "the end"),
        ("[]x]y z", "xy z"),
        ("one(?: two)? three", "one three"),
        ("\\w+", "anything"),
    ],
)
def test_the_index_hides_no_rule(pattern: str, text: str) -> None:
    assert re.search(pattern, text, re.IGNORECASE)
    assert Classifier([rule(pattern=pattern)]).classify(text) is not None


def test_of_equal_rules_the_code_and_the_engine_decide() -> None:
    one = rule(id="t.pg", cause="network.timeout", code="08006", engine="postgresql")
    other = rule(id="t.my", cause="network.dropped", code="2013", engine="mysql")
    both = Classifier([one, other])
    for known, cause in (
        ({"code": "08006"}, "network.timeout"),
        ({"code": "2013"}, "network.dropped"),
        ({"engine": "postgresql"}, "network.timeout"),
        ({"engine": "mariadb"}, "network.dropped"),
    ):
        found = both.classify("no way", **known)
        assert found is not None
        assert found.cause == cause


def test_making_a_classifier_costs_nothing_before_it_is_used() -> None:
    many = [rule(id=f"t.{n}", pattern=f"word{n} and more") for n in range(5000)]
    many.append(rule(id="t.broken", pattern="(unclosed"))
    started = time.perf_counter()
    Classifier(many)
    assert time.perf_counter() - started < 0.05


# Hostile input


def hostile() -> list[str]:
    openings = [
        'no pg_hba.conf entry for host "',
        'connection to server at "',
        "Can't connect to MySQL server on '",
        "Access denied for user '",
        "getaddrinfo ENOTFOUND ",
        "lookup ",
        "dial tcp ",
        "Caused by: ",
        'could not translate host name "',
        'asyncpg/connect_utils.py" ',
        'prepared statement "',
        "cannot execute ",
        "Traceback (most recent call last):\n",
        "DETAIL: ",
        '\\\\\\"',
        "\x1b[",
        "((((",
        "\x00",
        "é\u2028\u202e",
        "> ",
        '{"log":"\\\\',
        '2026-03-02 10:00:00.000 UTC,"FATAL,28P01,"',
        '"error_severity":"message":"\\\\"',
        "STATEMENT: connection refused ",
        "LOG: statement: ERROR: ",
        "redis: connection refused ",
        "\\u0022&quot;",
        "a | ",
        "2026-03-02T10:00:01.123456789Z stdout P ",
        "Mar 02 10:00:01 a b[1]: ",
        "| | +-+---- ",
    ]
    return [opening * (30_000 // len(opening)) for opening in openings]


@pytest.mark.parametrize("text", hostile(), ids=lambda text: repr(text[:18]))
def test_hostile_text_costs_bounded_time(text: str) -> None:
    started = time.perf_counter()
    classifier().classify(text)
    for _ in classifier().classify_all(f"{text}\n{text}"):
        pass
    assert time.perf_counter() - started < 3.0


def test_an_error_far_inside_a_long_line_is_found() -> None:
    line = (
        "x" * (LINE_LIMIT * 5) + ' FATAL:  password authentication failed for user "app" ' + "y" * LINE_LIMIT
    )
    assert cause_of(line) == "auth.password-wrong"


OURS = {
    f"wizard.core.{name}"
    for name in (
        *("compact", "envelopes", "explains", "hints", "lazyre"),
        *("records", "rules", "speakers", "words"),
    )
}


def test_it_imports_nothing_that_can_touch_the_world() -> None:
    tree = ast.parse(Path(classify.__file__).read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "re", "collections.abc", "typing", *OURS}


def test_what_is_indented_behind_a_container_s_name_belongs_to_the_error_before_it() -> None:
    written = (
        "web_1  | worker 3: lost its queue\n"
        'web_1  |   File "/app/redis/connection.py", line 665, in _connect\n'
        "web_1  |     sock.connect(socket_address)\n"
        "web_1  | ConnectionRefusedError: [Errno 111] Connection refused\n"
        "web_1  | ready to serve\n"
    )
    assert [record.numbers for record in records(written.splitlines())] == [[1, 2, 3, 4], [5]]
    assert classifier().classify(written) is None
