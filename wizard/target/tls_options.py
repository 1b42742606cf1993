"""Every driver's way to ask for TLS, brought to libpq's vocabulary.

Sources, by driver: libpq (fe-connect.c), asyncpg (connect_utils.py `_parse_connect_dsn_and_args`), pgjdbc
(SslMode.java: `ssl=true` alone means verify-full), node-postgres (pg-connection-string), PyMySQL
(connections.py), MySQL's `--ssl-mode`, Connector/J (PropertyDefinitions.SslMode), MariaDB Connector/J
(SslMode.java), go-sql-driver (dsn.go `tls`), Prisma (`sslaccept`), Rails (`ssl_mode`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.target.model import Tls, TlsMode
from wizard.target.spellings import MARIADB_SSL_MODES, MYSQL_SSL_MODES, SSL_MODES, TLS_VERSIONS

_TRUE = frozenset({"1", "true", "yes", "on", ""})
_FALSE = frozenset({"0", "false", "no", "off", "none"})
_ROOT = ("sslrootcert", "ssl_ca", "ssl-ca", "sslca", "sslrootca", "ssl_root_cert", "serversslcert", "ca")
_CERT = ("sslcert", "ssl_cert", "ssl-cert", "clientcertificate", "sslcertificate")
_KEY = ("sslkey", "ssl_key", "ssl-key", "clientkey")
_CRL = ("sslcrl", "ssl_crl", "ssl-crl", "sslcrldir")

_PLAIN_BY_DEFAULT = frozenset({"node-postgres", "go", "pg8000", "r2dbc"})
"""Drivers that do not try TLS unless they are told to."""


def tls_of(family: str, driver: str, options: Mapping[str, str]) -> Tls:
    """Bring the TLS options of a driver to one value.

    `options` are the options in force, defaults from the environment included.  Unknown words leave the
    driver's default: what is refused is told elsewhere.
    """
    given = {key.lower().replace("ssl_mode", "ssl-mode"): value for key, value in options.items()}
    if driver == "prisma" or "sslaccept" in given:
        given = _prisma_files(given)
    root = _first(given, _ROOT)
    mode = _stated_mode(family, driver, given, root)
    lowest, highest = _versions(given)
    return Tls(
        mode=mode or _default_mode(driver, root),
        root=root,
        cert=_first(given, _CERT),
        key=_first(given, _KEY),
        crl=_first(given, _CRL),
        min_version=_first(given, ("ssl_min_protocol_version", "tls_min_version")) or lowest,
        max_version=_first(given, ("ssl_max_protocol_version", "tls_max_version")) or highest,
        server_name=given.get("sslsni", "1") != "0",
        negotiation="direct" if given.get("sslnegotiation") == "direct" else "postgres",
        explicit=mode is not None or root is not None,
    )


def _first(given: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((given[name] for name in names if given.get(name)), None)


def _versions(given: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The lowest and highest of the versions that MySQL's clients list: `TLSv1.2,TLSv1.3`."""
    listed = _first(
        given, ("tlsversions", "enabledtlsprotocols", "tls-version", "tls_version", "tls_versions")
    )
    versions = sorted(word for word in re.split(r"[\s,\[\]'\"]+", listed or "") if word in TLS_VERSIONS)
    return (versions[0], versions[-1]) if versions else (None, None)


def _prisma_files(given: Mapping[str, str]) -> dict[str, str]:
    """Prisma's `sslcert` is the authority's certificate; the client's own comes as `sslidentity` (PKCS #12).

    Source: MysqlUrlQueryParams and PostgresUrlQueryParams of prisma-engines' quaint.
    """
    rest = {key: value for key, value in given.items() if key not in ("sslcert", "sslidentity")}
    if given.get("sslcert"):
        rest.setdefault("sslrootcert", given["sslcert"])
    return rest


def _default_mode(driver: str, root: str | None) -> TlsMode:
    if root == "system":
        return "verify-full"  # libpq: fe-connect.c, "sslrootcert=system"
    return "disable" if driver in _PLAIN_BY_DEFAULT else "prefer"


def _stated_mode(family: str, driver: str, given: Mapping[str, str], root: str | None) -> TlsMode | None:
    read = _mysql_mode if family == "mysql" else _postgres_mode
    word = read(driver, given, root)
    return next((mode for mode in SSL_MODES if mode == word), None)


