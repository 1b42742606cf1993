"""From the files of `decision_trees/practice` to scenarios.

What an author may write, and every mistake in it, is the lint's (`wizard/content/check_practice.py`); here a mistake is
one sentence that sends to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wizard.content import yamlfile
from wizard.errors import ContentError
from wizard.practice.model import (
    Answer,
    Behaviour,
    BlackHole,
    Client,
    ClientCertificate,
    Ending,
    MysqlError,
    MysqlServer,
    Names,
    Nameserver,
    PostgresError,
    PostgresServer,
    Recording,
    Refusing,
    SandboxFile,
    Scenario,
    Stranger,
    Value,
)

if TYPE_CHECKING:
    from wizard.content.load import Content

FOLDER = "practice"
INHERITED = (
    *("listens", "url", "options", "environment", "files", "client-certificate"),
    *("dns", "hosts", "nsswitch", "recorded", "log", "said", "replies"),
)
"""What a scenario takes over from the one that it `extends`."""
_MERGED = ("options", "environment", "files", "recorded", "replies")
"""Those of them to which a scenario's own entries are added."""
_MARIADB: Mapping[str, Any] = {
    "version": "5.5.5-10.11.6-MariaDB-0+deb12u1",
    "plugin": "mysql_native_password",
    "account_plugin": "mysql_native_password",
}
_MARIADB_SETTINGS = {"version": "10.11.6-MariaDB-0+deb12u1", "version_comment": "Debian 12"}
NOBODY: Mapping[str, Behaviour] = {"nobody": Refusing(), "black-hole": BlackHole()}
"""What listens, in one word."""
Written = Mapping[str, Any]


def read(content: Content) -> tuple[Scenario, ...]:
    """The scenarios of all folders, in the order of files. Raises ContentError for one that cannot be read.

    A scenario of a later folder replaces that of the same name.
    """
    raw: dict[str, tuple[str, Written]] = {}
    plain_host: dict[str, Any] = {}
    for path in content.files(FOLDER):
        data = yamlfile.load(path)
        if not isinstance(data, dict):
            continue
        plain_host.update(data.get("plain-host") or {})
        for one in data.get("scenarios") or ():
            if isinstance(one, dict):
                raw[str(one.get("name", ""))] = (str(path), one)
    return tuple(_checked(name, place, one, raw, plain_host) for name, (place, one) in raw.items())


def _checked(
    name: str, place: str, one: Written, raw: Mapping[str, tuple[str, Written]], plain_host: Written
) -> Scenario:
    try:
        base = raw[str(one["extends"])][1] if "extends" in one else {}
        return _scenario({**_taken_over(base, one), "recorded": _recorded(plain_host, base, one)})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ContentError(
            [f"{place}: the practice scenario '{name}' cannot be read ({why}); see dbwizard tree lint"]
        ) from error


def _taken_over(base: Written, one: Written) -> dict[str, Any]:
    """The scenario as written, with what it takes over."""
    whole = {**{key: base[key] for key in INHERITED if key in base}, **one}
    for key in _MERGED:
        if key in base and key in one:
            whole[key] = {**base[key], **one[key]}
    return whole


def _recorded(plain_host: Written, base: Written, one: Written) -> dict[str, Any]:
    return {**plain_host, **(base.get("recorded") or {}), **(one.get("recorded") or {})}


def _scenario(one: Written) -> Scenario:
    engine = str(one["engine"])
    listens = one.get("listens", {engine: {}})
    return Scenario(
        name=str(one["name"]),
        title=str(one["title"]),
        engine=engine,
        layer=str(one["layer"]),
        difficulty=str(one["difficulty"]),
        symptom=_lines(one["symptom"]),
        cause=str(one["cause"]),
        listens=tuple(_behaviour(each) for each in (listens if isinstance(listens, list) else [listens])),
        candidates=tuple(one.get("candidates") or ()),
        tells=" ".join(str(one.get("tells", "")).split()),
        story=" ".join(str(one.get("story", "")).split()),
        replies=_texts(one.get("replies")),
        client=_client(one),
        names=_names(one),
        recorded={name: _recording(each) for name, each in one["recorded"].items()},
    )


def _lines(written: Any) -> str:
    return "\n".join(map(str, written)) if isinstance(written, list) else str(written).rstrip("\n")


def _texts(written: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (written or {}).items()}


