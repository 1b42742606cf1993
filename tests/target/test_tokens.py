"""Access tokens: recognised by their form, and what they say of themselves."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping

import pytest

from wizard.probes.token import token_facts
from wizard.target.model import HostPort, Secret, Target
from wizard.target.readings import password_form
from wizard.target.tokens import read_token

ENDPOINT = "shop.abc123.eu-west-1.rds.amazonaws.com"
AZURE = "https://ossrdbms-aad.database.windows.net"
ISSUER = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"


def rds(host: str = ENDPOINT, port: int = 5432, user: str = "app", age: float = 60.0) -> str:
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - age))
    words = f"Action=connect&DBUser={user}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2Fx"
    return f"{host}:{port}/?{words}&X-Amz-Date={date}&X-Amz-Expires=900&X-Amz-Signature=abcdef012345"


def jwt(claims: Mapping[str, object]) -> str:
    parts = [json.dumps(one).encode() for one in ({"alg": "RS256", "typ": "JWT"}, dict(claims))]
    written = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*written, "c2lnbmF0dXJl"])


def facts_for(password: str, host: str = ENDPOINT, port: int = 5432, user: str = "app") -> dict[str, object]:
    target = Target("postgresql", (HostPort(host, port),), user, password=Secret(password))
    return dict(token_facts(target))


def in_an_hour() -> float:
    return time.time() + 3600


@pytest.mark.parametrize(
    "password",
    ["", "hunter2", "eyJ", "eyJhbGciOi.J9.x", "eyJ.eyJ", "ya2", "Action=connect", "x" * 20_000, "eyJ.%%%.x"],
)
def test_an_ordinary_password_is_no_token(password: str) -> None:
    assert facts_for(password) == {"auth.token": "none"}


def test_a_token_of_somebody_else_is_no_token_of_a_database() -> None:
    assert read_token(jwt({"iss": "https://example.com", "exp": in_an_hour()})) is None
    assert read_token(jwt({"iss": ["a"], "aud": {"b": 1}, "exp": "soon"})) is None


def test_a_token_of_rds_that_is_good() -> None:
    facts = facts_for(rds())
    assert (facts["auth.token"], facts["auth.token-expired"], facts["auth.token-fits"]) == (
        "aws-rds",
        "no",
        "yes",
    )
    assert str(facts["auth.token-expiry"]).endswith((", in 13 min", ", in 14 min"))


def test_a_token_of_rds_that_has_expired() -> None:
    facts = facts_for(rds(age=1800))
    assert facts["auth.token-expired"] == "yes"
    assert str(facts["auth.token-expiry"]).endswith((", 15 min ago", ", 14 min ago"))


@pytest.mark.parametrize(
    ("token", "unfit"),
    [
        (rds(user="other"), "it was made for the user other"),
        (rds(port=3306), "it was made for port 3306"),
        (rds(host="two.abc123.eu-west-1.rds.amazonaws.com"), "two.abc123.eu-west-1.rds.amazonaws.com"),
        (rds(host="db.example.com"), "no endpoint of RDS"),
    ],
)
def test_a_token_of_rds_for_something_else(token: str, unfit: str) -> None:
    facts = facts_for(token)
    assert facts["auth.token-fits"] == "no"
    assert unfit in str(facts["auth.token-unfit"])


def test_a_tunnel_or_an_alias_in_front_of_rds_is_no_fault() -> None:
    assert facts_for(rds(), host="localhost", port=15432)["auth.token-fits"] == "yes"
    assert facts_for(rds(), host="db.example.com")["auth.token-fits"] == "yes"


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("X-Amz-Date=", "X-Amz-Date=never"),
        ("X-Amz-Expires=900", "X-Amz-Expires=soon"),
        ("X-Amz-Expires=900", "X-Amz-Expires=-" + "9" * 400),
        ("X-Amz-Expires=900", "X-Amz-Expires=" + "9" * 4000),
    ],
)
def test_a_token_of_rds_without_a_readable_date(written: str, instead: str) -> None:
    facts = facts_for(rds().replace(written, instead))
    assert facts["auth.token-expired"] == "not-told"
    assert "auth.token-expiry" not in facts


def test_a_token_of_entra() -> None:
    good = jwt({"iss": ISSUER, "aud": AZURE, "exp": in_an_hour(), "upn": "ann@example.com"})
    facts = facts_for(good, user="ann@example.com")
    assert (facts["auth.token"], facts["auth.token-expired"], facts["auth.token-fits"]) == (
        "entra",
        "no",
        "yes",
    )
    assert facts_for(good, user="readers")["auth.token-fits"] == "yes"  # a group has a name of its own
    assert facts_for(good, user="bob@example.com")["auth.token-fits"] == "no"


def test_a_token_of_entra_for_another_service() -> None:
    facts = facts_for(jwt({"iss": ISSUER, "aud": "https://management.azure.com/", "exp": in_an_hour()}))
    assert facts["auth.token-fits"] == "no"
    assert "https://management.azure.com" in str(facts["auth.token-unfit"])


def test_tokens_of_google() -> None:
    opaque = facts_for("ya29.a0AfH6SMB-opaque")
    assert (opaque["auth.token"], opaque["auth.token-expired"], opaque["auth.token-fits"]) == (
        "gcp",
        "not-told",
        "not-told",
    )
    claims = {"iss": "https://accounts.google.com", "exp": 1000, "email": "job@shop.iam.gserviceaccount.com"}
    old = facts_for(jwt(claims), user="job@shop.iam")
    assert (old["auth.token-expired"], old["auth.token-fits"]) == ("yes", "yes")
    assert facts_for(jwt(claims), user="somebody")["auth.token-fits"] == "no"


def test_no_secret_part_of_a_token_becomes_a_fact() -> None:
    for token in (rds(), jwt({"iss": ISSUER, "aud": AZURE, "exp": in_an_hour()})):
        said = repr(facts_for(token))
        assert "abcdef012345" not in said
        assert "c2lnbmF0dXJl" not in said
        assert "AKIA" not in said


def test_a_token_is_not_taken_for_an_encoded_password() -> None:
    assert password_form(Target("postgresql", password=Secret(rds()))) == "plain"
