"""A session without the names that point at somebody: each name gets one replacement, the same wherever it stands.

What is replaced are the values that the walk met, before the document is made of them: the words of our own pages,
the verdict, ports, versions and times stay as they are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wizard.core import touched
from wizard.core.events import (
    Answered,
    Event,
    Evidence,
    Noted,
    ProbeFinished,
    Showed,
    Skipped,
    Stated,
    Touched,
)
from wizard.core.facts import Facts, Value
from wizard.core.lazyre import lazy
from wizard.core.tree import Tree
from wizard.core.walk import Walk
from wizard.names import HOST, SOCKET, Found, in_fact, in_footprint, in_target, in_text
from wizard.session import SavedWalk
from wizard.wordforms import spellings_of

_IPV4 = lazy(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")
_IPV6 = lazy(r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:(?:\.\d{1,3}){3})?(?![\w:])")
_BLOCKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
"""Addresses that belong to nobody: those for documentation, then those for measuring."""
_BLOCK6 = "2001:db8::/64"
_LONG = 6
"""From this length on a name is looked for in encodings too, and as a part of a word that underscores join."""
_SENTENCE_WORDS = (
    "a an and at by client connection database error failed fatal for from host in is login name no not of on or"
    " password port role select server service ssl the tls to user users with"
)
_SENTENCE = frozenset(_SENTENCE_WORDS.split())
"""Words of every sentence: as a name they are replaced only where a name stands."""
_UNTOUCHED = frozenset({"engine", "password", "port"})


class Replacer:
    """Takes names out of texts. Learn all of them first: no replacement may be a name that somebody has."""

    def __init__(self, names: Iterable[Found], texts: Iterable[str]) -> None:
        found: dict[str, str] = {}
        hosts: set[str] = set()
        for kind, name in names:
            # Of a host the case tells nothing; of a user or a database it does.
            known = kind == HOST and name.casefold() in hosts
            if not known and not _is_address(name):
                found.setdefault(name, kind)
                hosts.update((name.casefold(),) if kind == HOST else ())
        addresses = dict.fromkeys(one for text in texts for one in _addresses(text))
        taken = {name.casefold() for name in found} | set(addresses)
        self._addresses = dict(_spare(addresses, taken))
        forms = {
            old.replace(".", "-"): new.replace(".", "-") for old, new in self._addresses.items() if "." in old
        }
        for name, new in _numbered(found.items(), taken):
            for form in _forms(name):
                # A name of its own outranks the encoding or the first label of another.
                if form == name or form not in forms:
                    forms[form] = new
        folded = {
            fold(form): new for fold in (str.upper, str.lower, str.casefold) for form, new in forms.items()
        }
        self._forms = folded | forms
        self._pattern = _pattern(forms)

    def text(self, text: str) -> str:
        """The text with every name replaced."""
        if self._pattern is not None:
            text = self._pattern.sub(self._instead, text)
        return _IPV4.sub(self._address, _IPV6.sub(self._address, text))

    def _instead(self, match: re.Match[str]) -> str:
        written = (match[0], match[0].casefold(), match[0].lower(), match[0].upper())
        return next((self._forms[one] for one in written if one in self._forms), "name")

    def _address(self, match: re.Match[str]) -> str:
        parsed = _parsed(match[0])
        return self._addresses.get(str(parsed), match[0]) if parsed else match[0]

    def data(self, data: Any) -> Any:
        """A copy of JSON-like data; keys, and what is a word of ours by its key, stay."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Mapping):
            return {key: one if key in _UNTOUCHED else self.data(one) for key, one in data.items()}
        return [self.data(one) for one in data] if isinstance(data, (list, tuple)) else data


