"""What the workers tell the screen. Each message carries the number of the run that it belongs to.

A message of a run that was left (by going back, checking again, giving up) is dropped by whoever receives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from wizard.core.events import Event
    from wizard.core.walk import Walk
    from wizard.front.tui.conclusion import Conclusion
    from wizard.session import Session


class FromRun(Message):
    """Something that happened in the run `run`."""

    def __init__(self, run: int) -> None:
        super().__init__()
        self.run = run


class Opened(FromRun):
    """The content is loaded, the session and the walk can begin."""

    def __init__(self, run: int, walk: Walk, session: Session | None, trouble: str = "") -> None:
        super().__init__(run)
        self.walk = walk
        self.session = session
        self.trouble = trouble


class Reported(FromRun):
    """A probe came to its end: the event that the walk waits for."""

    def __init__(self, run: int, event: Event) -> None:
        super().__init__(run)
        self.event = event


class Concluded(FromRun):
    """The finished walk was judged and its pages are filled."""

    def __init__(self, run: int, conclusion: Conclusion) -> None:
        super().__init__(run)
        self.conclusion = conclusion


class Failed(FromRun):
    """The program itself could not go on: a broken tree, a file that cannot be read. `text` says which."""

    def __init__(self, run: int, text: str) -> None:
        super().__init__(run)
        self.text = text


class Said(Message):
    """A sentence for the person, whatever is on the screen: a path written, a disk that is full."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Changed(Message):
    """The course moved on: the screens draw themselves anew."""
