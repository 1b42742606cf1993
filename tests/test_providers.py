"""Managed providers: whose a name is, and what the pages are told about them."""

from __future__ import annotations

import pytest

from wizard import providers
from wizard.content.load import open_content
from wizard.core.facts import Fact, Facts, Value
from wizard.core.page import render

CONTENT = open_content()
PLATFORMS = CONTENT.platforms
PARTICULARS = ("allow-list", "tls", "user-form", "ports", "cannot-change", "note")


def known(by: str = "probe", **facts: Value) -> Facts:
    return Facts().having(Fact(key.replace("_", "."), value, by) for key, value in facts.items())


@pytest.mark.parametrize(
    ("name", "managed", "detail"),
    [
        ("shop.abc123.eu-west-1.rds.amazonaws.com", "aws-rds", "aws-rds"),
        ("SHOP.abc123.eu-west-1.rds.amazonaws.com.", "aws-rds", "aws-rds"),
        ("shop.cluster-abc123.eu-west-1.rds.amazonaws.com", "aws-rds", "aws-aurora"),
        ("shop.cluster-ro-abc123.eu-west-1.rds.amazonaws.com", "aws-rds", "aws-aurora"),
        ("shop.proxy-abc123.eu-west-1.rds.amazonaws.com", "aws-rds", "aws-rds-proxy"),
        ("shop.postgres.database.azure.com", "azure", "azure"),
        ("ep-cool-name-123.eu-central-1.aws.neon.tech", "neon", "neon"),
        ("db.abcdefgh.supabase.co", "supabase", "supabase"),
        ("aws-0-eu-west-1.pooler.supabase.com", "supabase", "supabase-pooler"),
        ("shop-do-user-1-0.b.db.ondigitalocean.com", "digitalocean", "digitalocean"),
        ("dpg-abc123-a.frankfurt-postgres.render.com", "render", "render"),
        ("aws.connect.psdb.cloud", "planetscale", "planetscale"),
        ("shop-acme.a.aivencloud.com", "aiven", "aiven"),
        ("roundhouse.proxy.rlwy.net", "other", "railway"),
        ("abc.def.tsdb.cloud.timescale.com", "other", "timescale"),
        ("p.abc.db.postgresbridge.com", "other", "crunchy-bridge"),
        ("direct.abc.flympg.net", "other", "fly-mpg"),
        ("/cloudsql/project:region:shop", "gcp-cloudsql", "gcp-cloudsql"),
    ],
)
def test_a_name_tells_its_provider(name: str, managed: str, detail: str) -> None:
    found = providers.by_name(PLATFORMS, [name])
    assert found is not None
    told = providers.naming(found)
    assert (told["managed"], told["managed.detail"]) == (managed, detail)


@pytest.mark.parametrize(
    "name",
    [
        "db.example.com",
        "localhost",
        "rds.amazonaws.com.example.com",
        "ec2-1-2-3-4.compute-1.amazonaws.com",
        "",
    ],
)
def test_any_other_name_tells_nothing(name: str) -> None:
    assert providers.by_name(PLATFORMS, [name]) is None
    assert providers.by_canonical_name(PLATFORMS, name) is None


def test_the_name_behind_an_alias_tells_the_product_too() -> None:
    found = providers.by_canonical_name(PLATFORMS, "shop.cluster-abc123.eu-west-1.rds.amazonaws.com.")
    assert found is not None
    assert providers.naming(found)["managed.detail"] == "aws-aurora"


@pytest.mark.parametrize(
    "managed", ["aws-rds", "gcp-cloudsql", "azure", "neon", "supabase", "heroku", "digitalocean"]
)
def test_a_person_who_names_the_provider_gets_its_particulars(managed: str) -> None:
    facts = providers.with_provider(known("user", managed=managed, engine="postgresql"), PLATFORMS)
    assert all(facts.text(f"managed.{key}") for key in PARTICULARS), facts.as_dict()
    assert facts.text("managed.name")


@pytest.mark.parametrize("facts", [known(), known(managed="none"), known(managed="other")])
def test_nothing_follows_from_no_provider_or_one_that_nobody_knows(facts: Facts) -> None:
    assert providers.with_provider(facts, PLATFORMS) == facts


def test_a_person_who_says_that_there_is_none_is_believed() -> None:
    seen = known(managed="aws-rds", managed_detail="aws-aurora").having([Fact("managed", "none", "user")])
    assert not providers.with_provider(seen, PLATFORMS).known("managed.allow-list")


@pytest.mark.parametrize(
    ("managed", "engine", "port", "usual"),
    [
        ("digitalocean", "postgresql", 25060, "yes"),
        ("digitalocean", "postgresql", 5432, "no"),
        ("digitalocean", "mysql", 3306, "no"),
        ("supabase", "postgresql", 6543, "yes"),
        ("supabase", "postgresql", 5433, "no"),
        ("planetscale", "mysql", 3306, "yes"),
        ("planetscale", "postgresql", 3306, "no"),
        ("aws-rds", "mariadb", 3306, "yes"),
        ("aws-rds", "postgresql", 3306, "no"),
        ("aiven", "postgresql", 5432, "no"),
        ("aiven", "postgresql", 23456, None),
    ],
)
def test_whether_a_port_is_usual_there(managed: str, engine: str, port: int, usual: str | None) -> None:
    facts = known(managed=managed, engine=engine, target_port=port)
    assert providers.with_provider(facts, PLATFORMS).text("managed.port-usual") == usual


def test_the_page_names_the_list_of_the_provider_that_a_person_named() -> None:
    facts = providers.with_provider(known("user", managed="digitalocean", engine="postgresql"), PLATFORMS)
    page = CONTENT.page("network.managed-allowlist")
    shown = render("network.managed-allowlist", page, facts, CONTENT.tree.fills)
    assert "Trusted Sources" in shown.why_here
