"""What can be wrong with settings before anything is contacted: values that the driver itself refuses.

Only what a driver is known to refuse is called invalid.  libpq's rules are those of pqConnectOptions2 and
conninfo_uri_parse_params (src/interfaces/libpq/fe-connect.c); a parameter that libpq does not know is an
error there, while most other drivers pass or ignore it.
"""

from __future__ import annotations

import re

from wizard.core.lazyre import lazy
from wizard.target.draft import Draft, is_secret_key
from wizard.target.placeholders import has_token, lower, name_in
from wizard.target.spellings import (
    ASYNCPG_KEYWORDS,
    CASELESS,
    LIBPQ_DRIVERS,
    LIBPQ_NUMBERS,
    LIBPQ_PARAMETERS,
    LIBPQ_VALUES,
    MARIADB_SSL_MODES,
    MYSQL_SSL_MODES,
    PARAMETER_DRIVERS,
    PSYCOPG_KEYWORDS,
    REQUIRE_AUTH,
    SSL_MODES,
)

_OWN_KEYS = frozenset({"host", "hostaddr", "port", "user", "database", "socket", "service", "password"})
_NUMBER = lazy(r"\s*[+-]?\d+(\.\d+)?\s*")
_WEAK = ("disable", "allow", "prefer", "require", "verify-ca")
_JDBC_SERVER_TYPES = (
    *("any", "primary", "master", "slave", "secondary"),
    *("preferslave", "prefersecondary", "preferprimary"),
)
_MYSQL_MODES = {*MYSQL_SSL_MODES, *MARIADB_SSL_MODES, *SSL_MODES, "none", "verifyca", "verifyfull", "0", "1"}


def check_placeholders(draft: Draft, marks: tuple[str, ...]) -> None:
    """Report values that were never filled in, and put the marks back into what a person sees.

    A host or port that is a placeholder is dropped: there is nothing to connect to.
    """
    for key, (value, source) in list(draft.values.items()):
        shown = lower(value, marks)
        waits = name_in(shown, secret=False) if has_token(value) or not _is_free_text(key) else None
        if waits is None:
            continue
        detail = f"The {key} is still the placeholder {shown}: fill in its value."
        draft.problem("unexpanded", key, detail, source)
        draft.values.pop(key)
        if key not in ("host", "port"):
            draft.put(key, shown, source)
    if draft.password is not None:
        _check_password(draft, marks)


def _is_free_text(key: str) -> bool:
    """Whether a value of that key may hold braces or dollars with a meaning of its own."""
    return key in ("options", "application_name", "service") or key not in _OWN_KEYS


def _check_password(draft: Draft, marks: tuple[str, ...]) -> None:
    assert draft.password is not None, "callers ask first"
    raw = draft.password.reveal()
    shown = lower(raw, marks)
    if shown != raw:
        draft.password, source = None, draft.password_source
        draft.put_password(shown, source)
    if name_in(shown, secret=True) is not None:
        detail = "The password is still a placeholder: fill in the real one."
        draft.problem("unexpanded", "password", detail, draft.password_source)


def check_options(draft: Draft, family: str) -> None:
    """Report options that the driver refuses."""
    if family == "postgresql":
        if draft.driver in LIBPQ_DRIVERS or not draft.driver:
            _check_names(draft)
            _check_libpq_values(draft)
        elif draft.driver == "asyncpg" and draft.form == "url":
            _check_asyncpg(draft)
        elif draft.driver == "jdbc":
            _check_jdbc(draft)
        else:
            _check_libpq_values(draft, only=("target_session_attrs", "channel_binding"))
    elif family == "mysql":
        _check_mysql(draft)


def _refuse(draft: Draft, key: str, value: str, allowed: tuple[str, ...] | list[str]) -> None:
    import difflib

    near = difflib.get_close_matches(value.lower(), allowed, 1, 0.5)
    shown = (
        f"{key}={value}" if len(value) <= 30 and re.fullmatch(r"[\w.+-]*", value) else f"The value of {key}"
    )
    hint = f"; the nearest is {near[0]}" if near else ""
    draft.problem("invalid-option", key, f"{shown} is not accepted: use one of {', '.join(allowed)}{hint}.")


