"""The walk on the server's own host: a real server that does not run, and why, for each reason there is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import sockets
from tests.support.cli import Cli, Result, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab
from tests.support.ownhost import DebianCluster, DebianMariadb, full_disk, lose, script
from tests.support.postgres import programs
from tests.support.processes import wait_until

LATEST = 10.0
"""Seconds for a walk that looks at its own host, Python's start on a busy machine included."""


@pytest.fixture
def undo() -> Iterator[ExitStack]:
    """What a test has to take back."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make(lab: Lab, undo: ExitStack) -> Callable[..., DebianCluster]:
    """Makes clusters that are stopped when the test is over."""

    def cluster(**options: object) -> DebianCluster:
        made = DebianCluster(lab.server, **options)  # type: ignore[arg-type]
        undo.callback(made.stop)
        return made

    return cluster


@pytest.fixture
def make_mariadb(lab: Lab, undo: ExitStack) -> Callable[..., DebianMariadb]:
    """Makes MariaDB servers that are stopped when the test is over."""

    def server(**options: object) -> DebianMariadb:
        made = DebianMariadb(lab.server, **options)  # type: ignore[arg-type]
        undo.callback(made.stop)
        return made

    return server


def expect(
    local: Cli,
    server: DebianCluster | DebianMariadb,
    cause: str,
    *also: str,
    target: str = "",
    env: dict[str, str] | None = None,
) -> Result:
    """Run the walk where the server's files are seen; the fault, in the network and with the server's words."""
    scheme = "postgresql" if isinstance(server, DebianCluster) else "mysql"
    result = local.check(target or url(scheme, host="localhost"), prefix=server.prefix, env=env or {})
    result.expect_fault(cause)
    assert result.layer("network")["outcome"] == "fault", result.story()
    assert result.layer("server")["outcome"] == "fault", result.story()
    missing = set(also) - result.causes()
    assert not missing, f"not among the candidates: {missing}\n{result.story()}"
    assert result.seconds < LATEST, result.story()
    return result


def quoted(result: Result) -> str:
    """What the report quotes of the server's own words."""
    return "\n".join(one["text"] for one in result.report["evidence"] if one["layer"] == "server")


# PostgreSQL


def wrong_setting(cluster: DebianCluster) -> None:
    with cluster.config.open("a") as file:
        file.write("nosuch_parameter = 1\n")


def wrong_hba(cluster: DebianCluster) -> None:
    cluster.hba.write_text("host everywhere\n")


def wrong_auto_conf(cluster: DebianCluster) -> None:
    (cluster.data / "postgresql.auto.conf").write_text("max_connections = 'plenty'\n")


def open_folder(cluster: DebianCluster) -> None:
    cluster.data.chmod(0o755)


def no_folder(cluster: DebianCluster) -> None:
    lose(cluster.data)


def other_owner(cluster: DebianCluster) -> None:
    shutil.chown(cluster.data, "root")


def other_version(cluster: DebianCluster) -> None:
    (cluster.data / "PG_VERSION").write_text("9\n")


def lost_log(cluster: DebianCluster) -> None:
    for segment in (cluster.data / "pg_wal").glob("0*"):
        segment.unlink()


def control_file_of_zeros(cluster: DebianCluster) -> None:
    (cluster.data / "global" / "pg_control").write_bytes(bytes(8192))


def no_socket_folder(cluster: DebianCluster) -> None:
    with cluster.config.open("a") as file:
        file.write("unix_socket_directories = '/nowhere/at/all'\n")


def no_folder_for_logs(cluster: DebianCluster) -> None:
    with cluster.config.open("a") as file:
        file.write("logging_collector = on\nlog_directory = '/nowhere/at/all'\n")


def no_folder_of_the_log(cluster: DebianCluster) -> None:
    shutil.rmtree(cluster.data / "pg_wal")
    (cluster.data / "pg_wal").symlink_to("/nowhere/at/all")


