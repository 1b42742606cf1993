"""libpq's connection service file.

Source: parseServiceInfo in src/interfaces/libpq/fe-connect.c: PGSERVICEFILE, else ~/.pg_service.conf, and
where the service is not there, pg_service.conf in PGSYSCONFDIR (else the directory built into libpq).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wizard.named import NamedTuple
from wizard.target.files import expand, read_text, shown

SYSTEM_DIRECTORIES = ("/etc/postgresql-common", "/etc/sysconfig/pgsql", "/etc")
"""Where packagers build pg_service.conf in: Debian, Red Hat, others."""


class Service(NamedTuple):
    """One section of a service file: its settings and the line of each."""

    name: str
    path: str
    values: Mapping[str, tuple[str, int]]

    def __repr__(self) -> str:
        """The section without its values: one of them may be a password."""
        return f"Service({self.path} [{self.name}])"


def service_files(environ: Mapping[str, str], home: Path | None, explicit: str = "") -> tuple[Path, ...]:
    """Return the files that libpq would look into, in its order, whether they exist or not."""
    user_file = explicit or environ.get("PGSERVICEFILE", "")
    first = [expand(user_file, home)] if user_file else [home / ".pg_service.conf"] if home else []
    system = environ.get("PGSYSCONFDIR")
    folders = (system,) if system else SYSTEM_DIRECTORIES
    return (*first, *(Path(folder) / "pg_service.conf" for folder in folders))


def read_services(path: Path, home: Path | None) -> tuple[Service, ...]:
    """Return the sections of one file, in order; empty when there is no such file."""
    found: list[tuple[str, dict[str, tuple[str, int]]]] = []
    for number, raw in enumerate(read_text(path).splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and "]" in line:
            found.append((line[1 : line.index("]")], {}))
        elif found and "=" in line:
            key, _, value = line.partition("=")
            # libpq keeps the first value.  It allows no white space around the sign; here it does no harm.
            found[-1][1].setdefault(key.strip(), (value.strip(), number))
    return tuple(Service(name, shown(path, home), values) for name, values in found)


def find_service(name: str, files: tuple[Path, ...], home: Path | None) -> Service | None:
    """Return the first section of that name in the files, or None."""
    return next((s for path in files for s in read_services(path, home) if s.name == name), None)
