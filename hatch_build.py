"""Builds the user interface when a wheel, a source distribution or an editable installation is made."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendBuildHook(BuildHookInterface[Any]):
    """Calls ``scripts/build_frontend.py``, which does nothing where all is built."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        spec = importlib.util.spec_from_file_location("build_frontend", root / "scripts" / "build_frontend.py")
        assert spec is not None
        assert spec.loader is not None
        builder = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(builder)
        try:
            builder.build(root)
        except RuntimeError as error:
            sys.exit(str(error))  # a traceback would hide the sentence in what pip shows
