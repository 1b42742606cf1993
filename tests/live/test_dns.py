"""Names that do not resolve, each for its own reason, asked of a real resolver on a real network."""

from __future__ import annotations

from collections.abc import Iterator

import dns.rcode
import pytest

from tests.live.conftest import Servers
from tests.live.faults import Fault, table
from tests.support.cli import Cli, url
from tests.support.netlab import SERVER, Lab
from tests.support.sockets import nameserver

OTHER = "10.77.0.3"
"""A second address of the server machine, on which nothing listens."""
RESOLVER = "10.77.0.53"
"""A third address, for nameservers other than dnsmasq."""

RECORDS = (
    f"host-record=real.lab.test,{SERVER}",
    f"host-record=moved.lab.test,{SERVER}",
    "host-record=six.lab.test,2001:db8::2",
    "txt-record=text.lab.test,no address here",
    "cname=dangling.lab.test,gone.lab.test",
    "address=/#/",
    "cname=alias.lab.test,real.lab.test",
)


@pytest.fixture(scope="module", autouse=True)
def resolver(lab: Lab, servers: Servers) -> Iterator[None]:
    lab.server.address(f"{OTHER}/24")
    lab.server.address(f"{RESOLVER}/24")
    lab.client.hosts({"moved.lab.test": OTHER})
    service = lab.dnsmasq(*RECORDS)
    servers.postgres(settings={"listen_addresses": SERVER})
    yield
    service.stop()


@pytest.fixture
def other_resolver(lab: Lab) -> Iterator[None]:
    """The client asks another nameserver during one test."""
    lab.client.resolver(RESOLVER)
    yield
    lab.client.resolver(SERVER)


def test_an_alias_resolves(remote: Cli) -> None:
    result = remote.check(url(host="alias.lab.test")).expect_healthy()
    assert SERVER in result.report["facts"]["dns.addresses"], result.story()


@table(
    Fault("no-such-name", "dns.name-not-found", url(host="typo.lab.test")),
    Fault("no-such-name-mysql", "dns.name-not-found", url("mysql", host="typo.lab.test")),
    Fault("no-such-name-jdbc", "dns.name-not-found", "jdbc:postgresql://typo.lab.test:5432/shop?user=app"),
    Fault("name-without-address", "dns.no-address", url(host="text.lab.test")),
    Fault(
        "alias-of-nothing",
        "dns.name-not-found",
        url(host="dangling.lab.test"),
        accept=("dns.no-address",),
    ),
    Fault("compose-service-name", "dns.service-name-outside-network", url(host="db")),
    Fault(
        "kubernetes-service-name",
        "dns.service-name-outside-network",
        url(host="db.prod.svc.cluster.local"),
        accept=("dns.resolver-failed",),
    ),
    Fault("hosts-file-is-stale", "dns.stale-address", url(host="moved.lab.test")),
    Fault("only-ipv6-address", "network.ipv6-unreachable", url(host="six.lab.test")),
    Fault("only-ipv6-address-mysql", "network.ipv6-unreachable", url("mysql", host="six.lab.test")),
    on="resolver",
)
def test_answer_of_the_resolver(remote: Cli, fault: Fault) -> None:
    fault.check(remote)


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED], ids=["servfail", "refused"])
@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_resolver_that_fails(remote: Cli, lab: Lab, other_resolver: None, rcode: dns.rcode.Rcode) -> None:
    with nameserver(RESOLVER, rcode, namespace=lab.server):
        remote.check(url(host="real.lab.test")).expect_fault("dns.resolver-failed")


@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_resolver_where_nothing_listens(remote: Cli, other_resolver: None) -> None:
    remote.check(url(host="real.lab.test")).expect_fault("dns.resolver-failed")


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_silent_resolver_costs_its_bound(remote: Cli, lab: Lab, other_resolver: None, scheme: str) -> None:
    lab.server.firewall("udp dport 53 drop", "tcp dport 53 drop")
    try:
        result = remote.check(url(scheme, host="real.lab.test"))
    finally:
        lab.server.firewall()
    result.expect_fault("dns.resolver-failed")
    assert result.layer("dns")["ms"] <= 5500, result.story()
    assert result.seconds < 7, result.story()


@pytest.mark.reproduces("dns.resolver-failed", on="resolver")
def test_no_nameserver_at_all(remote: Cli, lab: Lab) -> None:
    lab.client.resolver(None)
    try:
        remote.check(url(host="real.lab.test")).expect_fault("dns.resolver-failed")
    finally:
        lab.client.resolver(SERVER)


def test_an_address_needs_no_resolver(remote: Cli, lab: Lab) -> None:
    lab.client.resolver(None)
    try:
        remote.check(url(host=SERVER)).expect_healthy()
    finally:
        lab.client.resolver(SERVER)
