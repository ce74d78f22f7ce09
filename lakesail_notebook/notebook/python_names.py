"""The variables of a notebook, as completion may look at them: by their types alone, without running their code."""

from __future__ import annotations

import time
import types
from collections.abc import Mapping, Sequence
from typing import Any

from ..spark.catalog.entries import Column
from ..spark.frame_columns import FrameColumns, is_frame
from ..spark.sql.literals import KINDS
from .python_places import VariableKind

_BINDABLE = (*KINDS, list, tuple)


class PythonNames:
    """Implements :class:`..spark.sql.completion.Variables`.

    :param namespace: the notebook's.
    :param hidden: names in it that are IPython's own.
    :param deadline: of the monotonic clock; until then it may ask for columns.
    """

    def __init__(
        self, namespace: Mapping[str, Any], hidden: Mapping[str, Any], known: FrameColumns, deadline: float
    ) -> None:
        self._namespace = namespace
        self._hidden = hidden
        self._known = known
        self._deadline = deadline

    def frames(self) -> Sequence[str]:
        return [name for name, value in self._own() if is_frame(value)]

    def values(self) -> Sequence[str]:
        return [name for name, value in self._own() if issubclass(type(value), _BINDABLE)]

    def columns(self, name: str) -> Sequence[Column]:
        frame = self.frame(name)
        return () if frame is None else self._known.columns(frame, self._deadline - time.monotonic())

    def frame(self, name: str) -> Any:
        """The DataFrame of this name, or ``None``."""
        value = self._namespace.get(name)
        return value if is_frame(value) else None

    def kind_of(self, name: str) -> VariableKind | None:
        value: Any = self._namespace.get(name)
        if is_frame(value):
            return "frame"
        kind = type(value)
        if kind.__name__ == "SparkSession" and kind.__module__.startswith("pyspark.sql"):
            return "session"
        if kind is types.ModuleType or kind is types.FunctionType:  # isinstance would ask the value for its class
            module = vars(value).get("__name__") if kind is types.ModuleType else value.__globals__.get("__name__")
            return "function" if str(module).startswith("pyspark.sql") else None
        return None

    def _own(self) -> list[tuple[str, Any]]:
        names = list(self._namespace.items())  # a thread of the user may bind others meanwhile
        return [(name, value) for name, value in names if not name.startswith("_") and name not in self._hidden]
