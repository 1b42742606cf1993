"""The sum of the application's pools against what the server can give this account.

Reads settings that are known already (the target's own options, the environment of the application) and what a person
answered; opens nothing. What is not written anywhere is left out: a default that nobody wrote is never a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from wizard.core.facts import Value
from wizard.named import NamedTuple
from wizard.numerals import count
from wizard.probes.base import Report, probe
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target

SHARE = 0.9
"""The part of the connections that a suggestion uses: the rest is for deployments and administration."""
SQLALCHEMY_OVERFLOW = 10
"""What SQLAlchemy's QueuePool adds for a peak where nobody says otherwise (sqlalchemy/pool/impl.py)."""
SIZE_OPTIONS = (
    "connection_limit",  # Prisma
    "pool_size",  # SQLAlchemy, Ecto
    "pool_max_conns",  # pgx
    "maximumPoolSize",  # HikariCP
    "maxPoolSize",  # MariaDB Connector/J
    "connectionLimit",  # mysql2, mariadb of Node.js
    "pool",  # Rails
    "max_connections",  # Rails 8.1
    "max",  # node-postgres
)
SIZE_VARIABLES = (
    "DB_POOL_SIZE",
    "DB_POOL",
    "SQLALCHEMY_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE",
    "RAILS_MAX_THREADS",
)
"""In the order in which they win; the last is the size of the pool only where the settings follow Rails' template."""
OVERFLOW_OPTIONS = ("max_overflow",)
OVERFLOW_VARIABLES = ("SQLALCHEMY_MAX_OVERFLOW", "DB_MAX_OVERFLOW")
HAVE_OVERFLOW = ("pool_size", "SQLALCHEMY_POOL_SIZE", "DB_POOL_SIZE")
"""Names of a size that may be SQLAlchemy's, whose pools have an overflow."""
SINGLE = (
    "maximumPoolSize",
    "maxPoolSize",
    "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE",
    "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE",
)
"""Pools of one process with many threads: a number of web workers does not multiply them."""
RECYCLE = {
    "pool_recycle": 1.0,
    "SQLALCHEMY_POOL_RECYCLE": 1.0,
    "conn_max_age": 1.0,
    "max_idle_connection_lifetime": 1.0,
    "idle_timeout": 1.0,
    "maxLifetime": 0.001,
    "max-lifetime": 0.001,
    "idleTimeout": 0.001,
    "SPRING_DATASOURCE_HIKARI_MAX_LIFETIME": 0.001,
    "SPRING_DATASOURCE_HIKARI_MAXLIFETIME": 0.001,
    "SPRING_DATASOURCE_HIKARI_IDLE_TIMEOUT": 0.001,
    "SPRING_DATASOURCE_HIKARI_IDLETIMEOUT": 0.001,
    "pool_max_conn_lifetime": 1.0,
    "pool_max_conn_idle_time": 1.0,
}
"""Where a pool's time for keeping an unused connection stands, and its unit in seconds where none is written."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}

PROVIDES = (
    "pool.certain",
    "pool.processes",
    "pool.size",
    "pool.overflow",
    "pool.read-from",
    "pool.demand",
    "pool.available",
    "pool.suggested-size",
    "pool.recycle",
    "pool.recycle-fits",
)


class Sum(NamedTuple):
    """The numbers of one application; None is not known. `assumed` names what nobody wrote."""

    processes: int | None = None
    size: int | None = None
    overflow: int | None = None
    assumed: bool = False
    sources: tuple[str, ...] = ()


@probe("pool.inspect", provides=("pool.outcome", *PROVIDES), deadline=2.0)
def inspect(target: Target, runtime: Runtime) -> Report:
    """What the settings say of the pools, and the sum where they say enough."""
    return calculated(target, runtime, "pool.outcome")


@probe("pool.calculate", provides=("pool.sum", *PROVIDES), deadline=2.0)
def calculate(target: Target, runtime: Runtime) -> Report:
    """The sum once more, with what a person knew."""
    return calculated(target, runtime, "pool.sum")


def calculated(target: Target, runtime: Runtime, key: str) -> Report:
    """Demand against what is available. The fact `key` tells how it ends; it and `pool.certain` are always told."""
    found = _with_answers(_read(target, environment(runtime)), runtime)
    available = _available(runtime)
    facts: dict[str, Value] = {"pool.read-from": found.sources or ("none",)}
    told = (("processes", found.processes), ("size", found.size), ("overflow", found.overflow))
    facts.update({f"pool.{name}": value for name, value in told if value is not None})
    # With more processes it can only become more, so one is enough to exceed.
    processes, overflow = found.processes or 1, found.overflow or 0
    demand = None if found.size is None else processes * (found.size + overflow)
    facts[key] = outcome(demand, available, found.processes is not None)
    facts["pool.certain"] = "no" if found.assumed or found.size is None else "yes"
    if available is not None:
        facts["pool.available"] = available
    report = Report(facts)
    if demand is not None:
        facts["pool.demand"] = demand
        of = f" of {available} that this account can have" if available is not None else ""
        report.summary = f"{processes} x ({found.size} + {overflow}) = {demand} connections{of}"
    else:
        report.summary = "no settings of a pool were found"
    suggested = int((available or 0) * SHARE) // processes
    if suggested >= 1 and demand is not None:
        facts["pool.suggested-size"] = suggested
    if facts[key] == "too-many":
        report.quote("pool", f"{report.summary} ({', '.join(found.sources) or 'as answered'})")
    facts.update(recycling(target, runtime, _number(runtime.facts.text("server.idle-timeout"))))
    return report


def _available(runtime: Runtime) -> int | None:
    """What this account can have; not known behind a pooler, where the pools meet the pooler's limits first."""
    if runtime.facts.text("pooler") not in (None, "none"):
        return None
    return _number(runtime.facts.text("capacity.for-account"))


