"""From folders of YAML to the tree, the pages, the message rules and the platforms. Loads only what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from wizard.content import yamlfile
from wizard.content.nodes import build_node
from wizard.core import conditions
from wizard.core.lazily import Lazily
from wizard.core.steps import Option
from wizard.core.tree import (
    MOST_NUMBER,
    SYMPTOM,
    Caution,
    FactSpec,
    Question,
    Reading,
    Symptom,
    Tree,
)
from wizard.errors import ContentError, UsageError
from wizard.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from wizard.core.classify import Classifier
    from wizard.core.rules import Rule


MOST_PROBLEMS = 20
"""Problems of a folder that a run names before it refuses the folder."""
COMPILED = "compiled-rules.txt"
"""The name of the message rules made ready to match, in the index."""


def builtin_folder() -> Path:
    """Where the content of this installation is: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "decision_trees"
    return inside if inside.is_dir() else package.parent / "decision_trees"


def open_content(extra: Iterable[str] = ()) -> Content:
    """The content of the installation and of the folders named by `--trees`, a later folder over an earlier one.

    Folders of others are checked first: raises ContentError with what is wrong, UsageError for no folder.
    """
    folders = folders_of(extra)
    if len(folders) > 1:
        _refuse_problems(folders)
    return Content(folders)


def folders_of(extra: Iterable[str]) -> tuple[Path, ...]:
    """The folder of the installation, and those named by `--trees`. Raises UsageError for one that is not there."""
    folders = [builtin_folder()]
    for name in extra:
        folder = Path(name)
        if not folder.is_dir():
            raise UsageError(f"--trees {name}: there is no such folder")
        # A folder over itself changes nothing, and its message rules must not be there twice.
        if not any(folder.samefile(one) for one in folders):
            folders.append(folder)
    return tuple(folders)


def _refuse_problems(folders: tuple[Path, ...]) -> None:
    """Raise ContentError where the lint finds what a run would trip over."""
    from wizard.content.check import check

    problems = [str(problem) for problem in check(folders, leftovers=False)]
    if len(problems) > MOST_PROBLEMS:
        more = len(problems) - MOST_PROBLEMS
        problems[MOST_PROBLEMS:] = [f"and {more} more: `dbwizard tree lint` with the same --trees shows all"]
    if problems:
        raise ContentError(problems)


class _Written(NamedTuple):
    """A node as YAML has it, the layer of its file, and the file."""

    data: Any
    layer: str
    path: str


class Content:
    """All content, read on first use."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self._pages: dict[str, dict[str, Any]] = {}

    def files(self, kind: str) -> list[Path]:
        """The YAML files of a kind (trees, causes, messages), in the order of folders and names."""
        return [path for folder in self.folders for path in sorted((folder / kind).glob("*.y*ml"))]

    def single(self, name: str) -> dict[str, Any]:
        """A file that each folder may have, merged key by key one level down."""
        merged: dict[str, Any] = {}
        for folder in self.folders:
            path = folder / name
            if path.is_file():
                for key, value in _mapping(yamlfile.load(path), path).items():
                    if isinstance(value, Mapping):
                        merged[key] = {**merged.get(key, {}), **value}
                    else:
                        merged[key] = value
        return merged

    @cached_property
    def catalogue(self) -> dict[str, str]:
        """Cause id to what is wrong in one line, in the order of the catalogue."""
        return {
            str(key): str(value) for key, value in self.single("catalogue.yaml").get("causes", {}).items()
        }

    @cached_property
    def tree(self) -> Tree:
        """The decision tree; a node, fact or question is made when it is first looked at.

        Raises ContentError for a tree without a root; what is wrong with a node, the first look at it raises.
        """
        nodes: dict[str, _Written] = {}
        cautions: list[Caution] = []
        root = ""
        for path in self.files("trees"):
            data = _mapping(yamlfile.load(path), path)
            layer = str(data.get("layer", path.stem))
            root = str(data.get("root", root))
            for node_id, written in _mapping(data.get("nodes", {}), path).items():
                nodes[node_id] = _Written(written, layer, str(path))
            cautions.extend(_caution(one, layer, path) for one in data.get("cautions", ()))
        if root not in nodes:
            raise ContentError([f"{self.folders[0]}/trees: no file names an existing node as its 'root'"])
        facts = self.single("facts.yaml")
        return Tree(
            Lazily(nodes, lambda key, one: build_node(key, one.layer, one.data, one.path, self.catalogue)),
            root,
            Lazily(facts.get("facts", {}), _spec),
            Lazily(self._questions, _question),
            tuple(cautions),
            self.read_message,
            {str(key): tuple(value) for key, value in facts.get("fills", {}).items()},
            tuple(dict.fromkeys(_early(nodes))),
            Lazily(self._symptoms.get("symptoms", {}), _symptom),
        )

    @cached_property
    def _symptoms(self) -> dict[str, Any]:
        return self.single("symptoms.yaml")

    @property
    def _questions(self) -> dict[str, Any]:
        """The questions of the trees, and the one of the start, whose options are the symptoms."""
        questions: dict[str, Any] = self.single("questions.yaml").get("questions", {})
        symptoms = self._symptoms.get("symptoms")
        if not symptoms:
            return questions
        options = {key: one["words"] for key, one in symptoms.items()}
        asked = {key: self._symptoms[key] for key in ("ask", "why", "how") if key in self._symptoms}
        return {**questions, SYMPTOM: {**asked, "options": options}}

    @cached_property
    def classifier(self) -> Classifier:
        """The message rules, ready to match."""
        from wizard.core.classify import Classifier
        from wizard.core.explains import Explains

        files = self.files("messages")
        index = self.folders[0] / "messages" / yamlfile.INDEX
        mark = _known_mark(files, index / "mark.json")
        data = yamlfile.indexed_bytes(
            index / COMPILED, mark, lambda: Classifier(read_rules(files)).compiled()
        )
        explains = Explains(self.single("catalogue.yaml").get("explained-by", {}))
        return Classifier.from_compiled(data, explains)

    def read_message(self, text: str, code: str, engine: str) -> Reading | None:
        """What the message rules make of a text: the core's `Classify`."""
        match = self.classifier.classify(text, code=code or None, engine=engine or None)
        if match is None:
            return None
        return Reading(match.cause, tuple(match.candidates), match.captures.get("account_host", ""))

    def page(self, cause: str) -> dict[str, Any]:
        """The page of a cause, or an empty mapping where there is none."""
        layer = cause.partition(".")[0] if "." in cause else "general"
        if layer not in self._pages:
            pages: dict[str, Any] = {}
            for path in self.files("causes"):
                if path.stem == layer:
                    pages.update(_mapping(yamlfile.load(path), path))
            self._pages[layer] = pages
        page: dict[str, Any] = self._pages[layer].get(cause, {})
        return page

    @cached_property
    def platforms(self) -> dict[str, Any]:
        """Managed providers, runtimes and service managers."""
        return self.single("platforms.yaml")


