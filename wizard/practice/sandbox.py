"""The folder that stands for an application's home and working directory, and the texts that a scenario has filled in.

Nothing outside of the folder is written, and nothing of the real home or environment is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from wizard.practice.model import DATABASE, PASSWORD, USER, Client, Names, SandboxFile, Scenario

APP_LOG = "app.log"
SERVER_LOG = "server.log"
"""Where the logs of a scenario are written in the folder."""
PLACEHOLDER = re.compile(r"\{(host|port[2-9]?|files|user|password|database)\}")
"""Every other brace is left as it is written."""
RESOLVER_FILES = ("hosts", "resolv.conf", "nsswitch.conf")
"""What the resolver of a scenario reads, in the folder."""
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
_NSSWITCH = "hosts: files dns\n"


class Filler:
    """Fills the placeholders of a scenario's texts with what is known once it is being served."""

    def __init__(self, host: str, ports: Sequence[int], files: Path, password: str = PASSWORD) -> None:
        self._known = {
            "host": host,
            "files": str(files),
            "user": USER,
            "password": password,
            "database": DATABASE,
            "port": str(ports[0]),
            **{f"port{number}": str(port) for number, port in enumerate(ports[1:], 2)},
        }

    def fill(self, text: str) -> str:
        """The text with its placeholders filled; one that stands for nothing here stays."""
        return PLACEHOLDER.sub(lambda found: self._known.get(found[1], found[0]), text)

    def fill_all(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The same for the values of a mapping."""
        return {key: self.fill(text) for key, text in texts.items()}


def write_files(scenario: Scenario, folder: Path, filler: Filler, servers: Sequence[str]) -> None:
    """Write the scenario's files, logs and what the resolver reads; `servers` are the addresses of nameservers."""
    client = scenario.client
    for name, file in (*client.files.items(), *_logs(client)):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(filler.fill(file.text), encoding="utf-8")
        place.chmod(file.mode)
    if scenario.names is not None:
        for name, text in _resolver_files(scenario.names, servers).items():
            (folder / name).write_text(filler.fill(text), encoding="utf-8")


def _logs(client: Client) -> list[tuple[str, SandboxFile]]:
    written = ((APP_LOG, client.log), (SERVER_LOG, client.said))
    return [(name, SandboxFile(text)) for name, text in written if text]


def _resolver_files(names: Names, servers: Sequence[str]) -> dict[str, str]:
    """The text of each of RESOLVER_FILES."""
    lines = [f"nameserver {address}" for address in servers]
    if names.search:
        lines.append(f"search {' '.join(names.search)}")
    lines.append("options timeout:1 attempts:1")
    texts = (names.hosts or _HOSTS, "\n".join(lines), names.nsswitch or _NSSWITCH)
    # glibc passes over a last line that has no end.
    return {name: f"{text.rstrip()}\n" for name, text in zip(RESOLVER_FILES, texts, strict=True)}
