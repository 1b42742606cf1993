"""The application's own view: a real process with a network, resolver files and settings of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.conftest import Servers
from tests.support.cli import OWN_SERVERS_HIDDEN, WRONG_PASSWORD, Cli, url
from tests.support.mariadb import MariadbServer
from tests.support.netlab import SERVER, Lab, Namespace
from tests.support.ownhost import DebianCluster
from tests.support.postgres import PostgresServer
from tests.support.processes import as_user, new_folder, run, wait_until

ONLY_THERE = "app-db.lab.test"
"""A name that only the resolver of the client machine knows."""
NO_ENTRY = ("setpriv", "--bounding-set=-sys_admin", "--")
NO_LOOK = ("setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--")
ELSEWHERE = ("dns.name-not-found", "dns.resolver-failed", "dns.service-name-outside-network")
RunApp = Callable[..., int]


@pytest.fixture(scope="module", autouse=True)
def postgres(servers: Servers) -> PostgresServer:
    return servers.postgres()


@pytest.fixture(scope="module")
def mariadb(servers: Servers) -> MariadbServer:
    return servers.mariadb()


@pytest.fixture(scope="module", autouse=True)
def _resolver(lab: Lab) -> None:
    lab.dnsmasq(f"host-record={ONLY_THERE},{SERVER}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The working directory of the application."""
    made = tmp_path / "app"
    made.mkdir()
    return made


@pytest.fixture
def run_app(lab: Lab, folder: Path) -> Iterator[RunApp]:
    """Start an application on the client machine with exactly this environment; its process id."""
    with ExitStack() as stack:

        def run(
            environ: Mapping[str, str], where: Namespace | None = None, prefix: Sequence[str] = ()
        ) -> int:
            argv = (where or lab.client).command([*prefix, "/bin/sleep", "300"])
            path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
            child = subprocess.Popen(argv, env={**path, **environ}, cwd=folder)
            stack.callback(child.wait)
            stack.callback(child.kill)
            comm = Path(f"/proc/{child.pid}/comm")
            wait_until(lambda: comm.read_text() == "sleep\n", "the application runs")
            return child.pid

        yield run


@pytest.fixture
def machine(tmp_path: Path) -> Cli:
    """The program on the machine itself, which has no way into the lab's networks."""
    return Cli(tmp_path, prefix=OWN_SERVERS_HIDDEN)


@pytest.fixture
def beside(tmp_path: Path, lab: Lab) -> Cli:
    """The program in the application's own network."""
    return Cli(tmp_path, lab.client)


def later(path: Path, text: str) -> None:
    """Write a file that was changed after everything that runs had started."""
    path.write_text(text)
    os.utime(path, (time.time() + 2,) * 2)


def test_names_and_connections_are_those_of_the_process(machine: Cli, run_app: RunApp) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    result = machine.check("--pid", str(pid)).expect_healthy()
    facts = result.report["facts"]
    assert (facts["process.view"], facts["process.settings"], facts["process.pid"]) == (
        "entered",
        "environment",
        pid,
    )
    assert facts["dns.addresses"] == [SERVER]
    assert result.report["target"]["source"] == f"DATABASE_URL of process {pid} (sleep)"
    outside = machine.check(url(host=ONLY_THERE))
    assert outside.cause in ELSEWHERE, outside.story()


def mounts_below_etc() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if line.split()[4].startswith("/etc")]


