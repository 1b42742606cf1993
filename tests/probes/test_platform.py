"""Where the application runs, told by what a container leaves to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.probes.peers import run, runtime_for
from wizard.core.facts import Fact
from wizard.probes import platform
from wizard.runtime import Runtime
from wizard.target.process import Process

DOCKER = "0::/system.slice/docker-0123456789abcdef.scope\n"
PID = 4711


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /proc and a root directory of our own; at first nothing in them tells of a container."""
    folder = tmp_path / "proc"
    for name in ("1", "2", "self", str(PID)):
        (folder / name).mkdir(parents=True)
        (folder / name / "cgroup").write_text("0::/\n")
    (tmp_path / "root" / "etc").mkdir(parents=True)
    monkeypatch.setattr(platform, "PROC", folder)
    monkeypatch.setattr(platform, "ROOT", tmp_path / "root")
    return folder


@pytest.fixture
def root(proc: Path) -> Path:
    return proc.parent / "root"


def runtime(**environ: str) -> Runtime:
    return runtime_for("postgresql://u:p@db.example.com/d", **environ)


def process(root: Path | None, environ: Mapping[str, str] | None = None) -> Process:
    return Process(PID, "gunicorn", environ=environ or {}, is_readable=True, root=root)


def test_the_kernels_threads_are_seen_on_a_host_only(proc: Path, root: Path) -> None:
    (proc / "2" / "comm").write_text("kthreadd\n")
    (root / ".dockerenv").touch()  # a virtual machine that was made from an image
    assert platform.place(runtime()) == ("host", "no sign of a container")


@pytest.mark.parametrize(
    ("file", "text", "where", "told"),
    [
        (".dockerenv", "", "docker", "/.dockerenv"),
        ("run/.containerenv", "", "docker", "Podman"),
        ("run/systemd/container", "lxc\n", "docker", "lxc"),
        ("var/run/secrets/kubernetes.io/serviceaccount", "", "kubernetes", "service account"),
    ],
)
def test_marker_files(proc: Path, root: Path, file: str, text: str, where: str, told: str) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text)
    found, evidence = platform.place(runtime())
    assert (found, told in evidence) == (where, True), evidence


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("cgroup", "12:pids:/docker/0123456789abcdef\n", "docker"),
        ("cgroup", DOCKER, "docker"),
        ("cgroup", "0::/machine.slice/libpod-0123.scope\n", "docker"),
        ("cgroup", "11:memory:/lxc/web\n", "docker"),
        ("cgroup", "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-0123.scope\n", "kubernetes"),
        (
            "mountinfo",
            "710 700 8:1 /var/lib/docker/containers/0123/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
            "docker",
        ),
        (
            "mountinfo",
            "710 700 8:1 /var/lib/kubelet/pods/0123/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
            "kubernetes",
        ),
        ("mountinfo", "710 700 8:1 /docker-data /srv/data rw - ext4 /dev/sda1 rw\n", "host"),
        ("cgroup", "0::/system.slice/cron.service\n", "host"),
    ],
)
def test_control_group_and_mounts(proc: Path, name: str, text: str, where: str) -> None:
    (proc / "1" / name).write_text(text)
    assert platform.place(runtime())[0] == where


def test_the_cluster_says_so_in_the_environment(proc: Path) -> None:
    found = platform.place(runtime(KUBERNETES_SERVICE_HOST="10.0.0.1"))
    assert found == ("kubernetes", "the variable KUBERNETES_SERVICE_HOST is set")


def test_compose_by_its_variable(proc: Path, root: Path) -> None:
    (root / ".dockerenv").touch()
    where, told = platform.place(runtime(COMPOSE_PROJECT_NAME="shop"))
    assert (where, "COMPOSE_PROJECT_NAME" in told) == ("compose", True)


def test_compose_by_the_nameserver_and_the_file(proc: Path, root: Path, tmp_path: Path) -> None:
    (root / ".dockerenv").touch()
    (root / "etc" / "resolv.conf").write_text("search lan\nnameserver 127.0.0.11\noptions ndots:0\n")
    asked = runtime()
    assert platform.place(asked)[0] == "docker"
    asked.cwd = tmp_path
    assert platform.place(asked)[0] == "docker"
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    where, told = platform.place(asked)
    assert (where, "compose.yaml" in told) == ("compose", True)


def test_a_process_in_a_container_is_seen_from_its_host(proc: Path, tmp_path: Path) -> None:
    (proc / "2" / "comm").write_text("kthreadd\n")
    (proc / str(PID) / "cgroup").write_text(DOCKER)
    asked = runtime()
    asked.process = process(tmp_path / "elsewhere")
    assert platform.place(asked)[0] == "docker"


def test_a_process_of_the_host_is_not_marked_by_our_files(proc: Path, root: Path) -> None:
    (root / ".dockerenv").touch()
    (proc / str(PID) / "cgroup").write_text("0::/system.slice/shop.service\n")
    asked = runtime()
    asked.process = process(None)
    assert platform.place(asked) == ("host", "no container, the unit shop.service of systemd")


def test_what_was_stated_is_not_contradicted(proc: Path) -> None:
    asked = runtime()
    asked.facts = asked.facts.having([Fact("runtime", "compose", "flag")])
    report = run(asked, "host.platform")
    assert asked.facts.text("runtime") == "compose"
    assert report.facts["runtime.evidence"] == "it was stated, and not looked for"


def test_a_proc_that_hides_everything_ends_in_a_host(proc: Path) -> None:
    for folder in proc.iterdir():
        (folder / "cgroup").unlink()
    assert run(runtime(), "host.platform").facts["host.init"] == "not visible"
