"""Who holds the slots, who waits for whom, and commands that end exactly those sessions and no others."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import pytest

from tests.live.conftest import Servers
from tests.live.test_capacity import SLOTS, blocked_mariadb, fill, fill_mariadb
from tests.support.cli import Cli, Result, url
from tests.support.mariadb import MariadbServer
from tests.support.mysql import MysqlServer
from tests.support.postgres import DATABASE, PASSWORD, PostgresServer
from tests.support.processes import wait_until

OTHERS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
MARIADB_WAITING = (
    "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table meta%'"
)
WAITED = f"{WAITING} AND now() - query_start > '3 s'"


@pytest.fixture(scope="module")
def postgres(servers: Servers) -> PostgresServer:
    server = servers.postgres(
        settings={
            "max_connections": str(SLOTS),
            "max_replication_slots": "2",
            "max_prepared_transactions": "2",
        }
    )
    server.sql(
        f"CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'",
        "CREATE TABLE orders (id int PRIMARY KEY, n int)",
        "INSERT INTO orders VALUES (1, 1)",
        "ALTER TABLE orders OWNER TO app",
        "GRANT SELECT ON orders TO other",
        f"CREATE ROLE watcher LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_stats",
    )
    return server


@pytest.fixture
def empty(postgres: PostgresServer) -> PostgresServer:
    """The server once the sessions of the test before have left."""
    postgres.sql(f"SELECT pg_terminate_backend(pid) {OTHERS}")
    wait_until(lambda: postgres.sql(f"SELECT 1 {OTHERS}") == [], "the sessions of the last test have left")
    return postgres


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    server = servers.mariadb(options=[f"--max-connections={SLOTS}"])
    server.account("watcher")
    server.sql(
        "GRANT PROCESS ON *.* TO watcher@'10.77.0.%'",
        f"CREATE TABLE {DATABASE}.stock (id int PRIMARY KEY, n int)",
        f"INSERT INTO {DATABASE}.stock VALUES (1, 1)",
    )
    return server


def command(result: Result, title: str, part: str) -> str:
    """The text of the command with `part` in it, of the fix with that title."""
    fixes = [fix for fix in result.report["findings"][0]["fixes"] if fix["title"] == title]
    assert fixes, result.story()
    assert fixes[0]["risk"] == "destructive"
    return next(str(one["text"]) for one in fixes[0]["commands"] if part in one["text"])


def pids(server: PostgresServer) -> set[int]:
    return {row[0] for row in server.sql(f"SELECT pid {OTHERS}")}


def test_holders_are_told_with_the_greatest_first(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    for session in fill(own, empty, 5, application_name="web", autocommit=False):
        session.execute("SELECT 1")
    fill(own, empty, 2, application_name="jobs")
    facts = remote.check(url()).expect_healthy().report["facts"]
    first, second = facts["capacity.holders"]
    assert first.startswith(
        "5 × role app, application web, from the local socket, idle in transaction, oldest "
    )
    assert second.startswith("2 × role app, application jobs, from the local socket, idle, oldest ")
    assert facts["pool.by-application"] == ["web from the local socket: 5", "jobs from the local socket: 2"]
    assert len(facts["capacity.idle-pids"]) == 5
    assert facts["capacity.reserved-left"] == 3
    assert facts["capacity.replication-slots"] == "0 of 2"
    assert facts["capacity.forecast"] == "none"


@pytest.mark.reproduces("capacity.idle-in-transaction", on="postgresql")
def test_the_page_ends_exactly_the_idle_transactions(
    remote: Cli, own: Servers, empty: PostgresServer
) -> None:
    forgotten = fill(own, empty, SLOTS - 6, autocommit=False)
    for session in forgotten:
        session.execute("SELECT 1")
    others = {session.info.backend_pid for session in fill(own, empty, 2)}
    result = remote.check(url()).expect_fault("capacity.idle-in-transaction")
    doomed = {session.info.backend_pid for session in forgotten}
    assert {int(pid) for pid in result.report["facts"]["capacity.idle-pids"]} == doomed
    forgotten[0].rollback()  # it came back to life in the meantime
    alive = others | {forgotten[0].info.backend_pid}
    empty.sql(
        command(result, "End exactly the sessions that were seen idle inside a transaction", "pg_terminate")
    )
    wait_until(lambda: pids(empty) == alive, "exactly the idle transactions have ended")


def test_a_forecast_where_it_is_close(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, SLOTS - 3 - 2)
    result = remote.check(url()).expect_healthy()
    said = result.report["facts"]["capacity.forecast"]
    assert said.startswith(
        "at the rate of the last minute (15 new sessions that stayed), the last slot is taken in"
    )
    assert result.layer("capacity")["outcome"] == "warning"


def one_more_waits(server: PostgresServer, number: int) -> bool:
    return server.sql(WAITING) == [(number,)]


def one_more_waits_in_mariadb(server: MariadbServer, number: int) -> bool:
    return server.sql(MARIADB_WAITING) == [(number,)]


def queue(own: Servers, server: PostgresServer) -> tuple[psycopg.Connection, list[psycopg.Connection]]:
    """A reader that forgot to commit, an ALTER behind it, and two readers behind that one."""
    holder = fill(own, server, 1, autocommit=False, application_name="report")[0]
    holder.execute("SELECT * FROM orders")
    waiting = fill(own, server, 3)
    statements = (b"ALTER TABLE orders ADD COLUMN note text", b"SELECT * FROM orders", b"TABLE orders")
    for number, (session, statement) in enumerate(zip(waiting, statements, strict=True), 1):
        session.pgconn.send_query(statement)
        wait_until(partial(one_more_waits, server, number), "one more waits")
    wait_until(lambda: server.sql(WAITED) == [(3,)], "all of them have waited for some seconds")
    return holder, waiting


@pytest.mark.reproduces("app.migration-blocked", on="postgresql")
def test_a_lock_tree_of_three_levels(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    holder, waiting = queue(own, empty)
    result = remote.check(url()).expect_fault("app.migration-blocked")
    facts = result.report["facts"]
    root, second, *third = facts["capacity.lock-tree"]
    first, alter = holder.info.backend_pid, waiting[0].info.backend_pid
    assert root.startswith(f"{first} app/report, idle in transaction for ")
    assert root.endswith(", holds AccessShareLock on public.orders")
    assert second.startswith(f" `- {alter} waits ")
    assert second.endswith(" for public.orders: ALTER TABLE orders ADD COLUMN note text")
    assert {line.split()[1] for line in third} == {str(one.info.backend_pid) for one in waiting[1:]}
    assert all(line.startswith("    `- ") for line in third)
    assert facts["capacity.blocker-pid"] == first
    assert facts["capacity.blocker-application"] == "report"
    assert facts["capacity.blocker-state"] == "idle in transaction"
    assert facts["capacity.blocker-user"] == "app"
    assert facts["capacity.blocker-age"] >= 3
    assert facts["capacity.migration-pid"] == alter
    assert f"pg_cancel_backend({alter})" in str(result.report["findings"][0]["fixes"])
    empty.sql(command(result, "End the session that blocks it", "pg_terminate_backend"))
    left = {one.info.backend_pid for one in waiting}
    wait_until(lambda: pids(empty) == left, "exactly the session in front has ended")


@pytest.mark.reproduces("capacity.lock-contention", on="postgresql")
def test_a_row_is_named_by_its_table(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    update = "UPDATE orders SET n = n + 1 WHERE id = 1"
    holder = fill(own, empty, 1, autocommit=False)[0]
    holder.execute(update)
    for session in fill(own, empty, 3):
        session.pgconn.send_query(update.encode())
    wait_until(lambda: empty.sql(WAITED) == [(3,)], "all of them have waited for some seconds")
    result = remote.check(url()).expect_fault("capacity.lock-contention")
    root, *rest = result.report["facts"]["capacity.lock-tree"]
    assert root.endswith("holds the lock on a row of public.orders")
    assert len(rest) == 3
    assert root in result.report["findings"][0]["why_here"]


@pytest.mark.reproduces("capacity.lock-contention", on="postgresql")
def test_a_prepared_transaction_in_front(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    coordinator = fill(own, empty, 1)[0]
    for statement in (b"BEGIN", b"UPDATE orders SET n = 9 WHERE id = 1", b"PREPARE TRANSACTION 'pay''1'"):
        coordinator.execute(statement)
    own.stack.callback(lambda: [empty.sql("ROLLBACK PREPARED 'pay''1'") for _ in prepared(empty)])
    for session in fill(own, empty, 3):
        session.pgconn.send_query(b"UPDATE orders SET n = 3 WHERE id = 1")
    wait_until(lambda: empty.sql(WAITED) == [(3,)], "all of them have waited for some seconds")
    result = remote.check(url()).expect_fault("capacity.lock-contention")
    facts = result.report["facts"]
    assert facts["capacity.lock-tree"][0].startswith("the prepared transaction pay'1 of app, prepared ")
    assert (facts["capacity.prepared"], facts["capacity.prepared-in"]) == ("pay'1", DATABASE)
    assert "capacity.blocker-pid" not in facts
    assert "pg_terminate_backend" not in str(result.report["findings"][0]["fixes"])
    empty.sql(command(result, "End the prepared transaction", "ROLLBACK"))
    assert prepared(empty) == []


def prepared(server: PostgresServer) -> list[Any]:
    return server.sql("SELECT gid FROM pg_prepared_xacts")


@pytest.mark.reproduces("app.migration-blocked", on="postgresql")
def test_all_in_front_are_ended(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    readers = fill(own, empty, 2, autocommit=False)
    for session in readers:
        session.execute("SELECT * FROM orders")
    waiting = fill(own, empty, 3)
    for number, session in enumerate(waiting, 1):
        session.pgconn.send_query(b"TRUNCATE orders" if number == 1 else b"TABLE orders")
        wait_until(partial(one_more_waits, empty, number), "one more waits")
    wait_until(lambda: empty.sql(WAITED) == [(3,)], "all of them have waited for some seconds")
    result = remote.check(url()).expect_fault("app.migration-blocked")
    for part in ("SELECT pg_terminate", "WHERE pid IN"):
        empty.sql(command(result, "End the session that blocks it", part))
    left = {one.info.backend_pid for one in waiting}
    wait_until(lambda: pids(empty) == left, "exactly the two readers have ended")


def test_two_that_wait_are_a_warning(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    fill(own, empty, 1)[0].execute("SELECT pg_advisory_lock(4711)")
    for session in fill(own, empty, 2):
        session.pgconn.send_query(b"SELECT pg_advisory_lock(4711)")
    wait_until(lambda: empty.sql(WAITED) == [(2,)], "both have waited for some seconds")
    result = remote.check(url()).expect_healthy()
    assert result.layer("capacity")["outcome"] == "warning"
    assert "on advisory lock 4711" in result.report["facts"]["capacity.lock-tree"][0]


def test_what_is_not_shown_is_said(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    for session in fill(own, empty, 3, user="other", autocommit=False):
        session.execute("SELECT 1")
    result = remote.check(url())
    facts = result.expect_healthy().report["facts"]
    assert facts["capacity.holders"][0] == "3 × role other, database shop, state not shown"
    assert facts["capacity.held-by"] == "hidden"
    assert facts["capacity.idle-pids"] == ["none"]
    assert "what 3 of 3 sessions do is not shown to this account" in str(result.report)
    seen = remote.check(url(user="watcher")).expect_healthy().report["facts"]
    assert "idle in transaction" in seen["capacity.holders"][0]


def test_a_lock_of_a_session_that_is_not_shown(remote: Cli, own: Servers, empty: PostgresServer) -> None:
    holder = fill(own, empty, 1, user="other", autocommit=False)[0]
    holder.execute("SELECT * FROM orders")
    for session in fill(own, empty, 3):
        session.pgconn.send_query(b"TRUNCATE orders")
    wait_until(lambda: empty.sql(WAITED) == [(3,)], "all of them have waited for some seconds")
    facts = remote.check(url()).report["facts"]
    assert facts["capacity.blocker-pid"] == holder.info.backend_pid
    assert facts["capacity.lock-tree"][0].startswith(f"{holder.info.backend_pid} other, state not shown")
    assert "capacity.blocker-state" not in facts


@pytest.mark.reproduces("capacity.idle-in-transaction", on="mariadb")
def test_mariadb_the_page_ends_exactly_the_idle_transactions(
    remote: Cli, own: Servers, mariadb: MariadbServer
) -> None:
    forgotten = fill_mariadb(own, mariadb, SLOTS - 4)
    for session in forgotten:
        session.autocommit(False)
        session.cursor().execute("SELECT * FROM stock")
    kept = {session.thread_id() for session in fill_mariadb(own, mariadb, 3)}
    result = remote.check(url("mysql", user="watcher")).expect_fault("capacity.idle-in-transaction")
    facts = result.report["facts"]
    assert facts["capacity.holders"][0].startswith(
        f"{SLOTS - 4} × role app, database {DATABASE}, from localhost, idle in transaction, oldest "
    )
    assert {int(pid) for pid in facts["capacity.idle-pids"]} == {one.thread_id() for one in forgotten}
    lines = mariadb.sql(
        command(result, "End exactly the sessions that were seen idle inside a transaction", "KILL")
    )
    mariadb.sql(*(line for (line,) in lines))
    alive = "SELECT id FROM information_schema.processlist WHERE user = 'app'"
    wait_until(lambda: {row[0] for row in mariadb.sql(alive)} == kept, "exactly those have ended")


@pytest.mark.reproduces("capacity.lock-contention", on="mariadb")
def test_mariadb_a_lock_tree(remote: Cli, own: Servers, mariadb: MariadbServer) -> None:
    update = "UPDATE stock SET n = n + 1 WHERE id = 1"
    blocked_mariadb(own, mariadb, update, update)
    facts = (
        remote.check(url("mysql", user="watcher")).expect_fault("capacity.lock-contention").report["facts"]
    )
    root, *rest = facts["capacity.lock-tree"]
    assert ", idle in transaction for " in root
    assert root.endswith(f"lock on a row of {DATABASE}.stock")
    assert len(rest) == 3
    assert facts["capacity.blocker-host"] == "localhost"


@pytest.fixture
def recorded(servers: Servers) -> Any:
    """A MariaDB that records metadata locks."""
    options = ["--performance-schema=ON", "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON"]
    server = servers.mariadb(port=3307, options=options)
    server.account("watcher")
    server.sql(
        "GRANT PROCESS ON *.* TO watcher@'10.77.0.%'",
        "GRANT SELECT ON performance_schema.* TO watcher@'10.77.0.%'",
        f"CREATE TABLE {DATABASE}.stock (id int PRIMARY KEY, n int)",
    )
    return server


@pytest.mark.reproduces("app.migration-blocked", on="mariadb")
def test_mariadb_a_migration_behind_a_reader(remote: Cli, own: Servers, recorded: MariadbServer) -> None:
    reader = fill_mariadb(own, recorded, 1)[0]
    reader.autocommit(False)
    reader.cursor().execute("SELECT * FROM stock")
    waiting = fill_mariadb(own, recorded, 3)
    statements = ("ALTER TABLE stock ADD note int", "SELECT 1 FROM stock", "SELECT 2 FROM stock")
    for number, (session, statement) in enumerate(zip(waiting, statements, strict=True), 1):
        session._execute_command(3, statement)  # sent, and its answer is not waited for
        wait_until(partial(one_more_waits_in_mariadb, recorded, number), "one more waits")
    long = f"{MARIADB_WAITING} AND time_ms > 3000"
    wait_until(lambda: recorded.sql(long) == [(3,)], "all of them have waited for some seconds")
    result = remote.check(url("mysql", user="watcher", port=3307)).expect_fault("app.migration-blocked")
    facts = result.report["facts"]
    root, second, *third = facts["capacity.lock-tree"]
    assert root.startswith(f"{reader.thread_id()} app, idle in transaction for ")
    assert root.endswith(f"metadata lock on {DATABASE}.stock")
    assert second.startswith(f" `- {waiting[0].thread_id()} waits ")
    assert [line[:7] for line in third] == ["    `- "] * 2
    assert facts["capacity.blocker-pid"] == reader.thread_id()


def test_mariadb_an_account_without_process_is_told_what_it_misses(
    remote: Cli, own: Servers, mariadb: MariadbServer
) -> None:
    mariadb_sessions = fill_mariadb(own, mariadb, 3)
    for session in mariadb_sessions:
        session.autocommit(False)
        session.cursor().execute("SELECT * FROM stock")
    result = remote.check(url("mysql")).expect_healthy()
    assert "no PROCESS privilege" in str(result.report)


@pytest.fixture(scope="module")
def mysql(servers: Servers) -> MysqlServer:
    server = servers.mysql(port=3308, options=["--performance-schema=ON"])
    server.account("watcher")
    server.sql(
        "GRANT PROCESS ON *.* TO watcher@'10.77.0.%'",
        "GRANT SELECT ON performance_schema.* TO watcher@'10.77.0.%'",
        "GRANT SELECT, EXECUTE ON sys.* TO watcher@'10.77.0.%'",
        f"CREATE TABLE {DATABASE}.stock (id int PRIMARY KEY, n int)",
        f"INSERT INTO {DATABASE}.stock VALUES (1, 1)",
    )
    return server


@pytest.mark.reproduces("capacity.lock-contention", on="mysql")
def test_mysql_a_lock_tree(remote: Cli, own: Servers, mysql: MysqlServer) -> None:
    holder = fill_mariadb(own, mysql, 1)[0]
    holder.autocommit(False)
    update = "UPDATE stock SET n = n + 1 WHERE id = 1"
    holder.cursor().execute(update)
    for session in fill_mariadb(own, mysql, 3):
        session._execute_command(3, update)
    waited = "SELECT COUNT(*) FROM sys.innodb_lock_waits WHERE wait_age_secs >= 3 AND blocking_pid = {}"
    wait_until(lambda: mysql.sql(waited.format(holder.thread_id())) == [(3,)], "three wait for the row")
    result = remote.check(url("mysql", user="watcher", port=3308)).expect_fault("capacity.lock-contention")
    root, *rest = result.report["facts"]["capacity.lock-tree"]
    assert root.startswith(f"{holder.thread_id()} app, idle in transaction for ")
    assert root.endswith(f" lock on a row of {DATABASE}.stock")
    assert len(rest) == 3


@pytest.mark.reproduces("capacity.lock-contention", on="mysql")
def test_mysql_that_somebody_waits_is_seen_where_the_holder_is_not(
    remote: Cli, own: Servers, mysql: MysqlServer
) -> None:
    mysql.account("onlooker")
    mysql.sql("GRANT PROCESS ON *.* TO onlooker@'10.77.0.%'")
    holder = fill_mariadb(own, mysql, 1)[0]
    holder.autocommit(False)
    update = "UPDATE stock SET n = n + 1 WHERE id = 1"
    holder.cursor().execute(update)
    for session in fill_mariadb(own, mysql, 3):
        session._execute_command(3, update)
    # Not asked of innodb_trx: the server renews that table only when nobody has read it for a tenth of a second.
    waited = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'updating' AND time >= 3"
    wait_until(lambda: mysql.sql(waited) == [(3,)], "three wait for the row")
    result = remote.check(url("mysql", user="onlooker", port=3308)).expect_fault("capacity.lock-contention")
    assert "capacity.blocker-pid" not in result.report["facts"]
    why = result.report["findings"][0]["why_here"]
    assert f"one of them may be it: {holder.thread_id()}." in why, result.story()
    # The application's own account is shown nothing of it, and says so; a privileged one tells.
    alone = remote.check(url("mysql", port=3308)).expect_healthy()
    assert "no PROCESS privilege" in str(alone.report["steps"])
    admin = url("mysql", user="watcher", port=3308)
    told = remote.check(url("mysql", port=3308), "--admin", admin).expect_fault("capacity.lock-contention")
    assert told.report["facts"]["capacity.blocker-pid"] == holder.thread_id()


@pytest.mark.reproduces("capacity.lock-contention", on="mariadb")
@pytest.mark.parametrize("name", ["job", "it's", "x' OR SLEEP(9) OR '"])
def test_mariadb_the_holder_of_a_user_lock(
    remote: Cli, own: Servers, mariadb: MariadbServer, name: str
) -> None:
    holder = fill_mariadb(own, mariadb, 1)[0]
    holder.cursor().execute("SELECT GET_LOCK(%s, 0)", (name,))
    quoted = f'"{name}"'
    for session in fill_mariadb(own, mariadb, 3):
        session._execute_command(3, f"SELECT GET_LOCK({quoted}, 60)")
    waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock' AND time >= 3"
    wait_until(lambda: mariadb.sql(waiting) == [(3,)], "three wait for the lock")
    result = remote.check(url("mysql", user="watcher")).expect_fault("capacity.lock-contention")
    assert result.report["facts"]["capacity.blocker-pid"] == holder.thread_id()
    assert f"KILL {holder.thread_id()};" in str(result.report["findings"][0]["fixes"])


@pytest.mark.reproduces("capacity.lock-contention", on="mysql")
def test_mysql_the_whole_server_is_locked(remote: Cli, own: Servers, mysql: MysqlServer) -> None:
    holder = own.keep(mysql.connect())
    holder.cursor().execute("FLUSH TABLES WITH READ LOCK")
    for session in fill_mariadb(own, mysql, 3):
        session._execute_command(3, "UPDATE stock SET n = n + 1 WHERE id = 1")
    waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for%lock' AND time >= 3"
    wait_until(lambda: mysql.sql(waiting) == [(3,)], "three wait for the server")
    result = remote.check(url("mysql", user="watcher", port=3308)).expect_fault("capacity.lock-contention")
    assert result.report["facts"]["capacity.blocker-pid"] == holder.thread_id()
    assert result.report["facts"]["capacity.lock-tree"][0].endswith("metadata lock on the whole server")


@pytest.mark.reproduces("app.migration-blocked", on="mysql")
def test_mysql_a_migration_behind_a_reader(remote: Cli, own: Servers, mysql: MysqlServer) -> None:
    reader = fill_mariadb(own, mysql, 1)[0]
    reader.autocommit(False)
    reader.cursor().execute("SELECT * FROM stock")
    waiting = fill_mariadb(own, mysql, 3)
    statements = ("ALTER TABLE stock ADD note int", "SELECT 1 FROM stock", "SELECT 2 FROM stock")
    for number, (session, statement) in enumerate(zip(waiting, statements, strict=True), 1):
        session._execute_command(3, statement)
        wait_until(partial(one_more_waits_in_mariadb, mysql, number), "one more waits")
    long = f"{MARIADB_WAITING} AND time >= 3"
    wait_until(lambda: mysql.sql(long) == [(3,)], "all of them have waited for some seconds")
    result = remote.check(url("mysql", user="watcher", port=3308)).expect_fault("app.migration-blocked")
    facts = result.report["facts"]
    assert facts["capacity.blocker-pid"] == reader.thread_id()
    assert facts["capacity.migration-pid"] == waiting[0].thread_id()
    assert facts["capacity.lock-tree"][0].endswith(f"metadata lock on {DATABASE}.stock")
