"""What kind of file or text each configuration snippet of a page belongs to, so that its own program can load it."""

from __future__ import annotations

import re

COMMENT = re.compile(r"^\s*[#;]")
# The first that matches; each is looked for in the lines that are no comments, then in the whole text.
KINDS: tuple[tuple[str, str], ...] = (
    ("mysqld", r"^\[(?:mysqld|mariadbd?|server)\]"),
    ("mysql-client", r"^\[client"),
    ("systemd", r"^\[(?:Service|Unit|Login|Socket)\]"),
    ("pgbouncer", r"^\[(?:pgbouncer|databases)\]|pgbouncer\.ini"),
    ("pg-service", r"^\[\w+\]\nhost="),
    ("pg-ident", r"^(?!host|local)\w+ +\S+ +app$"),
    ("pg-hba", r"^(?:local|host\w*)\s+\S+\s+\S+"),
    ("json", r"^\{"),
    ("pgpass", r"^[^:\s]+:\d+:[^:]+:[^:]+:\S+$"),
    ("openrc", r"^start_pre\(\)"),
    ("dockerfile", r"^RUN "),
    ("go", r"^db\.Set\w+\("),
    ("zone", r"\sIN\s+A\s"),
    ("java-properties", r"^(?:spring\.|networkaddress\.|useServerPrepStmts)"),
    ("php-ini", r"^pdo_mysql\."),
    ("haproxy", r"^option \S+-check"),
    ("conninfo", r"^(?:host|user|target_session_attrs|keepalives)=[^\n]*$"),
    ("environment", r"^[A-Z][A-Z_]*=\S+"),
    ("python", r"^(?:pool_size|max_overflow|pool_timeout|CONN_MAX_AGE)\s*="),
    ("postgresql", r"^(?:hot_standby|port|restore_command|listen_addresses|max_connections)\s*="),
)


def kind_of(text: str, where: str) -> str:
    """The kind of a snippet; `words` for what has comments only or is read in a console, empty if unknown."""
    body = "\n".join(line for line in text.splitlines() if not COMMENT.match(line))
    if not body.strip() or where == "console":
        return "words"
    for kind, pattern in KINDS:
        if re.search(pattern, body, re.MULTILINE) or re.search(pattern, text, re.MULTILINE):
            return kind
    return ""
