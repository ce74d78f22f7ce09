"""One clock: what we show, what PySpark shows and what Python says agree, in the Spark session's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

_ZONE = "spark.sql.session.timeZone"
_INSTANT = "select timestamp '2024-07-01 10:00:00Z' as t, timestamp_ntz '2024-07-01 10:00:00' as n"
_NESTED = (
    "select array(t) as a, struct(t as x) as s, map('k', t) as m, array(map('k', struct(t as x))) as d "
    "from (select timestamp '2024-07-01 10:00:00Z' as t)"
)


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[JupyterServer]:
    with jupyter_server(root, env={"TZ": "America/New_York"}) as running:
        yield running


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    kernel = server.start_kernel("clock.ipynb")
    said = kernel.execute("%sail connect").text
    assert "time zone" not in said, "what agrees is not worth a word"
    yield kernel
    kernel.shutdown()


def test_a_new_spark_session_takes_the_zone_of_the_kernel(kernel: Kernel) -> None:
    kernel.execute("import datetime\nnow = datetime.datetime.now()")
    kernel.execute("text = spark.sql(\"select date_format(now(), 'yyyy-MM-dd HH:mm:ss')\").first()[0]")
    kernel.execute("there = datetime.datetime.fromisoformat(text)")
    assert kernel.execute("abs(there - now) < datetime.timedelta(minutes=5)").value == "True"
    kernel.execute("here = spark.createDataFrame([(now,)], ['t'])\nfrom_pandas = here.toPandas()['t'][0]")
    assert kernel.execute("here.first()[0] == from_pandas.to_pydatetime() == now").value == "True"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Paris", "2024-07-01 12:00:00"),
        ("+05:30", "2024-07-01 15:30:00"),
        ("Etc/UTC", "2024-07-01 10:00:00"),
        ("America/New_York", "2024-07-01 06:00:00"),
    ],
)
def test_tables_show_times_as_spark_does_in_the_zone_of_the_moment(kernel: Kernel, zone: str, shown: str) -> None:
    kernel.execute(f"spark.conf.set({_ZONE!r}, {zone!r})\ninstants = spark.sql({_INSTANT!r})")
    assert shown in kernel.execute("instants.select('t').show()").stdout
    assert kernel.execute("str(instants.toPandas()['t'][0])").value == repr(shown)
    for cell in ("instants", f"%%sail sql\n{_INSTANT}"):
        [display] = kernel.execute(cell).displays
        for kind in ("text/plain", "text/html"):
            assert shown in display[kind]
            assert "2024-07-01 10:00:00" in display[kind], "a timestamp_ntz has no zone"
            assert f"times in {zone}" in display[kind]
            assert "+00:00" not in display[kind]


def test_times_inside_of_values_are_in_the_zone_too(kernel: Kernel) -> None:
    kernel.execute(f"spark.conf.set({_ZONE!r}, 'Europe/Paris')")
    [display] = kernel.execute(f"%%sail sql\n{_NESTED}").displays
    assert display["text/plain"].count("2024-07-01 12:00:00") == 4


def test_a_chart_over_times_names_its_zone(kernel: Kernel) -> None:
    kernel.execute(f"spark.conf.set({_ZONE!r}, '+05:30')")
    kernel.execute(
        "from lakesail_notebook.notebook.plot import _over\n"
        "from lakesail_notebook.rendering.fetching import fetch\n"
        "fetched = fetch(spark.sql(\"select timestamp '2024-07-01 10:00:00Z' as t, 1 as n\"), 5)"
    )
    assert kernel.execute("str(_over(fetched.shown.column(0), fetched.zone)[0])").value.startswith("'2024-07-01T15:30")
    [chart] = kernel.execute(
        "%%sail sql --plot\nselect timestamp '2024-07-01 10:00:00Z' + make_interval(0, 0, 0, id) as t, id from range(9)"
    ).displays
    assert chart["image/png"]


def test_a_session_whose_zone_was_chosen_keeps_it_and_the_difference_is_said_once(kernel: Kernel) -> None:
    kernel.execute(f"spark.conf.set({_ZONE!r}, 'Asia/Kolkata')")
    kernel.restart()
    said = kernel.execute("%sail connect").text
    assert said.count("The Spark session is in the time zone Asia/Kolkata, this process in America/New_York") == 1
    assert kernel.execute(f"spark.conf.get({_ZONE!r})").value == "'Asia/Kolkata'"
    assert "time zone" not in kernel.execute("%sail connect").text
