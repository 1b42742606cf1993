"""argparse as the program uses it: help, refusals, and no work that a command line does not need."""

from __future__ import annotations

import argparse

from wizard.errors import UsageError
from wizard.front.output import width
from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, NoReturn

# Its few words stay English, as all of ours are: to look for translations costs more than to read a command line.
setattr(argparse, "_", str)  # noqa: B010 - it is no declared name of the module


class Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as our other pages. Made for each option that is declared: argparse would load `shutil` for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=width() - 2)


class Parser(argparse.ArgumentParser):
    """argparse that says what is wrong in one sentence, and repeats no value that may be a password."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The options. Raises UsageError that names the unknown ones, without their values."""
        options, rest = self.parse_known_args(args, namespace)
        if rest:
            self.error(_unknown(rest))
        return options

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the sentence."""
        said = message.partition(": ignored explicit argument")
        raise UsageError(
            f"{said[0]}{' takes no value' if said[1] else ''} ({self.prog} --help shows what there is)"
        )


def _unknown(rest: list[str]) -> str:
    """What is wrong with the arguments that no option takes: `-psecret` is `-p`, a plain word is only counted."""
    written = [one for one in rest if one.startswith("-") and one != "-"]
    names = [one.partition("=")[0] if one.startswith("--") else one[:2] for one in written]
    if any(name.startswith(("--pass", "--pw", "-p")) for name in names):
        return "there is no option for a password: put it on standard input and say --password-stdin"
    if names:
        return f"unrecognized arguments: {' '.join(dict.fromkeys(names))}"
    return (
        f"{len(rest)} argument{'s' if len(rest) > 1 else ''} too many; one that has blanks in it needs quotes"
    )
