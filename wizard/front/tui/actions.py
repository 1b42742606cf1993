"""The one table of what a person can do: keys, footer and help are all made of it."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.front.tui.look import to_ascii
from wizard.named import NamedTuple


class Action(NamedTuple):
    """Something that a person can do on some screens."""

    name: str
    """The method `action_<name>` of the screen, or of the app after `app.`."""
    keys: str
    """Textual's names of the keys, separated by commas; the first is the one that is shown."""
    shown: str
    """The key as people know it."""
    label: str
    """One or two words for the footer."""
    help: str
    """One sentence for the help screen."""
    where: tuple[str, ...]
    """The screens and moments where it can be done."""


_WALK = ("running", "question", "finding")
_ON_THE_WAY = ("running", "question")
_EVERYWHERE = ("start", *_WALK)
_PAGES = ("list", "map", "help", "plain", "message")
_OVER = ("list", "map", "message")
_LISTS = "List what can be done now, and do it."
_DOUBT = "Overrule what a check found, where you know better: the walk goes on with your word."
_GIVING = ("running", "finding", "message")
_READING = ("finding", "help", "message")
_DRILL = ("drill", "mending", "solved")
ACTIONS: tuple[Action, ...] = (
    Action("choose", "", "1-9", "check", "Check the connection with that number.", ("start",)),
    Action("type", "slash,tab", "/", "paste", "Go to the field: another connection, an error, a log.", ("start",)),
    Action("symptom", "s", "s", "symptom", "Say what you see: it worked yesterday, only under load …", ("start",)),
    Action("resume", "r", "r", "resume", "Go on with the newest session that was not finished.", ("start",)),
    Action("earlier", "l", "l", "earlier", "List the earlier sessions, and open one.", ("start",)),
    Action("running", "a", "a", "running", "List running applications, and take the view of one.", ("start",)),
    Action("submit", "enter", "Enter", "check it", "Check the connection that stands in the field.", ("field",)),
    Action("leave", "escape", "Esc", "list", "Leave the field for the list and its keys.", ("field",)),
    Action("choose", "", "1-9", "answer", "Give the answer with that number.", ("question",)),
    Action("enter", "t", "t", "type it", "Type or paste the answer.", ("open",)),
    Action("unknown", "0", "0", "don't know", "Say that you do not know. The walk goes on without it.", ("question",)),
    Action("why", "w", "w", "why", "Show or hide why the question is asked.", ("question",)),
    Action("how", "h", "h", "how", "Show or hide how to find the answer.", ("question",)),
    Action("skip", "x", "x", "give up", "Stop waiting for this check and go on without it.", ("running",)),
    Action("more", "", "↓", "more", "Go on reading; the bar on the right shows how far.", _READING),
    Action("copy", "c", "c", "copy", "Send the marked command to the terminal's clipboard.", _GIVING),
    Action("open", "enter,space", "Enter", "open", "Open or close the marked part.", ("finding",)),
    Action("verify", "v", "v", "verify", "Run the whole walk again and compare: after a fix.", ("finding",)),
    Action("hand_over", "h", "h", "message", "Show a message for the team whose turn it is, to paste.", ("finding",)),
    Action("back", "b", "b", "back", "Go back to an earlier step, and answer or run it anew.", _WALK),
    Action("map", "m", "m", "map", "Show the map: what was passed, what is ruled out, what is possible.", _ON_THE_WAY),
    Action("overrule", "d", "d", "doubt", _DOUBT, _ON_THE_WAY),
    Action("export", "e", "e", "export", "Write the transcript to files: Markdown, web page, text, JSON.", _WALK),
    Action("plain", "p", "p", "plain", "Show the marked command alone, to be selected.", _GIVING),
    Action("file", "f", "f", "to file", "Write the marked command to a new file that only you can read.", _GIVING),
    Action("note", "n", "n", "note", "Write a remark into the session.", _WALK),
    Action("map", "m", "m", "map", "Show the map: what was passed, what is ruled out, what is possible.", ("finding",)),
    Action("overrule", "d", "d", "doubt", _DOUBT, ("finding",)),
    Action("practice", "p", "p", "practice", "Practise on a server here that misbehaves on purpose.", ("start",)),
    Action("app.interrupt", "", "Ctrl+C", "quit", "Leave at once.", ("field",)),
    Action("pick", "enter", "Enter", "choose", "Take the marked line.", ("start", "question", "list")),
    Action("pick", "enter,space", "Enter", "open/back", "Open a layer, or go back to the marked step.", ("map",)),
    Action("overrule", "d", "d", "doubt", _DOUBT, ("map",)),
    Action("close", "escape,q", "Esc", "close", "Close this and change nothing.", _PAGES),
    Action("keep", "enter", "Enter", "keep the note", "Write the note into the session.", ("note",)),
    Action("leave", "escape", "Esc", "no note", "Close without a note.", ("note",)),
    Action("keep", "enter", "Enter", "answer", "Give this answer.", ("typed",)),
    Action("leave", "escape", "Esc", "no answer", "Close without an answer; the question stays.", ("typed",)),
    Action("keep", "enter", "Enter", "name it", "Name this cause.", ("naming",)),
    Action("leave", "escape", "Esc", "back", "Close without naming one.", ("naming",)),
    Action("take", "enter", "Enter", "do it", "Do what is marked.", ("palette",)),
    Action("close", "escape,ctrl+p", "Esc", "close", "Close the list and do nothing.", ("palette",)),
    Action("take", "enter", "Enter", "practise", "Serve the marked one and walk against it.", ("scenarios",)),
    Action("close", "escape", "Esc", "close", "Close the list and do nothing.", ("scenarios",)),
    Action("choose", "", "1-9", "cause", "Name the cause with that number.", ("drill",)),
    Action("choose", "", "1-9", "fix", "Choose the fix with that number.", ("mending",)),
    Action("look", "l", "l", "look", "Run one check and see what it saw, without a verdict. It counts.", ("drill",)),
    Action("hint", "h", "h", "hint", "Show a hint. It counts.", ("drill",)),
    Action("name", "i", "i", "other", "Type the id of a cause that is not in the list.", ("drill",)),
    Action("back", "b", "b", "back", "Choose another cause.", ("mending",)),
    Action("another", "n,enter", "n", "another", "The next drill.", ("solved",)),
    Action("more", "", "↓", "more", "Go on reading; the bar on the right shows how far.", ("drill", "solved")),
    Action("give_up", "g", "g", "give up", "Show the solution; the drill counts as not solved.", ("drill", "mending")),
    Action("pick", "enter", "Enter", "choose", "Take the marked line.", ("drill", "mending")),
    Action("app.palette", "colon,ctrl+p", ":", "actions", _LISTS, _DRILL),
    Action("app.help", "question_mark,f1", "?", "help", "Show all keys.", _DRILL),
    Action("app.leave", "q", "q", "quit", "Leave. A drill that is not finished does not count.", _DRILL),
    Action("app.palette", "colon,ctrl+p", ":", "actions", _LISTS, (*_EVERYWHERE, *_OVER)),
    Action("app.palette", "ctrl+p", "Ctrl+P", "actions", _LISTS, ("field",)),
    Action("app.help", "f1", "F1", "help", "Show all keys, and what marks mean.", ("field",)),
    Action("app.help", "question_mark,f1", "?", "help", "Show all keys, and what marks mean.", (*_EVERYWHERE, *_OVER)),
    Action("app.leave", "q", "q", "quit", "Leave. `dbwizard resume` goes on from here; a practice ends.", _EVERYWHERE),
)  # fmt: skip
"""In the order in which the footer shows them."""

