"""The login: what the server asks for, and what it says in the end.

Our own handshake, not a driver's: a driver flattens the refusal to a text and opens a connection of its own. Where
the server asks for a method that only a driver speaks, the driver is asked (`drivers.py`).
"""

from __future__ import annotations

from wizard.core.facts import Value
from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel
from wizard.probes.dial import dial
from wizard.probes.greet import OTHERS, TLS_FIRST, note_error, somebody_else, speaks_tls
from wizard.probes.network import patience
from wizard.probes.outcome import LoginResult
from wizard.redact import clean
from wizard.runtime import Runtime
from wizard.target.model import Target, TlsMode
from wizard.wire import ProtocolError

ALERT_WAIT = 1.0
"""Seconds to listen for the alert of a server that refuses the client's certificate."""
LOGIN_BOUND = 8.0
"""Seconds; PAM and LDAP behind a server can be slow, a hung server must not be."""
REFUSED_LOGIN = ("28000", "1045")
"""Codes of a refusal that another kind of encryption may turn (libpq tries so under `allow` and `prefer`)."""


RETRY = ("retry.outcome", "retry.code", "retry.text")
"""What became of the same login with TLS."""


@probe(
    "auth.login",
    provides=(
        "auth.outcome",
        "auth.method",
        "auth.plugin",
        "auth.detail",
        "network.answer",
        "network.banner",
        "server.version",
        "server.version-major",
        "server.flavour",
        "tls.alert",
        "pooler",
        "error.text",
        "error.code",
        "error.detail",
        "error.hint",
        "error.phase",
        *RETRY,
    ),
    deadline=LOGIN_BOUND + 8.0,
)
def login(target: Target, runtime: Runtime) -> Report:
    """Log in on the open connection; under `allow` and `prefer` once more with the other kind of encryption."""
    report = Report()
    if runtime.channel is None:
        report.trouble = "there is no open connection to log in on"
        return report
    result = _by_kerberos(runtime.channel, target, runtime) or attempt(runtime.channel, target, runtime)
    if result.outcome in ("tls-alert", "reset", "closed") and runtime.channel.tls:
        result = _with_alert(result, runtime.channel, target, runtime)
    elif result.outcome in ("reset", "closed") and not runtime.channel.record.received:
        result = _without_a_word(result, runtime.channel, runtime, report)
    if result.outcome == "method-unsupported" and result.detail:
        from wizard.probes import drivers

        asked, result = result, drivers.login(runtime.channel, target, runtime, result)
        report.quote("auth", asked.text)
        runtime.channel.logged_in = result.outcome == "ok"
    other = _other_way(result, runtime.channel, target)
    if other is not None:
        second = _second_attempt(runtime.channel, target, runtime, other)
        if other:
            report.facts.update(_retried(second))
        if second is not None and second.outcome == "ok":
            report.quote("auth", result.text, result.code)
            result = second
    _tell(result, report)
    if result.outcome != "ok":
        runtime.close()
    return report


def _by_kerberos(channel: Channel, target: Target, runtime: Runtime) -> LoginResult | None:
    """The login of `gssencmode=require`, by the driver; None where nobody asks for encryption by Kerberos."""
    if target.family != "postgresql" or target.options.get("gssencmode") != "require":
        return None
    from wizard.probes import drivers

    asked = LoginResult("error", "gssencmode", "gssencmode=require asks for encryption by Kerberos")
    result = drivers.login(channel, target, runtime, asked)
    channel.logged_in = result.outcome == "ok"
    return result


def attempt(channel: Channel, target: Target, runtime: Runtime) -> LoginResult:
    """One login, told as a value. Never raises."""
    try:
        if target.family == "mysql":
            from wizard.probes import login_mysql

            return login_mysql.login(channel, target, runtime.until(LOGIN_BOUND))
        from wizard.probes import login_postgres

        first = runtime.until(patience(target, runtime))
        return login_postgres.login(channel, target, runtime.until(LOGIN_BOUND), first)
    except TimeoutError:
        # Without TLS nobody has spoken yet: it may be a service that waits for its own protocol.
        other = None
        if not channel.tls and not channel.parameters:
            channel.drop()
            other = somebody_else(channel, target, runtime)
        if other is not None:
            return LoginResult("garbage", detail=other[0], text=f"on this port answers {other[1]}")
        waits = "other" if channel.proved else ""  # a server has nothing to wait for after the proof
        return LoginResult("timeout", text="no answer to the login", pooler=waits)
    except ProtocolError as error:
        return LoginResult("garbage", detail=error.seen, text=error.text or error.description)
    except OSError as error:
        return _broken_off(error)


def _broken_off(error: OSError) -> LoginResult:
    """The login that ended with the connection: by an alert of TLS, by a reset, or otherwise."""
    alert, words = _alert(error)
    if alert:
        return LoginResult("tls-alert", detail=alert, text=words)
    if isinstance(error, ConnectionError):
        return LoginResult("reset", text=error.strerror or "the connection was reset during the login")
    return LoginResult("closed", text=error.strerror or str(error))


def _alert(error: OSError) -> tuple[str, str]:
    """The neutral word and OpenSSL's own words for what TLS has raised; empty where it was something else."""
    import ssl

    if not isinstance(error, ssl.SSLError):
        return "", ""
    from wizard.probes.tlshandshake import words_of
    from wizard.wire.tls import classify

    return classify(error), words_of(error)


