"""Oracle's MySQL for the live tests: Debian's packages, unpacked into one folder and never installed.

Debian's stable releases have MariaDB only. apt itself fetches MySQL and the libraries that it names from
unstable, with lists, cache and package state of its own: it checks the archive's signature and every package,
and the machine's packages stay as they are. The folder has its own dynamic loader, so an older system runs it.
Run as `python -m tests.support.mysql_fetch`; a folder that is up to date is left alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-test" / "mysql"
RECIPE = "1"
"""Counted up when what is fetched changes."""
PACKAGES = ("mysql-server-core", "mysql-client-core")
PROGRAMS = ("mysql", "mysqladmin")
"""What is kept of /usr/bin, which is large."""
UNUSED = ("doc", "man", "locale", "lintian", "gdb", "gcc")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
USUAL_MIRROR = "http://deb.debian.org/debian"
# The server's package names perl for scripts that no test runs.
STATUS = "Package: perl\nStatus: install ok installed\nArchitecture: {}\nMulti-Arch: allowed\nVersion: 99\n\n"


class Programs(NamedTuple):
    """The unpacked folder."""

    folder: Path

    @property
    def libraries(self) -> Path:
        """The folder of the libraries and of the loader that finds them."""
        return next((self.folder / "usr/lib").glob("*/ld-linux*.so.*")).parent

    def argv(self, program: str) -> list[str]:
        """How to start a program of the folder: its own loader, its own libraries."""
        loader = next(self.libraries.glob("ld-linux*.so.*"))
        place = next(
            self.folder / "usr" / name / program for name in ("sbin", "bin") if self._has(name, program)
        )
        return [str(loader), "--library-path", str(self.libraries), str(place)]

    def _has(self, name: str, program: str) -> bool:
        return (self.folder / "usr" / name / program).exists()


def _output(argv: Sequence[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        sys.exit(
            f"MySQL cannot be fetched: {' '.join(argv)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout


@cache
def architecture() -> str:
    """Debian's name of this machine's kind: amd64, arm64."""
    return _output(["dpkg", "--print-architecture"]).strip()


def _stamp() -> str:
    return f"{RECIPE} {architecture()} {' '.join(PACKAGES)}\n"


def _mirror() -> str:
    """The Debian mirror that apt uses on this machine; the usual one where it uses another distribution's."""
    sites = _output(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]).split()
    return next((site for site in sites if site.rstrip("/").endswith("/debian")), USUAL_MIRROR)


def _apt(own: Path) -> list[str]:
    """apt-get with sources, lists, cache and state of its own."""
    for part in ("state/lists/partial", "cache/archives/partial", "none"):
        (own / part).mkdir(parents=True)
    (own / "status").write_text(STATUS.format(architecture()))
    (own / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} unstable main\n")
    settings = {
        "Dir::Etc::sourcelist": own / "sources.list",
        "Dir::Etc::sourceparts": own / "none",
        "Dir::Etc::preferences": own / "none/preferences",
        "Dir::Etc::preferencesparts": own / "none",
        "Dir::State": own / "state",
        "Dir::State::status": own / "status",
        "Dir::Cache": own / "cache",
        "APT::Sandbox::User": "root",  # another user may not write into the checkout
        "APT::Install-Recommends": "false",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",  # a frozen mirror is as good; the signature is checked
    }
    return ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in settings.items())]


def _unpack(own: Path, tree: Path) -> None:
    apt = _apt(own)
    _output([*apt, "update"])
    _output([*apt, "--yes", "--download-only", "install", *PACKAGES])
    for package in sorted((own / "cache/archives").glob("*.deb")):
        _output(["dpkg", "-x", str(package), str(tree)])
    for path in (tree / "usr/bin").iterdir():
        if path.name not in PROGRAMS:
            path.unlink()
    for name in UNUSED:
        shutil.rmtree(tree / "usr/share" / name, ignore_errors=True)


def fetch() -> Programs:
    """Fetch and unpack it, unless that was done; ends the program with apt's words when that fails."""
    stamp = FOLDER / "stamp"
    if stamp.exists() and stamp.read_text() == _stamp():
        print(f"{FOLDER} is up to date")
        return Programs(FOLDER)
    if not KEYRING.exists():
        sys.exit(f"MySQL cannot be fetched: {KEYRING} is missing (package debian-archive-keyring)")
    began = time.monotonic()
    own = FOLDER.with_name("mysql-apt")
    for folder in (own, FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
    _unpack(own, FOLDER)
    shutil.rmtree(own)
    programs = Programs(FOLDER)
    version = _output([*programs.argv("mysqld"), "--version"]).partition("Ver ")[2].split()[0]
    size = sum(path.lstat().st_size for path in FOLDER.rglob("*")) >> 20
    print(f"MySQL {version} in {FOLDER}: {size} MiB after {time.monotonic() - began:.0f} s")
    stamp.write_text(_stamp())
    return programs


def fetched() -> Programs | None:
    """The unpacked folder, or None when `fetch` has not made it."""
    return Programs(FOLDER) if (FOLDER / "stamp").exists() else None


if __name__ == "__main__":
    fetch()
