"""Networks that really fail: Linux network namespaces joined by a cable, with rules, routes and resolvers.

All traffic stays inside the namespaces (10.77.0.0/16, documentation ranges) and on their own loopback; the
machine's own addresses, routes and resolver are never touched. Needs root and the `ip` and `nft` commands.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from tests.support.processes import LabError, Service, new_folder, run, wait_until

CLONE_NEWNET = 0x40000000
CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
"""The two ends of the first cable; further cables count up the third number."""
DOMAIN = "lab.test"

_numbers = itertools.count()


def _enter(namespace: IO[str]) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise LabError(f"cannot enter namespace {namespace.name}: {os.strerror(ctypes.get_errno())}")


class Namespace:
    """One machine of the lab: own addresses, routes, firewall, hosts file, resolver; shared files."""

    def __init__(self, label: str) -> None:
        self.name = f"dbw{os.getpid()}-{next(_numbers)}-{label}"
        self.etc = Path("/etc/netns") / self.name
        run(["ip", "netns", "add", self.name])
        self.etc.mkdir(parents=True)
        self.hosts({})
        self.resolver(None)
        (self.etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
        self.run("ip", "link", "set", "lo", "up")

    def command(self, argv: Sequence[str]) -> list[str]:
        """`argv` with the prefix that runs it in this namespace, in the same process."""
        return ["ip", "netns", "exec", self.name, *argv]

    def run(self, *argv: str) -> str:
        """Run to the end in this namespace; standard output, LabError on failure."""
        return run(self.command(argv))

    def hosts(self, names: dict[str, str]) -> None:
        """The hosts file of this namespace: name -> address, besides localhost."""
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
        (self.etc / "hosts").write_text("\n".join(lines) + "\n")

    def resolver(self, address: str | None, options: str = "") -> None:
        """The nameserver that this namespace asks; None writes a file without any."""
        lines = [f"nameserver {address}"] if address else ["# no nameserver"]
        if options:
            lines.append(f"options {options}")
        (self.etc / "resolv.conf").write_text("\n".join(lines) + "\n")

    def address(self, address: str, device: str = "cable0") -> None:
        """Add one more address, with its prefix length."""
        self.run("ip", "address", "add", address, "dev", device)

    def route(self, *words: str) -> None:
        """`ip route add` with these words."""
        self.run("ip", "route", "add", *words)

    def sysctl(self, key: str, value: str) -> None:
        """Set one kernel parameter of this namespace."""
        self.run("sysctl", "-qw", f"{key}={value}")

    def firewall(self, *rules: str, hook: str = "input") -> None:
        """Replace the rules of one hook (`input` or `output`); none removes them."""
        text = f"table inet lab_{hook} {{}}\ndelete table inet lab_{hook}\n"
        if rules:
            body = "\n".join(rules)
            chain = f"chain rules {{ type filter hook {hook} priority 0; policy accept;\n{body}\n}}"
            text += f"table inet lab_{hook} {{\n{chain}\n}}\n"
        run(self.command(["nft", "-f", "-"]), text_in=text)

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of this process that lives in the namespace (a socket stays where it was made)."""
        made: list[socket.socket] = []

        def make() -> None:
            with self.entered():
                made.append(socket.socket(family, kind))

        thread = threading.Thread(target=make)  # a thread of its own, so that nothing else enters meanwhile
        thread.start()
        thread.join()
        if not made:
            raise LabError(f"cannot enter namespace {self.name}")
        return made[0]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread, and what it starts meanwhile, is in the namespace."""
        with open("/proc/thread-self/ns/net") as outside, open(f"/run/netns/{self.name}") as inside:
            _enter(inside)
            try:
                yield
            finally:
                _enter(outside)

    def close(self) -> None:
        """Remove the namespace; its cables and addresses go with it."""
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)
        shutil.rmtree(self.etc, ignore_errors=True)


class Lab:
    """A client and a server joined by a cable: the smallest network that can fail in every way."""

    def __init__(self) -> None:
        self.client = Namespace("client")
        self.server = Namespace("server")
        self._cables = itertools.count()
        self._services: list[Service] = []
        self.cable()
        self.client.hosts({f"db.{DOMAIN}": SERVER})
        self.server.hosts({f"client.{DOMAIN}": CLIENT, f"db.{DOMAIN}": SERVER})

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cable(self) -> tuple[str, str]:
        """Join both machines by one more network 10.77.N.0/24; the addresses of client and server on it."""
        number = next(self._cables)
        device = f"cable{number}"
        ends = (f"10.77.{number}.1", f"10.77.{number}.2")
        far = ["type", "veth", "peer", "name", device, "netns", self.server.name]
        run(["ip", "link", "add", device, "netns", self.client.name, *far])
        for machine, address in zip((self.client, self.server), ends, strict=True):
            machine.sysctl(f"net.ipv6.conf.{device}.disable_ipv6", "1")
            machine.address(f"{address}/24", device)
            machine.run("ip", "link", "set", device, "up")
        return ends

    def dnsmasq(self, *records: str, log: bool = False) -> Service:
        """A nameserver on the server machine with these records (dnsmasq options without dashes).

        Any other name of `lab.test` does not exist (NXDOMAIN); with `address=/#/` no other name does.
        """
        folder = new_folder("dns")
        options = [
            "no-resolv",
            "no-hosts",
            "no-daemon",
            "port=53",
            f"listen-address={SERVER}",
            "bind-interfaces",
        ]
        options += ["user=root", f"pid-file={folder}/pid", f"local=/{DOMAIN}/", *records]
        options += ["log-queries"] if log else []
        argv = ["dnsmasq", "--conf-file=/dev/null", *(f"--{option}" for option in options)]
        service = Service(self.server.command(argv), folder / "log")
        self._services.append(service)
        self.client.resolver(SERVER)
        service.wait_ready(lambda: self._answers(), "dnsmasq answers")
        return service

    def _answers(self) -> bool:
        with self.client.socket(kind=socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            probe.connect((SERVER, 53))
            try:
                probe.send(
                    b"\x00\x01\x01\x00\x00\x01"
                    + b"\x00" * 6
                    + b"\x05ready\x03lab\x04test\x00\x00\x01\x00\x01"
                )
                return bool(probe.recv(512))
            except OSError:
                return False

    def neighbour_known(self) -> None:
        """Wait until the two machines see each other on the cable."""
        wait_until(self._pings, "the cable carries packets")

    def _pings(self) -> bool:
        with self.client.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex((SERVER, 9)) in (0, 111)

    def close(self) -> None:
        """Stop the nameservers and remove both machines."""
        for service in self._services:
            service.stop()
        self.client.close()
        self.server.close()
