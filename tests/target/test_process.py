"""A process as the place where an application lives, on real child processes with an environment of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from wizard.errors import UsageError
from wizard.target import containers
from wizard.target.application import compare_stated, targets_of
from wizard.target.applications import applications
from wizard.target.files import inside
from wizard.target.namespaces import enter
from wizard.target.parse import parse_target
from wizard.target.process import Process, read_process

URL = "postgresql://app:0ld-secret@db1.example:5432/shop"
NEW = "postgresql://app:n3w-secret@db2.example:5432/shop"
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process that sleeps, with exactly this environment, in `tmp_path`."""
    with ExitStack() as stack:

        def run(environ: Mapping[str, str], *argv: str) -> subprocess.Popen[bytes]:
            child = subprocess.Popen(
                [*(argv or ("/bin/sleep", "60"))], env=dict(environ), cwd=tmp_path, start_new_session=True
            )
            stack.callback(child.wait)
            stack.callback(_end, child)
            shown = Path(f"/proc/{child.pid}/environ")
            wait_until(
                lambda: bool(shown.read_bytes()) == bool(environ), "the program has replaced the child"
            )
            return child

        yield run


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and its own children."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def write(path: Path, text: str, *, seconds: float) -> None:
    """Write a file that was changed `seconds` from now."""
    path.write_text(text)
    os.utime(path, (time.time() + seconds,) * 2)


def look(pid: int) -> Process:
    return read_process(str(pid))


def test_what_a_process_shows_of_itself(start: Start, tmp_path: Path) -> None:
    process = look(start({"DATABASE_URL": URL, "EMPTY": "", "HOME": "/home/app"}).pid)
    assert process.name == "sleep"
    assert process.environ == {"DATABASE_URL": URL, "EMPTY": "", "HOME": "/home/app"}
    assert process.cwd is not None
    assert process.cwd.samefile(tmp_path)
    assert process.home == Path("/home/app")
    assert process.root is None
    assert abs(process.started - time.time()) < 30
    assert process.is_there()


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "1e3", "99999999999", "٣", "4711 4712", "2147483646"])
def test_what_is_no_process_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--pid"):
        read_process(text)


def test_a_process_that_ended_is_not_there(start: Start) -> None:
    child = start({"DATABASE_URL": URL})
    process = look(child.pid)
    child.kill()
    child.wait()
    assert not process.is_there()
    with pytest.raises(UsageError, match="no such process"):
        look(child.pid)


def test_name_and_environment_may_hold_anything(start: Start, tmp_path: Path) -> None:
    hostile = tmp_path / "\x1b[31mx) S 1 2"
    hostile.symlink_to("/bin/sleep")
    process = look(
        start({"DATABASE_URL": "\x1b]0;x\x07" + "A" * 100_000, "\udcff": "\udcff"}, str(hostile), "60").pid
    )
    assert "\x1b" not in process.name
    assert process.started > 0
    assert len(process.environ) == 2


def test_an_environment_that_is_empty_is_told_with_the_parent(start: Start) -> None:
    process = look(start({}).pid)
    assert f"Try its parent, process {os.getpid()}." in process.troubles[0]


def test_the_target_of_a_process_says_whose_it_is(start: Start) -> None:
    found = targets_of(look(start({"DATABASE_URL": URL}).pid), {})
    target = found.targets[0]
    assert target.source == f"DATABASE_URL of process {found.process.pid} (sleep)"
    assert target.password_source == target.source
    assert {one.source for one in target.settings} == {target.source}
    assert found.process.origin == "environment"
    assert found.process.stale == ()


def test_an_account_that_is_not_named_is_the_owner_of_the_process(start: Start) -> None:
    found = targets_of(look(start({"PGHOST": "db1.example"}).pid)._replace(owner="www-data"), {})
    assert (found.targets[0].user, found.targets[0].database) == ("www-data", "www-data")


def test_a_file_changed_after_the_start_makes_the_process_stale(start: Start, tmp_path: Path) -> None:
    child = start({"DATABASE_URL": URL})
    write(tmp_path / ".env", f"X=1\nDATABASE_URL={NEW}\n", seconds=5)
    process = targets_of(look(child.pid), {}).process
    assert [one.key for one in process.stale] == ["host", "password"]
    host, password = process.stale
    assert (host.ours.value, host.theirs.value) == ("db1.example", "db2.example")
    assert host.ours.source == f"DATABASE_URL of process {child.pid} (sleep)"
    assert host.theirs.source == ".env:2 DATABASE_URL"
    assert host.changed is not None
    assert host.changed > process.started
    assert "secret" not in repr(process.stale)
    assert {one.reveal() for one in process.secrets} == {"0ld-secret", "n3w-secret"}
    assert password.ours.value == password.theirs.value


