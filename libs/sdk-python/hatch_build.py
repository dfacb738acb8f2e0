"""Generates a part of the package before hatchling packs it."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateHook(BuildHookInterface):
    """Runs `generate.py`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build."""
        runpy.run_path(str(Path(self.root, "generate.py")), run_name="__main__")
