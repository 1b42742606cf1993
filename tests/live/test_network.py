"""Ports that do not answer, answer wrongly, or answer too late, on a network made for the purpose."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support import sockets
from tests.support.cli import NO_OVERRIDE, OTHER_HOST, OWN_SERVERS_HIDDEN, Cli, url
from tests.support.netlab import CLIENT, SERVER, Lab
from tests.support.postgres import PASSWORD


@pytest.fixture(scope="module", autouse=True)
def quiet_network(lab: Lab) -> None:
    """Nothing listens yet: servers and listeners belong to the tests."""
    lab.neighbour_known()


@table(
    Fault("postgresql", "network.refused", url()),
    Fault("postgresql-by-address", "network.refused", url(host=SERVER)),
    Fault("mysql", "network.refused", url("mysql")),
    Fault("mysql-jdbc", "network.refused", "jdbc:mysql://db.lab.test:3306/shop?user=app"),
    Fault("two-hosts", "network.refused", url(host="10.77.0.2:5432,10.77.0.2:5433")),
    on="host",
)
def test_nothing_listens_on_another_host(remote: Cli, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.reproduces("network.service-down", on="host")
def test_nothing_runs_on_this_host(local: Cli, scheme: str) -> None:
    result = local.check(url(scheme, host="localhost"), prefix=(*OTHER_HOST, *OWN_SERVERS_HIDDEN))
    result.expect_fault("network.service-down", accept=("network.refused",))


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.reproduces("network.timeout", on="host")
def test_packets_vanish(remote: Cli, lab: Lab, scheme: str) -> None:
    lab.server.firewall("tcp dport { 5432, 3306 } drop")
    try:
        result = remote.check(url(scheme), "--connect-timeout", "2")
    finally:
        lab.server.firewall()
    result.expect_fault("network.timeout", accept=("network.managed-allowlist",))
    assert 1900 <= result.layer("network")["ms"] <= 2500, result.story()
    assert result.seconds < 4.5, result.story()


@pytest.mark.reproduces("network.timeout", on="host")
def test_default_bound_of_a_black_hole(remote: Cli, lab: Lab) -> None:
    lab.server.firewall("tcp dport 5432 drop")
    try:
        result = remote.check(url())
    finally:
        lab.server.firewall()
    result.expect_fault("network.timeout")
    assert 2900 <= result.layer("network")["ms"] <= 3500, result.story()


def test_the_whole_walk_is_bounded(remote: Cli, lab: Lab) -> None:
    lab.server.firewall("tcp dport 5432 drop")
    try:
        result = remote.check(url(), "--timeout", "1")
    finally:
        lab.server.firewall()
    assert result.exit in (1, 3), result.story()
    assert "network.timeout" in result.causes(), result.story()
    assert result.seconds < 3, result.story()


def test_interrupted(remote: Cli, lab: Lab) -> None:
    lab.server.firewall("tcp dport 5432 drop")
    interrupt = ("timeout", "--preserve-status", "--signal=INT", "1")
    try:
        result = remote.check(url(), "--connect-timeout", "9", prefix=interrupt)
    finally:
        lab.server.firewall()
    assert result.exit == 130, result.story()
    assert "Traceback" not in result.stderr, result.story()
    assert result.seconds < 3, result.story()


@table(
    Fault("no-route", "network.unreachable", url(host="10.99.0.1")),
    Fault("unreachable-route", "network.unreachable", url(host="10.98.0.1")),
    Fault("prohibited-route", "network.firewall-rejected", url(host="10.97.0.1")),
    Fault(
        "no-ipv6-route",
        "network.ipv6-unreachable",
        url(host="[2001:db8::2]"),
        accept=("network.unreachable",),
    ),
    Fault(
        "dead-neighbour",
        "network.unreachable",
        url(host="10.77.0.99"),
        ("--connect-timeout", "5"),
        accept=("network.timeout",),
    ),
    on="host",
)
def test_no_way_to_the_host(remote: Cli, lab: Lab, fault: Fault) -> None:
    lab.client.run("ip", "route", "replace", "unreachable", "10.98.0.0/24")
    lab.client.run("ip", "route", "replace", "prohibit", "10.97.0.0/24")
    fault.check(remote)


@pytest.mark.parametrize(
    ("rule", "causes"),
    [
        ("icmp type admin-prohibited", ("network.firewall-rejected", "network.unreachable")),
        ("icmp type host-prohibited", ("network.firewall-rejected", "network.unreachable")),
        ("icmp type host-unreachable", ("network.firewall-rejected", "network.unreachable")),
        ("icmp type port-unreachable", ("network.refused", "network.firewall-rejected")),
        ("tcp reset", ("network.refused", "network.firewall-rejected")),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
@pytest.mark.reproduces(lambda row: row["causes"][0], on="host")
def test_a_firewall_rejects(remote: Cli, lab: Lab, rule: str, causes: tuple[str, ...]) -> None:
    lab.server.firewall(f"tcp dport 5432 reject with {rule}")
    try:
        remote.check(url()).expect_fault(causes[0], accept=causes[1:])
    finally:
        lab.server.firewall()


@pytest.fixture(scope="class")
def hidden(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Servers]:
    """Servers that run on this host but not where they are looked for."""
    with ExitStack() as stack:
        servers = Servers(lab, stack)
        servers.postgres(settings={"listen_addresses": "127.0.0.1"})
        servers.postgres(settings={"listen_addresses": ""}, port=5440)
        servers.postgres(settings={"listen_addresses": "*"}, port=5433)
        servers.mariadb(options=["--skip-networking"])
        yield servers


@pytest.mark.usefixtures("hidden")
class TestServerRunsElsewhereOnThisHost:
    @pytest.mark.reproduces("network.loopback-only", on="host")
    def test_loopback_only(self, local: Cli) -> None:
        local.check(url(host=SERVER)).expect_fault("network.loopback-only")

    @pytest.mark.reproduces("network.refused", on="host")
    def test_loopback_only_seen_from_afar(self, remote: Cli) -> None:
        result = remote.check(url()).expect_fault(
            "network.refused", accept=("network.loopback-only", "network.wrong-port")
        )
        assert "network.loopback-only" in result.causes(), result.story()

    @pytest.mark.reproduces("network.wrong-port", on="host")
    def test_wrong_port(self, local: Cli) -> None:
        local.check(url(host=SERVER, port=5434)).expect_fault("network.wrong-port")

    @pytest.mark.reproduces("network.wrong-port", on="host")
    def test_socket_only_postgresql(self, local: Cli) -> None:
        local.check(url(host="localhost", port=5440)).expect_fault(
            "network.socket-only", accept=("network.wrong-port",)
        )

    @pytest.mark.reproduces("network.socket-only", on="mariadb")
    def test_socket_only_mariadb(self, local: Cli) -> None:
        local.check(url("mysql", host="127.0.0.1")).expect_fault("network.socket-only")


@pytest.mark.reproduces("network.wrong-port", on="host")
def test_wrong_port_of_the_only_server(local: Cli, own: Servers) -> None:
    own.postgres(port=5433)
    result = local.check(url(host="localhost")).expect_fault("network.wrong-port")
    assert "5433" in result.stdout


@pytest.mark.reproduces("network.wrong-port", on="mariadb")
def test_wrong_port_of_the_only_mariadb(local: Cli, own: Servers) -> None:
    own.mariadb(port=3307)
    result = local.check(url("mysql", host="127.0.0.1")).expect_fault("network.wrong-port")
    assert "3307" in result.stdout


@pytest.mark.reproduces("network.service-down", on="host")
def test_a_pooler_without_its_server_is_no_server_on_another_port(local: Cli, own: Servers) -> None:
    """PgBouncer takes the login by itself, and so proves nothing of a server."""
    server = own.postgres()
    own.pgbouncer(server)
    assert local.check(url(host="localhost", port=6432)).cause == "healthy"
    server.stop()
    local.check(url(host="localhost")).expect_fault("network.service-down")


@pytest.mark.reproduces("network.service-down", on="host")
def test_socket_file_missing(local: Cli) -> None:
    folder = local.cwd / "sockets"
    folder.mkdir()
    result = local.check(f"host={folder} user=app dbname=shop", env={"PGPASSWORD": PASSWORD})
    result.expect_fault("network.socket-missing", accept=("network.service-down",))


@pytest.mark.reproduces("network.service-down", on="host")
def test_socket_file_missing_mariadb(local: Cli) -> None:
    target = url("mysql", host="localhost", unix_socket=str(local.cwd / "none.sock"))
    local.check(target).expect_fault("network.socket-missing", accept=("network.service-down",))


@pytest.mark.reproduces("network.socket-permission", on="host")
def test_socket_without_permission(local: Cli, own: Servers) -> None:
    server = own.postgres(settings={"unix_socket_permissions": "0700"})
    target = f"host={server.sockets} user=app dbname=shop"
    result = local.check(target, env={"PGPASSWORD": PASSWORD}, prefix=NO_OVERRIDE)
    result.expect_fault("network.socket-permission")


@pytest.mark.reproduces("network.socket-permission", on="mariadb")
def test_socket_in_a_closed_folder_mariadb(local: Cli, own: Servers) -> None:
    server = own.mariadb()
    server.socket.parent.chmod(0o700)
    target = url("mysql", host="localhost", unix_socket=str(server.socket))
    local.check(target, prefix=NO_OVERRIDE).expect_fault("network.socket-permission")


BEHAVIOURS = {
    "http": (sockets.HTTP, "network.not-a-database", ()),
    "ssh": (sockets.SSH, "network.not-a-database", ()),
    "garbage": (sockets.GARBAGE, "network.not-a-database", ()),
    "endless": (sockets.endless, "network.not-a-database", ()),
    "closes-at-once": (sockets.close_at_once, "network.dropped", ()),
    "resets-at-once": (sockets.reset_at_once, "network.dropped", ()),
    "resets-after-the-request": (sockets.reset_after_request, "network.dropped", ("server.unresponsive",)),
    "deaf": (None, "server.unresponsive", ()),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.reproduces(
    lambda row: (
        BEHAVIOURS[row["name"]][1] if not BEHAVIOURS[row["name"]][2] and row["scheme"] == "postgresql" else ""
    ),
    on="host",
)
def test_something_else_answers(remote: Cli, lab: Lab, scheme: str, name: str) -> None:
    behave, cause, accept = BEHAVIOURS[name]
    if scheme == "mysql" and name in ("http", "resets-after-the-request"):
        accept = ("server.unresponsive",)  # both sides wait for the other to speak first
    port = 5432 if scheme == "postgresql" else 3306
    with sockets.listening(SERVER, port, behave, namespace=lab.server):
        result = remote.check(url(scheme))
    layers = {"server.unresponsive": "network"}
    assert result.cause in (cause, *accept), result.story()
    assert result.report["status"] == "fault", result.story()
    assert "fault" in result.outcomes().values(), (layers, result.story())
    assert result.seconds < 15, result.story()


def test_hangs_up_in_place_of_the_tls_handshake(remote: Cli, lab: Lab) -> None:
    with sockets.listening(SERVER, 5432, sockets.TLS_THEN_SILENCE_ENDS, namespace=lab.server):
        result = remote.check(url(sslmode="require"))
    assert result.cause in ("tls.handshake-failed", "network.dropped"), result.story()


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.reproduces("server.unresponsive", on="postgresql")
def test_frozen_server(remote: Cli, own: Servers, scheme: str) -> None:
    server = own.postgres() if scheme == "postgresql" else own.mariadb()
    server.send_signal(signal.SIGSTOP)
    result = remote.check(url(scheme))
    assert result.cause == "server.unresponsive", result.story()
    assert result.exit == 1
    assert result.seconds < 15, result.story()


@pytest.mark.reproduces("network.local-ports-exhausted", on="host")
def test_no_local_port_left(remote: Cli, lab: Lab) -> None:
    lab.client.sysctl("net.ipv4.ip_local_port_range", "40000 40001")
    held = []
    try:
        with sockets.listening(SERVER, 5432, None, namespace=lab.server):
            for port in (40000, 40001):
                connection = lab.client.socket()
                held.append(connection)
                connection.bind((CLIENT, port))
                connection.connect((SERVER, 5432))
            remote.check(url()).expect_fault("network.local-ports-exhausted")
    finally:
        for connection in held:
            connection.close()
        lab.client.sysctl("net.ipv4.ip_local_port_range", "32768 60999")


def test_hardly_any_descriptor_left(remote: Cli, own: Servers) -> None:
    own.postgres()
    limit = ("bash", "-c", 'ulimit -n 6; exec "$@"', "bash")
    result = remote.check(url(), prefix=limit)
    assert result.cause in ("network.descriptors-exhausted", "healthy"), result.story()
