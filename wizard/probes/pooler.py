"""The pooler in front of a PostgreSQL server: its own console is asked, or its configuration read, where we may.

PgBouncer answers SHOW commands on the database `pgbouncer`. Nothing else is ever sent there: its other commands
pause, disconnect and shut down. No password of its files is kept.
"""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.outcome import QueryError
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target
from wizard.wire import ProtocolError

CONSOLE = "pgbouncer"
"""The database name under which PgBouncer's console answers, and the user that its own system account has there."""
CONSOLE_BOUND = 3.0
"""Seconds for one way into the console."""
ALL_WAYS_BOUND = 6.0
"""Seconds for all of them."""
BACKEND_BOUND = 1.5
"""Seconds for the one connection that tells whether something listens behind the pooler."""
CUSTOMARY = (6432, 6543)
"""Ports on which poolers usually listen."""
PROVIDERS = (
    (".pooler.supabase.com", 5432, "session"),
    (".pooler.supabase.com", 6543, "transaction"),
    (".neon.tech", 5432, "transaction"),
)
"""Suffix of the host's name, port, and the mode that the provider documents (Neon: names with -pooler only)."""
PREPARING = frozenset({"jdbc", "asyncpg", "psycopg", "psycopg_async", "pgx", "go", "prisma", "npgsql"})
"""Drivers that prepare statements by themselves, as `target.driver` names them."""
SWITCHED_OFF = {
    "pgbouncer": "true",
    "preparethreshold": "0",
    "prepare_threshold": "none",
    "statement_cache_size": "0",
    "prepared_statement_cache_size": "0",
    "default_query_exec_mode": "exec",
}
"""Options of a connection (small letters) that keep the driver from it, by driver."""
NUMBERS = (
    "pooler.clients-waiting",
    "pooler.max-wait-seconds",
    "pooler.clients",
    "pooler.max-clients",
    "pooler.max-database-clients",
    "pooler.pool-size",
    "pooler.servers-active",
    "pooler.servers-idle",
    "pooler.servers-used",
    "pooler.max-prepared",
    "pooler.backend-port",
)
UNTOLD: dict[str, Value] = {
    "pooler.told-by": "nobody",
    "pooler.version": "none",
    "pooler.mode": "not-told",
    "pooler.paused": "not-told",
    "pooler.disabled": "not-told",
    "pooler.pool": "not-told",
    "pooler.user-known": "not-told",
    "pooler.databases": ("none",),
    "pooler.nearest-database": "none",
    "pooler.backend": "none",
    "pooler.backend-host": "none",
    "pooler.backend-database": "none",
    "pooler.backend-user": "none",
    "pooler.backend-answers": "not-told",
    "pooler.alias": "not-told",
    "pooler.prepares": "not-told",
    "pooler.ignore-startup-parameters": ("none",),
}
"""What is reported where nobody could be asked."""


@probe(
    "pooler.inspect",
    provides=("pooler", "pooler.outcome", *UNTOLD, *NUMBERS),
    deadline=ALL_WAYS_BOUND + 2 * BACKEND_BOUND + 1.0,
)
def inspect(target: Target, runtime: Runtime) -> Report:
    """What the pooler says of this database, this user and their pool."""
    report = Report({**UNTOLD, "pooler.outcome": "not-a-pooler"})
    if target.family != "postgresql":
        if runtime.facts.text("pooler") not in (None, "none"):
            report.facts["pooler.outcome"] = "no-access"
            report.trouble = "its admin interface takes other logins than the application's"
        return report
    pid = _process(target, runtime)
    if not _suspected(target, runtime, pid):
        return report
    report.facts["pooler.outcome"] = "no-access"
    report.facts["pooler.prepares"] = _prepares(target)
    report.facts["pooler.alias"] = _alias(target, runtime)
    refusal = _by_console(target, runtime, pid, report)
    if report.facts["pooler.told-by"] == "nobody" and pid is not None:
        from wizard.probes import pooler_config

        pooler_config.read(pid, target, report)
    if report.facts["pooler.told-by"] == "nobody":
        report.facts.update(_by_provider(target))
        said = "; ".join(one for one in (refusal, report.trouble) if one)
        report.trouble = said or "the pooler's console was not asked: --admin names a login that may"
        return report
    report.facts.update({"pooler": "pgbouncer", "pooler.outcome": "looked"})
    report.facts["pooler.backend-answers"] = _knock(report, runtime, local=_is_here(runtime, pid))
    report.summary = _in_words(report.facts)
    return report


