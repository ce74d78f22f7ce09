"""Whose code runs in a marimo process, and what ends with a viewer, without marimo."""

from __future__ import annotations

import gc
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from types import ModuleType

import pytest

from lakesail_notebook.marimo_support.departures import Departures
from lakesail_notebook.marimo_support.host import EndOfProcess
from lakesail_notebook.marimo_support.panel import told_of
from lakesail_notebook.marimo_support.viewers import (
    NotThisMarimo,
    Viewers,
    context_here,
    is_told_to_stop,
    mode_of,
)

CONTEXTS = "marimo._runtime.context.types"


class Kernel:
    """As much of marimo's as is looked at."""

    def __init__(self) -> None:
        requests: queue.Queue[object] = queue.Queue()

        def enqueue(request: object) -> None:
            requests.put(request)

        self.enqueue_control_request = enqueue


@dataclass(frozen=True)
class Mode:
    value: str


@dataclass
class Context:
    _kernel: Kernel
    parent: Context | None = None
    session_mode: Mode = field(default_factory=lambda: Mode("run"))


class ScriptRuntimeContext:
    parent = None


class StopKernelCommand: ...


class Marimo(ModuleType):
    """marimo's module of contexts: each thread has its own."""

    def __init__(self) -> None:
        super().__init__(CONTEXTS)
        self._here = threading.local()

    def safe_get_context(self) -> Context | None:
        here: Context | None = getattr(self._here, "context", None)
        return here

    def enter(self, context: Context | None) -> None:
        self._here.context = context


@pytest.fixture
def marimo(monkeypatch: pytest.MonkeyPatch) -> Marimo:
    module = Marimo()
    monkeypatch.setitem(sys.modules, CONTEXTS, module)
    return module


class Rig:
    def __init__(self, marimo: Marimo) -> None:
        self.marimo = marimo
        self.left: list[str] = []
        self.viewers = Viewers(self.left.append)

    def key(self, context: Context | None) -> str | None:
        self.marimo.enter(context)
        return self.viewers.current()


@pytest.fixture
def rig(marimo: Marimo) -> Rig:
    return Rig(marimo)


def test_each_kernel_is_a_viewer_with_all_its_threads_and_apps(rig: Rig) -> None:
    ann, bob = Context(Kernel()), Context(Kernel())
    thread_of_ann = Context(ann._kernel)
    app_in_ann = Context(Kernel(), parent=ann)
    assert rig.key(ann) == rig.key(thread_of_ann) == rig.key(app_in_ann) != rig.key(bob)
    assert rig.key(None) is None


def test_a_viewer_who_has_left_is_told_once_and_is_nobody(rig: Rig) -> None:
    ann, bob = Context(Kernel()), Context(Kernel())
    key, others = rig.key(ann), rig.key(bob)
    rig.viewers.left(ann._kernel)
    rig.viewers.left(ann._kernel)
    assert rig.left == [key]
    assert rig.key(ann) is None
    assert rig.key(bob) == others


def test_a_viewer_who_has_asked_for_nothing_leaves_nothing(rig: Rig) -> None:
    rig.viewers.left(Kernel())
    assert rig.left == []


def test_a_viewer_leaves_with_the_thread_of_the_kernel(rig: Rig) -> None:
    ann = Context(Kernel())
    keys: list[str | None] = []
    thread = threading.Thread(target=lambda: keys.append(rig.key(ann)))
    thread.start()
    thread.join()
    gc.collect()
    assert keys == rig.left


def test_a_busy_kernel_that_was_told_to_stop_has_left(rig: Rig) -> None:
    ann, bob = Context(Kernel()), Context(Kernel())
    key = rig.key(ann)
    rig.key(bob)
    bob._kernel.enqueue_control_request(object())
    rig.viewers.look()
    assert rig.left == []
    ann._kernel.enqueue_control_request(StopKernelCommand())
    rig.viewers.look()
    assert rig.left == [key]


def test_a_kernel_that_shows_nothing_of_its_requests_is_not_told_to_stop() -> None:
    assert not is_told_to_stop(object())


def test_the_mode_of_a_kernel_and_of_a_script() -> None:
    assert mode_of(Context(Kernel())) == "run"
    assert mode_of(Context(Kernel(), session_mode=Mode("edit"))) == "edit"
    assert mode_of(ScriptRuntimeContext()) == "script"
    with pytest.raises(NotThisMarimo):
        mode_of(object())


def test_another_marimo_is_told_apart_from_none(marimo: Marimo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert context_here() is None
    marimo.enter(Context(Kernel()))
    assert context_here() is not None
    monkeypatch.setitem(sys.modules, CONTEXTS, ModuleType(CONTEXTS))
    with pytest.raises(NotThisMarimo):
        context_here()


def test_what_a_viewer_had_is_freed_also_after_a_failure() -> None:
    freed: queue.Queue[str] = queue.Queue()

    def free(viewer: str) -> None:
        freed.put(viewer)
        if viewer == "ann":
            raise ValueError("it cannot be freed")

    departures = Departures(free, lambda: None)
    departures.start()
    departures.has_left("ann")
    departures.has_left("bob")
    assert [freed.get(timeout=60) for _ in range(2)] == ["ann", "bob"]


def test_cells_do_not_run_again_when_their_own_queries_wake_the_session() -> None:
    active, idle = ({"sessionId": "S1", "status": status, "config": "small"} for status in ("active", "idle"))
    assert told_of(active) == told_of(idle)
    assert told_of(active) != told_of({**active, "status": "closed"})
    assert told_of(active) != told_of({**active, "config": "large"})
    assert told_of({**active, "timeoutAt": "2026-01-01T00:00:00Z"}) == told_of(active)


def test_the_entry_point_loads_nothing_heavy() -> None:
    """Each marimo of the environment loads it."""
    code = (
        "import sys; before = set(sys.modules); import lakesail_notebook.marimo_support.points;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["lakesail_notebook"]


def test_what_is_to_be_done_at_the_end_of_a_process_is_done_once_also_when_it_comes_late() -> None:
    ending, done = EndOfProcess(), list[str]()
    ending.add(lambda: done.append("early"))
    assert done == []
    ending.do()
    ending.add(lambda: done.append("late"))  # as of a viewer whose cell runs on while the server ends
    assert done == ["early", "late"]
    ending.do()
    assert done == ["early", "late"]
