"""How the last start of a server ended, by what it logged: the texts are those of real servers."""

from __future__ import annotations

import pytest

from wizard.probes.lastwords import MOST_LINES, last_attempt

START = (
    "2026-11-21 02:59:35.026 UTC [85] LOG:  starting PostgreSQL 15.18 (Debian) on x86_64-pc-linux-gnu, 64-bit"
)
LISTEN = '2026-11-21 02:59:35.027 UTC [85] LOG:  listening on IPv4 address "0.0.0.0", port 5432'
READY = "2026-11-21 02:59:35.032 UTC [85] LOG:  database system is ready to accept connections"
STOP = "2026-11-21 03:00:00.000 UTC [85] LOG:  received fast shutdown request"
DOWN = "2026-11-21 03:00:00.100 UTC [85] LOG:  database system is shut down"
REFUSED = '2026-11-21 02:59:36.000 UTC [90] app@shop FATAL:  password authentication failed for user "app"'
SETTING = (
    '2026-11-21 03:01:00.000 UTC [95] LOG:  unrecognized configuration parameter "wrok_mem" in file "p.conf"'
)
INVALID = '2026-11-21 03:01:00.000 UTC [95] FATAL:  configuration file "p.conf" contains errors'
KILLED = "2026-11-21 02:59:40.000 UTC [85] LOG:  server process (PID 91) was terminated by signal 9: Killed"
AGAIN = "2026-11-21 02:59:40.100 UTC [85] LOG:  all server processes terminated; reinitializing"
WAITED = "pg_ctl: could not start server\nExamine the log output."
BIND = (
    '2026-11-21 02:59:35.027 UTC [85] LOG:  could not bind IPv4 address "127.0.0.1": Address already in use'
)
HINT = "2026-11-21 02:59:35.027 UTC [85] HINT:  Is another postmaster already running on port 5432?"
SOCKETS = "2026-11-21 02:59:35.028 UTC [85] FATAL:  could not create any TCP/IP sockets"
LIFE = (START, LISTEN, READY, REFUSED)

MARIADB = "2026-11-21  2:59:39 0 [Note] Starting MariaDB 10.11.19-MariaDB-0+deb12u1 source revision x as process 10340"
MARIADB_READY = "2026-11-21  2:59:39 0 [Note] /usr/sbin/mariadbd: ready for connections."
MARIADB_STOP = "2026-11-21  3:00:00 0 [Note] /usr/sbin/mariadbd (initiated by: unknown): Normal shutdown"
MARIADB_DOWN = "2026-11-21  3:00:00 0 [Note] /usr/sbin/mariadbd: Shutdown complete"
MARIADB_ERROR = "2026-11-21  3:01:00 0 [ERROR] /usr/sbin/mariadbd: unknown variable 'wrong=1'"
MARIADB_ABORT = "2026-11-21  3:01:00 0 [ERROR] Aborting"
MARIADB_SESSION = (
    "2026-11-21  2:59:50 9 [ERROR] mariadbd: Table './shop/t' is marked as crashed and should be repaired"
)
MYSQL = "2026-11-21T02:59:39.1Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.0.44) starting as process 77"
MYSQL_ABORT = "2026-11-21T02:59:40.1Z 0 [ERROR] [MY-010119] [Server] Aborting"
MYSQL_DOWN = "2026-11-21T02:59:41.1Z 0 [System] [MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete"


