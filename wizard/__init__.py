"""dbwizard: from a broken database connection to its cause and one concrete fix.

`check()` runs the walk without a person, `explain()` names the causes in an error text. Both are loaded when
first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from wizard.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from wizard.api import check, explain

__version__ = "0.1.0"
__all__ = ["__version__", "check", "explain"]


def __getattr__(name: str) -> Any:
    if name in ("check", "explain"):
        from wizard import api

        return getattr(api, name)
    raise AttributeError(f"module 'wizard' has no attribute {name!r}")