def replacer_for(header: Mapping[str, Any], walks: Iterable[SavedWalk]) -> Replacer:
    """What knows every name in a session: in what is known about its target, in its facts and in its texts."""
    saved = list(walks)
    target = header.get("target", {})
    names = list(in_target(target))
    host = str(header.get("environment", {}).get("host", ""))
    names += [(HOST, host)] if host and host != "localhost" else []
    texts = [str(target.get("source", "")), *map(str, target.get("options", {}).values())]
    spoken = list(texts)
    for walk in saved:
        for key, value in _facts_of(walk):
            names += in_fact(key, value)
        did = (event.did for event in walk.events if isinstance(event, Touched))
        names += [found for rows in did for found in in_footprint(rows)]
        spoken += [
            text
            for event in walk.events
            if not isinstance(event, (Showed, Touched))
            for text in _texts(event)
        ]
        texts += [text for event in walk.events for text in _texts(event)]
        texts += [str(value) for value in walk.facts.values()]
    # What a fact says is a host stays one, whatever a text makes of the same word.
    names += [found for text in spoken for found in in_text(text)]
    return Replacer(names, [*texts, *(str(one.get("host")) for one in (target, *target.get("hosts", ())))])


def _facts_of(walk: SavedWalk) -> Iterator[tuple[str, Value]]:
    yield from walk.facts.items()
    for event in walk.events:
        if isinstance(event, (ProbeFinished, Stated)):
            yield from event.facts.items()


def _texts(event: Event) -> Iterator[str]:
    """Every text of an event that somebody else may have written."""
    if isinstance(event, (ProbeFinished, Stated)):
        for value in event.facts.values():
            yield from value if isinstance(value, tuple) else (str(value),)
    if isinstance(event, ProbeFinished):
        yield from (one.text for one in event.evidence)
        yield from (event.summary, event.trouble)
    elif isinstance(event, Noted):
        yield event.text
    elif isinstance(event, Answered):
        yield event.value
    elif isinstance(event, Skipped):
        yield event.why
    elif isinstance(event, Showed):
        yield event.command
    elif isinstance(event, Touched):
        yield from touched.texts(event.did)


class Anonymous:
    """Makes walks and saved walks anonymous. The verdict of a walk is that of the original: nothing is judged anew."""

    def __init__(self, replacer: Replacer, tree: Tree) -> None:
        self.replacer = replacer
        self._tree = tree

    def header(self, header: Mapping[str, Any]) -> dict[str, Any]:
        """What is known about target and surroundings, without names; the system and the versions stay."""
        environment = header["environment"]
        host = self.replacer.text(str(environment.get("host", "")))
        return {"target": self.replacer.data(header["target"]), "environment": {**environment, "host": host}}

    def walk(self, walk: Walk) -> Walk:
        """The same walk without names."""
        text = self.replacer.text
        return walk._replace(
            facts=Facts({one.key: one._replace(value=self._value(one.key, one.value)) for one in walk.facts}),
            evidence=tuple(self._evidence(one) for one in walk.evidence),
            events=tuple(self._event(one) for one in walk.events),
            trail=tuple(
                one._replace(summary=text(one.summary), trouble=text(one.trouble), outcome=text(one.outcome))
                for one in walk.trail
            ),
        )

    def saved(self, saved: SavedWalk) -> SavedWalk:
        """The same saved walk without names."""
        facts = {key: self._value(key, value) for key, value in saved.facts.items()}
        return SavedWalk(facts, [self._event(event) for event in saved.events], saved.at)

    def _value(self, key: str, value: Value) -> Value:
        """The value of a fact: one that the tree declares is a word of ours."""
        spec = self._tree.specs.get(key)
        ours = spec.values if spec else ()
        if key.endswith((".cause", ".candidates", "version")) or (
            spec and spec.kind in ("flag", "number", "cause")
        ):
            return value
        if isinstance(value, tuple):
            return tuple(one if one in ours else self.replacer.text(one) for one in value)
        return self.replacer.text(value) if isinstance(value, str) and value not in ours else value

    def _evidence(self, one: Evidence) -> Evidence:
        return one._replace(text=self.replacer.text(one.text))

    def _event(self, event: Event) -> Event:
        text = self.replacer.text
        if isinstance(event, ProbeFinished):
            return event._replace(
                facts={key: self._value(key, value) for key, value in event.facts.items()},
                evidence=tuple(self._evidence(one) for one in event.evidence),
                summary=text(event.summary),
                trouble=text(event.trouble),
            )
        if isinstance(event, Stated):
            return event._replace(facts={key: self._value(key, value) for key, value in event.facts.items()})
        if isinstance(event, Answered):
            node = self._tree.nodes.get(event.node)
            question = self._tree.questions.get(node.question) if node else None
            ours = {option.value for option in question.options} if question else set()
            return event if event.value in ours else event._replace(value=text(event.value))
        if isinstance(event, Noted):
            return event._replace(text=text(event.text))
        if isinstance(event, Showed):
            return event._replace(command=text(event.command))
        if isinstance(event, Touched):
            return event._replace(did=touched.passed(event.did, text))
        return event._replace(why=text(event.why)) if isinstance(event, Skipped) else event


