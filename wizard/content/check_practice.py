"""The lint of practice scenarios: what is written can be served, and its causes, facts and questions exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wizard.content.check_listens import listeners
from wizard.content.check_scenarios import recorded_facts, replies
from wizard.content.known import Known
from wizard.content.problems import At, Lint, Source
from wizard.core.tree import ALL_LAYERS, HEALTHY, INCONCLUSIVE
from wizard.numerals import is_address
from wizard.practice.load import INHERITED
from wizard.practice.model import CLIENT_CERTIFICATES, DIFFICULTIES, ENGINES, NO_ADDRESS
from wizard.practice.sandbox import PLACEHOLDER

REQUIRED = ("name", "title", "engine", "layer", "difficulty", "symptom", "cause", "tells")
OPTIONAL = ("candidates", "story", "extends", *INHERITED)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RECORDING = ("facts", "evidence", "summary", "trouble", "real")
_TOLD = re.compile(r"\{host\}|alias [\w.-]+")
_MODE = re.compile(r"0?[0-7]{3}")


def practice(lint: Lint, source: Source, known: Known) -> None:
    """Each scenario of one file, and what it records of the plain host."""
    lint.keys(source, (), source.data, (), ("scenarios", "plain-host"))
    _recorded(lint, source, ("plain-host",), source.data.get("plain-host"), known)
    for at, entry in lint.items(source, ("scenarios",), source.data.get("scenarios")):
        one = lint.mapping(source, at, entry)
        lint.keys(source, at, one, REQUIRED, OPTIONAL)
        _words(lint, source, at, one, known)
        _cause(lint, source, at, one, known)
        ports = listeners(lint, source, (*at, "listens"), one["listens"]) if "listens" in one else 1
        _client(lint, source, at, one)
        _names(lint, source, at, one)
        replies(lint, source, (*at, "replies"), one.get("replies"), known)
        _recorded(lint, source, (*at, "recorded"), one.get("recorded"), known)
        if "extends" not in one:
            _placeholders(lint, source, at, one, ports)


def _words(lint: Lint, source: Source, at: At, one: dict[str, Any], known: Known) -> None:
    name = str(one.get("name", ""))
    if name and not _NAME.fullmatch(name):
        lint.say(source, (*at, "name"), f"'{name}' is no name: small letters, digits and dashes")
    other, number, _ = known.practice.get(name, (source, at[-1], ""))
    if (other is not source or number != at[-1]) and other.folder == source.folder:
        lint.say(source, (*at, "name"), f"the scenario '{name}' is also in {other.place((at[0], number))}")
    for key in ("title", "tells", "story", "log", "said"):
        if key in one:
            lint.text(source, (*at, key), one[key])
    if isinstance(one.get("symptom"), list):
        lint.texts(source, (*at, "symptom"), one["symptom"])
    elif "symptom" in one:
        lint.text(source, (*at, "symptom"), one["symptom"])
    for key, values, what in (
        ("engine", ENGINES, "an engine"),
        ("layer", ALL_LAYERS, "a layer"),
        ("difficulty", DIFFICULTIES, "a difficulty"),
    ):
        if key in one:
            lint.one_of(source, (*at, key), one[key], values, what)
    if "extends" in one:
        base, where = one["extends"], (*at, "extends")
        if (
            lint.one_of(source, where, base, known.practice, "a practice scenario")
            and known.practice[base][2]
        ):
            lint.say(source, where, f"'{base}' itself extends another; extend a scenario that is complete")


def _cause(lint: Lint, source: Source, at: At, one: dict[str, Any], known: Known) -> None:
    causes = {*known.causes, HEALTHY, INCONCLUSIVE}
    if "cause" in one:
        lint.one_of(source, (*at, "cause"), one["cause"], causes, "in the catalogue")
    if one.get("cause") == INCONCLUSIVE and not one.get("candidates"):
        lint.say(source, (*at, "cause"), "what is inconclusive needs the 'candidates' that are left")
    for where, cause in lint.texts(source, (*at, "candidates"), one.get("candidates")):
        lint.one_of(source, where, cause, known.causes, "in the catalogue")


def _client(lint: Lint, source: Source, at: At, one: dict[str, Any]) -> None:
    """The application's side: settings, files and a certificate."""
    for key in ("options", "environment"):
        lint.mapping(source, (*at, key), one.get(key))
    if "url" in one and not isinstance(one["url"], str):
        lint.say(source, (*at, "url"), "must be a text")
    if "url" in one and "options" in one:
        lint.say(source, (*at, "options"), "are of the range's own URL: write them into 'url'")
    for name, file in lint.mapping(source, (*at, "files"), one.get("files")).items():
        where = (*at, "files", name)
        if name.startswith("/") or ".." in name.split("/"):
            lint.say(source, where, "stays inside the sandbox: a name without '/' before it and '..' in it")
        if not isinstance(file, str):
            whole = lint.mapping(source, where, file)
            lint.keys(source, where, whole, ("text",), ("mode",))
            _mode(lint, source, where, whole)
    where = (*at, "client-certificate")
    certificate = lint.mapping(source, where, one.get("client-certificate"))
    lint.keys(source, where, certificate, (), ("kind", "mode"))
    _mode(lint, source, where, certificate)
    if "kind" in certificate:
        lint.one_of(
            source, (*where, "kind"), certificate["kind"], CLIENT_CERTIFICATES, "a kind of client certificate"
        )