POSTGRES: dict[str, tuple[Callable[[DebianCluster], None], str, str]] = {
    "setting": (wrong_setting, "server.config-invalid", "nosuch_parameter"),
    "hba-line": (wrong_hba, "server.config-invalid", "pg_hba.conf"),
    "auto-conf": (wrong_auto_conf, "server.config-invalid", "max_connections"),
    "open-data-folder": (open_folder, "server.data-directory", ""),
    "no-data-folder": (no_folder, "server.data-directory", ""),
    "data-of-another-owner": (other_owner, "server.data-directory", ""),
    "data-of-another-version": (other_version, "server.version-mismatch", ""),
    "write-ahead-log-lost": (lost_log, "server.data-corrupted", "checkpoint record"),
    "control-file-of-zeros": (control_file_of_zeros, "server.data-corrupted", "PG_CONTROL_VERSION 0"),
    "no-folder-for-logs": (no_folder_for_logs, "server.config-invalid", "could not open log file"),
    "disk-of-the-log-gone": (no_folder_of_the_log, "server.data-directory", "required WAL directory"),
    "no-socket-folder": (no_socket_folder, "server.socket-directory", "/nowhere/at/all"),
}


@pytest.mark.parametrize("name", POSTGRES)
@pytest.mark.reproduces(lambda row: POSTGRES[row["name"]][1], on="postgresql")
def test_postgresql_does_not_start(local: Cli, make: Callable[..., DebianCluster], name: str) -> None:
    damage, cause, words = POSTGRES[name]
    cluster = make()
    damage(cluster)
    said = cluster.start()
    result = expect(local, cluster, cause)
    assert words in quoted(result), said + result.story()


@pytest.mark.parametrize("host", ["localhost", SERVER])
@pytest.mark.reproduces("server.port-in-use", on="postgresql")
def test_postgresql_port_is_taken(
    local: Cli, lab: Lab, undo: ExitStack, make: Callable[..., DebianCluster], host: str
) -> None:
    """Another program holds the port on one address; the target is the other one."""
    held = SERVER if host == "localhost" else "127.0.0.1"
    taken = undo.enter_context(lab.server.socket())
    taken.bind((held, 5432))
    taken.listen()
    cluster = make(settings={"listen_addresses": held})
    cluster.start()
    result = expect(local, cluster, "server.port-in-use", target=url(host=host))
    assert f"{held}:5432" in result.report["facts"]["server.port-holder"], result.story()


@pytest.mark.reproduces("server.port-in-use", on="postgresql")
def test_postgresql_port_is_taken_by_a_web_server(
    local: Cli, lab: Lab, undo: ExitStack, make: Callable[..., DebianCluster]
) -> None:
    """The target reaches the other program: something answers, and it is no database."""
    undo.enter_context(
        sockets.listening(
            "127.0.0.1", 5432, sockets.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), namespace=lab.server
        )
    )
    cluster = make(settings={"listen_addresses": "127.0.0.1"})
    cluster.start()
    result = local.check(url(host="localhost"), prefix=cluster.prefix).expect_fault("server.port-in-use")
    assert "network.not-a-database" in result.causes(), result.story()


@pytest.mark.reproduces("server.stale-lock-file", on="postgresql")
def test_postgresql_lock_file_is_in_the_way(
    local: Cli, undo: ExitStack, make: Callable[..., DebianCluster]
) -> None:
    """The lock file was restored with a backup, and its number is another process's of the same account."""
    cluster = make()
    other = subprocess.Popen(["setpriv", "--reuid=postgres", "--clear-groups", "sleep", "600"])
    undo.callback(other.wait)
    undo.callback(other.kill)
    wait_until(lambda: Path(f"/proc/{other.pid}").stat().st_uid != 0, "the process is another account's")
    lock = cluster.data / "postmaster.pid"
    lock.write_text(f"{other.pid}\n{cluster.data}\n1700000000\n5432\n\n\n\n")
    shutil.chown(lock, "postgres", "postgres")
    # pg_ctlcluster removes a lock file whose process is no postgres; the server itself does not.
    with cluster.log.open("ab") as log:
        command = [
            str(programs() / "postgres"),
            "-D",
            str(cluster.data),
            "-c",
            f"config_file={cluster.config}",
        ]
        subprocess.run(
            ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command], stderr=log
        )
    result = expect(local, cluster, "server.stale-lock-file")
    assert result.report["facts"]["server.pid-file-process"] == "other", result.story()


