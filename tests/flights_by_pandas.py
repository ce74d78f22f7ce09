"""The questions of the quickstarts, answered by pandas, straight from the package's own files."""

from __future__ import annotations

import importlib.metadata

import pandas as pd
from flights import FEWEST_FLIGHTS, PACKAGE, TABLES, sky


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(importlib.metadata.distribution(PACKAGE).locate_file(f"{PACKAGE}/data/{TABLES[name]}"))


def answer() -> pd.DataFrame:
    """One row per carrier, as the notebook's ``answer``: the largest difference first."""
    lost = _lost(_flown())
    bad = lost[lost["sky"] != "fair"]
    minutes = bad.pivot_table(index="carrier", columns="older", values="lost", aggfunc=["size", "mean"])
    newer_flights, older_flights = minutes["size"][False], minutes["size"][True]
    carriers = pd.DataFrame(
        {
            "flights": (newer_flights + older_flights),
            "newer_lost": minutes["mean"][False],
            "older_lost": minutes["mean"][True],
        }
    )[(newer_flights >= FEWEST_FLIGHTS) & (older_flights >= FEWEST_FLIGHTS)]
    carriers["difference"] = carriers["older_lost"] - carriers["newer_lost"]
    names = table("airlines").set_index("carrier")["name"]
    named = carriers.join(names).sort_values("difference", ascending=False)
    return named[["name", "flights", "newer_lost", "older_lost", "difference"]].reset_index(drop=True)


def departures() -> pd.DataFrame:
    """All flights, as the marimo example's: with their weekday, and fair weather where nobody measured."""
    flights = table("flights").merge(_skies(), on=["origin", "time_hour"], how="left").fillna({"sky": "fair"})
    return flights.assign(weekday=pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%a"))


def _flown() -> pd.DataFrame:
    planes = table("planes")[["tailnum", "year"]].rename(columns={"year": "built"})
    flown = table("flights").merge(planes, on="tailnum").merge(_skies(), on=["origin", "time_hour"])
    return flown.dropna(subset=["built", "arr_delay"])


def _skies() -> pd.DataFrame:
    weather = table("weather")
    measured = zip(weather["visib"], weather["precip"], weather["wind_speed"], strict=True)
    weather["sky"] = [sky(*hour) for hour in measured]
    return weather[["origin", "time_hour", "sky"]]


def _lost(flown: pd.DataFrame) -> pd.DataFrame:
    older = flown["built"] < flown.groupby("carrier")["built"].transform("mean")
    flown = flown.assign(older=older, under_fair_sky=flown["arr_delay"].where(flown["sky"] == "fair"))
    usual = flown.groupby(["carrier", "older"])["under_fair_sky"].transform("mean")
    return flown.assign(lost=flown["arr_delay"] - usual)
