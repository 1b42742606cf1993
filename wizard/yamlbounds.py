"""What YAML may ask for before it is read: the C library recurses at each level, and a deep file ends the process.

Aliases of aliases make billions of values of a few lines. Nobody writes either by mistake.
"""

from __future__ import annotations

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

DEEPEST = 100
"""Levels of mappings and lists in each other."""
MOST_VALUES = 250_000
"""Values of a file, those that an alias repeats counted again."""


def check_bounds(text: bytes | str) -> None:
    """Raise yaml.YAMLError, with its place, for what is no YAML, is nested too deeply, or has no end."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    within: list[tuple[str | None, int]] = []
    sizes: dict[str | None, int] = {}
    count = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = within.pop()
            sizes[anchor] = count - before
            continue
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == outer for outer, _ in within):
                raise _refused("a value contains itself", event)
            count += sizes.get(anchor, 1)
        elif isinstance(event, yaml.NodeEvent):
            count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                within.append((anchor, count - 1))
            else:
                sizes[anchor] = 1
        if len(within) > DEEPEST:
            raise _refused("it is nested too deeply", event)
        if count > MOST_VALUES:
            raise _refused(f"it has more than {MOST_VALUES} values, those counted that aliases repeat", event)


def _refused(problem: str, event: Any) -> Exception:
    import yaml

    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
