"""PgBouncer's console, read: the answers of its SHOW commands as facts about one database and one user.

The columns differ between versions (src/admin.c of 1.5 to 1.25): what a version does not tell is left out.
"""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.numerals import count, nearest
from wizard.probes.channel import Channel
from wizard.probes.login_postgres import query
from wizard.probes.outcome import QueryError
from wizard.target.model import Target

Row = dict[str, "str | None"]
MOST_DATABASES = 40
"""Names of databases that are kept as facts."""
TRACKS_SINCE = (1, 21)
"""The first version that tracks prepared statements."""


ASKED_ELSEWHERE = ("any", "hba", "pam", "ldap", "cert")
"""Values of auth_type under which the list of users does not decide alone."""


def facts(channel: Channel, target: Target, until: float) -> dict[str, Value]:
    """What the console says, on a session that is logged in to it. Raises QueryError, OSError, ProtocolError."""
    databases = query(channel, "SHOW DATABASES", until)
    settings = {row.get("key") or "": row.get("value") or "" for row in query(channel, "SHOW CONFIG", until)}
    name = target.database or target.user
    ours = next((row for row in databases if row.get("name") == name), {})
    pools = query(channel, "SHOW POOLS", until)
    accounts = (target.user, ours.get("force_user"))
    pool = next((one for one in pools if one.get("database") == name and one.get("user") in accounts), {})
    found: dict[str, Value] = {"pooler.told-by": "console"}
    found |= _named(databases, name) | _settings(settings) | _database(ours)
    found |= _pool(pool, ours, settings, _servers_of(pools, pool.get("user")))
    if ours:
        found.setdefault("pooler.backend-user", target.user)
    found["pooler.mode"] = mode(pool.get("pool_mode") or ours.get("pool_mode") or settings.get("pool_mode"))
    found |= _version(channel, settings, until)
    found |= _paused(channel, ours, until)
    found["pooler.user-known"] = _user_known(channel, target.user, settings, ours, until)
    used = {row.get("list"): row.get("items") for row in query(channel, "SHOW LISTS", until)}
    found |= _number("pooler.clients", used.get("used_clients"))
    return found


def mode(written: str | None) -> str:
    """The pool mode as a fact's value; not-told for what is none."""
    return written if written in ("session", "transaction", "statement") else "not-told"


def words(written: str) -> tuple[str, ...]:
    """The members of a list with commas; none where it is empty."""
    return tuple(word.strip() for word in written.split(",") if word.strip()) or ("none",)


def _number(key: str, written: str | None) -> dict[str, Value]:
    found = count(written)
    return {} if found is None else {key: found}


def _named(databases: list[Row], name: str) -> dict[str, Value]:
    names = [row.get("name") or "" for row in databases if row.get("database") != "pgbouncer"]
    return {
        "pooler.databases": tuple(names[:MOST_DATABASES]) or ("none",),
        "pooler.nearest-database": nearest(name, names),
    }


def _settings(settings: dict[str, str]) -> dict[str, Value]:
    return {
        "pooler.ignore-startup-parameters": words(settings.get("ignore_startup_parameters", "")),
        **_number("pooler.max-clients", settings.get("max_client_conn")),
    }


def _database(ours: Row) -> dict[str, Value]:
    """What SHOW DATABASES says of the database: where it leads, whether it is disabled."""
    if not ours:
        return {}
    found: dict[str, Value] = {
        "pooler.backend": f"{ours.get('host') or 'localhost'}:{ours.get('port') or 5432}",
        "pooler.backend-database": ours.get("database") or ours.get("name") or "none",
        "pooler.alias": "no" if ours.get("database") in (ours.get("name"), None) else "yes",
    }
    if ours.get("force_user"):
        found["pooler.backend-user"] = ours["force_user"] or "none"
    most = count(ours.get("max_client_connections"))
    if most:  # since 1.24; 0 is no limit
        found["pooler.max-database-clients"] = most
    if "disabled" in ours:
        found["pooler.disabled"] = "no" if ours["disabled"] in ("0", None) else "yes"
    return found