def _mode(lint: Lint, source: Source, at: At, written: dict[str, Any]) -> None:
    if "mode" in written and not _MODE.fullmatch(str(written["mode"])):
        lint.say(source, (*at, "mode"), f"'{written['mode']}' is no mode as chmod takes it, such as 0644")


def _names(lint: Lint, source: Source, at: At, one: dict[str, Any]) -> None:
    """The nameservers, and the files of the resolver."""
    for key in ("hosts", "nsswitch"):
        if key in one:
            lint.text(source, (*at, key), one[key])
    written = one.get("dns")
    servers = lint.items(source, (*at, "dns"), written if isinstance(written, list) else [])
    for where, each in servers if isinstance(written, list) else [((*at, "dns"), written)]:
        server = lint.mapping(source, where, each)
        lint.keys(source, where, server, (), ("records", "otherwise", "search"))
        lint.texts(source, (*where, "search"), server.get("search"))
        if "otherwise" in server:
            lint.one_of(
                source, (*where, "otherwise"), server["otherwise"], NO_ADDRESS, "a word of a nameserver"
            )
        for name, record in lint.mapping(source, (*where, "records"), server.get("records")).items():
            for value in record if isinstance(record, list) else [record]:
                if value not in NO_ADDRESS and not _TOLD.fullmatch(str(value)) and not is_address(str(value)):
                    lint.say(
                        source,
                        (*where, "records", name),
                        f"'{value}' is no address, no 'alias NAME' and none of {', '.join(NO_ADDRESS)}",
                    )


def _recorded(lint: Lint, source: Source, at: At, written: Any, known: Known) -> None:
    for probe, recording in lint.mapping(source, at, written).items():
        where = (*at, probe)
        if not lint.one_of(source, where, probe, known.probes, "a probe"):
            continue
        one = lint.mapping(source, where, recording)
        lint.keys(source, where, one, (), _RECORDING)
        recorded_facts(lint, source, (*where, "facts"), probe, one.get("facts"), known)
        if "real" in one:
            lint.one_of(source, (*where, "real"), one["real"], ("yes", "no"), "yes or no")
        for place, said in lint.items(source, (*where, "evidence"), one.get("evidence")):
            quotation = lint.mapping(source, place, said)
            lint.keys(source, place, quotation, ("layer", "text"), ("code",))
            if "layer" in quotation:
                lint.one_of(source, (*place, "layer"), quotation["layer"], ALL_LAYERS, "a layer")


def _placeholders(lint: Lint, source: Source, at: At, one: dict[str, Any], ports: int) -> None:
    """A second port is named only where something listens on it."""
    for where, text in _texts(at, one):
        for found in PLACEHOLDER.finditer(text):
            wanted = found[1].removeprefix("port")
            if found[1].startswith("port") and wanted and int(wanted) > ports:
                lint.say(source, where, f"nothing listens on {{{found[1]}}}: 'listens' has {ports}")


def _texts(at: At, written: Any) -> Iterator[tuple[At, str]]:
    if isinstance(written, str):
        yield at, written
    elif isinstance(written, dict):
        for key, value in written.items():
            yield from _texts((*at, key), value)
    elif isinstance(written, list):
        for place, value in enumerate(written):
            yield from _texts((*at, str(place)), value)