def _with_alert(result: LoginResult, channel: Channel, target: Target, runtime: Runtime) -> LoginResult:
    """The result with the alert that the server ended the connection with, if it can be heard.

    Under TLS 1.3 a server judges the client's certificate after the client's handshake is over. What the client
    sends meanwhile makes the kernel reset the connection, and the alert is lost: so listen once without a word.
    """
    if result.detail.startswith("alert-"):
        return result
    channel.drop()
    try:
        second = dial(target, runtime, channel.peer, channel.address)
    except (OSError, ProtocolError):
        return result
    try:
        second.receive(runtime.until(ALERT_WAIT))
    except OSError as error:
        alert, words = _alert(error)
        return LoginResult("tls-alert", result.method, words, detail=alert) if alert else result
    finally:
        second.close()
    return result


def _without_a_word(result: LoginResult, channel: Channel, runtime: Runtime, report: Report) -> LoginResult:
    """The result where the login was the first word, and the peer hung up on it: it may wait for TLS."""
    report.facts["network.answer"] = result.outcome
    channel.drop()
    if not speaks_tls(channel, runtime):
        return result
    return LoginResult("garbage", detail="tls", text=f"on this port answers {TLS_FIRST}")


def _other_way(result: LoginResult, channel: Channel, target: Target) -> bool | None:
    """Whether the driver would now try with TLS (True), without (False), or not again (None)."""
    if result.code not in REFUSED_LOGIN or target.is_socket or target.family == "mysql":
        return None
    if target.tls.mode == "allow" and not channel.tls:
        return True
    if target.tls.mode == "prefer" and channel.tls:
        return False
    return None


def _second_attempt(channel: Channel, target: Target, runtime: Runtime, tls: bool) -> LoginResult | None:
    mode: TlsMode = "require" if tls else "disable"
    other = target._replace(tls=target.tls._replace(mode=mode))
    channel.drop()  # a server that is short of slots may have no second one
    try:
        opened = dial(other, runtime, channel.peer, channel.address)
    except (OSError, ProtocolError):
        return None
    result = attempt(opened, other, runtime)
    if result.outcome == "ok":
        runtime.channel = opened
    else:
        opened.close()
    return result


@probe("auth.retry-tls", provides=RETRY, deadline=LOGIN_BOUND + 4.0)
def retry_tls(target: Target, runtime: Runtime) -> Report:
    """The refused login once more with TLS: does the server only take encrypted logins of this account?"""
    known = {key: runtime.facts.text(key) for key in RETRY}
    if known["retry.outcome"] is not None:  # under `allow` the login itself has tried it
        return Report({key: value for key, value in known.items() if value is not None})
    address = runtime.facts.text("network.address")
    if target.is_socket or address is None:
        return Report({"retry.outcome": "not-applicable"})
    other = target._replace(tls=target.tls._replace(mode="require", cert=None, key=None))
    peer = next((host for host in target.hosts), None)
    try:
        channel = dial(other, runtime, peer or target.hosts[0], address)
    except (OSError, ProtocolError):
        return Report(_retried(None), summary="a login with TLS cannot be tried")
    result = attempt(channel, other, runtime)
    channel.close()
    facts = _retried(result)
    outcome = facts["retry.outcome"]
    report = Report(facts, summary=f"the same login with TLS: {outcome}")
    report.quote("auth", f"the same login with TLS: {result.text or outcome}", result.code)
    return report


def _retried(result: LoginResult | None) -> dict[str, Value]:
    """The facts about the login with TLS; None where none could be tried."""
    if result is None:
        return {"retry.outcome": "no-tls"}
    refused = result.outcome.startswith("error")
    facts: dict[str, Value] = {"retry.outcome": "refused" if refused else result.outcome}
    facts["retry.code"] = result.code or "none"
    if refused:
        facts["retry.text"] = clean(result.text, limit=1000)
    return facts


def _tell(result: LoginResult, report: Report) -> None:
    facts: dict[str, Value] = {"auth.outcome": result.outcome, "auth.method": result.method or "none-asked"}
    facts["auth.plugin"] = result.method or "none-asked"
    if result.detail:
        facts["auth.detail"] = result.detail
    if result.version:
        facts["server.version"] = result.version
        facts["server.version-major"] = major(result.version)
        facts["server.flavour"] = result.flavour
    if result.outcome == "tls-alert":
        facts["tls.alert"] = result.detail
    if result.outcome == "garbage":
        facts["network.answer"] = result.detail if result.detail in (*OTHERS, "mysql") else "garbage"
    if result.pooler:
        facts["pooler"] = result.pooler
    report.facts.update(facts)
    if result.outcome.startswith("error"):
        note_error(report, "auth", result.text, result.code, result.server_detail, "login")
        if result.hint:
            report.facts["error.hint"] = result.hint
    elif result.text:
        report.quote("auth", result.text, result.code)
        report.summary = result.text
    if result.outcome == "ok":
        report.summary = f"logged in ({result.method or 'no password asked'})"


def major(version: str) -> str:
    """The major version: 15.7 -> 15, 9.6.24 -> 9.6, 10.11.6-MariaDB -> 10.11, 8.0.36 -> 8.0."""
    parts = version.split("-")[0].split(" ")[0].split(".")
    whole = parts[0] if parts[0].isdigit() else ""
    if whole and int(whole) >= 10 and "MariaDB" not in version:
        return whole
    return ".".join(parts[:2])