def _suspected(target: Target, runtime: Runtime, pid: int | None) -> bool:
    """Whether anything speaks for a pooler. Silence alone does not: a server can be silent too."""
    facts = runtime.facts
    silent = "timeout" in (facts.text("auth.outcome"), facts.text("database.outcome"))
    known = facts.text("pooler") not in (None, "none")
    named = runtime.admin is not None and runtime.admin.database == CONSOLE
    return known or named or not silent or pid is not None or target.port in CUSTOMARY


def _process(target: Target, runtime: Runtime) -> int | None:
    """PgBouncer's process on this host that holds the target's port, if any."""
    if runtime.facts.text("target.is-local") == "false":
        return None
    from wizard.probes import pooler_config

    return pooler_config.process(target.port)


def _is_here(runtime: Runtime, pid: int | None) -> bool:
    return pid is not None or runtime.facts.text("target.is-local") == "true"


def _prepares(target: Target) -> str:
    """Whether the driver of these settings prepares statements: yes, no, or not-told where no driver is named."""
    if not target.driver or target.driver == "libpq":
        return "not-told"
    off = any(SWITCHED_OFF.get(key.lower()) == value.lower() for key, value in target.options.items())
    return "yes" if target.driver in PREPARING and not off else "no"


def _by_provider(target: Target) -> dict[str, Value]:
    """The mode of a provider's pooler, where name and port tell it."""
    name = target.host.lower().rstrip(".")
    for suffix, port, mode in PROVIDERS:
        if name.endswith(suffix) and port == target.port and "pooler" in name:
            return {"pooler.told-by": "provider", "pooler.mode": mode}
    return {}


def _alias(target: Target, runtime: Runtime) -> str:
    """Whether an error speaks of a database that the target does not name: yes, no, or not-told without such words."""
    _, found, rest = (runtime.facts.text("error.text") or "").partition('database "')
    if not found:
        return "not-told"
    return "no" if rest.partition('"')[0] == (target.database or target.user) else "yes"


def _admin(target: Target, runtime: Runtime) -> Target | None:
    """The privileged target, where it is this pooler's: its console by name, or the same place."""
    admin = runtime.admin
    if admin is None or admin.family == "mysql" or not admin.hosts:
        return None
    same = any(host[:2] == admin.hosts[0][:2] for host in target.hosts)
    return admin._replace(database=CONSOLE) if same or admin.database == CONSOLE else None


def _by_console(target: Target, runtime: Runtime, pid: int | None, report: Report) -> str:
    """Ask the console by the first way in that works; why the last one did not."""
    from copy import copy

    refusal = ""
    whole = runtime.until(ALL_WAYS_BOUND)
    for way, place in _ways(target, runtime, pid):
        hurried = copy(runtime)
        hurried.ends = min(whole, runtime.until(CONSOLE_BOUND))
        try:
            _read(way, place, target, hurried, report)
        except QueryError as error:
            refusal = f"PgBouncer's console is not open to {way.user}: {error.text}"
        except (OSError, ProtocolError) as error:
            refusal = f"PgBouncer's console cannot be asked as {way.user}: {error}"
        else:
            return ""
    return refusal


