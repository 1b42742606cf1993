"""The refused login once more, with what the password may have been before it was mangled on its way here.

Only texts that the settings hold are tried, at most two of them, and fewer where a refusal counts against the account:
a whole walk is refused three times at most, and twice where that may lock the account.
A password is never sent with less protection than the first time.
"""

from __future__ import annotations

from wizard.named import NamedTuple
from wizard.probes.base import Report, probe
from wizard.probes.dial import dial
from wizard.probes.login import LOGIN_BOUND, attempt
from wizard.probes.outcome import LoginResult
from wizard.runtime import Runtime
from wizard.target.model import HostPort, Target
from wizard.target.readings import Reading, readings
from wizard.wire import ProtocolError

MOST = 2
WRONG_PASSWORD = ("28P01", "28000", "1045")
"""Codes after which another password may still be right; any other refusal ends the attempts."""
COUNTED = ("password", "mysql_clear_password", "dialog", "authentication_ldap_simple")
"""Methods behind which often stands a directory (LDAP, PAM, RADIUS), which locks accounts after a few refusals."""


PROVED = ("scram-sha-256", "md5", "mysql_native_password")
"""Methods that prove a password and do not hand it over."""


ENOUGH = "the other readings of the password are not tried: a third refused login may lock the account"


class Place(NamedTuple):
    """Where the login that was refused took place."""

    peer: HostPort
    address: str


@probe(
    "auth.try-again",
    provides=("variant.outcome", "variant.form", "variant.source"),
    deadline=MOST * (LOGIN_BOUND + 3.0),
)
def try_again(target: Target, runtime: Runtime) -> Report:
    """Whether the server takes another reading of the password than the one that it refused."""
    left = readings(target)
    allowed = _allowed(runtime)
    if left and not allowed:
        return Report({"variant.outcome": "not-tried"}, trouble=ENOUGH)
    left = left[:allowed]
    if not left:
        return Report({"variant.outcome": "none-left"}, summary="there is no other reading of the password")
    place = _place(target, runtime)
    if place is None:
        return Report({"variant.outcome": "not-tried"}, trouble="where the login was refused is not known")
    report = Report(
        {"variant.outcome": "refused"}, summary="the other readings of the password are refused too"
    )
    for reading in left:
        result = _login(target._replace(password=reading.secret), runtime, place)
        report.quote(
            "auth", f"the same login with {_words(reading)}: {result.text or result.outcome}", result.code
        )
        if result.outcome == "ok":
            report.facts.update(
                {"variant.outcome": "works", "variant.form": reading.form, "variant.source": reading.source}
            )
            report.summary = f"the login works with {_words(reading)}"
            return report
        if result.code not in WRONG_PASSWORD:
            report.summary = f"with {_words(reading)}: {result.text or result.outcome}"
            break
    return report


def _allowed(runtime: Runtime) -> int:
    """How many further refusals do no harm.

    Oracle's MySQL may lock an account for days (FAILED_LOGIN_ATTEMPTS), a directory too, and Supabase bans addresses.
    """
    flavour, method = runtime.facts.text("server.flavour"), runtime.facts.text("auth.method")
    careful = flavour == "mysql" or method in COUNTED or runtime.facts.text("managed") == "supabase"
    # A resumed walk knows by its facts alone that it was refused, and that with TLS it was once more.
    known = 1 + (runtime.facts.text("retry.outcome") == "refused")
    return max(1 + (1 if careful else MOST) - max(known, runtime.footprint.refused_logins), 0)


def _place(target: Target, runtime: Runtime) -> Place | None:
    socket = runtime.facts.text("network.socket")
    if target.is_socket and socket is not None and target.hosts:
        return Place(target.hosts[0], socket)
    address = runtime.facts.text("network.address")
    if address is None or not target.hosts:
        return None
    index = next((index for index, one, _ in runtime.addresses if one == address), 0)
    return Place(target.hosts[min(index, len(target.hosts) - 1)], address)


def _login(target: Target, runtime: Runtime, place: Place) -> LoginResult:
    """One login, protected as the refused one was. Never raises."""
    # Whoever answers now must not be able to talk this login out of its encryption, or the password out of it.
    if runtime.facts.text("tls.outcome") == "ok" and target.tls.mode in ("allow", "prefer"):
        target = target._replace(tls=target.tls._replace(mode="require"))
    method = runtime.facts.text("auth.method")
    if method in PROVED and target.family == "postgresql":
        target = target._replace(options={**target.options, "require_auth": method})
    try:
        channel = dial(target, runtime, place.peer, place.address)
    except (OSError, ProtocolError) as error:
        return LoginResult("closed", text=f"no connection: {error}")
    channel.only_proof = method in PROVED
    result = attempt(channel, target, runtime)
    channel.close()
    return result


def _words(reading: Reading) -> str:
    return {
        "trimmed": "the password without the white space around it",
        "unquoted": "the password without the quotation marks around it",
        "decoded": "the password percent-decoded",
        "encoded": "the password as it stands in the URL, not decoded",
    }.get(reading.form, f"the password of {reading.source}")
