"""A connection in words: never its password, only whether there is one."""

from __future__ import annotations

from wizard.core.passwordplaces import redact_patterns
from wizard.impact import ENGINES
from wizard.redact import clean
from wizard.target.model import Target

SOFT = ("passfile-ignored",)
"""Problems that stop nothing by themselves."""


def safe(text: str, limit: int = 400) -> str:
    """Text from a server, a file or a person, made fit for one line of the screen."""
    return " ".join(redact_patterns(clean(text, limit)).split())


def engine(target: Target) -> str:
    """The name of the engine as its makers write it."""
    return ENGINES.get(target.engine, "unknown engine")


def place(target: Target) -> str:
    """`host:port/database`, or the socket; what is missing is said."""
    if not target.hosts:
        return "no host"
    if target.is_socket:
        where = f"socket {target.host}"
    else:
        host = f"[{target.host}]" if ":" in target.host else target.host
        where = f"{host}:{target.port}" if target.port else host
    more = f" and {len(target.hosts) - 1} more" if len(target.hosts) > 1 else ""
    base = f"/{target.database}" if target.database else ", no database name"
    return safe(f"{where}{more}{base}")


def in_one_line(target: Target) -> str:
    """The whole connection for a heading."""
    user = f"{target.user}@" if target.user and target.hosts else ""
    return safe(f"{engine(target)}  {user}{place(target)}")


def details(target: Target) -> str:
    """User, source and password, in words."""
    if not target.password:
        password = "no password"
    elif target.password_source and target.password_source != target.source:
        password = f"password from {target.password_source}"
    else:
        password = "password set"
    parts = [
        f"user {target.user}" if target.user else "no user",
        password,
        f"read from {target.source}" if target.source else "",
    ]
    return safe(", ".join(part for part in parts if part))


def shortcomings(target: Target) -> list[str]:
    """What is wrong with the settings themselves, a sentence each; conflicts included."""
    told = [safe(problem.detail) for problem in target.problems]
    for conflict in target.conflicts:
        said = "; ".join(f"{one.source} says {one.value}" for one in conflict.sources)
        told.append(safe(f"Sources disagree about the {conflict.key}: {said}."))
    return told


def complete(target: Target) -> bool:
    """Whether a connection can be tried with it."""
    return bool(target.hosts) and not [one for one in target.problems if one.kind not in SOFT]
