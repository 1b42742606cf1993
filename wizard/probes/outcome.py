"""The result of a login as a value, the same for both protocols."""

from __future__ import annotations

from typing import NamedTuple


class LoginResult(NamedTuple):
    """What became of a login.

    `outcome` is ok, error (the server said why), password-missing, method-unsupported, channel-binding, closed,
    reset, timeout, garbage or tls-alert; `method` the authentication method or plugin that the server asked for.
    """

    outcome: str
    method: str = ""
    text: str = ""
    code: str = ""
    server_detail: str = ""
    hint: str = ""
    detail: str = ""
    version: str = ""
    flavour: str = ""
