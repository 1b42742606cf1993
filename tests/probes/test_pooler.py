"""The pooler's console and configuration: what is read of them, and that nothing hostile in them harms."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from tests.probes.peers import PASSWORD, read_startup, run, runtime_for, target_of
from tests.support.sockets import listening
from wizard.core.facts import Fact
from wizard.probes import pooler_config
from wizard.probes.base import Report
from wizard.probes.database import _between
from wizard.probes.pooler import _by_provider, _prepares
from wizard.wire import postgres_server

URL = "postgresql://app:secret-7@127.0.0.1:{}/shop?sslmode=disable"
Table = tuple[list[str], list[list[str | None]]]
USUAL: dict[str, Table] = {
    "SHOW DATABASES": (
        [
            "name",
            "host",
            "port",
            "database",
            "force_user",
            "pool_size",
            "max_connections",
            "paused",
            "disabled",
        ],
        [
            ["shop", "", "5432", "shop", None, "20", "0", "0", "0"],
            ["stock", "db2", "5432", "stock", None, "20", "0", "0", "0"],
        ],
    ),
    "SHOW CONFIG": (["key", "value"], [["max_client_conn", "100"], ["pool_mode", "transaction"]]),
    "SHOW POOLS": (
        ["database", "user", "cl_waiting", "sv_active", "sv_idle", "sv_login", "maxwait", "pool_mode"],
        [["shop", "app", "3", "20", "0", "0", "7", "session"]],
    ),
    "SHOW LISTS": (["list", "items"], [["used_clients", "23"]]),
    "SHOW USERS": (["name"], [["app"]]),
    "SHOW VERSION": (["version"], [["PgBouncer 1.23.1"]]),
    "SHOW STATE": (["key", "value"], [["active", "yes"], ["paused", "no"], ["suspended", "no"]]),
}


def console(answers: dict[str, Table]) -> object:
    """A console that answers these commands, and refuses every other."""

    def behave(connection: socket.socket) -> None:
        read_startup(connection)
        connection.sendall(postgres_server.auth_ok() + postgres_server.ready())
        while head := connection.recv(5, socket.MSG_WAITALL):
            body = connection.recv(int.from_bytes(head[1:], "big") - 4, socket.MSG_WAITALL)
            if head[:1] == b"X":
                return
            table = answers.get(body[:-1].decode())
            reply = postgres_server.error({"S": "ERROR", "C": "08P01", "M": "invalid command"})
            if table is not None:
                reply = postgres_server.row_description(table[0]) + b"".join(
                    map(postgres_server.data_row, table[1])
                )
            connection.sendall(reply + postgres_server.ready())

    return behave


def asked(answers: dict[str, Table], url: str = URL) -> Report:
    """What pooler.inspect reports of such a console."""
    with listening("127.0.0.1", 0, console(answers)) as port:
        runtime = runtime_for(url.format(port))
        runtime.facts = runtime.facts.having(
            [Fact("pooler", "other", "probe"), Fact("network.address", "127.0.0.1", "probe")]
        )
        return run(runtime, "pooler.inspect")


def test_everything_that_the_console_tells_becomes_facts() -> None:
    facts = asked(USUAL).facts
    assert facts["pooler.outcome"] == "looked"
    assert (facts["pooler.version"], facts["pooler.mode"]) == ("1.23.1", "session")
    assert (facts["pooler.pool"], facts["pooler.clients-waiting"], facts["pooler.max-wait-seconds"]) == (
        "full",
        3,
        7,
    )
    assert (facts["pooler.paused"], facts["pooler.disabled"], facts["pooler.user-known"]) == (
        "no",
        "no",
        "yes",
    )
    assert (facts["pooler.clients"], facts["pooler.max-clients"]) == (23, 100)
    assert facts["pooler.backend"] == "localhost:5432"
    assert "pooler.max-prepared" not in facts, "1.23 knows the setting, and this console does not tell it"


@pytest.mark.parametrize("state", ["paused", "suspended"])
def test_a_pooler_that_is_paused_as_a_whole_says_so(state: str) -> None:
    report = asked({**USUAL, "SHOW STATE": (["key", "value"], [[state, "yes"]])})
    assert report.facts["pooler.paused"] == "yes"


def test_a_version_without_prepared_statements_tracks_none() -> None:
    facts = asked({**USUAL, "SHOW VERSION": (["version"], [["PgBouncer 1.18.0"]])}).facts
    assert facts["pooler.max-prepared"] == 0


@pytest.mark.parametrize("left_out", sorted(USUAL))
def test_a_console_that_lacks_a_command_leaves_facts_out_and_never_raises(left_out: str) -> None:
    report = asked({key: value for key, value in USUAL.items() if key != left_out})
    assert report.facts["pooler.outcome"] in ("looked", "no-access")
    assert report.facts["pooler.outcome"] == "looked" or report.trouble


def test_a_hostile_console_does_no_harm() -> None:
    ugly = ["\x1b[31m²", "\u202e", "9" * 5000, "-1", None, "nan", "'; DROP", "\x00x"]
    bad = {
        key: (names, [[ugly[(i + j) % 8] for i in range(len(names))] for j in range(40)])
        for key, (names, _) in USUAL.items()
    }
    bad["SHOW DATABASES"][1].append(["shop", "h\x1bost", "99999", "shop", "app", "x", "²", "1", "1"])
    report = asked(bad)
    assert report.facts["pooler.outcome"] in ("looked", "no-access")
    assert report.facts["pooler.backend-answers"] == "not-told"


def test_a_console_that_is_silent_costs_its_bound() -> None:
    def silent(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    with listening("127.0.0.1", 0, silent) as port:
        runtime = runtime_for(URL.format(port))
        runtime.facts = runtime.facts.having([Fact("pooler", "other", "probe")])
        began = time.monotonic()
        report = run(runtime, "pooler.inspect")
    assert time.monotonic() - began < 4.5
    assert (report.facts["pooler.outcome"], bool(report.trouble)) == ("no-access", True)


def test_silence_alone_is_no_pooler() -> None:
    runtime = runtime_for(URL.format(5432))
    runtime.facts = runtime.facts.having(
        [Fact("auth.outcome", "timeout", "probe"), Fact("target.is-local", "false", "probe")]
    )
    assert run(runtime, "pooler.inspect").facts["pooler.outcome"] == "not-a-pooler"


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which this very process has PgBouncer's files; its command line names one of them."""
    proc = tmp_path / "proc"
    own = proc / str(os.getpid())
    own.mkdir(parents=True)
    (own / "root").symlink_to("/")
    (own / "cwd").symlink_to(tmp_path)
    (own / "cmdline").write_bytes(b"pgbouncer\0-d\0pgbouncer.ini\0")
    monkeypatch.setattr(pooler_config, "PROC", proc)
    return tmp_path