def _ways(target: Target, runtime: Runtime, pid: int | None) -> list[tuple[Target, HostPort]]:
    """Who may ask the console, and where: the privileged target, the application's login, our system account."""
    ways = []
    admin = _admin(target, runtime)
    if admin is not None:
        ways.append((admin, admin.hosts[0]))
    place = target.hosts[0] if target.hosts else None
    if place is not None and _may_ask(target, runtime, pid):
        ways.append((target._replace(database=CONSOLE, options=_plain(target)), place))
    if pid is not None:
        from wizard.probes import pooler_config

        for folder in pooler_config.own_sockets(pid, target.port):
            socket = HostPort(folder, target.port)
            # Our system account is the proof; the application's password is not for whoever holds the socket.
            ours = target._replace(user=CONSOLE, database=CONSOLE, options={}, password=None)
            ways.append((ours, socket))
    return ways


def _may_ask(target: Target, runtime: Runtime, pid: int | None) -> bool:
    """Whether the application's login is tried at the console: a refusal there is a line in the pooler's log.

    So it is tried where something is wrong, with --admin, or where the pooler's configuration names the user.
    """
    login = runtime.facts.text("auth.outcome")
    if login == "error-pooler":
        return False
    healthy = login == "ok" and runtime.facts.text("database.outcome") == "ok"
    if not healthy or runtime.admin is not None:
        return True
    from wizard.probes import pooler_config

    return pid is not None and pooler_config.may_look(pid, target.user)


def _plain(target: Target) -> dict[str, str]:
    """The target's options without those that a pooler may refuse at the login."""
    from wizard.probes.login_postgres import STARTUP_OPTIONS

    return {key: value for key, value in target.options.items() if key not in STARTUP_OPTIONS}


def _read(way: Target, place: HostPort, target: Target, runtime: Runtime, report: Report) -> None:
    """Log in to the console and read it. Raises QueryError, OSError and ProtocolError."""
    from wizard.probes import pooler_console
    from wizard.probes.dial import dial
    from wizard.probes.login import attempt

    used = runtime.facts.text("network.address") if place in target.hosts else None
    address = f"{place.host}/.s.PGSQL.{place.port}" if place.is_socket else used or _resolve(place)
    channel = dial(way, runtime, place, address)
    try:
        result = attempt(channel, way, runtime)
        if result.outcome != "ok":
            raise QueryError(result.text or result.outcome, result.code)
        report.facts.update(pooler_console.facts(channel, target, runtime.until(CONSOLE_BOUND)))
    finally:
        channel.close()


def _resolve(place: HostPort) -> str:
    """The first address of a host, within a bound. Raises OSError."""
    from wizard.probes.dns import look_up_all

    found = look_up_all((place,), BACKEND_BOUND)[0][1]
    if not found:
        raise OSError(f"{place.host} has no address here")
    return found[0]


def _knock(report: Report, runtime: Runtime, local: bool) -> str:
    """Whether something listens where the pooler's server is said to be: yes, no or not-told.

    From another host than the pooler's only a yes counts: what is closed to us may be open to the pooler.
    """
    from wizard.numerals import count

    host, _, written = str(report.facts["pooler.backend"]).rpartition(":")
    port = count(written) or 0
    if not host or not (host.isascii() and host.isprintable()) or not 0 < port < 65536:
        return "not-told"
    place = HostPort(host, port)
    report.facts.update({"pooler.backend-host": host, "pooler.backend-port": port})
    near = place.is_socket or host in ("localhost", "::1") or host.startswith("127.")
    if near and not local:
        return "not-told"
    from wizard.probes.channel import open_channel

    try:
        channel = open_channel(place, _resolve(place), runtime.until(BACKEND_BOUND))
        channel.record.knocked()
        channel.close()
    except (OSError, ValueError) as error:
        report.quote("pooler", f"{host}:{port}, behind the pooler, tried from here: {error}")
        return "no" if local else "not-told"
    return "yes"


def _in_words(facts: dict[str, Value]) -> str:
    version = "" if facts["pooler.version"] == "none" else f" {facts['pooler.version']}"
    mode = "" if facts["pooler.mode"] == "not-told" else f", {facts['pooler.mode']} mode"
    behind = "" if facts["pooler.backend"] == "none" else f", {facts['pooler.backend']} behind it"
    return f"PgBouncer{version}{mode}{behind}"
