"""What came to a served scenario, in one line for each client: who, with which account, and what was answered.

It reads along in both directions and never changes a byte. Passwords are passed over: what proves an account is
not shown, not even the made-up password of the range.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from wizard.redact import clean
from wizard.wire import ProtocolError, mysql, postgres, postgres_server, printable, sniff
from wizard.wire.mysql_packets import Decoder as MysqlDecoder
from wizard.wire.mysql_packets import Packet

MOST = 65536
"""Bytes of a direction that are read; what tells the story comes first."""
LONGEST = 400
"""Characters of a line."""
FIRST = 60
"""Bytes of something that is no protocol of a database."""
OTHERS = {"cancel": "asks to cancel a statement", "tls": "began with TLS at once"}
"""What a PostgreSQL client may begin with besides a login."""


class _Watching:
    """Who reads along with one client from a moment of `clock` on, and gives `tell` a line about it."""

    def __init__(
        self, client: str, tell: Callable[[str], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._tell = tell
        self._at = time.strftime("%H:%M:%S", time.localtime(clock()))

    def _say(self, words: str) -> None:
        """Tell when it was, and the words, in one line that a terminal can be given."""
        self._tell(clean(" ".join(f"{self._at} {words}".split()), limit=LONGEST))


class Overheard(_Watching):
    """The conversation with one client. `tell` gets the line, once, when the outcome is clear."""

    def __init__(
        self, client: str, tell: Callable[[str], None], clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(client, tell, clock)
        self._came = b""
        self._sent = b""
        self._before = b""
        """What was sent before TLS began: MySQL greets in the clear."""
        self._tls = False
        self._told = False
        self._lock = threading.Lock()

    def came(self, data: bytes) -> None:
        """The client sent this."""
        self._came = (self._came + data)[:MOST]

    def sent(self, data: bytes) -> None:
        """This was sent to the client."""
        if self._told:
            return
        self._sent = (self._sent + data)[:MOST]
        if outcome := self._outcome():
            self._conclude(outcome)

    def encrypted(self) -> None:
        """TLS was agreed on; what follows was deciphered."""
        self._tls, self._before = True, self._sent
        self._came = self._sent = b""

    def ended(self) -> None:
        """The conversation is over."""
        self._conclude(self._outcome() or self._last_words())

    def _conclude(self, outcome: str) -> None:
        with self._lock:
            if self._told:
                return
            self._told = True
        self._say(f"{self._client}: {self._account()}; {outcome}")

    @property
    def _is_mysql(self) -> bool:
        return sniff(self._before or self._sent) == "mysql"

    def _account(self) -> str:
        """Who the client said it is, and whether in TLS."""
        try:
            told = self._mysql_account() if self._is_mysql else self._postgres_account()
        except ProtocolError:
            said = printable(self._came, FIRST)
            return f"no client of a database, it said '{said}'" if said else "no client of a database"
        channel = "with TLS" if self._tls else "without TLS"
        return ", ".join((told or "gave no name", channel))

    def _requests(self) -> tuple[postgres_server.FrontendStart | None, int]:
        """The packet with which the client began, and how many requests for encryption came before it."""
        data, requests = self._came, 0
        while (start := postgres_server.parse_frontend_start(data)) is not None and start.kind in (
            "ssl",
            "gss",
        ):
            data, requests = data[start.size :], requests + 1
        return start, requests

    def _postgres_account(self) -> str:
        start, _ = self._requests()
        if start is None or start.kind != "startup":
            return "" if start is None else OTHERS.get(start.kind, "")
        names = (("user", "user"), ("database", "database"), ("application_name", "application"))
        return ", ".join(f"{word} {start.params[key]}" for key, word in names if start.params.get(key))

    def _mysql_account(self) -> str:
        for packet in _packets(self._came):
            said = mysql.parse_handshake_response(packet.payload)
            if not said.is_ssl_request:
                program = said.attributes.get("program_name", "")
                parts = (("user", said.user), ("database", said.database), ("program", program))
                return ", ".join(f"{word} {name}" for word, name in parts if name)
        return ""

    def _outcome(self) -> str:
        """What the range answered, once that is clear."""
        try:
            return self._mysql_outcome() if self._is_mysql else self._postgres_outcome()
        except ProtocolError:
            return ""

    def _postgres_outcome(self) -> str:
        # Each request for encryption is answered by one byte, which is no message.
        for message in _messages(self._sent[self._requests()[1] :]):
            if message.type == b"E":
                error = postgres.parse_error(message.payload)
                return f"sent {error.severity} {error.code}: {error.message}"
            if message.type == b"Z":
                return "logged in"
        return ""

    def _mysql_outcome(self) -> str:
        for packet in _packets(self._sent):
            if packet.kind == "err":
                error = mysql.parse_error(packet.payload)
                state = f" ({error.sqlstate})" if error.sqlstate else ""
                return f"sent ERROR {error.number}{state}: {error.message}"
            if packet.kind == "ok":
                return "logged in"
        return ""

    def _last_words(self) -> str:
        """What there is to say of a conversation that came to nothing."""
        if not (self._sent or self._before):
            return "nothing was sent"
        if self._asked_for_tls and not self._tls:
            return "the client left during the TLS handshake"
        if self._is_mysql or self._tls or sniff(self._sent) == "postgresql":
            return "the connection ended before the login"
        return f"sent '{printable(self._sent, FIRST)}'"

    @property
    def _asked_for_tls(self) -> bool:
        """Whether the client asked for TLS and was given it."""
        try:
            if self._is_mysql:
                return any(
                    mysql.parse_handshake_response(one.payload).is_ssl_request for one in _packets(self._came)
                )
            start, requests = self._requests()
        except ProtocolError:
            return False
        return requests > 0 and start is None and self._sent[requests - 1 : requests] == b"S"


def _packets(data: bytes) -> Iterator[Packet]:
    decoder = MysqlDecoder()
    decoder.feed(data)
    yield from decoder


def _messages(data: bytes) -> Iterator[postgres.Message]:
    decoder = postgres.Decoder()
    decoder.feed(data)
    yield from decoder


class OverheardQuestion(_Watching):
    """One question to the nameserver of a scenario, and its answer. `tell` gets the line at the end."""

    _question = _answer = ""

    def came(self, data: bytes) -> None:
        """The question."""
        from dns import exception, message, rdatatype

        try:
            asked = message.from_wire(data).question
        except (exception.DNSException, ValueError):
            self._question = "no question"
            return
        self._question = ", ".join(f"{rdatatype.to_text(one.rdtype)} {one.name}" for one in asked)

    def sent(self, data: bytes) -> None:
        """The answer."""
        from dns import exception, message, rcode

        try:
            answer = message.from_wire(data, ignore_trailing=True)
        except (exception.DNSException, ValueError):
            self._answer = "sent what is no answer"
            return
        found = [str(item) for group in answer.answer for item in group]
        self._answer = f"sent {', '.join(found) or rcode.to_text(answer.rcode())}"

    def encrypted(self) -> None:
        """Names are asked for in the clear."""

    def ended(self) -> None:
        """All was said."""
        self._say(f"name: {self._client}: {self._question}; {self._answer or 'nothing was sent'}")
