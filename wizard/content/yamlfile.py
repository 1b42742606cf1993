"""YAML read twice: fast, as text only, for a run; and with file, line and duplicate keys, for the lint.

Every scalar is text: `yes`, `01002` and `12:30` stay what the author wrote. Where an index made at build time, or
the user's cache, holds the same file (by its mark), that is read instead: JSON is ten times quicker than YAML.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from wizard.content import cache
from wizard.errors import ContentError
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

INDEX = ".index"
LARGEST = 4 * 1024 * 1024
"""Bytes; a content file beyond this is refused."""


class Place(NamedTuple):
    """Where something is written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Located(NamedTuple):
    """A file read for the lint: its data, and the place of each path of keys below it."""

    data: Any
    places: dict[tuple[str, ...], Place]
    problems: list[str]


def digest(raw: bytes) -> str:
    """The mark by which an index entry knows its file: it tells an edited file, it does not guard against anybody."""
    return f"{zlib.crc32(raw):08x}-{len(raw)}"


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises ContentError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise ContentError([f"{path}: cannot be read: {error.strerror or error}"]) from error
    if len(raw) > LARGEST:
        raise ContentError([f"{path}: is larger than {LARGEST // 1024} KiB; split it"])
    return raw


def load(path: Path) -> Any:
    """What the file says, every scalar as text. Raises ContentError with file and line."""
    raw = read_bytes(path)
    mark = digest(raw)
    return indexed(path.parent / INDEX / (path.stem + ".json"), mark, lambda: parse(raw, path))


def indexed(beside: Path, mark: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, from the index beside the content or the user's cache where they hold it for this mark."""

    def read(raw: bytes) -> Any:
        entry = json.loads(raw)
        if entry["hash"] != mark:
            raise ValueError(mark)
        return entry["data"]

    def write(data: Any) -> bytes:
        return json.dumps({"hash": mark, "data": data}, ensure_ascii=False).encode()

    return _kept(beside, read, make, write)


def indexed_bytes(beside: Path, mark: str, make: Callable[[], bytes]) -> memoryview:
    """The same for bytes, which no JSON holds: they are there as they are, behind a line with `head`."""

    def read(raw: bytes) -> memoryview:
        data = memoryview(raw)[raw.index(b"\n") + 1 :]  # a copy would cost more than reading it
        if not raw.startswith(head(mark, len(data))):
            raise ValueError(mark)
        return data

    return _kept(
        beside, read, lambda: memoryview(make()), lambda data: b"".join((head(mark, len(data)), data))
    )


def head(mark: str, length: int) -> bytes:
    """The line before an entry of bytes: the mark of what it was made of, and its length."""
    return f"{mark} {length}\n".encode()


def _kept(beside: Path, read: Callable[[bytes], T], make: Callable[[], T], write: Callable[[T], bytes]) -> T:
    unreadable = (OSError, ValueError, KeyError, TypeError, RecursionError)
    with suppress(*unreadable):
        return read(beside.read_bytes())
    # No index, or not of this file. What the cache does not have either, the YAML itself tells.
    place = cache.place(f"{beside.stem}-{zlib.crc32(str(beside).encode()):08x}{beside.suffix}")
    if place is None:
        return make()
    with suppress(*unreadable):
        return read(cache.read(place))
    data = make()
    cache.write(place, write(data))
    return data


def parse(raw: bytes, path: Path) -> Any:
    """The YAML in `raw` as text, lists and mappings."""
    import yaml

    from wizard.yamlbounds import check_bounds

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        check_bounds(raw)
        return yaml.load(raw, Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ContentError([f"{path}{_line_of(error)}: is not valid YAML: {_first_line(error)}"]) from error


def locate(path: Path, name: str) -> Located:
    """The file with the place of each key, and a problem for each duplicate key."""
    import yaml

    from wizard.yamlbounds import check_bounds

    raw = read_bytes(path)
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        check_bounds(raw)
        root = yaml.compose(raw, Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        return Located({}, {}, [f"{name}{_line_of(error)}: is not valid YAML: {_first_line(error)}"])
    places: dict[tuple[str, ...], Place] = {}
    problems: list[str] = []
    data = _walk(root, (), name, places, problems, 0) if root is not None else {}
    return Located(data, places, problems)


def _walk(
    node: Any,
    at: tuple[str, ...],
    name: str,
    places: dict[tuple[str, ...], Place],
    problems: list[str],
    depth: int,
) -> Any:
    import yaml

    places[at] = Place(name, node.start_mark.line + 1)
    if depth > 40:
        problems.append(f"{places[at]}: is nested too deeply")
        return ""
    if isinstance(node, yaml.MappingNode):
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(f"{name}:{key_node.start_mark.line + 1}: a key must be a text")
                continue
            key = str(key_node.value)
            if key in data:
                problems.append(f"{name}:{key_node.start_mark.line + 1}: the key '{key}' is there twice")
            data[key] = _walk(value_node, (*at, key), name, places, problems, depth + 1)
            path = (*at, key)
            places[path] = Place(name, key_node.start_mark.line + 1)
        return data
    if isinstance(node, yaml.SequenceNode):
        return [
            _walk(one, (*at, str(i)), name, places, problems, depth + 1) for i, one in enumerate(node.value)
        ]
    return node.value


def _line_of(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""


def _first_line(error: Exception) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]
