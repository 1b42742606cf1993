"""Conditions as somebody would say them: `the database is on this machine`. Nothing in here looks at facts."""

from __future__ import annotations

from wizard.core.conditions import All, Any_, Condition, Not, Test

_PHRASES: dict[tuple[str, str, tuple[str, ...]], str] = {
    ("managed", "=", ("none",)): "no provider manages the database",
    ("managed", "!", ("none",)): "a provider manages the database",
    ("server_access", "=", ("yes",)): "you can run commands on the database host",
    ("server_access", "=", ("no",)): "you cannot run commands on the database host",
    ("runtime", "=", ("host",)): "the application runs outside of containers",
    ("target.is-local", "=", ("true",)): "the database is on this machine",
    ("target.is-local", "=", ("false",)): "the database is on another machine",
    ("worked_before", "=", ("yes",)): "it worked before",
    ("worked_before", "=", ("never",)): "it never worked",
    ("others_connect", "=", ("yes",)): "others can connect",
    ("others_connect", "=", ("no",)): "nobody can connect",
    ("writes", "=", ("yes",)): "the application writes",
    ("writes", "=", ("no",)): "the application only reads",
    ("variant.form", "=", ("decoded",)): "the login works with the password percent-decoded",
    ("variant.form", "=", ("encoded",)): "the login works with the password as the URL writes it",
    ("variant.form", "=", ("trimmed",)): "the login works without the white space around the password",
    ("variant.form", "=", ("unquoted",)): "the login works without the quotation marks around the password",
    ("variant.form", "=", ("other-source",)): "the login works with the password of another source",
    ("auth.token", "!", ("none",)): "the password is an access token",
    ("auth.token-expired", "=", ("yes",)): "the password is an access token that has expired",
    ("auth.token-expired", "=", ("no",)): "it has not expired",
    ("auth.token-fits", "=", ("no",)): "the password is an access token for something else",
    ("compose.password", "=", ("same",)): "the Compose file gives the image this very password",
    ("compose.password", "=", ("differs",)): "the Compose file gives the image another password",
    ("compose.creates", "=", ("user",)): "the Compose file has the image create this user",
    ("compose.creates", "=", ("database",)): "the Compose file has the image create this database",
    ("compose.port-fits", "=", ("no",)): "the Compose file publishes another port",
    ("compose.services", "!", ("none",)): "there is a Compose file",
    ("compose.service", "!", ("none",)): "the Compose file defines this database",
    ("compose.service", "=", ("none",)): "the name is none of its services",
    ("compose.published-port", "!", ("none",)): "the Compose file publishes its port",
    ("compose.published-port", "=", ("none",)): "it publishes no port",
    ("dns.canonical", "!", ("none",)): "the name is an alias",
    ("dns.namespace", "!", ("none",)): "the search domains are those of Kubernetes",
    ("host.wsl", "=", ("yes",)): "this is the Windows Subsystem for Linux",
    ("managed.allow-list", "!", ("none",)): "the provider is known",
    ("managed.tls", "!", ("none",)): "the provider is known",
    ("managed.user-form", "!", ("none",)): "the provider is known",
    ("managed.cannot-change", "!", ("none",)): "the provider is known",
    ("managed.port-usual", "=", ("no",)): "the port is not usual at the provider",
    ("managed.ipv6-only", "=", ("yes",)): "the provider's names have IPv6 addresses only",
    ("runtime.evidence", "!", ("none",)): "it is known what told so",
    ("frequency", "=", ("intermittent",)): "it comes and goes",
    ("frequency", "=", ("under-load",)): "it fails under load",
    ("frequency", "=", ("always",)): "it fails every time",
    ("tls.offered", "=", ("yes",)): "the server offers TLS",
    ("tls.offered", "=", ("no",)): "the server offers no TLS",
    ("tls.offered", "!", ("no",)): "the server may offer TLS",
    ("error.text", "!", ("none",)): "there are words of the server",
    ("config.problem-detail", "!", ("none",)): "more is known",
    ("log.outcome", "=", ("read",)): "the server's log was read",
    ("log.outcome", "!", ("read",)): "the server's log was not read",
    ("inside.outcome", "=", ("ok",)): "a look inside the server was possible",
    ("inside.role", "=", ("absent",)): "there is no such role",
    ("inside.database", "=", ("absent",)): "there is no such database",
    ("inside.password-kind", "=", ("md5",)): "its password is stored as md5",
    ("error.code", "=", ("08P01",)): "PgBouncer itself said it",
    ("error.code", "!", ("08P01",)): "it was not PgBouncer that said it",
    ("network.answer", "=", ("tls",)): "the port speaks TLS from the first byte",
    ("network.answer", "!", ("tls",)): "the port does not speak TLS from the first byte",
    ("hba.outcome", "=", ("matched",)): "a line of pg_hba.conf fits this client",
    ("hba.outcome", "=", ("no-match",)): "no line of pg_hba.conf fits this client",
    ("hba.outcome", "=", ("file-error",)): "pg_hba.conf has an error",
    ("account.outcome", "=", ("matched",)): "the account that decides is known",
    ("account.outcome", "=", ("none",)): "no account fits this client",
    ("capacity.holders", "!", ("none",)): "the sessions could be counted",
    ("process.difference", "!", ("none",)): "the process has other values than the file",
}
"""Frequent conditions as somebody would say them."""
_TERMS = {
    "managed": "managed service",
    "server_access": "access to the database host",
    "worked_before": "worked before",
    "others_connect": "others connect",
    "host.os-family": "system",
    "host.service-manager": "service manager",
    "server.version-major": "server version",
    "target.is-local": "database on this machine",
    "target.is-socket": "connection by socket",
    "tls.offered": "TLS offered",
}


def describe(condition: Condition) -> str:
    """A condition in words: `system: debian or rhel`. Empty for one that always holds."""
    if isinstance(condition, Test):
        return _describe_test(condition)
    if isinstance(condition, Not):
        return f"not ({describe(condition.part)})"
    word = ", " if isinstance(condition, All) else "; or "
    texts = [f"({describe(part)})" if isinstance(part, Any_) else describe(part) for part in condition.parts]
    return word.join(text for text in texts if text)


def _describe_test(test: Test) -> str:
    phrase = _PHRASES.get((test.key, test.op, test.operands))
    if phrase is not None:
        return phrase
    term = _TERMS.get(test.key, test.key.replace(".", " ").replace("_", " "))
    operands = " or ".join(test.operands)
    return (
        f"{term}: {operands}"
        if test.op == "="
        else f"{term}: {'not' if test.op == '!' else test.op} {operands}"
    )
