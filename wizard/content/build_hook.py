"""Hatchling's hook: the wheel carries the index of its content. Nothing is written into the checkout.

Loaded by hatchling from pyproject.toml, never by the program.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface  # type: ignore[import-not-found,unused-ignore]


class IndexHook(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """Puts `.index/<stem>.json` beside each YAML file of the wheel."""

    PLUGIN_NAME = "custom"
    _folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the index in a temporary folder and tell hatchling where it goes. An editable install needs none."""
        if version == "editable":
            return
        # The package is not installed yet: its own reader of YAML is taken from the sources being built.
        sys.path.insert(0, self.root)
        try:
            from wizard.content.index import for_wheel
        finally:
            sys.path.remove(self.root)
        self._folder = Path(tempfile.mkdtemp(prefix="dbwizard-index-"))
        build_data["force_include"].update(for_wheel(Path(self.root), self._folder))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the temporary folder away."""
        del version, build_data, artifact_path
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