@pytest.mark.reproduces("server.run-as-root", on="postgresql")
def test_postgresql_refuses_to_run_as_root(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make()
    with cluster.log.open("ab") as log:
        subprocess.run([str(programs() / "postgres"), "-D", str(cluster.data)], stderr=log)
    expect(local, cluster, "server.run-as-root")


@pytest.mark.reproduces("capacity.disk-full", on="postgresql")
def test_postgresql_disk_is_full(local: Cli, undo: ExitStack, make: Callable[..., DebianCluster]) -> None:
    cluster = make()
    undo.callback(subprocess.run, ["umount", "--lazy", str(full_disk(cluster.data))])
    cluster.start()
    result = expect(local, cluster, "capacity.disk-full")
    assert "No space left on device" in quoted(result), result.story()
    assert result.report["facts"]["server.disk"] == "full", result.story()


@pytest.mark.reproduces("network.service-down", on="postgresql")
@pytest.mark.parametrize("host", ["localhost", SERVER])
def test_postgresql_is_stopped(local: Cli, make: Callable[..., DebianCluster], host: str) -> None:
    """It ran, failed a login or two, and was stopped: an earlier failure to start is history."""
    cluster = make()
    wrong = cluster.config.read_text()
    wrong_setting(cluster)
    cluster.start()
    cluster.config.write_text(wrong)
    cluster.start()
    assert cluster.pid(), "the server runs"
    local.check(url(host="localhost", user="nobody-at-all"), prefix=cluster.prefix)
    cluster.control("stop", "-m", "fast", "--skip-systemctl-redirect")
    result = expect(local, cluster, "network.service-down", target=url(host=host))
    facts = result.report["facts"]
    assert facts["startup.outcome"] == "stopped", result.story()
    assert facts["server.data-directory"] == str(cluster.data), result.story()
    page = json.dumps(result.report["findings"])
    assert f"postgresql@{cluster.version}-main" in page, page


def killed_by_a_signal(cluster: DebianCluster) -> int:
    """A session is killed and the server stays down; its process id."""
    cluster.start()
    with cluster.server.connect() as victim:
        number = victim.info.backend_pid
        os.kill(number, signal.SIGKILL)
        wait_until(lambda: not cluster.pid(), "the server is down")
    return number


KERNEL = (
    "[86400.000001] postgres invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
    "[86400.000417] Out of memory: Killed process {pid} (postgres) total-vm:217004kB, anon-rss:98120kB, "
    "file-rss:2048kB, shmem-rss:0kB, UID:105 pgtables:260kB oom_score_adj:0"
)


@pytest.mark.reproduces("server.oom-killed", on="postgresql")
def test_postgresql_was_killed_for_memory(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """The signal is a test's own; what the kernel would have said comes from a `dmesg` on the path."""
    cluster = make(settings={"restart_after_crash": "off"})
    number = killed_by_a_signal(cluster)
    script(local.cwd / "bin", "dmesg", KERNEL.format(pid=number))
    path = f"{local.cwd / 'bin'}:{local.environment({})['PATH']}"
    result = expect(local, cluster, "server.oom-killed", env={"PATH": path})
    assert f"Killed process {number}" in quoted(result), result.story()
    assert "was terminated by signal 9" in quoted(result), result.story()


def test_postgresql_session_was_killed_by_hand(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make(settings={"restart_after_crash": "off"})
    killed_by_a_signal(cluster)
    script(local.cwd / "bin", "dmesg", "[1.000000] Linux version 6.1.0")
    path = f"{local.cwd / 'bin'}:{local.environment({})['PATH']}"
    expect(local, cluster, "network.service-down", "server.oom-killed", env={"PATH": path})


@pytest.mark.reproduces("server.oom-killed", on="postgresql")
def test_postmaster_vanished(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """Its log ends without a word; only the kernel can say whether it was killed for memory."""
    cluster = make()
    cluster.start()
    number = cluster.pid()
    cluster.kill()
    expect(local, cluster, "network.service-down", "server.oom-killed")
    script(local.cwd / "bin", "dmesg", KERNEL.format(pid=number))
    path = f"{local.cwd / 'bin'}:{local.environment({})['PATH']}"
    expect(local, cluster, "server.oom-killed", env={"PATH": path})


# MariaDB


def unknown_variable(server: DebianMariadb) -> None:
    with server.config.open("a") as file:
        file.write("nosuch_variable = 1\n")


def no_group(server: DebianMariadb) -> None:
    before = (server.etc / "my.cnf").read_text()
    (server.etc / "my.cnf").write_text(f"max_connections = 10\n{before}")


def no_data(server: DebianMariadb) -> None:
    lose(server.data)


def data_of_another_owner(server: DebianMariadb) -> None:
    for path in (server.data, server.data / "ibdata1"):
        shutil.chown(path, "root")
        path.chmod(0o700)


def damaged_tablespace(server: DebianMariadb) -> None:
    with (server.data / "ibdata1").open("r+b") as file:
        file.write(bytes(100_000))


def socket_nowhere(server: DebianMariadb) -> None:
    with server.config.open("a") as file:
        file.write("socket = /nowhere/mysqld.sock\n")


def no_folder_to_include(server: DebianMariadb) -> None:
    with (server.etc / "my.cnf").open("a") as file:
        file.write("!includedir /etc/mysql/nowhere.d/\n")


def no_tablespace(server: DebianMariadb) -> None:
    lose(server.data / "ibdata1")


MARIADB: dict[str, tuple[Callable[[DebianMariadb], None], str, str]] = {
    "unknown-variable": (unknown_variable, "server.config-invalid", "nosuch_variable"),
    "no-group": (no_group, "server.config-invalid", "without preceding group"),
    "no-folder-to-include": (no_folder_to_include, "server.config-invalid", "nowhere.d"),
    "no-tablespace": (no_tablespace, "server.data-corrupted", "ib_logfile0"),
    "no-data-folder": (no_data, "server.data-directory", ""),
    "data-of-another-owner": (data_of_another_owner, "server.data-directory", ""),
    "tablespace-damaged": (damaged_tablespace, "server.data-corrupted", "ibdata1"),
    "no-socket-folder": (socket_nowhere, "server.socket-directory", "Bind on unix socket"),
}


@pytest.mark.parametrize("name", MARIADB)
@pytest.mark.reproduces(lambda row: MARIADB[row["name"]][1], on="mariadb")
def test_mariadb_does_not_start(local: Cli, make_mariadb: Callable[..., DebianMariadb], name: str) -> None:
    damage, cause, words = MARIADB[name]
    server = make_mariadb()
    damage(server)
    said = server.start()
    result = expect(local, server, cause)
    assert words in quoted(result), said + result.story()


@pytest.mark.reproduces("server.port-in-use", on="mariadb")
def test_mariadb_port_is_taken(
    local: Cli, lab: Lab, undo: ExitStack, make_mariadb: Callable[..., DebianMariadb]
) -> None:
    taken = undo.enter_context(lab.server.socket())
    taken.bind((SERVER, 3306))
    taken.listen()
    server = make_mariadb(options={"bind_address": SERVER})
    server.start()
    result = expect(local, server, "server.port-in-use")
    assert f"{SERVER}:3306" in result.report["facts"]["server.port-holder"], result.story()


@pytest.mark.reproduces("server.run-as-root", on="mariadb")
def test_mariadb_refuses_to_run_as_root(local: Cli, make_mariadb: Callable[..., DebianMariadb]) -> None:
    server = make_mariadb()
    server.start(user=None)
    expect(local, server, "server.run-as-root")


@pytest.mark.reproduces("capacity.disk-full", on="mariadb")
def test_mariadb_disk_is_full(
    local: Cli, undo: ExitStack, make_mariadb: Callable[..., DebianMariadb]
) -> None:
    server = make_mariadb()
    undo.callback(subprocess.run, ["umount", "--lazy", str(full_disk(server.data))])
    said = server.start()
    result = expect(local, server, "capacity.disk-full")
    assert quoted(result), said + result.story()


@pytest.mark.reproduces("network.service-down", on="mariadb")
@pytest.mark.parametrize("host", ["127.0.0.1", SERVER])
def test_mariadb_is_stopped(local: Cli, make_mariadb: Callable[..., DebianMariadb], host: str) -> None:
    server = make_mariadb()
    server.start(wait=True)
    server.stop(signal.SIGTERM)
    result = expect(local, server, "network.service-down", target=url("mysql", host=host))
    assert result.report["facts"]["startup.outcome"] == "stopped", result.story()


@pytest.mark.reproduces("server.oom-killed", on="mariadb")
def test_mariadb_was_killed_for_memory(local: Cli, make_mariadb: Callable[..., DebianMariadb]) -> None:
    server = make_mariadb()
    server.start(wait=True)
    assert server.service is not None
    number = server.service.pid
    server.stop(signal.SIGKILL)
    expect(local, server, "network.service-down", "server.oom-killed")
    script(local.cwd / "bin", "dmesg", KERNEL.format(pid=number).replace("(postgres)", "(mariadbd)"))
    path = f"{local.cwd / 'bin'}:{local.environment({})['PATH']}"
    expect(local, server, "server.oom-killed", env={"PATH": path})


@pytest.mark.reproduces("server.stale-lock-file", on="mariadb")
def test_mariadb_data_are_in_use(
    local: Cli, lab: Lab, undo: ExitStack, make_mariadb: Callable[..., DebianMariadb]
) -> None:
    """Another server was started by hand on the same data; the one of the packages waits for the lock and gives up."""
    server = make_mariadb()
    by_hand = MariadbServer(namespace=lab.server, port=3399, options=[f"--datadir={server.data}"])
    undo.callback(by_hand.stop)
    by_hand.start()
    server.launch()
    wait_until(lambda: "Can't lock" in server.words() or "lock" in server.words(), "the lock is noticed")
    server.stop()
    result = local.check(url("mysql", host="localhost"), prefix=server.prefix)
    result.expect_fault("server.stale-lock-file", accept=("server.data-directory",))


@pytest.mark.reproduces("server.config-invalid", on="postgresql")
def test_target_is_a_socket(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    target = f"host={cluster.server.sockets} user=app dbname=shop"
    expect(local, cluster, "server.config-invalid", target=target)


@pytest.mark.reproduces("server.config-invalid", on="mariadb")
def test_target_is_a_mariadb_socket(local: Cli, make_mariadb: Callable[..., DebianMariadb]) -> None:
    server = make_mariadb()
    unknown_variable(server)
    server.start()
    target = url("mysql", host="localhost", unix_socket=str(server.server.socket))
    expect(local, server, "server.config-invalid", target=target)


def test_mariadb_folder_is_closed_and_no_log_is_there(
    local: Cli, make_mariadb: Callable[..., DebianMariadb]
) -> None:
    server = make_mariadb()
    data_of_another_owner(server)
    result = expect(local, server, "server.data-directory")
    assert result.report["facts"]["server.data"] == "wrong-owner", result.story()


# Hosts that show less


def test_the_log_may_not_be_read(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """The folder of the data still tells its part; what is closed is told."""
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    cluster.log.chmod(0o600)
    prefix = (*cluster.prefix, "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
    result = local.check(url(host="localhost"), prefix=prefix).expect_fault("network.service-down")
    told = "\n".join(step["trouble"] for step in result.report["steps"])
    assert f"{cluster.logs.name}" not in told
    assert "may not be read here" in told, result.story()
    assert "may not be looked into here" in told, result.story()
    assert result.report["facts"]["startup.outcome"] == "not-visible", result.story()


def test_proc_hides_the_processes_of_others(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    hide = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "sh", "-ec")
    mount = 'mount -o remount,hidepid=2 /proc; exec setpriv --bounding-set=-sys_ptrace -- "$@"'
    result = local.check(url(host="localhost"), prefix=(*cluster.prefix, *hide, mount, "sh"))
    result.expect_fault("server.config-invalid")


def test_tools_are_missing(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make(settings={"restart_after_crash": "off"})
    killed_by_a_signal(cluster)
    empty = local.cwd / "empty"
    empty.mkdir()
    # The prefix needs its own commands; the program behind it gets none.
    prefix = (*cluster.prefix, "/usr/bin/env", f"PATH={empty}")
    result = local.check(url(host="localhost"), prefix=prefix).expect_fault(
        "server.oom-killed", accept=("network.service-down",)
    )
    told = "\n".join(step["trouble"] for step in result.report["steps"])
    assert "no systemd here" in told, result.story()


SHOWN = (
    "Id=mariadb.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n"
    "ExecMainStatus=1\nStateChangeTimestamp=Fri 2026-11-20 21:04:05 UTC"
)


def test_the_journal_has_the_words(local: Cli, make_mariadb: Callable[..., DebianMariadb]) -> None:
    """This machine has no systemd: its two commands are scripts that print what the real ones print."""
    server = make_mariadb()
    unknown_variable(server)
    words = server.start().splitlines()
    server.log.unlink()
    entries = [f"2026-11-20T21:04:05+0000 db1 mariadbd[41]: {line}" for line in words]
    entries.append(
        "2026-11-20T21:04:05+0000 db1 systemd[1]: mariadb.service: Failed with result 'exit-code'."
    )
    folder = local.cwd / "bin"
    script(folder, "systemctl", SHOWN)
    script(folder, "journalctl", "\n".join(entries))
    booted = "mkdir -p /run/systemd/system; exec"
    prefix = (
        *server.prefix,
        "unshare",
        "--mount",
        "--",
        "sh",
        "-ec",
        f'mount -t tmpfs none /run; {booted} "$@"',
        "sh",
    )
    path = f"{folder}:{local.environment({})['PATH']}"
    result = local.check(url("mysql", host="localhost"), prefix=prefix, env={"PATH": path})
    result.expect_fault("server.config-invalid")
    facts = result.report["facts"]
    assert facts["server.unit-state"] == "failed (exit-code)", result.story()
    assert facts["server.log-file"] == "journalctl -u mariadb", result.story()
    assert "nosuch_variable" in quoted(result), result.story()


@pytest.mark.parametrize("form", ["csvlog", "jsonlog"])
@pytest.mark.reproduces("server.data-corrupted", on="postgresql")
def test_postgresql_logs_for_programs(local: Cli, make: Callable[..., DebianCluster], form: str) -> None:
    """The collector's file is the only one that has the words; what stands in the other is history."""
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    cluster.config.write_text(cluster.config.read_text().replace("nosuch_parameter = 1\n", ""))
    with cluster.config.open("a") as file:
        file.write(f"logging_collector = on\nlog_destination = '{form}'\n")
    lost_log(cluster)
    cluster.start()
    result = expect(local, cluster, "server.data-corrupted")
    assert "could not locate a valid checkpoint record" in quoted(result), result.story()
    assert result.report["facts"]["server.log-file"].endswith((".csv", ".json")), result.story()


@pytest.mark.reproduces("server.config-invalid", on="postgresql")
def test_postgresql_log_was_rotated(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    cluster.log.rename(f"{cluster.log}.1")
    cluster.log.touch()
    expect(local, cluster, "server.config-invalid")


@pytest.mark.reproduces("network.service-down", on="postgresql")
def test_errors_of_sessions_are_no_start(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """The start is long out of the part of the log that is read; then the server vanished."""
    cluster = make()
    cluster.start()
    with cluster.log.open("a") as log:
        log.writelines(
            f"2026-11-21 04:18:38.978 GMT [{number}] FATAL:  could not accept SSL connection: {'x' * 80}\n"
            for number in range(2000)
        )
    cluster.kill()
    result = expect(local, cluster, "network.service-down", "server.oom-killed")
    assert result.report["facts"]["startup.outcome"] == "killed", result.story()


@pytest.mark.reproduces("network.wrong-port", on="postgresql")
def test_proc_hides_the_server_that_runs(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """An ordinary user of a host with hidepid: the port's account is seen, its process is not."""
    cluster = make(port=5433)
    cluster.start()
    for folder in (local.home, local.cwd):
        folder.chmod(0o777)
    mount = 'mount -t proc -o hidepid=2 none /proc; exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"'
    prefix = (*cluster.prefix, "unshare", "--mount", "--", "sh", "-ec", mount, "sh")
    result = local.check(url(host="localhost"), prefix=prefix)
    result.expect_fault("network.wrong-port")
    assert "/proc hides" in "\n".join(step["trouble"] for step in result.report["steps"]), result.story()


def test_log_of_another_cluster_is_not_ours(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """A cluster for another port failed; the one that the target means is not set up here."""
    cluster = make(port=5455)
    wrong_setting(cluster)
    cluster.start()
    result = local.check(url(host="localhost"), prefix=cluster.prefix).expect_fault("network.service-down")
    assert result.report["facts"]["server.cluster"] == "none", result.story()
    assert any("5455" in one for one in result.report["facts"]["server.clusters"]), result.story()


def test_localhost_of_a_container_is_not_this_host(local: Cli, make: Callable[..., DebianCluster]) -> None:
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    result = local.check(url(host="localhost"), "--answer", "runtime=docker", prefix=cluster.prefix)
    result.expect_fault("config.localhost-in-container", layer="network")
    assert "startup.text" not in result.report["facts"], result.story()


def test_this_host_seen_from_a_container(local: Cli, make: Callable[..., DebianCluster]) -> None:
    """The application's container reaches its host by the host's own address: that server is meant."""
    cluster = make()
    wrong_setting(cluster)
    cluster.start()
    result = local.check(url(host=SERVER), "--answer", "runtime=docker", prefix=cluster.prefix)
    result.expect_fault("server.config-invalid")
