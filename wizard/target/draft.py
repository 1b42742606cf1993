"""The notebook that the parsers write in before a `Target` is built.

A draft holds texts as they were stated, each with its source.  Passwords go into it only as `Secret`, and a
key that names a secret never reaches its values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wizard.core.lazyre import lazy
from wizard.target.model import Form, Problem, ProblemKind, Secret

LONGEST_PASSWORD = 8192
"""Characters; the tokens of clouds have a few thousand, and what is longer is a file that was read by mistake."""
LONGEST_VALUE = 8192
"""Characters of any other setting."""
CONNECTION_KEYS = ("host", "hostaddr", "port", "user", "database", "socket")
_SECRET_KEY = lazy(
    r"pass(word|wd|phrase)?$|pwd$|secret|token|(scram|client|server)_key$|api_?key|credential", re.I
)

_NAME = lazy(r"[A-Za-z][A-Za-z_. -]*\Z")


def is_secret_key(key: str) -> bool:
    """Whether a setting of this name holds something that nobody may see (`sslpassword`, `authToken` …)."""
    return key.lower() != "passfile" and _SECRET_KEY.search(key) is not None


def is_name(key: str) -> bool:
    """Whether a key looks like the name of a setting, and not like what follows a mark inside of a password."""
    return _NAME.match(key) is not None


class Draft:
    """One connection while it is being read; later `put` calls do not replace earlier ones."""

    def __init__(self, source: str, form: Form = "options", engine: str = "", driver: str = "") -> None:
        self.source = source
        self.form: Form = form
        self.engine = engine
        self.driver = driver
        self.values: dict[str, tuple[str, str]] = {}
        """key -> (value, source); the keys are ours for the connection and the writer's for the options."""
        self.password: Secret | None = None
        self.password_source = ""
        self.password_raw: Secret | None = None
        self.problems: list[Problem] = []

    def put(self, key: str, value: str, source: str = "") -> None:
        """Note a value unless that key has one; a password lands in `password`, other secrets nowhere.

        What is longer than any value is becomes a problem instead.
        """
        if key == "password":
            self.put_password(value, source)
        elif len(value) > LONGEST_VALUE:
            detail = f"The value is longer than {LONGEST_VALUE} characters, which none is: state it again."
            self.problem("malformed", key if key.isidentifier() else "url", detail, source)
        elif not is_secret_key(key):
            self.values.setdefault(key, (value, source or self.source))

    def put_password(self, value: str, source: str = "") -> None:
        """Note the password unless there is one; none that is longer than any password is."""
        if len(value) > LONGEST_PASSWORD:
            detail = f"The password is longer than {LONGEST_PASSWORD} characters: was a whole file put there?"
            self.problem("malformed", "password", detail, source)
        elif self.password is None:
            self.password, self.password_source = Secret(value), source or self.source

    def note_raw(self, decoded: str, raw: str) -> None:
        """Note how the password was written, where decoding changed it and it is the one in use."""
        if decoded != raw and self.password is not None and self.password.reveal() == decoded:
            self.password_raw = Secret(raw)

    def replace(self, key: str, value: str, source: str) -> None:
        """Note a value in place of any earlier one (an option on the command line)."""
        self.values.pop(key, None)
        self.put(key, value, source)

    def get(self, key: str) -> str:
        """Return the value of a key, empty when there is none."""
        return self.values.get(key, ("", ""))[0]

    def source_of(self, key: str) -> str:
        """Return where a key was read; the draft's own source when it was not."""
        return self.values.get(key, ("", self.source))[1]

    def options(self) -> Iterator[tuple[str, str]]:
        """Yield what is no part of the address: option name and value."""
        return ((key, value) for key, (value, _) in self.values.items() if key not in CONNECTION_KEYS)

    def problem(self, kind: ProblemKind, key: str, detail: str, source: str = "") -> None:
        """Note a problem once; only the first of a kind and key is kept."""
        if not any((each.kind, each.key) == (kind, key) for each in self.problems):
            self.problems.append(Problem(kind, key, detail, source or self.source_of(key)))
