"""Of a pattern that leaves open what became of letters: the pieces of text, one of which is in whatever it finds.

A wording in a language with accents is full of small gaps, and there are many of them. A scan for all of these would be
slow, one for the longest piece without a gap in each is not. Blanks, quotes and backslashes do not count, as there.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.core.lazyre import lazy

LEAST = 6
"""Bytes of a piece that is worth looking for."""
_TOKEN = lazy(
    r"(?P<open>\((?:\?:|\?P<\w+>)?)|(?P<close>\))|(?P<bar>\|)|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)|"
    r"(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<uncounted> |\"|\\[\"\\ ])|(?P<escape>\\.)|(?P<char>[^.^$])|(?P<gap>.)"
)
_KNOWN = lazy(r"\\([^\w\s])")
Tokens = Iterator[tuple[str, str]]


def literals(pattern: str) -> list[str]:
    """Pieces of which one is in every text that the pattern finds; none where there are no such pieces."""
    return _alternatives((token.lastgroup or "", token.group()) for token in _TOKEN.finditer(pattern))


def _alternatives(tokens: Tokens) -> list[str]:
    """The pieces for what stands between here and the end of the group: those of each alternative."""
    found: list[list[str]] = []
    choices: list[list[str]] = []
    run = ""
    for kind, text in tokens:
        known = _KNOWN.fullmatch(text)
        if kind == "char" or known:
            run += known[1] if known else text
            continue
        if kind == "uncounted":
            continue
        # What is repeated or may be left out is a gap, with the character before it.
        choices.append([run[:-1] if kind == "repeat" else run])
        run = ""
        if kind == "open":
            choices.append(_alternatives(tokens))
        elif kind in ("class", "escape", "gap"):
            choices.append([])
        elif kind == "repeat" and len(choices) > 1 and not choices[-1][0]:
            del choices[-2:]
        elif kind in ("bar", "close"):
            found.append(_best(choices))
            choices = []
            if kind == "close":
                break
    else:
        found.append(_best([*choices, [run]]))
    return [one for best in found for one in best] if all(found) else []


def _best(choices: list[list[str]]) -> list[str]:
    """The choice whose shortest piece is the longest."""
    return max((one for one in choices if _shortest(one) >= LEAST), key=_shortest, default=[])


def _shortest(choice: list[str]) -> int:
    return min((len(one.encode()) for one in choice), default=0)