def _postgres_mode(driver: str, given: Mapping[str, str], root: str | None) -> str | None:
    mode = (
        given.get("sslmode", "").lower().replace("verifyfull", "verify-full").replace("verifyca", "verify-ca")
    )
    if mode == "no-verify":
        return "require"
    if mode:
        return _node_mode(mode, given) if driver == "node-postgres" else _prisma_mode(mode, given)
    if "ssl" in given:
        return _postgres_ssl(driver, given, root)
    if "requiressl" in given:
        return "require" if given["requiressl"] == "1" else "prefer"
    if given.get("trustservercertificate", "").lower() == "true":
        return "require"
    return _prisma_mode("prefer", given) if "sslaccept" in given else None


def _node_mode(mode: str, given: Mapping[str, str]) -> str:
    """node-postgres takes prefer, require and verify-ca for verify-full unless told to follow libpq."""
    if given.get("uselibpqcompat") == "true" or mode in ("disable", "allow"):
        return mode
    return "verify-full"


def _prisma_mode(mode: str, given: Mapping[str, str]) -> str:
    """Prisma checks the certificate only with `sslaccept=strict`."""
    if given.get("sslaccept") == "strict" and mode in ("prefer", "require"):
        return "verify-full"
    return mode


def _postgres_ssl(driver: str, given: Mapping[str, str], root: str | None) -> str | None:
    word = given["ssl"].lower()
    if word in SSL_MODES:
        return word  # asyncpg takes the words of sslmode
    if word in _FALSE:
        return "disable"
    if word not in _TRUE and not word.startswith("{"):
        return None
    if driver == "jdbc":
        return "require" if "nonvalidating" in given.get("sslfactory", "").lower() else "verify-full"
    if driver == "node-postgres" or word.startswith("{"):
        return "require" if "false" in word else "verify-full"
    if driver == "asyncpg":
        return "verify-full"  # ssl=True is ssl.create_default_context()
    return "verify-ca" if root and driver == "pg8000" else "require"  # libpq: ssl=true is sslmode=require


def _mysql_mode(driver: str, given: Mapping[str, str], root: str | None) -> str | None:
    stated = next((given[key] for key in ("ssl-mode", "sslmode") if given.get(key)), "").lower()
    if stated:
        return _mode_word(stated)
    if "tls" in given:
        return _go_mode(given["tls"].lower())
    if given.get("ssl_disabled", "").lower() in _TRUE and "ssl_disabled" in given:
        return "disable"
    if any(given.get(key, "false").lower() in _TRUE for key in ("ssl_verify_identity", "ssl_check_hostname")):
        return "verify-full"
    if any(
        given.get(key, "false").lower() in _TRUE
        for key in ("ssl_verify_cert", "ssl-verify-server-cert", "verifyservercertificate")
    ):
        return "verify-full" if "ssl-verify-server-cert" in given else "verify-ca"
    return _mysql_switch(driver, given, root)


def _mode_word(word: str) -> str | None:
    return MYSQL_SSL_MODES.get(word) or MARIADB_SSL_MODES.get(word) or (word if word in SSL_MODES else None)


def _go_mode(word: str) -> str | None:
    known = {"true": "verify-full", "1": "verify-full", "false": "disable", "0": "disable"}
    known |= {"skip-verify": "require", "preferred": "prefer"}
    # Any other word names a configuration registered in the program; such ones carry an authority.
    return known.get(word, "verify-full" if word else None)


def _mysql_switch(driver: str, given: Mapping[str, str], root: str | None) -> str | None:
    """The older switches: useSSL, requireSSL, ssl=true, Prisma's sslaccept, or just a root file."""
    if "usessl" in given or "requiressl" in given:
        if given.get("usessl", "true").lower() in _FALSE:
            return "disable"
        return "require" if driver != "jdbc" or given.get("requiressl", "").lower() == "true" else "prefer"
    if "sslaccept" in given:
        return "verify-full" if given["sslaccept"] == "strict" else "require"
    if "ssl" in given:
        word = given["ssl"].lower()
        if word in _FALSE:
            return "disable"
        relaxed = '"rejectunauthorized":false' in word.replace(" ", "")
        return "verify-full" if word.startswith("{") and not relaxed else "require"
    return "verify-ca" if root else None
