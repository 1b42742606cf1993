"""Error texts and logs, through `explain` as a person or a script reads it: whole, as a stream, as a sum.

The first byte says how it is printed and read; the rest is the text.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from pathlib import Path

import yaml

from tests.fuzz.surface import CANARY, Surface
from tests.fuzz.surfaces.files import scratch
from wizard.content.load import Content, open_content
from wizard.explain import explain
from wizard.front import explaincmd
from wizard.front.explained import Choice, Printer
from wizard.logs.unpack import Broken, unpacked

CORPUS = Path(__file__).parents[2] / "corpus"
KINDS = 6
URL = f"postgresql://app:{CANARY}@db.example:5432/shop".encode()
_LOGIN = re.compile(
    rb"(?:(?:postgres|mysql|mariadb)[\w+:]*:)//app:[^@\n]{0,80}@|//app:[ \t]*[^\s\"'<>@]{0,80}@"
    rb"|(?P<set>[\"'\w]password(?P<mark>\\{0,3}\"):(?P=mark))[^\"\\\n]{0,80}(?P=mark)",
    re.IGNORECASE,
)
"""A login: a blank ends it, as it ends every URL, but where the scheme says that it is a database's. Or a setting."""
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
OF_A_LOG = (
    b'2026-11-20 14:05:01.123 UTC [4711] app@shop FATAL:  password authentication failed for user "app"\n',
    b"2026-11-20T14:05:02Z 12 [Warning] Access denied for user 'app'@'192.0.2.7' (using password: YES)\n",
    b"sqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection to "
    + URL
    + b" failed: Connection refused\n",
    b'{"level":"error","time":"2026-11-20T14:05:03Z","msg":"dial tcp: lookup db.example: no such host","url":"'
    + URL
    + b'"}\n',
    b'{"log":"{\\"level\\":\\"error\\",\\"user\\":\\"app\\",\\"password\\":\\"'
    + CANARY.encode()
    + b'\\",\\"msg\\":\\"no such host\\"}\\n","stream":"stderr","time":"2026-11-20T14:05:04.000000001Z"}\n',
    b'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\nDETAIL:  x\n',
    b"Caused by: java.net.ConnectException: Connection refused\n",
    b"\tat com.example.Main(Main.java:12)\n\t... 12 more\n",
)


@cache
def content() -> Content:
    """The content of the installation."""
    return open_content()


@cache
def _texts() -> tuple[bytes, ...]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = []
    for path in sorted(CORPUS.glob("*.yaml"))[::2]:
        found += [str(one["text"]) for one in yaml.load(path.read_bytes(), loader)[::7]]
    for path in content().files("messages"):
        rules = yaml.load(path.read_bytes(), loader).get("rules", ())
        found += [str(example) for rule in rules[::9] for example in rule.get("examples", ())]
    return tuple(text.encode() for text in found)


def seeds() -> list[bytes]:
    """Reported texts, the rules' own examples, and lines of logs with a URL in them."""
    packed = [pack(b"".join(OF_A_LOG)) for pack in (gzip.compress, bz2.compress, lzma.compress)]
    said = [*OF_A_LOG, *packed, b"".join(OF_A_LOG), *_texts(), b"".join(OF_A_LOG) * 20, b""]
    return [bytes((number % KINDS,)) + one for number, one in enumerate(said)]


def run(data: bytes) -> Iterator[str]:
    """Explain the text as the first byte says."""
    kind, text = (data[0] % KINDS if data else 0), data[1:]
    around = len(text) % 3
    shown = _shown(kind, text, around)
    if CANARY in shown:
        seen = _ESCAPES.sub(b"", _unpacked(text))
        other = _LOGIN.sub(_without_canary, seen)
        if other == seen or CANARY in _shown(kind, other, around):
            # What was mutated says the canary where no password stands, perhaps with something unseen in it.
            shown = shown.replace(CANARY, "")
    yield shown


def _without_canary(login: re.Match[bytes]) -> bytes:
    """Another password in a login that holds the canary, whatever was put into it; any other says what it said."""
    if CANARY.encode() not in re.sub(rb"[^\w-]", b"", login[0]):
        return login[0]
    return login["set"] + b"x" + login["mark"] if login["set"] else b"//app:x@"


def _shown(kind: int, text: bytes, around: int) -> str:
    out, notes = io.StringIO(), io.StringIO()
    choice = Choice(json=kind in (0, 4), summary=kind in (2, 4), short=kind == 3)
    printer = Printer(choice, content())
    with redirect_stdout(out), redirect_stderr(notes):
        if kind == 5:
            for result in explain(
                text.decode("utf-8", "replace"), content().classifier, content().catalogue.get
            ):
                printer.add(result)
        else:
            _as_log(text, printer, around)
        printer.end()
    if choice.json:
        for line in out.getvalue().splitlines():
            json.loads(line)
    return out.getvalue() + notes.getvalue()


def _unpacked(text: bytes) -> bytes:
    """What a packed text says, as far as it can be read; any other text as it is."""
    found: list[bytes] = []
    with suppress(Broken):
        found.extend(unpacked([text]))
    return b"".join(found)


def _as_log(text: bytes, printer: Printer, around: int) -> None:
    with scratch() as folder:
        path = Path(folder, "app.log")
        path.write_bytes(text)
        options = Namespace(text=None, file=[str(path)], follow=False, since=None, until=None, context=around)
        explaincmd._read(options, content(), printer, time.time())


SURFACE = Surface(
    "classify",
    seeds,
    run,
    (
        *OF_A_LOG,
        URL,
        b"\n" * 50,
        b"    at x.y(Z.java:1)\n" * 30,
        b"FATAL:  ",
        b"ERROR 1045 (28000): ",
        b"\\n",
        b"\\u001b[31m",
        b'"',
        b"\x1f\x8b\x08",
        b"(",
        b"connection to server at ",
        b"a" * 5000,
        b" " * 5000,
        b"\xff\xfeF\0A\0",
    ),
    seconds=2.0,
)
