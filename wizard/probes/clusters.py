"""Which database servers are set up on this host, as their configuration files tell.

It reads files and folders and nothing else: it starts no program, asks no server and changes nothing. What cannot be
read is left out of a cluster, never guessed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from wizard.core.lazyre import lazy
from wizard.named import NamedTuple
from wizard.numerals import count
from wizard.probes.host import PROGRAMS
from wizard.probes.regular import head
from wizard.target.model import Target

MOST = 20
"""Clusters of a host that are looked at, and files that one configuration may have."""
LONGEST_LIST = 1000
"""Entries of a folder that are looked at."""
LONGEST = 1 << 20
"""Bytes of a configuration file that are read."""
_SETTING = lazy(r"^\s*(\w+)\s*(?:\s*=\s*|\s+)(?:'((?:[^'\\]|''|\\.)*)'|([^\s#']+))")
"""A line of postgresql.conf (src/backend/utils/misc/guc-file.l)."""
_ON = ("on", "true", "yes", "1")
_NUMBERS = "YmdHMSIjUWVGuwygCs"
"""Conversions of strftime(3) that give digits."""
_DEBIAN = Path("/etc/postgresql")
_FOLDERS = (
    "/var/lib/pgsql/data",
    "/var/lib/pgsql/*/data",
    "/var/lib/postgresql/data",
    "/var/lib/postgresql/*/data",
    "/var/lib/postgres/data",
    "/usr/local/pgsql/data",
)
"""Data folders of the packages of Red Hat, Docker's image, Alpine and Gentoo, Arch, and of a build from source."""
_OPTION_FILES = ("/etc/my.cnf", "/etc/mysql/my.cnf", "/usr/etc/my.cnf")
_GROUPS = lazy(r"mysqld(?:-\d[\d.]*)?|mariadbd?(?:-\d[\d.]*)?|server|client-server|mysqld_safe|mariadbd-safe")
"""The groups of an option file that a server or the script that starts it reads."""
_MYSQL_DATA = "/var/lib/mysql"
_MYSQL_LOGS = ("/var/log/mysql/error.log", "/var/log/mariadb/mariadb.log", "/var/log/mysqld.log")
_INSTALLED = {
    "postgresql": ("/usr/lib/postgresql", "/usr/pgsql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql"),
    "mysql": ("/usr/sbin/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mariadbd", "/usr/libexec/mysqld"),
}
_SOCKETS = {"postgresql": "/var/run/postgresql", "mysql": "/run/mysqld/mysqld.sock"}


class Cluster(NamedTuple):
    """One server that is set up here. `port` is 0 where no readable file tells it."""

    name: str
    port: int
    data: Path | None
    config: Path | None
    logs: tuple[Path, ...]
    units: tuple[str, ...]
    """Names that its service may have, the likeliest first."""
    hba: Path | None = None
    pid_file: Path | None = None
    socket_folder: Path | None = None
    socket: Path | None = None
    version: str = ""
    """The major version of the programs that would start it; empty where the layout does not tell."""
    account: str = ""
    """The account that it runs as, where its configuration or its packages tell."""


def installed(family: str) -> bool:
    """Whether the server's program is on this host."""
    names = PROGRAMS[family][:2]
    # Not shutil.which: its import costs more than all of this.
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders for name in names)
    return found or any(os.path.exists(path) for path in _INSTALLED[family])


def configured(family: str, port: int) -> bool:
    """Whether a file of this host sets a server of the family up for that port (MySQL's says so by its number)."""
    if family == "mysql":
        return _number(_server_options().get("port", "")) == port
    return any(one.port == port for one in clusters(family) if one.config is not None)


def clusters(family: str) -> list[Cluster]:
    """The servers of the family that are set up here."""
    found = _mysql() if family == "mysql" else [*_debian(), *_elsewhere()]
    return found[:MOST]


def choose(target: Target, found: list[Cluster]) -> Cluster | None:
    """The one that the target means: by its socket or port, else the only one whose port is not known."""
    if target.is_socket and target.family == "mysql":
        # /run and /var/run are one folder, by a link.
        meant = os.path.realpath(target.host)
        return next((one for one in found if one.socket and os.path.realpath(one.socket) == meant), None)
    same = [one for one in found if one.port == target.port]
    if same:
        return same[0]
    hidden = [one for one in found if one.port == 0]
    return hidden[0] if len(hidden) == 1 else None


def _debian() -> Iterator[Cluster]:
    """/etc/postgresql/VERSION/NAME, as pg_createcluster makes it (PgCommon.pm)."""
    for folder in sorted(_glob(_DEBIAN, "*/*"))[:MOST]:
        version, name = folder.parts[-2:]
        config = folder / "postgresql.conf"
        settings = dict(_settings(config))
        data = Path(settings.get("data_directory") or f"/var/lib/postgresql/{version}/{name}")
        settings.update(_settings(data / "postgresql.auto.conf"))
        log = Path(f"/var/log/postgresql/postgresql-{version}-{name}.log")
        with suppress(OSError):
            log = Path(os.readlink(folder / "log"))
        yield _postgres(f"{version}/{name}", data, config, settings)._replace(
            logs=(log, *_collected(data, settings)),
            units=(f"postgresql@{version}-{name}", "postgresql"),
            hba=Path(settings.get("hba_file") or folder / "pg_hba.conf"),
            version=version,
        )


