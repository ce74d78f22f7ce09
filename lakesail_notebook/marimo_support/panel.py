"""``panel()`` in a marimo cell: what depends on it runs again when the session is replaced, or its status changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marimo
import traitlets
from marimo._runtime.cell_lifecycle_item import CellLifecycleItem

from ..widgets.hub import Hub
from ..widgets.panel import Panel
from .homes import hub_here
from .viewers import context_here

_TELLS = ("sessionId", "status", "config")
_IN_USE = {"idle": "active"}
"""A session becomes idle and active again by what cells do: cells that ran again for it would never let it rest."""


def told_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """What cells run again for when it changes: pure."""
    told = {name: value.get(name) for name in _TELLS}
    return told | {"status": _IN_USE.get(str(told["status"]), told["status"])}


class MarimoPanel(Panel):
    """A panel whose page tells the kernel what it has seen, since marimo runs cells for what comes from pages alone."""

    told = traitlets.Dict().tag(sync=True)
    """What the kernel knows."""
    seen = traitlets.Dict().tag(sync=True)
    """What the page has seen of it, and sent back."""

    def __init__(self, ours: Hub) -> None:
        super().__init__(ours)
        self.look()
        self.told = self.seen = told_of(self.value)

    def take_value(self, value: Mapping[str, Any]) -> None:
        super().take_value(value)
        told = told_of(self.value)
        if told != self.told:
            self.told = told

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """marimo asks for it before it shows the element, and shows nothing of it."""
        return {"text/plain": "Spark session"}, {}


class PanelElement(marimo.ui.anywidget):
    """The panel as an element of marimo's: ``value`` is how the session is, ``widget`` the panel itself."""

    @property
    def value(self) -> dict[str, Any]:
        """``sessionId``, ``status``, ``name``, ``config``, ``timeoutAt`` and so on; no address and no token."""
        return dict(self.widget.value)

    @value.setter
    def value(self, value: object) -> None:
        raise RuntimeError("A panel's value is how the session is; it cannot be set.")

    def _convert_value(self, value: Any) -> dict[str, Any]:
        """A page may say what it has seen, and nothing else."""
        seen = value.get("seen") if isinstance(value, dict) else None
        if isinstance(seen, dict):
            self.widget.seen = seen
        return self.value


class _EndOfCell(CellLifecycleItem):
    """The cell that made a panel runs again: its page is gone, and marimo hears it no more."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def create(self, context: Any) -> None:
        return

    def dispose(self, context: Any, deletion: bool) -> bool:
        self._panel.leave()
        return True


def panel() -> PanelElement:
    """A panel that shows the Spark session of this notebook, or lets people choose one.

    Bind it to a variable: cells that use the variable run again when another session is chosen, and when the session
    starts, ends or is replaced.

    :raises FailedPrecondition: where the package was set up without its front end.
    """
    made = MarimoPanel(hub_here())
    context = context_here()
    if context is not None:
        context.cell_lifecycle_registry.add(_EndOfCell(made))
    return PanelElement(made)