@pytest.mark.parametrize(
    ("lines", "outcome", "quoted"),
    [
        ((*LIFE, STOP, DOWN), "stopped", ()),
        (LIFE, "killed", ()),
        ((*LIFE, STOP, DOWN, SETTING, INVALID), "failed", (SETTING, INVALID)),
        ((*LIFE, SETTING, INVALID), "failed", (INVALID,)),
        ((SETTING, INVALID, WAITED, *LIFE, STOP, DOWN), "stopped", ()),
        ((START, BIND, HINT, SOCKETS, DOWN, WAITED), "failed", (BIND, HINT, SOCKETS)),
        ((*LIFE, KILLED, AGAIN, READY, STOP, DOWN), "stopped", ()),
        ((*LIFE, KILLED, DOWN), "failed", (KILLED,)),
        ((START, LISTEN), "killed", ()),
        ((), "silent", ()),
        ((REFUSED,), "silent", ()),
    ],
)
def test_postgresql(lines: tuple[str, ...], outcome: str, quoted: tuple[str, ...]) -> None:
    attempt = last_attempt("\n".join(lines), "postgresql")
    assert (attempt.outcome, attempt.outcome == "failed") == (outcome, bool(quoted))
    for line in quoted:
        assert line in attempt.text.splitlines()
    assert REFUSED not in attempt.text


@pytest.mark.parametrize(
    ("lines", "outcome", "quoted"),
    [
        ((MARIADB, MARIADB_READY, MARIADB_SESSION, MARIADB_STOP, MARIADB_DOWN), "stopped", ()),
        ((MARIADB, MARIADB_READY, MARIADB_DOWN, "Warning: Memory not freed: 4464"), "stopped", ()),
        ((MARIADB, MARIADB_READY, MARIADB_SESSION), "killed", ()),
        ((MARIADB, MARIADB_ERROR, MARIADB_ABORT), "failed", (MARIADB_ERROR,)),
        ((MARIADB, MARIADB_READY, MARIADB_DOWN, MARIADB, MARIADB_ERROR), "failed", (MARIADB_ERROR,)),
        ((MYSQL, MYSQL_ABORT, MYSQL_DOWN), "failed", (MYSQL_ABORT,)),
        ((MARIADB_ERROR, MARIADB, MARIADB_READY, MARIADB_STOP, MARIADB_DOWN), "stopped", ()),
    ],
)
def test_mysql_and_mariadb(lines: tuple[str, ...], outcome: str, quoted: tuple[str, ...]) -> None:
    attempt = last_attempt("\n".join(lines), "mysql")
    assert (attempt.outcome, attempt.outcome == "failed") == (outcome, bool(quoted))
    for line in quoted:
        assert line in attempt.text.splitlines()
    assert MARIADB_SESSION not in attempt.text


def test_processes_are_named() -> None:
    assert set(last_attempt("\n".join((*LIFE, KILLED)), "postgresql").pids) == {85, 91}
    assert last_attempt("\n".join((MARIADB, MARIADB_READY)), "mysql").pids == (10340,)


@pytest.mark.slow
def test_a_hostile_log_stays_small_and_ends_soon() -> None:
    noise = "\n".join(f"FATAL:  {'x' * 5000} {number}" for number in range(2000))
    attempt = last_attempt(f"{START}\n{noise}", "postgresql")
    assert attempt.outcome == "failed"
    assert len(attempt.text) < MOST_LINES * 310


def test_a_start_is_known_in_any_language() -> None:
    start = (
        "2026-11-21 04:26:22.315 GMT [18299] LOG:  PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on"
        " x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14+deb12u1) 12.2.0, 64-bit startet"
    )
    assert last_attempt(start, "postgresql").outcome == "killed"


def test_what_went_on_in_another_file_is_not_judged_here() -> None:
    moved = "2026-11-21 03:02:00.000 UTC [99] LOG:  redirecting log output to logging collector process"
    assert (
        last_attempt("\n".join((SETTING, INVALID, WAITED, moved, WAITED)), "postgresql").outcome == "silent"
    )
    assert last_attempt("\n".join((moved, SETTING, INVALID)), "postgresql").outcome == "failed"


def test_in_a_log_that_is_cut_a_session_is_no_start() -> None:
    session = "2026-11-21 02:59:36.000 UTC [90] FATAL:  could not accept SSL connection: EOF detected"
    assert last_attempt(session, "postgresql").outcome == "failed"
    assert last_attempt(session, "postgresql", cut=True).outcome == "killed"
    assert last_attempt("\n".join((session, STOP, DOWN)), "postgresql", cut=True).outcome == "stopped"
