"""Providers behind an alias, and what Compose and a cluster leave to be seen, in the laboratory's own DNS."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.live.conftest import Servers
from tests.support.cli import Cli, Result, url
from tests.support.netlab import SERVER, Lab

RDS = "shop.abc123.eu-west-1.rds.amazonaws.com"
RECORDS = (
    f"host-record={RDS},{SERVER}",
    f"cname=db.app.test,{RDS}",
    f"host-record=shop.b.db.ondigitalocean.com,{SERVER}",
    "cname=do.app.test,shop.b.db.ondigitalocean.com",
    "host-record=db.abcdefgh.supabase.co,2001:db8::2",
    f"host-record=plain.app.test,{SERVER}",
    "address=/#/",
)
"""Names of providers, served by our own nameserver only, that lead to the server machine."""
HBA = ("host shop app 0.0.0.0/0 scram-sha-256",)
COMPOSE = """\
services:
  app:
    image: shop
  db:
    image: postgres:16
    ports: ["5433:5432"]
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: "n3w-after-the-volume", POSTGRES_DB: shop}
"""


@pytest.fixture(scope="module", autouse=True)
def resolver(lab: Lab, servers: Servers) -> Iterator[None]:
    service = lab.dnsmasq(*RECORDS)
    servers.postgres(hba=HBA)
    yield
    service.stop()


@pytest.fixture
def silent(lab: Lab) -> Iterator[None]:
    """The server machine drops whatever comes for a database, as a security group does."""
    lab.server.firewall("tcp dport { 5432, 25060 } drop")
    yield
    lab.server.firewall()


def here(result: Result) -> str:
    """What the page says about this very case."""
    return str(result.report["findings"][0]["why_here"])


def test_an_alias_of_a_provider_is_recognised(remote: Cli) -> None:
    facts = remote.check(url(host="db.app.test")).expect_healthy().report["facts"]
    assert (facts["managed"], facts["managed.detail"], facts["dns.canonical"]) == ("aws-rds", "aws-rds", RDS)


def test_a_name_of_ones_own_is_nobodys(remote: Cli) -> None:
    facts = remote.check(url(host="plain.app.test")).expect_healthy().report["facts"]
    assert (facts.get("managed"), facts["dns.canonical"]) == (None, "none")


@pytest.mark.reproduces("network.managed-allowlist", on="host")
def test_an_alias_that_stays_silent_names_the_providers_list(remote: Cli, silent: None) -> None:
    result = remote.check(url(host="db.app.test")).expect_fault("network.managed-allowlist")
    assert "security group" in here(result), result.story()
    assert RDS in here(result), result.story()


def test_a_port_that_the_provider_does_not_use(remote: Cli, silent: None) -> None:
    result = remote.check(url(host="do.app.test")).expect_fault("network.managed-allowlist")
    assert "Port 5432 is not usual at DigitalOcean" in here(result), result.story()
    assert "25060" in here(result), result.story()
    usual = remote.check(url(host="do.app.test", port=25060)).expect_fault("network.managed-allowlist")
    assert "not usual" not in here(usual), usual.story()


def test_a_provider_that_only_the_person_knows(remote: Cli, silent: None) -> None:
    answered = ("--answer", "managed=digitalocean")
    result = remote.check(url(host="plain.app.test"), *answered).expect_fault("network.managed-allowlist")
    assert "Trusted Sources" in here(result), result.story()
    assert result.report["facts"]["managed.name"] == "DigitalOcean Managed Databases", result.story()


def test_no_entry_at_a_provider_means_tls(remote: Cli) -> None:
    result = remote.check(url(host="db.app.test", database="postgres")).expect_fault("auth.hba-no-entry")
    assert "rds.force_ssl" in here(result), result.story()
    titles = [fix["title"] for fix in result.report["findings"][0]["fixes"]]
    assert titles[0] == "Switch TLS on in the settings", result.story()


@pytest.mark.reproduces("network.ipv6-unreachable", on="resolver")
def test_a_name_that_has_ipv6_only(remote: Cli) -> None:
    result = remote.check(url(host="db.abcdefgh.supabase.co")).expect_fault("network.ipv6-unreachable")
    assert "the shared pooler" in here(result), result.story()


@pytest.mark.reproduces("dns.service-name-outside-network", on="resolver")
def test_a_service_of_another_namespace(
    remote: Cli, lab: Lab, reset: Callable[[Callable[[], object]], None]
) -> None:
    reset(lambda: lab.client.resolver(SERVER))
    search = "search web.svc.cluster.local svc.cluster.local cluster.local"
    (lab.client.etc / "resolv.conf").write_text(f"nameserver {SERVER}\n{search}\noptions ndots:5\n")
    result = remote.check(url(host="orders"), env={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    result.expect_fault("dns.service-name-outside-network")
    assert result.report["facts"]["runtime"] == "kubernetes", result.story()
    assert "orders.NAMESPACE" in here(result), result.story()
    assert "namespace web" in here(result), result.story()


@pytest.mark.reproduces("dns.service-name-outside-network", on="resolver")
def test_a_compose_service_from_outside_is_told_its_published_port(remote: Cli) -> None:
    (remote.cwd / "compose.yaml").write_text(COMPOSE)
    result = remote.check(url(host="db"), "--answer", "runtime=host")
    result.expect_fault("dns.service-name-outside-network")
    assert "localhost:5433" in here(result), result.story()
    assert result.report["facts"]["runtime.evidence"] == "it was stated, and not looked for", result.story()


@pytest.mark.reproduces("auth.password-wrong", on="postgresql")
def test_a_volume_that_keeps_its_first_password(local: Cli) -> None:
    (local.cwd / "compose.yaml").write_text(COMPOSE)
    result = local.check(url(host="127.0.0.1", port=5432, password="n3w-after-the-volume"))
    result.expect_fault("auth.password-wrong").expect_no_secret(("n3w-after-the-volume",))
    assert result.report["facts"]["compose.password"] == "same", result.story()
    assert "empty volume" in here(result), result.story()