MOVES: tuple[tuple[str, str], ...] = (
    ("↑ ↓ or j k", "Mark the line or command above or below."),
    ("PgUp PgDn Home End", "Move through a long page."),
    ("Ctrl+C", "Leave at once, from everywhere."),
    ("Ctrl+L", "Draw the screen anew, when another program has written on it."),
    ("mouse", "Click marks a line, a second click opens it; the keys in the last line can be clicked."),
)
"""What works on every screen and needs no place in the footer."""


def at(where: str) -> Iterator[Action]:
    """The actions of a screen or moment, in the order of the table. `open` is a question that takes words."""
    places = {where, "question"} if where == "open" else {where}
    return (action for action in ACTIONS if places & set(action.where))


def keys(*places: str) -> list[tuple[str, str, str]]:
    """The bindings (keys, action, label) of a screen with these moments, each once."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for place in places:
        for action in at(place):
            if action.keys:
                found.setdefault((action.keys, action.name), (action.keys, action.name, action.label))
    return list(found.values())


def footer(where: str, width: int, *, plain_ascii: bool = False) -> list[Action]:
    """The actions that fit into a line of `width` cells; help and quit are never the ones left out."""
    actions = [action for action in at(where) if action.shown]
    if plain_ascii:
        actions = [action._replace(shown=to_ascii(action.shown)) for action in actions]
    last = [
        action
        for action in actions
        if action.name in ("app.help", "app.leave", "app.interrupt", "leave", "close")
    ]
    shown = list(actions)
    while shown and _wide(shown) > width:
        droppable = [action for action in shown if action not in last]
        if not droppable:
            break
        shown.remove(droppable[-1])
    return shown


def _wide(shown: list[Action]) -> int:
    """Cells that they take: one before the first, two before each other."""
    return sum(len(action.shown) + 1 + len(action.label) + 2 for action in shown) - 1
