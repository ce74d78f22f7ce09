"""Events over HTTP: a long poll, and a WebSocket. To listen is no activity, and starts no session proxy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from .. import models
from ..errors import LakesailError, Unauthenticated
from ..workloads.service import WorkloadsService
from .base import BoundedHandler
from .context import NOBODY
from .decode import decode_query
from .operations import Call
from .problems import http_status

PING_SECONDS = 20.0
"""Proxies cut connections on which nothing has happened for half a minute."""
SEND_SECONDS = 10.0
"""How long a client may take to read what it was sent: a page of events, or less."""
_LARGEST_MESSAGE = 1024
_LONGEST_REASON = 120
"""A close frame holds 123 bytes."""
_UNSUPPORTED, _REFUSED, _FAULT, _TRY_AGAIN_LATER = 1003, 1008, 1011, 1013
"""Close codes of RFC 6455."""
LOGGED_OUT, STOPPING = 4001, 4002
"""Ours: a browser learns nothing of a refused upgrade, so it is told before what ended its stream."""

log = logging.getLogger(__name__)


async def poll_events(service: WorkloadsService, call: Call[None, models.EventQuery]) -> models.EventPage:
    """Wait for events.

    Answers at once when there are some after ``after``, else within ``wait`` seconds.
    """
    return await service.events.poll(call.principal, call.query)


class LoginEnded(Unauthenticated):
    """Who opened the stream is not logged in any more."""


class EventStreamHandler(BoundedHandler, WebSocketHandler):
    """One JSON event a text frame: those after ``after``, or from now on."""

    _track_activity = False
    _at_work: tuple[asyncio.Task[None], ...] = ()

    def set_default_headers(self) -> None:
        """tornado refuses what is no WebSocket without a problem document; this is then what names the request."""
        super().set_default_headers()
        self.set_header("X-Request-Id", self.request_id)

    @property
    def ping_interval(self) -> float:
        return PING_SECONDS

    @property
    def ping_timeout(self) -> float:
        return PING_SECONDS

    @property
    def max_message_size(self) -> int:
        return _LARGEST_MESSAGE

    @allow_unauthenticated  # `prepare` has authenticated the caller
    async def get(self) -> None:
        self.on_body_read()
        query = decode_query(self.request.query_arguments, models.EventStreamQuery)
        self._events = (await self.context.service(self._principal or NOBODY, passive=True)).events
        self._position = await self._events.start(query.after)
        await super().get()

    def open(self) -> None:
        self.set_nodelay(True)
        self._at_work = tuple(
            asyncio.create_task(self._told_when_it_fails(work)) for work in (self._send(), self._check_regularly())
        )

    def on_message(self, message: str | bytes) -> None:
        self.close(_UNSUPPORTED, "This stream takes no messages.")

    def on_close(self) -> None:
        for task in self._at_work:
            task.cancel()

    async def _told_when_it_fails(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TimeoutError:
            log.warning("A client does not read its stream of events, and loses it [%s]", self.request_id)
            self.close(_REFUSED, f"You do not read the events; connect again with after={self._position}.")
        except LakesailError as error:
            self.record_refusal(http_status(error), error)
            self.close(_code_of(error), _short(error.message if self.tells_paths() else error.message_without_paths))
        except WebSocketClosedError:
            pass
        except Exception:
            log.exception("%s [%s]", self.request.path, self.request_id)
            self.close(_FAULT, f"Unhandled error; the server's log has more under {self.request_id}.")

    async def _send(self) -> None:
        async with aclosing(self._events.follow(self._principal or NOBODY, self._position)) as pages:
            async for page in pages:
                await self._check_caller()
                await self._write(page)

    async def _check_regularly(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self._check_caller()

    async def _check_caller(self) -> None:
        """A kernel's token dies with the kernel, a key with its account, and a login expires; a stream may live on."""
        if self._credential is not None:
            await self._authenticate()
        elif not self.token_authenticated:
            await self._check_login()

    async def _check_login(self) -> None:
        """Ask as a request would that came now with the same cookies: this handler remembers who asked."""
        again = BoundedHandler(self.application, self.request, context=self.context)
        user = await ensure_async(self.identity_provider.get_user(again))
        if user is None:
            raise LoginEnded("Your login has expired; log in again.")

    async def _write(self, page: models.EventPage) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            for event in page.events:
                await self.write_message(models.encode(event))
                self._position = self._position if event.sequence is None else event.sequence


def _code_of(error: LakesailError) -> int:
    if isinstance(error, LoginEnded):
        return LOGGED_OUT
    if isinstance(error, Unauthenticated):
        return _REFUSED
    return STOPPING if error.reason == "stopping" else _TRY_AGAIN_LATER


def _short(reason: str) -> str:
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
