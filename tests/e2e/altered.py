"""Answers and events of the real server, changed on their way to the page, as a server of another version says them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

API = re.compile(r"/lakesail/api/v1/")
EVENTS = re.compile(r"/lakesail/api/v1/events/ws")
Change = Callable[[str, Any], Any]
"""Of a path below the API, such as ``me``, and the JSON of the answer: what the page is told."""
ChangeEvent = Callable[[dict[str, Any]], list[dict[str, Any]]]


def alter(page: Page, change: Change, event: ChangeEvent | None = None) -> None:
    """Pass all that the page asks of the API to the server, and change what it answers.

    :param event: of an event of the stream: the events that the page is told in its place.
    """

    def answer(route: Route) -> None:
        told = route.fetch()
        if "json" in told.headers.get("content-type", ""):
            path = API.split(route.request.url.partition("?")[0])[1]
            route.fulfill(response=told, json=change(path, told.json()))
        else:
            route.fulfill(response=told)

    def stream(socket: WebSocketRoute) -> None:
        def pass_on(message: str | bytes) -> None:
            for one in (event or _same)(json.loads(message)):
                socket.send(json.dumps(one))

        socket.connect_to_server().on_message(pass_on)

    page.route(API, answer)
    page.route_web_socket(EVENTS, stream)


def _same(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [event]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a JSON value, the outer ones first."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def sessions_in(value: Any) -> list[dict[str, Any]]:
    return [one for one in objects(value) if "terminationReason" in one or "lastActivityAt" in one]


def configs_in(value: Any) -> list[dict[str, Any]]:
    return [one for one in objects(value) if "workloadType" in one and "config" in one]
