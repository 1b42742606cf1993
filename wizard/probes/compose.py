"""The Compose file of the working directory: which of its services this database is, and what its image was told.

An image of a database creates user, password and database once, when it initialises an empty volume. Passwords are
compared here and never reported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.runtime import Runtime
from wizard.target.compose import NAMES, ComposeService, read_compose
from wizard.target.model import Secret, Target

_HERE = ("localhost", "host.docker.internal", "0.0.0.0", "::1")
_PREFIXES = {"postgresql": ("POSTGRES_",), "mysql": ("MYSQL_", "MARIADB_"), "mariadb": ("MARIADB_", "MYSQL_")}
_ROOT = {"postgresql": "postgres", "mysql": "root", "mariadb": "root"}


@probe(
    "compose.inspect",
    provides=(
        "compose.outcome",
        "compose.file",
        "compose.services",
        "compose.service",
        "compose.published-port",
        "compose.port-fits",
        "compose.creates",
        "compose.password",
        "compose.waits",
        "compose.healthcheck",
    ),
    deadline=1.5,
)
def inspect(target: Target, runtime: Runtime) -> Report:
    """What the Compose file says about the target's database. Opens nothing where there is no such file."""
    path = compose_file(runtime)
    nothing: dict[str, Value] = {
        "compose.outcome": "none",
        "compose.service": "none",
        "compose.published-port": "none",
        "compose.port-fits": "none",
        "compose.creates": ("none",),
        "compose.password": "none",
        "compose.waits": "none",
        "compose.healthcheck": "none",
    }
    if path is None:
        return Report(nothing, summary="there is no Compose file in the working directory")
    services, wrong = read_compose(path, variables(path, runtime.environ))
    if wrong:
        facts = {**nothing, "compose.outcome": "unreadable", "compose.file": path.name}
        return Report(facts, trouble=f"{path.name} {wrong}: what it says of the database is not known")
    service = service_of(target, services)
    told = {**_told(target, service), **_start_order(service, services)} if service else {}
    report = Report({**nothing, **_about(path, services), **told})
    report.summary = (
        f"{path.name}: this database is its service {service.name}"
        if service
        else f"{path.name} defines no service that this database is"
    )
    return report


def about_name(name: str, runtime: Runtime) -> dict[str, Value]:
    """Whether the Compose file has a service of that name, and the published port of its database."""
    path = compose_file(runtime)
    services, _ = read_compose(path, variables(path, runtime.environ)) if path is not None else ((), "")
    if path is None or not services:
        return {}
    service = next((one for one in services if one.name.lower() == name.lower()), None)
    return {
        **_about(path, services),
        "compose.service": service.name if service else "none",
        "compose.published-port": str(service.published) if service and service.published else "none",
    }


def compose_file(runtime: Runtime) -> Path | None:
    """The Compose file of the working directory; None where there is none, or where files are not to be looked at."""
    if runtime.cwd is None:
        return None
    places = (os.path.join(runtime.cwd, name) for name in NAMES)
    return next((Path(place) for place in places if os.path.isfile(place)), None)


def variables(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What Compose fills `${NAME}` from: `.env` beside the file, below the environment."""
    from wizard.target.envfile import read_env
    from wizard.target.files import try_text

    text, _ = try_text(path.parent / ".env")
    return {**{key: line.value for key, line in read_env(text, environ).items()}, **environ}


def service_of(target: Target, services: tuple[ComposeService, ...]) -> ComposeService | None:
    """The service that the target means: by its name, or from its host by the published port or as the only one."""
    host = target.host.rstrip(".").lower()
    databases = [one for one in services if one.engine and _family(one.engine) == target.family]
    named = next((one for one in databases if one.name.lower() == host), None)
    if named is not None or not (host in _HERE or host.startswith("127.")):
        return named
    by_port = next((one for one in databases if one.published == target.port), None)
    return by_port or (databases[0] if len(databases) == 1 else None)


def _family(engine: str) -> str:
    return "mysql" if engine in ("mysql", "mariadb") else engine


def _about(path: Path, services: tuple[ComposeService, ...]) -> dict[str, Value]:
    return {
        "compose.outcome": "read",
        "compose.file": path.name,
        "compose.services": tuple(one.name for one in services) or ("none",),
    }


def _told(target: Target, service: ComposeService) -> dict[str, Value]:
    """What the image of this service was told, against the target's own words."""
    user, database, password = _created(target, service)
    same = tuple(
        key for key, ours in (("user", user), ("database", database)) if ours and ours == getattr(target, key)
    )
    word = "none"
    if password is not None and target.password is not None and user == target.user:
        word = "same" if password == target.password else "differs"
    return {
        "compose.service": service.name,
        "compose.published-port": str(service.published) if service.published else "none",
        "compose.port-fits": _fits(target, service),
        "compose.creates": same or ("none",),
        "compose.password": word,
    }


def _start_order(service: ComposeService, services: tuple[ComposeService, ...]) -> dict[str, Value]:
    """Whether the services that are started after the database wait until it is ready, or only until it has begun."""
    conditions = {one.waits[service.name] for one in services if service.name in one.waits}
    waits = "nobody" if not conditions else "healthy" if conditions == {"service_healthy"} else "started"
    return {"compose.waits": waits, "compose.healthcheck": "yes" if service.healthcheck else "no"}


def _fits(target: Target, service: ComposeService) -> str:
    """Whether the target's port leads there: the published one from the host, the image's own inside the network."""
    if target.host.lower() == service.name.lower():
        return "yes" if target.port == (5432 if service.engine == "postgresql" else 3306) else "no"
    return "none" if not service.published else "yes" if service.published == target.port else "no"


def _created(target: Target, service: ComposeService) -> tuple[str, str, Secret | None]:
    """(user, database, password) that the image creates; the administrator's where the target logs in as that."""

    def first(*endings: str) -> str:
        names = (prefix + ending for ending in endings for prefix in _PREFIXES[service.engine])
        return next((service.variables[name] for name in names if service.variables.get(name)), "")

    root = _ROOT[service.engine]
    user, database = first("USER"), first("DATABASE", "DB")
    if service.engine == "postgresql":
        user = user or root
        return user, database or user, _secret(first("PASSWORD"))
    if target.user == root:
        return root, database, _secret(first("ROOT_PASSWORD"))
    return user, database, _secret(first("PASSWORD"))


def _secret(text: str) -> Secret | None:
    return Secret(text) if text else None
