"""Access tokens of clouds that stand in a password's place: recognised by their form, read without any network.

Only what a token says in clear is read: for whom, for where and until when. No signature is checked and no token
is kept: what comes out holds none of its secret parts.
"""

from __future__ import annotations

from wizard.named import TYPE_CHECKING, NamedTuple
from wizard.target.readings import looks_like_token

if TYPE_CHECKING:
    from typing import Any


LONGEST = 16_384
"""Characters; the longest tokens known (Entra, with many groups) have a few thousand."""
ENTRA_AUDIENCES = (
    "https://ossrdbms-aad.database.windows.net",
    "https://ossrdbms-aad.database.usgovcloudapi.net",
    "https://ossrdbms-aad.database.chinacloudapi.cn",
    "123cd850-d9df-40bd-94d5-c9f07b7fa203",
)
"""Audiences of tokens for Azure Database; the last one is the id of that application (ossrdbms)."""
_ENTRA_ISSUERS = (
    "https://sts.windows.net/",
    "https://login.microsoftonline.",
    "https://sts.chinacloudapi.cn/",
)
_GOOGLE_ISSUERS = ("https://accounts.google.com", "accounts.google.com")


class Token(NamedTuple):
    """What a token says of itself. What it does not say is empty, or 0 for `expires`."""

    kind: str
    """aws-rds, entra or gcp."""
    expires: float = 0.0
    """Seconds since the epoch."""
    host: str = ""
    port: int = 0
    user: str = ""
    audience: str = ""


def read_token(text: str) -> Token | None:
    """The token that a password is, or None. Never raises."""
    if len(text) > LONGEST or not looks_like_token(text):
        return None
    if text.startswith("ya29."):
        return Token("gcp")
    return _jwt(text) if text.startswith("eyJ") else _rds(text)


def _rds(text: str) -> Token | None:
    """A presigned request: HOST:PORT/?Action=connect&DBUser=U&X-Amz-Date=20260102T030405Z&X-Amz-Expires=900…"""
    from urllib.parse import parse_qs

    place, mark, query = text.removeprefix("https://").partition("/?")
    if not mark:
        return None
    words = {key: values[0] for key, values in parse_qs(query, keep_blank_values=True).items()}
    host, _, port = place.rpartition(":")
    return Token(
        "aws-rds",
        _amz_expiry(words.get("X-Amz-Date", ""), words.get("X-Amz-Expires", "")),
        host.lower(),
        int(port) if port.isdecimal() and len(port) < 6 else 0,
        words.get("DBUser", ""),
    )


def _amz_expiry(date: str, lasts: str) -> float:
    from datetime import datetime, timezone

    if not lasts.isdecimal() or len(lasts) > 6:
        return 0.0  # a week, in seconds, is the longest that such a request may last
    try:
        made = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return 0.0
    return made.timestamp() + int(lasts)


def _jwt(text: str) -> Token | None:
    """A JSON web token of Microsoft Entra or Google; None for anybody else's."""
    claims = _claims(text)
    issuer = str(claims.get("iss", ""))
    audience = str(claims.get("aud", "")).rstrip("/")
    if issuer.startswith(_ENTRA_ISSUERS) or audience in ENTRA_AUDIENCES:
        user = claims.get("upn") or claims.get("unique_name") or claims.get("preferred_username") or ""
        return Token("entra", _seconds(claims.get("exp")), user=str(user), audience=audience)
    if issuer in _GOOGLE_ISSUERS:
        return Token("gcp", _seconds(claims.get("exp")), user=str(claims.get("email", "")))
    return None


def _claims(text: str) -> dict[str, Any]:
    """The middle part of a JSON web token; empty where it is none."""
    import base64
    import json

    parts = text.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) and 0 < value < 1e11 else 0.0
