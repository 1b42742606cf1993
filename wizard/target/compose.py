"""Docker Compose files: what their services are told to connect to, and the databases that they define.

Only the parts that say so are read: `image`, `environment`, `env_file`, `ports`, `healthcheck`, `depends_on`.
PyYAML is imported when a file is there; scalars stay text, since YAML would turn `5432:5432` into a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from wizard.core.lazyre import lazy
from wizard.named import TYPE_CHECKING, NamedTuple
from wizard.numerals import count
from wizard.target.envfile import fill, read_env
from wizard.target.files import read_text

if TYPE_CHECKING:
    from typing import Any


NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""File names in the order in which Compose prefers them; it reads the first."""
_IMAGE = lazy(
    r"(?:.*/)?(?:[\w.-]*?)(postgres(?:ql)?|postgis|timescaledb(?:-ha)?|pgvector|mysql|mariadb|percona)(?:-server)?(?:[:@].*)?\Z"
)


class ComposeService(NamedTuple):
    """One service: its variables, and the engine when it is a database."""

    name: str
    engine: str
    """postgresql, mysql, mariadb, or empty for an ordinary service."""
    variables: Mapping[str, str]
    published: int
    """Port of this machine that leads to the database, 0 when none is published."""
    healthcheck: bool = False
    """Whether the file defines a health check for it."""
    waits: Mapping[str, str] = {}
    """Service that it is started after, to the condition: service_started where none is written."""

    def __repr__(self) -> str:
        """The service without its variables: one of them may be a password."""
        return f"ComposeService({self.name})"


def read_compose(path: Path, environ: Mapping[str, str]) -> tuple[tuple[ComposeService, ...], str]:
    """Return the services of a Compose file and what is wrong with it (empty when nothing is)."""
    import yaml

    from wizard.yamlbounds import check_bounds

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        text = read_text(path)
        check_bounds(text)
        document = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        return (), f"is no valid YAML{f' (line {mark.line + 1})' if mark else ''}"
    services = document.get("services", {}) if isinstance(document, dict) else {}
    if not isinstance(services, dict):
        return (), ""
    return tuple(_service(str(k), v, path, environ) for k, v in services.items() if isinstance(v, dict)), ""


def _service(name: str, raw: dict[str, Any], path: Path, environ: Mapping[str, str]) -> ComposeService:
    body = _merged(raw)
    variables = dict(_env_files(body.get("env_file"), path, environ))
    variables |= dict(_environment(body.get("environment"), environ))
    image = fill(str(body.get("image", "")), {}, environ)
    engine = _engine(image)
    default = 3306 if engine in ("mysql", "mariadb") else 5432
    check = body.get("healthcheck")
    return ComposeService(
        name,
        engine,
        variables,
        _published(body.get("ports"), default, environ),
        isinstance(check, dict) and "test" in check and check.get("disable") != "true",
        dict(_waits(body.get("depends_on"))),
    )


def _waits(raw: Any) -> Iterator[tuple[str, str]]:
    """Yield the services of `depends_on`, which is a list or a map, and what of them is waited for."""
    if isinstance(raw, list):
        yield from ((str(one), "service_started") for one in raw)
    elif isinstance(raw, dict):
        for name, how in raw.items():
            condition = how.get("condition") if isinstance(how, dict) else None
            yield str(name), str(condition or "service_started")


def _merged(raw: dict[str, Any]) -> dict[str, Any]:
    """Resolve `<<` by hand, which the plain loader leaves as a key."""
    below = raw.get("<<")
    parents = below if isinstance(below, list) else [below]
    merged: dict[str, Any] = {}
    for parent in parents:
        if isinstance(parent, dict):
            merged = {**_merged(parent), **merged}
    return {**merged, **{key: value for key, value in raw.items() if key != "<<"}}


def _engine(image: str) -> str:
    match = _IMAGE.match(image)
    if match is None:
        return ""
    return {"mysql": "mysql", "percona": "mysql", "mariadb": "mariadb"}.get(match[1], "postgresql")


def _environment(raw: Any, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables of a map or a list; a name without value comes from the environment."""
    if isinstance(raw, dict):
        pairs = [(str(key), value) for key, value in _merged(raw).items()]
    elif isinstance(raw, list):
        pairs = [
            (key, value if equals else None) for key, equals, value in (str(e).partition("=") for e in raw)
        ]
    else:
        return
    for key, value in pairs:
        if isinstance(value, str):
            yield key, fill(value, {}, environ).replace("$$", "$")
        elif value is None and key in environ:
            yield key, environ[key]


def _env_files(raw: Any, path: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    entries = raw if isinstance(raw, list) else [raw]
    for entry in entries:
        place = entry.get("path") if isinstance(entry, dict) else entry
        if isinstance(place, str) and place:
            for key, line in read_env(read_text(path.parent / place), environ).items():
                yield key, line.value


def _published(raw: Any, inside: int, environ: Mapping[str, str]) -> int:
    """Return the port of this machine that is mapped to a port of the container."""
    for entry in raw if isinstance(raw, list) else ():
        if isinstance(entry, dict):
            target, outside = str(entry.get("target", "")), str(entry.get("published", ""))
        else:
            outside, _, target = fill(str(entry), {}, environ).rpartition(":")
            outside = outside.rpartition(":")[2]
        if target.partition("/")[0] == str(inside) and (port := count(outside, 5)):
            return port
    return 0