def test_nothing_is_left_behind(machine: Cli, run_app: RunApp, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    before = mounts_below_etc(), Path("/etc/resolv.conf").read_bytes()
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    machine.check("--pid", str(pid), env={"TMPDIR": str(copies)}).expect_healthy()
    assert (mounts_below_etc(), Path("/etc/resolv.conf").read_bytes()) == before
    assert list(copies.iterdir()) == []


@pytest.mark.reproduces("network.refused", on="host")
def test_a_fault_is_the_one_that_the_process_has(machine: Cli, run_app: RunApp) -> None:
    pid = run_app({"PGHOST": ONLY_THERE, "PGPORT": "5999", "PGUSER": "app", "PGDATABASE": "shop"})
    result = machine.check("--pid", str(pid), "--answer", "server_access=no")
    result.expect_fault("network.refused")
    assert result.report["facts"]["network.address"] == SERVER


def test_a_stated_target_is_tried_from_inside(machine: Cli, run_app: RunApp) -> None:
    pid = run_app({"DATABASE_URL": url(host="old.lab.test")})
    result = machine.check("--pid", str(pid), url(host=ONLY_THERE)).expect_healthy()
    assert result.layer("config")["outcome"] == "warning", result.story()
    assert result.report["facts"]["process.settings"] == "stated"
    assert "host" in result.report["facts"]["process.stale"]


def test_without_the_right_to_enter_the_walk_goes_on_from_here(machine: Cli, run_app: RunApp) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    result = machine.check("--pid", str(pid), prefix=NO_ENTRY)
    assert result.report["facts"]["process.view"] == "refused", result.story()
    assert "CAP_SYS_ADMIN" in result.report["facts"]["process.trouble"]
    assert result.cause in ELSEWHERE, result.story()
    assert "from here and not from inside" in result.report["findings"][0]["why_here"], result.story()


def test_without_the_right_to_look_the_stated_target_is_used(beside: Cli, run_app: RunApp) -> None:
    pid = run_app({"DATABASE_URL": url(host="old.lab.test")}, prefix=as_user("nobody"))
    result = beside.check("--pid", str(pid), url(host=ONLY_THERE), prefix=NO_LOOK).expect_healthy()
    facts = result.report["facts"]
    assert facts["process.view"] == "refused"
    assert "belongs to nobody" in facts["process.trouble"]
    assert "CAP_SYS_PTRACE" in facts["process.trouble"]
    assert result.layer("config")["outcome"] == "warning", result.story()


def test_ones_own_process_is_entered_without_root_through_its_user_namespace(
    machine: Cli, folder: Path
) -> None:
    (folder / "hosts").write_text(f"{SERVER} own.lab.test\n")
    # To write a map of user 0 needs one right (user_namespaces(7)); what runs then has none outside.
    own = [
        "setpriv",
        "--bounding-set=-all,+setfcap",
        "--",
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        "--mount",
    ]
    inner = f"mount --bind {folder}/hosts /etc/hosts; exec /bin/sleep 300"
    child = subprocess.Popen([*own, "--", "sh", "-c", inner], env={"PGHOST": "own.lab.test"}, cwd=folder)
    try:
        comm = Path(f"/proc/{child.pid}/comm")
        wait_until(lambda: comm.read_text() == "sleep\n", "the application runs")
        nobody = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")
        result = machine.check("--pid", str(child.pid), prefix=nobody)
    finally:
        child.kill()
        child.wait()
    facts = result.report["facts"]
    assert (facts["process.view"], facts["dns.addresses"]) == ("entered", [SERVER]), result.story()
    # In a new network not even the loopback device is up.
    assert facts["network.outcome"] == "unreachable", result.story()


def test_a_process_without_settings_to_be_seen_is_no_proof_that_there_are_none(machine: Cli) -> None:
    """A zombie and a thread of the kernel have no environment at all, and are told apart from a closed one."""
    child = subprocess.Popen(["/bin/true"])
    try:
        stat = Path(f"/proc/{child.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z", "it has ended")
        ended, kernel = (machine.check("--pid", str(pid)) for pid in (child.pid, 2))
    finally:
        child.wait()
    for result, words in ((ended, "has ended"), (kernel, "part of the kernel")):
        assert (result.report["status"], result.exit) == ("inconclusive", 3), result.story()
        assert "config.missing" in result.causes(), result.story()
        assert words in result.report["facts"]["process.trouble"]
        assert "CAP_SYS" not in result.stdout


@pytest.mark.reproduces("network.service-down", on="host")
def test_a_network_of_its_own_is_not_where_our_clusters_listen(
    lab: Lab, tmp_path: Path, folder: Path
) -> None:
    cluster = DebianCluster(lab.server)
    with cluster.config.open("a") as file:
        file.write("nosuch_parameter = 1\n")
    cluster.start()
    child = subprocess.Popen(
        ["unshare", "--net", "--", "sh", "-c", "ip link set lo up; exec /bin/sleep 300"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DATABASE_URL": url(host="localhost")},
        cwd=folder,
    )
    try:
        comm = Path(f"/proc/{child.pid}/comm")
        wait_until(lambda: comm.read_text() == "sleep\n", "the application runs")
        result = Cli(tmp_path, prefix=cluster.prefix).check("--pid", str(child.pid))
    finally:
        child.kill()
        child.wait()
    result.expect_fault("network.service-down")
    assert "nosuch_parameter" not in result.stdout
    assert "config.localhost-in-container" in result.causes(), result.story()


def test_no_such_process_is_a_usage_error(machine: Cli) -> None:
    for pid in ("none", "2147483646"):
        result = machine.run("check", "--json", "--pid", pid)
        assert (result.exit, result.stdout) == (2, "")
        assert "--pid" in result.stderr


@pytest.mark.reproduces("config.stale-process", on="postgresql")
def test_the_password_was_rotated_after_the_start(machine: Cli, run_app: RunApp, folder: Path) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE, password=WRONG_PASSWORD)})
    later(folder / ".env", f"DATABASE_URL={url(host=ONLY_THERE)}\n")
    result = machine.check("--pid", str(pid)).expect_fault("config.stale-process", layer="config")
    assert result.report["facts"]["process.stale"] == ["password"]
    assert any(".env:1 (changed" in item["text"] for item in result.report["evidence"]), result.story()
    commands = [one["text"] for fix in result.report["findings"][0]["fixes"] for one in fix["commands"]]
    assert f"ps -o pid,lstart,comm -p {pid}" in commands