def test_a_file_from_before_the_start_is_a_conflict_and_not_stale(start: Start, tmp_path: Path) -> None:
    write(tmp_path / ".env", f"DATABASE_URL={NEW}\n", seconds=-3600)
    found = targets_of(look(start({"DATABASE_URL": URL}).pid), {})
    assert found.process.stale == ()
    assert "host" in {one.key for one in found.targets[0].conflicts}


def test_a_file_of_another_stage_says_nothing(start: Start, tmp_path: Path) -> None:
    child = start({"DATABASE_URL": URL})
    write(tmp_path / ".env.production", f"DATABASE_URL={NEW}\n", seconds=5)
    assert targets_of(look(child.pid), {}).process.stale == ()


def test_the_shell_that_says_otherwise_makes_the_process_stale(start: Start) -> None:
    process = targets_of(look(start({"DATABASE_URL": URL}).pid), {"DATABASE_URL": NEW}).process
    assert [one.key for one in process.stale] == ["host", "password"]
    assert process.stale[0].theirs.source == "DATABASE_URL of this shell"
    other_engine = {"DATABASE_URL": "mysql://app@db9.example/shop"}
    assert targets_of(look(process.pid), other_engine).process.stale == ()


def test_files_are_left_alone_on_demand(start: Start, tmp_path: Path) -> None:
    child = start({"DATABASE_URL": URL})
    write(tmp_path / ".env", f"DATABASE_URL={NEW}\n", seconds=5)
    assert targets_of(look(child.pid), {}, files=False).process.stale == ()


def test_settings_that_only_a_file_holds_are_told_as_newer(start: Start, tmp_path: Path) -> None:
    child = start({"LANG": "C"})
    write(tmp_path / ".env", f"DATABASE_URL={NEW}\n", seconds=5)
    found = targets_of(look(child.pid), {})
    assert found.targets[0].host == "db2.example"
    assert (found.process.origin, found.process.newer) == ("files", (".env",))
    write(tmp_path / ".env", f"DATABASE_URL={NEW}\n", seconds=-3600)
    assert targets_of(look(child.pid), {}).process.newer == ()


def test_a_process_without_settings_states_nothing(start: Start) -> None:
    found = targets_of(look(start({"LANG": "C"}).pid), {"DATABASE_URL": NEW})
    assert (found.targets, found.process.origin, found.process.stale) == ((), "nothing", ())


def test_a_stated_target_is_compared_with_the_process(start: Start) -> None:
    found = targets_of(look(start({"DATABASE_URL": URL}).pid), {})
    process = compare_stated(found, parse_target(NEW, source="command line", environ={}, home=None))
    assert process.origin == "stated"
    assert {one.key for one in process.stale} == {"host", "password"}


def test_links_are_followed_within_the_root_only(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "db.sock").touch()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "run").symlink_to("/run")
    (tmp_path / "out").symlink_to("../../../../etc/passwd")
    (tmp_path / "loop").symlink_to("loop")
    assert inside(tmp_path, "/var/run/db.sock") == tmp_path / "run" / "db.sock"
    assert inside(tmp_path, "/out") == tmp_path / "etc" / "passwd"
    assert inside(tmp_path, "/../../etc/../run") == tmp_path / "run"
    assert inside(tmp_path, "/loop").is_relative_to(tmp_path)


def test_paths_of_a_process_with_other_files_are_reached_through_its_root(
    start: Start, tmp_path: Path
) -> None:
    root = tmp_path / "image"
    (root / "run" / "secrets").mkdir(parents=True)
    (root / "run" / "secrets" / "pw").write_text("from-the-secret\n")
    (root / "var").mkdir()
    (root / "var" / "run").symlink_to("/run")
    (root / "home").mkdir()
    (root / "home" / ".pg_service.conf").symlink_to("/run/secrets/services")
    (root / "run" / "secrets" / "services").write_text("[shop]\nuser=from-the-service\n")
    environ = {
        "HOME": "/home",
        "PGSERVICE": "shop",
        "PGHOST": "/var/run",
        "PGSSLROOTCERT": "/certs/ca.pem",
        "POSTGRES_PASSWORD_FILE": "/run/secrets/pw",
    }
    target = targets_of(look(start(environ).pid)._replace(root=root), {}).targets[0]
    assert target.host == str(root / "run")
    assert target.user == "from-the-service"
    assert target.tls.root == str(root / "certs" / "ca.pem")
    assert target.password is not None
    assert target.password.reveal() == "from-the-secret"