def outcome(demand: int | None, available: int | None, complete: bool) -> str:
    """too-many, fits or not-known. `complete` says whether the number of processes is known."""
    if demand is None or available is None:
        return "not-known"
    if demand > available:
        return "too-many"
    return "fits" if complete else "not-known"


def environment(runtime: Runtime) -> Mapping[str, str]:
    """The variables of the application's process where they can be read, else those of this shell."""
    process = runtime.process
    return process.environ if process is not None and process.is_readable else runtime.environ


def _read(target: Target, environ: Mapping[str, str]) -> Sum:
    """The numbers as they are written, the target's own options before variables."""
    size, where = _first(target.options, environ, SIZE_OPTIONS, SIZE_VARIABLES)
    overflow, overflow_where = _first(target.options, environ, OVERFLOW_OPTIONS, OVERFLOW_VARIABLES)
    processes, processes_where = (1, "") if where in SINGLE else _processes(environ)
    assumed = where == "RAILS_MAX_THREADS"
    if size is not None and overflow is None:
        may_have = where in HAVE_OVERFLOW and target.driver != "ecto"
        overflow, assumed = (SQLALCHEMY_OVERFLOW, True) if may_have else (0, assumed)
    named = (processes_where, where, overflow_where)
    return Sum(
        processes, size, overflow if size is not None else None, assumed, tuple(one for one in named if one)
    )


def _first(
    options: Mapping[str, str], environ: Mapping[str, str], keys: Iterable[str], names: Iterable[str]
) -> tuple[int | None, str]:
    """The first of these that is a number, and its name."""
    for source, wanted in ((options, keys), (environ, names)):
        for name in wanted:
            value = _number(source.get(name))
            if value is not None:
                return value, name
    return None, ""


def _processes(environ: Mapping[str, str]) -> tuple[int | None, str]:
    """How many processes the application's server starts, and where that stands."""
    from_arguments = _workers(environ.get("GUNICORN_CMD_ARGS", ""))
    if from_arguments is not None:
        return from_arguments, "GUNICORN_CMD_ARGS"
    return _first({}, environ, (), ("WEB_CONCURRENCY",))


def _workers(arguments: str) -> int | None:
    """The number after -w or --workers in the arguments of gunicorn."""
    words = arguments.replace("=", " ").split()
    for flag, value in pairwise(words):
        if flag in ("-w", "--workers"):
            return _number(value)
    glued = next((word[2:] for word in words if word.startswith("-w") and word[2:].isdigit()), None)
    return _number(glued)


def _with_answers(found: Sum, runtime: Runtime) -> Sum:
    """What a person said wins over what was read."""
    said = {name: runtime.facts.fact(f"pool.{name}") for name in ("processes", "size", "overflow")}
    numbers = {
        name: _number(str(fact.value))
        for name, fact in said.items()
        if fact is not None and fact.by in ("user", "flag")
    }
    known = {name: value for name, value in numbers.items() if value is not None}
    if not known:
        return found
    sources = (*found.sources, "as answered")
    return found._replace(**known, assumed=found.assumed and "overflow" not in known, sources=sources)


def _number(text: str | None) -> int | None:
    return count(text, 9)


def recycling(target: Target, runtime: Runtime, server_limit: int | None) -> dict[str, Value]:
    """The pool's recycle time in seconds, and whether it is shorter than the server's (seconds, 0 for no limit).

    `pool.recycle-fits` is yes, no or not-known.
    """
    recycle = _recycle(target, environment(runtime))
    fact = runtime.facts.fact("pool.recycle")
    if fact is not None and fact.by in ("user", "flag"):
        recycle = _number(str(fact.value).partition(".")[0])
    known: dict[str, Value] = {} if recycle is None else {"pool.recycle": recycle}
    if server_limit == 0:
        fits = "yes"
    elif recycle is None or server_limit is None:
        fits = "not-known"
    else:
        fits = "yes" if recycle < server_limit else "no"
    return {**known, "pool.recycle-fits": fits}


def _recycle(target: Target, environ: Mapping[str, str]) -> int | None:
    """The shortest time after which the pool itself closes or renews a connection; None where none is written."""
    written = (
        (str(source[key]), unit)
        for key, unit in RECYCLE.items()
        for source in (target.options, environ)
        if key in source
    )
    lengths = [length for length in (_seconds(text, unit) for text, unit in written) if length]
    return int(min(lengths)) if lengths else None


def _seconds(text: str, unit: float) -> float:
    """Seconds of `280`, `30m` or `1h30m`; 0 for what is none, or for ever."""
    text = clean(text.strip().lower(), limit=20)
    if (whole := count(text, 20)) is not None:
        return whole * unit
    total, digits, letters = 0.0, "", ""
    for char in f"{text} ":
        if char.isalpha():
            letters += char
        elif letters or char == " ":
            if not digits or letters not in _UNITS:
                return 0.0
            total, digits, letters = total + float(digits) * _UNITS[letters], char, ""
        elif char in "0123456789":
            digits += char
        else:
            return 0.0
    return total
