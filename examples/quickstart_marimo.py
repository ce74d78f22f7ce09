import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Late from New York")

with app.setup:
    from pathlib import Path

    import altair as alt
    import marimo as mo
    from flights import prepare, sky
    from pyspark.sql import functions as F

    import lakesail_notebook as sail

    alt.renderers.set_embed_options(actions=False)
    DATA = Path(__file__).parent / "data"
    ALL = "All airlines"
    DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    ON_TIME, LATE = "#2a9d8f", "#f4732a"
    FIT = alt.AutoSizeParams(type="fit", contains="padding")
    LOOK = {
        "background": "transparent",
        "font": "PT Sans, sans-serif",
        "view": {"stroke": None},
        "title": {"anchor": "start", "fontSize": 14, "fontWeight": "bold", "offset": 12},
        "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridOpacity": 0.3},
        "legend": {"labelFontSize": 12},
    }


@app.cell(hide_code=True)
def _():
    mo.md("""
    # When do flights leave New York late?

    336,776 flights left New York City in 2013, or should have. Before six in the morning, one in 16 left a quarter of
    an hour late or more; at nine in the evening, three in eight did. Rain nearly doubled the share.

    Choose among the flights, and the figures follow: each change asks Spark, on a
    [Sail](https://github.com/lakehq/sail) engine of your own. There is no Java, no cluster and no token to paste.
    """)
    return


@app.cell
def _():
    # Who edits this notebook gets one Spark session; who views it as an app gets a Spark session of their own.
    spark = sail.connect()
    return (spark,)


@app.cell
def _(spark):
    prepare(DATA)

    @F.udf("string")
    def in_one_word(visibility, precipitation, wind_speed):
        return sky(visibility, precipitation, wind_speed)

    weather = spark.read.parquet(f"{DATA}/weather.parquet").select(
        "origin", "time_hour", in_one_word("visib", "precip", "wind_speed").alias("sky")
    )
    airlines = spark.read.parquet(f"{DATA}/airlines.parquet").withColumnRenamed("name", "airline")
    airports = spark.read.parquet(f"{DATA}/airports.parquet").select(
        F.col("faa").alias("dest"), F.col("name").alias("destination")
    )
    departures = (
        spark.read.parquet(f"{DATA}/flights.parquet")
        .join(airlines, "carrier")
        .join(airports, "dest", "left")
        .join(weather, ["origin", "time_hour"], "left")
        .withColumn("destination", F.coalesce("destination", "dest"))
        .withColumn("sky", F.coalesce("sky", F.lit("fair")))
        .withColumn("weekday", F.date_format(F.make_date("year", "month", "day"), "E"))
    )
    names = [row.airline for row in airlines.orderBy("airline").collect()]
    return departures, names


@app.cell(hide_code=True)
def _(names):
    airline = mo.ui.dropdown([ALL, *names], value=ALL, label="Airline")
    months = mo.ui.range_slider(1, 12, value=[1, 12], show_value=True, label="Months")
    minutes = mo.ui.slider(5, 120, step=5, value=15, show_value=True, label="Late from, in minutes")
    mo.hstack([airline, months, minutes], justify="space-between", align="center", wrap=True)
    return airline, minutes, months


@app.cell
def _(airline, departures, minutes, months):
    chosen = departures.where(F.col("month").between(*months.value)).withColumn(
        "late", (F.col("dep_delay") >= minutes.value).cast("int")
    )
    if airline.value != ALL:
        chosen = chosen.where(F.col("airline") == airline.value)

    late = F.avg("late").alias("late")
    total = chosen.agg(
        F.count("*").alias("flights"),
        late,
        F.avg(F.when(F.col("sky") != "fair", F.col("late"))).alias("late_in_bad_weather"),
        F.avg(F.isnull("dep_delay").cast("int")).alias("cancelled"),
    ).first()
    by_hour = chosen.groupBy("weekday", "hour").agg(F.count("*").alias("flights"), late).toPandas().dropna()
    by_sky = chosen.groupBy("sky").agg(F.count("*").alias("flights"), late).toPandas()
    return by_hour, by_sky, chosen, total


@app.cell(hide_code=True)
def _(total):
    def _percent(share):
        return "none" if share is None else f"{share:.1%}"

    _figures = {
        "Flights": f"{total.flights:,}",
        "Left late": _percent(total.late),
        "Late in bad weather": _percent(total.late_in_bad_weather),
        "Never left": _percent(total.cancelled),
    }
    _stats = [mo.stat(value, label=label, bordered=True) for label, value in _figures.items()]
    mo.hstack([stat.style(flex="1 1 9rem") for stat in _stats], wrap=True, gap=1)
    return