def _behaviour(written: Any) -> Behaviour:
    if isinstance(written, str):
        return NOBODY[written]
    ((kind, one),) = written.items()
    if kind == "stranger":
        return Stranger(_bytes(one.get("says", "")), _bytes(one.get("replies", "")), one.get("then", "close"))
    if kind == "postgresql":
        return PostgresServer(**_server(one, postgres_error))
    if kind not in ("mysql", "mariadb"):
        raise ValueError(f"nothing that listens is called {kind!r}")
    made = _server(one, mysql_error)
    settings = {
        key: int(value) if value.isdecimal() else value for key, value in made.pop("settings", {}).items()
    }
    if kind == "mysql":
        return MysqlServer(**made, settings=settings)
    return MysqlServer(**{**_MARIADB, **made}, settings={**_MARIADB_SETTINGS, **settings})


def _bytes(text: str) -> bytes:
    """`"\\xff"` of YAML is the byte 255."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _server(written: Any, error_of: Callable[[Written], Any]) -> dict[str, Any]:
    """The fields of a server, under their names in the model."""
    made: dict[str, Any] = {}
    for key, value in (written or {}).items():
        name = key.replace("-", "_")
        if name.endswith("_error"):
            made[name] = error_of(value)
        elif name == "start_delay":
            made[name] = float(value)
        elif name == "cached":
            made[name] = value == "yes"
        elif name == "databases":
            made[name] = tuple(value)
        elif name == "ends":
            made[name] = Ending(value["at"], value.get("by", "close"))
        elif name == "answers":
            made[name] = tuple(_answer(one, error_of) for one in value)
        else:
            made[name] = value
    return made


def postgres_error(written: Written) -> PostgresError:
    """An ErrorResponse as it is written."""
    return PostgresError(**written)


def mysql_error(written: Written) -> MysqlError:
    """An ERR packet as it is written."""
    return MysqlError(
        int(written["number"]), written["sqlstate"], written["message"], written.get("ends") == "yes"
    )


def _answer(written: Written, error_of: Callable[[Written], Any]) -> Answer:
    rows = tuple(row for one in written.get("rows", ()) for row in _rows(one))
    error = error_of(written["error"]) if "error" in written else None
    return Answer(written["query"].strip(), tuple(written.get("columns", ())), rows, error)


def _rows(written: Any) -> Iterator[tuple[Value, ...]]:
    """A row, or several that differ in `{n}` alone."""
    times, row = (int(written["times"]), written["row"]) if isinstance(written, dict) else (1, written)
    for number in range(1, times + 1):
        yield tuple(None if cell == "NULL" else cell.replace("{n}", str(number)) for cell in row)


def _client(one: Written) -> Client:
    certificate = one.get("client-certificate")
    return Client(
        url=one.get("url"),
        options=_texts(one.get("options")),
        environment=_texts(one.get("environment")),
        files={name: _file(each) for name, each in (one.get("files") or {}).items()},
        certificate=None
        if certificate is None
        else ClientCertificate(certificate.get("kind", "good"), int(certificate.get("mode", "600"), 8)),
        log=str(one.get("log", "")),
        said=str(one.get("said", "")),
    )


def _file(written: Any) -> SandboxFile:
    if isinstance(written, str):
        return SandboxFile(written)
    return SandboxFile(written["text"], int(written.get("mode", "600"), 8))


def _names(one: Written) -> Names | None:
    if not {"dns", "hosts", "nsswitch"} & one.keys():
        return None
    written = one.get("dns") or []
    servers = written if isinstance(written, list) else [written]
    return Names(
        tuple(
            Nameserver(
                {name.lower(): _answers_of(each) for name, each in (server.get("records") or {}).items()},
                server.get("otherwise", "nxdomain"),
            )
            for server in servers
        ),
        tuple(domain for server in servers for domain in server.get("search", ())),
        str(one.get("hosts", "")),
        str(one.get("nsswitch", "")),
    )


def _answers_of(written: Any) -> tuple[str, ...]:
    return tuple(written) if isinstance(written, list) else (str(written),)


def _recording(written: Written) -> Recording:
    return Recording(
        {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in (written.get("facts") or {}).items()
        },
        tuple((one["layer"], one["text"], one.get("code", "")) for one in written.get("evidence") or ()),
        str(written.get("summary", "")),
        str(written.get("trouble", "")),
        written.get("real") == "yes",
    )
