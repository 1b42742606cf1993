"""Sources that an application may read and that disagree about the same setting.

Only what somebody wrote is compared, never a default, and only between sources that can be meant for the same
server: one family of engines, and no comparison of a server's definition with a client of another machine.
"""

from __future__ import annotations

from collections.abc import Collection

from wizard.named import NamedTuple
from wizard.target.model import MASK, Conflict, Secret, Setting, Target

_KEYS = ("host", "port", "user", "database", "sslmode")
_NOBODY = ("default", "operating system")
"""How the source of a setting begins that nobody wrote."""
_HERE = frozenset({"localhost", "127.0.0.1", "::1", "host.docker.internal", "0.0.0.0"})


class Candidate(NamedTuple):
    """A target with what is known about its kind of source."""

    target: Target
    is_application: bool = True
    """Whether an application reads this source (as opposed to a file of the command line clients)."""
    defines_server: bool = False
    """Whether it sets a server up, so that its place is not a client's."""


def find_conflicts(candidates: Collection[Candidate], services: Collection[str] = ()) -> tuple[Conflict, ...]:
    """Compare the first candidate with the others; `services` are host names inside Compose."""
    first, *others = candidates
    rivals = [each for each in others if _comparable(first, each, services)]
    found: list[Conflict] = []
    for key in _KEYS:
        skip_place = key in ("host", "port")
        sources = [_stated(first.target, key)]
        sources += [
            _stated(each.target, key)
            for each in rivals
            if not (skip_place and (each.defines_server or first.defines_server))
        ]
        stated = [each for each in sources if each is not None]
        if sources[0] is not None and len({_same(each.value) for each in stated}) > 1:
            found.append(Conflict(key, _unique(stated)))
    return (*found, *_passwords(first, rivals))


def _comparable(first: Candidate, other: Candidate, services: Collection[str]) -> bool:
    if not (first.is_application and other.is_application) or first.target.family != other.target.family:
        return False
    if first.defines_server == other.defines_server:
        return True
    client = other.target if first.defines_server else first.target
    return all(each.is_socket or each.host in _HERE or each.host in services for each in client.hosts)


def _stated(target: Target, key: str) -> Setting | None:
    setting = target.setting(key)
    if setting is None or not setting.source.startswith(_NOBODY):
        return setting
    host = target.setting("host")
    if key == "port" and host is not None and not host.source.startswith(_NOBODY):
        # Who names a host and no port means the engine's own port.
        return Setting(key, setting.value, host.source)
    return None


def _same(value: str) -> str:
    """Bring spellings of one thing together."""
    return "localhost" if value in _HERE else value.rstrip(".").lower() if "." in value else value


def _unique(settings: list[Setting]) -> tuple[Setting, ...]:
    return tuple(dict.fromkeys(settings))


def _passwords(first: Candidate, rivals: list[Candidate]) -> tuple[Conflict, ...]:
    """Compare passwords of the same user; they are never shown."""
    known = _same_user(first, rivals)
    if not first.target.password or len({each.password for each in known}) < 2:
        return ()
    sources = [Setting("password", MASK, each.password_source) for each in known]
    return (Conflict("password", _unique(sources)),)


def _same_user(first: Candidate, rivals: list[Candidate]) -> list[Target]:
    """The targets that state a password for the first one's user, the first one included."""
    alike = [first, *(each for each in rivals if each.target.user == first.target.user)]
    return [each.target for each in alike if each.target.password]


def other_passwords(
    candidates: Collection[Candidate], services: Collection[str] = ()
) -> tuple[tuple[str, Secret], ...]:
    """(source, password) of each source that states another password than the first for the same user."""
    first, *others = candidates
    rivals = [each for each in others if _comparable(first, each, services)]
    found: dict[Secret, str] = {}
    for each in _same_user(first, rivals):
        if each.password is not None and each.password != first.target.password:
            found.setdefault(each.password, each.password_source)
    return tuple((source, secret) for secret, source in found.items())
