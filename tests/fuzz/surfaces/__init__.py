"""Everything of dbwizard that reads what others wrote: a module for each, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module

from tests.fuzz.surface import Surface

MODULES = {
    "wire-postgres": "postgres",
    "wire-mysql": "mysql",
    "scram": "scram",
    "certificates": "certificates",
    "targets": "targets",
    "classify": "classify",
    "yaml": "content",
    "dns": "dns",
    "sessions": "sessions",
    "live": "live",
}
"""Surface -> its module."""


def get(name: str) -> Surface:
    """The surface of that name."""
    surface: Surface = import_module(f"{__name__}.{MODULES[name]}").SURFACE
    return surface