def rules_mark(files: Iterable[Path]) -> str:
    """The mark of the compiled rules: of their form, and of what the files say. Raises ContentError."""
    return _mark(yamlfile.digest(yamlfile.read_bytes(path)) for path in files)


def _known_mark(files: list[Path], beside: Path) -> str:
    """The same, without reading a megabyte for it as long as no file was touched, as the file system tells."""
    try:
        stats = [(str(path), path.stat()) for path in files]
    except OSError:
        return rules_mark(files)
    seen = _mark(
        repr((name, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns)) for name, one in stats
    )
    return str(yamlfile.indexed(beside, seen, lambda: rules_mark(files)))


def _mark(told: Iterable[str]) -> str:
    from wizard.core.compact import FORM

    return yamlfile.digest(" ".join([FORM, *told]).encode())


def read_rules(files: Iterable[Path]) -> list[Rule]:
    """The message rules of these files, whole. Raises ContentError."""
    from wizard.core.rules import Rule

    rules: list[Rule] = []
    for path in files:
        data = _mapping(yamlfile.load(path), path)
        origin = str(data.get("origin", path.stem))
        rules.extend(Rule.from_mapping(one, origin) for one in data.get("rules", ()))
    return rules


def _early(nodes: Mapping[str, _Written]) -> Iterator[str]:
    """The probes of the nodes that are marked `early`."""
    for node_id, written in nodes.items():
        data = _mapping(written.data, f"{written.path}: the node '{node_id}'")
        if data.get("early") == "true" and "probe" in data:
            yield str(data["probe"])


def _question(key: str, written: Mapping[str, Any]) -> Question:
    options = tuple(Option(value, str(label)) for value, label in dict(written.get("options", {})).items())
    return Question(
        key,
        str(written.get("ask", key)),
        options,
        str(written.get("why", "")),
        str(written.get("how", "")),
        str(written.get("default", "")),
        str(written.get("kind", "choice")),
        float(written.get("least", 0)),
        float(written.get("most", MOST_NUMBER)),
    )


def _symptom(key: str, written: Mapping[str, Any]) -> Symptom:
    return Symptom(
        key, str(written["words"]), dict(written.get("gives", {})), tuple(written.get("likely", ()))
    )


def _spec(key: str, written: Mapping[str, Any]) -> FactSpec:
    values = tuple(str(value) for value in written.get("values", ()))
    sources = tuple(str(source) for source in written.get("from", ()))
    kind = str(written.get("kind", "choice" if values else "text"))
    learn = written.get("learn", "")
    by_engine = dict(learn) if isinstance(learn, Mapping) else {"any": str(learn)}
    plain = by_engine.pop("any", "")
    measured = written.get("measured", "yes" if kind == "number" else "no") == "yes"
    return FactSpec(key, kind, str(written.get("meaning", "")), values, sources, plain, by_engine, measured)


def _caution(written: Mapping[str, Any], layer: str, path: Path) -> Caution:
    try:
        when = conditions.parse(written["when"])
        return Caution(str(written.get("layer", layer)), when, str(written["text"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ContentError([f"{path}: a caution cannot be read: {error}"]) from error


def _mapping(data: Any, path: Path | str) -> dict[str, Any]:
    if data is None or data == "":
        return {}
    if not isinstance(data, dict):
        raise ContentError([f"{path}: a mapping is expected at the top"])
    return data
