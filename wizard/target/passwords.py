"""Where a password comes from when the connection string gives none.

Order for PostgreSQL: PGPASSWORD, the password file, then the variables of frameworks and container images.
Order for MySQL: MYSQL_PWD, the option files' [client] group, then the same variables.  `*_FILE` names a file
that holds the password alone (container secrets).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wizard.target.draft import Draft
from wizard.target.files import expand, shown, there, try_text
from wizard.target.model import HostPort

KIN: dict[str, tuple[str, ...]] = {
    "postgresql": ("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"),
    "mysql": ("MYSQL_PASSWORD", "MARIADB_PASSWORD"),
}
COMMON = ("DB_PASSWORD", "DB_PASS", "DATABASE_PASSWORD", "RDS_PASSWORD", "SPRING_DATASOURCE_PASSWORD")


def find_missing_password(
    draft: Draft, family: str, hosts: tuple[HostPort, ...], environ: Mapping[str, str], home: Path | None
) -> None:
    """Fill in the draft's password from the surroundings, or say why a password file gave none."""
    own = {"postgresql": "PGPASSWORD", "mysql": "MYSQL_PWD"}.get(family)
    if draft.password is None and own and environ.get(own):
        draft.put_password(environ[own], own)
    trouble = ""
    if draft.password is None and family == "postgresql" and hosts:
        trouble = _from_passfile(draft, hosts[0], environ, home)
    if draft.password is None and family == "mysql":
        _from_option_files(draft, environ, home)
    for name in (*KIN.get(family, ()), *COMMON):
        if draft.password is None:
            from_variable(draft, name, environ, home)
    if draft.password is None and trouble:
        draft.problem("passfile-ignored", "passfile", trouble, draft.source_of("passfile"))


def from_variable(draft: Draft, name: str, environ: Mapping[str, str], home: Path | None) -> None:
    """Take the password from a variable, or from the file that the variable with `_FILE` names."""
    if environ.get(name):
        draft.put_password(environ[name], name)
    elif place := environ.get(f"{name}_FILE"):
        text, _ = try_text(expand(place, home))
        if text:
            draft.put_password(text.rstrip("\r\n"), f"{name}_FILE {place}")


def _from_passfile(draft: Draft, first: HostPort, environ: Mapping[str, str], home: Path | None) -> str:
    """Look the password up in the password file; the result says why there is none, or is empty."""
    place = draft.get("passfile") or environ.get("PGPASSFILE", "")
    path = expand(place, home) if place else home / ".pgpass" if home else None
    try:
        if path is None or not there(path).is_file():
            return ""
    except OSError:
        return ""
    from wizard.target.passfile import find_password, is_exposed, read_passfile

    name = shown(path, home)
    if is_exposed(path):
        return f"{name} can be read by others, so it is ignored: run chmod 600 {name}."
    entry = find_password(
        read_passfile(path), first.host, first.port, draft.get("database"), draft.get("user")
    )
    if entry is not None:
        draft.put_password(entry.password.reveal(), f"{name}:{entry.line}")
        return ""
    if first.is_socket:
        return ""  # a login over the socket seldom asks for a password
    return f"No line of {name} matches this host, port, database and user: add one."


def _from_option_files(draft: Draft, environ: Mapping[str, str], home: Path | None) -> None:
    """Take the [client] password when its user and host are not those of somebody else."""
    from wizard.target.optionfile import client_settings, option_files

    lines = client_settings(option_files(environ, home), home)
    password = lines.get("password")
    if password is None:
        return
    for ours, theirs in (("user", "user"), ("host", "host")):
        other = lines.get(theirs)
        if other is not None and draft.get(ours) and other.value != draft.get(ours):
            return
    draft.put_password(password.value, password.source)
