"""Machines without a network, without IPv6, without name servers: told as what they are."""

from __future__ import annotations

import pytest

from tests.hosts.test_folders import calm
from tests.support.cli import Cli

NO_NAMES = "mount --bind /dev/null /etc/resolv.conf"


def network(*commands: str) -> tuple[str, ...]:
    """The program in a network of its own that these commands have made; without any, not even loopback is up."""
    script = "; ".join(["set -e", "mount --make-rprivate /", NO_NAMES, *commands, 'exec "$@"'])
    return ("unshare", "--net", "--mount", "--", "sh", "-c", script, "sh")


LOOPBACK = "ip link set lo up"
NO_IPV6 = "sysctl -qw net.ipv6.conf.all.disable_ipv6=1"


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("postgresql://app@db.example.com/shop", "dns.resolver-failed"),
        ("postgresql://app@127.0.0.1:5999/shop", "network.unreachable"),
        ("mysql://app@localhost/shop", "network.unreachable"),
        ("postgresql://app@203.0.113.9/shop", "network.unreachable"),
        ("postgresql://app@[::1]:5999/shop", "network.ipv6-unreachable"),
    ],
)
def test_no_network_at_all(host: Cli, target: str, cause: str) -> None:
    result = host.check(target, "--no-files", prefix=network())
    assert calm(result, 1).cause == cause
    assert result.stderr == ""


@pytest.mark.parametrize("without", [(LOOPBACK, NO_IPV6)])
def test_no_ipv6(host: Cli, without: tuple[str, ...]) -> None:
    six = host.check("postgresql://app@[2001:db8::7]:5999/shop", "--no-files", prefix=network(*without))
    assert calm(six, 1).cause == "network.ipv6-unreachable"
    four = host.check("mysql://app@localhost/shop", "--no-files", prefix=network(*without))
    assert calm(four, 1).cause == "network.service-down"


def test_practice_needs_loopback_and_nothing_else(host: Cli) -> None:
    walked = host.run("practice", "wrong-password", "--plain", prefix=network(LOOPBACK, NO_IPV6))
    assert "[auth.password-wrong]" in calm(walked, 1).stdout
