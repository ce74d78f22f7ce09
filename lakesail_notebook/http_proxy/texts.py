"""The pages that this server shows by itself, in place of marimo's."""

from __future__ import annotations

from html import escape

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 12vh auto; max-width: 34rem; padding: 0 1.5rem; }
h1 { font-size: 1.25rem; }
"""
_WAITING = "Opening marimo"
_OVER = "This session is over"
_REFUSED = "This page cannot be opened"
KEPT = "The notebook is in its file, as it was saved last."
WHAT_NEXT = "What to do next"
RELAUNCH = (
    "To go on, relaunch the session in the LakeSail panel of JupyterLab, or open the notebook with "
    "`jupyter lakesail marimo edit`."
)
LOG_IN_AGAIN = "Open the page again from the LakeSail panel of JupyterLab, or by `jupyter lakesail marimo edit`."
NOT_INSTALLED = (
    "This server cannot show marimo notebooks: install lakesail-notebook[marimo] in its environment, and start it "
    "again."
)
_LOOKS_AGAIN_SECONDS = 1


def waiting(what: str) -> str:
    """It looks again by itself."""
    again = f'<meta http-equiv="refresh" content="{_LOOKS_AGAIN_SECONDS}">'
    return _page(_WAITING, (f"{what.rstrip('.')} …",), head=again)


def over(what: str) -> str:
    return _page(_OVER, (what, KEPT, RELAUNCH))


def refused(why: str, *more: str) -> str:
    return _page(_REFUSED, (why, *more))


def _page(title: str, paragraphs: tuple[str, ...], head: str = "") -> str:
    told = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">{head}<title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f'<body><main role="status"><h1>{escape(title)}</h1>{told}</main></body></html>'
    )
