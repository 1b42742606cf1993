"""A clock that is wrong by a year, either way: what depends on the time says that the clock may be the reason."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.hosts.test_folders import calm
from tests.support.cli import Cli
from wizard.practice import get, serve

SHIFTS = {"behind": "-500d", "ahead": "+500d"}


@pytest.fixture(scope="module")
def valid_today() -> Iterator[str]:
    """The URL of a server with a certificate that is valid by the right clock; for which name is not looked at."""
    with serve(get("certificate-wrong-name")) as running:
        yield running.url.replace("verify-full", "verify-ca")


def shifted(way: str) -> tuple[str, ...]:
    """The program with a wrong clock; what only counts seconds is right, as on a machine with a wrong date."""
    return ("env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f", SHIFTS[way])


def test_the_right_clock_is_no_topic(host: Cli, valid_today: str) -> None:
    result = host.check(valid_today, "--no-files")
    assert result.layer("tls")["outcome"] in ("ok", "warning"), result.story()


@pytest.mark.parametrize(("way", "cause"), [("behind", "tls.not-yet-valid"), ("ahead", "tls.expired")])
def test_a_certificate_by_a_wrong_clock(host: Cli, valid_today: str, way: str, cause: str) -> None:
    result = calm(host.check(valid_today, "--no-files", prefix=shifted(way)), 1)
    assert result.cause == cause, result.story()
    assert "clock" in json.dumps(result.report["findings"]), result.story()
    assert 0 <= result.report["elapsed_ms"] < 60_000
    assert all(row.get("ms", 0) >= 0 for row in result.report["layers"])


@pytest.mark.parametrize("way", SHIFTS)
def test_sessions_of_two_clocks(host: Cli, valid_today: str, way: str) -> None:
    walk = ("--plain", "--no-files", valid_today)
    calm(host.run(*walk, prefix=shifted(way)), 1)
    now = host.run(*walk)
    assert calm(now, now.exit).exit in (0, 1)
    listed = json.loads(calm(host.run("sessions", "--json"), 0).stdout)["sessions"]
    assert len(listed) == 2
    for one in listed:
        told = calm(host.run("export", one["id"]), 0).stdout
        assert not re.search(r"(?<![\w.])-\d+(\.\d+)? ?(ms|s|min|h|days?)\b", told), told
    ids = [one["id"] for one in listed]
    compared = host.run("compare", *ids)
    assert calm(compared, compared.exit).exit in (0, 1)
    for id_ in ids:
        resumed = host.run("resume", id_, "--plain", "--password-stdin", stdin="wrong\n")
        assert calm(resumed, resumed.exit).exit in (0, 1)


@pytest.mark.parametrize(("way", "status"), [("behind", 0), ("ahead", 1)])
def test_how_long_ago_is_by_this_clock(host: Cli, way: str, status: int) -> None:
    log = host.cwd / "app.log"
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    log.write_text(f"{moment} FATAL: sorry, too many clients already\n")
    arguments = ("explain", "--short", "--since", "2h", "--file", str(log))
    calm(host.run(*arguments, prefix=shifted(way), env={"TZ": "UTC"}), status)
