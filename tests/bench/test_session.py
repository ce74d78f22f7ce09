"""What the session proxy costs a running session, and what a session costs while nobody uses it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .figures import Figure, Figures, paired, seconds_of
from .rig import LiveSession, live_session, stock_client, stock_server

pytestmark = pytest.mark.bench

MEGABYTES = 200
_ROWS = MEGABYTES * 1_000_000 // 16
IDLE_SECONDS = 60.0


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    with live_session(tmp_path_factory.mktemp("root")) as live:
        yield live


def test_a_small_query_through_the_proxy_against_direct(figures: Figures, session: LiveSession) -> None:
    def select_1(spark: Any) -> float:
        return seconds_of(lambda: spark.sql("select 1").collect())

    paired(lambda: select_1(session.through_proxy), lambda: select_1(session.direct), 20)  # both warm
    _, pairs = paired(lambda: select_1(session.through_proxy), lambda: select_1(session.direct), 200)
    ours, direct = (statistics.median(column) for column in zip(*pairs, strict=True))
    note = f"{ours * 1000:.1f} ms against {direct * 1000:.1f} ms: {(ours - direct) * 1000:.1f} ms added"
    figure = figures.add(Figure(name="select 1, proxy / direct", value=ours / direct, unit="x", aim=2.2, note=note))
    assert figure.met, figures.table()


def test_a_large_result_through_the_proxy_against_direct(figures: Figures, session: LiveSession) -> None:
    to_arrow(session.through_proxy), to_arrow(session.direct)
    ratio, pairs = paired(lambda: to_arrow(session.direct), lambda: to_arrow(session.through_proxy), 5)
    direct, ours = (MEGABYTES / statistics.median(column) for column in zip(*pairs, strict=True))
    figure = figures.add(
        Figure(
            name=f"{MEGABYTES} MB toArrow, proxy / direct",
            value=ratio,
            unit="x the throughput",
            aim=0.7,
            better="higher",
            note=f"{ours:.0f} MB/s against {direct:.0f} MB/s",
        )
    )
    assert figure.met, figures.table()


def test_a_large_result_against_a_stock_server_with_stock_settings(figures: Figures, session: LiveSession) -> None:
    with stock_server() as endpoint:
        stock = stock_client(endpoint)
        stock.range(1).count()
        ratio, pairs = paired(lambda: to_arrow(stock), lambda: to_arrow(session.through_proxy), 3)
        stock.stop()
    theirs, ours = (MEGABYTES / statistics.median(column) for column in zip(*pairs, strict=True))
    figures.add(
        Figure(
            name=f"{MEGABYTES} MB toArrow, ours / stock sail",
            value=ratio,
            unit="x the throughput",
            note=f"{ours:.0f} MB/s against {theirs:.0f} MB/s",
        )
    )


def test_an_idle_session_costs_next_to_nothing(figures: Figures, session: LiveSession) -> None:
    before = _cpu_seconds(session)
    time.sleep(IDLE_SECONDS)  # what is measured is that nothing happens for so long
    figure = figures.add(
        Figure(
            name=f"CPU of server, proxy and engine over {IDLE_SECONDS:.0f} idle s",
            value=_cpu_seconds(session) - before,
            unit="s",
            aim=0.6,
        )
    )
    assert figure.met, figures.table()


def to_arrow(spark: Any) -> float:
    frame = spark.range(_ROWS).selectExpr("id", "id * 7 as other")
    started = time.perf_counter()
    table = frame.toArrow()
    seconds = time.perf_counter() - started
    assert table.num_rows == _ROWS
    return seconds


def _cpu_seconds(session: LiveSession) -> float:
    times = [process.cpu_times() for process in session.processes()]
    return float(sum(used.user + used.system for used in times))
