"""What a panel leaves in a saved notebook, and what a kernel tells: text stays text, and secrets stay away."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from msgspec import structs

from lakesail_notebook import models
from lakesail_notebook.spark.sessions.choice import Candidate
from lakesail_notebook.widgets import parts
from lakesail_notebook.widgets.here import here, value_of
from lakesail_notebook.widgets.picture import MIME_TYPE, Picture, bundle
from tests.unit.small_api import NOW, page
from tests.unit.small_panels import mine

AT = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"
SECRET = "eyJ-secret"


def config(**variables: str) -> models.WorkloadConfig:
    sail = models.SailConfig(extra_env=variables)
    return models.WorkloadConfig(
        id="C1",
        name=HOSTILE,
        workload_type="sail",
        cluster_id="LOCAL",
        config=models.WorkloadConfigBody(sail=sail),
        created_at=NOW,
        updated_at=NOW,
    )


def hostile() -> models.Session:
    return structs.replace(
        mine(),
        name=HOSTILE,
        owner_name=SECRET,
        connection_info=models.ConnectionInfo(proxy_auth_url=f"http://x/{SECRET}", grpc_endpoint="localhost:1"),
        metadata=mine().metadata
        | {
            "note": SECRET,
            models.DIRECTORY_KEY: f"/home/{SECRET}",
            models.NOTEBOOK_KEY: f"/home/{SECRET}/flights.ipynb",
        },
        notebook_path=f"/home/{SECRET}/flights.ipynb",
        notebook_contents_path=f"{SECRET}/flights.ipynb",
    )


def picture(**changes: Any) -> Picture:
    me = models.Me(
        member_id="M1",
        login=SECRET,
        team_ids=(SECRET,),
        organization_admin=True,
        notebook_path=f"/home/{SECRET}/flights.ipynb",
    )
    here = Candidate(hostile(), config(TOKEN=SECRET))
    fields: dict[str, Any] = {"at": AT, "me": me, "here": here, "queries": 14}
    return Picture(**(fields | changes))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.styles: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.styles += [value or "" for name, value in attrs if name == "style"]


def test_a_hostile_name_is_text_in_every_mime_type() -> None:
    shown = bundle(picture())
    html = Tags(shown["text/html"])
    assert set(html.tags) == {"div", "b", "bdi"}
    assert "&lt;img src=x" in shown["text/html"]
    assert HOSTILE in shown["text/plain"]


def test_the_html_needs_no_script_no_style_sheet_and_no_variable() -> None:
    html = bundle(picture())["text/html"]
    assert "<script" not in html
    assert "<style" not in html
    assert "var(" not in html
    assert "color:" not in " ".join(Tags(html).styles).replace("border-color", "")


def test_nothing_secret_stands_in_the_bundle() -> None:
    shown = json.dumps(bundle(picture()))
    assert SECRET not in shown
    assert "localhost:1" not in shown


def test_the_picture_says_what_it_was_and_that_it_is_saved() -> None:
    plain = bundle(picture(here=Candidate(structs.replace(mine(), name="flights-eda"))))["text/plain"]
    assert plain.startswith("Spark session flights-eda (S1)\nAs of ")
    assert "active, 14 queries. This is a saved picture; run the cell to see what is now." in plain
    assert "at least 100 queries" in picture(queries=100).text
    assert "none in this notebook" in picture(here=None, queries=None).text
    assert "not known. It rests." in Picture(at=AT, problem="It rests.").text


def test_a_text_of_the_caller_stands_for_the_pictures_own() -> None:
    assert bundle(picture(), "as before")["text/plain"] == "as before"


def test_the_picture_as_json_is_frozen_and_has_this_notebooks_session() -> None:
    shown = bundle(picture())[MIME_TYPE]["parts"]
    assert shown["link"]["link"] == "frozen"
    [shown_session] = shown["sessions"]["answer"]["included"]["sessions"]
    assert (shown_session["id"], shown_session["workloadConfigName"]) == ("S1", HOSTILE)
    assert shown_session["notebookPath"] == shown["me"]["notebookPath"] == "…/flights.ipynb"
    assert shown["queries:S1"]["total"] == 14
    assert "answer" not in shown["queries:S1"]


def test_what_a_kernel_tells_of_sessions_logs_nobody_in() -> None:
    told = json.dumps(parts.of_sessions(page(hostile()), AT))
    assert "proxyAuthUrl" not in told or '"proxyAuthUrl": null' in told
    assert f"http://x/{SECRET}" not in told
    assert "localhost:1" in told


def test_what_a_kernel_tells_of_configs_has_no_values_of_variables() -> None:
    told = json.dumps(parts.of_configs([config(TOKEN=SECRET)], AT))
    assert SECRET not in told
    assert "TOKEN" in told


def test_the_value_of_a_panel_has_no_address() -> None:
    value = value_of(Candidate(hostile(), config()))
    assert (value["sessionId"], value["status"], value["config"]) == ("S1", "active", HOSTILE)
    assert SECRET not in json.dumps(value)
    assert "localhost" not in json.dumps(value)
    assert value_of(None)["sessionId"] is None


def test_a_kernel_that_no_server_started_has_the_session_that_it_uses() -> None:
    me = models.Me(member_id="M1", team_ids=(), organization_admin=False)
    listed = page(structs.replace(mine("S1"), metadata={}), structs.replace(mine("S2"), metadata={}))
    found = here(listed, me, ["S2"])
    assert found is not None
    assert found.session.id == "S2"
    assert here(listed, me) is None
