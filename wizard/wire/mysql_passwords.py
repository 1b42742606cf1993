"""How MySQL's clients prove a password, or hide it under the server's key.

It must never do I/O or keep a password. Formulas: sql/auth/password.c, sha2_password.cc and sql-common/client.cc.
"""

from __future__ import annotations

from wizard.wire import ProtocolError, raw

SALT = 20
"""Bytes of the salt that a greeting or a switch to another plugin brings."""


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def native_password(password: str, salt: bytes) -> bytes:
    """mysql_native_password: SHA1(password) xor SHA1(salt + SHA1(SHA1(password))); empty for no password."""
    # hashlib loads the whole of OpenSSL, which takes longer than such a login.
    try:
        from _sha1 import sha1  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from hashlib import sha1

    if not password:
        return b""
    once = sha1(raw(password), usedforsecurity=False).digest()
    twice = sha1(once, usedforsecurity=False).digest()
    return _xor(once, sha1(salt + twice, usedforsecurity=False).digest())


def caching_sha2(password: str, salt: bytes) -> bytes:
    """caching_sha2_password's fast way: SHA256(password) xor SHA256(SHA256(SHA256(password)) + salt)."""
    import hashlib

    if not password:
        return b""
    once = hashlib.sha256(raw(password)).digest()
    return _xor(once, hashlib.sha256(hashlib.sha256(once).digest() + salt).digest())


def under_key(password: str, salt: bytes, key: bytes) -> bytes:
    """The password, mixed with the salt, under the server's RSA key (PEM).

    Raises ProtocolError for another key, for one that is too small, and for a salt that is too short.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        public = serialization.load_pem_public_key(key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProtocolError("the server sent a public key that cannot be read", seen="mysql") from error
    if not isinstance(public, rsa.RSAPublicKey):
        raise ProtocolError("the server sent a public key that is not RSA", seen="mysql")
    if len(salt) < SALT:
        raise ProtocolError("the server sent no whole salt", seen="mysql")
    text = raw(password) + b"\0"
    mixed = bytes(byte ^ salt[index % SALT] for index, byte in enumerate(text))
    scheme = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    try:
        return public.encrypt(mixed, scheme)
    except ValueError as error:
        raise ProtocolError("the server's public key is too small for the password", seen="mysql") from error
