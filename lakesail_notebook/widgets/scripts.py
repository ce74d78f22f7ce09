"""The front end's code that panels bring to pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..errors import FailedPrecondition

_STATIC = Path(__file__).parents[1] / "static"


@dataclass(frozen=True, slots=True)
class Scripts:
    """They belong together: the module creates elements of the version that the other script defines."""

    module: str = field(repr=False)
    """What each widget sends to the page. It is small, since it stays in the saved notebook."""
    elements: str = field(repr=False)
    """What a page asks for that has no elements."""


@cache
def scripts() -> Scripts:
    """Read once, so that they stay together when the package is replaced under a kernel that runs.

    :raises FailedPrecondition: where the package was set up without its front end.
    """
    return scripts_in(_STATIC)


def scripts_in(folder: Path) -> Scripts:
    """:raises FailedPrecondition: where one of them is missing."""
    try:
        return Scripts((folder / "panel.js").read_text("utf-8"), (folder / "elements.js").read_text("utf-8"))
    except FileNotFoundError:
        raise FailedPrecondition(
            "Panels cannot be shown: this copy of lakesail-notebook was set up without Node.js, which builds them. "
            "Install Node.js 20.19 or newer, then install the package again.",
            reason="not_built",
        ) from None
