"""Names: what they look like, what the hosts file and resolv.conf say, and what getaddrinfo answers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.probes.peers import run, runtime_for
from wizard.probes import dns, nameservers


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST.", "localhost"),
        ("app.localhost", "localhost"),
        ("db", "service"),
        ("postgres", "service"),
        ("mysql-1", "service"),
        ("shop_db", "service"),
        ("my-postgres", "service"),
        ("pg2", "service"),
        ("orders", "label"),
        ("web01", "label"),
        ("db.prod.svc.cluster.local", "cluster"),
        ("db.prod.svc", "cluster"),
        ("host.docker.internal", "cluster"),
        ("db.example.com", "qualified"),
        ("db.example.com.", "qualified"),
        ("", "literal"),
    ],
)
def test_what_a_name_looks_like(name: str, kind: str) -> None:
    assert dns.name_kind(name, "not-found") == kind


def test_an_address_is_literal_whatever_it_looks_like() -> None:
    assert dns.name_kind("127.0.0.1", "literal") == "literal"


HOSTS = """\
127.0.0.1\tlocalhost
10.0.3.7   db.example.com db  # the old server
# 10.0.3.8 db
::1 ip6-localhost
10.0.3.9 DB
broken
"""


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("db", ["10.0.3.7", "10.0.3.9"]),
        ("DB.example.COM.", ["10.0.3.7"]),
        ("old", []),
        ("10.0.3.7", []),
        ("server", []),
        ("localhost", []),
        ("", []),
    ],
)
def test_the_hosts_file(tmp_path: Path, name: str, addresses: list[str]) -> None:
    path = tmp_path / "hosts"
    path.write_text(HOSTS)
    assert dns.hosts_file_addresses(name, path) == addresses


def test_a_hosts_file_that_is_missing_or_noise_names_nothing(tmp_path: Path) -> None:
    assert dns.hosts_file_addresses("db", tmp_path / "gone") == []
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 100)
    assert dns.hosts_file_addresses("db", tmp_path / "noise") == []
    assert dns.hosts_file_addresses("db", tmp_path) == []


def test_resolv_conf(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 9.9.9.9\n; nameserver 8.8.8.8\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\n"
        "domain old.example\nsearch a.example b.example\noptions ndots:5\nnameserver\n"
    )
    assert nameservers.nameservers(path) == (["10.0.0.2", "fe80::1%eth0"], ["a.example", "b.example"])
    assert nameservers.nameservers(tmp_path / "gone") == ([], [])


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("fe80::1", False)],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert dns.is_loopback(address) is loopback


def test_an_address_of_somebody_else_is_not_local() -> None:
    assert dns.is_local("127.0.0.1")
    assert not dns.is_local("192.0.2.1")
    assert not dns.is_local("no address")


def test_a_literal_address_needs_no_resolver() -> None:
    report = run(runtime_for("postgresql://u@192.0.2.1/d"), "dns.resolve")
    assert (report.facts["dns.outcome"], report.facts["dns.name-kind"]) == ("literal", "literal")
    assert report.facts["dns.addresses"] == ("192.0.2.1",)
    assert report.facts["target.is-local"] is False


def test_localhost_resolves_to_this_machine() -> None:
    runtime = runtime_for("postgresql://u@localhost:5433/d")
    report = run(runtime, "dns.resolve")
    assert (report.facts["dns.outcome"], report.facts["target.is-loopback"]) == ("resolved", True)
    assert {(host, port) for host, _, port in runtime.addresses} == {(0, 5433)}


def test_a_socket_needs_no_name() -> None:
    report = run(runtime_for("host=/tmp user=u dbname=d"), "dns.resolve")
    assert (report.facts["dns.outcome"], report.facts["target.is-local"]) == ("socket", True)


def test_hostaddr_is_used_without_looking_the_name_up() -> None:
    runtime = runtime_for("host=db.invalid hostaddr=127.0.0.1 user=u dbname=d")
    report = run(runtime, "dns.resolve")
    assert runtime.addresses == [(0, "127.0.0.1", 5432)]
    assert report.facts["dns.outcome"] == "literal"


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "x..example"])
def test_a_name_that_cannot_be_one_is_not_found_and_never_raised(name: str) -> None:
    began = time.monotonic()
    answer, addresses = dns.look_up(name)
    assert (answer[0] in ("not-found", "failed"), addresses) == (True, [])
    assert answer[1]
    assert time.monotonic() - began < 1.0


def test_one_name_that_resolves_is_enough() -> None:
    runtime = runtime_for(f"host={'a' * 64}.example,127.0.0.1 user=u dbname=d")
    report = run(runtime, "dns.resolve")
    assert report.facts["dns.outcome"] in ("resolved", "literal")
    assert [index for index, _, _ in runtime.addresses] == [1]
    assert report.evidence


@pytest.mark.parametrize(
    "name", ["db..lab.test", "a" * 64 + ".lab.test", ".".join(["a" * 60] * 5), ".lab.test"]
)
def test_a_name_that_cannot_exist_is_not_found_without_a_question(name: str) -> None:
    assert nameservers.cannot_exist(name)
    report = run(runtime_for(f"host={name} user=u dbname=d"), "dns.resolve", "dns.ask-servers")
    assert report.facts["dns.servers-say"] == "not-found"
    assert "cannot be a name" in report.evidence[0].text


@pytest.mark.parametrize("name", ["db", "db.lab.test.", "my_db.lab.test", "bücher.example", "a" * 63])
def test_a_name_that_can_exist_is_asked(name: str) -> None:
    assert nameservers.cannot_exist(name) == ""


COMPOSE = "services:\n  orders:\n    image: postgres:16\n"


@pytest.mark.parametrize(
    ("name", "service"),
    [("orders", "orders"), ("Orders", "orders"), ("bills", "none")],
)
def test_a_service_of_the_compose_file_is_known(tmp_path: Path, name: str, service: str) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    runtime = runtime_for("host=orders user=u dbname=d")
    assert dns.compose_facts(name, runtime) == {}  # no file of the working directory may be looked at
    runtime.cwd = tmp_path
    facts = dns.compose_facts(name, runtime)
    assert (facts["compose.file"], facts["compose.service"]) == ("compose.yaml", service)
    assert facts["compose.services"] == ("orders",)


@pytest.mark.parametrize("name", ["orders.lab.test", "", "/run/orders"])
def test_only_a_single_label_is_looked_for_in_a_compose_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    runtime = runtime_for("host=orders user=u dbname=d")
    runtime.cwd = tmp_path
    assert dns.compose_facts(name, runtime) == {}


def test_a_compose_file_that_is_noise_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(bytes(range(256)))
    runtime = runtime_for("host=orders user=u dbname=d")
    runtime.cwd = tmp_path
    assert dns.compose_facts("orders", runtime) == {}
