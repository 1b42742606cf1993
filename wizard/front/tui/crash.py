"""What is shown when the program itself fails: enough for a report, and no value of any variable.

The usual traceback shows variables, and one of them may be a password.
"""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb


def without_values(error: BaseException | None) -> str:
    """The kind of an error and where it came from, without its text."""
    frames = extract_tb(error.__traceback__ if error else None)
    places = [f"  {Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    head = "dbwizard itself failed. This is a mistake of the program, please report it:"
    return "\n".join([head, *places, type(error).__name__])
