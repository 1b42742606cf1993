"""The connection as a running process states it, compared with what files and shell state by now.

The same discovery reads the process's environment and working directory that reads our own; here its sources
get the process's name, and its paths are brought to where they can be reached from.  Nothing is contacted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from wizard.named import NamedTuple
from wizard.target.conflicts import Candidate, find_conflicts
from wizard.target.discover import Discovery, candidates, discover
from wizard.target.files import seen_from, there
from wizard.target.model import Problem, Secret, Target, Tls
from wizard.target.process import Origin, Process, Stale
from wizard.target.rights import of_process


class Found(NamedTuple):
    """What the process states, and the process with what the comparison brought."""

    targets: tuple[Target, ...]
    process: Process


def targets_of(process: Process, environ: Mapping[str, str], *, files: bool = True) -> Found:
    """The targets of the process; `environ` is that of our own shell, `files` whether its folder is looked at."""
    theirs = process.environ
    cwd = process.folder if files else None
    with seen_from(process.root, of_process(process.pid)):
        found = discover(theirs, cwd, process.home)
        rivals, services = candidates(theirs, cwd, process.home)
    own = [one for one in rivals if one.target.source.split(" ")[0] in theirs]
    origin: Origin = "environment" if own else "files" if found.targets else "nothing"
    shell, _ = candidates(environ, None, None)
    stale: tuple[Stale, ...] = ()
    if own:
        others = [one for one in rivals if one not in own]
        stale = _from_files(process, own[0], others, services) + _from_shell(own[0], shell, services)
    compared = process._replace(
        origin=origin,
        stale=tuple({one.key: one for one in reversed(stale)}.values())[::-1],
        newer=_newer(process, rivals) if origin == "files" else (),
        secrets=_secrets([*found.targets, *(one.target for one in (*rivals, *shell))]),
    )
    named = _named(process, theirs)
    return Found(_of_process(found, process, named), _with_names(compared, named))


def compare_stated(found: Found, stated: Target) -> Process:
    """The process, compared with a target that the command line states instead of its own."""
    own = [Candidate(one) for one in found.targets[:1]]
    stale = found.process.stale
    if own and found.process.origin == "environment":
        stale += _stale(own[0], [Candidate(stated)], frozenset(), lambda _: None)
    return found.process._replace(
        origin="stated",
        stale=tuple({one.key: one for one in reversed(stale)}.values())[::-1],
        secrets=(*found.process.secrets, *_secrets([stated])),
    )


def nothing_found(process: Process) -> Target:
    """The target of a process that states none."""
    detail = (
        f"No connection settings were found: not in the environment of {process.words},"
        " not in the files of its working directory."
    )
    return Target(source="", problems=(Problem("missing", "url", detail, ""),))


def reached(target: Target, process: Process) -> Target:
    """The target with its socket and certificate files as they are reached from here, where files differ."""
    if process.root is None:
        return target
    tls = target.tls
    files = {key: process.path(getattr(tls, key) or "") or None for key in ("root", "cert", "key", "crl")}
    options = {
        key: process.path(value) if key.lower().startswith("ssl") or key == "passfile" else value
        for key, value in target.options.items()
    }
    hosts = tuple(one._replace(host=process.path(one.host)) if one.is_socket else one for one in target.hosts)
    return target._replace(hosts=hosts, options=options, tls=Tls(**{**tls._asdict(), **files}))


def _secrets(targets: list[Target]) -> tuple[Secret, ...]:
    return tuple(dict.fromkeys(one.password for one in targets if one.password))


def _named(process: Process, variables: Mapping[str, str]) -> Callable[[str], str]:
    """What adds the name of the process to a source that is one of its variables."""

    def named(source: str) -> str:
        return f"{source} of {process.words}" if source.split(" ")[0] in variables else source

    return named


def _of_process(found: Discovery, process: Process, named: Callable[[str], str]) -> tuple[Target, ...]:
    return tuple(reached(_as_owner(_renamed(one, named), process), process) for one in found.targets)


def _renamed(target: Target, named: Callable[[str], str]) -> Target:
    """The target with the process's name in its sources."""
    conflicts = tuple(
        each._replace(sources=tuple(one._replace(source=named(one.source)) for one in each.sources))
        for each in target.conflicts
    )
    return target._replace(
        source=named(target.source),
        password_source=named(target.password_source),
        alternatives=tuple((named(source), secret) for source, secret in target.alternatives),
        settings=tuple(each._replace(source=named(each.source)) for each in target.settings),
        problems=tuple(each._replace(source=named(each.source)) for each in target.problems),
        conflicts=conflicts,
    )


def _as_owner(target: Target, process: Process) -> Target:
    """Where no account is named, drivers take the name of the process's user, not of ours."""
    setting = target.setting("user")
    if setting is None or setting.source != "operating system user":
        return target
    replaced = {"operating system user", "default: same as user"}
    settings = tuple(
        each._replace(value=process.owner) if each.source in replaced else each for each in target.settings
    )
    database = next((each.value for each in settings if each.key == "database"), target.database)
    return target._replace(user=process.owner, database=database, settings=settings)


def _with_names(process: Process, named: Callable[[str], str]) -> Process:
    stale = tuple(
        one._replace(ours=one.ours._replace(source=named(one.ours.source))) for one in process.stale
    )
    return process._replace(stale=stale)


def _changed(process: Process, source: str) -> float | None:
    """When the file that a source names (`.env:3 DB_HOST`) was changed, or None where it is no file."""
    name = source.split(" ")[0].partition(":")[0]
    if process.folder is not None and name and "/" not in name:
        with suppress(OSError, ValueError), seen_from(process.root):
            return there(process.folder / name).stat().st_mtime
    return None


def _from_files(
    process: Process, own: Candidate, others: list[Candidate], services: frozenset[str]
) -> tuple[Stale, ...]:
    """What files of the working directory state otherwise, if they were changed after the process started."""
    found = _stale(own, others, services, lambda source: _changed(process, source))
    return tuple(one for one in found if one.changed is not None and one.changed > process.started)


def _from_shell(own: Candidate, shell: list[Candidate], services: frozenset[str]) -> tuple[Stale, ...]:
    """What the shell that we run in states otherwise."""
    found = _stale(own, shell, services, lambda _: None)
    return tuple(
        one._replace(theirs=one.theirs._replace(source=f"{one.theirs.source} of this shell")) for one in found
    )


def _stale(
    own: Candidate,
    others: list[Candidate],
    services: frozenset[str],
    changed: Callable[[str], float | None],
) -> tuple[Stale, ...]:
    found: list[Stale] = []
    for other in others:
        for conflict in find_conflicts([own, other], services):
            ours, theirs = conflict.sources[0], conflict.sources[-1]
            found.append(Stale(conflict.key, ours, theirs, changed(theirs.source)))
    return tuple(found)


def _newer(process: Process, rivals: list[Candidate]) -> tuple[str, ...]:
    """The files with settings that were changed after the process started, which may have read them before."""
    sources = [each.source for one in rivals if one.is_application for each in one.target.settings]
    names = dict.fromkeys(source.split(" ")[0].partition(":")[0] for source in sources)
    return tuple(name for name in names if (_changed(process, name) or 0.0) > process.started)
