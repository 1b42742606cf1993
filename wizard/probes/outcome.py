"""The result of a login and the refusal of a query, the same for both protocols."""

from __future__ import annotations

from wizard.named import NamedTuple


class QueryError(Exception):
    """The server refused a query: its words, code (SQLSTATE or number) and DETAIL."""

    def __init__(self, text: str, code: str, detail: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.detail = detail


class LoginResult(NamedTuple):
    """What became of a login.

    `outcome` is ok, error (the server said why), error-pooler (a pooler in front of it did), error-behind (a pooler
    took the login and passed on what the server behind it says), error-proved (a wrong password, says a server that
    had confirmed it), password-missing, method-unsupported,
    channel-binding, closed, reset, timeout, garbage or tls-alert; `method` the authentication method or plugin
    that the server asked for.
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
    pooler: str = ""
    """`pgbouncer` or `other` where the one who answers cannot be the server itself."""
