"""What a privileged session of MySQL or MariaDB tells about one account, one database and one client. Only reads.

Passwords are never fetched, not even their hashes: the server itself says whether there is one.
"""

from __future__ import annotations

from collections.abc import Callable

from wizard.core.facts import Value
from wizard.core.quoting import sql_literal
from wizard.numerals import nearest
from wizard.probes.accounts import Account, Client, entry_for, host_fits, may_use
from wizard.probes.base import Report
from wizard.probes.database import Rows
from wizard.probes.outcome import QueryError
from wizard.redact import clean
from wizard.target.model import Target

Ask = Callable[[str], Rows]
MARIADB = """
SELECT User AS user, Host AS host, JSON_VALUE(Priv, '$.plugin') AS plugin,
 JSON_VALUE(Priv, '$.account_locked') IN ('1', 'true') AS locked,
 JSON_VALUE(Priv, '$.password_last_changed') = 0 AS expired, JSON_VALUE(Priv, '$.ssl_type') AS tls,
 coalesce(JSON_VALUE(Priv, '$.authentication_string'), '') <> '' AS password
FROM mysql.global_priv WHERE User IN ({user}, '') AND coalesce(JSON_VALUE(Priv, '$.is_role'), '0') NOT IN ('1', 'true')
"""
MYSQL = """
SELECT User AS user, Host AS host, plugin AS plugin, account_locked = 'Y' AS locked, password_expired = 'Y' AS expired,
 ssl_type AS tls, coalesce(authentication_string, '') <> '' AS password
FROM mysql.user WHERE User IN ({user}, '')
"""
DATABASES = "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA"
GLOBAL = "SELECT PRIVILEGE_TYPE AS name FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {grantee}"
PATTERNS = "SELECT DISTINCT Db AS name FROM mysql.db WHERE User = {user} AND Host = {host}"
TABLES = "SELECT DISTINCT Db AS name FROM mysql.tables_priv WHERE User = {user} AND Host = {host}"
MARIADB_ROLES = (
    "SELECT Role AS name, '' AS host FROM mysql.roles_mapping WHERE User = {user} AND Host = {host}"
)
MYSQL_ROLES = """
SELECT FROM_USER AS name, FROM_HOST AS host FROM mysql.role_edges WHERE TO_USER = {user} AND TO_HOST = {host}
"""
MOST_ROLES = 20
DATABASE_WIDE = (
    *(
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "DROP",
        "REFERENCES",
        "INDEX",
        "ALTER",
        "LOCK TABLES",
    ),
    *("CREATE TEMPORARY TABLES", "EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE"),
    *("EVENT", "TRIGGER"),
)
"""Privileges that, given for everything, open every database (DB_ACLS of sql_acl.h); PROCESS and the like do not."""
_TLS = {"1": "any", "ANY": "any", "2": "x509", "X509": "x509", "3": "specified", "SPECIFIED": "specified"}


def look(ask: Ask, target: Target, report: Report, client: Client) -> None:
    """Fill the report with `account.*` and the database's facts. Raises OSError and ProtocolError."""
    _database(ask, target, report)
    user = sql_literal(target.user, "mysql")
    try:
        rows = ask((MARIADB if client.mariadb else MYSQL).format(user=user))
    except QueryError as error:
        report.facts.update({"account.outcome": "not-visible", "account.user": "not-visible"})
        report.trouble = f"this session may not see the accounts: {clean(error.text, limit=160)}"
        return
    accounts = [_account(row) for row in rows]
    _tell(report, accounts, client)
    entry = entry_for(accounts, client)
    if entry is not None:
        told, role = _privilege(ask, entry, target.database, client.mariadb)
        report.facts.update({"account.database-privilege": told, "account.role": role})


def _account(row: dict[str, str | None]) -> Account:
    return Account(
        row.get("user") or "",
        row.get("host") or "",
        row.get("plugin") or "",
        row.get("locked") == "1",
        row.get("expired") == "1",
        _TLS.get(row.get("tls") or "", "none"),
        "set" if row.get("password") == "1" else "unset",
    )


def _tell(report: Report, accounts: list[Account], client: Client) -> None:
    own = [one for one in accounts if one.user == client.user]
    entry = entry_for(accounts, client)
    elsewhere = sorted({one.host or "%" for one in own if not host_fits(one.host, client)})
    facts: dict[str, Value] = {
        "account.outcome": "matched" if entry else "none",
        "account.user": "present" if own else "absent",
        "account.other-hosts": tuple(elsewhere) or ("none",),
    }
    report.facts.update(facts)
    if entry is None:
        report.quote("auth", f"no account of {client.user} fits a client at {client.host or client.ip}")
        return
    shadowed = entry.user == "" and client.user != ""
    report.facts.update(
        {
            "account.entry": entry.name,
            "account.host": entry.host or "%",
            "account.anonymous": "yes" if shadowed else "no",
            "account.locked": "yes" if entry.locked else "no",
            "account.expired": "yes" if entry.expired else "no",
            "account.plugin": entry.plugin or "mysql_native_password",
            "account.tls": entry.tls,
            "account.password": entry.password,
        }
    )
    report.quote("auth", f"the server takes the account {entry.name} for this client")


def _database(ask: Ask, target: Target, report: Report) -> None:
    if not target.database:
        report.facts.update({"inside.database": "not-asked", "database.nearest": "none"})
        return
    try:
        names = [row.get("name") or "" for row in ask(DATABASES)]
    except QueryError:
        report.facts.update({"inside.database": "not-visible", "database.nearest": "none"})
        return
    report.facts["inside.database"] = "present" if target.database in names else "absent"
    report.facts["database.nearest"] = nearest(target.database, names)


def _privilege(ask: Ask, entry: Account, database: str, mariadb: bool) -> tuple[str, str]:
    """(yes, no, by-role or not-visible; the role or none): whether the account, or a role of it, may use the database.

    A login makes only the default role active, so a role that would do may still not count.
    """
    words = {"grantee": sql_literal(entry.name, "mysql")}
    try:
        if any(row.get("name") in DATABASE_WIDE for row in ask(GLOBAL.format(**words))):
            return "yes", "none"
        if not database or _covers(ask, entry.user, entry.host, database):
            return "yes", "none"
        role = _role_that_may(ask, entry, database, MARIADB_ROLES if mariadb else MYSQL_ROLES)
    except QueryError:
        return "not-visible", "none"
    return ("by-role", role) if role else ("no", "none")


def _covers(ask: Ask, user: str, host: str, database: str) -> bool:
    """Whether anything was granted to the account or role itself on the database, or on a table of it."""
    words = {"user": sql_literal(user, "mysql"), "host": sql_literal(host, "mysql")}
    patterns = [row.get("name") or "" for row in ask(PATTERNS.format(**words))]
    return may_use(database, patterns) or database in [row.get("name") for row in ask(TABLES.format(**words))]


def _role_that_may(ask: Ask, entry: Account, database: str, question: str) -> str:
    """The first role of the account, directly or through another, with rights on the database; empty without one."""
    waiting, seen = [(entry.user, entry.host)], {(entry.user, entry.host)}
    while waiting and len(seen) <= MOST_ROLES:
        user, host = waiting.pop(0)
        rows = ask(question.format(user=sql_literal(user, "mysql"), host=sql_literal(host, "mysql")))
        for role in [(row.get("name") or "", row.get("host") or "") for row in rows]:
            if role in seen:
                continue
            if _covers(ask, *role, database):
                return clean(role[0], limit=120)
            seen.add(role)
            waiting.append(role)
    return ""