def test_a_file_of_an_image_leads_to_no_file_of_ours(start: Start, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.write_text(f"DATABASE_URL={NEW}\n")
    root = tmp_path / "image"
    (root / "app").mkdir(parents=True)
    (root / "app" / ".env").symlink_to(ours)
    process = look(start({"LANG": "C"}).pid)._replace(root=root, folder=Path("/app"))
    assert targets_of(process, {}).targets == ()


def test_the_place_of_a_process_beside_us_need_not_be_entered(start: Start) -> None:
    assert enter(look(start({"DATABASE_URL": URL}).pid)).view == "same"


def test_applications_are_listed_with_their_eldest_only(start: Start, tmp_path: Path) -> None:
    def is_ours(pid: int) -> bool:
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(tmp_path)
        except OSError:
            return False  # a process of somebody else, which has just ended

    start({"DATABASE_URL": URL})
    start({"DB_HOST": "db3.example", "DB_ENGINE": "mysql", "DB_PORT": "3306"})
    start({"PGPASSWORD": "alone"})
    start({"DATABASE_URL": URL}, "/bin/sh", "-c", "sleep 60; true")
    server = tmp_path / "postgres"
    server.symlink_to("/bin/sleep")
    start({"DATABASE_URL": URL}, str(server), "60")
    parent = "import subprocess, sys; subprocess.run(['/bin/sleep', '60'])"
    start({"DATABASE_URL": URL}, sys.executable, "-c", parent)
    wait_until(lambda: len([p for p in sleepers() if is_ours(p)]) == 5, "all of them run")
    found = [one for one in applications(5.0).found if is_ours(one.pid)]
    assert sorted((one.name, one.target.host) for one in found if one.name != "sleep") == [
        (Path(sys.executable).name[:15], "db1.example")
    ]
    # The shell is left out and its child is not; the child of the Python program is its worker.
    assert sorted(one.target.host for one in found if one.name == "sleep") == [
        "db1.example",
        "db1.example",
        "db3.example",
    ]


def sleepers() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                name = Path("/proc", entry, "comm").read_text().strip()
            except OSError:
                continue
            if name == "sleep":
                yield int(entry)


@pytest.fixture
def runtime_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a container runtime's command, as a script, on a PATH with nothing else but the shell's tools."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in ("sh", "sleep", "cat"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return put


Put = Callable[[str, str], None]
NO_SUCH = 'echo "Error response from daemon: No such container: $6" >&2; exit 1'


def test_no_runtime_is_told(runtime_tool: Put) -> None:
    found = containers.find_container("web")
    assert (found.pid, found.view) == (0, "refused")
    assert "none of docker, podman, nerdctl and crictl is here" in found.troubles[0]


@pytest.mark.parametrize("name", ["", "-x", "a b", "web;id", "../x", "$(id)", "a" * 300, "--help"])
def test_a_name_that_is_none_reaches_no_runtime(runtime_tool: Put, name: str) -> None:
    runtime_tool("docker", "echo reached >&2; exit 1")
    with pytest.raises(UsageError, match="--container"):
        containers.find_container(name)


def test_the_daemon_that_refuses_is_quoted(runtime_tool: Put) -> None:
    said = (
        "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
    )
    runtime_tool("docker", f'echo "{said}: dial unix" >&2; exit 1')
    assert f"docker: {said}" in containers.find_container("web").troubles[0]


def test_the_daemon_that_hangs_is_left(runtime_tool: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "SECONDS", 0.2)
    runtime_tool("docker", "exec sleep 30")
    assert "docker: no answer" in containers.find_container("web").troubles[0]


def test_a_runtime_gets_the_way_to_its_daemon_and_no_setting_of_ours(
    runtime_tool: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    runtime_tool("docker", 'echo "host: $DOCKER_HOST url: $DATABASE_URL." >&2; exit 1')
    assert "host: unix:///run/other.sock url: ." in containers.find_container("web").troubles[0]


def test_a_container_that_nobody_knows(runtime_tool: Put) -> None:
    runtime_tool("docker", f'[ "$1" = ps ] && exit 0; {NO_SUCH}')
    runtime_tool("podman", '[ "$1" = ps ] && exit 0; echo "Error: no such container web" >&2; exit 125')
    with pytest.raises(UsageError, match="docker and podman know no such container"):
        containers.find_container("web")


def test_a_container_that_does_not_run(runtime_tool: Put) -> None:
    runtime_tool("docker", "echo 0")
    with pytest.raises(UsageError, match="does not run"):
        containers.find_container("web")


def test_a_number_of_another_machine_is_not_believed(runtime_tool: Put, start: Start) -> None:
    runtime_tool("docker", f"echo {start({'DATABASE_URL': URL}).pid}")
    found = containers.find_container("web")
    assert found.pid == 0
    assert "another machine or in a virtual one" in found.troubles[0]