def _check_libpq_values(draft: Draft, only: tuple[str, ...] = tuple(LIBPQ_VALUES)) -> None:
    for key, value in list(draft.options()):
        if not value or has_token(value):
            continue
        if key in only and key in LIBPQ_VALUES:
            allowed = LIBPQ_VALUES[key]
            known = [each.lower() for each in allowed] if key in CASELESS else allowed
            if (value.lower() if key in CASELESS else value) not in known:
                _refuse(draft, key, value, allowed)
        elif key in LIBPQ_NUMBERS and not re.fullmatch(r"\s*[+-]?\d+\s*", value):
            draft.problem("invalid-option", key, f"{key} must be a whole number.")
        elif key == "require_auth":
            _check_require_auth(draft, value)
    if draft.driver in LIBPQ_DRIVERS or not draft.driver:
        _check_pairs(draft)


def _check_require_auth(draft: Draft, value: str) -> None:
    methods = [each.strip() for each in value.split(",")]
    unknown = [each.removeprefix("!") for each in methods if each.removeprefix("!") not in REQUIRE_AUTH]
    if unknown:
        _refuse(draft, "require_auth", unknown[0], REQUIRE_AUTH)
    elif len({each.startswith("!") for each in methods}) == 2:
        detail = (
            "require_auth cannot mix methods with ! and without: list either what is wanted or what is not."
        )
        draft.problem("invalid-option", "require_auth", detail)


def _check_pairs(draft: Draft) -> None:
    """Values that libpq refuses only in combination."""
    mode = draft.get("sslmode")
    if draft.get("sslrootcert") == "system" and mode in _WEAK:
        detail = f"sslmode={mode} may not be used with sslrootcert=system: use sslmode=verify-full."
        draft.problem("invalid-option", "sslmode", detail)
    if draft.get("sslnegotiation") == "direct" and (mode or "prefer") in _WEAK[:3]:
        detail = "sslnegotiation=direct needs sslmode=require, verify-ca or verify-full."
        draft.problem("invalid-option", "sslmode", detail)
    low, high = draft.get("ssl_min_protocol_version").lower(), draft.get("ssl_max_protocol_version").lower()
    if low and high and low > high:
        detail = "ssl_min_protocol_version is higher than ssl_max_protocol_version."
        draft.problem("invalid-option", "ssl_min_protocol_version", detail)


def _check_names(draft: Draft) -> None:
    for key, _ in list(draft.options()):
        known = LIBPQ_PARAMETERS | PSYCOPG_KEYWORDS | {"ssl"}
        if key in known or key in _OWN_KEYS or is_secret_key(key):
            continue
        if draft.form in ("url", "dsn", "service") or draft.source_of(key).startswith("--"):
            if key in PARAMETER_DRIVERS and draft.form == "url" and draft.driver not in LIBPQ_DRIVERS:
                continue
            import difflib

            near = difflib.get_close_matches(key.lower(), sorted(LIBPQ_PARAMETERS), 1, 0.6)
            hint = f": did you mean {near[0]}?" if near else ": remove it."
            draft.problem(
                "invalid-option", key, f"{key} is no connection parameter of PostgreSQL's libpq{hint}"
            )


def _check_asyncpg(draft: Draft) -> None:
    """SQLAlchemy hands every parameter to asyncpg.connect(), which refuses libpq's names."""
    for key, value in list(draft.options()):
        if key in LIBPQ_PARAMETERS and key not in ASYNCPG_KEYWORDS:
            hint = (
                f"write ssl={value}" if key == "sslmode" and value in SSL_MODES else "pass it in connect_args"
            )
            if key in ("application_name", "options"):
                hint = "pass it in server_settings of connect_args"
            draft.problem("invalid-option", key, f"asyncpg takes no {key} in an SQLAlchemy URL: {hint}.")
    if (word := draft.get("ssl")) and word not in SSL_MODES and word.lower() not in ("true", "false"):
        _refuse(draft, "ssl", word, SSL_MODES)


def _check_jdbc(draft: Draft) -> None:
    if (mode := draft.get("sslmode")) and mode.lower() not in SSL_MODES:
        _refuse(draft, "sslmode", mode, SSL_MODES)
    kind = draft.get("targetServerType")
    if kind and kind.lower() not in _JDBC_SERVER_TYPES:
        _refuse(draft, "targetServerType", kind, _JDBC_SERVER_TYPES)


def _check_mysql(draft: Draft) -> None:
    for key, value in list(draft.options()):
        if key.lower().replace("_", "-") in ("ssl-mode", "sslmode") and value:
            if value.lower() not in _MYSQL_MODES:
                allowed = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
                _refuse(draft, key, value, allowed)
        elif key in ("connect_timeout", "connectTimeout") and not _NUMBER.fullmatch(value):
            draft.problem("invalid-option", key, f"{key} must be a number.")
