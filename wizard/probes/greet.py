"""Who answers on the port: the database, another service, nobody, or a server that refuses before anything else."""

from __future__ import annotations

import select
from contextlib import suppress

from wizard.probes.base import Report, probe
from wizard.probes.channel import Channel, open_channel
from wizard.probes.network import patience
from wizard.runtime import Runtime
from wizard.target.model import Target
from wizard.wire import ProtocolError, printable, sniff

SECOND_WORD = 1.0
"""Seconds for a silent peer to answer an HTTP request, when it has not answered ours."""
FIRST_WORD = 1.0
"""Seconds after which a server that should have spoken first is asked whether it is somebody else."""
OTHERS = ("http", "ssh", "tls", "smtp", "redis", "mongodb")
TLS_FIRST = "a server that speaks TLS from the first byte"
_NAMES = {
    "http": "a web server",
    "ssh": "an SSH server",
    "tls": TLS_FIRST,
    "smtp": "a mail server",
    "redis": "Redis",
    "mongodb": "MongoDB",
    "mysql": "MySQL or MariaDB",
    "postgresql": "PostgreSQL",
}
PROVIDES = (
    "network.answer",
    "network.banner",
    "tls.offered",
    "engine",
    "server.version",
    "server.flavour",
    "error.text",
    "error.code",
    "error.detail",
    "error.phase",
)


@probe("network.greet", provides=PROVIDES, deadline=75.0)
def greet(target: Target, runtime: Runtime) -> Report:
    """The first words: PostgreSQL's answer to SSLRequest, MySQL's greeting, or whatever else speaks."""
    channel = runtime.channel
    if channel is None:
        return Report(trouble="there is no open connection to listen to")
    report = Report({"error.phase": "none"})
    until = runtime.until(patience(target, runtime))
    try:
        greet_on(channel, target, report, until if target.family != "mysql" else runtime.until(FIRST_WORD))
    except TimeoutError:
        _silence(channel, target, runtime, report)
        if target.family == "mysql" and report.facts["network.answer"] == "silence":
            _wait_longer(channel, target, report, until)
    except ProtocolError as error:
        # What calls itself our protocol and breaks it is no database either.
        _stranger(report, "unknown" if error.seen == target.family else error.seen, error.text)
    except OSError as error:
        report.facts["network.answer"] = "reset" if isinstance(error, ConnectionError) else "closed"
        report.quote("network", f"{channel.address}: {error.strerror or error}")
    if report.facts.get("network.answer") in ("closed", "reset") and target.family != "mysql":
        _hung_up(channel, runtime, report)
    if report.facts.get("network.answer") not in ("postgresql", "mysql"):
        runtime.close()
    report.summary = report.summary or f"answer: {report.facts.get('network.answer', 'unknown')}"
    return report


def greet_on(channel: Channel, target: Target, report: Report, until: float) -> None:
    """Hear the first words on `channel`. Raises OSError and ProtocolError."""
    if target.family == "mysql":
        _hear_mysql(channel, report, until)
    else:
        _ask_postgres(channel, target, report, until)


def _ask_postgres(channel: Channel, target: Target, report: Report, until: float) -> None:
    """SSLRequest where TLS is wanted. A server that must not be asked is known by its answer to the startup."""
    from wizard.wire import postgres

    if target.tls.negotiation == "direct":
        report.facts.update({"network.answer": "postgresql", "tls.offered": "yes"})
        return
    if target.tls.mode in ("disable", "allow") or target.is_socket:
        # Nothing to ask for: the login says who answers. A banner that is already there is looked at.
        if not select.select([channel.sock], [], [], 0.0)[0]:
            report.facts.update({"network.answer": "postgresql", "tls.offered": "not-asked"})
            return
    else:
        channel.send(postgres.ssl_request(), until)
    first = channel.receive(until)
    if first in (b"S", b"N"):
        offered = "yes" if first == b"S" else "no"
        report.facts.update({"network.answer": "postgresql", "tls.offered": offered})
        report.summary = "PostgreSQL answers" + ("" if offered == "yes" else ", without TLS")
    elif not first:
        report.facts["network.answer"] = "closed"
        report.quote("network", f"{channel.address}: the connection was closed without an answer")
    elif first[:1] == b"E" and sniff(first) in ("postgresql", "unknown"):
        _refusal(channel, report, first, until)
    else:
        _stranger(report, sniff(first), printable(first))


def _refusal(channel: Channel, report: Report, first: bytes, until: float) -> None:
    """An error in place of the answer: "could not fork", "too many clients" from old and overloaded servers."""
    from wizard.wire import postgres

    report.facts.update({"network.answer": "postgresql", "tls.offered": "not-asked"})
    channel.decoder.feed(first)
    try:
        channel.waiting.extend(channel.decoder)
        message = channel.message(until)
    except ProtocolError as error:
        if error.seen != "postgresql-old":
            raise
        channel.record.refused("")
        note_error(report, "network", error.text, "", "", "greeting")
        return
    if message is None:
        report.facts["network.answer"] = "closed"
        report.quote(
            "network", f"{channel.address}: the connection was closed in the middle of the first message"
        )
    elif message.type == b"E":
        fields = postgres.parse_error(message.payload)
        channel.record.refused(fields.code)
        note_error(
            report, "network", f"{fields.severity}:  {fields.message}", fields.code, fields.detail, "greeting"
        )


