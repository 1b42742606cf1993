"""What an access token in the password's place says of itself: of which cloud, until when, and for this target or not.

The token is read here and nowhere sent; no part of it that is secret becomes a fact.
"""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.named import TYPE_CHECKING
from wizard.target.model import Target
from wizard.target.readings import looks_like_token

if TYPE_CHECKING:
    from wizard.target.tokens import Token

PROVIDES = ("auth.token", "auth.token-expired", "auth.token-expiry", "auth.token-fits", "auth.token-unfit")
_RDS = (".rds.amazonaws.com", ".rds.amazonaws.com.cn")


def token_facts(target: Target) -> dict[str, Value]:
    """The facts about the password as a token; `auth.token` is none for an ordinary one."""
    text = target.password.reveal() if target.password else ""
    if not looks_like_token(text):
        return {"auth.token": "none"}
    import time

    from wizard.target.tokens import read_token

    token = read_token(text)
    if token is None:
        return {"auth.token": "none"}
    now = time.time()
    facts: dict[str, Value] = {"auth.token": token.kind, "auth.token-expired": "not-told"}
    if token.expires:
        facts["auth.token-expired"] = "yes" if token.expires <= now else "no"
        facts["auth.token-expiry"] = _moment(token.expires, now)
    facts["auth.token-fits"], unfit = _fits(token, target)
    if unfit:
        facts["auth.token-unfit"] = unfit
    return facts


def _moment(expires: float, now: float) -> str:
    """The time of expiry in UTC, and how far away it is."""
    import time

    minutes = int(abs(now - expires) // 60)
    span = (
        f"{minutes} min"
        if minutes < 120
        else f"{minutes // 60} h"
        if minutes < 2880
        else f"{minutes // 1440} days"
    )
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(expires))
    return f"{when}, {span} ago" if expires <= now else f"{when}, in {span}"


def _fits(token: Token, target: Target) -> tuple[str, str]:
    """(yes, no or not-told; what does not fit, as a clause)."""
    judge = {"aws-rds": _fits_rds, "entra": _fits_entra, "gcp": _fits_google}[token.kind]
    told, unfit = judge(token, target)
    return ("no" if unfit else "yes" if told else "not-told"), unfit


def _fits_rds(token: Token, target: Target) -> tuple[bool, str]:
    """A token counts for one endpoint and one user; a tunnel or an alias in front of the endpoint is no fault."""
    host = target.host.lower().rstrip(".")
    if token.user and token.user != target.user:
        return True, f"it was made for the user {token.user}"
    if token.host and not token.host.endswith(_RDS):
        return True, f"it was made for {token.host}, which is no endpoint of RDS"
    if not host.endswith(_RDS):
        return bool(token.user), ""
    if token.host != host:
        return True, f"it was made for the host {token.host}"
    if token.port and token.port != target.port:
        return True, f"it was made for port {token.port}"
    return True, ""


def _fits_entra(token: Token, target: Target) -> tuple[bool, str]:
    """The audience must be the database service; a group or a managed identity has a name that the token lacks."""
    from wizard.target.tokens import ENTRA_AUDIENCES

    if token.audience and token.audience not in ENTRA_AUDIENCES:
        return True, f"it was made for {token.audience} and not for Azure Database"
    if "@" in target.user and token.user and token.user.lower() != target.user.lower():
        return True, f"it was made for the user {token.user}"
    return bool(token.audience), ""


def _fits_google(token: Token, target: Target) -> tuple[bool, str]:
    """The user is the e-mail address, shortened for service accounts (PostgreSQL) or at the @ (MySQL)."""
    if not token.user:
        return False, ""
    names = {token.user, token.user.removesuffix(".gserviceaccount.com"), token.user.partition("@")[0]}
    return True, "" if target.user in names else f"it was made for the user {token.user}"