def _forms(name: str) -> Iterator[str]:
    """The ways in which a name is written; a short one is not looked for in encodings, where it would be anywhere."""
    yield name
    for form in spellings_of(name):
        if len(name) >= _LONG or not form.isalnum():
            yield form
    label = name.partition(".")[0]
    # `db-1` of `db-1.example.com` is the same host; `api` of `api.example.com` may be any word.
    if label != name and re.search(r"[\d-]", label) and len(label) > 2 and not label.isdigit():
        yield label


def _pattern(forms: Mapping[str, str]) -> re.Pattern[str] | None:
    """One pattern of all forms, the longest first."""
    ordered = sorted((form for form in forms if form), key=len, reverse=True)
    return re.compile("|".join(map(_placed, ordered)), re.IGNORECASE) if ordered else None


def _placed(form: str) -> str:
    """Where a form counts: as a word of its own, an everyday word only where a name stands."""
    escaped = re.escape(form)
    if form.casefold() in _SENTENCE or len(form) == 1 or form.isdigit():
        return rf"(?:(?<=[\"'`=/@])|(?<=://)|(?<=\s-[UuhdD]\s)){escaped}(?!\w)"
    word = r"[^\W_]" if len(form) >= _LONG else r"\w"
    # A letter before it may be the end of an escape: `%40name`, `\nname`.
    before = rf"(?:(?<!{word})|(?<=%[0-9A-Fa-f]{{2}})|(?<=\\[nrt]))" if re.match(r"\w", form) else ""
    after = rf"(?!{word})" if re.search(r"\w\Z", form) else ""
    return f"{before}{escaped}{after}"


def _numbered(names: Iterable[Found], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Each name with its replacement: `host-1`, `user-1` …, in the order in which they were met."""
    counts: dict[str, int] = {}
    for name, kind in names:
        while True:
            counts[kind] = counts.get(kind, 0) + 1
            new = f"{'/run/' if kind == SOCKET else ''}{kind}-{counts[kind]}"
            if new.casefold() not in taken:
                break
        yield name, new


def _spare(addresses: Iterable[str], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Each address with one that belongs to nobody."""
    spare4 = (str(one) for block in _BLOCKS for one in ipaddress.ip_network(block).hosts())
    spare6 = (str(one) for one in ipaddress.ip_network(_BLOCK6).hosts())
    for old in addresses:
        spare = spare6 if ":" in old else spare4
        yield old, next(one for one in spare if one not in taken)


def _addresses(text: str) -> Iterator[str]:
    for match in (*_IPV4.finditer(text), *_IPV6.finditer(text)):
        if (parsed := _parsed(match[0])) is not None:
            yield str(parsed)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, unless the text is none, or one that every machine has: loopback, `any`, or a mask."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mask = address.version == 4 and address.packed[0] >= 240
    return None if mask or address.is_loopback or address.is_unspecified else address


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
