"""``%sail`` alone: a panel where a notebook can show one, and text elsewhere."""

from __future__ import annotations

from typing import Any

from ..errors import FailedPrecondition
from .commands import overview_text


def show_overview(shell: Any) -> None:
    """In a kernel, the text is what front ends without widgets show of the panel."""
    text = overview_text()
    if getattr(shell, "kernel", None) is None:
        print(text)
        return
    import lakesail_notebook  # its lazy name is the way to the panel: this room does not know its neighbour

    try:
        panel = lakesail_notebook.panel()
    except FailedPrecondition:  # this copy of the package was set up without its front end; panel() says so
        print(text)
        return
    panel.show(text)
