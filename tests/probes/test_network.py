"""The connection itself, on real sockets: refused, unanswered, several hosts, Unix sockets, no descriptor left."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probes.peers import FIRST, QUICK, free_port, run, runtime_for, target_of
from tests.support.sockets import close_at_once, listening
from wizard.core.events import Evidence
from wizard.probes import network, race

NOBODY = 65534


@contextlib.contextmanager
def connected(text: str) -> Iterator[tuple[dict[str, object], list[Evidence]]]:
    runtime = runtime_for(text)
    try:
        report = run(runtime, *FIRST)
        yield dict(report.facts), report.evidence
    finally:
        runtime.close()


@contextlib.contextmanager
def unanswering() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel drops what else comes, as a firewall would."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


def test_a_listening_port_is_connected() -> None:
    with (
        listening("127.0.0.1", 0, None) as port,
        connected(f"postgresql://u@127.0.0.1:{port}/d") as (facts, said),
    ):
        assert facts["network.outcome"] == "connected"
        assert facts["network.address"] == facts["network.client-address"] == "127.0.0.1"
        assert (facts["network.errno"], facts["network.family"]) == ("none", "ipv4")
        assert facts["network.failed-hosts"] == ("none",)
        assert said == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_closed_port_is_refused_at_once(host: str) -> None:
    began = time.monotonic()
    with connected(f"postgresql://u@{host}:{free_port()}/d") as (facts, said):
        assert (facts["network.outcome"], facts["network.errno"]) == ("refused", "ECONNREFUSED")
        assert said
        assert {one.code for one in said} == {"ECONNREFUSED"}
    assert time.monotonic() - began < QUICK


def test_ipv6_is_tried_as_it_is_written() -> None:
    with connected(f"postgresql://u@[::1]:{free_port()}/d") as (facts, said):
        assert (facts["network.outcome"], facts["network.family"]) == ("refused", "ipv6")
        assert said[0].text.startswith("[::1]:")


def test_no_answer_is_a_timeout_that_costs_its_bound_and_no_more() -> None:
    with unanswering() as port:
        began = time.monotonic()
        with connected(f"mysql://u@127.0.0.1:{port}/d") as (facts, said):
            assert (facts["network.outcome"], facts["network.errno"]) == ("timeout", "none")
            assert "no answer" in said[0].text
        assert QUICK <= time.monotonic() - began < QUICK + 0.5


@pytest.mark.parametrize(("option", "seconds"), [("0.1", 0.1), ("60", QUICK), ("0", QUICK), ("-1", QUICK)])
def test_the_own_timeout_of_the_target_is_kept_where_it_is_shorter(option: str, seconds: float) -> None:
    with unanswering() as port:
        began = time.monotonic()
        with connected(f"host=127.0.0.1 port={port} user=u dbname=d connect_timeout={option}") as (facts, _):
            assert facts["network.outcome"] == "timeout"
        assert seconds <= time.monotonic() - began < seconds + 0.25


def test_the_time_of_the_whole_walk_bounds_the_connection() -> None:
    with unanswering() as port:
        runtime = runtime_for(f"postgresql://u@127.0.0.1:{port}/d", within=0.1)
        began = time.monotonic()
        report = run(runtime, *FIRST)
        assert time.monotonic() - began < QUICK
        assert report.facts["network.outcome"] == "timeout"


def test_a_host_that_fails_before_one_that_answers_is_told_as_failed() -> None:
    closed = free_port()
    with listening("127.0.0.1", 0, None) as port:
        runtime = runtime_for(f"postgresql://u@127.0.0.2:{closed},127.0.0.1:{port}/d")
        report = run(runtime, *FIRST)
        assert runtime.channel is not None
        assert runtime.channel.peer.port == port
        runtime.close()
    assert report.facts["network.outcome"] == "connected"
    assert report.facts["network.failed-hosts"] == ("127.0.0.2",)
    assert [one.code for one in report.evidence] == ["ECONNREFUSED"]


def test_the_first_host_is_preferred_when_all_answer() -> None:
    with listening("127.0.0.1", 0, None) as first, listening("127.0.0.1", 0, None) as second:
        for one, other in ((first, second), (second, first)):
            with connected(f"postgresql://u@127.0.0.1:{one},127.0.0.1:{other}/d") as (facts, _):
                assert facts["network.failed-hosts"] == ("none",)
                assert f":{one} " in str(facts["network.attempts"][0])  # type: ignore[index]


def test_when_all_hosts_fail_the_first_decides() -> None:
    with (
        unanswering() as port,
        connected(f"postgresql://u@127.0.0.1:{free_port()},127.0.0.1:{port}/d") as (facts, said),
    ):
        assert facts["network.outcome"] == "refused"
        assert len(said) == 2


def test_a_silent_first_host_does_not_hold_up_the_second() -> None:
    with (
        unanswering() as silent,
        listening("127.0.0.1", 0, None) as port,
        connected(f"postgresql://u@127.0.0.1:{silent},127.0.0.1:{port}/d") as (facts, _),
    ):
        assert facts["network.outcome"] == "connected"


def test_a_socket_that_is_missing_before_a_host_that_answers_is_told_as_failed(tmp_path: Path) -> None:
    with (
        listening("127.0.0.1", 0, None) as port,
        connected(f"host={tmp_path},127.0.0.1 port=5432,{port} user=u dbname=d") as (facts, _),
    ):
        assert facts["network.outcome"] == "connected"
        assert facts["network.failed-hosts"] == (str(tmp_path),)


def test_a_socket_after_a_host_that_fails_is_tried_too(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
        server.listen(1)
        with connected(f"host=127.0.0.1,{tmp_path} port={free_port()},5432 user=u dbname=d") as (facts, _):
            assert facts["network.outcome"] == "connected"


def test_a_unix_socket_is_connected(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / ".s.PGSQL.5433"))
        server.listen(1)
        with connected(f"host={tmp_path} port=5433 user=u dbname=d") as (facts, _):
            assert facts["network.outcome"] == "connected"
            assert facts["network.socket"] == str(tmp_path / ".s.PGSQL.5433")


@pytest.mark.parametrize(("folder", "there"), [("", "present"), ("/gone", "missing")])
def test_a_socket_that_is_not_there_is_missing(tmp_path: Path, folder: str, there: str) -> None:
    with connected(f"host={tmp_path}{folder} user=u dbname=d") as (facts, said):
        assert (facts["network.outcome"], facts["network.errno"]) == ("socket-missing", "ENOENT")
        assert facts["network.socket-dir"] == there
        assert said[0].code == "ENOENT"


@pytest.mark.parametrize("others", ["", ",127.0.0.1"])
def test_a_path_that_no_socket_can_have_is_a_missing_socket(others: str) -> None:
    ports = f"5432,{free_port()}" if others else "5432"
    with connected(f"host=/tmp/{'x' * 120}{others} port={ports} user=u dbname=d") as (facts, said):
        assert said[0].code == "ENAMETOOLONG"
        assert facts["network.outcome"] == "socket-missing"


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ENOPROTOOPT, "rejected"),
        (errno.EPROTO, "rejected"),
        (errno.EINVAL, "unreachable"),
        (errno.ENETDOWN, "unreachable"),
        (errno.EPROTONOSUPPORT, None),
    ],
)
def test_what_a_route_or_a_firewall_says(number: int, outcome: str | None) -> None:
    """An error that has no word leaves the outcome unknown, so that nothing is concluded from it."""
    attempt = race.Attempt(0, "10.77.255.1", 5432)
    race.conclude(attempt, number, 2.0)
    facts = network._facts(target_of("postgresql://u@10.77.255.1/d"), [attempt], attempt)
    assert facts.get("network.outcome") == outcome
    assert facts["network.errno"] == errno.errorcode[number]


def test_the_socket_of_mysql_is_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "mysqld.sock"
    with connected(f"mysql://u@localhost/d?unix_socket={path}") as (facts, _):
        assert (facts["network.outcome"], facts["network.socket"]) == ("socket-missing", str(path))


def test_a_plain_file_in_the_place_of_a_socket_is_refused_like_a_stale_one(tmp_path: Path) -> None:
    (tmp_path / ".s.PGSQL.5432").touch()
    with connected(f"host={tmp_path} user=u dbname=d") as (facts, _):
        assert facts["network.outcome"] == "socket-refused"


def test_a_socket_that_nobody_listens_on_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
    with connected(f"host={tmp_path} user=u dbname=d") as (facts, _):
        assert (facts["network.outcome"], facts["network.errno"]) == ("socket-refused", "ECONNREFUSED")


def test_a_socket_whose_queue_is_full_costs_its_bound(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
        server.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            client.connect_ex(str(tmp_path / ".s.PGSQL.5432"))
        began = time.monotonic()
        with connected(f"host={tmp_path} user=u dbname=d") as (facts, _):
            assert facts["network.outcome"] == "socket-busy"
        assert time.monotonic() - began < QUICK + 0.5


@contextlib.contextmanager
def no_longer_root() -> Iterator[None]:
    """As a user like any other, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_socket_that_may_not_be_opened_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / ".s.PGSQL.5432"))
        server.listen(1)
        (folder / ".s.PGSQL.5432").chmod(0)
        with no_longer_root(), connected(f"host={folder} user=u dbname=d") as (facts, said):
            assert (facts["network.outcome"], facts["network.errno"]) == ("socket-permission", "EACCES")
            assert said[0].code == "EACCES"


