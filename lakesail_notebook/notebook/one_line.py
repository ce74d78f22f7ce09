"""Errors as one readable line in a cell's output."""

from __future__ import annotations


def show_as_one_line(error: BaseException, message: str) -> None:
    """Have IPython show one readable line when the error is raised; ``%tb`` then shows the rest."""

    def render() -> list[str]:
        del error._render_traceback_  # type: ignore[attr-defined]
        return [f"{type(error).__name__}: {message}"]

    error._render_traceback_ = render  # type: ignore[attr-defined]
