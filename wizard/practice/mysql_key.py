"""The RSA key of a MySQL server, under which clients without TLS send a password (sha256_password, caching_sha2)."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_BITS = 2048


def public_key() -> bytes:
    """The public half, as servers send it."""
    public = _key().public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def password_of(secret: bytes, salt: bytes) -> bytes:
    """The password that a client sent under the key, mixed with the `salt` of the greeting; empty for what is none."""
    try:
        mixed = _key().decrypt(secret, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    except ValueError:
        return b""
    return bytes(byte ^ salt[at % len(salt)] for at, byte in enumerate(mixed)).removesuffix(b"\0")


@cache
def _key() -> rsa.RSAPrivateKey:
    """The key of this process's range; it is made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
