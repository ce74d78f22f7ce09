"""A forked child asks on connections of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from lakesail_notebook.client.client import Client
from tests.unit.small_api import Answer, SmallApi, session

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def in_a_child(run: Callable[[], object]) -> int:
    """The exit code of a forked child that runs this and cleans nothing up."""
    child = os.fork()
    if child == 0:
        try:
            run()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def asks(client: Client, session_id: str) -> None:
    assert client.session(session_id).id == session_id


def test_parent_and_children_never_share_a_connection() -> None:
    with SmallApi() as api, api.client() as client:
        for number in range(4):
            api.on("GET", f"/workloads/sessions/S{number}", Answer(body=session(f"S{number}")))
        asks(client, "S0")
        assert [in_a_child(lambda number=number: asks(client, f"S{number}")) for number in (1, 2, 3)] == [0, 0, 0]  # type: ignore[misc]
        asks(client, "S0")
        ports = [request.client_port for request in api.requests]
    assert ports[0] == ports[-1]
    assert len(set(ports)) == 4


def test_a_child_asks_although_another_thread_of_its_parent_was_asking() -> None:
    with SmallApi() as api, api.client() as client:
        api.on("GET", "/workloads/sessions/S1", Answer(body=session("S1")))
        done = threading.Event()

        def keep_asking() -> None:
            while not done.is_set():
                asks(client, "S1")

        threads = [threading.Thread(target=keep_asking) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            assert [in_a_child(lambda: asks(client, "S1")) for _ in range(10)] == [0] * 10
        finally:
            done.set()
            for thread in threads:
                thread.join()
