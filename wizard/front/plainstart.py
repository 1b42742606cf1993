"""The start as plain lines: what was found, and the same ways to begin as on the start screen, one letter each.

It asks only where somebody sits at a terminal; `read` and `write` are those of the plain walk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from wizard.errors import WizardError
from wizard.exits import Exit
from wizard.front import application
from wizard.front.beginnings import Offers, about, scenarios, told, unfinished
from wizard.front.plainlines import Read, Write
from wizard.front.practicelist import words_of
from wizard.front.tui import actions
from wizard.front.tui.views import target as words
from wizard.front.words import to_ascii
from wizard.named import NamedTuple
from wizard.numerals import count
from wizard.target.model import Target

if TYPE_CHECKING:
    from wizard.core.tree import Symptom
    from wizard.front.pasted import Pasted
    from wizard.practice import Scenario
    from wizard.sessionlist import Entry

PATIENCE = 20
"""Lines that mean nothing before the start goes on by itself."""
DRILL = "drill"
"""What is typed for a scenario that is picked: no scenario is called so."""
NARROWED = "A word narrows the list (tls, hard, mysql …); 'drill' picks one, and you find the cause."
NOTHING = "No scenario has these words."
LETTERS = ("symptom", "resume", "earlier", "running", "practice")


class Begun(NamedTuple):
    """What a person began with: a target (None: what is usual) with answers, or work that takes the place of a walk."""

    target: Target | None = None
    answers: Mapping[str, str] = {}
    work: Callable[[], int] | None = None


class Start:
    """One conversation before a walk."""

    def __init__(
        self,
        targets: Sequence[Target],
        offers: Offers,
        parse: Callable[[str], Target],
        read_error: Callable[[str], Pasted | None],
        read: Read,
        write: Write,
    ) -> None:
        self.targets = targets
        self.offers = offers
        self.parse = parse
        self.read_error = read_error
        self.read = read
        self.write = write
        self.ascii = False
        self.symptom: Symptom | None = None
        self.error: Pasted | None = None
        self.sessions: Sequence[Entry] = offers.sessions()
        self.table = {
            action.keys: (action.name, action.help)
            for action in actions.at("start")
            if action.name in LETTERS
        }

    def run(self, *, ascii_only: bool = False) -> Begun:
        """Ask until there is something to begin with."""
        self.ascii = ascii_only
        self._say(self._found())
        try:
            for _ in range(PATIENCE):
                if (begun := self._understood(self.read(self._prompt()).strip())) is not None:
                    return begun
        except EOFError:
            pass
        return self._begun(None)

    def _found(self) -> str:
        """The connections that were found, and the letters."""
        rows = [
            "Connections that were found here:" if self.targets else "No connection settings were found here."
        ]
        for number, one in enumerate(self.targets, 1):
            rows += [f"{number:>3} {words.in_one_line(one)}", f"    {words.details(one)}"]
            told = words.shortcomings(one) or ["no host is given"]
            rows[-1] += "; looks complete" if words.complete(one) else f"; not complete: {told[0]}"
        newest = unfinished(self.sessions)
        for key, (name, sentence) in self.table.items():
            if name == "resume" and newest is not None:
                rows.append(f"  {key} Go on: {words.safe(about(newest))}")
            elif name not in ("resume", "earlier") or (name == "earlier" and self.sessions):
                rows.append(f"  {key} {sentence}")
        return "\n".join(rows)

    def _prompt(self) -> str:
        usual = "Enter checks the first, " if self.targets else "Enter goes on, "
        number = "A number, a" if self.targets else "A"
        return f"{number} letter, or paste a connection, an error or the path of a log ({usual}q leaves): "

    def _understood(self, said: str) -> Begun | None:
        """What a line begins with, or None where there is more to say."""
        if not said:
            return self._begun(None)
        if (number := count(said, 3)) is not None:
            return self._numbered(number)
        if said.lower() == "q":
            return Begun(work=lambda: int(Exit.INTERRUPTED))
        if said.lower() in self.table:
            work = getattr(self, f"_{self.table[said.lower()][0]}")()
            return None if work is None else Begun(work=work)
        try:
            if (error := self.read_error(said)) is None:
                return self._begun(self.parse(said))
        except WizardError as problem:
            self._say(words.safe(str(problem)))
            return None
        self.error = error
        self._say(f"The error says {words.safe(error.verdict)}.")
        if error.target is not None:
            return self._begun(error.target)
        self._say("It does not say which connection it is about: choose or paste that.")
        return None

    def _numbered(self, number: int) -> Begun | None:
        if 1 <= number <= len(self.targets):
            return self._begun(self.targets[number - 1])
        self._say("There is no connection with that number.")
        return None

    def _begun(self, target: Target | None) -> Begun:
        """The walk can begin, with everything that was said."""
        answers = self.symptom.answers if self.symptom else {}
        if self.error is not None:
            answers["app.text"] = self.error.words
        return Begun(target or next(iter(self.targets), None), answers)

    def _symptom(self) -> None:
        tree = self.offers.content.tree
        found = tuple(tree.symptoms.values())
        number = self._number([one.words for one in found])
        self.symptom = found[number - 1] if number else None
        if self.symptom is not None:
            self._say(told(self.symptom, self.offers.content.catalogue))

    def _resume(self) -> Callable[[], int] | None:
        newest = unfinished(self.sessions)
        if newest is None:
            self._say("No session is unfinished.")
            return None
        return self._opening(newest)

    def _earlier(self) -> Callable[[], int] | None:
        if not self.sessions:
            self._say("No session is saved yet: checking a connection begins one.")
            return None
        number = self._number([words.safe(about(one)) for one in self.sessions])
        return self._opening(self.sessions[number - 1]) if number else None

    def _opening(self, entry: Entry) -> Callable[[], int]:
        return lambda: self.offers.resume(entry.id)

    def _running(self) -> Callable[[], int] | None:
        pid = application.choose(self.read, self.write)
        return (lambda: application.take_view(pid)) if pid else None

    def _practice(self) -> Callable[[], int] | None:
        """Narrow the scenarios by words until one of them is named or numbered."""
        found = scenarios(self.offers.content)
        counts = Counter(one.layer for one in found)
        self._say("Practise what? " + ", ".join(f"{layer} ({many})" for layer, many in counts.items()))
        self._say(NARROWED)
        shown: list[Scenario] = []
        for _ in range(PATIENCE):
            said = self.read("A word, a name, a number, or Enter for none: ").strip().lower()
            number = count(said, 3) or 0
            if 1 <= number <= len(shown):
                said = shown[number - 1].name
            if said == DRILL or any(one.name == said for one in found):
                name = "" if said == DRILL else said
                return lambda: self.offers.practice(name)
            if not said:
                return None
            shown = [one for one in found if all(word in words_of(one) for word in said.split())]
            rows = [f"{one.layer}: {one.title} ({one.difficulty})" for one in shown]
            self._say("\n".join(f"{row:>3} {words}" for row, words in enumerate(rows, 1)) or NOTHING)
        return None

    def _number(self, rows: Sequence[str]) -> int:
        """The number of a row that a person chooses; 0 for none."""
        self._say("\n".join(f"{number:>3} {row}" for number, row in enumerate(rows, 1)))
        said = self.read(f"A number from 1 to {len(rows)}, or Enter for none: ").strip()
        number = count(said, 3) or 0
        return number if number <= len(rows) else 0

    def _say(self, text: str) -> None:
        self.write(f"{to_ascii(text) if self.ascii else text}\n")