def _servers_of(pools: list[Row], user: str | None) -> int:
    """The server connections of a user, over all databases (max_user_connections bounds their sum)."""
    return sum(
        count(value) or 0
        for pool in pools
        if pool.get("user") == user
        for key, value in pool.items()
        if key.startswith("sv_") and key != "sv_login"
    )


def _pool(pool: Row, ours: Row, settings: dict[str, str], of_user: int) -> dict[str, Value]:
    """What SHOW POOLS says of the pair of database and user."""
    size = _number("pooler.pool-size", ours.get("pool_size") or settings.get("default_pool_size"))
    if not pool:
        return size
    counts = {key: count(value) or 0 for key, value in pool.items() if key.startswith(("cl_", "sv_"))}
    free = counts.get("sv_idle", 0) + counts.get("sv_used", 0)
    total = sum(value for key, value in counts.items() if key.startswith("sv_") and key != "sv_login")
    limit, most = int(str(size.get("pooler.pool-size", 0))), count(ours.get("max_connections")) or 0
    at_limit = total >= limit or 0 < most <= (count(ours.get("current_connections")) or 0)
    at_limit = at_limit or 0 < (count(settings.get("max_user_connections")) or 0) <= of_user
    return {
        **size,
        "pooler.pool": _fill(total, counts, free, at_limit),
        "pooler.clients-waiting": counts.get("cl_waiting", 0),
        "pooler.servers-active": counts.get("sv_active", 0),
        "pooler.servers-idle": counts.get("sv_idle", 0),
        "pooler.servers-used": counts.get("sv_used", 0),
        **_number("pooler.max-wait-seconds", pool.get("maxwait")),
    }


def _fill(total: int, counts: dict[str, int], free: int, at_limit: bool) -> str:
    """How the pool stands: full, free, empty, connecting, or held (clients wait although it might grow)."""
    opening = counts.get("sv_login", 0) > 0
    if not total:
        return "connecting" if opening else "empty"
    if at_limit and not free:
        return "full"
    return "held" if counts.get("cl_waiting", 0) and not opening else "free"


def _version(channel: Channel, settings: dict[str, str], until: float) -> dict[str, Value]:
    """The version (before 1.10 only a notice tells it), and how many prepared statements a client may have."""
    rows = query(channel, "SHOW VERSION", until)
    told = " ".join(value or "" for row in rows for value in row.values())
    version = next((word for word in told.split() if word[:1].isdigit()), "")
    numbers = tuple(count(part) or 0 for part in version.split(".")[:2])
    found: dict[str, Value] = {"pooler.version": version or "none"}
    if "max_prepared_statements" in settings:
        return found | _number("pooler.max-prepared", settings["max_prepared_statements"])
    return found | ({"pooler.max-prepared": 0} if numbers < TRACKS_SINCE else {})


def _paused(channel: Channel, ours: Row, until: float) -> dict[str, Value]:
    """Whether this database, or (since 1.19, SHOW STATE) the whole pooler, is paused or suspended."""
    if ours.get("paused") not in ("0", None):
        return {"pooler.paused": "yes"}
    try:
        state = {row.get("key"): row.get("value") for row in query(channel, "SHOW STATE", until)}
    except QueryError:
        return {}
    return {"pooler.paused": "yes" if "yes" in (state.get("paused"), state.get("suspended")) else "no"}


def _user_known(channel: Channel, user: str, settings: dict[str, str], ours: Row, until: float) -> str:
    """Whether the pooler's list has the user. Where it may ask the server for users, its list does not decide."""
    names = {row.get("name") for row in query(channel, "SHOW USERS", until)}
    if user in names:
        return "yes"
    asks = settings.get("auth_user") or settings.get("auth_type") in ASKED_ELSEWHERE
    return "not-told" if asks or ours.get("auth_user") else "no"