def test_the_configuration_is_read_without_its_passwords(configured: Path) -> None:
    (configured / "pgbouncer.ini").write_text(
        f"; comment\n[databases]\nshop = host=10.0.0.9 port=5433 password='{PASSWORD} host=evil' pool_mode=session\n"
        "* = host=other\n[pgbouncer]\n%include more.ini\nauth_file = users.txt\nauth_type = md5\n"
    )
    (configured / "more.ini").write_text(
        "max_client_conn = 7\nignore_startup_parameters = options, jit\n%include more.ini\n"
    )
    (configured / "users.txt").write_text(f'"bob" "{PASSWORD}"\n"a""pp" ""\n')
    report = Report()
    pooler_config.read(os.getpid(), target_of(URL.format(6432)), report)
    facts = report.facts
    assert (facts["pooler.backend"], facts["pooler.mode"]) == ("10.0.0.9:5433", "session")
    assert (facts["pooler.max-clients"], facts["pooler.pool-size"]) == (7, 20)
    assert facts["pooler.ignore-startup-parameters"] == ("options", "jit")
    assert (facts["pooler.user-known"], facts["pooler.databases"]) == ("no", ("shop", "*"))
    assert PASSWORD not in repr(vars(report))


@pytest.mark.parametrize("trap", ["fifo", "folder", "missing"])
def test_what_is_no_file_is_not_waited_for(configured: Path, trap: str) -> None:
    path = configured / "pgbouncer.ini"
    if trap == "fifo":
        os.mkfifo(path)
    elif trap == "folder":
        path.mkdir()
    report = Report()
    pooler_config.read(os.getpid(), target_of(URL.format(6432)), report)
    assert (report.facts, bool(report.trouble)) == ({}, True)


@pytest.mark.parametrize(
    ("given", "told", "words", "between"),
    [
        (7, "7", "15.7", "none"),
        (7, "8", "", "other"),
        (0, "8", "", "none"),
        (7, None, "", "none"),
        (7, str((1 << 32) + 7), "8.0.36", "none"),
        (7, "7", "8.0.11 (ProxySQL)", "proxysql"),
        (7, "9", "5.5.5-10.6.5 23.08.0-maxscale", "maxscale"),
    ],
)
def test_a_session_that_the_server_knows_by_another_number_has_a_pooler(
    given: int, told: str | None, words: str, between: str
) -> None:
    assert _between(given, told, words) == between


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        ("aws-0-eu-central-1.pooler.supabase.com:6543", "transaction"),
        ("aws-0-eu-central-1.pooler.supabase.com:5432", "session"),
        ("ep-one-pooler.eu-central-1.aws.neon.tech:5432", "transaction"),
        ("ep-one.eu-central-1.aws.neon.tech:5432", None),
        ("db.example.test:6432", None),
    ],
)
def test_the_mode_of_a_providers_pooler_is_known_by_its_name(place: str, mode: str | None) -> None:
    target = target_of(f"postgresql://app@{place}/shop")
    assert _by_provider(target).get("pooler.mode") == mode


@pytest.mark.parametrize(
    ("url", "prepares"),
    [
        ("postgresql+asyncpg://app@h/shop", "yes"),
        ("postgresql+asyncpg://app@h/shop?statement_cache_size=0", "no"),
        ("postgresql+psycopg2://app@h/shop", "no"),
        ("postgresql://app@h/shop?pgbouncer=true", "no"),
        ("jdbc:postgresql://h/shop?user=app", "yes"),
        ("jdbc:postgresql://h/shop?user=app&prepareThreshold=0", "no"),
        ("postgresql://app@h/shop", "not-told"),
    ],
)
def test_which_settings_prepare_statements(url: str, prepares: str) -> None:
    assert _prepares(target_of(url)) == prepares