@pytest.mark.reproduces("config.stale-process", on="mariadb")
def test_the_same_with_mariadb_and_the_shell(machine: Cli, run_app: RunApp, mariadb: MariadbServer) -> None:
    pid = run_app({"DATABASE_URL": url("mysql", host=ONLY_THERE, password=WRONG_PASSWORD)})
    result = machine.check("--pid", str(pid), env={"DATABASE_URL": url("mysql", host=ONLY_THERE)})
    result.expect_fault("config.stale-process", layer="config")
    assert "auth.access-denied" in result.causes() or "auth.password-wrong" in result.causes(), result.story()


@pytest.mark.reproduces("config.stale-process", on="resolver")
def test_the_host_was_changed_after_the_start(machine: Cli, run_app: RunApp, folder: Path) -> None:
    pid = run_app({"DATABASE_URL": url(host="old.lab.test")})
    later(folder / ".env", f"DATABASE_URL={url(host=ONLY_THERE)}\n")
    result = machine.check("--pid", str(pid)).expect_fault("config.stale-process", layer="config")
    assert "dns.name-not-found" in result.causes()
    said = [item["text"] for item in result.report["evidence"] if item["text"].startswith("host:")]
    assert any("old.lab.test" in text and ONLY_THERE in text for text in said), said


def test_stale_settings_that_work_are_a_warning(machine: Cli, run_app: RunApp, folder: Path) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    later(folder / ".env", f"DATABASE_URL={url(host='next.lab.test')}\n")
    result = machine.check("--pid", str(pid)).expect_healthy()
    assert result.layer("config")["outcome"] == "warning", result.story()
    assert "restart" in result.layer("config")["summary"] or "restart" in result.stdout


def test_a_socket_of_the_process_is_reached_through_its_root(
    machine: Cli, run_app: RunApp, postgres: PostgresServer
) -> None:
    there = new_folder("sockets")
    inner = f'mount --bind {postgres.sockets} {there}; exec "$@"'
    prefix = ("unshare", "--mount", "--", "sh", "-c", inner, "sh")
    pid = run_app({"DATABASE_URL": f"{url(host='')}?host={there}"}, prefix=prefix)
    result = machine.check("--pid", str(pid)).expect_healthy()
    assert result.report["facts"]["target.socket"] == f"/proc/{pid}/root{there}"


@pytest.fixture
def tools(tmp_path: Path) -> Callable[[str, str], dict[str, str]]:
    """Put a program before all others on the PATH; the environment for a run."""
    place = tmp_path / "tools"
    place.mkdir()

    def put(name: str, script: str) -> dict[str, str]:
        (place / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / name).chmod(0o755)
        return {"PATH": f"{place}:/usr/sbin:/usr/bin:/sbin:/bin"}

    return put


DOCKER = """\
case "$*" in
"inspect --type container --format {{.State.Pid}} %(id)s") echo %(pid)s ;;
"ps --quiet --filter label=com.docker.compose.service=web") echo %(id)s ;;
inspect*) echo "Error response from daemon: No such container: $6" >&2; exit 1 ;;
*) exit 125 ;;
esac"""


@pytest.mark.parametrize("name", ["0a1b2c3d4e5f", "web"], ids=["by-id", "by-service-of-compose"])
def test_a_container_is_found_by_docker(
    machine: Cli, run_app: RunApp, tools: Callable[[str, str], dict[str, str]], name: str
) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    env = tools("docker", DOCKER % {"id": "0a1b2c3d4e5f", "pid": pid})
    result = machine.check("--container", name, env=env).expect_healthy()
    facts = result.report["facts"]
    assert (facts["process.pid"], facts["process.container"], facts["process.view"]) == (pid, name, "entered")


def test_a_container_is_found_by_cri(
    machine: Cli, run_app: RunApp, tools: Callable[[str, str], dict[str, str]]
) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    gone = tools(
        "docker", 'echo "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2; exit 1'
    )
    script = f'[ "$1" = ps ] && echo 0a1b2c || echo \'{{"status": {{}}, "info": {{"pid": {pid}}}}}\''
    tools("crictl", script)
    result = machine.check("--container", "web", env=gone).expect_healthy()
    assert result.report["facts"]["process.pid"] == pid


