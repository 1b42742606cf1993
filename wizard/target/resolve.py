"""From a draft to a `Target`: service files, environment, defaults, checks, a last look for secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wizard.named import TYPE_CHECKING
from wizard.target.checks import check_options, check_placeholders
from wizard.target.draft import Draft
from wizard.target.model import MASK, Problem, Setting, Target
from wizard.target.passwords import find_missing_password
from wizard.target.places import places
from wizard.target.spellings import LIBPQ_ENVIRONMENT, NO_PG_ENVIRONMENT
from wizard.target.tls_options import tls_of

if TYPE_CHECKING:
    from typing import Any

_ORDER = ("unexpanded", "unescaped", "malformed", "service-undefined", "driver-mismatch")
"""Problems in the order in which they explain one another."""


def family_of(engine: str) -> str:
    """Return the wire protocol of an engine; `unknown` for none."""
    return "mysql" if engine in ("mysql", "mariadb") else engine or "unknown"


def finish(
    draft: Draft, environ: Mapping[str, str], home: Path | None, marks: tuple[str, ...] = ()
) -> Target:
    """Fill in what the driver would fill in, check everything, and build the target."""
    family = family_of(draft.engine)
    check_placeholders(draft, marks)
    if family == "postgresql":
        _from_service(draft, environ, home)
        if draft.driver not in NO_PG_ENVIRONMENT:
            _from_environment(draft, environ)
    elif family == "mysql":
        _from_mysql_environment(draft, environ)
    check_options(draft, family)
    waits = any(each.kind == "unexpanded" and each.key in ("host", "url") for each in draft.problems)
    lost = family == "unknown" and not draft.values
    hosts = () if lost or (waits and not draft.get("host")) else places(draft, family, environ)
    _defaults(draft, family)
    find_missing_password(draft, family, hosts, environ, home)
    check_placeholders(draft, ())
    # Paths are opened as they were written, even where the password is a part of one.
    options = {key: value if _is_path(key) else _unsecret(value, draft) for key, value in draft.options()}
    engine: Any = draft.engine or "unknown"
    target = Target(
        engine=engine,
        hosts=hosts,
        user=draft.get("user"),
        database=draft.get("database"),
        password=draft.password,
        password_source=draft.password_source if draft.password is not None else "",
        password_raw=draft.password_raw,
        options=options,
        source=draft.source,
        driver=draft.driver,
        form=draft.form,
        problems=tuple(sorted(draft.problems, key=_rank)),
        tls=tls_of(family, draft.driver, {key: value for key, value in options.items()}),
    )
    return _mask(target._replace(settings=_settings(target, draft)), draft)


def _rank(problem: Problem) -> int:
    return _ORDER.index(problem.kind) if problem.kind in _ORDER else len(_ORDER)


def _from_service(draft: Draft, environ: Mapping[str, str], home: Path | None) -> None:
    """Fill gaps from the named service; what was given explicitly stays (libpq: parseServiceInfo)."""
    name = draft.get("service") or environ.get("PGSERVICE", "")
    if not name or (not draft.get("service") and draft.driver in NO_PG_ENVIRONMENT):
        return
    from wizard.target.servicefile import find_service, service_files

    source = draft.source_of("service") if draft.get("service") else "PGSERVICE"
    files = service_files(environ, home, draft.get("servicefile"))
    service = find_service(name, files, home)
    if service is None:
        where = ", ".join(str(path) for path in files[:2])
        detail = (
            f"The service {name} is not defined in any service file ({where}): define it or correct the name."
        )
        draft.problem("service-undefined", "service", detail, source)
        return
    draft.put("service", name, source)
    for key, (value, line) in service.values.items():
        own = "database" if key == "dbname" else key
        if draft.form == "service" or own not in draft.values:
            draft.put(own, value, f"{service.path}:{line} [{name}]")


def _from_environment(draft: Draft, environ: Mapping[str, str]) -> None:
    """Fill gaps as libpq does (conninfo_add_defaults); an empty variable counts as none."""
    for key, name in LIBPQ_ENVIRONMENT.items():
        if key == "hostaddr" and "host" in draft.values:
            continue  # PGHOSTADDR would send a named host elsewhere; libpq does so, frameworks unset it
        if environ.get(name) and draft.form != "jdbc":
            draft.put(key, environ[name], name)
    if environ.get("PGREQUIRESSL") and "sslmode" not in draft.values:
        draft.put("requiressl", environ["PGREQUIRESSL"], "PGREQUIRESSL")


def _from_mysql_environment(draft: Draft, environ: Mapping[str, str]) -> None:
    """Fill gaps of bare options; the variables of the C clients do not reach drivers that read a URL."""
    if draft.form in ("options", "bare"):
        for key, name in (("host", "MYSQL_HOST"), ("port", "MYSQL_TCP_PORT")):
            if environ.get(name):
                draft.put(key, environ[name], name)


def _defaults(draft: Draft, family: str) -> None:
    if not draft.get("user") and family != "unknown":
        draft.replace("user", _login_name(), "operating system user")
    if not draft.get("database") and family == "postgresql":
        draft.replace("database", draft.get("user"), "default: same as user")


def _login_name() -> str:
    """Return the name of the operating system's user, as libpq takes it; empty when it has none."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _settings(target: Target, draft: Draft) -> tuple[Setting, ...]:
    """List every setting in force with its source."""

    def source(key: str) -> str:
        return draft.source_of(key) if key in draft.values else "default"

    hosts = ",".join(each.host for each in target.hosts)
    ports = ",".join(str(each.port) for each in target.hosts)
    host_key = "socket" if "socket" in draft.values else "host"
    rows = [Setting("host", hosts, source(host_key))] if hosts else []
    rows += [Setting("port", ports, source("port"))] if ports else []
    for key in ("user", "database"):
        if value := getattr(target, key):
            rows.append(Setting(key, value, source(key)))
    if target.password is not None:
        rows.append(Setting("password", MASK, target.password_source))
    rows += [Setting(key, value, source(key)) for key, value in target.options.items()]
    return tuple(rows)


def _is_path(key: str) -> bool:
    return key.lower().startswith("ssl") or key == "passfile"


def _unsecret(text: str, draft: Draft) -> str:
    """Take the password out of a text that is no address: options may repeat it."""
    secret = draft.password.reveal() if draft.password is not None else ""
    return text.replace(secret, MASK) if len(secret) > 3 else text


def _mask(target: Target, draft: Draft) -> Target:
    """Where the text could not be split safely, take the password out of every part."""
    if not any(each.kind in ("unescaped", "malformed") for each in target.problems):
        return target

    def clean(text: str) -> str:
        return _unsecret(text, draft)

    return target._replace(
        user=clean(target.user),
        database=clean(target.database),
        hosts=tuple(each for each in target.hosts if clean(each.host) == each.host),
        settings=tuple(each._replace(value=clean(each.value)) for each in target.settings),
        problems=tuple(each._replace(detail=clean(each.detail)) for each in target.problems),
    )
