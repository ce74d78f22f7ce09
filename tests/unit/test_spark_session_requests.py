"""Who asks for a session: which server a builder names, and which process is a kernel."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lakesail_notebook.errors import DeadlineExceeded
from lakesail_notebook.spark.sessions.kernel_process import is_kernel, names_kernel
from lakesail_notebook.spark.sessions.owners import current_owner, one_at_a_time
from lakesail_notebook.spark.sessions.session_requests import names_another_server

OF_THIS_PROCESS = Path(sys.orig_argv[0]).name
"""Stands in the command line of this process, as a kernel's id does."""


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ({"spark.remote": "sc://elsewhere"}, {}),
        ({"spark.remote": "local[2]"}, {}),
        ({"spark.master": "sc://elsewhere"}, {}),
        ({}, {"SPARK_REMOTE": "sc://elsewhere"}),
    ],
)
def test_a_builder_or_an_environment_that_names_a_server_is_left_to_pyspark(
    options: dict[str, str], environment: dict[str, str]
) -> None:
    assert names_another_server(options, environment)


@pytest.mark.parametrize(
    "options", [{}, {"spark.master": "local[*]"}, {"spark.app.name": "etl", "spark.sql.shuffle.partitions": "7"}]
)
def test_any_other_builder_asks_for_a_session_of_ours(options: dict[str, str]) -> None:
    assert not names_another_server(options, {"SPARK_REMOTE": "", "MASTER": "local"})


def test_a_kernel_is_started_with_its_connection_file() -> None:
    command = ["python", "-m", "ipykernel_launcher", "-f", "/run/kernel-0b9f.json"]
    assert names_kernel("0b9f", command)
    assert not names_kernel("77aa", command), "the kernel of a notebook that is run inside another one"
    assert not names_kernel("0b9f", ["python", "etl.py"])


def in_a_forked_child(ask: Callable[[], bool]) -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0 if ask() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_of_a_kernel_is_no_kernel_and_another_owner() -> None:
    assert is_kernel(OF_THIS_PROCESS)
    assert in_a_forked_child(lambda: not is_kernel(OF_THIS_PROCESS))
    mine = current_owner()
    assert in_a_forked_child(lambda: current_owner() != mine)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_is_forked_while_a_thread_connects_can_connect() -> None:
    held, done = threading.Event(), threading.Event()

    def connects() -> None:
        with one_at_a_time(current_owner(), 1):
            held.set()
            done.wait(60)

    def child_connects() -> bool:
        with one_at_a_time(current_owner(), 1):
            return True

    thread = threading.Thread(target=connects)
    thread.start()
    held.wait(60)
    try:
        assert in_a_forked_child(child_connects)
        with pytest.raises(DeadlineExceeded, match="Another thread"), one_at_a_time(current_owner(), 0):
            pass
    finally:
        done.set()
        thread.join()
