"""Reads any form in which an application states a connection.

The one entry is `parse_target`.  It never raises for bad content and never repeats a secret: what is wrong is
in `Target.problems`.  It opens only the files that libpq or MySQL's clients would open to complete the
settings (service file, password file, option file), and contacts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from wizard.core.lazyre import lazy
from wizard.target.draft import Draft
from wizard.target.model import Secret, Target
from wizard.target.placeholders import lift
from wizard.target.resolve import family_of, finish
from wizard.target.spellings import ENGINE_NAMES
from wizard.target.urls import is_url, read_hosts, read_url

_ASSIGNMENT = lazy(r"(?:export\s+|set\s+|-e\s+)?([A-Z][A-Z0-9_]+)\s*[=:]\s*(?=[\"']?[a-z][\w+.-]*:)")
_BARE = lazy(r"(?:\[[0-9A-Fa-f:.%\w]+\]|[\w.-]+)(?::[^@:/?#\s]*)?(?:,[\w.-]+(?::\d+)?)*\Z")
LONGEST_TEXT = 32_768
"""Characters of a connection, its password among them."""
_OVERRIDES: dict[str, str] = {
    "dbname": "database",
    "db": "database",
    "username": "user",
    "unix_socket": "socket",
}


def parse_target(
    text: str,
    *,
    engine: str | None = None,
    source: str = "command line",
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str],
    home: Path | None,
    password: Secret | None = None,
) -> Target:
    """Read a connection in any known form and complete it as its driver would.

    `text` may be empty when `overrides` (host, port, user, dbname, engine, sslmode …) say everything; they
    win over the text.  `engine` is what the caller was told; `password` wins over every other source.  The
    environment and the home directory are those to complete from.  Never raises for bad content.
    """
    draft = Draft(source)
    if password is not None:
        draft.put_password(password.reveal(), "--password-stdin")
    given = dict(overrides or {})
    told = ENGINE_NAMES.get((given.pop("engine", "") or engine or "").lower(), "")
    for key, value in given.items():
        draft.replace(_OVERRIDES.get(key, key), value, f"--{key}")
    if "database" in given and not given["database"]:
        draft.values.pop("database")
    if len(text) > LONGEST_TEXT:
        detail = f"The text is longer than {LONGEST_TEXT} characters, as no connection is: was a whole file put there?"
        draft.problem("malformed", "url", detail)
        text = ""
    lifted, marks = lift(text)
    stated = Draft(source)
    stated.password, stated.password_source = draft.password, draft.password_source
    read_text_form(_tidy(lifted, stated), stated, told)
    _merge(draft, stated)
    _settle_engine(draft, told)
    return finish(draft, environ, home, marks)


def read_text_form(text: str, draft: Draft, told: str = "") -> None:
    """Find out which form a text has and read it into the draft."""
    if not text:
        draft.form, draft.engine = "options", told
    elif re.fullmatch(r"zqmark\d+qz|\$[A-Z_][A-Z0-9_]*", text):
        draft.problem("unexpanded", "url", "The whole address is still a placeholder: fill in its value.")
        draft.form = "url"
    elif is_url(text) and not _is_jdbc(text):
        read_url(text, draft)
    else:
        _read_rarer_form(text, draft, told)


def _is_jdbc(text: str) -> bool:
    return text[:5].lower() == "jdbc:" or text[:6].lower() == "r2dbc:"


def _read_rarer_form(text: str, draft: Draft, told: str) -> None:
    """Read what is no URL; each reader is imported when its form may be there, to keep URLs quick."""
    if _is_jdbc(text):
        from wizard.target.jdbc import read_jdbc

        return read_jdbc(text, draft)
    if "=" in text:
        from wizard.target.dsn import looks_like_pairs, looks_like_semicolons, read_dsn, read_semicolons

        if looks_like_semicolons(text):
            draft.engine = told
            return read_semicolons(text, draft)
        if looks_like_pairs(text):
            return read_dsn(text, draft)
    if "/" in text:
        from wizard.target.go import looks_like_go, read_go

        if looks_like_go(text):
            return read_go(text, draft)
    return _read_bare(text, draft, told)


def _read_bare(text: str, draft: Draft, told: str) -> None:
    """`host`, `host:port`, a socket path; anything else is malformed and none of it is kept."""
    draft.form, draft.engine = "bare", told
    if text.startswith(("/", "@/")) and not re.search(r"\s|@.", text[1:]):
        draft.put("socket" if family_of(told) == "mysql" else "host", text)
        return
    if text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.]+", text):
        draft.put("host", text)
        return
    if not _BARE.match(text):
        detail = (
            "This is no known URL, connection string or host[:port]: begin with postgresql:// or mysql://."
        )
        draft.problem("malformed", "url", detail)
        return
    read_hosts(text, draft)
    port = draft.get("port")
    if not told:
        draft.engine = {"5432": "postgresql", "3306": "mysql", "6432": "postgresql"}.get(port, "")
    if not draft.engine:
        draft.problem(
            "malformed", "engine", "Which engine listens there is not said: add --engine or a URL scheme."
        )


def _tidy(text: str, draft: Draft) -> str:
    """Take off what was pasted along, and say so."""
    whole = text
    text = text.strip()
    if whole != text and whole.strip(" ") != text:
        draft.problem("malformed", "url", "The value begins or ends with a newline or tab: remove it.")
    elif whole != text and draft.source != "command line":
        draft.problem("malformed", "url", "The value begins or ends with white space: remove it.")
    if match := _ASSIGNMENT.match(text):
        draft.problem(
            "malformed",
            "url",
            f"The value begins with {match[1]}=, which is the name of the setting: remove it.",
        )
        text = text[match.end() :]
    if text[:1] in ("'", '"', "`", "“", "‘", "<") and len(text) > 1:
        draft.problem("malformed", "url", "Quotation marks are part of the value: remove them.")
        text = text.strip("'\"`“”‘’<>")
    elif text[-1:] in ('"', "`", "”") and "://" in text:
        draft.problem("malformed", "url", "The value ends with a quotation mark: remove it.")
        text = text.rstrip('"`”')
    if re.search(r"\s", text) and (is_url(text) or _is_jdbc(text)):
        draft.problem(
            "malformed", "url", "There is white space or a newline inside the URL: remove it, or write %20."
        )
        text = re.sub(r"[\r\n\t]+\s*", "", text)
    wrong = re.match(r"([a-z][a-z0-9+]*)(:\\\\|;//|//:|:;//|//)(?=\S)", text)
    if wrong and "://" not in text[: wrong.end()]:
        draft.problem("malformed", "url", f"After {wrong[1]} there must be :// with two forward slashes.")
        text = f"{wrong[1]}://{text[wrong.end() :]}"
    return text


def _merge(draft: Draft, stated: Draft) -> None:
    """Put what the text states below the overrides."""
    replaced = "host" in draft.values or "socket" in draft.values
    for key, (value, source) in stated.values.items():
        if replaced and key in ("host", "socket", "hostaddr"):
            continue
        draft.put(key, value, source)
    if stated.password is not None:
        draft.put_password(stated.password.reveal(), stated.password_source)
        draft.password_raw = stated.password_raw
    draft.form, draft.engine, draft.driver = stated.form, stated.engine, stated.driver
    draft.problems.extend(stated.problems)


def _settle_engine(draft: Draft, told: str) -> None:
    """Bring together what the text says and what the caller was told."""
    if told and draft.engine and family_of(told) != family_of(draft.engine):
        detail = (
            f"The address is one of {draft.engine}, but the engine is given as {told}: correct one of them."
        )
        draft.problem("driver-mismatch", "engine", detail)
    elif told:
        draft.engine = told
    if not draft.engine and (draft.values or draft.form == "options"):
        port = draft.get("port")
        guess = {"5432": "postgresql", "6432": "postgresql", "3306": "mysql"}.get(port, "")
        draft.engine = guess or ("mysql" if "socket" in draft.values else "")