@pytest.mark.parametrize("left", [0, 1, 2])
def test_without_descriptors_the_outcome_says_so(left: int) -> None:
    """`left` descriptors are free when the probe begins; it must report, never raise."""
    code = f"""
import os, resource, sys
from tests.probes.peers import FIRST, run, runtime_for
from wizard.probes import find, network
runtime = runtime_for("postgresql://u@127.0.0.1:{{}}/d".format(sys.argv[1]))
run(runtime, *FIRST[:2])
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
while True:
    try:
        held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        break
for _ in range({left}):
    os.close(held.pop())
report = find("network.connect").function(runtime.target, runtime)
for one in held:
    os.close(one)
print(report.facts["network.outcome"], report.facts["network.errno"])
"""
    with listening("127.0.0.1", 0, close_at_once) as port:
        done = subprocess.run(
            [sys.executable, "-c", code, str(port)], capture_output=True, text=True, check=False
        )
    expected = "connected none" if left == 2 else "no-descriptor EMFILE"
    assert (done.stdout.strip(), done.returncode) == (expected, 0), done.stderr


def test_an_ipv6_address_where_ipv6_is_off_does_not_mean_that_ports_are_used_up() -> None:
    """In a container without IPv6, connect() says EADDRNOTAVAIL for it, as it does when no local port is free.

    That state of a host cannot be made here, so the attempts are given; the link-local address has no route.
    """
    target = target_of("postgresql://u@db.example/d")
    six, four = race.Attempt(0, "fe80::1", 5432), race.Attempt(0, "127.0.0.1", 5432)
    race.conclude(six, errno.EADDRNOTAVAIL)
    race.conclude(four, errno.ECONNREFUSED)
    both = network._facts(target, [six, four], network._deciding([six, four]))
    assert both["network.outcome"] == "refused"
    alone = network._facts(target, [six], network._deciding([six]))
    assert alone["network.outcome"] == "ipv6-unreachable"