def _elsewhere() -> Iterator[Cluster]:
    """Data folders with their configuration inside."""
    named = os.environ.get("PGDATA", "")
    folders = [Path(named)] if named else []
    for pattern in _FOLDERS:
        folders += sorted(_glob(Path("/"), pattern[1:]))
    for data in dict.fromkeys(folders):
        config = data / "postgresql.conf"
        if not (os.path.exists(config) or os.path.exists(data / "PG_VERSION")):
            continue
        settings = {**dict(_settings(config)), **dict(_settings(data / "postgresql.auto.conf"))}
        version = data.parent.name if data.parent.name.isdigit() else ""
        units = (f"postgresql-{version}", "postgresql") if version else ("postgresql",)
        logs = (*_collected(data, settings), data.parent / "pgstartup.log", data.parent / "logfile")
        yield _postgres(str(data), data, config, settings)._replace(logs=logs, units=units)


def _postgres(name: str, data: Path, config: Path, settings: dict[str, str]) -> Cluster:
    folder = settings.get("unix_socket_directories", _SOCKETS["postgresql"]).split(",")[0].strip().strip('"')
    readable = os.access(config, os.R_OK)
    return Cluster(
        name,
        _number(settings.get("port", "5432")) if readable else 0,
        Path(settings["data_directory"]) if settings.get("data_directory") else data,
        config if os.path.exists(config) else None,
        (),
        (),
        Path(settings.get("hba_file") or data / "pg_hba.conf"),
        data / "postmaster.pid",
        Path(folder) if folder.startswith("/") else None,
    )


def _collected(data: Path, settings: dict[str, str]) -> tuple[Path, ...]:
    """The newest files of the logging collector; none where the configuration can be read and does not use it.

    Their names are matched, for clusters may share the folder: a part of the date is a number in them.
    """
    if settings and settings.get("logging_collector", "off").lower() not in _ON:
        return ()
    folder = data / settings.get("log_directory", "log")
    name = settings.get("log_filename", "postgresql-%Y-%m-%d_%H%M%S.log").removesuffix(".log")
    pattern = re.sub(r"%.", lambda found: "[0-9]*" if found[0][1] in _NUMBERS else "*", name)
    files = [path for end in ("log", "csv", "json") for path in _glob(folder, f"{pattern}.{end}")]
    return tuple(sorted(files, key=_changed)[-3:])


def _settings(path: Path, seen: set[Path] | None = None) -> Iterator[tuple[str, str]]:
    """The settings of a postgresql.conf and what it includes; of two with one name the later counts.

    Each file is read once: one that includes itself is an error that the server refuses.
    """
    seen = set() if seen is None else seen
    if path in seen or len(seen) >= MOST:
        return
    seen.add(path)
    try:
        text = head(path, LONGEST)
    except OSError:
        return
    for line in text.splitlines():
        found = _SETTING.match(line)
        if found is None:
            continue
        name = found[1].lower()
        value = re.sub(r"''|\\'", "'", found[2]) if found[2] is not None else found[3]
        if "\0" in value:
            continue  # no path has that
        if name not in ("include", "include_if_exists", "include_dir"):
            yield name, value
            continue
        place = path.parent / value
        for one in sorted(_glob(place, "*.conf")) if name == "include_dir" else [place]:
            yield from _settings(one, seen)


def _mysql() -> list[Cluster]:
    """The one server of /etc/my.cnf and its kin; none where neither a file nor the usual data folder exists."""
    options = _server_options()
    data = Path(options.get("datadir", _MYSQL_DATA))
    if "datadir" not in options and not os.path.lexists(data):
        return []
    logs = [Path(path) for path in _MYSQL_LOGS]
    error_log = options.get("log-error")
    if error_log is not None:
        name = error_log or os.uname().nodename
        logs.insert(0, data / (name if Path(name).suffix else f"{name}.err"))
    else:
        logs.append(data / f"{os.uname().nodename}.err")
    socket = Path(options.get("socket", _SOCKETS["mysql"]))
    pid_file = options.get("pid-file") or f"{os.uname().nodename}.pid"
    config = next((Path(path) for path in _OPTION_FILES if os.path.exists(path)), None)
    return [
        Cluster(
            "mysqld",
            _number(options.get("port", "3306")),
            data,
            config,
            tuple(dict.fromkeys(logs)),
            ("mariadb", "mysql", "mysqld"),
            None,
            data / pid_file,
            socket.parent,
            socket,
            account=options.get("user", "mysql"),
        )
    ]


def _server_options() -> dict[str, str]:
    """What the option files say to a server; `-` between words."""
    from wizard.target.optionfile import read_options

    return {
        line.key: line.value
        for path in _OPTION_FILES
        for line in read_options(Path(path), None)
        if _GROUPS.fullmatch(line.group) and "\0" not in line.value
    }


def _number(text: str) -> int:
    return count(text, 5) or 0


def _glob(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))[:LONGEST_LIST]
    except (OSError, ValueError):
        return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
