"""How a browser comes to a page: ``_open`` asks Jupyter's login, ``_auth`` exchanges a ticket for the page's cookie."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from ..errors import LakesailError, PermissionDenied
from . import texts
from .base import PageHandler, cookie_name, status_of

_RESOURCE = "lakesail"


class OpenHandler(PageHandler):
    """For the session's owner, who is logged in to Jupyter: on to the page, or what it waits for."""

    async def prepare(self) -> None:  # type: ignore[override]
        self.refuse_strangers()
        await super().prepare()

    @web.authenticated
    async def get(self, session: str) -> None:
        user = self.current_user
        if not await ensure_async(self.authorizer.is_authorized(self, user, "write", _RESOURCE)):
            raise PermissionDenied(f"This Jupyter server's authorizer does not let you write {_RESOURCE}.")
        principal = self.context.by_login(user)
        state = await (await self.context.pages(principal)).look(principal, session)
        if state.over is not None:
            self.answer_page(410, texts.over(state.over))
        elif state.ticket is None:
            self.answer_page(200, texts.waiting(state.waits_for or ""))
        else:
            self.set_header("Cache-Control", "no-store")
            self.redirect(f"{self.root}/_auth?ticket={quote(state.ticket)}", status=303)


class TicketHandler(PageHandler):
    """For whoever has a ticket."""

    async def prepare(self) -> None:  # type: ignore[override]
        """A ticket is enough: Jupyter's login is not looked at."""
        self.refuse_strangers()

    @allow_unauthenticated
    async def get(self, session: str) -> None:
        pages = self.context.open_pages()
        tickets = self.request.query_arguments.get("ticket", [])
        if pages is None or len(tickets) != 1:
            raise web.HTTPError(403, "This link opens nothing.")
        cookie = await pages.redeem(session, tickets[0].decode(errors="replace"))
        await pages.used(session)
        self.set_cookie(
            cookie_name(session),
            cookie,
            path=f"{self.root}/",
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.redirect(f"{self.root}/", status=303)


class StatusHandler(PageHandler):
    """For the page itself: whether its session lives, or what became of it."""

    async def prepare(self) -> None:  # type: ignore[override]
        self.refuse_strangers()

    @allow_unauthenticated
    async def get(self, session: str) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        try:
            self.admit()
        except LakesailError as error:
            over = error.reason == "session_closed"
            more = {"kept": texts.KEPT, "more": texts.WHAT_NEXT} if over else {}
            self.set_status(status_of(error))
            self.finish(msgspec.json.encode({"message": error.message_without_paths, "over": over, **more}))
        else:
            self.finish(b'{"message":null,"over":false}')
