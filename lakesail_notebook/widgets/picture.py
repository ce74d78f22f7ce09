"""What stays of a panel in a saved notebook: a picture of that moment, as JSON for our labextension, HTML and text.

Pure. The notebook may be read by anybody, so the picture holds no address, no folder, no SQL and no other session. It
keeps what the control plane says of a failure. What people wrote is text in it. Its HTML keeps to what JupyterLab
leaves of the HTML of a notebook that is not trusted: no script, no style sheet and no variables. It sets no colour of
text, since the page may be light or dark.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import structs

from ..models import KERNEL_KEY, NOTEBOOK_KEY, Me, SessionIncluded, SessionPage, SessionReference
from ..rendering.text_tables import printable
from ..spark.sessions.choice import Candidate
from ..version import __version__
from . import parts

MIME_TYPE = "application/vnd.lakesail.panel+json"
MOST_QUERIES = 100

_BOX = "border: 1px solid #8a8a8a; border-radius: 2px; padding: 8px 12px; max-width: 900px; font-size: 13px"
_SAVED = "This is a saved picture; run the cell to see what is now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What was known when the panel was displayed."""

    at: datetime
    me: Me | None = None
    here: Candidate | None = None
    """The notebook's session, or the one that ended last."""
    queries: int | None = None
    problem: str | None = None
    """Why nothing is known."""

    @property
    def title(self) -> str:
        if self.here is None:
            return "Spark session"
        session = self.here.session
        named = f"Spark session {session.name} ({session.id})" if session.name else f"Spark session {session.id}"
        config = self.here.config_name
        return printable(f"{named} on {config}" if config else named)

    @property
    def state(self) -> str:
        """What it was at that moment."""
        if self.problem is not None:
            return printable(f"not known. {self.problem}")
        if self.here is None:
            return "none in this notebook."
        counted = "" if self.queries is None else f", {_count(self.queries)}"
        return f"{self.here.session.status}{counted}."

    @property
    def text(self) -> str:
        moment = self.at.astimezone()
        return f"{self.title}\nAs of {moment.day} {moment:%b %Y, %H:%M}: {self.state} {_SAVED}"

    @property
    def html(self) -> str:
        title, _, rest = self.text.partition("\n")
        return (
            f'<div style="{_BOX}"><div><b><bdi>{html.escape(title)}</bdi></b></div>'
            f"<div><bdi>{html.escape(rest)}</bdi></div></div>"
        )

    @property
    def json(self) -> Mapping[str, Any]:
        """The parts that a panel shows, frozen."""
        shown: dict[str, Any] = {
            "link": parts.link("frozen", self.at),
            "me": None if self.me is None else _told(parts.of_me(_shown_me(self.me))),
            "sessions": _told(parts.of_sessions(_page_of(self.here), self.at)),
        }
        if self.here is not None:
            session_id = self.here.session.id
            shown["notebook"] = {"sessionId": session_id}
            shown[f"queries:{session_id}"] = {"asOf": parts.milliseconds(self.at), "total": self.queries}
        return {"version": __version__, "now": parts.milliseconds(self.at), "parts": shown}


def bundle(picture: Picture, text: str | None = None) -> dict[str, Any]:
    """The MIME types beside that of the live widget.

    :param text: what front ends without HTML show; by default the picture's own.
    """
    return {
        MIME_TYPE: picture.json,
        "text/html": picture.html,
        "text/plain": picture.text if text is None else text,
    }


def _count(queries: int) -> str:
    if queries >= MOST_QUERIES:
        return f"at least {MOST_QUERIES} queries"
    return "1 query" if queries == 1 else f"{queries} queries"


def _shown_me(me: Me) -> Me:
    """Who it was, by id alone."""
    return Me(
        member_id=me.member_id,
        service_account_id=me.service_account_id,
        team_ids=(),
        organization_admin=False,
        kernel_id=me.kernel_id,
        notebook_id=me.notebook_id,
        notebook_path=_without_folder(me.notebook_path),
        single_user=me.single_user,
    )


def _without_folder(path: str | None) -> str | None:
    """The file's name, as the end of a path: a page must not take it for a notebook at the server's root."""
    return None if path is None else f"…/{path.rpartition('/')[2]}"


def _told(value: Any) -> Any:
    """JSON without empty fields, since it stands in the file of a notebook."""
    if isinstance(value, Mapping):
        return {name: _told(inner) for name, inner in value.items() if inner is not None and inner != []}
    return [_told(inner) for inner in value] if isinstance(value, list) else value


def _page_of(here: Candidate | None) -> SessionPage:
    if here is None:
        return SessionPage(total=0, items=(), included=SessionIncluded())
    metadata = here.session.metadata
    session = structs.replace(
        here.session,
        connection_info=None,
        metadata={key: metadata[key] for key in (KERNEL_KEY,) if key in metadata},
        notebook_path=_without_folder(here.session.notebook_path or metadata.get(NOTEBOOK_KEY)),
        notebook_contents_path=None,
        owner_name=None,
        kernel_ids=None,
        workload_config_name=here.config_name,
    )
    item = SessionReference(id=session.id, member_id=session.member_id, service_account_id=session.service_account_id)
    return SessionPage(total=1, items=(item,), included=SessionIncluded(sessions=(session,)))
