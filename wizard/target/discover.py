"""Finds the connections that the surroundings state: environment, files of the working directory, home files.

Nothing is contacted and nothing raises: a file that cannot be read is named with the reason among `looked`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from wizard.named import NamedTuple
from wizard.target.compose import NAMES as COMPOSE_NAMES
from wizard.target.compose import ComposeService, read_compose
from wizard.target.conflicts import Candidate, find_conflicts, other_passwords
from wizard.target.draft import Draft
from wizard.target.envfile import read_env
from wizard.target.files import shown, there, try_text
from wizard.target.model import Problem, Target
from wizard.target.optionfile import client_settings
from wizard.target.parse import parse_target
from wizard.target.passfile import is_exposed, read_passfile
from wizard.target.readings import secrets_of
from wizard.target.resolve import finish
from wizard.target.servicefile import read_services
from wizard.target.variables import has_place, targets_in

_ENV_FILES = (".env.local", ".env")
_OTHER_ENV_FILES = (".env.production", ".env.development")
_MOST_SERVICES = 20
_OPTION_KEYS = frozenset(
    {"host", "port", "user", "password", "socket", "database", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"}
)


class Discovery(NamedTuple):
    """What was found, and where it was looked for."""

    targets: tuple[Target, ...]
    """In the order of precedence; the first carries the conflicts with the others."""
    looked: tuple[str, ...]
    """Every place that was looked at, with the reason where it could not be read."""
    problems: tuple[Problem, ...]
    """`missing` when nothing was found, and files that cannot be understood."""


class _Search:
    """One run over the surroundings; collects as it goes."""

    def __init__(self, environ: Mapping[str, str], home: Path | None) -> None:
        self.environ = environ
        self.home = home
        self.looked: list[str] = []
        self.problems: list[Problem] = []
        self.candidates: list[Candidate] = []
        self.services: set[str] = set()

    def text_of(self, path: Path) -> str:
        """Read a file and note that it was looked at, with the reason when it gave nothing."""
        text, reason = try_text(path)
        name = shown(path, self.home)
        self.looked.append(f"{name} ({reason})" if reason else name)
        return text

    def add(self, target: Target, **kind: bool) -> None:
        """Note a target."""
        self.candidates.append(Candidate(target, **kind))


def discover(environ: Mapping[str, str], cwd: Path | None, home: Path | None) -> Discovery:
    """Look for connections in the environment, then in the files of `cwd`, then in those of `home`.

    With `cwd` None no file of a working directory is opened; with `home` None none of a home directory.
    """
    return _conclude(_searched(environ, cwd, home))


def candidates(
    environ: Mapping[str, str], cwd: Path | None, home: Path | None
) -> tuple[list[Candidate], frozenset[str]]:
    """(every connection that is stated in those places, the host names inside Compose)."""
    search = _searched(environ, cwd, home)
    return search.candidates, frozenset(search.services)


def _searched(environ: Mapping[str, str], cwd: Path | None, home: Path | None) -> _Search:
    search = _Search(environ, home)
    search.looked.append("environment")
    for target in targets_in(environ, lambda name: name, environ, home):
        search.add(target, defines_server=not has_place(target))
    merged = dict(environ)
    if cwd is not None:
        merged = _search_env_files(search, cwd)
        _search_compose(search, cwd, merged)
        for name in _OTHER_ENV_FILES:
            _search_other_env(search, cwd / name)
    if home is not None:
        _search_home(search, home)
    return search


def _conclude(search: _Search) -> Discovery:
    targets = [each.target for each in search.candidates]
    if not targets:
        detail = (
            "No connection settings were found: set DATABASE_URL, or give the target on the command line."
        )
        search.problems.append(Problem("missing", "url", detail, "environment"))
        return Discovery((), tuple(search.looked), tuple(search.problems))
    conflicts = find_conflicts(search.candidates, search.services)
    others = other_passwords(search.candidates, search.services)
    targets[0] = targets[0]._replace(conflicts=conflicts, alternatives=others)
    distinct = list(_distinct(targets))
    read = tuple(dict.fromkeys(secrets_of(*distinct)))
    found = tuple(each._replace(others=read) for each in distinct)
    return Discovery(found, tuple(search.looked), tuple(search.problems))


def _distinct(targets: list[Target]) -> Iterator[Target]:
    """Yield each connection once: the same values are often stated in several files."""
    seen: set[object] = set()
    for each in targets:
        what = (each.engine, each.hosts, each.user, each.database, each.password, tuple(each.options.items()))
        if what not in seen:
            seen.add(what)
            yield each


def _search_env_files(search: _Search, cwd: Path) -> dict[str, str]:
    """Look at `.env` with `.env.local` above it; return the variables as an application would see them."""
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for name in _ENV_FILES:
        for key, line in read_env(search.text_of(cwd / name), search.environ).items():
            if key not in values:
                values[key], sources[key] = line.value, f"{name}:{line.line} {key}"
    merged = {**values, **search.environ}
    for target in targets_in(values, lambda name: _place(name, sources), merged, search.home):
        search.add(target, defines_server=not has_place(target))
    return merged


def _place(name: str, sources: Mapping[str, str]) -> str:
    """Return where a variable stands; `NAME_FILE /path` is looked up by its name."""
    bare = name.partition(" ")[0]
    return sources.get(bare, name) if bare == name else f"{sources.get(bare, bare)}{name.removeprefix(bare)}"


def _search_other_env(search: _Search, path: Path) -> None:
    """Look at a `.env` file of another stage: its values are no rivals of those in force."""
    lines = read_env(search.text_of(path), search.environ)
    values = {key: line.value for key, line in lines.items()}
    sources = {key: f"{path.name}:{line.line} {key}" for key, line in lines.items()}
    for target in targets_in(values, lambda name: _place(name, sources), search.environ, search.home):
        search.add(target, is_application=False)


def _search_compose(search: _Search, cwd: Path, merged: Mapping[str, str]) -> None:
    path = next((cwd / name for name in COMPOSE_NAMES if os.path.isfile(there(cwd / name))), None)
    if path is None or not search.text_of(path):
        return
    services, wrong = read_compose(path, merged)
    if wrong:
        search.problems.append(Problem("malformed", "file", f"{path.name} {wrong}.", path.name))
    search.services.update(each.name for each in services)
    for service in services:
        if not service.engine:
            _add_client(search, path, service)
    for service in services:
        if service.engine:
            search.add(_server(search, path, service), defines_server=True)


def _add_client(search: _Search, path: Path, service: ComposeService) -> None:
    def place(name: str) -> str:
        return f"{path.name} {service.name} {name}"

    for target in targets_in(service.variables, place, service.variables, search.home):
        if has_place(target):
            # Inside the network of Compose hosts and ports have other names: not a client's place here.
            search.add(target, defines_server=True)


def _server(search: _Search, path: Path, service: ComposeService) -> Target:
    """Build the target that reaches a database of a Compose file from this machine."""
    draft = Draft(f"{path.name} {service.name}", engine=service.engine)
    names = service.variables
    prefixes = ("POSTGRES_",) if service.engine == "postgresql" else ("MYSQL_", "MARIADB_")
    draft.put("host", "localhost" if service.published else service.name)
    if service.published:
        draft.put("port", str(service.published))
    for prefix in prefixes:
        for key, ending in (
            ("user", "USER"),
            ("database", "DATABASE"),
            ("database", "DB"),
            ("password", "PASSWORD"),
        ):
            if names.get(prefix + ending):
                draft.put(key, names[prefix + ending], f"{draft.source} {prefix}{ending}")
    if service.engine == "postgresql":
        draft.put("user", "postgres", "default of the image")
        draft.put("database", draft.get("user"), "default of the image")
    elif not draft.get("user"):
        draft.put("user", "root", "default of the image")
        for prefix in prefixes:
            if names.get(f"{prefix}ROOT_PASSWORD"):
                draft.put_password(names[f"{prefix}ROOT_PASSWORD"], f"{draft.source} {prefix}ROOT_PASSWORD")
    return finish(draft, {}, None)


def _search_home(search: _Search, home: Path) -> None:
    path = home / ".pg_service.conf"
    if search.text_of(path):
        for service in read_services(path, home)[:_MOST_SERVICES]:
            text, source = f"service={service.name}", f"{service.path} [{service.name}]"
            if service.name and not any(char in service.name for char in " \t'\\"):
                target = parse_target(text, source=source, environ=search.environ, home=home)
                search.add(target, is_application=False)
    for found in (_from_passfile(search, home), _from_my_cnf(search, home)):
        if found is not None:
            search.add(found, is_application=False)


def _from_passfile(search: _Search, home: Path) -> Target | None:
    """Return the target of a password file that has a single entry, and that one without wildcards."""
    path = home / ".pgpass"
    if not search.text_of(path) or is_exposed(path):
        return None
    entries = list(read_passfile(path))
    if len(entries) != 1 or not entries[0].is_concrete:
        return None
    entry = entries[0]
    draft = Draft(f"~/.pgpass:{entry.line}", engine="postgresql")
    fields = {"host": entry.host, "port": entry.port, "database": entry.database, "user": entry.user}
    for key, value in fields.items():
        if value != "*":
            draft.put(key, value)
    draft.put_password(entry.password.reveal())
    return finish(draft, search.environ, home)


def _from_my_cnf(search: _Search, home: Path) -> Target | None:
    path = home / ".my.cnf"
    if not search.text_of(path):
        return None
    lines = client_settings((path,), home)
    if not lines.keys() & {"host", "user", "password", "socket"}:
        return None
    # The clients that read this file are C clients: for them `localhost` is the socket.
    draft = Draft("~/.my.cnf [client]", engine="mysql", driver="mysqlclient")
    for key, line in lines.items():
        if key in _OPTION_KEYS:
            draft.put(key, line.value, line.source)
    return finish(draft, search.environ, home)
