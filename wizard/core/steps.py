"""What a walk wants next: run a probe, ask a question, or nothing more."""

from __future__ import annotations

from wizard.named import NamedTuple


class Option(NamedTuple):
    """One answer to a question: the value that the fact gets, and the words on the screen."""

    value: str
    label: str


class Run(NamedTuple):
    """Run the probe `probe`. `says` is the sentence on the screen, `by_hand` the command that a person would run."""

    node: str
    probe: str
    layer: str
    says: str = ""
    by_hand: str = ""


class Ask(NamedTuple):
    """Ask a person for the fact `fact`: the question, why it is asked and how to find out."""

    node: str
    fact: str
    layer: str
    text: str
    options: tuple[Option, ...]
    why: str = ""
    how: str = ""
    default: str = ""
    kind: str = "choice"
    """choice (one of the options), number (without options) or text (an option, or what is typed)."""


class Finished(NamedTuple):
    """The walk is over at the finding `cause`; `also` are other causes that the evidence allows."""

    node: str
    cause: str
    also: tuple[str, ...] = ()


Step = Run | Ask | Finished