@app.cell(hide_code=True)
def _(by_hour):
    hours = mo.ui.altair_chart(
        alt.Chart(by_hour, title="Left late, by weekday and hour")
        .mark_rect(cornerRadius=2, cursor="pointer")
        .encode(
            x=alt.X("hour:O", title="Hour of departure", axis=alt.Axis(labelAngle=0, domain=False, ticks=False)),
            y=alt.Y("weekday:O", sort=DAYS, title=None, axis=alt.Axis(domain=False, ticks=False)),
            color=alt.Color(
                "late:Q",
                title=None,
                scale=alt.Scale(range=[ON_TIME, "#e9c46a", LATE], domain=[0, 0.25, 0.5], clamp=True),
                legend=alt.Legend(format=".0%", gradientLength=140),
            ),
            tooltip=[
                alt.Tooltip("weekday", title="Day"),
                alt.Tooltip("hour", title="Hour"),
                alt.Tooltip("flights", format=",", title="Flights"),
                alt.Tooltip("late", format=".1%", title="Left late"),
            ],
        )
        .properties(height=260, width="container", autosize=FIT)
        .configure(**LOOK),
        chart_selection="point",
        legend_selection=False,
    )
    return (hours,)


@app.cell(hide_code=True)
def _(by_sky):
    skies = (
        alt.Chart(by_sky, title="Left late, by weather")
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X("late:Q", title=None, axis=alt.Axis(format=".0%", tickCount=4)),
            y=alt.Y("sky:N", sort="-x", title=None, axis=alt.Axis(domain=False, ticks=False)),
            color=alt.condition("datum.sky == 'fair'", alt.value(ON_TIME), alt.value(LATE)),
            tooltip=[
                alt.Tooltip("sky", title="Weather"),
                alt.Tooltip("flights", format=",", title="Flights"),
                alt.Tooltip("late", format=".1%", title="Left late"),
            ],
        )
        .properties(height=260, width="container", autosize=FIT)
        .configure(**LOOK)
    )
    return (skies,)


@app.cell(hide_code=True)
def _(hours, skies):
    # Beside each other where there is room for both, and below each other in a narrow window.
    _charts = [hours.style(flex="2 1 26rem", min_width="0"), mo.as_html(skies).style(flex="1 1 14rem", min_width="0")]
    mo.hstack(_charts, wrap=True, gap=1)
    return


@app.cell(hide_code=True)
def _(hours):
    _count = len(hours.value)
    _which = {0: "all hours", 1: "the hour that you chose"}.get(_count, f"the {_count} hours that you chose")
    mo.md(f"""
    ## Where do they go?

    The destinations whose flights left late most often, in **{_which}**. Click an hour in the chart to ask about it
    alone; hold Shift to choose more.
    """)
    return


@app.cell
def _(chosen, hours):
    slots = [f"{slot.weekday} {slot.hour}" for slot in hours.value.itertuples()]
    asked = chosen.where(F.concat_ws(" ", "weekday", "hour").isin(slots)) if slots else chosen
    asked.createOrReplaceTempView("asked")
    asked_view = "asked"  # the SQL cell names the view by this variable, so it runs again when the view has changed
    return asked, asked_view


@app.cell
def _(asked_view, spark):
    _df = mo.sql(
        f"""
        SELECT
            destination,
            dest AS code,
            count(*) AS flights,
            round(100 * avg(late), 1) AS percent_late,
            round(avg(dep_delay), 1) AS average_minutes
        FROM {asked_view}
        GROUP BY destination, dest
        HAVING count(*) >= 20
        ORDER BY percent_late DESC
        LIMIT 10
        """,
        engine=spark,
    )
    return


@app.cell(hide_code=True)
def _():
    airport = mo.ui.text("LAX", label="Airlines that fly to")
    mo.hstack([airport], justify="start")
    return (airport,)


@app.cell
def _(airport, asked, spark):
    # {asked} and {airport} are bound: what somebody types is a value to the engine, and never a part of the statement.
    airlines_there = sail.sql(
        """
        SELECT airline, count(*) AS flights, round(100 * avg(late), 1) AS percent_late
        FROM {asked}
        WHERE dest = upper(trim({airport}))
        GROUP BY airline
        ORDER BY flights DESC
        """,
        engine=spark,
        asked=asked,
        airport=airport.value,
    )
    return (airlines_there,)


@app.cell(hide_code=True)
def _():
    mo.md("""
    ## What runs

    The session of this notebook, with its queries. It closes by itself when it is left alone.
    """)
    return


@app.cell(hide_code=True)
def _(spark):
    sail.panel() if spark is not None and mo.running_in_notebook() else None
    return


@app.cell(hide_code=True)
def _(by_sky, total):
    if mo.app_meta().mode == "script":
        print(f"{total.flights:,} flights, {total.late:.1%} of them left late")
        print(by_sky.sort_values("late").to_string(index=False))
    return


if __name__ == "__main__":
    app.run()
