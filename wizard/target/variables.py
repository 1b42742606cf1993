"""The variables in which applications, frameworks and platforms state a connection.

One function turns a set of variables, wherever they stand (process, `.env`, Compose), into targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from wizard.named import NamedTuple
from wizard.target.draft import Draft
from wizard.target.model import Secret, Target
from wizard.target.parse import parse_target
from wizard.target.passwords import from_variable
from wizard.target.resolve import finish
from wizard.target.spellings import ENGINE_NAMES

URLS: tuple[str, ...] = (
    "DATABASE_URL",
    "DB_URL",
    "DATABASE_URI",
    "DB_URI",
    "DATABASE_DSN",
    "DB_DSN",
    "SQLALCHEMY_DATABASE_URI",
    "SQLALCHEMY_DATABASE_URL",
    "SPRING_DATASOURCE_URL",
    "JDBC_DATABASE_URL",
    "POSTGRES_URL",
    "POSTGRESQL_URL",
    "POSTGRES_DSN",
    "PG_URL",
    "POSTGRES_URI",
    "MYSQL_URL",
    "MYSQL_DSN",
    "MARIADB_URL",
    "CLEARDB_DATABASE_URL",
    "JAWSDB_URL",
    "JAWSDB_MARIA_URL",
)
"""Variables that hold a whole connection string, most usual first."""

_URL_COMPANIONS: dict[str, tuple[str, str]] = {
    "SPRING_DATASOURCE_URL": ("SPRING_DATASOURCE_USERNAME", "SPRING_DATASOURCE_PASSWORD"),
    "JDBC_DATABASE_URL": ("JDBC_DATABASE_USERNAME", "JDBC_DATABASE_PASSWORD"),
}


class Group(NamedTuple):
    """One family of separate variables; the first name of a key that is set counts."""

    engine: str
    names: Mapping[str, tuple[str, ...]]
    anchors: tuple[str, ...]
    """Keys of which one must be set for the group to state a connection."""


def _group(family: str, prefix: str, database: str, **extra: str) -> Group:
    """Build a group of `PREFIX_HOST`-like names; words in `extra` come with their own prefix or ending."""
    endings = {
        "host": "HOST HOSTNAME SERVER",
        "port": "PORT",
        "user": "USER USERNAME",
        "password": "PASSWORD PASS PWD",
        "database": database,
        "socket": "SOCKET",
        "sslmode": "SSLMODE SSL_MODE",
        **extra,
    }
    names = {key: tuple(f"{prefix}{word}" for word in words.split()) for key, words in endings.items()}
    return Group(family, names, ("host", "user", "database", "socket"))


_PG_NAMES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "database": "PGDATABASE"}
GROUPS: tuple[Group, ...] = (
    Group(
        "postgresql",
        {
            **{key: (name,) for key, name in _PG_NAMES.items()},
            "hostaddr": ("PGHOSTADDR",),
            "password": ("PGPASSWORD",),
            "service": ("PGSERVICE",),
            "sslmode": ("PGSSLMODE",),
        },
        ("host", "hostaddr", "database", "service"),
    ),
    _group("postgresql", "POSTGRES_", "DB DATABASE DBNAME NAME"),
    _group("postgresql", "POSTGRESQL_", "DB DATABASE DBNAME NAME"),
    _group("mysql", "MYSQL_", "DATABASE DB DB_NAME NAME", port="TCP_PORT PORT", socket="UNIX_PORT SOCKET"),
    _group("mysql", "MYSQL", "DATABASE"),
    _group("mariadb", "MARIADB_", "DATABASE DB NAME"),
    _group("", "DB_", "NAME DATABASE DBNAME", engine="CONNECTION ENGINE DIALECT DRIVER TYPE CLIENT ADAPTER"),
    _group("", "DATABASE_", "NAME DATABASE", engine="ENGINE DIALECT DRIVER TYPE CLIENT ADAPTER"),
    _group("", "RDS_", "DB_NAME"),
    _group("mysql", "WORDPRESS_DB_", "NAME"),
)
"""In the order of precedence: PG*, POSTGRES_*, MYSQL_*, MARIADB_*, DB_* …"""


def targets_in(
    variables: Mapping[str, str], place: Callable[[str], str], environ: Mapping[str, str], home: Path | None
) -> Iterator[Target]:
    """Yield what a set of variables states, in the order of precedence.

    `place` says for people where a variable stands; `environ` is what drivers complete from.
    """
    for name in URLS:
        if variables.get(name, "").strip():
            yield _from_url(name, variables, place, environ, home)
    found = [found for group in GROUPS if (found := _from_group(group, variables, place, environ, home))]
    # A group without a host often defines a server (container images); one with a host states a client.
    yield from sorted(found, key=lambda each: not has_place(each))


def has_place(target: Target) -> bool:
    """Whether somebody wrote where the server is, rather than leaving it to a default."""
    host = target.setting("host")
    return target.form != "options" or (host is not None and host.source != "default")


def _from_url(
    name: str,
    variables: Mapping[str, str],
    place: Callable[[str], str],
    environ: Mapping[str, str],
    home: Path | None,
) -> Target:
    user_name, password_name = _URL_COMPANIONS.get(name, ("", ""))
    user, password = variables.get(user_name, ""), variables.get(password_name, "")
    target = parse_target(
        variables[name],
        source=place(name),
        overrides={"user": user} if user else {},
        environ=environ,
        home=home,
        password=Secret(password) if password else None,
    )
    return _with_sources(target, {"--user": place(user_name), "--password-stdin": place(password_name)})


def _with_sources(target: Target, names: Mapping[str, str]) -> Target:
    """Say where companions of a URL stand, in place of the names of options."""
    settings = tuple(each._replace(source=names.get(each.source, each.source)) for each in target.settings)
    source = names.get(target.password_source, target.password_source)
    return target._replace(settings=settings, password_source=source)


def _from_group(
    group: Group,
    variables: Mapping[str, str],
    place: Callable[[str], str],
    environ: Mapping[str, str],
    home: Path | None,
) -> Target | None:
    stated = {key: _first(names, variables) for key, names in group.names.items()}
    if not any(stated.get(key) and variables[stated[key]] for key in group.anchors):
        return None
    draft = Draft(next(place(stated[key]) for key in group.anchors if stated.get(key)))
    draft.engine, draft.driver = group.engine, _driver(variables, stated)
    named = variables.get(stated.get("engine", ""), "").lower()
    if named.startswith(("sqlite", "mongodb", "sqlsrv", "oracle", "mssql", "redis")):
        return None
    for key, name in stated.items():
        if name and key not in ("engine", "password") and not _is_link(name, variables):
            draft.put(key, variables[name], place(name))
    _put_password(draft, group, variables, place, environ, home)
    draft.engine = draft.engine or ENGINE_NAMES.get(named, "") or _guess(draft, variables)
    if not draft.engine:
        detail = "Which engine the server speaks is not said: set DB_CONNECTION or DB_ENGINE, or use a URL."
        draft.problem("missing", "engine", detail)
    database = stated.get("database", "")
    if database and not variables[database].strip() and not draft.get("service"):
        draft.values.pop("database", None)
        draft.problem("database-missing", "database", f"{database} is empty: give the database name.")
    for key in ("host", "port", "user"):
        if key in draft.values and not draft.get(key):
            draft.values.pop(key)
    return finish(draft, environ, home)


def _put_password(
    draft: Draft,
    group: Group,
    variables: Mapping[str, str],
    place: Callable[[str], str],
    environ: Mapping[str, str],
    home: Path | None,
) -> None:
    for name in group.names["password"]:
        if draft.password is None:
            from_variable(draft, name, variables, home)
            if draft.password is not None:
                draft.password_source = place(draft.password_source)


def _first(names: tuple[str, ...], variables: Mapping[str, str]) -> str:
    """Return the first name that is set to something, else the first that is set at all, else nothing."""
    set_names = [name for name in names if name in variables]
    return next((name for name in set_names if variables[name]), set_names[0] if set_names else "")


def _is_link(name: str, variables: Mapping[str, str]) -> bool:
    """Whether Kubernetes or Docker put the variable there for a service of that name (`tcp://…`)."""
    return name.endswith("_PORT") and variables[name].startswith(("tcp://", "udp://"))


def _driver(variables: Mapping[str, str], stated: Mapping[str, str]) -> str:
    name = stated.get("engine", "")
    if variables.get(name, "").startswith("django."):
        return "django"
    return "pdo" if name == "DB_CONNECTION" else ""


def _guess(draft: Draft, variables: Mapping[str, str]) -> str:
    """Guess the engine of DB_* from the port, or from the only other family that is set."""
    by_port = {"5432": "postgresql", "6432": "postgresql", "3306": "mysql"}.get(draft.get("port"), "")
    if by_port:
        return by_port
    families = {
        engine
        for start, engine in (
            ("PG", "postgresql"),
            ("POSTGRES", "postgresql"),
            ("MYSQL", "mysql"),
            ("MARIADB", "mariadb"),
        )
        if any(name.startswith(start) for name in variables)
    }
    return families.pop() if len(families) == 1 else ""
