"""The files of TLS on our side, and what they allow: roots, revocation lists, the client's certificate and key.

By libpq's rules where libpq is the driver. Reads files and contacts nobody.
"""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

from wizard.probes.tls import LIBPQ, VERIFYING
from wizard.runtime import Runtime
from wizard.target.model import Target

VERSIONS = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1.0": ssl.TLSVersion.TLSv1,
    "tlsv1.1": ssl.TLSVersion.TLSv1_1,
    "tlsv1.2": ssl.TLSVersion.TLSv1_2,
    "tlsv1.3": ssl.TLSVersion.TLSv1_3,
}


class FileTrouble(Exception):
    """A TLS file cannot be used. `word` is the value of the fact `tls.files`."""

    def __init__(self, word: str, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.word, self.path = word, path


def make_context(target: Target, runtime: Runtime) -> ssl.SSLContext:
    """The context that the settings ask for. Raises FileTrouble for a file that cannot be used."""
    settings = target.tls
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = VERSIONS.get(
        (settings.min_version or "tlsv1.2").lower(), ssl.TLSVersion.TLSv1_2
    )
    if settings.max_version and settings.max_version.lower() in VERSIONS:
        context.maximum_version = VERSIONS[settings.max_version.lower()]
    root = _root(target, runtime)
    # libpq: with `require` and a root file present, the chain is verified too, as with verify-ca.
    if settings.mode in VERIFYING or (settings.mode == "require" and root not in (None, "system")):
        _load_root(context, root, target)
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = settings.mode == "verify-full" and not target.is_socket
    _load_crl(context, target)
    _load_client(context, target, runtime)
    return context


def _root(target: Target, runtime: Runtime) -> str | None:
    if target.tls.root:
        return target.tls.root
    if target.family == "postgresql" and runtime.home is not None:
        default = runtime.home / ".postgresql" / "root.crt"
        # What cannot be looked at is not there, as for libpq; where the mode verifies, opening it says why.
        if os.path.isfile(default) or (
            target.tls.mode in VERIFYING and target.driver in ("", "psycopg", "psycopg2")
        ):
            return str(default)
    return None


def _load_root(context: ssl.SSLContext, root: str | None, target: Target) -> None:
    if root is None or root == "system":
        context.load_default_certs()
        return
    try:
        with open(root, "rb"):
            pass
    except OSError as error:
        word = "root-missing" if isinstance(error, FileNotFoundError) else "root-unreadable"
        raise FileTrouble(word, root, error.strerror or "cannot be read") from error
    try:
        context.load_verify_locations(root)
    except (ssl.SSLError, OSError) as error:
        raise FileTrouble("root-unreadable", root, "holds no certificate that can be read") from error


def _load_crl(context: ssl.SSLContext, target: Target) -> None:
    if target.tls.crl and os.path.isfile(target.tls.crl) and context.verify_mode == ssl.CERT_REQUIRED:
        try:
            context.load_verify_locations(target.tls.crl)
        except (ssl.SSLError, OSError) as error:
            raise FileTrouble(
                "crl-unreadable", target.tls.crl, "holds no revocation list that can be read"
            ) from error
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF


def _load_client(context: ssl.SSLContext, target: Target, runtime: Runtime) -> None:
    """The client's certificate and key, by libpq's rules (fe-secure-openssl.c, initialize_SSL)."""
    cert, key = target.tls.cert, target.tls.key
    if cert is None and target.family == "postgresql" and runtime.home is not None:
        default = runtime.home / ".postgresql" / "postgresql.crt"
        if not _is_there(default):
            return
        cert, key = str(default), key or str(runtime.home / ".postgresql" / "postgresql.key")
    if cert is None:
        return
    key = key or cert
    for path, word in ((cert, "cert-missing"), (key, "key-missing")):
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            unreadable = word.replace("missing", "unreadable")
            gone = isinstance(error, FileNotFoundError)
            raise FileTrouble(
                word if gone else unreadable, path, error.strerror or "cannot be read"
            ) from error
    _check_key_mode(key, target)
    try:
        # An encrypted key would otherwise prompt on the terminal.
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        mismatch = "MISMATCH" in (error.reason or "")
        why = (
            "does not belong to the certificate"
            if mismatch
            else "cannot be used (damaged, or it has a passphrase)"
        )
        raise FileTrouble("key-mismatch" if mismatch else "key-unusable", key, why) from error


def _is_there(path: Path) -> bool:
    """Whether the file is there; libpq goes on without one, but not where it may not look. Raises FileTrouble."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise FileTrouble("cert-unreadable", str(path), error.strerror or "cannot be looked at") from error


def _check_key_mode(key: str, target: Target) -> None:
    if target.family != "postgresql" or target.driver not in LIBPQ:
        return
    status = os.stat(key)
    allowed = 0o640 if status.st_uid == 0 else 0o600
    if status.st_mode & 0o777 & ~allowed & 0o077:
        raise FileTrouble("key-permissions", key, f"others may read it (mode {status.st_mode & 0o777:04o})")
