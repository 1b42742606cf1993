"""The numbers of the pools as they are written in settings, and what becomes of numbers that are none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.probes.peers import runtime_for
from wizard.core.facts import Fact, Facts, Value
from wizard.probes import find
from wizard.probes.app import milliseconds

URL = "postgresql://app@db.example.com/shop"


def facts_of(target: str = URL, environ: Mapping[str, str] | None = None, **known: Value) -> dict[str, Value]:
    runtime = runtime_for(target, **(environ or {}))
    given = {key.replace("__", ".").replace("_", "-"): value for key, value in known.items()}
    runtime.facts = Facts().having(Fact(key, value, "flag") for key, value in given.items())
    return find("pool.inspect").function(runtime.target, runtime).facts


@pytest.mark.parametrize(
    ("arguments", "workers"),
    [
        ("-w 4", 4),
        ("--workers 4", 4),
        ("--workers=4 -b :80", 4),
        ("-w4", 4),
        ("-w many", None),
        ("--worker-class gevent", None),
    ],
)
def test_workers_of_gunicorn(arguments: str, workers: int | None) -> None:
    facts = facts_of(environ={"GUNICORN_CMD_ARGS": arguments, "DB_POOL": "2"})
    assert facts.get("pool.processes") == workers


@pytest.mark.parametrize(
    ("target", "environ", "sum_", "certain"),
    [
        (f"{URL}?connection_limit=5", {"WEB_CONCURRENCY": "3"}, (3, 5, 0), "yes"),
        (f"{URL}?pool_max_conns=7", {"WEB_CONCURRENCY": "1"}, (1, 7, 0), "yes"),
        (
            "postgresql+psycopg://app@db/shop?pool_size=5&max_overflow=2",
            {"WEB_CONCURRENCY": "2"},
            (2, 5, 2),
            "yes",
        ),
        ("postgresql+psycopg://app@db/shop?pool_size=5", {"WEB_CONCURRENCY": "2"}, (2, 5, 10), "no"),
        (URL, {"SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE": "9", "WEB_CONCURRENCY": "4"}, (1, 9, 0), "yes"),
        (URL, {"RAILS_MAX_THREADS": "5", "WEB_CONCURRENCY": "2"}, (2, 5, 0), "no"),
        (URL, {"DB_POOL": "12x"}, (None, None, None), "no"),
        (URL, {}, (None, None, None), "no"),
    ],
)
def test_numbers_as_they_are_written(
    target: str, environ: Mapping[str, str], sum_: tuple[int | None, ...], certain: str
) -> None:
    facts = facts_of(target, environ)
    assert tuple(facts.get(f"pool.{name}") for name in ("processes", "size", "overflow")) == sum_
    assert facts["pool.certain"] == certain


@pytest.mark.parametrize(
    ("environ", "available", "outcome"),
    [
        ({"DB_POOL": "5", "WEB_CONCURRENCY": "4"}, 20, "fits"),
        ({"DB_POOL": "5", "WEB_CONCURRENCY": "4"}, 19, "too-many"),
        ({"DB_POOL": "25"}, 20, "too-many"),  # one process is too many already
        ({"DB_POOL": "5"}, 20, "not-known"),  # how many processes there are is not known
        ({"WEB_CONCURRENCY": "4"}, 20, "not-known"),
    ],
)
def test_the_sum_against_what_is_available(environ: Mapping[str, str], available: int, outcome: str) -> None:
    assert facts_of(environ=environ, capacity__for_account=available)["pool.outcome"] == outcome


def test_what_a_person_says_wins() -> None:
    facts = facts_of(
        environ={"DB_POOL": "5", "WEB_CONCURRENCY": "2"}, pool__processes=9, capacity__for_account=40
    )
    assert facts["pool.demand"] == 45
    assert facts["pool.outcome"] == "too-many"
    assert facts["pool.suggested-size"] == 4


def test_behind_a_pooler_the_server_is_not_the_limit() -> None:
    facts = facts_of(environ={"DB_POOL": "50"}, capacity__for_account=20, pooler="pgbouncer")
    assert facts["pool.outcome"] == "not-known"
    assert "pool.available" not in facts


def test_no_size_is_suggested_where_none_fits() -> None:
    facts = facts_of(environ={"DB_POOL": "5", "WEB_CONCURRENCY": "50"}, capacity__for_account=20)
    assert "pool.suggested-size" not in facts


LENGTHS: dict[str | None, int | None] = {
    "0": 0,
    "250ms": 250,
    "30s": 30_000,
    "5min": 300_000,
    "1h": 3_600_000,
    "2d": 172_800_000,
    "1500.000000": 1500,
    "": None,
    None: None,
    "soon": None,
    "5 min": None,
    "9" * 30: None,
}


@pytest.mark.parametrize(("text", "length"), LENGTHS.items())
def test_time_outs_as_servers_write_them(text: str | None, length: int | None) -> None:
    assert milliseconds(text) == length