def note_error(report: Report, layer: str, text: str, code: str, detail: str, phase: str) -> None:
    """Keep what a server said as facts and as evidence, cleaned."""
    from wizard.redact import clean

    whole = text + (f"\nDETAIL:  {detail}" if detail else "")
    report.facts["error.text"] = clean(whole, limit=1000)
    report.facts["error.code"] = clean(code, limit=20) or "none"
    report.facts["error.phase"] = phase
    if detail:
        report.facts["error.detail"] = clean(detail, limit=400)
    report.quote(layer, whole, code)
    report.summary = clean(text, limit=160)


def _hear_mysql(channel: Channel, report: Report, until: float) -> None:
    from wizard.wire import mysql

    packet = channel.packet(until)
    if packet is None:
        report.facts["network.answer"] = "closed"
        report.quote("network", f"{channel.address}: the connection was closed without a word")
        return
    if packet.kind == "err":
        error = mysql.parse_error(packet.payload)
        channel.record.refused(str(error.number))
        report.facts.update({"network.answer": "mysql", "tls.offered": "not-asked"})
        note_error(
            report, "network", f"ERROR {error.number}: {error.message}", str(error.number), "", "greeting"
        )
        return
    said = channel.greeting = mysql.parse_greeting(packet.payload)
    flavour = "mariadb" if said.mariadb else "mysql"
    report.facts.update(
        {
            "network.answer": "mysql",
            "tls.offered": "yes" if said.tls else "no",
            # Most settings for MariaDB say mysql: from here on the pages have the commands of the server that answers.
            "engine": flavour,
            "server.version": said.version,
            "server.flavour": flavour,
        }
    )
    report.summary = f"{'MariaDB' if said.mariadb else 'MySQL'} {said.version} answers"


def _stranger(report: Report, seen: str, text: str) -> None:
    """Somebody else is there. The words of the service are kept as evidence."""
    word = {"postgresql-old": "postgresql"}.get(seen, seen)
    known = word in (*OTHERS, "mysql", "postgresql")
    report.facts["network.answer"] = word if known else "garbage"
    said = _NAMES.get(word, "something that is no database")
    if text and word not in ("mysql", "postgresql"):
        report.facts["network.banner"] = text
        said = f"{said}: {text}"
    report.quote("network", f"on this port answers {said}", word if known else "")
    report.summary = f"on this port answers {said}"


def _silence(channel: Channel, target: Target, runtime: Runtime, report: Report) -> None:
    """Nobody said a word. A web server waits for a request, and PostgreSQL for ours: ask, before calling it hung."""
    report.facts["network.answer"] = "silence"
    report.summary = "the connection opens, and then nobody answers"
    report.quote("network", f"{channel.address}: connected, and no answer to the first message")
    if target.family != "mysql":
        channel.drop()
    other = somebody_else(channel, target, runtime)
    if other is not None:
        _stranger(report, *other)


def _hung_up(channel: Channel, runtime: Runtime, report: Report) -> None:
    """Who ends the connection at our first word may wait for a TLS handshake, as a proxy that terminates TLS does."""
    if speaks_tls(channel, runtime):
        _stranger(report, "tls", "")


def speaks_tls(channel: Channel, runtime: Runtime) -> bool:
    """Whether a TLS handshake on a connection of its own is answered in TLS."""
    if channel.peer.is_socket:
        return False
    answer = _ask_again(channel, _client_hello(), runtime.until(SECOND_WORD))
    return sniff(answer or b"") == "tls"


def _client_hello() -> bytes:
    """The first message of a TLS handshake; the answer is only looked at, so nothing is verified."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def somebody_else(channel: Channel, target: Target, runtime: Runtime) -> tuple[str, str] | None:
    """(word, first line) of a service that only answers to its own protocol; None where nobody does."""
    from wizard.wire import postgres

    if channel.peer.is_socket:
        return None
    questions = [b"GET / HTTP/1.0\r\n\r\n"]
    if target.family == "mysql":
        questions.insert(0, postgres.ssl_request())
    hung_up = False
    for question in questions:
        answer = _ask_again(channel, question, runtime.until(SECOND_WORD))
        hung_up = hung_up or answer == b""
        word = "postgresql" if answer in (b"S", b"N") else sniff(answer or b"")
        if answer and word != target.family:
            return word, printable(answer)
    return ("tls", "") if hung_up and speaks_tls(channel, runtime) else None


def _wait_longer(channel: Channel, target: Target, report: Report, until: float) -> None:
    """A slow server of MySQL may still greet: wait out the time for it."""
    heard = Report({"error.phase": "none"})
    try:
        greet_on(channel, target, heard, until)
    except (OSError, ProtocolError):
        return
    report.facts, report.evidence, report.summary = heard.facts, heard.evidence, heard.summary


def _ask_again(channel: Channel, question: bytes, until: float) -> bytes | None:
    """The answer to one question on a connection of its own; empty when it was ended, None for silence."""
    try:
        second = open_channel(channel.peer, channel.address, until)
    except OSError:
        return None
    try:
        second.send(question, until)
        return second.receive(until)
    except ConnectionError:
        return b""
    except OSError:
        return None
    finally:
        second.close()