def test_a_runtime_that_refuses_is_told_and_the_walk_goes_on(
    beside: Cli, tools: Callable[[str, str], dict[str, str]]
) -> None:
    env = tools("docker", 'echo "permission denied while trying to connect to the Docker daemon" >&2; exit 1')
    result = beside.check("--container", "web", url(host=ONLY_THERE), env=env).expect_healthy()
    assert "permission denied" in result.report["facts"]["process.trouble"]


def test_of_several_containers_of_a_service_one_is_taken_and_told(
    machine: Cli, run_app: RunApp, tools: Callable[[str, str], dict[str, str]]
) -> None:
    pid = run_app({"DATABASE_URL": url(host=ONLY_THERE)})
    script = DOCKER % {"id": "0a1b2c3d4e5f", "pid": pid}
    env = tools(
        "docker", script.replace('service=web") echo 0a1b2c3d4e5f', 'service=web") echo 0a1b2c3d4e5f 1c2d')
    )
    told = machine.check("--container", "web", env=env).expect_healthy().report["facts"]["process.trouble"]
    assert "2 containers: 0a1b2c3d4e5f was taken" in told
    assert "1c2d" in told


class Podman:
    """The real Podman with containers of its own, in a folder of the test."""

    def __init__(self, tmp_path: Path, lab: Lab) -> None:
        self.lab = lab
        self.image = tmp_path / "image"
        state = new_folder("podman")
        # A mount namespace for the control groups: crun refuses machines that still have both versions.
        own = 'unshare --mount sh -c \'mount -t cgroup2 none /sys/fs/cgroup; exec "$0" "$@"\''
        options = "--log-level=error --cgroup-manager=cgroupfs --storage-driver=vfs --events-backend=none"
        places = f"--root={state}/data --runroot={state}/run --tmpdir={state}/tmp"
        self.script = f'exec {own} /usr/bin/podman --runtime=crun {options} {places} "$@"'
        self._fill()

    def _fill(self) -> None:
        """An image without Python: one program and its libraries."""
        libraries = [word for word in run(["ldd", "/bin/sleep"]).split() if word.startswith("/")]
        for file in ("/bin/sleep", *libraries):
            place = self.image / file[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        for folder in ("etc", "proc", "sys", "dev", "run", "tmp"):
            (self.image / folder).mkdir(exist_ok=True)

    def run(self, *arguments: str) -> str:
        """Podman with these arguments, in the foreground."""
        return run(["sh", "-c", self.script, "podman", *arguments])

    def start(self, name: str, environ: Mapping[str, str], names: Mapping[str, str]) -> None:
        """A container in the client machine's network, with these names in its hosts file."""
        options = ["--cgroups=disabled", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]
        options += [f"--network=ns:/run/netns/{self.lab.client.name}"]
        options += [f"--add-host={host}:{address}" for host, address in names.items()]
        options += [f"--env={key}={value}" for key, value in environ.items()]
        self.run(
            "run", "--detach", f"--name={name}", *options, "--rootfs", str(self.image), "/bin/sleep", "300"
        )


@pytest.fixture
def podman(tmp_path: Path, lab: Lab) -> Iterator[Podman]:
    """Podman, and no container left of it."""
    made = Podman(tmp_path, lab)
    try:
        yield made
    finally:
        made.run("rm", "--all", "--force", "--time=0")


def test_a_container_without_python_is_examined_from_its_host(
    machine: Cli, podman: Podman, tools: Callable[[str, str], dict[str, str]]
) -> None:
    podman.start("web", {"DATABASE_URL": url(host="only-in-there")}, {"only-in-there": SERVER})
    env = tools("podman", podman.script)
    facts = machine.check("--container", "web", env=env).expect_healthy().report["facts"]
    assert (facts["process.view"], facts["runtime"], facts["dns.addresses"]) == (
        "entered",
        "docker",
        [SERVER],
    )
    assert machine.run("check", "--container", "wep", env=env).stderr.count("knows no such container") == 1


@pytest.mark.reproduces("config.localhost-in-container", on="host")
def test_localhost_of_a_container_is_the_container(
    machine: Cli, podman: Podman, tools: Callable[[str, str], dict[str, str]]
) -> None:
    podman.start("web", {"DATABASE_URL": url(host="localhost")}, {})
    result = machine.check("--container", "web", env=tools("podman", podman.script))
    result.expect_fault("config.localhost-in-container", layer="config")
