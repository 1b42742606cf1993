"""What explains a text that says several things, in whatever it was wrapped: the decisive words, not the first."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from wizard.content.load import open_content
from wizard.core.classify import Classifier
from wizard.core.envelopes import LINE_LIMIT, LONGEST, normalise
from wizard.core.explains import Explains
from wizard.core.records import RECORD_LINES, records, surely_begins
from wizard.explain import Summary, explain


@cache
def classifier() -> Classifier:
    return open_content().classifier


def primary(text: str) -> str | None:
    counted = Summary(classifier().explains)
    for result in explain(text, classifier()):
        counted.add(result)
    return counted.primary.example.match.cause if counted.primary else None


# Wrappings: the same error, whatever collected it


ERRORS = {
    "password": (
        [
            '2026-03-02 10:00:01.123 UTC [71] FATAL:  password authentication failed for user "app"',
            '2026-03-02 10:00:01.123 UTC [71] DETAIL:  Role "app" does not exist.',
            '\tConnection matched pg_hba.conf line 97: "host all all 0.0.0.0/0 scram-sha-256"',
        ],
        "auth.role-unknown",
    ),
    "refused": (
        [
            "Traceback (most recent call last):",
            '  File "/srv/shop/manage.py", line 22, in <module>',
            "    main()",
            '  File "/srv/venv/lib/python3.12/site-packages/psycopg/connection.py", line 119, in connect',
            "    raise last_ex.with_traceback(None)",
            'psycopg.OperationalError: connection failed: connection to server at "10.9.8.7", port 5432 failed: '
            "Connection refused",
            "\tIs the server running on that host and accepting TCP/IP connections?",
        ],
        "network.refused",
    ),
    "java": (
        [
            "org.springframework.jdbc.CannotGetJdbcConnectionException: Failed to obtain JDBC Connection",
            "\tat org.springframework.jdbc.datasource.DataSourceUtils.getConnection(DataSourceUtils.java:84)",
            "Caused by: com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
            "\tat com.mysql.cj.jdbc.ConnectionImpl.connect(ConnectionImpl.java:810)",
            "\t... 23 more",
            "Caused by: java.net.UnknownHostException: mysql-primary.shop.internal",
            "\tat java.base/java.net.InetAddress.getAllByName0(InetAddress.java:1509)",
            "\t... 31 more",
        ],
        "dns.name-not-found",
    ),
    "node": (
        [
            "Error: connect ECONNREFUSED 127.0.0.1:3306",
            "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16) {",
            "  errno: -111,",
            "  code: 'ECONNREFUSED',",
            "  syscall: 'connect',",
            "  fatal: true",
            "}",
        ],
        "network.service-down",
    ),
    "full": (
        ['ERROR: could not open shard "orders": FATAL:  sorry, too many clients already (SQLSTATE 53300)'],
        "capacity.max-connections",
    ),
    "mysql": (
        ["ERROR 1045 (28000): Access denied for user 'app'@'10.1.2.3' (using password: YES)"],
        "auth.access-denied",
    ),
}

TIME = "2026-03-02T10:00:01"


def each(form: str) -> Callable[[list[str]], str]:
    return lambda lines: "\n".join(form.replace("@", line) for line in lines)


def parts(lines: list[str]) -> str:
    """What a container runtime writes for long lines: two parts and the rest."""
    written = []
    for line in lines:
        cut = len(line) // 2
        written.append(f"{TIME}.123456789Z stderr P {line[:cut]}")
        written.append(f"{TIME}.123456790Z stderr F {line[cut:]}")
    return "\n".join(written)


def as_docker(lines: list[str]) -> str:
    entries = [{"log": f"{line}\n", "stream": "stderr", "time": f"{TIME}.123456789Z"} for line in lines]
    return "\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)


def as_json(key: str, message: str = "request failed") -> Callable[[list[str]], str]:
    def wrapped(lines: list[str]) -> str:
        written = {"level": "error", "time": f"{TIME}.123Z", "msg": message, key: "\n".join(lines), "pid": 71}
        return json.dumps(written)

    return wrapped


def pretty_json(lines: list[str]) -> str:
    return json.dumps({"severity": "ERROR", "error": {"stack": "\n".join(lines)}, "host": "web-1"}, indent=2)


def dotnet_json(lines: list[str]) -> str:
    plain = json.dumps({"@t": TIME, "@l": "Error", "@x": "\n".join(lines)})
    return plain.replace('\\"', "\\u0022").replace("'", "\\u0027").replace(">", "\\u003E")


def long_json(lines: list[str]) -> str:
    frames = [f"\tat com.example.shop.service.Handler{n}.handle(Handler{n}.java:{n})" for n in range(150)]
    stack = "\n".join([lines[0], *frames, *lines[1:]])
    return json.dumps({"level": "ERROR", "message": "unhandled", "stack_trace": stack})


def html(lines: list[str]) -> str:
    text = "\n".join(lines)
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&#39;").replace(">", "&gt;")


WRAPPINGS: dict[str, Callable[[list[str]], str]] = {
    "plain": each("@"),
    "cri": each(f"{TIME}.123456789Z stderr F @"),
    "cri-zone": each(f"{TIME}.123456789+02:00 stdout F @"),
    "cri-parts": parts,
    "docker": as_docker,
    "docker-logs-t": each(f"{TIME}.123456789Z @"),
    "kubectl-prefix": each("[pod/shop-6c9f7-x2x1p/app] @"),
    "journal": each("Mar 02 10:00:01 web1 gunicorn[4711]: @"),
    "journal-iso": each(f"{TIME}+0000 web1 gunicorn[4711]: @"),
    "syslog-5424": each(f"<27>1 {TIME}.003Z web1 shop 4711 - - @"),
    "heroku": each(f"{TIME}.123456+00:00 app[web.1]: @"),
    "compose": each("shop-web-1  | @"),
    "compose-times": each(f"shop-web-1  | {TIME}.123456789Z @"),
    "compose-colour": each("\x1b[36mshop-web-1  |\x1b[0m @"),
    "swarm": each("shop_web.1.k3j2h1@node-3    | @"),
    "colour": each("\x1b[31;1m@\x1b[0m"),
    "quoted-mail": each("> @"),
    "quoted-twice": each(">> @"),
    "fence": lambda lines: "\n".join(["This is what it says:", "```text", *lines, "```", "Any idea?"]),
    "prompt": lambda lines: "\n".join(["$ ./start.sh --now", "starting up", *lines, "$ echo $?", "1"]),
    "json-stack": as_json("stack"),
    "json-exception": as_json("exception"),
    "json-err": as_json("err", "Unhandled rejection"),
    "json-pretty": pretty_json,
    "json-dotnet": dotnet_json,
    "json-long": long_json,
    "html": html,
    "windows": lambda lines: "\r\n".join([*lines, ""]),
    "among-others": lambda lines: "\n".join(
        [f"{TIME} INFO all is well", *lines, f"{TIME} INFO request handled in 3 ms"]
    ),
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_wrapping_does_not_change_the_cause(wrapping: str, error: str) -> None:
    lines, cause = ERRORS[error]
    assert primary(WRAPPINGS[wrapping](lines)) == cause


@pytest.mark.parametrize(
    "wrapping", ["cri", "docker", "compose-times", "journal", "heroku", "kubectl-prefix", "quoted-mail"]
)
def test_lines_of_one_error_stay_one_error_in_their_envelopes(wrapping: str) -> None:
    for lines, _ in ERRORS.values():
        written = WRAPPINGS[wrapping](lines).split("\n")
        assert len(list(records(written))) == len(list(records(lines)))


# Lines that a terminal or a mail client broke


MESSAGES = [
    (
        'psycopg2.OperationalError: connection to server at "db.shop.internal" (10.9.8.7), port 5432 failed: FATAL:  '
        'password authentication failed for user "shop_application"',
        "auth.password-wrong",
    ),
    (
        'django.db.utils.OperationalError: could not translate host name "database.shop.internal" to address: Name or '
        "service not known",
        "dns.name-not-found",
    ),
    (
        'sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (1045, "Access denied for user '
        "'shop_application'@'ip-10-9-8-7.eu-central-1.compute.internal' (using password: YES)\")",
        "auth.access-denied",
    ),
    (
        "the application could not start because of this: FATAL:  remaining connection slots are reserved for "
        "non-replication superuser connections",
        "capacity.reserved-slots",
    ),
    (
        "failed to connect to `host=db.shop.internal user=app database=shop`: server error (FATAL: no pg_hba.conf "
        "entry "
        'for host "10.9.8.7", user "app", database "shop", no encryption (SQLSTATE 28000))',
        "auth.hba-no-entry",
    ),
]


@pytest.mark.parametrize(("text", "cause"), MESSAGES, ids=[cause for _, cause in MESSAGES])
@pytest.mark.parametrize("width", [72, 76, 78, 90, 100])
@pytest.mark.parametrize("mark", ["", "> "], ids=["plain", "quoted"])
def test_a_message_that_was_broken_at_blanks_is_put_together(
    text: str, cause: str, width: int, mark: str
) -> None:
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    assert len(lines) > 1
    assert primary("\n".join(mark + line for line in lines)) == cause


@pytest.mark.parametrize(("text", "cause"), MESSAGES, ids=[cause for _, cause in MESSAGES])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_message_that_a_terminal_cut_inside_of_words_is_put_together(
    text: str, cause: str, width: int
) -> None:
    lines = [text[start : start + width].rstrip() for start in range(0, len(text), width)]
    assert primary("\n".join(lines)) == cause


@pytest.mark.parametrize(
    "lines",
    [
        ["the scheduler has taken all jobs for tonight and begins with one of", "2026-03-02 10:00:00 INFO began"],
        ["a line that is long enough to have been broken by a narrow terminal, and", "level=info msg=started"],
        ["a line that is long enough to have been broken by a narrow terminal, and", "ERROR connection refused"],
        ["a line that is long enough to have been broken by a narrow terminal, and", "psql: error: FATAL: x"],
        ["a line that is long enough to have been broken by a terminal that is narrow, end.", "then comes another"],
        ["a line that is short", "and the next one"],
    ],
)  # fmt: skip
def test_lines_that_nobody_broke_stay_apart(lines: list[str]) -> None:
    assert [record.numbers for record in records(lines)] == [[1], [2]]


# Chains: which of their links explains the others


def read_chains() -> dict[str, tuple[str, str]]:
    written = yaml.load(
        Path(__file__).with_name("decisive.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    return {one["name"]: (one["text"], one["cause"]) for one in written}


CHAINS = read_chains()


@pytest.mark.parametrize("name", CHAINS)
def test_the_link_of_a_chain_that_explains_the_others_is_the_cause(name: str) -> None:
    text, cause = CHAINS[name]
    assert primary(text) == cause


@pytest.mark.parametrize(
    "wrapping", ["cri", "docker", "compose", "journal", "quoted-mail", "json-stack", "colour"]
)
@pytest.mark.parametrize(
    "name", ["java, pool over refused", "python, direct cause", "rust, anyhow", ".net, inner exceptions"]
)
def test_a_chain_is_read_in_any_wrapping(name: str, wrapping: str) -> None:
    text, cause = CHAINS[name]
    assert primary(WRAPPINGS[wrapping](text.splitlines())) == cause


# What is found where


def test_the_time_in_front_of_an_error_stays_with_its_first_line_only() -> None:
    lines = [f"{TIME}.123456789Z stderr F {line}" for line in ERRORS["java"][0]]
    (record,) = records(lines)
    assert record.lines[0].startswith(f"{TIME}.123456789Z stderr F org.springframework")
    assert record.lines[2].startswith("Caused by: com.mysql")
    assert record.numbers == list(range(1, 9))


def test_a_line_in_parts_has_the_number_of_the_first() -> None:
    written = parts(["one line of a log", 'FATAL:  database "shop" does not exist']).splitlines()
    assert [(found.line, found.cause) for found in classifier().classify_all(written)] == [
        (3, "database.does-not-exist")
    ]


def test_lines_that_a_terminal_broke_have_the_number_of_the_first() -> None:
    lines = textwrap.wrap(MESSAGES[0][0], 78, break_long_words=False, break_on_hyphens=False)
    (found,) = classifier().classify_all(["INFO began", *lines])
    assert found.line == 2
    assert found.captures["user"] == "shop_application"


def test_rows_of_csv_become_the_lines_of_the_other_log() -> None:
    row = CHAINS["csv log of one line"][0]
    assert normalise(row).startswith(
        '2026-03-02 10:00:01.123 UTC FATAL: database "shop" does not exist (3D000)'
    )


@pytest.mark.parametrize(
    "line",
    [
        r'root certificate file "C:\Users\rita\Roaming\new\root.crt" does not exist',
        r'{"msg":"root certificate file \"C:\\Users\\rita\\new\\root.crt\" does not exist\nEither provide the file"}',
        r'root certificate file "D:\Program Files\nodejs\root.crt" does not exist',
    ],
)
def test_a_folder_of_windows_is_no_end_of_a_line(line: str) -> None:
    first = normalise(line).split("\n")[0]
    assert first.replace('"}', "").endswith("does not exist")
    assert primary(line) == "tls.root-missing"


def test_parts_that_never_end_are_bounded() -> None:
    part = f"{TIME}.123456789Z stdout P " + "x" * 16_000
    found = list(records([part] * 40))
    assert len(found) > 40
    assert max(len(line) for record in found for line in record.lines) <= LINE_LIMIT
    assert [record.numbers for record in records([part])] != []


def test_a_record_stays_bounded_in_every_wrapping() -> None:
    for wrapping in ("plain", "cri", "docker", "compose", "journal"):
        lines = WRAPPINGS[wrapping](
            ["Error: x", *["    at frame (file.js:1:1)"] * 3 * RECORD_LINES]
        ).splitlines()
        assert max(len(record.lines) for record in records(lines)) <= RECORD_LINES
    broken = ["word " * 20 + "and"] + ["more " * 20 + "and"] * 500
    assert max(len(line) for record in records(broken) for line in record.lines) < 2 * LINE_LIMIT
    stack = json.dumps({"stack": "\n".join(["Error: x", *["    at frame (file.js:1:1)"] * 3 * RECORD_LINES])})
    assert LINE_LIMIT < len(stack) < LONGEST
    assert max(len(record.lines) for record in records([stack])) <= RECORD_LINES


def logs() -> list[list[str]]:
    wrapped = [wrap(lines) for lines, _ in ERRORS.values() for wrap in WRAPPINGS.values()]
    broken = ["\n".join(textwrap.wrap(text, 78)) for text, _ in MESSAGES]
    texts = [*wrapped, *broken, *(text for text, _ in CHAINS.values())]
    between = [f"{TIME} INFO all is well", "level=info msg=started"]
    return [[*between, *text.splitlines(), *between] for text in texts]


def test_a_log_may_be_cut_wherever_a_line_surely_begins_an_error() -> None:
    def grouped(lines: list[str]) -> list[list[str]]:
        return [record.lines for record in records(lines)]

    cuts = 0
    for lines in logs():
        whole = grouped(lines)
        for at in range(1, len(lines)):
            if surely_begins(lines[at - 1], lines[at]):
                cuts += 1
                assert grouped(lines[:at]) + grouped(lines[at:]) == whole, (lines[at - 1], lines[at])
    assert cuts > 300


# Whose words they are


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "app=shop error: connect ECONNREFUSED 10.9.8.7:5432\nredis: connect ECONNREFUSED 10.9.8.7:6379",
            "network.refused",
        ),
        (
            'Traceback (most recent call last):\n  File "/srv/django/core/cache/backends/redis.py", line 7, in get\n'
            '  File "/srv/redis/client.py", line 9, in run\nConnectionRefusedError: [Errno 111] Connection refused',
            None,
        ),
        (
            'Traceback (most recent call last):\n  File "/srv/celery/worker.py", line 7, in run\n'
            '  File "/srv/asyncpg/client.py", line 9, in run\nConnectionRefusedError: [Errno 111] Connection refused',
            "network.refused",
        ),
        ("10:22:25 ERROR Connection refused", "network.refused"),
        ("panic: connection refused (os error 111)", "network.refused"),
        (
            "java.net.ConnectException: Connection refused\n\tat okhttp3.internal.connection.Connector.run(C.java:1)",
            None,
        ),
        (
            "LOG:  statement: INSERT INTO t VALUES ('FATAL: password authentication failed for user \"app\"')",
            None,
        ),
        ("ERROR:  relation \"a\" does not exist\nSTATEMENT:  SELECT 'No route to host'\n\tFROM a", None),
        (
            "ERROR:  canceling statement\nSTATEMENT:  SELECT 1\nDETAIL:  could not write: No space left on device",
            "capacity.disk-full",
        ),
    ],
)
def test_words_that_anybody_may_use_are_those_of_the_system_that_is_named_nearest(
    text: str, cause: str | None
) -> None:
    assert primary(text) == cause


# Which cause explains which


def test_a_symptom_is_no_root_where_its_reason_is_there() -> None:
    explains = Explains(
        {"pool.exhausted": ["network.*", "dns.*"], "inconclusive": ["*"], "a.x": ["a.y"], "a.y": ["a.x"]}
    )
    assert list(explains.roots(["pool.exhausted", "network.refused"])) == ["network.refused"]
    assert list(explains.roots(["pool.exhausted", "auth.password-wrong"])) == [
        "pool.exhausted",
        "auth.password-wrong",
    ]
    assert list(explains.roots(["inconclusive", "pool.exhausted"])) == ["pool.exhausted"]
    assert list(explains.roots(["inconclusive"])) == ["inconclusive"]
    assert list(explains.roots(["a.x", "a.y"])) == ["a.x", "a.y"]


def test_what_the_content_says_of_symptoms_leaves_always_something() -> None:
    causes = list(open_content().catalogue)
    assert list(classifier().explains.roots(causes))
    assert not any(classifier().explains.holds(cause, cause) for cause in causes)
